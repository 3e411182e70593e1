//! Percent-encoding of URLs, RFC 3986. Strict, unlike the crates for it, which leave a wrong escape as it stands: a
//! server should not guess what a path means.

/// Bytes that stand for themselves in a path's segment beside letters and digits: the unreserved ones.
const PLAIN: &[u8] = b"-._~";

/// The bytes that a text stands for; `None` where `%` is not followed by two hex digits.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            decoded.push(*first);
            continue;
        }
        let [high, low, after @ ..] = rest else { return None };
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        decoded.push((digit(high)? << 4 | digit(low)?) as u8);
        rest = after;
    }
    Some(decoded)
}

/// One segment of a path.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || PLAIN.contains(byte) {
            text.push(char::from(*byte));
        } else {
            text.push('%');
            text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            text.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_are_two_hex_digits_or_wrong() {
        assert_eq!(decode("%E4%bd%A0 a+b").as_deref(), Some("你 a+b".as_bytes()));
        for wrong in ["%", "%4", "%4g", "%%41", "a%zz", "%+1"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
        assert_eq!(encode("你 /%?#\"<.txt".as_bytes()), "%E4%BD%A0%20%2F%25%3F%23%22%3C.txt");
    }

    proptest! {
        #[test]
        fn what_was_encoded_comes_back(bytes: Vec<u8>) {
            let text = encode(&bytes);
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)));
            prop_assert_eq!(decode(&text), Some(bytes));
        }

        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _ = decode(&text);
        }
    }
}

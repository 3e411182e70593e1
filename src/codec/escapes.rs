//! Text with escapes: `\r`, `\n`, `\t`, `\0` and `\\` are characters, `\xHH` is a byte as it is, whatever the encoding.

use super::compose::{ComposeError, ComposeProblem, encode_part};
use super::encoding::Encoding;
use super::hex;
use super::visible::is_hidden;

/// # Errors
/// The first mistake: an escape that is not in the list, or a character that the encoding lacks.
pub fn parse(text: &str, encoding: Encoding) -> Result<Vec<u8>, ComposeError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(skip) = memchr::memchr(b'\\', &text.as_bytes()[at..]) {
        let escape = at + skip;
        encode_part(&text[at..escape], at, encoding, &mut bytes)?;
        at = parse_escape(text, escape, encoding, &mut bytes)?;
    }
    encode_part(&text[at..], at, encoding, &mut bytes)?;
    Ok(bytes)
}

/// Reads the escape whose backslash is at `start`; where it ends.
fn parse_escape(text: &str, start: usize, encoding: Encoding, out: &mut Vec<u8>) -> Result<usize, ComposeError> {
    let mistake = |end, problem| Err(ComposeError { at: start..end, problem });
    let Some(name) = text[start + 1..].chars().next() else {
        return mistake(start + 1, ComposeProblem::OpenEscape);
    };
    let end = start + 1 + name.len_utf8();
    let character = match name {
        'r' => "\r",
        'n' => "\n",
        't' => "\t",
        '0' => "\0",
        '\\' => "\\",
        'x' => {
            let digit = |at: usize| text.as_bytes().get(at).copied().and_then(hex::digit);
            return match (digit(end), digit(end + 1)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    Ok(end + 2)
                }
                (Some(_), None) => mistake(end + 1, ComposeProblem::BadHexEscape),
                (None, _) => mistake(end, ComposeProblem::BadHexEscape),
            };
        }
        other => return mistake(end, ComposeProblem::UnknownEscape(other)),
    };
    encode_part(character, start, encoding, out)?;
    Ok(end)
}

/// Bytes as text with escapes, to be read back by [`parse`] as UTF-8. What is valid UTF-8 and can be seen stays.
#[must_use]
pub fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\r' => text.push_str("\\r"),
                '\n' => text.push_str("\\n"),
                '\t' => text.push_str("\\t"),
                '\0' => text.push_str("\\0"),
                '\\' => text.push_str("\\\\"),
                hidden if is_hidden(hidden) => push_bytes(&mut text, hidden.encode_utf8(&mut [0; 4]).as_bytes()),
                seen => text.push(seen),
            }
        }
        push_bytes(&mut text, chunk.invalid());
    }
    text
}

fn push_bytes(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        text.push_str("\\x");
        hex::push(text, *byte);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_are_characters_and_bytes_are_bytes() {
        assert_eq!(parse("a\\r\\n\\t\\0\\\\", Encoding::Utf8).unwrap(), b"a\r\n\t\0\\");
        assert_eq!(parse("\\xfF\\n你", Encoding::Utf16Be).unwrap(), [0xff, 0, 0x0a, 0x4f, 0x60]);
        assert_eq!(parse("\\x414", Encoding::Utf8).unwrap(), b"A4");
        assert_eq!(parse("\\\\x41", Encoding::Utf8).unwrap(), b"\\x41");
    }

    #[test]
    fn mistakes_have_their_place() {
        let mistake = |text| parse(text, Encoding::Gbk).map_err(|error| (error.at, error.problem)).unwrap_err();
        assert_eq!(mistake("ab\\q"), (2..4, ComposeProblem::UnknownEscape('q')));
        assert_eq!(mistake("\\你"), (0..4, ComposeProblem::UnknownEscape('你')));
        assert_eq!(mistake("\\\\\\"), (2..3, ComposeProblem::OpenEscape));
        assert_eq!(mistake("a\\x"), (1..3, ComposeProblem::BadHexEscape));
        assert_eq!(mistake("a\\x4"), (1..4, ComposeProblem::BadHexEscape));
        assert_eq!(mistake("a\\x4你"), (1..4, ComposeProblem::BadHexEscape));
        assert_eq!(mistake("a\\xg0"), (1..3, ComposeProblem::BadHexEscape));
        let lacking = ComposeProblem::NotInEncoding { character: '😀', encoding: "GBK" };
        assert_eq!(mistake("\\n😀\\q"), (2..6, lacking));
    }

    #[test]
    fn what_is_seen_stays() {
        assert_eq!(escape("a你\\\r\n\u{202e}\u{7f}".as_bytes()), "a你\\\\\\r\\n\\xe2\\x80\\xae\\x7f");
        assert_eq!(escape(b"\xe4\xbd"), "\\xe4\\xbd");
    }

    proptest! {
        #[test]
        fn escaped_bytes_are_read_back(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(parse(&escape(&bytes), Encoding::Utf8).unwrap(), bytes);
        }

        #[test]
        fn escaped_text_is_read_back(text in any::<String>()) {
            let escaped = escape(text.as_bytes());
            prop_assert!(!escaped.chars().any(char::is_control));
            prop_assert_eq!(parse(&escaped, Encoding::Utf8).unwrap(), text.as_bytes());
        }

        #[test]
        fn text_without_escapes_is_encoded(
            text in "[^\\\\]{0,40}",
            encoding in prop::sample::select(&Encoding::ALL[..]),
        ) {
            prop_assert_eq!(parse(&text, encoding).ok(), encoding.encode(&text).ok());
        }
    }
}

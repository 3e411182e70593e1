//! Hex as people write it: `e4 bd a0`, `E4BDA0`, `0xe4, 0xbd`, `e4:bd:a0`, `E4-BD-A0`, over several lines.

use super::compose::{ComposeError, ComposeProblem};

/// Two digits a byte, of any case. White space, commas, colons and dashes separate bytes, never the digits of one;
/// `0x` may stand before any byte. No digits at all are no bytes.
///
/// # Errors
/// The first mistake.
pub fn parse(text: &str) -> Result<Vec<u8>, ComposeError> {
    parse_by(text, digit, |high, low| high << 4 | low)
}

/// A byte of which a digit may not be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaskedByte {
    /// No bits but those in the mask.
    pub value: u8,
    /// Bits that are known.
    pub mask: u8,
}

/// As [`parse`], with `?` for any digit.
///
/// # Errors
/// The first mistake.
pub fn parse_pattern(text: &str) -> Result<Vec<MaskedByte>, ComposeError> {
    let digit = |byte| match byte {
        b'?' => Some((0, 0)),
        _ => digit(byte).map(|digit| (digit, 0xf)),
    };
    parse_by(text, digit, |(high, high_mask), (low, low_mask)| MaskedByte {
        value: high << 4 | low,
        mask: high_mask << 4 | low_mask,
    })
}

fn parse_by<Digit, Byte>(
    text: &str,
    digit: impl Fn(u8) -> Option<Digit>,
    byte: impl Fn(Digit, Digit) -> Byte,
) -> Result<Vec<Byte>, ComposeError> {
    let input = text.as_bytes();
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut at = 0;
    while let Some(&first) = input.get(at) {
        let start = at;
        if first == b'0' && matches!(input.get(at + 1), Some(b'x' | b'X')) {
            at += 2;
        } else if digit(first).is_none() {
            at += separator(text, at)?;
            continue;
        }
        let mut next = || {
            let Some(digit) = input.get(at).copied().and_then(&digit) else {
                if at < input.len() {
                    separator(text, at)?;
                }
                return Err(ComposeError { at: start..at, problem: ComposeProblem::HalfByte });
            };
            at += 1;
            Ok(digit)
        };
        bytes.push(byte(next()?, next()?));
    }
    Ok(bytes)
}

/// The length of the separator at `at`.
fn separator(text: &str, at: usize) -> Result<usize, ComposeError> {
    match text[at..].chars().next() {
        Some(',' | ':' | '-') => Ok(1),
        Some(space) if space.is_whitespace() => Ok(space.len_utf8()),
        Some(other) => Err(ComposeError { at: at..at + other.len_utf8(), problem: ComposeProblem::NotHex(other) }),
        None => Ok(0),
    }
}

/// The value of an ASCII hex digit.
pub(super) fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Adds the two lower-case digits of a byte.
pub(super) fn push(text: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    text.push(char::from(DIGITS[usize::from(byte >> 4)]));
    text.push(char::from(DIGITS[usize::from(byte & 0xf)]));
}

/// `e4 bd a0`: lower case, a space between bytes.
#[must_use]
pub fn format(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for byte in bytes {
        if !text.is_empty() {
            text.push(' ');
        }
        push(&mut text, *byte);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_way_of_writing_it() {
        for text in [
            "e4bda0",
            "E4 BD A0",
            " e4\tbd\r\na0\n",
            "0xe4, 0XBD, 0xa0,",
            "0xE4BDA0",
            "0xe40xbd0xa0",
            "e4:bd:a0",
            "E4-BD-A0",
            "e4\u{3000}bd\u{a0}a0",
        ] {
            assert_eq!(parse(text), Ok(vec![0xe4, 0xbd, 0xa0]), "{text:?}");
        }
        assert_eq!(parse("00"), Ok(vec![0]));
        assert_eq!(parse(" , "), Ok(vec![]));
    }

    #[test]
    fn mistakes_have_their_place() {
        let mistake = |text| parse(text).map_err(|error| (error.at, error.problem)).unwrap_err();
        assert_eq!(mistake("e4b da0"), (2..3, ComposeProblem::HalfByte));
        assert_eq!(mistake("e4 b"), (3..4, ComposeProblem::HalfByte));
        assert_eq!(mistake("e4 0xb,"), (3..6, ComposeProblem::HalfByte));
        assert_eq!(mistake("e4 0x"), (3..5, ComposeProblem::HalfByte));
        assert_eq!(mistake("0x0xe4"), (3..4, ComposeProblem::NotHex('x')));
        assert_eq!(mistake("e4 g0"), (3..4, ComposeProblem::NotHex('g')));
        assert_eq!(mistake("e4 0g"), (4..5, ComposeProblem::NotHex('g')));
        assert_eq!(mistake("e4 0xg0"), (5..6, ComposeProblem::NotHex('g')));
        assert_eq!(mistake("e4你"), (2..5, ComposeProblem::NotHex('你')));
        assert_eq!(mistake("ｅ4"), (0..3, ComposeProblem::NotHex('ｅ')));
        assert_eq!(mistake("x41"), (0..1, ComposeProblem::NotHex('x')));
    }

    proptest! {
        #[test]
        fn what_is_formatted_is_read_back(
            bytes in prop::collection::vec(any::<u8>(), 0..100),
            separator in prop::sample::select(&["", " ", ", ", "\n", ":", "-", " 0x"][..]),
            upper in any::<bool>(),
        ) {
            let text = format(&bytes);
            prop_assert_eq!(text.len(), (bytes.len() * 3).saturating_sub(1));
            let text = if upper { text.to_uppercase() } else { text };
            prop_assert_eq!(parse(&text.replace(' ', separator)), Ok(bytes));
        }

        #[test]
        fn any_text_is_read_or_refused_at_a_place(text in any::<String>()) {
            if let Err(error) = parse(&text) {
                prop_assert!(text.get(error.at.clone()).is_some_and(|place| !place.is_empty()), "{:?}", error);
            }
        }
    }
}

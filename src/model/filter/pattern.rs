//! Bytes of which some digits are not known.

use crate::codec::hex::{self, MaskedByte};

/// Bytes to look for, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BytePattern(Vec<MaskedByte>);

impl BytePattern {
    /// Hex as it is written elsewhere, `?` for any digit. `None` for anything else, and for nothing.
    pub(super) fn parse(text: &str) -> Option<Self> {
        hex::parse_pattern(text).ok().filter(|bytes| !bytes.is_empty()).map(Self)
    }

    /// The longest part that is known whole, with its place: what is looked for first. Empty where there is none.
    #[must_use]
    pub fn anchor(&self) -> (usize, Vec<u8>) {
        let mut longest = 0..0;
        let mut start = 0;
        for (index, byte) in self.0.iter().enumerate() {
            if byte.mask != 0xff {
                start = index + 1;
            } else if index + 1 - start > longest.len() {
                longest = start..index + 1;
            }
        }
        (longest.start, self.0[longest].iter().map(|byte| byte.value).collect())
    }

    /// Whether `bytes` begin with it.
    #[must_use]
    pub fn begins(&self, bytes: &[u8]) -> bool {
        bytes.len() >= self.0.len() && self.0.iter().zip(bytes).all(|(known, byte)| byte & known.mask == known.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_that_are_not_known_are_any() {
        let pattern = BytePattern::parse("0xe4 b? ??:a0A1-a2").unwrap();
        assert_eq!(pattern.anchor(), (3, vec![0xa0, 0xa1, 0xa2]));
        assert!(pattern.begins(&[0xe4, 0xb7, 0, 0xa0, 0xa1, 0xa2, 9]));
        assert!(!pattern.begins(&[0xe4, 0xc7, 0, 0xa0, 0xa1, 0xa2]));
        assert!(!pattern.begins(&[0xe4, 0xb7, 0, 0xa0, 0xa1]), "it is cut");
        assert_eq!(BytePattern::parse("????").unwrap().anchor(), (0, vec![]));
    }

    #[test]
    fn half_bytes_and_other_characters_are_mistakes() {
        for text in ["", " ", "e", "e4b", "e 4", "xy", "e4你", "0x", "0x?"] {
            assert_eq!(BytePattern::parse(text), None, "{text}");
        }
    }
}

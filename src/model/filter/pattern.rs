//! Bytes of which some digits are not known.

/// Bytes to look for, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BytePattern(Vec<PatternByte>);

/// Of a byte the bits in `mask` are those of `value`, which has no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PatternByte {
    value: u8,
    mask: u8,
}

impl PatternByte {
    fn is(self, byte: u8) -> bool {
        byte & self.mask == self.value
    }
}

impl BytePattern {
    /// Two hex digits a byte, of any case, `?` for any; spaces, commas, colons and dashes may stand between bytes. `None`
    /// for anything else, and for nothing.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digit = |c: char| match c {
            '?' => Some((0, 0)),
            _ => c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()).map(|digit| (digit, 0xf)),
        };
        let mut bytes = Vec::new();
        let mut rest = text.chars();
        while let Some(first) = rest.next() {
            if first.is_whitespace() || matches!(first, ',' | ':' | '-') {
                continue;
            }
            let ((high, high_mask), (low, low_mask)) = (digit(first)?, digit(rest.next()?)?);
            bytes.push(PatternByte { value: high << 4 | low, mask: high_mask << 4 | low_mask });
        }
        (!bytes.is_empty()).then_some(Self(bytes))
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
        bytes.len() >= self.0.len() && self.0.iter().zip(bytes).all(|(pattern, byte)| pattern.is(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_that_are_not_known_are_any() {
        let pattern = BytePattern::parse("e4 b? ??:a0A1-a2").unwrap();
        assert_eq!(pattern.anchor(), (3, vec![0xa0, 0xa1, 0xa2]));
        assert!(pattern.begins(&[0xe4, 0xb7, 0, 0xa0, 0xa1, 0xa2, 9]));
        assert!(!pattern.begins(&[0xe4, 0xc7, 0, 0xa0, 0xa1, 0xa2]));
        assert!(!pattern.begins(&[0xe4, 0xb7, 0, 0xa0, 0xa1]), "it is cut");
        assert_eq!(BytePattern::parse("????").unwrap().anchor(), (0, vec![]));
    }

    #[test]
    fn half_bytes_and_other_characters_are_mistakes() {
        for text in ["", " ", "e", "e4b", "e 4", "xy", "e4你"] {
            assert_eq!(BytePattern::parse(text), None, "{text}");
        }
    }
}

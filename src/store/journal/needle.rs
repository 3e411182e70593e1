//! Looking for text in bytes of several encodings, the letter case of ASCII ignored.

use crate::codec::encoding::Encoding;

/// One text in one encoding. Each byte has two accepted values, which differ only where an ASCII letter has two cases:
/// folding the bytes themselves would take half of a Chinese character for a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Needle {
    bytes: Vec<(u8, u8)>,
    /// The byte to look for first: the first that is not 0, since UTF-16 is full of zeros.
    anchor: usize,
}

impl Needle {
    /// `None` if the encoding lacks one of the characters, or the text is empty.
    pub(super) fn new(text: &str, encoding: Encoding) -> Option<Self> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 4];
        for character in text.chars() {
            let mut encode = |c: char| encoding.encode(c.encode_utf8(&mut buffer)).ok();
            let lower = encode(character.to_ascii_lowercase())?;
            let upper = encode(character.to_ascii_uppercase())?;
            bytes.extend(lower.into_iter().zip(upper));
        }
        let anchor = bytes.iter().position(|pair| *pair != (0, 0)).unwrap_or(0);
        (!bytes.is_empty()).then_some(Self { bytes, anchor })
    }

    /// The text in UTF-8 and, where they can write it and write it otherwise, in the other encodings.
    pub(super) fn in_each(text: &str, encodings: &[Encoding]) -> Vec<Self> {
        let mut needles: Vec<Self> = Vec::new();
        for encoding in [Encoding::Utf8].iter().chain(encodings) {
            if let Some(needle) = Self::new(text, *encoding)
                && !needles.contains(&needle)
            {
                needles.push(needle);
            }
        }
        needles
    }

    pub(super) fn is_in(&self, haystack: &[u8]) -> bool {
        // Starts beyond this leave no room for the whole needle.
        let Some(starts) = (haystack.len() + 1).checked_sub(self.bytes.len()) else { return false };
        let (lower, upper) = self.bytes[self.anchor];
        memchr::memchr2_iter(lower, upper, &haystack[self.anchor..self.anchor + starts]).any(|start| {
            let here = &haystack[start..start + self.bytes.len()];
            here.iter().zip(&self.bytes).all(|(byte, (lower, upper))| byte == lower || byte == upper)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(text: &str, encoding: Encoding, haystack: &[u8]) -> bool {
        Needle::new(text, encoding).is_some_and(|needle| needle.is_in(haystack))
    }

    #[test]
    fn ascii_letters_match_in_either_case() {
        assert!(found("hello", Encoding::Utf8, b"say HeLLo."));
        assert!(found("HELLO", Encoding::Utf8, b"hello"));
        assert!(!found("hello", Encoding::Utf8, b"hell"));
        assert!(!found("a", Encoding::Utf8, b""));
        assert!(!found("[", Encoding::Utf8, b"{"));
    }

    #[test]
    fn each_encoding_has_its_own_bytes() {
        assert!(found("你好", Encoding::Utf8, "说你好。".as_bytes()));
        assert!(found("你好", Encoding::Gbk, b"\xc4\xe3\xba\xc3"));
        assert!(!found("你好", Encoding::Utf8, b"\xc4\xe3\xba\xc3"));
        assert!(found("Ok", Encoding::Utf16Be, b"\0o\0K"));
        assert!(found("Ok", Encoding::Utf16Le, b"o\0K\0"));
    }

    #[test]
    fn half_a_character_is_not_a_letter() {
        // U+4E41 and U+4E61 differ by what would be the case of a letter.
        assert!(found("\u{4e41}", Encoding::Utf16Be, &[0x4e, 0x41]));
        assert!(!found("\u{4e41}", Encoding::Utf16Be, &[0x4e, 0x61]));
    }

    #[test]
    fn encodings_that_lack_a_character_are_skipped() {
        assert_eq!(Needle::new("你", Encoding::Latin1), None);
        assert_eq!(Needle::in_each("你", &[Encoding::Latin1, Encoding::Gbk]).len(), 2);
        assert_eq!(Needle::in_each("abc", &[Encoding::Gbk, Encoding::Latin1, Encoding::Utf16Le]).len(), 2);
    }

    proptest! {
        #[test]
        fn agrees_with_a_search_in_folded_text(needle in "[aAbB]{1,4}", haystack in "[aAbBcC]{0,20}") {
            let expected = haystack.to_ascii_lowercase().contains(&needle.to_ascii_lowercase());
            prop_assert_eq!(found(&needle, Encoding::Utf8, haystack.as_bytes()), expected);
        }
    }
}

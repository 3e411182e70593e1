//! Which character stands over which bytes of a hex view's line.

use std::ops::Range;

use crate::codec::encoding::Encoding;

/// Bytes before a line that its first character may have begun in.
const CONTEXT: usize = 64;

/// A character and the bytes of the line that it takes; one that began on the line before takes what is on this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glyph {
    pub text: String,
    /// Counted from the line's first.
    pub bytes: Range<usize>,
    /// Not a character that can be seen as itself: a control character, or bytes that are none (U+FFFD).
    pub substitute: bool,
}

/// The characters of the bytes of `line`. `before` is what crossed ahead of `bytes`, `offset` the position
/// of `bytes` in its stream.
#[must_use]
pub fn glyphs(encoding: Encoding, before: &[u8], offset: u64, bytes: &[u8], line: Range<usize>) -> Vec<Glyph> {
    let start = line.start;
    let line = &bytes[line];
    let mut context: Vec<u8>;
    let context = if start >= CONTEXT {
        &bytes[start - CONTEXT..start]
    } else {
        context = before[before.len().saturating_sub(CONTEXT - start)..].to_vec();
        context.extend_from_slice(&bytes[..start]);
        &context
    };
    let mut glyphs = Vec::new();
    let (mut taken, mut shown) = (0, 0);
    for end in 1..=line.len() {
        let text = encoding.decode_piece(context, offset + start as u64, &line[..end]).text;
        let new: Vec<char> = text.chars().skip(shown).collect();
        shown += new.len();
        // A byte more can settle several characters at once: bytes that turned out to be none, then the next one.
        for (at, character) in new.iter().enumerate() {
            let last = at + 1 == new.len();
            let to = if last { end } else { (taken + 1).min(end) };
            glyphs.push(glyph(*character, taken.min(to)..to));
            taken = to;
        }
    }
    glyphs
}

fn glyph(character: char, bytes: Range<usize>) -> Glyph {
    let is_none = character == char::REPLACEMENT_CHARACTER;
    let is_unseen = character.is_control() || character == '\u{feff}';
    let text = if is_unseen { "·".to_owned() } else { character.to_string() };
    let substitute = is_none || is_unseen;
    Glyph { text, bytes, substitute }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(encoding: Encoding, bytes: &[u8], start: usize) -> Vec<(String, Range<usize>)> {
        glyphs(encoding, &[], 0, bytes, start..bytes.len().min(start + 16))
            .into_iter()
            .map(|glyph| (glyph.text, glyph.bytes))
            .collect()
    }

    #[test]
    fn characters_stand_over_their_bytes() {
        let text = "a你b";
        let expected = [("a".to_owned(), 0..1), ("你".to_owned(), 1..4), ("b".to_owned(), 4..5)];
        assert_eq!(line(Encoding::Utf8, text.as_bytes(), 0), expected);
    }

    #[test]
    fn a_character_over_two_lines_is_on_the_one_that_ends_it() {
        let bytes = "123456789012345你!".as_bytes();
        assert_eq!(line(Encoding::Utf8, bytes, 0).len(), 15);
        assert_eq!(line(Encoding::Utf8, bytes, 16), [("你".to_owned(), 0..2), ("!".to_owned(), 2..3)]);
    }

    #[test]
    fn a_row_goes_on_where_the_one_before_it_stopped() {
        let you = "你".as_bytes();
        let glyphs = glyphs(Encoding::Utf8, &you[..1], 1, &you[1..], 0..2);
        assert_eq!(glyphs.len(), 1);
        assert_eq!((glyphs[0].text.as_str(), glyphs[0].bytes.clone()), ("你", 0..2));
    }

    #[test]
    fn what_is_no_text_gets_a_mark() {
        let shown = glyphs(Encoding::Utf8, &[], 0, b"\x00\xff\nA", 0..4);
        let marks: Vec<_> = shown.iter().map(|glyph| (glyph.text.as_str(), glyph.substitute)).collect();
        assert_eq!(marks, [("·", true), ("\u{fffd}", true), ("·", true), ("A", false)]);
        assert_eq!(shown[3].bytes, 3..4);
    }
}

//! Text on one line, with nothing in it that can't be seen.

/// Replaces what would break the line, reorder it or be invisible: a C0 control character by its picture (U+2400 and
/// following), any other by a middle dot. Joiners stay, because emoji and several scripts are written with them.
#[must_use]
pub fn visible(text: &str) -> String {
    text.chars().map(mark).collect()
}

fn mark(character: char) -> char {
    match character {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(character)).unwrap_or('·'),
        '\u{7f}' => '␡',
        '\u{200c}' | '\u{200d}' => character,
        hidden if is_hidden(hidden) => '·',
        seen => seen,
    }
}

/// Whether a character has no look of its own or changes how others look: control characters, line and paragraph
/// separators, direction marks (which can make `gpj.exe` look like `exe.jpg`), zero-width characters and fillers.
pub(super) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn controls_get_their_picture() {
        assert_eq!(visible("a\r\n\t\0\u{1b}\u{7f}你\u{85}\u{202e}\u{2028}b"), "a␍␊␉␀␛␡你···b");
        assert_eq!(visible("👩\u{200d}🚀"), "👩\u{200d}🚀");
    }

    proptest! {
        #[test]
        fn as_many_characters_and_all_seen(text in any::<String>()) {
            let shown = visible(&text);
            prop_assert_eq!(shown.chars().count(), text.chars().count());
            prop_assert!(!shown.chars().any(char::is_control));
        }
    }
}

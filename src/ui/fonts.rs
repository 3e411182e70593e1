//! The fonts of the window.

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily, FontTweak};

const INTER: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular-Subset.otf");
const INTER_STRONG: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold-Subset.otf");
const MONO: &[u8] = include_bytes!("../../assets/fonts/JetBrainsMono-Regular-Subset.ttf");
const CHINESE: &[u8] = include_bytes!("../../assets/fonts/NotoSansCJKsc-Regular-Subset.otf");
const CHINESE_STRONG: &[u8] = include_bytes!("../../assets/fonts/NotoSansCJKsc-Bold-Subset.otf");

/// The family of headings.
#[must_use]
pub fn strong() -> FontFamily {
    FontFamily::Name("strong".into())
}

/// Inter for words, `JetBrains Mono` for bytes, and behind both a subset of Noto Sans CJK SC, so that all that GBK,
/// GB18030 (in two bytes) and Big5 have shows on a machine without any Chinese font. egui asks the system's fonts for
/// what is still missing.
#[must_use]
pub fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let others = fonts.families.clone();
    for (name, data) in [("Inter", INTER), ("Inter strong", INTER_STRONG), ("JetBrains Mono", MONO)] {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(data)));
    }
    for (name, data) in [("Noto Sans CJK SC", CHINESE), ("Noto Sans CJK SC strong", CHINESE_STRONG)] {
        // Its characters sit deeper than Latin capitals do; in one line both should look centred.
        let tweak = FontTweak { y_offset_factor: -0.06, ..FontTweak::default() };
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(data).tweak(tweak)));
    }
    for (family, own, like) in [
        (
            strong(),
            &["Inter strong", "Noto Sans CJK SC strong", "Noto Sans CJK SC", "JetBrains Mono"][..],
            FontFamily::Proportional,
        ),
        (FontFamily::Proportional, &["Inter", "Noto Sans CJK SC", "JetBrains Mono"], FontFamily::Proportional),
        (FontFamily::Monospace, &["JetBrains Mono", "Noto Sans CJK SC", "Inter"], FontFamily::Monospace),
    ] {
        let mut chain: Vec<_> = own.iter().map(|name| (*name).to_owned()).collect();
        chain.extend(others.get(&like).into_iter().flatten().cloned());
        fonts.families.insert(family, chain);
    }
    fonts
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::codec::encoding::Encoding;

    #[test]
    fn chinese_shows_without_any_system_font() {
        let mut fonts = egui::epaint::text::Fonts::new(egui::epaint::TextOptions::default(), definitions());
        for family in [FontFamily::Proportional, FontFamily::Monospace, strong()] {
            let font = egui::FontId::new(13.0, family.clone());
            let words = include_str!("../../assets/locales/app.yml").replace(['\n', '\r'], "");
            let controls: String = ('\u{2400}'..='\u{2421}').collect();
            for text in [&*words, "你好，不好。", "監聽連線", &controls, "→←↑↓●▸▾…·", "“”—「」《》！？"]
            {
                for character in text.chars() {
                    assert!(fonts.has_glyph(&font, character), "{character:?} in {family:?}");
                }
            }
        }
    }

    /// A sign that the encodings have and none of the full fonts does.
    const LACKING: &str = "≒";

    fn shown(family: &FontFamily, lacking: &str, characters: impl IntoIterator<Item = char>) {
        let mut fonts = egui::epaint::text::Fonts::new(egui::epaint::TextOptions::default(), definitions());
        let font = egui::FontId::new(13.0, family.clone());
        let private = |character: char| ('\u{e000}'..='\u{f8ff}').contains(&character);
        let missing: String = characters
            .into_iter()
            .filter(|character| !character.is_control() && !private(*character) && !lacking.contains(*character))
            .filter(|character| !fonts.has_glyph(&font, *character))
            .collect();
        assert_eq!(missing, "", "in {family:?}");
    }

    /// All characters of one and two bytes. Those of four bytes, and UTF-8 and UTF-16, reach all of Unicode, which no
    /// subset holds.
    fn characters(encoding: Encoding) -> BTreeSet<char> {
        let single = (0..=u8::MAX).map(|byte| vec![byte]);
        let double = (0x81..=0xfe).flat_map(|lead| (0x40..=0xfe).map(move |trail| vec![lead, trail]));
        single
            .chain(double)
            .map(|bytes| encoding.decode_piece(&[], 0, &bytes))
            .filter(|decoded| decoded.pending == 0 && !decoded.malformed)
            .flat_map(|decoded| decoded.text.chars().collect::<Vec<_>>())
            .collect()
    }

    #[test]
    fn what_the_encodings_can_carry_shows_without_any_system_font() {
        for (encoding, at_least) in
            [(Encoding::Latin1, 256), (Encoding::Gbk, 21_000), (Encoding::Gb18030, 21_000), (Encoding::Big5, 13_000)]
        {
            let characters = characters(encoding);
            assert!(characters.len() >= at_least, "{} in {encoding:?}", characters.len());
            for family in [FontFamily::Proportional, FontFamily::Monospace] {
                shown(&family, LACKING, characters.iter().copied());
            }
        }
        shown(&FontFamily::Monospace, "", "镕喆堃囍喆昇".chars());
    }
}

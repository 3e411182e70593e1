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

/// Inter for words, `JetBrains Mono` for bytes, and behind both a subset of Noto Sans CJK SC, so that 中文 shows
/// on a machine without any Chinese font. egui asks the system's fonts for what is still missing.
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
        (FontFamily::Monospace, &["JetBrains Mono", "Noto Sans CJK SC"], FontFamily::Monospace),
    ] {
        let mut chain: Vec<_> = own.iter().map(|name| (*name).to_owned()).collect();
        chain.extend(others.get(&like).into_iter().flatten().cloned());
        fonts.families.insert(family, chain);
    }
    fonts
}

#[cfg(test)]
mod tests {
    use super::*;

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
}

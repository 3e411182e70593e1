//! The fonts of the window.

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily};

const INTER: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular-Subset.otf");
const INTER_STRONG: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold-Subset.otf");
const MONO: &[u8] = include_bytes!("../../assets/fonts/JetBrainsMono-Regular-Subset.ttf");
const CHINESE: &[u8] = include_bytes!("../../assets/fonts/NotoSansCJKsc-Subset.otf");

const LAST: &str = "Noto Sans CJK SC";

/// The family of headings.
#[must_use]
pub fn strong() -> FontFamily {
    FontFamily::Name("strong".into())
}

/// Inter for words, JetBrains Mono for bytes, and behind both a subset of Noto Sans CJK SC, so that 中文 shows
/// on a machine without any Chinese font. egui asks the system's fonts for what is still missing.
#[must_use]
pub fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let others = fonts.families.clone();
    for (name, data) in [("Inter", INTER), ("Inter strong", INTER_STRONG), ("JetBrains Mono", MONO), (LAST, CHINESE)] {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(data)));
    }
    for (family, first, like) in [
        (strong(), "Inter strong", FontFamily::Proportional),
        (FontFamily::Proportional, "Inter", FontFamily::Proportional),
        (FontFamily::Monospace, "JetBrains Mono", FontFamily::Monospace),
    ] {
        let mut chain = vec![first.to_owned(), LAST.to_owned()];
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
            for text in ["你好，不好。", "監聽連線", "␀␉␍␊␛", "→←↑↓●▸▾…·", "“”—「」《》！？"]
            {
                for character in text.chars() {
                    assert!(fonts.has_glyph(&font, character), "{character:?} in {family:?}");
                }
            }
        }
    }
}

//! The fonts of the window.

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily};

const INTER: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular-Subset.otf");
const INTER_STRONG: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold-Subset.otf");
const CHINESE: &[u8] = include_bytes!("../../assets/fonts/NotoSansCJKsc-Subset.otf");

/// The family of headings.
#[must_use]
pub fn strong() -> FontFamily {
    FontFamily::Name("strong".into())
}

/// Inter for words, egui's monospaced font for bytes, and behind both a subset of Noto Sans CJK SC, so that 中文 shows
/// on a machine without any Chinese font. egui asks the system's fonts for what is still missing.
#[must_use]
pub fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    for (name, data) in [("Inter", INTER), ("Inter strong", INTER_STRONG), ("Noto Sans CJK SC", CHINESE)] {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(data)));
    }
    let others = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let chain = |first: &str| {
        let mut chain = vec![first.to_owned(), "Noto Sans CJK SC".to_owned()];
        chain.extend(others.iter().cloned());
        chain
    };
    fonts.families.insert(strong(), chain("Inter strong"));
    fonts.families.insert(FontFamily::Proportional, chain("Inter"));
    if let Some(mono) = fonts.families.get_mut(&FontFamily::Monospace) {
        let second = mono.len().min(1);
        mono.insert(second, "Noto Sans CJK SC".to_owned());
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

use crate::model::LanguageChoice;

/// A language of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    #[default]
    English,
    Chinese,
}

impl Language {
    /// The tag that the locale file uses.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }

    /// The language chosen, or the system's.
    #[must_use]
    pub fn from_choice(choice: LanguageChoice) -> Self {
        match choice {
            LanguageChoice::System => Self::from_system(),
            LanguageChoice::English => Self::English,
            LanguageChoice::Chinese => Self::Chinese,
        }
    }

    /// The language that the system asks for: Chinese for every kind of it, else English.
    #[must_use]
    pub fn from_system() -> Self {
        sys_locale::get_locale().map_or(Self::English, |tag| Self::from_tag(&tag))
    }

    /// What stands between two sentences.
    pub(super) fn between_sentences(self) -> &'static str {
        match self {
            Self::English => " ",
            Self::Chinese => "",
        }
    }

    fn from_tag(tag: &str) -> Self {
        let primary = tag.split(['-', '_', '.']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") { Self::Chinese } else { Self::English }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_chinese_is_chinese() {
        for tag in ["zh-CN", "zh_TW.UTF-8", "zh", "ZH-Hans-SG"] {
            assert_eq!(Language::from_tag(tag), Language::Chinese, "{tag}");
        }
        for tag in ["en-GB", "de", "", "C", "zhx-XX"] {
            assert_eq!(Language::from_tag(tag), Language::English, "{tag}");
        }
    }
}

//! Which of the journal's rows stand out by a colour.

use serde::{Deserialize, Serialize};

/// Rows for which a filter's words hold get a colour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ColorRule {
    pub enabled: bool,
    /// In the filter's language, as it was typed: right or wrong. Empty holds for no row.
    pub filter: String,
    pub color: RowColor,
}

impl Default for ColorRule {
    fn default() -> Self {
        Self { enabled: true, filter: String::new(), color: RowColor::default() }
    }
}

/// What lies behind a row; each theme has its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowColor {
    #[default]
    Yellow,
    Red,
    Green,
    Blue,
    Purple,
    Grey,
}

impl RowColor {
    /// In the order of menus.
    pub const ALL: [Self; 6] = [Self::Yellow, Self::Red, Self::Green, Self::Blue, Self::Purple, Self::Grey];
}

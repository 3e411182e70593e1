//! How a line says whom it means.

use std::fmt;

use super::words::{BLANKS, Word};
use crate::model::SessionId;

/// Somebody, by one of the ways to name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerName {
    /// `#3`, `3`.
    Session(SessionId),
    /// As a peer is told, with or without its scheme.
    Address(String),
}

impl From<Word> for PeerName {
    fn from(word: Word) -> Self {
        let Word { text, is_quoted } = word;
        let digits = text.strip_prefix('#').unwrap_or(&text);
        // A number of a session has no sign, and no more digits than fit.
        let is_number = !is_quoted && digits.bytes().all(|byte| byte.is_ascii_digit());
        match digits.parse().ok().filter(|_| is_number) {
            Some(number) => Self::Session(SessionId(number)),
            None => Self::Address(text),
        }
    }
}

impl fmt::Display for PeerName {
    /// As a line has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(id) => write!(f, "#{id}"),
            Self::Address(text) => {
                let bare = Word { text: text.clone(), is_quoted: false };
                let is_plain = !text.is_empty()
                    && !text.starts_with('"')
                    && !text.contains(|c: char| BLANKS.contains(&c) || matches!(c, '\n' | '\r'));
                if is_plain && Self::from(bare) == *self {
                    f.write_str(text)
                } else {
                    f.write_str(&serde_json::Value::from(text.as_str()).to_string())
                }
            }
        }
    }
}

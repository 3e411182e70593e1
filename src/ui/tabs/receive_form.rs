use std::path::PathBuf;

use crate::model::{Protocol, ReceiveMode};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReceiveKind {
    #[default]
    Show,
    Raw,
    Tutorial,
    Auto,
}

impl ReceiveKind {
    pub const ALL: [Self; 4] = [Self::Show, Self::Raw, Self::Tutorial, Self::Auto];

    /// The word in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Show => "show",
            Self::Raw => "raw",
            Self::Tutorial => "tutorial",
            Self::Auto => "auto",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or_default()
    }
}

/// What is to happen to incoming bytes, as chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceiveForm {
    pub kind: ReceiveKind,
    pub folder: String,
    /// The folder was changed in its field, and the field has not been left since.
    pub typing: bool,
}

impl ReceiveForm {
    #[must_use]
    pub fn new(kind: &str, folder: &str) -> Self {
        Self { kind: ReceiveKind::from_name(kind), folder: folder.to_owned(), typing: false }
    }

    /// `None` while a folder is needed and none is given. Datagrams are always shown: only a stream carries files.
    #[must_use]
    pub fn mode(&self, protocol: Protocol) -> Option<ReceiveMode> {
        if !protocol.is_stream() {
            return Some(ReceiveMode::Show);
        }
        let folder = self.folder.trim();
        if self.kind != ReceiveKind::Show && folder.is_empty() {
            return None;
        }
        let into = PathBuf::from(folder);
        Some(match self.kind {
            ReceiveKind::Show => ReceiveMode::Show,
            ReceiveKind::Raw => ReceiveMode::Raw { into },
            ReceiveKind::Tutorial => ReceiveMode::Tutorial { into },
            ReceiveKind::Auto => ReceiveMode::Auto { into },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saving_needs_a_folder() {
        let mode = |kind, folder| ReceiveForm::new(kind, folder).mode(Protocol::Tcp);
        assert_eq!(mode("show", ""), Some(ReceiveMode::Show));
        assert_eq!(mode("raw", "  "), None);
        assert_eq!(mode("auto", "/tmp/in"), Some(ReceiveMode::Auto { into: "/tmp/in".into() }));
    }

    #[test]
    fn what_was_chosen_for_streams_does_not_hold_datagrams_up() {
        for form in [ReceiveForm::new("raw", ""), ReceiveForm::new("tutorial", "/tmp/in")] {
            assert_eq!(form.mode(Protocol::Udp), Some(ReceiveMode::Show));
        }
    }
}

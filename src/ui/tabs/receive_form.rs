use crate::codec::size::parse_bytes;
use crate::model::{Admission, Protocol, ReceiveMode};
use crate::ui::widgets::typed_path::path_in;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReceiveKind {
    #[default]
    Show,
    Verified,
    Auto,
    Tutorial,
    Raw,
}

impl ReceiveKind {
    pub const ALL: [Self; 5] = [Self::Show, Self::Verified, Self::Auto, Self::Tutorial, Self::Raw];

    /// The word in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Show => "show",
            Self::Verified => "verified",
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
    /// Somebody is asked before a file of another machine is taken.
    pub ask: bool,
    /// The size of the largest file that is taken; empty for any.
    pub largest: String,
    /// How many files are taken; empty for any number.
    pub most: String,
    /// A field was changed, and not left since.
    pub typing: bool,
}

impl ReceiveForm {
    #[must_use]
    pub fn new(kind: &str, folder: &str, (ask, largest, most): (bool, &str, &str)) -> Self {
        Self {
            kind: ReceiveKind::from_name(kind),
            folder: folder.to_owned(),
            ask,
            largest: largest.to_owned(),
            most: most.to_owned(),
            typing: false,
        }
    }

    /// The size of the largest file; the outer `None` when what is typed is none, the inner for any.
    #[must_use]
    pub fn largest(&self) -> Option<Option<u64>> {
        if self.largest.trim().is_empty() { Some(None) } else { parse_bytes(&self.largest).map(Some) }
    }

    /// The number of files, as [`Self::largest`].
    #[must_use]
    pub fn most(&self) -> Option<Option<u64>> {
        let most = self.most.trim();
        if most.is_empty() { Some(None) } else { most.parse().ok().map(Some) }
    }

    /// What is done with what arrives, and which files are taken; `None` while a field is mistaken.
    #[must_use]
    pub fn intake(&self, protocol: Protocol) -> Option<(ReceiveMode, Admission)> {
        let mode = self.mode(protocol)?;
        if mode == ReceiveMode::Show {
            return Some((mode, Admission::default()));
        }
        Some((mode, Admission { ask: self.ask, largest: self.largest()?, most: self.most()? }))
    }

    /// `None` while a folder is needed and none is given. Datagrams are always shown: only a stream carries files.
    #[must_use]
    fn mode(&self, protocol: Protocol) -> Option<ReceiveMode> {
        if !protocol.is_stream() {
            return Some(ReceiveMode::Show);
        }
        if self.kind != ReceiveKind::Show && self.folder.trim().is_empty() {
            return None;
        }
        let into = path_in(&self.folder);
        Some(match self.kind {
            ReceiveKind::Show => ReceiveMode::Show,
            ReceiveKind::Verified => ReceiveMode::Verified { into },
            ReceiveKind::Raw => ReceiveMode::Raw { into },
            ReceiveKind::Tutorial => ReceiveMode::Tutorial { into },
            ReceiveKind::Auto => ReceiveMode::Auto { into },
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::engine::Engine;

    #[test]
    fn saving_needs_a_folder() {
        let mode = |kind, folder| ReceiveForm::new(kind, folder, (true, "", "")).mode(Protocol::Tcp);
        assert_eq!(mode("show", ""), Some(ReceiveMode::Show));
        assert_eq!(mode("raw", "  "), None);
        assert_eq!(mode("auto", "/tmp/in"), Some(ReceiveMode::Auto { into: "/tmp/in".into() }));
    }

    #[test]
    fn a_folder_is_taken_as_file_managers_copy_it_and_below_home() {
        let raw = |folder| ReceiveForm::new("raw", folder, (true, "", "")).mode(Protocol::Tcp);
        for pasted in [" /in box/你 ", "'/in box/你'", "file:///in%20box/%E4%BD%A0"] {
            assert_eq!(raw(pasted), Some(ReceiveMode::Raw { into: "/in box/你".into() }), "{pasted}");
        }
        let home = Engine::home_folder().expect("a home");
        assert_eq!(raw("~/in"), Some(ReceiveMode::Raw { into: home.join("in") }));
    }

    #[test]
    fn limits_count_where_files_are_kept() {
        let intake = |kind, largest, most| ReceiveForm::new(kind, "/in", (true, largest, most)).intake(Protocol::Tcp);
        let admission = Admission { ask: true, largest: Some(10 << 20), most: Some(3) };
        let into = PathBuf::from("/in");
        assert_eq!(intake("verified", "10 MiB", "3"), Some((ReceiveMode::Verified { into }, admission)));
        assert_eq!(intake("raw", "ten", ""), None);
        assert_eq!(intake("raw", "", "-1"), None);
        assert_eq!(intake("show", "ten", "-1"), Some((ReceiveMode::Show, Admission::default())));
    }

    #[test]
    fn what_was_chosen_for_streams_does_not_hold_datagrams_up() {
        for (kind, folder) in [("raw", ""), ("tutorial", "/tmp/in")] {
            let form = ReceiveForm::new(kind, folder, (true, "no size", "no number"));
            assert_eq!(form.mode(Protocol::Udp), Some(ReceiveMode::Show));
        }
    }
}

use crate::model::{BrowserContent, Protocol};
use crate::ui::widgets::typed_path::path_in;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BrowserKind {
    #[default]
    Off,
    Page,
    File,
    Folder,
}

impl BrowserKind {
    pub const ALL: [Self; 4] = [Self::Off, Self::Page, Self::File, Self::Folder];

    /// The word in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Page => "page",
            Self::File => "file",
            Self::Folder => "folder",
        }
    }
}

/// A file or a folder is to be shown, and none is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathMissing;

/// What browsers are to be shown, as chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrowserForm {
    pub kind: BrowserKind,
    pub page: String,
    /// Of the file or the folder.
    pub path: String,
}

impl BrowserForm {
    #[must_use]
    pub fn new(kind: &str, page: &str, path: &str) -> Self {
        let kind = BrowserKind::ALL.into_iter().find(|one| one.name() == kind).unwrap_or_default();
        Self { kind, page: page.to_owned(), path: path.to_owned() }
    }

    /// `None` where bytes are to be bytes, as they are for anything but a stream.
    ///
    /// # Errors
    /// A path is needed.
    pub fn content(&self, protocol: Protocol) -> Result<Option<BrowserContent>, PathMissing> {
        if !protocol.is_stream() {
            return Ok(None);
        }
        let path = || match self.path.trim() {
            "" => Err(PathMissing),
            path => Ok(path_in(path)),
        };
        Ok(match self.kind {
            BrowserKind::Off => None,
            BrowserKind::Page => Some(BrowserContent::Page(self.page.clone())),
            BrowserKind::File => Some(BrowserContent::File(path()?)),
            BrowserKind::Folder => Some(BrowserContent::Folder(path()?)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;

    #[test]
    fn what_is_chosen_is_shown_over_streams() {
        let content = |kind, path| BrowserForm::new(kind, "hi", path).content(Protocol::Tcp);
        assert_eq!(content("off", ""), Ok(None));
        assert_eq!(content("no such", ""), Ok(None));
        assert_eq!(content("page", ""), Ok(Some(BrowserContent::Page("hi".to_owned()))));
        assert_eq!(content("file", " /a.html "), Ok(Some(BrowserContent::File("/a.html".into()))));
        assert_eq!(content("file", "file:///a%20b.html"), Ok(Some(BrowserContent::File("/a b.html".into()))));
        assert_eq!(content("folder", "\"/a b\""), Ok(Some(BrowserContent::Folder("/a b".into()))));
        let home = Engine::home_folder().expect("a home");
        assert_eq!(content("folder", "~/site"), Ok(Some(BrowserContent::Folder(home.join("site")))));
        assert_eq!(content("folder", " "), Err(PathMissing));
        assert_eq!(BrowserForm::new("folder", "", "").content(Protocol::Udp), Ok(None));
    }
}

//! What a listener shows to a browser.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What is at the listener's address for who asks by HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrowserContent {
    /// A text: HTML if it begins with `<`, else plain, in UTF-8.
    Page(String),
    /// One file, at `/` and at its name.
    File(PathBuf),
    /// A folder: its files, `index.html` or a list for folders; nothing that begins with a dot, no links.
    Folder(PathBuf),
}

/// A request and how it was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Empty, as the target is, where the request could not be read so far.
    pub method: String,
    /// As the peer wrote it, cut at [`Self::TARGET_MAX`] bytes.
    pub target: String,
    pub status: u16,
    /// Of the answer's body.
    pub bytes: u64,
}

impl Exchange {
    /// The most that is kept of a target, in bytes.
    pub const TARGET_MAX: usize = 1024;
}

/// A file or folder in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderEntry {
    /// As the file system has it.
    pub name: Vec<u8>,
    pub is_folder: bool,
    /// Bytes; 0 for a folder.
    pub size: u64,
}

/// What a folder holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderList {
    pub entries: Vec<FolderEntry>,
    /// There is more than is listed.
    pub is_cut: bool,
}

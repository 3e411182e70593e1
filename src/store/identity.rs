//! Which file a name means.

use std::fs::{self, File, Metadata};
use std::path::Path;

/// Which file stands behind a path, by device and inode: another one may take the path meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileIdentity {
    device: u64,
    inode: u64,
}

impl FileIdentity {
    /// Of the file at this path, links not followed; `None` where there is nothing.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        Self::from_metadata(&fs::symlink_metadata(path).ok()?)
    }

    /// Of the file that the path leads to, links followed.
    pub(super) fn behind(path: &Path) -> Option<Self> {
        Self::from_metadata(&fs::metadata(path).ok()?)
    }

    /// Of one that is open, whatever its name means by now.
    pub(super) fn of_open(file: &File) -> Option<Self> {
        Self::from_metadata(&file.metadata().ok()?)
    }

    #[cfg(unix)]
    #[expect(clippy::unnecessary_wraps, reason = "other systems know none")]
    fn from_metadata(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;

        Some(Self { device: metadata.dev(), inode: metadata.ino() })
    }

    /// Elsewhere files can't be told apart, and what can't be told apart is not removed.
    #[cfg(not(unix))]
    fn from_metadata(_metadata: &Metadata) -> Option<Self> {
        None
    }
}

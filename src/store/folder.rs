//! An opened folder, and calls relative to it: should its path come to mean another one, they still reach this one.

#[cfg(not(unix))]
#[path = "folder/other.rs"]
mod system;
#[cfg(unix)]
#[path = "folder/unix.rs"]
mod system;

use std::fs::{File, TryLockError};
use std::io;

pub(super) use system::Folder;

/// What tells whether a file is the one that it was, and as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) inode: u64,
    /// Bytes.
    pub(super) size: u64,
    /// Seconds since 1970 and nanoseconds, as [`Self::changed`].
    pub(super) modified: (i64, i64),
    /// The last change of content, rights, names or times, which no program sets (`st_ctim`, inode(7)).
    pub(super) changed: (i64, i64),
}

impl Folder {
    /// Takes the file of this name, before anybody else who opened it; the lock goes with the file.
    ///
    /// # Errors
    /// `AlreadyExists` if another one was first, or if the name is another file's by now, or nobody's.
    pub(super) fn lock(&self, name: &str, file: &File) -> io::Result<()> {
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::AlreadyExists.into()),
            // File systems without locks: who receives one file twice at a time has itself to blame.
            Err(TryLockError::Error(error)) => tracing::debug!(%error, name, "lock"),
        }
        // Who had the lock may have finished just now, with one that is new here too.
        match self.is_same(name, file) {
            Ok(true) => Ok(()),
            Ok(false) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(io::ErrorKind::AlreadyExists.into()),
            Err(error) => Err(error),
        }
    }
}

//! An opened folder, and calls relative to it: should its path come to mean another one, they still reach this one.

#[cfg(not(unix))]
#[path = "folder/other.rs"]
mod system;
#[cfg(unix)]
#[path = "folder/unix.rs"]
mod system;

use std::fs::{File, TryLockError};
use std::io;

pub(super) use system::{Folder, Status};

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

//! A folder by its path, where there are no calls relative to a descriptor.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::Status;

#[derive(Debug)]
pub(in crate::store) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(in crate::store) fn open(path: &Path) -> io::Result<Self> {
        if !fs::metadata(path)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Self { path: path.to_owned() })
    }

    pub(in crate::store) fn create_new(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(self.path.join(name))
    }

    /// Opens a file that an earlier run of this program made.
    ///
    /// # Errors
    /// `NotFound`; `AlreadyExists` where something else has the name.
    pub(in crate::store) fn open_own(&self, name: &str) -> io::Result<File> {
        let path = self.path.join(name);
        if !fs::symlink_metadata(&path)?.is_file() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        OpenOptions::new().read(true).write(true).open(path)
    }

    /// Opens a folder in it; never through a link.
    ///
    /// # Errors
    /// `NotFound`; `NotADirectory` where something else has the name.
    pub(in crate::store) fn enter(&self, name: &str) -> io::Result<Self> {
        let path = self.path.join(name);
        if !fs::symlink_metadata(&path)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Self { path })
    }

    /// As [`Self::enter`]; one that nothing has the name of is made.
    pub(in crate::store) fn make_and_enter(&self, name: &str) -> io::Result<Self> {
        match fs::create_dir(self.path.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => self.enter(name),
        }
    }

    /// Removes a file.
    pub(in crate::store) fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    /// Names need no call of their own here.
    pub(in crate::store) fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    /// A disk that is full says so when it is written to.
    pub(in crate::store) fn make_room(&self, _file: &File, _from: u64, _size: u64) -> io::Result<()> {
        Ok(())
    }

    pub(in crate::store) fn names(&self) -> io::Result<Vec<OsString>> {
        fs::read_dir(&self.path)?.map(|entry| Ok(entry?.file_name())).collect()
    }

    /// An open file keeps its name on these systems.
    pub(in crate::store) fn is_same(&self, name: &str, _file: &File) -> io::Result<bool> {
        Ok(fs::symlink_metadata(self.path.join(name))?.is_file())
    }

    /// Nothing here tells that a file was not changed.
    ///
    /// # Errors
    /// `Unsupported`.
    pub(in crate::store) fn status(&self, _name: &str) -> io::Result<Status> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// As [`Self::status`].
    pub(in crate::store) fn status_of(_file: &File) -> io::Result<Status> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Renames, never replacing: a hard link does not replace, and the name after it is the file's only one.
    pub(in crate::store) fn move_to_new(&self, from: &str, to: &str) -> io::Result<()> {
        fs::hard_link(self.path.join(from), self.path.join(to))?;
        fs::remove_file(self.path.join(from))
    }
}

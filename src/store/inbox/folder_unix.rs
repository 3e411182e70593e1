//! A folder by its descriptor: openat(2) and its like, so that no part of a path is looked up twice.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat, renameat};
use nix::sys::stat::{Mode, fstat, fstatat};
use nix::unistd::{AccessFlags, UnlinkatFlags, faccessat, linkat, unlinkat};

#[derive(Debug)]
pub(super) struct Folder {
    descriptor: OwnedFd,
}

const FOLDER_FLAGS: OFlag = OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_CLOEXEC);

/// `O_EXCL` also keeps `O_CREAT` from following a dangling link: open(2).
const NEW_FILE_FLAGS: OFlag =
    OFlag::O_WRONLY.union(OFlag::O_CREAT).union(OFlag::O_EXCL).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

impl Folder {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let descriptor = open(path, FOLDER_FLAGS, Mode::empty())?;
        faccessat(&descriptor, ".", AccessFlags::W_OK | AccessFlags::X_OK, AtFlags::AT_EACCESS)?;
        Ok(Self { descriptor })
    }

    pub(super) fn create_new(&self, name: &str) -> io::Result<File> {
        let file = openat(&self.descriptor, name, NEW_FILE_FLAGS, Mode::S_IRUSR | Mode::S_IWUSR)?;
        Ok(File::from(file))
    }

    /// Everything in it, hidden files too.
    pub(super) fn names(&self) -> io::Result<Vec<OsString>> {
        // A descriptor of its own: the position of a duplicate would be shared between threads.
        let entries = Dir::openat(&self.descriptor, ".", FOLDER_FLAGS, Mode::empty())?;
        entries.into_iter().map(|entry| Ok(OsString::from_vec(entry?.file_name().to_bytes().to_vec()))).collect()
    }

    /// Whether the name still means this file.
    pub(super) fn is_same(&self, name: &str, file: &File) -> io::Result<bool> {
        let (named, opened) = (fstatat(&self.descriptor, name, AtFlags::AT_SYMLINK_NOFOLLOW)?, fstat(file)?);
        Ok((named.st_dev, named.st_ino) == (opened.st_dev, opened.st_ino))
    }

    /// Renames, never replacing: `AlreadyExists` if the new name is taken, be it by a dangling link.
    pub(super) fn move_to_new(&self, from: &str, to: &str) -> io::Result<()> {
        match self.rename_without_replacing(from, to) {
            Err(error) if is_unsupported(error) => {}
            renamed => return Ok(renamed?),
        }
        match self.move_by_link(from, to) {
            Err(error) if is_unsupported(error) => Ok(self.move_by_placeholder(from, to)?),
            linked => Ok(linked?),
        }
    }

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn rename_without_replacing(&self, from: &str, to: &str) -> nix::Result<()> {
        use nix::fcntl::{RenameFlags, renameat2};
        renameat2(&self.descriptor, from, &self.descriptor, to, RenameFlags::RENAME_NOREPLACE)
    }

    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    fn rename_without_replacing(&self, _from: &str, _to: &str) -> nix::Result<()> {
        Err(Errno::ENOSYS)
    }

    /// For systems and file systems without `RENAME_NOREPLACE`: link(2) does not replace either.
    fn move_by_link(&self, from: &str, to: &str) -> nix::Result<()> {
        linkat(&self.descriptor, from, &self.descriptor, to, AtFlags::empty())?;
        unlinkat(&self.descriptor, from, UnlinkatFlags::NoRemoveDir)
    }

    /// For file systems without links too, FAT on some systems: takes the name with an empty file and replaces that.
    fn move_by_placeholder(&self, from: &str, to: &str) -> nix::Result<()> {
        drop(openat(&self.descriptor, to, NEW_FILE_FLAGS, Mode::S_IRUSR | Mode::S_IWUSR)?);
        renameat(&self.descriptor, from, &self.descriptor, to)
    }
}

/// What kernels and file systems answer to a call that they do not have: rename(2), link(2).
fn is_unsupported(error: Errno) -> bool {
    matches!(error, Errno::ENOSYS | Errno::EINVAL | Errno::EOPNOTSUPP | Errno::EPERM)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    type Move = fn(&Folder, &str, &str) -> nix::Result<()>;

    #[test]
    fn no_way_of_moving_replaces_anything() {
        let ways: [Move; 3] = [Folder::rename_without_replacing, Folder::move_by_link, Folder::move_by_placeholder];
        for way in ways {
            let place = tempfile::tempdir().unwrap();
            let at = |name: &str| place.path().join(name);
            let folder = Folder::open(place.path()).unwrap();
            fs::write(at("new"), "new").unwrap();
            fs::write(at("old"), "old").unwrap();
            symlink("nowhere", at("link")).unwrap();

            assert_eq!(way(&folder, "new", "old"), Err(Errno::EEXIST));
            assert_eq!(way(&folder, "new", "link"), Err(Errno::EEXIST));
            assert_eq!(fs::read(at("old")).unwrap(), b"old");
            assert!(!at("nowhere").exists());

            way(&folder, "new", "free").unwrap();
            assert_eq!(fs::read(at("free")).unwrap(), b"new");
            assert!(!at("new").exists());
        }
    }
}

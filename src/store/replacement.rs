//! Writing a file beside its old version and putting it in its place at the end, so that no reader ever sees a half.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::folder::Folder;

/// A temporary file next to its target. Dropping it without [`Replacement::commit`] removes it and leaves the target
/// as it was.
#[derive(Debug)]
pub(super) struct Replacement {
    file: File,
    temporary: PathBuf,
    target: PathBuf,
    committed: bool,
}

impl Replacement {
    /// How many names are tried for the temporary file.
    const ATTEMPTS: u32 = 100;

    /// Opens a new, empty file in the target's folder. Where the target is a link, what it points to will be replaced;
    /// where it is a file, its permissions carry over.
    ///
    /// # Errors
    /// What the system says of the folder; `IsADirectory` if the target is one, `InvalidInput` if it is a pipe, a device or
    /// a socket, which nothing may take the place of.
    pub(super) fn create(target: &Path) -> io::Result<Self> {
        let target = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
        let permissions = match fs::metadata(&target) {
            Ok(metadata) if metadata.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(metadata) if metadata.is_file() => Some(metadata.permissions()),
            Ok(_) => return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")),
            Err(_) => None,
        };
        let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let (file, temporary) = (0..Self::ATTEMPTS)
            .find_map(|attempt| {
                let mut hidden = OsString::from(".");
                hidden.push(name);
                hidden.push(format!(".{}-{attempt}.tmp", std::process::id()));
                let temporary = target.with_file_name(hidden);
                match OpenOptions::new().write(true).create_new(true).open(&temporary) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => None,
                    opened => Some(opened.map(|file| (file, temporary))),
                }
            })
            .unwrap_or_else(|| Err(io::ErrorKind::AlreadyExists.into()))?;
        let replacement = Self { file, temporary, target, committed: false };
        if let Some(permissions) = permissions {
            replacement.file.set_permissions(permissions)?;
        }
        Ok(replacement)
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Where the bytes are until the commit.
    pub(super) fn temporary_path(&self) -> &Path {
        &self.temporary
    }

    /// As [`Self::commit`], but to a name of its own in the target's folder, which must not be taken.
    ///
    /// # Errors
    /// `AlreadyExists`, or what the system says; nothing has that name by this then.
    pub(super) fn commit_beside(&mut self, name: &OsStr) -> io::Result<PathBuf> {
        let path = self.target.with_file_name(name);
        self.file.sync_all()?;
        take_name(&self.temporary, &path)?;
        self.committed = true;
        sync_folder_of(&path).inspect_err(|_| remove(&path))?;
        Ok(path)
    }

    /// Waits until the bytes are on disk, renames over the target, and waits until that is on disk too.
    ///
    /// # Errors
    /// What the system says; the target is then unharmed, unless it is of the folder that nobody knows how much of it is on
    /// disk.
    pub(super) fn commit(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.temporary, &self.target)?;
        self.committed = true;
        sync_folder_of(&self.target)
    }
}

/// Gives a file another name in its folder, never replacing.
///
/// # Errors
/// `AlreadyExists`, or what the system says; the file has its old name then.
pub(super) fn take_name(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => {
            remove(from);
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // A file system without links: the name is taken with an empty file, and that replaced.
        Err(_) => {
            OpenOptions::new().write(true).create_new(true).open(to)?;
            fs::rename(from, to).inspect_err(|_| remove(to))
        }
    }
}

/// Until then a power failure may bring the name back that a file had before, or none, fsync(2). A folder that this user
/// can't look into can't be asked.
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match Folder::open(folder.unwrap_or_else(|| Path::new("."))) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        folder => folder?.sync(),
    }
}

/// Removes what this program made.
pub(super) fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::warn!(path = %path.display(), %error, "a file that is of no use stays behind");
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.committed {
            remove(&self.temporary);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn names(folder: &Path) -> Vec<OsString> {
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_is_replaced_before_the_commit_nor_left_without_it() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.txt");
        fs::write(&target, "old").unwrap();

        let abandoned = Replacement::create(&target).unwrap();
        abandoned.file().write_all(b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"old");
        drop(abandoned);
        assert_eq!(names(folder.path()), ["a.txt"]);

        let replacement = Replacement::create(&target).unwrap();
        replacement.file().write_all(b"new").unwrap();
        replacement.commit().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["a.txt"]);
    }

    #[test]
    fn a_name_beside_the_target_is_not_taken_from_anybody() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.txt");
        fs::write(folder.path().join("b.txt"), "other").unwrap();
        let mut replacement = Replacement::create(&target).unwrap();
        replacement.file().write_all(b"new").unwrap();
        let taken = replacement.commit_beside(OsStr::new("b.txt")).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(folder.path().join("b.txt")).unwrap(), b"other");
        let path = replacement.commit_beside(OsStr::new("c.txt")).unwrap();
        drop(replacement);
        assert_eq!(
            (fs::read(&path).unwrap().as_slice(), names(folder.path())),
            (&b"new"[..], vec!["b.txt".into(), "c.txt".into()])
        );
    }

    #[test]
    fn a_name_that_could_not_be_filled_is_free_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut replacement = Replacement::create(&folder.path().join("a.txt")).unwrap();
        // Neither linked nor renamed can it be now.
        fs::remove_file(replacement.temporary_path()).unwrap();
        assert_eq!(replacement.commit_beside(OsStr::new("b.txt")).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn a_folder_is_no_target() {
        let folder = tempfile::tempdir().unwrap();
        let error = Replacement::create(folder.path()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
    }

    #[cfg(unix)]
    #[test]
    fn neither_pipes_nor_devices_are_replaced() {
        use std::os::unix::fs::FileTypeExt;

        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(Replacement::create(&fifo).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert!(fs::symlink_metadata(&fifo).unwrap().file_type().is_fifo());
        assert_eq!(names(folder.path()), ["fifo"]);
    }

    #[cfg(unix)]
    #[test]
    fn permissions_carry_over_and_links_stay_links() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.txt");
        fs::write(&target, "old").unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).unwrap();
        let link = folder.path().join("link");
        symlink(&target, &link).unwrap();

        let replacement = Replacement::create(&link).unwrap();
        replacement.file().write_all(b"new").unwrap();
        replacement.commit().unwrap();

        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

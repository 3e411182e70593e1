//! Folders of processes that were killed before they could remove them.
//!
//! A process id says nothing: it comes back, and in another namespace it is another process. A lock tells who lives:
//! the kernel drops it with its owner, however that ends.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::{Uid, UnlinkatFlags, unlinkat};

use super::{JOURNAL, PREFIX};
use crate::store::identity::FileIdentity;
use crate::store::journal::part_name;

/// What `SQLite` makes of the journal's name: sqlite.org/tempfiles.html.
const ENDINGS: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// Opens a folder and locks it for as long as the file lives; `None` where somebody else holds it, or removed it just
/// now.
///
/// # Errors
/// What the system says of the folder.
pub(super) fn hold(folder: &Path) -> io::Result<Option<File>> {
    let directory = match open(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    match directory.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        // Where nobody can lock, nobody removes either.
        Err(TryLockError::Error(error)) => tracing::debug!(%error, "no lock on the temporary journal"),
    }
    Ok(is_same(folder, &directory).then_some(directory))
}

/// Removes what was left behind in `parent`: folders of this user with a name like ours, closed to others, that nobody
/// holds; and of their contents only what a journal consists of. A folder with anything else in it stays.
pub(super) fn sweep(parent: &Path) {
    let entries = match fs::read_dir(parent) {
        Ok(entries) => entries,
        Err(error) => return tracing::debug!(%error, parent = %parent.display(), "not swept"),
    };
    for name in entries.filter_map(|entry| Some(entry.ok()?.file_name())).filter(|name| is_ours(name)) {
        let folder = parent.join(name);
        match remove(&folder) {
            Ok(true) => tracing::info!(folder = %folder.display(), "removed an abandoned temporary journal"),
            Ok(false) => {}
            Err(error) => tracing::debug!(%error, folder = %folder.display(), "not removed"),
        }
    }
}

/// `sockeye-PID-N`, decimal and nothing more.
fn is_ours(name: &OsStr) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    name.to_str()
        .and_then(|name| name.strip_prefix(PREFIX)?.split_once('-'))
        .is_some_and(|(process, attempt)| is_number(process) && is_number(attempt))
}

fn remove(folder: &Path) -> io::Result<bool> {
    let directory = open(folder)?;
    let metadata = directory.metadata()?;
    let is_private = metadata.uid() == Uid::effective().as_raw() && metadata.mode() & 0o077 == 0;
    if !is_private || directory.try_lock().is_err() {
        return Ok(false);
    }
    // From here on the name can't come to mean another folder: only who holds the lock removes this one.
    if !is_same(folder, &directory) {
        return Ok(false);
    }
    // A capture that is being imported has another name first.
    let names = [JOURNAL.to_owned(), part_name(JOURNAL)];
    for name in names.iter().flat_map(|name| ENDINGS.map(|ending| format!("{name}{ending}"))) {
        // By the descriptor, so that no part of the path is looked up again; a link is removed, not followed.
        match unlinkat(&directory, name.as_str(), UnlinkatFlags::NoRemoveDir) {
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(error) => return Err(error.into()),
        }
    }
    fs::remove_dir(folder)?;
    Ok(true)
}

/// `ENOTDIR` for a link, a pipe or anything else that is no folder.
fn open(folder: &Path) -> io::Result<File> {
    let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW;
    OpenOptions::new().read(true).custom_flags(flags.bits()).open(folder)
}

/// Whether the name still means this folder.
fn is_same(folder: &Path, directory: &File) -> bool {
    FileIdentity::of_open(directory).is_some_and(|opened| FileIdentity::of(folder) == Some(opened))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
    use std::path::PathBuf;

    use super::*;
    use crate::store::temporary::TemporaryJournal;

    fn folder(parent: &Path, name: &str) -> PathBuf {
        let folder = parent.join(name);
        fs::DirBuilder::new().mode(0o700).create(&folder).unwrap();
        folder
    }

    #[test]
    fn what_nobody_holds_is_removed_and_what_somebody_holds_is_not() {
        let parent = tempfile::tempdir().unwrap();
        let living = TemporaryJournal::create_in(parent.path()).unwrap();
        let dead = folder(parent.path(), "sockeye-1-0");
        for ending in ENDINGS {
            fs::write(dead.join(format!("{JOURNAL}{ending}")), "rows").unwrap();
            fs::write(dead.join(format!("{}{ending}", part_name(JOURNAL))), "rows").unwrap();
        }
        // As it is before its files, or after a sweep that was itself cut short.
        let empty = folder(parent.path(), &format!("sockeye-{}-7", std::process::id()));
        sweep(parent.path());
        assert!(!dead.exists() && !empty.exists());
        assert!(living.path().parent().unwrap().exists());
        drop(living);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn nothing_else_is_touched() {
        let parent = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let victim = outside.path().join(JOURNAL);
        fs::write(&victim, "mine").unwrap();
        symlink(outside.path(), parent.path().join("sockeye-1-1")).unwrap();
        fs::write(parent.path().join("sockeye-1-2"), "a file").unwrap();
        let open_to_all = folder(parent.path(), "sockeye-1-3");
        fs::set_permissions(&open_to_all, fs::Permissions::from_mode(0o777)).unwrap();
        let fuller = folder(parent.path(), "sockeye-1-4");
        fs::write(fuller.join("note.txt"), "mine").unwrap();
        for name in
            ["sockeye-1", "sockeye-1-", "sockeye-1-2-3", "sockeye--1", "sockeye-+1-2", "sockeye-1-2 ", "other-1-2"]
        {
            folder(parent.path(), name);
        }
        let before = fs::read_dir(parent.path()).unwrap().count();
        sweep(parent.path());
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), before);
        assert_eq!(fs::read(&victim).unwrap(), b"mine");
        assert!(fuller.join("note.txt").exists());
    }

    #[test]
    fn links_in_an_abandoned_folder_are_not_followed() {
        let parent = tempfile::tempdir().unwrap();
        let victim = parent.path().join("victim");
        fs::write(&victim, "mine").unwrap();
        let dead = folder(parent.path(), "sockeye-1-0");
        symlink(&victim, dead.join(JOURNAL)).unwrap();
        sweep(parent.path());
        assert!(!dead.exists());
        assert_eq!(fs::read(&victim).unwrap(), b"mine");
    }

    #[test]
    fn a_folder_that_was_swept_while_it_was_new_is_not_held() {
        let parent = tempfile::tempdir().unwrap();
        let name = parent.path().join("sockeye-1-0");
        assert!(hold(&name).unwrap().is_none());
        folder(parent.path(), "sockeye-1-0");
        let held = hold(&name).unwrap();
        assert!(held.is_some());
        assert!(hold(&name).unwrap().is_none());
        let stale = open(&name).unwrap();
        drop(held);
        fs::remove_dir(&name).unwrap();
        folder(parent.path(), "sockeye-1-0");
        assert!(!is_same(&name, &stale));
    }
}

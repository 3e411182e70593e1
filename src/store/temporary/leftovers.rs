//! Folders of processes that were killed before they could remove them.
//!
//! A process id says nothing: it comes back, and in another namespace it is another process. A lock tells who lives:
//! the kernel drops it with its owner, however that ends.

use std::cmp::Reverse;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::{Uid, UnlinkatFlags, unlinkat};

use super::{Abandoned, JOURNAL, OF_CAPTURE, PREFIX};
use crate::model::{Failure, Filter, LeftRecording, Page, PageRequest};
use crate::store::identity::FileIdentity;
use crate::store::journal::{JournalReader, part_name};

/// What `SQLite` makes of the journal's name: sqlite.org/tempfiles.html.
const ENDINGS: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// For how long a journal is kept that nobody asks for.
const KEPT_FOR: Duration = Duration::from_secs(LeftRecording::KEPT_DAYS * 24 * 60 * 60);

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

/// See [`super::sweep`]. Of what is left in `parent`, only folders of this user count that have a name like ours, are closed
/// to others, and that nobody holds; and of their contents only what a journal consists of. A folder with anything else in
/// it stays, as does a journal that can't be read, until it is too old.
pub(super) fn sweep(parent: &Path) -> Vec<Abandoned> {
    let entries = match fs::read_dir(parent) {
        Ok(entries) => entries,
        Err(error) => {
            tracing::debug!(%error, parent = %parent.display(), "not swept");
            return Vec::new();
        }
    };
    let mut left = Vec::new();
    for name in entries.filter_map(|entry| Some(entry.ok()?.file_name())).filter(|name| is_ours(name)) {
        let folder = parent.join(name);
        match Held::take(&folder) {
            Ok(Some(held)) => left.extend(held.look()),
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, folder = %folder.display(), "not looked at"),
        }
    }
    left.sort_by_key(|abandoned| Reverse(abandoned.recording.began_ns));
    for abandoned in left.drain(LeftRecording::KEPT.min(left.len())..) {
        abandoned.folder.remove_as_abandoned();
    }
    left
}

/// `sockeye-PID-N`, decimal and nothing more.
fn is_ours(name: &OsStr) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    name.to_str()
        .and_then(|name| name.strip_prefix(PREFIX)?.split_once('-'))
        .is_some_and(|(process, attempt)| is_number(process) && is_number(attempt))
}

/// A folder that somebody has left, and that nobody else takes while this lives.
#[derive(Debug)]
pub(super) struct Held {
    folder: PathBuf,
    directory: File,
}

impl Held {
    /// `None` where the folder is none of ours, or somebody else's.
    fn take(folder: &Path) -> io::Result<Option<Self>> {
        let directory = open(folder)?;
        let metadata = directory.metadata()?;
        let is_private = metadata.uid() == Uid::effective().as_raw() && metadata.mode() & 0o077 == 0;
        if !is_private || directory.try_lock().is_err() {
            return Ok(None);
        }
        // From here on the name can't come to mean another folder: only who holds the lock removes this one.
        Ok(is_same(folder, &directory).then(|| Self { folder: folder.to_owned(), directory }))
    }

    /// What was recorded; where nothing was, or too long ago, the folder goes.
    fn look(self) -> Option<Abandoned> {
        let path = self.folder.join(JOURNAL);
        // Through a link nothing is looked at that lies elsewhere. Tables come before anything is in a log.
        let is_file = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0);
        let read = is_file.then(|| read(&path));
        // After the look, which brings into the file what a log has: so its age counts from the first one.
        let is_old = is_older(&path, KEPT_FOR);
        match read {
            Some(Ok(Some(recording))) if !is_old => return Some(Abandoned { recording, folder: self }),
            Some(Err(failure)) if !is_old => tracing::info!(%failure, "an abandoned journal stays as it is"),
            _ => self.remove_as_abandoned(),
        }
        None
    }

    fn remove_as_abandoned(self) {
        let folder = self.folder.clone();
        match self.remove() {
            Ok(()) => tracing::info!(folder = %folder.display(), "removed an abandoned temporary journal"),
            Err(error) => tracing::debug!(%error, folder = %folder.display(), "not removed"),
        }
    }

    pub(super) fn remove(self) -> io::Result<()> {
        // What is being made of a capture has another name first.
        let names = [JOURNAL.to_owned(), OF_CAPTURE.to_owned(), part_name(OF_CAPTURE)];
        for name in names.iter().flat_map(|name| ENDINGS.map(|ending| format!("{name}{ending}"))) {
            // By the descriptor, so that no part of the path is looked up again; a link is removed, not followed.
            match unlinkat(&self.directory, name.as_str(), UnlinkatFlags::NoRemoveDir) {
                Ok(()) | Err(Errno::ENOENT) => {}
                Err(error) => return Err(error.into()),
            }
        }
        fs::remove_dir(&self.folder)
    }
}

/// `None` where there are no rows.
fn read(path: &Path) -> Result<Option<LeftRecording>, Failure> {
    let request = PageRequest { filter: Filter::default(), first: 0, count: 0, from_end: false };
    let Page { total: rows, began_ns, .. } = JournalReader::open(path)?.page(&request)?;
    Ok((rows > 0).then(|| LeftRecording { path: path.to_owned(), rows, began_ns: began_ns.unwrap_or_default() }))
}

/// False for what is not there, and for what a clock that was set back has from the future.
fn is_older(path: &Path, age: Duration) -> bool {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|at| at.elapsed().is_ok_and(|elapsed| elapsed > age))
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
    use std::time::SystemTime;

    use super::*;
    use crate::model::{Life, Row, RowBody, SocketId, Stamp};
    use crate::store::journal::JournalWriter;
    use crate::store::temporary::TemporaryJournal;

    fn folder(parent: &Path, name: &str) -> PathBuf {
        let folder = parent.join(name);
        fs::DirBuilder::new().mode(0o700).create(&folder).unwrap();
        folder
    }

    /// A journal as a killed process leaves it: its rows are in the log alone.
    fn recorded(path: &Path, wall_ns: i64, rows: usize) {
        let journal = tempfile::tempdir().unwrap();
        let written = journal.path().join("a.sqlite");
        let mut writer = JournalWriter::create(&written).unwrap();
        let row = Row {
            stamp: Stamp { wall_ns, ..Stamp::default() },
            socket: SocketId(1),
            session: None,
            peer: String::new(),
            body: RowBody::Life(Life::PeerFinished),
            stream_offset: 0,
            payload: Vec::new(),
        };
        writer.append(&vec![row; rows]).unwrap();
        for ending in ["", "-wal"] {
            let name = |path: &Path| PathBuf::from(format!("{}{ending}", path.display()));
            fs::copy(name(&written), name(path)).unwrap();
        }
    }

    fn set_age(journal: &Path, age: Duration) {
        let file = File::options().write(true).open(journal).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }

    #[test]
    fn what_has_no_rows_is_removed_and_what_somebody_holds_is_not() {
        let parent = tempfile::tempdir().unwrap();
        let living = TemporaryJournal::create_in(parent.path(), JOURNAL).unwrap();
        recorded(living.path(), 1, 1);
        let dead = folder(parent.path(), "sockeye-1-0");
        for ending in ENDINGS {
            fs::write(dead.join(format!("{JOURNAL}{ending}")), "").unwrap();
            fs::write(dead.join(format!("{}{ending}", part_name(OF_CAPTURE))), "rows").unwrap();
        }
        let of_capture = folder(parent.path(), "sockeye-1-1");
        recorded(&of_capture.join(OF_CAPTURE), 1, 1);
        let without_rows = folder(parent.path(), "sockeye-1-2");
        recorded(&without_rows.join(JOURNAL), 1, 0);
        // As it is before its files, or after a sweep that was itself cut short.
        let empty = folder(parent.path(), &format!("sockeye-{}-7", std::process::id()));
        assert!(sweep(parent.path()).is_empty());
        assert!([dead, of_capture, without_rows, empty].iter().all(|folder| !folder.exists()));
        assert!(living.path().exists());
        drop(living);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_recording_is_kept_for_a_week_and_held_until_it_is_discarded() {
        let parent = tempfile::tempdir().unwrap();
        let journal = folder(parent.path(), "sockeye-1-0").join(JOURNAL);
        recorded(&journal, 5, 3);
        // However long ago it was written: nobody has been told of it.
        set_age(&journal, KEPT_FOR * 2);
        let recording = LeftRecording { path: journal.clone(), rows: 3, began_ns: 5 };
        let left = sweep(parent.path());
        assert_eq!(left.iter().map(Abandoned::recording).collect::<Vec<_>>(), [&recording]);
        assert!(sweep(parent.path()).is_empty(), "another program has it");
        drop(left);
        set_age(&journal, KEPT_FOR - Duration::from_secs(60));
        let mut left = sweep(parent.path());
        assert_eq!(left[0].recording(), &recording);
        left.remove(0).discard().unwrap();
        assert!(!journal.parent().unwrap().exists());

        let journal = folder(parent.path(), "sockeye-1-0").join(JOURNAL);
        recorded(&journal, 5, 3);
        drop(sweep(parent.path()));
        // A look leaves the age as it is where there is no log any more.
        set_age(&journal, KEPT_FOR + Duration::from_secs(60));
        assert!(sweep(parent.path()).is_empty());
        assert!(!journal.exists());
    }

    #[test]
    fn the_latest_are_kept() {
        let parent = tempfile::tempdir().unwrap();
        let all = LeftRecording::KEPT + 2;
        for began_ns in 1..=all {
            let folder = folder(parent.path(), &format!("sockeye-1-{began_ns}"));
            recorded(&folder.join(JOURNAL), began_ns as i64, 1);
        }
        let left = sweep(parent.path());
        let began: Vec<_> = left.iter().map(|abandoned| abandoned.recording().began_ns as usize).collect();
        assert_eq!(began, (3..=all).rev().collect::<Vec<_>>());
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), LeftRecording::KEPT);
    }

    #[test]
    fn what_can_not_be_read_stays_until_it_is_old() {
        let parent = tempfile::tempdir().unwrap();
        let journal = folder(parent.path(), "sockeye-1-0").join(JOURNAL);
        fs::write(&journal, "damaged").unwrap();
        assert!(sweep(parent.path()).is_empty());
        assert!(journal.exists());
        set_age(&journal, KEPT_FOR + Duration::from_secs(60));
        assert!(sweep(parent.path()).is_empty());
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
        assert!(sweep(parent.path()).is_empty());
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
        assert!(sweep(parent.path()).is_empty());
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

//! Which hashes the first part of a file had that was being sent, so that going on with it needn't read that part again.

use std::fs::{self, DirBuilder};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::folder::Folder;
use super::prefix_log::PrefixLog;
use super::source::Source;
use crate::codec::prefix_hash::Hash;

/// Files that were not sent to their end within this time are read again.
const KEPT: Duration = Duration::from_secs(14 * 24 * 3600);

/// What was written to a file so long ago is on the disk: the kernel sees to it within half a minute
/// (`dirty_expire_centisecs`), and nobody who sends a file is to wait until it does.
const SETTLED: Duration = Duration::from_secs(120);

const SUFFIX: &str = ".sent";

/// What is known of one file; it counts for as long as the file is the same, by its number, size and times. While this lives,
/// nobody else has it.
#[derive(Debug)]
pub struct SentLog {
    folder: Folder,
    name: String,
    /// `None` once it could not be written: what is in it since then may be half a value.
    log: Option<PrefixLog>,
    groups: Vec<Hash>,
    /// From when on the file itself is on the disk for sure; `None` where nobody knows.
    settles: Option<Instant>,
}

impl SentLog {
    /// Opens or begins what is kept of a file in a folder of this program's own, which is made if need be. `None` where
    /// that can't be, or while another transfer of the file has it: it only saves time.
    #[must_use]
    pub fn open(folder: &Path, source: &Source) -> Option<Self> {
        let opened = (|| {
            make_private(folder)?;
            sweep(folder);
            let folder = Folder::open(folder)?;
            let identity = source.identity();
            let name = format!("{}{SUFFIX}", blake3::Hash::from(identity).to_hex());
            let (log, groups) = PrefixLog::open(&folder, &name, &identity, None)?;
            let wait = source.unchanged_for().map(|age| SETTLED.saturating_sub(age));
            let settles = wait.and_then(|wait| Instant::now().checked_add(wait));
            Ok::<_, io::Error>(Self { folder, name, log: Some(log), groups, settles })
        })();
        opened.inspect_err(|error| tracing::debug!(%error, path = %folder.display(), "the log of a sent file")).ok()
    }

    /// The values of the file's first groups, as far as they are known.
    #[must_use]
    pub fn groups(&self) -> &[Hash] {
        &self.groups
    }

    /// Keeps the values of a file's first groups, those before included.
    pub fn record(&mut self, groups: &[Hash]) {
        let is_settled = self.settles.is_some_and(|settles| settles <= Instant::now());
        self.write(|log| {
            log.record(groups)?;
            if is_settled && log.is_sync_due() { log.sync() } else { Ok(()) }
        });
    }

    /// Forgets what is known beyond the first groups.
    pub fn cut(&mut self, groups: usize) {
        self.groups.truncate(groups);
        let groups = self.groups.len();
        self.write(|log| log.cut(groups));
    }

    /// Nothing is kept of the file any more where that fails, as on a full disk.
    fn write(&mut self, write: impl FnOnce(&mut PrefixLog) -> io::Result<()>) {
        let Some(log) = &mut self.log else { return };
        if let Err(error) = write(log) {
            tracing::debug!(%error, name = self.name, "the log of a sent file");
            self.groups.clear();
            self.unlink();
        }
    }

    /// The file has arrived: there is nothing to go on with.
    pub fn remove(mut self) {
        self.unlink();
    }

    /// The name goes before the lock: it may be another's from then on.
    fn unlink(&mut self) {
        let Some(_locked) = self.log.take() else { return };
        if let Err(error) = self.folder.remove(&self.name) {
            tracing::debug!(%error, name = self.name, "the log of a sent file");
        }
    }
}

/// Where this system has such logs; `None` where it has no such place.
#[must_use]
pub fn default_path() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "sockeye")?;
    Some(folders.cache_dir().join("sent"))
}

fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Removes what nobody came back for.
fn sweep(folder: &Path) {
    let is_old = |modified: SystemTime| modified.elapsed().is_ok_and(|age| age > KEPT);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_log = entry.file_name().to_string_lossy().ends_with(SUFFIX);
        if is_log && entry.metadata().and_then(|metadata| metadata.modified()).is_ok_and(is_old) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::prefix_hash::HASH_LEN;

    #[test]
    fn what_is_known_of_a_file_counts_until_it_changes() {
        let place = tempfile::tempdir().unwrap();
        let (folder, path) = (place.path().join("a/b"), place.path().join("file"));
        fs::write(&path, "one").unwrap();
        let open = || SentLog::open(&folder, &Source::open(&path).unwrap()).unwrap();
        let groups = [[1; HASH_LEN], [2; HASH_LEN], [3; HASH_LEN]];
        let mut log = open();
        assert!(log.groups().is_empty());
        log.record(&groups);
        drop(log);
        let mut log = open();
        assert_eq!(log.groups(), groups);
        log.cut(1);
        drop(log);
        assert_eq!(open().groups(), &groups[..1]);

        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert!(open().groups().is_empty());
    }

    #[test]
    fn a_file_that_was_new_when_it_began_to_be_sent_is_known_after_a_new_start_too() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("file");
        fs::write(&path, "one").unwrap();
        let mut log = SentLog::open(&place.path().join("logs"), &Source::open(&path).unwrap()).unwrap();
        let is_on_the_disk = |log: &SentLog| !log.log.as_ref().unwrap().is_sync_due();
        let groups = [[1; HASH_LEN]; 100];
        log.record(&groups[..99]);
        assert!(!is_on_the_disk(&log), "the file may not be");
        let left = log.settles.unwrap().saturating_duration_since(Instant::now());
        assert!(left > SETTLED / 2 && left <= SETTLED, "{left:?}");
        log.settles = Some(Instant::now());
        log.record(&groups);
        assert!(is_on_the_disk(&log));
    }

    #[test]
    fn two_transfers_of_one_file_do_not_share_what_is_known() {
        let place = tempfile::tempdir().unwrap();
        let (folder, path) = (place.path().join("logs"), place.path().join("file"));
        fs::write(&path, "one").unwrap();
        let open = || SentLog::open(&folder, &Source::open(&path).unwrap());
        let groups = [[1; HASH_LEN], [2; HASH_LEN]];
        let mut first = open().unwrap();
        first.record(&groups[..1]);
        assert!(open().is_none());
        first.record(&groups);
        drop(first);
        let second = open().unwrap();
        assert_eq!(second.groups(), groups);
        second.remove();
        assert!(open().unwrap().groups().is_empty());
    }

    #[test]
    fn what_could_not_be_written_is_forgotten() {
        let place = tempfile::tempdir().unwrap();
        let (folder, path) = (place.path().join("logs"), place.path().join("file"));
        fs::write(&path, "one").unwrap();
        let open = || SentLog::open(&folder, &Source::open(&path).unwrap());
        let groups = [[1; HASH_LEN], [2; HASH_LEN]];
        let mut log = open().unwrap();
        log.record(&groups[..1]);
        // It takes nothing, as a full disk.
        log.log.as_mut().unwrap().file = fs::File::open(&path).unwrap();
        log.record(&groups);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        let next = open().unwrap();
        assert!(next.groups().is_empty());
        log.record(&groups);
        log.remove();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "it is the next one's");
    }

    #[test]
    fn nothing_is_left_of_what_arrived_or_is_old() {
        let place = tempfile::tempdir().unwrap();
        let (folder, path) = (place.path().join("logs"), place.path().join("file"));
        fs::write(&path, "one").unwrap();
        let source = Source::open(&path).unwrap();
        let count = || fs::read_dir(&folder).unwrap().count();
        SentLog::open(&folder, &source).unwrap().remove();
        assert_eq!(count(), 0);
        for (age, name) in [(KEPT * 2, "old.sent"), (KEPT * 2, "old.other"), (KEPT / 2, "new.sent")] {
            let file = fs::File::create(folder.join(name)).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        }
        SentLog::open(&folder, &source).unwrap().remove();
        assert!(!folder.join("old.sent").exists());
        assert_eq!(count(), 2);
    }
}

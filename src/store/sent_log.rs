//! Which hashes the first part of a file had that was being sent, so that going on with it needn't read that part again.

use std::fs::{self, DirBuilder};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

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

/// What is known of one file; it counts for as long as the file is the same, by its number, size and times.
#[derive(Debug)]
pub struct SentLog {
    folder: Folder,
    name: String,
    log: PrefixLog,
    groups: Vec<Hash>,
    /// Whether the file itself is on the disk for sure.
    is_settled: bool,
}

impl SentLog {
    /// Opens or begins what is kept of a file in a folder of this program's own, which is made if need be. `None` where
    /// that can't be: it only saves time.
    #[must_use]
    pub fn open(folder: &Path, source: &Source) -> Option<Self> {
        let opened = (|| {
            make_private(folder)?;
            sweep(folder);
            let folder = Folder::open(folder)?;
            let identity = source.identity();
            let name = format!("{}{SUFFIX}", blake3::Hash::from(identity).to_hex());
            let (log, groups) = PrefixLog::open(&folder, &name, &identity)?;
            let is_settled = source.is_older_than(SETTLED);
            Ok::<_, std::io::Error>(Self { folder, name, log, groups, is_settled })
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
        let recorded = self.log.record(groups).and_then(|()| match self.is_settled && self.log.is_sync_due() {
            true => self.log.sync(),
            false => Ok(()),
        });
        if let Err(error) = recorded {
            tracing::debug!(%error, name = self.name, "the log of a sent file");
        }
    }

    /// Forgets what is known beyond the first groups.
    pub fn cut(&mut self, groups: usize) {
        self.groups.truncate(groups);
        if let Err(error) = self.log.cut(self.groups.len()) {
            tracing::debug!(%error, name = self.name, "the log of a sent file");
        }
    }

    /// The file has arrived: there is nothing to go on with.
    pub fn remove(self) {
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

fn make_private(folder: &Path) -> std::io::Result<()> {
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

//! The hashes of a file's groups, kept on disk, so that whoever goes on with the file needn't read it again.
//!
//! The log is a header of [`HEADER`] bytes, then [`HASH_LEN`] for each group. A value that was written half is no value.
//! After the machine has started anew those alone count of which the header says that the groups and the values were on the
//! disk: of the others, the log may have got there and the file not.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use super::folder::Folder;
use super::kernel;
use crate::codec::prefix_hash::{HASH_LEN, Hash};

const MAGIC: [u8; 8] = *b"sock\0lg2";

/// Where the header has the number of the groups that are on the disk with their values: 8 bytes, big-endian.
const SYNCED_AT: usize = MAGIC.len() + 2 * HASH_LEN;
const HEADER: usize = SYNCED_AT + size_of::<u64>();

/// Groups, 64 MiB of them, after which they are seen to the disk: what a machine that stops takes back at most. A disk is
/// busy with as many bytes for far longer than with being asked, three times, whether they are there.
const SYNC_EVERY: usize = 32;

/// How often a log is written to while the file of the groups changes.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// How much later than its log a file may have changed that nobody else changed: as the clocks of file systems have it,
/// which go in steps of up to two seconds; and of what a disk had when the machine stopped, which it gets in its own time.
const TOLD_WITHIN: Duration = Duration::from_secs(3);
const TOLD_WITHIN_STARTS: Duration = Duration::from_secs(60);

/// The most groups that a log is read to: 64 TiB.
const MOST: usize = 32 << 20;

#[derive(Debug)]
pub(super) struct PrefixLog {
    pub(super) file: File,
    groups: usize,
    /// As the header has it.
    synced: usize,
    /// When it was told last that the file changes.
    told: Option<Instant>,
}

impl PrefixLog {
    /// Opens the log with that name, or begins it; with the values that count for what `of` stands for. It is locked: two
    /// that write to one log would leave holes in it.
    ///
    /// `own` is the file of the groups where who has the log is alone to change it, and tells so before: no value counts
    /// once somebody else has.
    ///
    /// # Errors
    /// What the system says, `AlreadyExists` if something else has the name, or somebody else the log.
    pub(super) fn open(folder: &Folder, name: &str, of: &Hash, own: Option<&File>) -> io::Result<(Self, Vec<Hash>)> {
        let mut file = match folder.open_own(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => folder.create_new(name)?,
            file => file?,
        };
        folder.lock(name, &file)?;
        let boot = kernel::boot_id();
        let mut content = Vec::new();
        Read::by_ref(&mut file).take((HEADER + MOST * HASH_LEN) as u64).read_to_end(&mut content)?;
        let new = header(&boot.unwrap_or_default(), of);
        let is_this_start = boot.is_some() && content.starts_with(&new[..SYNCED_AT]);
        let is_unchanged = match own {
            Some(own) => was_told_of(&file, own, if is_this_start { TOLD_WITHIN } else { TOLD_WITHIN_STARTS })?,
            None => true,
        };
        let mut log = Self { file, groups: 0, synced: 0, told: None };
        let known = content.split_first_chunk().filter(|(header, _)| is_unchanged && is_of(header, of));
        let Some((header, values)) = known else {
            log.file.set_len(0)?;
            log.file.seek(SeekFrom::Start(0))?;
            log.file.write_all(&new)?;
            return Ok((log, Vec::new()));
        };
        let (mut values, _half): (&[Hash], _) = values.as_chunks();
        log.synced = synced(header).min(values.len());
        if !is_this_start {
            values = &values[..log.synced];
        }
        log.groups = values.len();
        log.cut(values.len())?;
        if !is_this_start {
            // From here on, what comes after them counts too, until the next start.
            log.file.seek(SeekFrom::Start(0))?;
            log.file.write_all(&new[..SYNCED_AT])?;
            log.file.seek(SeekFrom::End(0))?;
        }
        Ok((log, values.to_vec()))
    }

    /// Tells that the file of the groups is about to change, by the time of the log. What may be often costs nothing.
    pub(super) fn tell(&mut self) -> io::Result<()> {
        if self.told.is_some_and(|told| told.elapsed() < TOLD_EVERY) {
            return Ok(());
        }
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&MAGIC)?;
        self.file.seek(SeekFrom::End(0))?;
        self.told = Some(Instant::now());
        Ok(())
    }

    /// Writes the values that are not in it yet. The groups themselves have to be with the system already.
    pub(super) fn record(&mut self, groups: &[Hash]) -> io::Result<()> {
        let new = groups.get(self.groups..).unwrap_or_default();
        if new.is_empty() {
            return Ok(());
        }
        self.file.write_all(new.as_flattened())?;
        self.groups = groups.len();
        Ok(())
    }

    /// Whether so many were recorded since [`Self::sync`] that it is time for the next.
    pub(super) fn is_sync_due(&self) -> bool {
        self.groups - self.synced >= SYNC_EVERY
    }

    /// From now on these values count after the machine has started anew too. The groups have to be on the disk already;
    /// blocks until their values are.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        self.set_synced(self.groups)
    }

    fn set_synced(&mut self, groups: usize) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(SYNCED_AT as u64))?;
        self.file.write_all(&(groups as u64).to_be_bytes())?;
        self.file.seek(SeekFrom::End(0))?;
        self.file.sync_data()?;
        self.synced = groups;
        Ok(())
    }

    /// Keeps the first values alone. Where it has fewer, [`Self::record`] still writes those that are missing.
    pub(super) fn cut(&mut self, groups: usize) -> io::Result<()> {
        let groups = groups.min(self.groups);
        if groups < self.synced {
            // Before others take their places.
            self.set_synced(groups)?;
        }
        let len = (HEADER + groups * HASH_LEN) as u64;
        self.file.set_len(len)?;
        self.file.seek(SeekFrom::Start(len))?;
        self.groups = groups;
        Ok(())
    }
}

/// Of a log that has nothing yet.
fn header(boot: &Hash, of: &Hash) -> Vec<u8> {
    [&MAGIC[..], boot, of, &[0; HEADER - SYNCED_AT]].concat()
}

/// Whether the log is of what `of` stands for, whenever it was begun.
fn is_of(header: &[u8; HEADER], of: &Hash) -> bool {
    header.starts_with(&MAGIC) && header[..SYNCED_AT].ends_with(of)
}

/// Whether the last change of a file was told of in its log. That is the change of content, rights, names or times, which no
/// program sets (`st_ctim`, inode(7)).
#[cfg(unix)]
fn was_told_of(log: &File, file: &File, within: Duration) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (log, file) = (log.metadata()?, file.metadata()?);
    let latest = log.mtime().saturating_add_unsigned(within.as_secs());
    Ok((file.ctime(), file.ctime_nsec()) <= (latest, log.mtime_nsec()))
}

#[cfg(not(unix))]
fn was_told_of(_log: &File, _file: &File, _within: Duration) -> io::Result<bool> {
    Ok(true)
}

fn synced(header: &[u8; HEADER]) -> usize {
    let count = header.last_chunk().map_or(0, |count| u64::from_be_bytes(*count));
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    const OF: Hash = [7; HASH_LEN];

    fn values(count: u8) -> Vec<Hash> {
        (1..=count).map(|number| [number; HASH_LEN]).collect()
    }

    #[test]
    fn what_was_recorded_is_there_for_the_next_but_for_a_value_that_was_written_half() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let (mut log, found) = PrefixLog::open(&folder, "log", &OF, None).unwrap();
        assert_eq!(found, values(0));
        log.record(&values(2)).unwrap();
        log.record(&values(2)).unwrap();
        log.record(&values(3)).unwrap();
        drop(log);
        let path = place.path().join("log");
        let mut content = fs::read(&path).unwrap();
        content.extend([4; HASH_LEN - 1]);
        fs::write(&path, content).unwrap();

        let (mut log, found) = PrefixLog::open(&folder, "log", &OF, None).unwrap();
        assert_eq!(found, values(3));
        log.cut(2).unwrap();
        log.cut(3).unwrap();
        log.record(&values(4)).unwrap();
        drop(log);
        assert_eq!(PrefixLog::open(&folder, "log", &OF, None).unwrap().1, values(4));
    }

    proptest! {
        /// Of a log that anybody may have written to: at most what is in it counts, and it is gone on with.
        #[test]
        fn any_content_is_opened_and_gone_on_with(
            intact in prop_oneof![Just(HEADER), 0..HEADER],
            content in prop::collection::vec(any::<u8>(), 0..3 * HEADER),
        ) {
            let place = tempfile::tempdir().unwrap();
            let folder = Folder::open(place.path()).unwrap();
            let path = place.path().join("log");
            let mut bytes = header(&kernel::boot_id().unwrap_or_default(), &OF)[..intact].to_vec();
            bytes.extend(content);
            fs::write(&path, &bytes).unwrap();
            let (mut log, found) = PrefixLog::open(&folder, "log", &OF, None).unwrap();
            prop_assert!(found.is_empty() || bytes[HEADER..].starts_with(found.as_flattened()));
            let all = [found, values(1)].concat();
            log.record(&all).unwrap();
            drop(log);
            prop_assert_eq!(PrefixLog::open(&folder, "log", &OF, None).unwrap().1, all);
        }
    }

    /// As if another start of the machine had begun it.
    fn start_the_machine(log: &Path) {
        let mut content = fs::read(log).unwrap();
        content[MAGIC.len()] ^= 1;
        fs::write(log, content).unwrap();
    }

    #[test]
    fn values_of_something_else_or_from_before_the_machine_started_do_not_count() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let path = place.path().join("log");
        let begin = || {
            let (mut log, _) = PrefixLog::open(&folder, "log", &OF, None).unwrap();
            log.record(&values(2)).unwrap();
        };
        begin();
        assert_eq!(PrefixLog::open(&folder, "log", &[8; HASH_LEN], None).unwrap().1, values(0));
        begin();
        start_the_machine(&path);
        assert_eq!(PrefixLog::open(&folder, "log", &OF, None).unwrap().1, values(0));
        begin();
        assert_eq!(PrefixLog::open(&folder, "log", &OF, None).unwrap().1, values(2));
    }

    #[test]
    fn what_was_on_the_disk_counts_after_the_machine_started_too() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let path = place.path().join("log");
        let open = || PrefixLog::open(&folder, "log", &OF, None).unwrap();
        let (mut log, _) = open();
        log.record(&values(31)).unwrap();
        assert!(!log.is_sync_due());
        log.record(&values(32)).unwrap();
        assert!(log.is_sync_due());
        log.sync().unwrap();
        assert!(!log.is_sync_due());
        log.record(&values(40)).unwrap();
        drop(log);
        start_the_machine(&path);
        let (mut log, found) = open();
        assert_eq!(found, values(32));
        log.record(&values(35)).unwrap();
        drop(log);
        assert_eq!(open().1, values(35), "the machine runs still");
        start_the_machine(&path);
        assert_eq!(open().1, values(32));

        // What is given up counts no more, whatever takes its place.
        let (mut log, _) = open();
        log.cut(3).unwrap();
        log.record(&values(9)).unwrap();
        drop(log);
        start_the_machine(&path);
        assert_eq!(open().1, values(3));
    }
}

//! The hashes of a file's groups, kept on disk, so that whoever goes on with the file needn't read it again.
//!
//! The log is a header of [`HEADER`] bytes, then [`HASH_LEN`] for each group. A value that was written half is no value.
//! After the machine has started anew none counts: the log may have reached the disk and the file not.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use super::folder::Folder;
use super::kernel;
use crate::codec::prefix_hash::{HASH_LEN, Hash};

const MAGIC: [u8; 8] = *b"sock\0log";
const HEADER: usize = MAGIC.len() + 2 * HASH_LEN;

/// The most groups that a log is read to: 64 TiB.
const MOST: usize = 32 << 20;

#[derive(Debug)]
pub(super) struct PrefixLog {
    file: File,
    groups: usize,
}

impl PrefixLog {
    /// Opens the log with that name, or begins it; with the values that count for what `of` stands for.
    ///
    /// # Errors
    /// What the system says, `AlreadyExists` if something else has the name.
    pub(super) fn open(folder: &Folder, name: &str, of: &Hash) -> io::Result<(Self, Vec<Hash>)> {
        let mut file = match folder.open_own(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => folder.create_new(name)?,
            file => file?,
        };
        let boot = kernel::boot_id();
        let mut content = Vec::new();
        Read::by_ref(&mut file).take((HEADER + MOST * HASH_LEN) as u64).read_to_end(&mut content)?;
        let mut log = Self { file, groups: 0 };
        if let (Some(boot), Some((header, values))) = (boot, content.split_at_checked(HEADER))
            && header == self::header(&boot, of)
        {
            let (values, _half) = values.as_chunks();
            log.groups = values.len();
            log.cut(values.len())?;
            return Ok((log, values.to_vec()));
        }
        log.file.set_len(0)?;
        log.file.seek(SeekFrom::Start(0))?;
        log.file.write_all(&header(&boot.unwrap_or_default(), of))?;
        Ok((log, Vec::new()))
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

    /// Keeps the first values alone. Where it has fewer, [`Self::record`] still writes those that are missing.
    pub(super) fn cut(&mut self, groups: usize) -> io::Result<()> {
        let groups = groups.min(self.groups);
        let len = (HEADER + groups * HASH_LEN) as u64;
        self.file.set_len(len)?;
        self.file.seek(SeekFrom::Start(len))?;
        self.groups = groups;
        Ok(())
    }
}

fn header(boot: &Hash, of: &Hash) -> Vec<u8> {
    [&MAGIC[..], boot, of].concat()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const OF: Hash = [7; HASH_LEN];

    fn values(count: u8) -> Vec<Hash> {
        (1..=count).map(|number| [number; HASH_LEN]).collect()
    }

    #[test]
    fn what_was_recorded_is_there_for_the_next_but_for_a_value_that_was_written_half() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let (mut log, found) = PrefixLog::open(&folder, "log", &OF).unwrap();
        assert_eq!(found, values(0));
        log.record(&values(2)).unwrap();
        log.record(&values(2)).unwrap();
        log.record(&values(3)).unwrap();
        drop(log);
        let path = place.path().join("log");
        let mut content = fs::read(&path).unwrap();
        content.extend([4; HASH_LEN - 1]);
        fs::write(&path, content).unwrap();

        let (mut log, found) = PrefixLog::open(&folder, "log", &OF).unwrap();
        assert_eq!(found, values(3));
        log.cut(2).unwrap();
        log.cut(3).unwrap();
        log.record(&values(4)).unwrap();
        assert_eq!(PrefixLog::open(&folder, "log", &OF).unwrap().1, values(4));
    }

    #[test]
    fn values_of_something_else_or_from_before_the_machine_started_do_not_count() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let path = place.path().join("log");
        let begin = || {
            let (mut log, _) = PrefixLog::open(&folder, "log", &OF).unwrap();
            log.record(&values(2)).unwrap();
        };
        begin();
        assert_eq!(PrefixLog::open(&folder, "log", &[8; HASH_LEN]).unwrap().1, values(0));
        begin();
        let mut content = fs::read(&path).unwrap();
        content[MAGIC.len()] ^= 1;
        fs::write(&path, content).unwrap();
        assert_eq!(PrefixLog::open(&folder, "log", &OF).unwrap().1, values(0));
        begin();
        assert_eq!(PrefixLog::open(&folder, "log", &OF).unwrap().1, values(2));
    }
}

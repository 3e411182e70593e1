//! Files to send.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::codec::prefix_hash::Hash;
use crate::model::{Cause, Failure, Hint, Operation};
use crate::store::advice::file_failure;

/// A regular file, open, as long as it was when it was opened: what is appended later is not part of it.
#[derive(Debug)]
pub struct Source {
    file: File,
    path: PathBuf,
    name: String,
    size: u64,
    modified: Option<SystemTime>,
    changed: Changed,
    position: u64,
}

/// The last change of content, rights, names or times, which no program sets (`st_ctim`, inode(7)): seconds since 1970 and
/// nanoseconds; zeros where the system keeps none.
type Changed = (i64, i64);

impl Source {
    /// # Errors
    /// Not found, not readable, a folder, or anything else that is not a regular file. Never blocks on a FIFO.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let failed = |error: &io::Error| file_failure(Operation::OpenFile, path.display(), error);
        let file = open_without_waiting(path).map_err(|error| failed(&error))?;
        Self::of_file(file, path)
    }

    /// As [`Self::open`], of a file that is open already.
    pub(super) fn of_file(file: File, path: &Path) -> Result<Self, Failure> {
        let failed = |error: &io::Error| file_failure(Operation::OpenFile, path.display(), error);
        let metadata = file.metadata().map_err(|error| failed(&error))?;
        if metadata.is_dir() {
            return Err(failed(&io::ErrorKind::IsADirectory.into()));
        }
        if !metadata.is_file() {
            let cause = Cause::NotARegularFile;
            return Err(Failure::new(Operation::OpenFile, path.display(), cause).with_hint(Hint::ChooseAFile));
        }
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let (size, modified, changed) = (metadata.len(), modified(&metadata), changed(&metadata));
        Ok(Self { file, path: path.to_owned(), name, size, modified, changed, position: 0 })
    }

    /// The last part of the path; what is not Unicode in it, replaced.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes, as of [`Source::open`].
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Nanoseconds since 1970, UTC; `None` where the file system keeps no such time.
    #[must_use]
    pub fn modified_ns(&self) -> Option<i64> {
        let modified = self.modified?;
        match modified.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_nanos()).ok(),
            Err(before) => i64::try_from(before.duration().as_nanos()).ok().map(|before| -before),
        }
    }

    /// Stands for the file as it is: another one, or the same after it was written to, has another.
    pub(super) fn identity(&self) -> Hash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.size.to_be_bytes());
        hasher.update(&self.modified_ns().unwrap_or(i64::MIN).to_be_bytes());
        #[cfg(unix)]
        if let Ok(metadata) = self.file.metadata() {
            use std::os::unix::fs::MetadataExt;
            hasher.update(&metadata.dev().to_be_bytes());
            hasher.update(&metadata.ino().to_be_bytes());
        }
        hasher.update(&self.changed.0.to_be_bytes());
        hasher.update(&self.changed.1.to_be_bytes());
        hasher.update(self.path.as_os_str().as_encoded_bytes());
        *hasher.finalize().as_bytes()
    }

    /// For how long nothing had been written to it at [`Source::open`]. `None` where the clock says what can't be.
    pub(super) fn unchanged_for(&self) -> Option<Duration> {
        let seconds = u64::try_from(self.changed.0).ok()?;
        let changed = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?;
        self.modified?.max(changed).elapsed().ok()
    }

    /// The next bytes, never beyond [`Source::size`]; 0 at that end, or for an empty buffer.
    ///
    /// # Errors
    /// [`Cause::SourceChanged`] if the file became shorter, or a read error.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Failure> {
        let left = usize::try_from(self.size - self.position).unwrap_or(usize::MAX);
        let room = buffer.len().min(left);
        if room == 0 {
            return Ok(0);
        }
        loop {
            match self.file.read(&mut buffer[..room]) {
                Ok(0) => return Err(self.has_changed()),
                Ok(read) => {
                    self.position += read as u64;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(file_failure(Operation::ReadFile, self.path.display(), &error)),
            }
        }
    }

    /// Goes to a place in the file, [`Source::size`] at most.
    ///
    /// # Errors
    /// Of lseek(2).
    pub fn go_to(&mut self, position: u64) -> Result<(), Failure> {
        let position = position.min(self.size);
        let moved = self.file.seek(SeekFrom::Start(position));
        self.position = moved.map_err(|error| file_failure(Operation::ReadFile, self.path.display(), &error))?;
        Ok(())
    }

    /// Compares size and times with those at [`Source::open`]. Who writes to a file may set its time of modification back,
    /// and not that of its last change; a new name or other rights are such a change too.
    ///
    /// # Errors
    /// [`Cause::SourceChanged`], or what fstat(2) says.
    pub fn check_unchanged(&self) -> Result<(), Failure> {
        let metadata = self.check_content()?;
        if changed(&metadata) == self.changed { Ok(()) } else { Err(self.has_changed()) }
    }

    /// Compares size and time of modification alone with those at [`Source::open`]: a file that was renamed, linked,
    /// removed or given other rights meanwhile has the bytes that it had.
    ///
    /// # Errors
    /// [`Cause::SourceChanged`], or what fstat(2) says.
    pub fn check_content_unchanged(&self) -> Result<(), Failure> {
        self.check_content().map(drop)
    }

    fn check_content(&self) -> Result<Metadata, Failure> {
        let metadata =
            self.file.metadata().map_err(|error| file_failure(Operation::ReadFile, self.path.display(), &error))?;
        let is_same = (metadata.len(), modified(&metadata)) == (self.size, self.modified);
        if is_same { Ok(metadata) } else { Err(self.has_changed()) }
    }

    fn has_changed(&self) -> Failure {
        Failure::new(Operation::ReadFile, self.path.display(), Cause::SourceChanged)
    }
}

/// `None` where the file system keeps no such time.
fn modified(metadata: &Metadata) -> Option<SystemTime> {
    metadata.modified().ok()
}

#[cfg(unix)]
fn changed(metadata: &Metadata) -> Changed {
    use std::os::unix::fs::MetadataExt;
    (metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn changed(_metadata: &Metadata) -> Changed {
    (0, 0)
}

fn open_without_waiting(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use nix::fcntl::OFlag;
        use std::os::unix::fs::OpenOptionsExt;
        // Opening a FIFO would wait for a writer, a terminal could become this process's; regular files ignore both.
        options.custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits());
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    fn source(content: &[u8]) -> (tempfile::TempDir, PathBuf, Source) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a b.bin");
        fs::write(&path, content).unwrap();
        let source = Source::open(&path).unwrap();
        (folder, path, source)
    }

    #[test]
    fn reads_what_was_there_at_the_start_and_no_more() {
        let (_folder, path, mut source) = source(b"12345");
        assert_eq!((source.name(), source.size()), ("a b.bin", 5));
        source.check_unchanged().unwrap();
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"678").unwrap();
        let mut buffer = [0; 4];
        assert_eq!(source.read(&mut buffer).unwrap(), 4);
        assert_eq!(source.read(&mut buffer).unwrap(), 1);
        assert_eq!(source.read(&mut buffer).unwrap(), 0);
        assert_eq!(source.check_unchanged().unwrap_err().cause, Cause::SourceChanged);
    }

    #[test]
    fn any_part_can_be_read() {
        let (_folder, _path, mut source) = source(b"12345");
        source.go_to(3).unwrap();
        let mut buffer = [0; 8];
        assert_eq!((source.read(&mut buffer).unwrap(), &buffer[..2]), (2, &b"45"[..]));
        source.go_to(99).unwrap();
        assert_eq!(source.read(&mut buffer).unwrap(), 0);
    }

    #[test]
    fn a_file_that_became_shorter_is_noticed() {
        let (_folder, path, mut source) = source(b"12345");
        OpenOptions::new().write(true).open(&path).unwrap().set_len(2).unwrap();
        let mut buffer = [0; 8];
        assert_eq!(source.read(&mut buffer).unwrap(), 2);
        assert_eq!(source.read(&mut buffer).unwrap_err().cause, Cause::SourceChanged);
    }

    #[test]
    fn a_file_of_the_same_size_but_another_time_is_noticed() {
        let (_folder, path, source) = source(b"12345");
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        for checked in [source.check_unchanged(), source.check_content_unchanged()] {
            assert_eq!(checked.unwrap_err().cause, Cause::SourceChanged);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_was_written_to_is_noticed_though_its_size_and_time_are_as_before() {
        use std::os::unix::fs::FileExt;
        use std::time::Instant;
        let (_folder, path, source) = source(b"12345");
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        let before = file.metadata().unwrap().modified().unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        // The clock of a file system has ticks of some milliseconds.
        let failure = loop {
            assert!(Instant::now() < deadline, "nothing is noticed");
            file.write_all_at(b"54321", 0).unwrap();
            file.set_modified(before).unwrap();
            if let Err(failure) = source.check_unchanged() {
                break failure;
            }
        };
        assert_eq!(failure.cause, Cause::SourceChanged);
        assert_eq!(file.metadata().unwrap().modified().unwrap(), before);
        source.check_content_unchanged().unwrap();
    }

    #[test]
    fn a_file_that_vanishes_half_way_can_still_be_read() {
        let (_folder, path, mut source) = source(b"12345");
        fs::remove_file(path).unwrap();
        assert_eq!(source.read(&mut [0; 8]).unwrap(), 5);
    }

    #[test]
    fn folders_and_missing_files_are_refused_with_a_reason() {
        let folder = tempfile::tempdir().unwrap();
        let failure = Source::open(folder.path()).unwrap_err();
        assert_eq!((failure.cause, failure.hint), (Cause::IsDirectory, Some(Hint::ChooseAFile)));
        assert_eq!(Source::open(&folder.path().join("none")).unwrap_err().cause, Cause::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn a_fifo_is_refused_without_waiting_for_its_writer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let failure = Source::open(&path).unwrap_err();
        assert_eq!(failure.hint, Some(Hint::ChooseAFile));
    }
}

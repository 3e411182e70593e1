//! A journal that lasts as long as the program, and what became of one whose program was killed.

#[cfg(unix)]
mod leftovers;

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::model::{Failure, LeftRecording, Operation};
use crate::store::advice::file_failure;

/// What the folders' names begin with; the process id follows, and the number of the attempt.
const PREFIX: &str = "sockeye-";

/// The journal's name in its folder.
const JOURNAL: &str = "journal.sqlite";

/// Its name where it is made of a capture, of which nothing is lost with it.
const OF_CAPTURE: &str = "capture.sqlite";

/// A folder of its own under the system's folder for temporary files, closed to other users, with room for a journal
/// and its log. It is removed on drop with all that is in it; drop writer and readers first.
#[derive(Debug)]
pub struct TemporaryJournal {
    folder: PathBuf,
    path: PathBuf,
    /// Tells [`sweep`] that the folder is in use.
    #[cfg(unix)]
    _lock: fs::File,
}

/// What a process of this user recorded before it was killed. For as long as this lives no other one takes it for
/// abandoned; dropping it leaves it to the next.
#[derive(Debug)]
pub struct Abandoned {
    recording: LeftRecording,
    #[cfg(unix)]
    folder: leftovers::Held,
}

impl Abandoned {
    #[must_use]
    pub fn recording(&self) -> &LeftRecording {
        &self.recording
    }

    /// Removes it. Takes as long as the file system takes to free its space.
    ///
    /// # Errors
    /// What the system says of the folder, of which a part may be left.
    pub fn discard(self) -> Result<(), Failure> {
        #[cfg(unix)]
        self.folder
            .remove()
            .map_err(|error| file_failure(Operation::RemoveJournal, self.recording.path.display(), &error))?;
        Ok(())
    }
}

/// Where temporary journals lie (`TMPDIR`).
#[must_use]
pub fn folder() -> PathBuf {
    env::temp_dir()
}

/// The recordings in `folder` that processes of this user left behind when they were killed, the latest first: at most
/// [`LeftRecording::KEPT`], for [`LeftRecording::KEPT_DAYS`]. Others are removed, as is what has no rows or is made of a
/// capture. Takes as long as the file system takes to free their space.
#[must_use]
pub fn sweep(folder: &Path) -> Vec<Abandoned> {
    #[cfg(unix)]
    {
        leftovers::sweep(folder)
    }
    #[cfg(not(unix))]
    {
        Vec::new()
    }
}

impl TemporaryJournal {
    /// How many names are tried; earlier ones may be left over from a process that was killed and had the same id.
    const ATTEMPTS: u32 = 1000;

    /// Creates the folder; the journal itself comes with [`super::journal::JournalWriter::create`].
    ///
    /// # Errors
    /// What the system says of the folder for temporary files (`TMPDIR`).
    pub fn create() -> Result<Self, Failure> {
        Self::create_in(&folder(), JOURNAL)
    }

    /// As [`Self::create`], for what a capture is made into.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn create_for_capture() -> Result<Self, Failure> {
        Self::create_in(&folder(), OF_CAPTURE)
    }

    fn create_in(parent: &Path, name: &str) -> Result<Self, Failure> {
        let failed = |error: &io::Error| file_failure(Operation::OpenJournal, parent.display(), error);
        for attempt in 0..Self::ATTEMPTS {
            let folder = parent.join(format!("{PREFIX}{}-{attempt}", std::process::id()));
            match private_folder(&folder) {
                #[cfg(unix)]
                Ok(()) => {
                    // Another process's sweep may have taken the folder for abandoned just before it was locked.
                    if let Some(lock) = leftovers::hold(&folder).map_err(|error| failed(&error))? {
                        return Ok(Self { path: folder.join(name), folder, _lock: lock });
                    }
                }
                #[cfg(not(unix))]
                Ok(()) => return Ok(Self { path: folder.join(name), folder }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(&error)),
            }
        }
        Err(failed(&io::ErrorKind::AlreadyExists.into()))
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// mkdir(2) neither follows a link nor takes a folder that is there, so nobody else can have prepared it.
fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

impl Drop for TemporaryJournal {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            tracing::warn!(folder = %self.folder.display(), %error, "a temporary journal stays behind");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::journal::JournalWriter;

    #[test]
    fn the_folder_is_private_and_goes_with_all_that_is_in_it() {
        let parent = tempfile::tempdir().unwrap();
        let first = TemporaryJournal::create_in(parent.path(), JOURNAL).unwrap();
        let second = TemporaryJournal::create_in(parent.path(), JOURNAL).unwrap();
        assert_ne!(first.path(), second.path());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&first.folder).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
        }
        let mut writer = JournalWriter::create(first.path()).unwrap();
        writer.append(&[]).unwrap();
        assert!(first.path().exists());
        drop((writer, first, second));
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_missing_parent_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let missing = parent.path().join("missing");
        let failure = TemporaryJournal::create_in(&missing, JOURNAL).unwrap_err();
        assert_eq!(failure.subject, missing.display().to_string());
        assert_eq!(failure.cause, crate::model::Cause::NotFound);
    }
}

//! A journal that lasts as long as the program.

#[cfg(unix)]
mod leftovers;

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::model::{Failure, Operation};
use crate::store::advice::file_failure;

/// What the folders' names begin with; the process id follows, and the number of the attempt.
const PREFIX: &str = "sockeye-";

/// The journal's name in its folder.
const JOURNAL: &str = "journal.sqlite";

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

/// Removes the temporary journals that processes of this user left behind when they were killed. Takes as long as the
/// file system takes to free their space.
pub fn sweep() {
    #[cfg(unix)]
    leftovers::sweep(&env::temp_dir());
}

impl TemporaryJournal {
    /// How many names are tried; earlier ones may be left over from a process that was killed and had the same id.
    const ATTEMPTS: u32 = 1000;

    /// Creates the folder; the journal itself comes with [`super::journal::JournalWriter::create`].
    ///
    /// # Errors
    /// What the system says of the folder for temporary files (`TMPDIR`).
    pub fn create() -> Result<Self, Failure> {
        Self::create_in(&env::temp_dir())
    }

    fn create_in(parent: &Path) -> Result<Self, Failure> {
        let failed = |error: &io::Error| file_failure(Operation::OpenJournal, parent.display(), error);
        for attempt in 0..Self::ATTEMPTS {
            let folder = parent.join(format!("{PREFIX}{}-{attempt}", std::process::id()));
            match private_folder(&folder) {
                #[cfg(unix)]
                Ok(()) => {
                    // Another process's sweep may have taken the folder for abandoned just before it was locked.
                    if let Some(lock) = leftovers::hold(&folder).map_err(|error| failed(&error))? {
                        return Ok(Self { path: folder.join(JOURNAL), folder, _lock: lock });
                    }
                }
                #[cfg(not(unix))]
                Ok(()) => return Ok(Self { path: folder.join(JOURNAL), folder }),
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
        let first = TemporaryJournal::create_in(parent.path()).unwrap();
        let second = TemporaryJournal::create_in(parent.path()).unwrap();
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
        let failure = TemporaryJournal::create_in(&missing).unwrap_err();
        assert_eq!(failure.subject, missing.display().to_string());
        assert_eq!(failure.cause, crate::model::Cause::NotFound);
    }
}

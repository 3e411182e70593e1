//! A journal that is written in one go.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::connection::is_a_journal;
use super::writer::JournalWriter;
use crate::model::{Failure, Operation, Row};
use crate::store::advice::file_failure;
use crate::store::identity::FileIdentity;
use crate::store::replacement::{sync_folder_of, take_name};

/// A journal that nobody reads before it is whole. Until then it is beside its place, under the name that
/// [`part_name`] gives, and without a log, which would write everything twice. Dropping it removes it.
///
/// What a process that was killed left there goes when the next one begins.
#[derive(Debug)]
pub struct WholeJournal {
    // Closed before the file goes.
    writer: JournalWriter,
    part: Part,
    target: PathBuf,
}

/// Bytes of the journal's name in its first one: with what `SQLite` adds, `-journal`, it is 254 bytes long at most.
const NAME_MAX: usize = 240;

/// The file under its first name.
#[derive(Debug)]
struct Part {
    path: PathBuf,
    /// Locked until the file has its name, or is gone: who looks for leftovers sees that this is none. `SQLite`'s own
    /// locks would not do, as they go when any handle of the file is closed (fcntl(2), "Advisory record locking").
    file: File,
}

/// What the file is called while it is written, in the same folder.
#[must_use]
pub fn part_name(name: &str) -> String {
    // The longest names leave no room for what is added, but need not be there whole.
    format!(".{}.part", &name[..name.floor_char_boundary(NAME_MAX)])
}

impl WholeJournal {
    /// # Errors
    /// What the system says of the folder; that something has the name, or that another process is writing there.
    pub fn create(target: &Path) -> Result<Self, Failure> {
        let failed = |error: &io::Error| file_failure(Operation::OpenJournal, target.display(), error);
        if fs::symlink_metadata(target).is_ok() {
            return Err(failed(&io::ErrorKind::AlreadyExists.into()));
        }
        let name = target.file_name().ok_or_else(|| failed(&io::ErrorKind::InvalidInput.into()))?;
        let part = target.with_file_name(part_name(&name.to_string_lossy()));
        // That one of this name is in the way would else not be seen.
        let part =
            Part::create(part.clone()).map_err(|error| file_failure(Operation::OpenJournal, part.display(), &error))?;
        let mut writer = JournalWriter::create(&part.path).map_err(|failure| of(target, failure))?;
        target.clone_into(&mut writer.path);
        set(&writer, &[("journal_mode", "off"), ("synchronous", "off"), ("locking_mode", "exclusive")])?;
        Ok(Self { writer, part, target: target.to_owned() })
    }

    /// Appends all rows.
    ///
    /// # Errors
    /// A full disk or any other write error, after which the journal is of no use.
    pub fn append(&mut self, rows: &[Row]) -> Result<(), Failure> {
        self.writer.append(rows).map(drop)
    }

    /// Waits until all is on disk, and gives the journal its name.
    ///
    /// # Errors
    /// A write error, or that something has taken the name meanwhile; there is no journal then.
    pub fn finish(self) -> Result<(), Failure> {
        // In this order, so that on an error as well the writer is gone before its file.
        let Self { target, part, writer } = self;
        let failed = |error: &io::Error| file_failure(Operation::WriteJournal, target.display(), error);
        set(&writer, &[("journal_mode", "wal"), ("synchronous", "normal")])?;
        part.file.sync_all().map_err(|error| failed(&error))?;
        drop(writer);
        part.commit(&target).map_err(|error| failed(&error))
    }
}

impl Part {
    /// How often a leftover may come back before whoever puts it there wins.
    const ATTEMPTS: u32 = 3;

    fn create(path: PathBuf) -> io::Result<Self> {
        for _ in 0..Self::ATTEMPTS {
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => {
                    // Whoever has the lock, or has removed the file, took it for a leftover just now.
                    if is_held(&path, &file) {
                        return Ok(Self { path, file });
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    let Some(file) = abandoned(&path) else { return Err(error) };
                    tracing::info!(path = %path.display(), "removing what is left of a journal");
                    drop(Self { path: path.clone(), file });
                }
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn commit(self, target: &Path) -> io::Result<()> {
        take_name(&self.path, target)?;
        drop(self);
        // The journal is there, but a power failure might still take its name away.
        if let Err(error) = sync_folder_of(target) {
            tracing::warn!(path = %target.display(), %error, "the journal's folder is not known to be on disk");
        }
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let mut name = self.path.clone().into_os_string();
            name.push(suffix);
            match fs::remove_file(&name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(path = %name.display(), %error, "a part of a journal stays behind");
                }
                _ => {}
            }
        }
    }
}

/// Locks a file; `false` where somebody else has, or the name means another one by now.
fn is_held(path: &Path, file: &File) -> bool {
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return false,
        // Where nobody can lock, two imports to one place at a time are their users' business.
        Err(TryLockError::Error(error)) => tracing::debug!(%error, path = %path.display(), "lock"),
    }
    FileIdentity::of_open(file) == FileIdentity::of(path)
}

/// A file that is a journal, or the empty beginning of one, and that nobody holds: now held.
fn abandoned(path: &Path) -> Option<File> {
    let is_file = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
    let file = is_file.then(|| OpenOptions::new().write(true).open(path).ok()).flatten()?;
    if !is_held(path, &file) {
        return None;
    }
    let is_empty = || file.metadata().is_ok_and(|metadata| metadata.len() == 0);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let is_ours = is_empty()
        || Connection::open_with_flags(path, flags).is_ok_and(|connection| {
            // It becomes empty where what made its tables was cut short.
            is_a_journal(&connection).is_ok_and(|is_a_journal| is_a_journal || is_empty())
        });
    is_ours.then_some(file)
}

fn set(writer: &JournalWriter, pragmas: &[(&str, &str)]) -> Result<(), Failure> {
    pragmas.iter().try_for_each(|(name, value)| writer.set(name, value))
}

/// The failure of what becomes this journal.
fn of(target: &Path, failure: Failure) -> Failure {
    Failure { subject: target.display().to_string(), ..failure }
}

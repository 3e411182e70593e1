//! A journal that is written in one go.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::connection::is_a_journal;
use super::writer::JournalWriter;
use crate::model::{Failure, Operation, Row};
use crate::store::advice::file_failure;

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

/// The file under its first name.
#[derive(Debug)]
struct Part(PathBuf);

/// What the file is called while it is written, in the same folder.
#[must_use]
pub fn part_name(name: &str) -> String {
    format!(".{name}.part")
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
        let part = Part::create(target.with_file_name(part_name(&name.to_string_lossy())));
        let part = part.map_err(|error| failed(&error))?;
        let mut writer = JournalWriter::create(&part.0).map_err(|failure| of(target, failure))?;
        target.clone_into(&mut writer.path);
        set(&writer, &[("journal_mode", "off"), ("synchronous", "off"), ("locking_mode", "exclusive")])?;
        // Takes the lock, which stays: who looks for leftovers sees that this is none.
        writer.append(&[])?;
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
        let Self { writer, part, target } = self;
        let failed = |error: &io::Error| file_failure(Operation::WriteJournal, target.display(), error);
        set(&writer, &[("journal_mode", "wal"), ("synchronous", "normal")])?;
        part.sync().map_err(|error| failed(&error))?;
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
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_abandoned(&path) => {
                    tracing::info!(path = %path.display(), "removing what is left of a journal");
                    drop(Self(path.clone()));
                }
                opened => return opened.map(|_| Self(path)),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn sync(&self) -> io::Result<()> {
        OpenOptions::new().write(true).open(&self.0)?.sync_all()
    }

    fn commit(self, target: &Path) -> io::Result<()> {
        match fs::hard_link(&self.0, target) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
            // A file system without links: the name is taken with an empty file, and that replaced.
            Err(_) => {
                OpenOptions::new().write(true).create_new(true).open(target)?;
                fs::rename(&self.0, target).inspect_err(|_| {
                    // What was made just now says nothing.
                    let _ = fs::remove_file(target);
                })?;
            }
        }
        drop(self);
        // The journal is there, but a power failure might still take its name away.
        if let Err(error) = sync_folder(target) {
            tracing::warn!(path = %target.display(), %error, "the journal's folder is not known to be on disk");
        }
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let mut name = self.0.clone().into_os_string();
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

/// Whether a file is a journal, or the empty beginning of one, that nobody writes to.
fn is_abandoned(path: &Path) -> bool {
    let len = || fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len());
    match len() {
        None => return false,
        Some(0) => return true,
        Some(_) => {}
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags).is_ok_and(|connection| {
        let held = connection
            .busy_timeout(Duration::ZERO)
            .and_then(|()| connection.execute_batch("BEGIN EXCLUSIVE"))
            .and_then(|()| is_a_journal(&connection));
        // It becomes empty where what made its tables was cut short.
        held.is_ok_and(|is_a_journal| is_a_journal || len() == Some(0))
    })
}

fn set(writer: &JournalWriter, pragmas: &[(&str, &str)]) -> Result<(), Failure> {
    pragmas.iter().try_for_each(|(name, value)| writer.set(name, value))
}

/// The failure of what becomes this journal.
fn of(target: &Path, failure: Failure) -> Failure {
    Failure { subject: target.display().to_string(), ..failure }
}

/// What a name is bound to is on disk once its folder is (fsync(2)); other systems can't open one.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(folder)?.sync_all()
}

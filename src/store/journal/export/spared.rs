//! What no copy may take the place of: the journal itself, and a database that a program works with.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::model::{Cause, Failure, Hint, Operation, SaveFormat};
use crate::store::identity::FileIdentity;
use crate::store::journal::connection::is_database;

/// What stands beside a database while a program has it open, or when one was killed: sqlite.org/tempfiles.html.
const LOGS: [&str; 2] = ["-wal", "-journal"];

/// # Errors
/// [`Cause::JournalItself`], [`Cause::DatabaseOpen`].
pub(super) fn spare(journal: &Path, target: &Path, format: SaveFormat) -> Result<(), Failure> {
    let refuse = |cause| {
        let failure = Failure::new(Operation::CreateFile, target.display(), cause);
        Err(failure.with_hint(Hint::ChooseAnotherFile))
    };
    if FileIdentity::behind(journal).is_some_and(|own| FileIdentity::behind(target) == Some(own)) {
        return refuse(Cause::JournalItself);
    }
    if base_of_log(target).is_some_and(|base| is_database(&base)) {
        return refuse(Cause::DatabaseOpen);
    }
    // The log has its name from where the links end.
    let there = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
    // A copy that is a database would be read with the log of the one before it.
    if has_log(&there) && (format == SaveFormat::Sqlite || is_database(&there)) {
        return refuse(Cause::DatabaseOpen);
    }
    Ok(())
}

/// The database that a file of this name would be taken for a part of.
fn base_of_log(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let base = LOGS.iter().chain(&["-shm"]).find_map(|end| name.strip_suffix(end))?;
    Some(path.with_file_name(base))
}

fn has_log(path: &Path) -> bool {
    LOGS.into_iter().any(|end| {
        let mut log = OsString::from(path);
        log.push(end);
        PathBuf::from(log).exists()
    })
}

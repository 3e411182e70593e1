//! What no copy may take the place of: the journal itself, and a database that a program works with.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::model::{Cause, Failure, Hint, Operation, SaveFormat};

/// What stands beside a database while a program has it open, or when one was killed: sqlite.org/tempfiles.html.
const LOGS: [&str; 2] = ["-wal", "-journal"];

/// # Errors
/// [`Cause::JournalItself`], [`Cause::DatabaseOpen`].
pub(super) fn spare(journal: &Path, target: &Path, format: SaveFormat) -> Result<(), Failure> {
    let refuse = |cause| {
        let failure = Failure::new(Operation::CreateFile, target.display(), cause);
        Err(failure.with_hint(Hint::ChooseAnotherFile))
    };
    if is_same(journal, target) {
        return refuse(Cause::JournalItself);
    }
    // The log has its name from where the links end.
    let there = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
    // A copy that is a database would be read with the log of the one before it.
    if has_log(&there) && (format == SaveFormat::Sqlite || is_database(&there)) {
        return refuse(Cause::DatabaseOpen);
    }
    Ok(())
}

#[cfg(unix)]
fn is_same(journal: &Path, target: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path| fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()));
    identity(journal).is_some_and(|own| identity(target) == Some(own))
}

#[cfg(not(unix))]
fn is_same(journal: &Path, target: &Path) -> bool {
    fs::canonicalize(journal).is_ok_and(|own| fs::canonicalize(target).is_ok_and(|there| own == there))
}

fn has_log(path: &Path) -> bool {
    LOGS.into_iter().any(|end| {
        let mut log = OsString::from(path);
        log.push(end);
        PathBuf::from(log).exists()
    })
}

/// By `SQLite`: the `close` of a plain look would drop the locks that it holds in this process (fcntl(2), "Advisory record
/// locking"). What it can't look at now is one in use.
fn is_database(path: &Path) -> bool {
    if !path.is_file() {
        return false;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let looked = Connection::open_with_flags(path, flags)
        .and_then(|connection| connection.pragma_query_value(None, "schema_version", |row| row.get::<_, i64>(0)));
    !looked.is_err_and(|error| error.sqlite_error_code() == Some(ErrorCode::NotADatabase))
}

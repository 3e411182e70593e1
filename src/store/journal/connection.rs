//! Opening journal files, and `SQLite`'s errors as failures.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior};

use super::schema;
use crate::model::{Cause, Failure, Hint, Operation};
use crate::store::advice::{advise, file_failure};

/// How long a call waits for another connection's lock. Stopping must not take longer than a second.
const BUSY_TIMEOUT: Duration = Duration::from_millis(500);

/// Without `SQLITE_OPEN_URI`: a file named `file:x?mode=memory` is a file.
const FLAGS: OpenFlags = OpenFlags::SQLITE_OPEN_NO_MUTEX;

/// Opens or creates a journal to write to.
pub(super) fn open_for_writing(path: &Path) -> Result<Connection, Failure> {
    let exists = check(path)?;
    let failed = |error: rusqlite::Error| failure(Operation::OpenJournal, path, &error);
    let flags = FLAGS | OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    distrust(&connection).map_err(failed)?;
    if !exists {
        connection.pragma_update(None, "page_size", PAGE_BYTES).map_err(failed)?;
        connection.pragma_update(None, "auto_vacuum", "incremental").map_err(failed)?;
        // Before WAL mode, so that the header itself, not only the log, says from the start whose file this is.
        create_tables(&mut connection).map_err(failed)?;
    }
    raise_version(&mut connection).map_err(failed)?;
    connection.pragma_update(None, "journal_mode", "wal").map_err(failed)?;
    // A power failure may cost the last transactions, never the file: sqlite.org/pragma.html#pragma_synchronous.
    connection.pragma_update(None, "synchronous", "normal").map_err(failed)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB).map_err(failed)?;
    connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES).map_err(failed)?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES_MAX).map_err(failed)?;
    Ok(connection)
}

/// Whoever made a file is not given statements to carry out by it: sqlite.org/security.html, "Untrusted SQLite Database
/// Files". Tables and views that are made here, in `temp`, are not concerned.
fn distrust(connection: &Connection) -> rusqlite::Result<()> {
    use DbConfig::{SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW, SQLITE_DBCONFIG_TRUSTED_SCHEMA};
    for what in [SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW, SQLITE_DBCONFIG_TRUSTED_SCHEMA] {
        connection.set_db_config(what, false)?;
    }
    Ok(())
}

/// Four times `SQLite`'s default: a quarter more rows a second, measured with 64-byte rows.
const PAGE_BYTES: u32 = 16_384;

/// Room for a transaction of 20,000 such rows; a smaller cache writes pages twice.
const CACHE_KIB: i32 = 4096;

/// Pages in the log after which it is copied into the file: 16 MiB.
const WAL_PAGES: u32 = 1024;

/// A log that grew beyond this, in bytes, while a reader held it is cut when it starts over.
const WAL_BYTES_MAX: u32 = 64 << 20;

fn create_tables(connection: &mut Connection) -> rusqlite::Result<()> {
    // Two programs may create the same file: whoever comes second finds the tables there.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if !is_a_journal(&transaction)? {
        transaction.pragma_update(None, "application_id", schema::APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", schema::VERSION)?;
        transaction.execute_batch(schema::CREATE)?;
    }
    transaction.commit()
}

/// Opens a journal that is there to write to, never creating one.
pub(super) fn open_to_change(path: &Path) -> Result<Connection, Failure> {
    if !check(path)? {
        return Err(file_failure(Operation::OpenJournal, path.display(), &io::ErrorKind::NotFound.into()));
    }
    open_for_writing(path)
}

/// Gives an older journal what it lacks. Two programs may do so: whoever comes second finds it done.
fn raise_version(connection: &mut Connection) -> rusqlite::Result<()> {
    if version(connection)? >= schema::VERSION {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if version(&transaction)? < schema::VERSION {
        transaction.execute_batch(schema::RAISE)?;
        transaction.pragma_update(None, "user_version", schema::VERSION)?;
    }
    transaction.commit()
}

fn version(connection: &Connection) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Opens a journal to read from, while it is being written or not.
pub(super) fn open_for_reading(path: &Path) -> Result<Connection, Failure> {
    if !check(path)? {
        return Err(file_failure(Operation::OpenJournal, path.display(), &io::ErrorKind::NotFound.into()));
    }
    // Readers of a log need to write to its index; SQLite falls back to read-only by itself where rights lack.
    let opened = open_and_look(path, OpenFlags::SQLITE_OPEN_READ_WRITE);
    let stood_in = opened.and_then(|(connection, _)| {
        if version(&connection)? < schema::VERSION {
            // A table that is nowhere on disk: what is only read stays as it is.
            connection.pragma_update(None, "temp_store", "memory")?;
            connection.execute_batch(schema::STAND_IN)?;
        }
        Ok(connection)
    });
    stood_in.map_err(|error| failure(Operation::OpenJournal, path, &error))
}

/// Opens a file that is there, with the `application_id` that it has. Where its folder can't be written to, no log can be
/// made beside it, without which a journal isn't opened in the usual way even to read: it is then read as what never
/// changes, unless there is a log. Should somebody who may write it begin to, this connection's rows are not to be relied
/// on: sqlite.org/uri.html#uriimmutable.
fn open_and_look(path: &Path, access: OpenFlags) -> rusqlite::Result<(Connection, i32)> {
    let look = |connection: Connection| {
        connection.busy_timeout(BUSY_TIMEOUT)?;
        distrust(&connection)?;
        let id = application_id(&connection)?;
        Ok((connection, id))
    };
    let opened = Connection::open_with_flags(path, FLAGS | access).and_then(look);
    match opened.as_ref().map_err(rusqlite::Error::sqlite_error_code) {
        Err(Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen)) if !has_log(path) => {
            let flags = FLAGS | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            // What was wrong before is what is told.
            Connection::open_with_flags(immutable(path), flags).and_then(look).or(opened)
        }
        _ => opened,
    }
}

/// Whether a file is a database, of whatever program. By `SQLite`: the `close` of a plain look would drop the locks that it
/// holds in this process (fcntl(2), "Advisory record locking"). What it can't look at now is one in use.
#[must_use]
pub fn is_database(path: &Path) -> bool {
    if !path.is_file() {
        return false;
    }
    let looked = open_and_look(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
    !looked.is_err_and(|error| error.sqlite_error_code() == Some(ErrorCode::NotADatabase))
}

/// Whether rows may be in a log that are not in the journal itself yet.
fn has_log(path: &Path) -> bool {
    let mut log = path.to_owned().into_os_string();
    log.push("-wal");
    match fs::metadata(log) {
        Ok(metadata) => metadata.len() > 0,
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// As sqlite.org/uri.html has it: whatever could mean something else in a URI is escaped.
fn immutable(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    #[cfg(unix)]
    let bytes = std::os::unix::ffi::OsStrExt::as_bytes(absolute.as_os_str()).to_owned();
    #[cfg(not(unix))]
    let bytes = format!("/{}", absolute.to_string_lossy().replace('\\', "/")).into_bytes();
    let mut uri = "file:".to_owned();
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(byte.into()),
            #[cfg(not(unix))]
            b':' => uri.push(byte.into()),
            _ => uri.push_str(&format!("%{byte:02x}")),
        }
    }
    uri + "?immutable=1"
}

/// Whether a journal is there (true) or one can be created (false). Looks through a connection that can't write, so
/// that a file of another program is not touched; and not with a plain `open`, whose `close` would drop the locks that
/// `SQLite` holds in this process (fcntl(2), "Advisory record locking").
fn check(path: &Path) -> Result<bool, Failure> {
    let subject = path.display();
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(file_failure(Operation::OpenJournal, subject, &error)),
        Ok(metadata) if metadata.is_dir() => {
            return Err(file_failure(Operation::OpenJournal, subject, &io::ErrorKind::IsADirectory.into()));
        }
        Ok(metadata) if !metadata.is_file() => return Err(refusal(path, Cause::NotARegularFile)),
        Ok(metadata) if metadata.len() == 0 => return Ok(false),
        Ok(_) => {}
    }
    let failed = |error: rusqlite::Error| failure(Operation::OpenJournal, path, &error);
    let (connection, id) = open_and_look(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed)?;
    if id != schema::APPLICATION_ID {
        return Err(refusal(path, Cause::NotAJournal));
    }
    let version = version(&connection).map_err(failed)?;
    if !(schema::OLDEST..=schema::VERSION).contains(&version) {
        return Err(refusal(path, Cause::JournalVersion { version, known: schema::VERSION }));
    }
    if !has_tables(&connection, version).map_err(failed)? {
        return Err(refusal(path, Cause::JournalTables));
    }
    Ok(true)
}

/// Whether the tables of a version are there, made as it makes them: what else has such a name, be it a view or a
/// virtual table, could take for ever to be read.
fn has_tables(connection: &Connection, version: i32) -> rusqlite::Result<bool> {
    let mut select = connection.prepare("SELECT sql FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE")?;
    let bare = |sql: &str| sql.split_whitespace().collect::<String>();
    for (name, sql) in schema::tables(version) {
        let found: Option<Option<String>> = select.query_row([name], |row| row.get(0)).optional()?;
        if found.flatten().is_none_or(|found| bare(&found) != bare(sql)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a connection is to a journal, be it of another version.
pub(super) fn is_a_journal(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(application_id(connection)? == schema::APPLICATION_ID)
}

fn application_id(connection: &Connection) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, "application_id", |row| row.get(0))
}

fn refusal(path: &Path, cause: Cause) -> Failure {
    Failure::new(Operation::OpenJournal, path.display(), cause).with_hint(Hint::ChooseAFile)
}

/// `SQLite`'s result code as a cause: sqlite.org/rescode.html.
pub(super) fn failure(operation: Operation, path: &Path, error: &rusqlite::Error) -> Failure {
    let cause = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Cause::StorageFull,
        Some(ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => why_not_written(path),
        Some(ErrorCode::SystemIoFailure) if is_on_read_only_storage(path) => Cause::ReadOnlyStorage,
        Some(ErrorCode::SystemIoFailure) => Cause::DeviceFault,
        Some(ErrorCode::OutOfMemory) => Cause::OutOfMemory,
        Some(ErrorCode::CannotOpen) => why_not_opened(path),
        Some(ErrorCode::OperationInterrupted) => Cause::Cancelled,
        Some(ErrorCode::NotADatabase) => Cause::NotAJournal,
        Some(ErrorCode::DatabaseCorrupt) => Cause::JournalDamaged,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Cause::JournalHeld,
        _ => Cause::Other { message: error.to_string(), errno: None },
    };
    advise(Failure::new(operation, path.display(), cause))
}

/// `SQLite` says only that it could not open the file; the folder mostly tells why.
fn why_not_opened(path: &Path) -> Cause {
    match fs::metadata(folder_of(path)) {
        Err(error) => Cause::from(&error),
        Ok(metadata) if !metadata.is_dir() => Cause::NotADirectory,
        Ok(_) => why_not_written(path),
    }
}

/// Without the right to write, nobody could, or this user can't.
fn why_not_written(path: &Path) -> Cause {
    if is_on_read_only_storage(path) { Cause::ReadOnlyStorage } else { Cause::PermissionDenied }
}

/// Whether the file, or the folder that it would be in, is on a file system that takes no writing.
fn is_on_read_only_storage(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use nix::sys::statvfs::{FsFlags, statvfs};
        let volume = statvfs(path).or_else(|_| statvfs(folder_of(path)));
        volume.is_ok_and(|volume| volume.flags().contains(FsFlags::ST_RDONLY))
    }
    #[cfg(not(unix))]
    {
        fs::metadata(folder_of(path)).is_ok_and(|metadata| metadata.permissions().readonly())
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

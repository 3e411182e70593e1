//! Appending rows.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use super::columns::{self, Extent, Insert};
use super::connection::{failure, open_for_writing};
use super::marks;
use crate::model::{Call, Direction, Failure, Life, Operation, Retention, Row, RowBody, SessionId};

/// The writing end of a journal, owned by the recorder's thread. It may go on in a journal of an earlier run: numbers
/// then go on too.
#[derive(Debug)]
pub struct JournalWriter {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    pub(super) total: u64,
    pub(super) retention: Retention,
    /// As column `last_session` has it.
    last_session: i64,
    links: Links,
}

impl JournalWriter {
    /// Opens the journal, or creates it where nothing or an empty file is.
    ///
    /// # Errors
    /// What the system says of the file and its folder; a file that is no journal, or one of another version, is
    /// refused and left as it is.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let connection = open_for_writing(path)?;
        let failed = |error: rusqlite::Error| failure(Operation::OpenJournal, path, &error);
        let total = Extent::read(&connection).map_err(failed)?.map_or(0, Extent::count);
        let last_session = read_meta(&connection, "SELECT last_session FROM meta").map_err(failed)?;
        let (path, retention) = (path.to_owned(), Retention::default());
        Ok(Self { connection, path, total, retention, last_session, links: Links::default() })
    }

    /// Sets one of `SQLite`'s ways to write: sqlite.org/pragma.html.
    pub(super) fn set(&self, pragma: &str, value: &str) -> Result<(), Failure> {
        self.connection
            .pragma_update(None, pragma, value)
            .map_err(|error| failure(Operation::WriteJournal, &self.path, &error))
    }

    /// Appends all rows in one transaction, numbered in this order, and returns how many rows the journal has now.
    ///
    /// # Errors
    /// A full disk or any other write error. No row was appended then, and a later call may succeed.
    pub fn append(&mut self, rows: &[Row]) -> Result<u64, Failure> {
        match self.try_append(rows) {
            Ok(total) => {
                self.links.keep();
                self.total = total;
                Ok(total)
            }
            Err(error) => {
                self.links.forget();
                Err(failure(Operation::WriteJournal, &self.path, &error))
            }
        }
    }

    fn try_append(&mut self, rows: &[Row]) -> rusqlite::Result<u64> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Read anew each time: another program may write to the same journal.
        let extent = Extent::read(&transaction)?;
        let last = match extent {
            Some(extent) => extent.last,
            None => read_meta(&transaction, "SELECT last_cleared FROM meta")?.cast_unsigned(),
        };
        {
            let mut insert = Insert::new(&transaction)?;
            for (row, number) in rows.iter().zip(last + 1..) {
                let first = (number == last + 1).then_some(number);
                insert.insert(first, self.links.take(number, row), row, self.retention.snap_length)?;
            }
        }
        let sessions = rows.iter().filter_map(|row| row.session).map(|session| session.0.cast_signed());
        let last_session = sessions.fold(self.last_session, i64::max);
        if last_session > self.last_session {
            transaction
                .prepare_cached("UPDATE meta SET last_session = max(last_session, ?1)")?
                .execute([last_session])?;
        }
        transaction.commit()?;
        self.last_session = last_session;
        Ok(extent.map_or(0, Extent::count) + rows.len() as u64)
    }

    /// Clears the journal: no reader sees a row from now on, however long it was, nor does whoever opens it later. Their
    /// space stays taken until [`Self::reclaim`].
    ///
    /// # Errors
    /// A write error; the rows are then still there.
    pub fn clear(&mut self) -> Result<(), Failure> {
        self.try_clear().map_err(|error| failure(Operation::WriteJournal, &self.path, &error))
    }

    fn try_clear(&mut self) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some(extent) = Extent::read(&transaction)? {
            transaction.execute("UPDATE meta SET last_cleared = ?1", [extent.last.cast_signed()])?;
            transaction.execute("DELETE FROM marks", ())?;
        }
        transaction.commit()?;
        self.total = 0;
        self.links = Links::default();
        Ok(())
    }

    /// Marks a row with a note, of which the first line counts, or takes its mark away; false where there is nothing to
    /// do so.
    ///
    /// # Errors
    /// A write error; all is then as it was.
    pub fn mark(&mut self, number: u64, note: Option<&str>) -> Result<bool, Failure> {
        marks::set(&self.connection, number, note).map_err(|error| failure(Operation::WriteJournal, &self.path, &error))
    }

    /// Rows in the journal, as of this writer's last append, clear or trim.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The highest session that this journal had rows of, cleared ones included; 0 before the first.
    #[must_use]
    pub fn last_session(&self) -> SessionId {
        SessionId(self.last_session.cast_unsigned())
    }
}

/// A value of table `meta`; 0 where a damaged file has none that can be.
pub(super) fn read_meta(connection: &Connection, select: &str) -> rusqlite::Result<i64> {
    connection.prepare_cached(select)?.query_row((), |columns| Ok(columns::signed(columns, 0)?.unwrap_or(0).max(0)))
}

/// For each session and direction the number of its last row of stream data, for column `previous`.
#[derive(Debug, Default)]
struct Links {
    committed: HashMap<(SessionId, Direction), u64>,
    /// Of the transaction under way; `None` where the session ended.
    staged: HashMap<(SessionId, Direction), Option<u64>>,
}

impl Links {
    /// The row before this one in the same stream; this one takes its place.
    fn take(&mut self, number: u64, row: &Row) -> Option<u64> {
        let session = row.session?;
        match &row.body {
            RowBody::Data { direction, call: Call::Recv | Call::Send, .. } => {
                let key = (session, *direction);
                let staged = self.staged.insert(key, Some(number));
                staged.unwrap_or_else(|| self.committed.get(&key).copied())
            }
            RowBody::Life(Life::Closed { .. }) => {
                self.staged.insert((session, Direction::In), None);
                self.staged.insert((session, Direction::Out), None);
                None
            }
            _ => None,
        }
    }

    fn keep(&mut self) {
        for (key, number) in self.staged.drain() {
            match number {
                Some(number) => self.committed.insert(key, number),
                None => self.committed.remove(&key),
            };
        }
    }

    fn forget(&mut self) {
        self.staged.clear();
    }
}

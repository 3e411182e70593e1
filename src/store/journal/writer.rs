//! Appending rows.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use super::columns::{self, Extent};
use super::connection::{failure, open_for_writing};
use crate::model::{Call, Direction, Failure, Life, Operation, Row, RowBody, SessionId};

/// The writing end of a journal, owned by the recorder's thread. It may go on in a journal of an earlier run: numbers
/// then go on too.
#[derive(Debug)]
pub struct JournalWriter {
    pub(super) connection: Connection,
    path: PathBuf,
    total: u64,
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
        let extent = Extent::read(&connection).map_err(|error| failure(Operation::OpenJournal, path, &error))?;
        let total = extent.map_or(0, Extent::count);
        Ok(Self { connection, path: path.to_owned(), total, links: Links::default() })
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
            None => transaction
                .prepare_cached("SELECT last_cleared FROM meta")?
                .query_row((), |columns| Ok(columns::signed(columns, 0)?.unwrap_or(0).max(0).cast_unsigned()))?,
        };
        {
            let mut statement = transaction.prepare_cached(columns::INSERT)?;
            for (row, number) in rows.iter().zip(last + 1..) {
                let first = (number == last + 1).then_some(number);
                columns::bind(&mut statement, first, self.links.take(number, row), row)?;
                statement.raw_execute()?;
            }
        }
        transaction.commit()?;
        Ok(extent.map_or(0, Extent::count) + rows.len() as u64)
    }

    /// Removes all rows and gives their space back to the file system. Takes time in proportion to the file's size.
    ///
    /// # Errors
    /// A write error; the rows are then still there, or gone and only their space is not given back yet.
    pub fn clear(&mut self) -> Result<(), Failure> {
        self.try_clear().map_err(|error| failure(Operation::WriteJournal, &self.path, &error))
    }

    fn try_clear(&mut self) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some(extent) = Extent::read(&transaction)? {
            transaction.execute("UPDATE meta SET last_cleared = ?1", [extent.last.cast_signed()])?;
            transaction.execute("DELETE FROM rows", ())?;
        }
        transaction.commit()?;
        self.total = 0;
        self.links = Links::default();
        self.connection.execute_batch("VACUUM")?;
        // Copies the log into the file, which is what shortens both; a reader in the middle of a page may prevent it,
        // and then a later checkpoint does it.
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))
    }

    /// Rows in the journal, as of this writer's last append or clear.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }
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

//! Making room: what was cleared leaves the file, and the oldest rows leave it for new ones.

use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};

use super::columns::{self, Extent};
use super::connection::failure;
use super::writer::{JournalWriter, read_meta};
use crate::model::{Failure, Operation, Retention};

/// Rows that one call removes at most, and bytes of payload after which it stops: some ten milliseconds' worth, so that
/// rows which wait meanwhile don't wait long.
const SLICE_ROWS: i64 = 4096;
const SLICE_BYTES: i64 = 8 << 20;

/// For how long one call moves pages from the file's end into its free ones.
const SLICE_TIME: Duration = Duration::from_millis(10);

/// The most bytes in use with which the file is written anew to make it short, which takes time in proportion to them. In
/// a longer one the free space serves the rows to come.
const SHORTEN_MAX: i64 = 32 << 20;

/// What the log takes, and the rows of a transaction.
const BESIDE_THE_FILE: u64 = 24 << 20;

/// The oldest rows up to a number and the lengths of their payloads, which `SQLite` tells without reading these.
const SELECT_OLDEST: &str = "SELECT number, length(payload) FROM rows WHERE number <= ?1 ORDER BY number LIMIT ?2";

impl JournalWriter {
    /// From now on, see [`Self::trim`].
    pub fn set_retention(&mut self, retention: Retention) {
        self.retention = retention;
    }

    /// Where the journal takes more of the disk than it may, removes a slice of its oldest rows and returns how many;
    /// numbers stay as they are, and the newest row stays. Cleared rows that are still in the file go first, and don't
    /// count. Once enough have gone, makes the file itself shorter, some at a time, where it was longer than it may be
    /// by more than rows bring until the next call; see [`Self::stays_long`]. `None` where there is nothing to do.
    ///
    /// # Errors
    /// A write error; a later call goes on from there.
    pub fn trim(&mut self) -> Result<Option<u64>, Failure> {
        self.try_trim().map_err(|error| failure(Operation::WriteJournal, &self.path, &error))
    }

    fn try_trim(&mut self) -> rusqlite::Result<Option<u64>> {
        let Some(disk) = self.retention.disk else { return Ok(None) };
        let (pages, free) = (self.pragma("page_count")?, self.pragma("freelist_count")?);
        let used = pages.saturating_sub(free).saturating_mul(self.pragma("page_size")?);
        let most = disk.saturating_sub(BESIDE_THE_FILE.min(disk / 2)).cast_signed();
        if used <= most {
            let longest = most + (disk.cast_signed() - most) / 4;
            return Ok(self.shorten(longest)?.then_some(0));
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let cleared = read_meta(&transaction, "SELECT last_cleared FROM meta")?;
        let removed = match last_of_slice(&transaction, cleared, SLICE_BYTES)? {
            Some(last) => {
                remove_up_to(&transaction, last)?;
                0
            }
            None => {
                let Some(Extent { first, last }) = Extent::read(&transaction)? else { return Ok(None) };
                // Not many more than have to.
                let bytes = SLICE_BYTES.min(most / 8);
                let Some(last) = last_of_slice(&transaction, last.cast_signed() - 1, bytes)? else { return Ok(None) };
                if last < first.cast_signed() {
                    return Err(columns::damaged());
                }
                transaction.prepare_cached("UPDATE meta SET last_cleared = ?1")?.execute([last])?;
                remove_up_to(&transaction, last)?;
                last.cast_unsigned() - first + 1
            }
        };
        transaction.commit()?;
        self.total = self.total.saturating_sub(removed);
        Ok(Some(removed))
    }

    /// How long the file is where it is longer than it may be and can't be made shorter, since it was begun by a
    /// Sockeye that made no such files. Rows to come take the free space in it; cleared, or saved under another name,
    /// it is as short as its rows.
    ///
    /// # Errors
    /// A read error.
    pub fn stays_long(&self) -> Result<Option<u64>, Failure> {
        let long = (|| {
            let Some(disk) = self.retention.disk else { return Ok(None) };
            let length = self.pragma("page_count")?.saturating_mul(self.pragma("page_size")?).cast_unsigned();
            Ok((length > disk && !self.can_shorten()?).then_some(length))
        })();
        long.map_err(|error| failure(Operation::WriteJournal, &self.path, &error))
    }

    /// sqlite.org/pragma.html#pragma_auto_vacuum: 2 is `incremental`.
    fn can_shorten(&self) -> rusqlite::Result<bool> {
        Ok(self.pragma("auto_vacuum")? == 2)
    }

    /// Takes some of the free pages out of a file that is longer than so many bytes, and moves those at its end into
    /// others; false where there is nothing to do.
    fn shorten(&mut self, longest: i64) -> rusqlite::Result<bool> {
        let (pages, free) = (self.pragma("page_count")?, self.pragma("freelist_count")?);
        let excess = pages - longest / self.pragma("page_size")?;
        if excess <= 0 || free == 0 || !self.can_shorten()? {
            return Ok(false);
        }
        let until = Instant::now() + SLICE_TIME;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            // One page a step; at least one, however slow the disk is.
            let mut moves = transaction.prepare(&format!("PRAGMA incremental_vacuum({})", excess.min(free)))?;
            let mut moves = moves.query(())?;
            while moves.next()?.is_some() && Instant::now() < until {}
        }
        transaction.commit()?;
        if self.pragma("page_count")? == pages {
            // In a damaged file, none of those that are said to be free may be.
            return Err(columns::damaged());
        }
        Ok(true)
    }

    /// Removes a slice of the cleared rows from the file, be it that an earlier run cleared them; when none are left, and
    /// few rows came meanwhile, gives their space back to the file system. True while there is more to do.
    ///
    /// # Errors
    /// A write error; a later call goes on from there.
    pub fn reclaim(&mut self) -> Result<bool, Failure> {
        self.try_reclaim().map_err(|error| failure(Operation::WriteJournal, &self.path, &error))
    }

    fn try_reclaim(&mut self) -> rusqlite::Result<bool> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let cleared = read_meta(&transaction, "SELECT last_cleared FROM meta")?;
        if let Some(last) = last_of_slice(&transaction, cleared, SLICE_BYTES)? {
            remove_up_to(&transaction, last)?;
            transaction.commit()?;
            return Ok(true);
        }
        drop(transaction);
        let (pages, free) = (self.pragma("page_count")?, self.pragma("freelist_count")?);
        if free > 0 && pages.saturating_sub(free) * self.pragma("page_size")? <= SHORTEN_MAX {
            // One that was begun without is given it this way: sqlite.org/lang_vacuum.html.
            self.connection.execute_batch("PRAGMA auto_vacuum = incremental; VACUUM")?;
            // Copies the log into the file, which is what shortens both; a reader in the middle of a page may prevent it,
            // and then a later checkpoint does it.
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))?;
        }
        Ok(false)
    }

    fn pragma(&self, name: &str) -> rusqlite::Result<i64> {
        self.connection.pragma_query_value(None, name, |value| value.get(0))
    }
}

/// Removes rows, of which there are some.
fn remove_up_to(connection: &Connection, last: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM marks WHERE number <= ?1")?.execute([last])?;
    match connection.prepare_cached("DELETE FROM rows WHERE number <= ?1")?.execute([last])? {
        // There is no way to them in a damaged file's tree.
        0 => Err(columns::damaged()),
        _ => Ok(()),
    }
}

/// The number up to which the next slice goes of the rows up to `up_to`: it ends with the row that makes it so many bytes.
/// `None` when there are none.
fn last_of_slice(connection: &Connection, up_to: i64, most: i64) -> rusqlite::Result<Option<i64>> {
    let mut select = connection.prepare_cached(SELECT_OLDEST)?;
    let mut rows = select.query([up_to, SLICE_ROWS])?;
    let (mut last, mut bytes) = (None, 0);
    while (last.is_none() || bytes < most)
        && let Some(row) = rows.next()?
    {
        last = columns::signed(row, 0)?;
        bytes += columns::signed(row, 1)?.unwrap_or(0);
    }
    Ok(last)
}

#[cfg(test)]
mod tests;

//! Saving a journal, or the part of it that a filter lets through, to a file of the user's.

mod batches;
mod capture;
mod csv;
mod flow;
mod flows;
mod json;
mod spared;
mod text;

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, ValueRef};

pub use self::batches::{RowBatch, RowBatches};
use super::columns::{self, Extent, RowRef, StoredRow};
use super::connection::failure;
use super::marks::Marks;
use super::matcher::Matcher;
use super::reader::{JournalReader, read_context};
use crate::model::{Cause, Failure, Hint, Operation, SaveFormat, Saved, ShownAs};
use crate::store::advice::file_failure;
use crate::store::destination::Destination;

/// Rows read in one transaction: a longer one would keep the writer's log from being copied into the file.
const ROWS_A_BATCH: i64 = 1024;

/// Gives the next rows, as [`RowBatches::next_batch`] does.
pub type NextBatch<'a> = &'a mut dyn FnMut() -> Result<Option<RowBatch>, Failure>;

/// A copy to be made.
#[derive(Debug)]
pub(super) struct Export<'a> {
    pub(super) connection: &'a Connection,
    /// Where the journal is.
    pub(super) journal: &'a Path,
    pub(super) path: &'a Path,
    pub(super) matcher: &'a Matcher,
    /// Whether it may take a file's place.
    pub(super) replaces: bool,
    pub(super) cancelled: &'a Arc<AtomicBool>,
}

impl Export<'_> {
    /// See [`super::JournalReader::save`].
    pub(super) fn save(&self, format: SaveFormat, shown_as: &ShownAs, rows: NextBatch<'_>) -> Result<Saved, Failure> {
        spared::spare(self.journal, self.path, format)?;
        match format {
            SaveFormat::Sqlite => self.save_journal(),
            SaveFormat::Pcapng => capture::save(self, rows),
            SaveFormat::JsonLines => {
                self.save_lines("", |out, _, stored| Ok(json::write_json(out, stored).map(|()| true)))
            }
            SaveFormat::Csv => {
                self.save_lines(csv::HEAD, |out, _, stored| Ok(csv::write_csv(out, stored).map(|()| true)))
            }
            SaveFormat::Hex => self.save_lines("", |out, _, stored| Ok(text::write_hex(out, stored))),
            SaveFormat::Text => self.save_lines("", |out, first, stored| {
                let encoding = shown_as.encoding(stored.row.socket, stored.row.session);
                let context = read_context(self.connection, first, stored)?;
                Ok(text::write_text(out, stored, encoding, &context).map(|()| true))
            }),
        }
    }

    /// # Errors
    /// [`Cause::AlreadyExists`]: a copy would take a file's place.
    pub(super) fn spare_file(&self) -> Result<(), Failure> {
        let leads_nowhere = self.path.is_symlink() && !self.path.exists();
        if self.path.is_file() || leads_nowhere { Err(self.is_there()) } else { Ok(()) }
    }

    fn is_there(&self) -> Failure {
        let failure = Failure::new(Operation::CreateFile, self.path.display(), Cause::AlreadyExists);
        failure.with_hint(Hint::ChooseAnotherFile)
    }

    fn save_journal(&self) -> Result<Saved, Failure> {
        // The library that writes it needs one.
        let copy = Destination::file(self.path)?;
        let rows = vacuum_into(self.connection, copy.temporary_path())
            .map_err(|error| failure(Operation::WriteFile, self.path, &error))?;
        self.commit(Destination::File(copy))?;
        Ok(Saved { rows, ..Saved::default() })
    }

    /// `write` gets the journal's first row and the row, and says whether the format has a place for it.
    fn save_lines(
        &self,
        head: &str,
        write: impl Fn(&mut dyn Write, u64, &StoredRow) -> rusqlite::Result<io::Result<bool>>,
    ) -> Result<Saved, Failure> {
        let marks = self.marks()?;
        let mut copy = self.destination()?;
        let mut out = BufWriter::with_capacity(1 << 20, &mut copy);
        let mut rows = 0;
        out.write_all(head.as_bytes()).map_err(|error| self.write_failed(&error))?;
        self.for_each(|first, matches, _, columns| {
            if matches {
                let read = columns::read(columns).and_then(|mut stored| {
                    stored.note = marks.note(stored.number).map(str::to_owned);
                    write(&mut out, first, &stored)
                });
                let written = read.map_err(|error| self.read_failed(&error))?;
                rows += u64::from(written.map_err(|error| self.write_failed(&error))?);
            }
            Ok(())
        })?;
        out.flush().map_err(|error| self.write_failed(&error))?;
        drop(out);
        self.commit(copy)?;
        Ok(Saved { rows, ..Saved::default() })
    }

    /// As they are when the copy begins.
    fn marks(&self) -> Result<Marks, Failure> {
        Marks::read(self.connection).map_err(|error| self.read_failed(&error))
    }

    fn destination(&self) -> Result<Destination, Failure> {
        Destination::open(self.path, self.cancelled).map_err(|failure| self.check().err().unwrap_or(failure))
    }

    fn commit(&self, copy: Destination) -> Result<(), Failure> {
        self.check()?;
        let committed = match (copy, self.path.file_name()) {
            (Destination::File(mut file), Some(name)) if !self.replaces => file.commit_beside(name).map(drop),
            (copy, _) => copy.commit(),
        };
        committed.map_err(|error| match error.kind() {
            // Somebody was faster.
            io::ErrorKind::AlreadyExists if !self.replaces => self.is_there(),
            _ => file_failure(Operation::FinishFile, self.path.display(), &error),
        })
    }

    /// The rows once more.
    fn batches(&self) -> Result<RowBatches, Failure> {
        Ok(RowBatches::new(JournalReader::open(self.journal)?, self.matcher.clone()))
    }

    fn check(&self) -> Result<(), Failure> {
        if self.cancelled.load(Ordering::Acquire) {
            return Err(Failure::new(Operation::WriteFile, self.path.display(), Cause::Cancelled));
        }
        Ok(())
    }

    fn write_failed(&self, error: &io::Error) -> Failure {
        // What waits for a reader fails once it is cancelled.
        self.check().err().unwrap_or_else(|| file_failure(Operation::WriteFile, self.path.display(), error))
    }

    fn read_failed(&self, error: &rusqlite::Error) -> Failure {
        failure(Operation::ReadFile, self.journal, error)
    }

    /// Calls for every row that was there at the start and was not cleared since, with the first that is there now,
    /// whether the filter lets this one through, and itself twice: as far as most need it, and all of it.
    fn for_each(
        &self,
        mut use_row: impl FnMut(u64, bool, &RowRef<'_>, &rusqlite::Row<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let cursor = Cursor::new(self.connection).map_err(|error| self.read_failed(&error))?;
        let Some(mut cursor) = cursor else { return Ok(()) };
        loop {
            let mut used = Ok(());
            let more = cursor.step(self.connection, self.matcher, &mut |first, matches, row, columns| {
                used = self.check().and_then(|()| use_row(first, matches, row, columns));
                Ok(used.is_ok())
            });
            used?;
            if !more.map_err(|error| self.read_failed(&error))? {
                return Ok(());
            }
        }
    }
}

/// How far the rows have been read that were there at the start.
#[derive(Debug)]
struct Cursor {
    next: u64,
    last: u64,
    marks: Marks,
}

/// Gets the first row that is there now, whether the filter lets this one through, and itself twice, as in
/// [`Export::for_each`]; says whether to go on.
type UseRow<'a> = &'a mut dyn FnMut(u64, bool, &RowRef<'_>, &rusqlite::Row<'_>) -> rusqlite::Result<bool>;

impl Cursor {
    /// `None` where there are no rows.
    fn new(connection: &Connection) -> rusqlite::Result<Option<Self>> {
        let Some(Extent { first, last }) = Extent::read(connection)? else { return Ok(None) };
        Ok(Some(Self { next: first, last, marks: Marks::read(connection)? }))
    }

    /// Goes on with at most [`ROWS_A_BATCH`] rows, in one transaction; false when there are no more.
    fn step(&mut self, connection: &Connection, matcher: &Matcher, use_row: UseRow<'_>) -> rusqlite::Result<bool> {
        let _snapshot = connection.unchecked_transaction()?;
        let mut select = connection.prepare_cached(columns::SELECT_RANGE)?;
        let Some(extent) = Extent::read(connection)? else { return Ok(false) };
        // What was cleared meanwhile is no row any more.
        self.next = self.next.max(extent.first);
        let mut seen = 0;
        let mut rows = select.query((self.next.cast_signed(), self.last.cast_signed(), ROWS_A_BATCH))?;
        while let Some(columns) = rows.next()? {
            let row = RowRef::read(columns)?;
            seen += 1;
            // Where a damaged file's tree leads to the same rows over and over, this would go round in it.
            if row.number < self.next {
                return Err(columns::damaged());
            }
            self.next = row.number.saturating_add(1);
            if !use_row(extent.first, matcher.matches(&row.candidate(&self.marks)), &row, columns)? {
                return Ok(true);
            }
        }
        Ok(seen == ROWS_A_BATCH)
    }
}

/// A compact copy as of now, see `sqlite.org/lang_vacuum.html`; the target is an empty file.
fn vacuum_into(connection: &Connection, target: &Path) -> rusqlite::Result<u64> {
    // Bound as the bytes it is made of: a path need not be UTF-8.
    let target = target.as_os_str().as_encoded_bytes();
    let target = [ToSqlOutput::Borrowed(ValueRef::Text(target))];
    connection.execute("VACUUM INTO ?1", target.clone())?;
    let rows = Extent::read(connection)?.map_or(0, Extent::count);
    connection.execute("ATTACH ?1 AS copy", target)?;
    let removed = remove_cleared(connection);
    connection.execute_batch("DETACH copy")?;
    removed.map(|()| rows)
}

/// Rows that were cleared and are still in the file are nothing to hand on.
fn remove_cleared(connection: &Connection) -> rusqlite::Result<()> {
    let removed =
        connection.execute("DELETE FROM copy.rows WHERE number <= (SELECT last_cleared FROM copy.meta)", ())?;
    if removed > 0 { connection.execute_batch("VACUUM copy") } else { Ok(()) }
}

//! Reading pages, payloads and matches while the writer goes on.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::{Connection, InterruptHandle, OptionalExtension};

use super::coloring::Coloring;
use super::columns::{self, Extent, SELECT_PREVIEW, StoredRow};
use super::connection::{failure, open_for_reading, open_to_change};
use super::export::{Export, NextBatch, RowBatches};
use super::find::Find;
use super::marks::Marks;
use super::matcher::Matcher;
use super::search::{Scanned, Search, Stretch};
use super::{marks, schema};
use crate::codec::encoding::Encoding;
use crate::model::{
    Call, Condition, Failure, Filter, Finding, Operation, Page, PageRequest, PageRow, Row, RowBody, RowColor,
    SaveFormat, SaveRequest, Saved,
};

/// The reading end of a journal, with a connection of its own: it sees whole transactions, and never makes the writer
/// wait. Calls take time in proportion to what they are asked for, not to the journal's length.
#[derive(Debug)]
pub struct JournalReader {
    pub(super) connection: Connection,
    path: PathBuf,
    search: Search,
    coloring: Coloring,
    cancelled: Arc<AtomicBool>,
}

/// Ends a [`JournalReader::save`] from another thread.
pub struct SaveCanceller {
    cancelled: Arc<AtomicBool>,
    statement: InterruptHandle,
}

impl SaveCanceller {
    /// The save fails with [`crate::model::Cause::Cancelled`] and leaves nothing behind. Where `SQLite` is between two
    /// statements it doesn't notice: call it again from time to time until the save has ended.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
        self.statement.interrupt();
    }
}

impl fmt::Debug for SaveCanceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SaveCanceller").field("cancelled", &self.cancelled).finish_non_exhaustive()
    }
}

impl JournalReader {
    /// Up to so many rows that have not been scanned, some milliseconds' worth, [`JournalReader::page`] scans by itself, so
    /// that a view that follows the end has the rows that came since the last scan.
    const ROWS_A_PAGE: usize = 16_384;

    /// # Errors
    /// What the system says of the file; a file that is no journal, or one of another version, is refused.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let connection = open_for_reading(path)?;
        let search = Search::new(Filter::default(), &[]);
        Ok(Self { connection, path: path.to_owned(), search, coloring: Coloring::default(), cancelled: Arc::default() })
    }

    /// From the moment somebody sets this flag, what takes longer than a moment fails with
    /// [`Cancelled`](crate::model::Cause::Cancelled), whatever a file has it do.
    ///
    /// # Errors
    /// What `SQLite` says; it then goes on as it did.
    pub fn end_by(&mut self, flag: Arc<AtomicBool>) -> Result<(), Failure> {
        let set = self.connection.progress_handler(STEPS_A_LOOK, Some(move || flag.load(Ordering::Acquire)));
        set.map_err(|error| failure(Operation::OpenJournal, &self.path, &error))
    }

    /// Has every look at the rows go on for ever, as no journal does that is opened.
    #[cfg(test)]
    pub(crate) fn never_end(&self) {
        let endless = "WITH RECURSIVE n(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM n) SELECT number FROM n";
        self.connection.execute_batch(&format!("CREATE TEMP VIEW rows AS {endless}")).unwrap();
    }

    /// Where the journal is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Sets what [`JournalReader::scan`] looks for; what was found is forgotten if the filter or the encodings changed.
    pub fn set_filter(&mut self, filter: Filter, encodings: &[Encoding]) {
        if *self.search.filter() != filter || self.search.encodings() != encodings {
            self.search = Search::new(filter, encodings);
        }
    }

    /// Which colours the rows of pages have; texts are looked for in these encodings.
    pub fn set_color_rules(&mut self, rules: &[(Condition, RowColor)], encodings: &[Encoding]) {
        self.coloring.set(rules, encodings);
    }

    /// Scans at most so many more rows for the filter (fewer, where payloads are long), oldest first; true when it has
    /// seen all rows that are there now. The empty filter needs no scan.
    ///
    /// # Errors
    /// A read error.
    pub fn scan(&mut self, rows: usize) -> Result<bool, Failure> {
        let scanned = (|| {
            let snapshot = self.connection.unchecked_transaction()?;
            let extent = Extent::read(&snapshot)?;
            self.search.scan(&snapshot, extent, rows)
        })();
        scanned.map_err(|error| failure(Operation::ReadFile, &self.path, &error))
    }

    /// So many rows behind those that the next [`JournalReader::scan`] of as many looks at, for another reader of the same
    /// journal; `None` where there are fewer, or the filter can't be decided elsewhere.
    ///
    /// # Errors
    /// A read error.
    pub fn ahead(&self, rows: usize) -> Result<Option<Stretch>, Failure> {
        let extent = Extent::read(&self.connection);
        let extent = extent.map_err(|error| failure(Operation::ReadFile, &self.path, &error))?;
        Ok(self.search.ahead(extent, rows))
    }

    /// Looks at the rows of a stretch in place of the reader that gave it away (fewer, where payloads are long). Sets the
    /// filter.
    ///
    /// # Errors
    /// A read error.
    pub fn look_ahead(&mut self, stretch: Stretch) -> Result<Scanned, Failure> {
        let (filter, encodings) = stretch.asks();
        self.set_filter(filter.clone(), encodings);
        let looked =
            self.connection.unchecked_transaction().and_then(|snapshot| self.search.look_ahead(&snapshot, stretch));
        looked.map_err(|error| failure(Operation::ReadFile, &self.path, &error))
    }

    /// Takes in what was found so; [`JournalReader::scan`] goes on behind it. Forgotten where the filter is another one
    /// by now.
    pub fn take(&mut self, scanned: Scanned) {
        self.search.take(scanned);
    }

    /// Rows at the positions asked for, as far as the filter has been scanned; positions beyond the end bring none. A
    /// request with another filter than the one set sets it.
    ///
    /// # Errors
    /// A read error. Single values that a damaged file has wrong are none, see [`RowBody::Failed`].
    pub fn page(&mut self, request: &PageRequest) -> Result<Page, Failure> {
        if !request.filter.is_empty() && request.filter != *self.search.filter() {
            let encodings = self.search.encodings().to_vec();
            self.set_filter(request.filter.clone(), &encodings);
        }
        self.try_page(request).map_err(|error| failure(Operation::ReadFile, &self.path, &error))
    }

    fn try_page(&mut self, request: &PageRequest) -> rusqlite::Result<Page> {
        let snapshot = self.connection.unchecked_transaction()?;
        let extent = Extent::read(&snapshot)?;
        let total = extent.map_or(0, Extent::count);
        let everything = request.filter.is_empty();
        let (matches, complete) = if everything {
            (total, true)
        } else {
            // A long way is gone with `scan`.
            let is_near = self.search.left(extent) < Self::ROWS_A_PAGE as u64;
            let complete = is_near && self.search.scan(&snapshot, extent, Self::ROWS_A_PAGE)?;
            (self.search.count(), complete)
        };
        let scanned = if everything { total } else { total.saturating_sub(self.search.left(extent)) };
        let gone = if everything { extent.map_or(0, |extent| extent.first) } else { self.search.gone() };
        let count = request.count.min(PageRequest::COUNT_MAX) as u64;
        let first = if request.from_end { matches.saturating_sub(count) } else { request.first.min(matches) };
        let positions = first..first.saturating_add(count).min(matches);
        let numbers: Vec<u64> = match extent {
            Some(extent) if everything => positions.map(|position| extent.first + position).collect(),
            Some(_) => self.search.numbers(positions).collect(),
            None => Vec::new(),
        };
        let began_ns = extent.map(|extent| read_began(&snapshot, extent.first)).transpose()?.flatten();
        let rows = read_rows(&snapshot, extent.map_or(0, |extent| extent.first), &numbers, &self.coloring)?;
        Ok(Page { filter: request.filter.clone(), first, rows, matches, total, scanned, gone, began_ns, complete })
    }

    /// As [`Search::count`].
    pub(super) fn matches(&self) -> u64 {
        self.search.count()
    }

    /// As [`Search::is_scanned`].
    pub(super) fn is_scanned(&self, number: u64) -> bool {
        self.search.is_scanned(number)
    }

    /// As [`Search::rank`].
    pub(super) fn rank(&self, number: u64) -> u64 {
        self.search.rank(number)
    }

    /// Marks a row of a journal that nobody records into, as [`super::JournalWriter::mark`] does.
    ///
    /// # Errors
    /// What the system says of the file, or a write error.
    pub fn mark(&mut self, number: u64, note: Option<&str>) -> Result<bool, Failure> {
        let failed = |error: rusqlite::Error| failure(Operation::WriteJournal, &self.path, &error);
        let connection = open_to_change(&self.path)?;
        let marked = marks::set(&connection, number, note).map_err(failed)?;
        // One that was of an older version has the table itself now.
        self.connection.execute_batch(schema::NO_STAND_IN).map_err(failed)?;
        Ok(marked)
    }

    /// Looks at up to so many more rows (fewer, where payloads are long) for the one that is wanted.
    ///
    /// # Errors
    /// A read error.
    pub fn find(&mut self, find: &mut Find, rows: usize) -> Result<Finding, Failure> {
        let found = self.connection.unchecked_transaction().and_then(|snapshot| find.step(&snapshot, rows));
        found.map_err(|error| failure(Operation::ReadFile, &self.path, &error))
    }

    /// The whole payload of a row; `None` if the journal has no such row.
    ///
    /// # Errors
    /// A read error.
    pub fn payload(&mut self, number: u64) -> Result<Option<Vec<u8>>, Failure> {
        let payload = self.connection.prepare_cached(SELECT_PAYLOAD).and_then(|mut statement| {
            let read = |columns: &rusqlite::Row<'_>| Ok(columns::bytes(columns, 0)?.to_vec());
            statement.query_row([number.cast_signed()], read).optional()
        });
        payload.map_err(|error| failure(Operation::ReadFile, &self.path, &error))
    }

    /// Writes a copy. Texts of the filter are looked for in these encodings. An existing file is replaced at the end, once
    /// all is on disk; [`Saved::beside`] replaces nothing. A pipe or a character device is written to as rows are read,
    /// which takes as long as its reader does.
    ///
    /// # Errors
    /// A read error of the journal, a write error of the copy, or [`SaveCanceller::cancel`]; a file that was at `path` is
    /// then still there. No copy is made over the journal itself ([`JournalItself`]), nor over a database that
    /// somebody has open ([`DatabaseOpen`]), nor over any file where [`SaveRequest::replaces`] doesn't allow it
    /// ([`AlreadyExists`]).
    ///
    /// [`AlreadyExists`]: crate::model::Cause::AlreadyExists
    /// [`JournalItself`]: crate::model::Cause::JournalItself
    /// [`DatabaseOpen`]: crate::model::Cause::DatabaseOpen
    pub fn save(&mut self, request: &SaveRequest, encodings: &[Encoding]) -> Result<Saved, Failure> {
        let mut batches = self.batches(request, encodings)?;
        self.save_from(request, encodings, &mut || match &mut batches {
            Some(batches) => batches.next_batch(),
            None => Ok(None),
        })
    }

    /// The rows of a [`Self::save_from`], on a connection of its own, so that another thread can read ahead. `None` where
    /// the format doesn't take them so.
    ///
    /// # Errors
    /// The journal can't be opened once more.
    pub fn batches(&self, request: &SaveRequest, encodings: &[Encoding]) -> Result<Option<RowBatches>, Failure> {
        if request.format != SaveFormat::Pcapng {
            return Ok(None);
        }
        let matcher = Matcher::new(&request.filter, encodings);
        Ok(Some(RowBatches::new(Self::open(&self.path)?, matcher)))
    }

    /// As [`Self::save`], with the rows of [`Self::batches`].
    ///
    /// # Errors
    /// As [`Self::save`], and what `rows` fails with.
    pub fn save_from(
        &mut self,
        request: &SaveRequest,
        encodings: &[Encoding],
        rows: NextBatch<'_>,
    ) -> Result<Saved, Failure> {
        let matcher = Matcher::new(&request.filter, encodings);
        let (connection, journal, cancelled) = (&self.connection, &self.path, &self.cancelled);
        let (path, replaces) = (&request.path, request.replaces);
        let export = Export { connection, journal, path, matcher: &matcher, replaces, cancelled };
        if !replaces {
            export.spare_file()?;
        }
        export.save(request.format, &request.shown_as, rows)
    }

    /// The same by a flag that somebody sets; only a [`crate::model::SaveFormat::Sqlite`] takes no notice before it is written.
    pub fn cancel_saves_by(&mut self, flag: Arc<AtomicBool>) {
        self.cancelled = flag;
    }

    #[must_use]
    pub fn save_canceller(&self) -> SaveCanceller {
        SaveCanceller { cancelled: Arc::clone(&self.cancelled), statement: self.connection.get_interrupt_handle() }
    }
}

/// Steps of `SQLite`'s machine between two looks whether to end: well under a millisecond's worth.
const STEPS_A_LOOK: i32 = 10_000;

const SELECT_PAYLOAD: &str =
    concat!("SELECT payload FROM rows WHERE number = ?1 AND number > ", columns::last_cleared!());

fn read_began(connection: &Connection, first: u64) -> rusqlite::Result<Option<i64>> {
    let mut select = connection.prepare_cached("SELECT wall_ns FROM rows WHERE number = ?1")?;
    Ok(select.query_row([first.cast_signed()], |columns| columns::signed(columns, 0)).optional()?.flatten())
}

/// `first` is the journal's first number: what the file has before it was cleared.
fn read_rows(
    connection: &Connection,
    first: u64,
    numbers: &[u64],
    coloring: &Coloring,
) -> rusqlite::Result<Vec<PageRow>> {
    let mut select = connection.prepare_cached(SELECT_PREVIEW)?;
    let mut select_time = connection.prepare_cached("SELECT mono_ns FROM rows WHERE number = ?1")?;
    let mut rows: Vec<PageRow> = Vec::with_capacity(numbers.len());
    let marks = match (numbers.first(), numbers.last()) {
        (Some(first), Some(last)) => Marks::between(connection, *first..=*last)?,
        _ => Marks::default(),
    };
    for number in numbers {
        let Some(stored) = select.query_row([number.cast_signed()], columns::read).optional()? else { continue };
        let before = match rows.last() {
            Some(before) if before.number + 1 == stored.number => Some(before.stamp.mono_ns),
            _ if *number <= first => None,
            _ => select_time
                .query_row([(number - 1).cast_signed()], |columns| columns::unsigned(columns, 0))
                .optional()?
                .flatten(),
        };
        let context = read_context(connection, first, &stored)?;
        let StoredRow { number, len, row, .. } = stored;
        rows.push(PageRow {
            number,
            // Unknown where the clock is that of another run of the program, or two threads' rows came in the other
            // order.
            delta_ns: before.and_then(|before| row.stamp.mono_ns.checked_sub(before)),
            stamp: row.stamp,
            socket: row.socket,
            session: row.session,
            peer: row.peer,
            body: row.body,
            stream_offset: row.stream_offset,
            len,
            preview: row.payload,
            note: marks.note(number).map(str::to_owned),
            color: coloring.color_of(connection, number, &marks)?,
            context,
        });
    }
    Ok(rows)
}

/// Ends with the last [`PageRow::CONTEXT_MAX`] bytes.
const SELECT_TAIL: &str =
    "SELECT stream_offset, len, previous, substr(payload, -64), length(payload) FROM rows WHERE number = ?1";
const _: () = assert!(PageRow::CONTEXT_MAX == 64);

/// Rows that are followed back at most, should each have brought a byte only.
const CONTEXT_HOPS: usize = PageRow::CONTEXT_MAX;

/// The bytes just before a row of stream data, as far as an unbroken chain of rows has them.
pub(super) fn read_context(connection: &Connection, first: u64, stored: &StoredRow) -> rusqlite::Result<Vec<u8>> {
    let Row { body: RowBody::Data { call: Call::Recv | Call::Send, .. }, stream_offset, .. } = &stored.row else {
        return Ok(Vec::new());
    };
    let wanted = usize::try_from(*stream_offset).unwrap_or(usize::MAX).min(PageRow::CONTEXT_MAX);
    let mut select = connection.prepare_cached(SELECT_TAIL)?;
    let mut context = Vec::new();
    let (mut end, mut previous) = (*stream_offset, stored.previous);
    for _ in 0..CONTEXT_HOPS {
        let Some(number) = previous.filter(|number| *number >= first && context.len() < wanted) else { break };
        let mut found = select.query([number.cast_signed()])?;
        let Some(columns) = found.next()? else { break };
        let offset = columns::unsigned(columns, 0)?.unwrap_or(0);
        let len = columns::unsigned(columns, 1)?.unwrap_or(0);
        // Where a row is missing between the two (it could not be written), or its end, the bytes are not neighbours.
        if offset.checked_add(len) != Some(end) || columns::unsigned(columns, 4)? != Some(len) {
            break;
        }
        let tail = columns::bytes(columns, 3)?;
        let kept = &tail[tail.len().saturating_sub(wanted - context.len())..];
        context.splice(0..0, kept.iter().copied());
        end = offset;
        previous = columns::unsigned(columns, 2)?;
    }
    Ok(context)
}

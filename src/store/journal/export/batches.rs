//! Rows read for a capture, apart from the database: one thread may read them ahead of the one that writes.

use std::sync::Arc;

use parking_lot::Mutex;

use super::ROWS_A_BATCH;
use crate::model::{Call, Direction, Failure, Operation};
use crate::store::journal::JournalReader;
use crate::store::journal::columns::{self, Extent, RowRef};
use crate::store::journal::connection::failure;
use crate::store::journal::marks::Marks;
use crate::store::journal::matcher::Matcher;
use crate::store::journal::visit::{self, Columns};

/// A batch ends with the row that makes it so many bytes, the last one's included.
const BYTES_A_BATCH: usize = 4 << 20;

/// Rows in their order, each with whether the filter lets it through.
#[derive(Debug, Default)]
pub struct RowBatch {
    rows: Vec<BatchRow>,
    /// Peer, body and payload of one row after the other.
    bytes: Vec<u8>,
}

#[derive(Debug)]
struct BatchRow {
    number: u64,
    wall_ns: i64,
    kernel_ns: Option<i64>,
    socket: u64,
    session: Option<u64>,
    kind: i64,
    direction: Option<Direction>,
    call: Option<Call>,
    truncated: bool,
    stream_offset: u64,
    len: u64,
    peer: usize,
    body: usize,
    payload: usize,
    matches: bool,
}

impl RowBatch {
    fn push(&mut self, row: &RowRef<'_>, matches: bool) {
        let RowRef { number, wall_ns, kernel_ns, socket, session, kind, direction, call, .. } = *row;
        let RowRef { truncated, stream_offset, len, .. } = *row;
        let (peer, body, payload) = (row.peer.len(), row.body.len(), row.payload.len());
        [row.peer, row.body, row.payload].into_iter().for_each(|bytes| self.bytes.extend_from_slice(bytes));
        self.rows.push(BatchRow {
            number,
            wall_ns,
            kernel_ns,
            socket,
            session,
            kind,
            direction,
            call,
            truncated,
            stream_offset,
            len,
            peer,
            body,
            payload,
            matches,
        });
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (bool, RowRef<'_>)> {
        let mut rest = self.bytes.as_slice();
        let mut take = move |len: usize| {
            let (taken, behind) = rest.split_at(len.min(rest.len()));
            rest = behind;
            taken
        };
        self.rows.iter().map(move |row| {
            let BatchRow { number, wall_ns, kernel_ns, socket, session, kind, direction, call, .. } = *row;
            let BatchRow { truncated, stream_offset, len, .. } = *row;
            let [peer, body, payload] = [row.peer, row.body, row.payload].map(&mut take);
            let row_ref = RowRef {
                number,
                wall_ns,
                kernel_ns,
                socket,
                session,
                peer,
                kind,
                direction,
                call,
                truncated,
                body,
                stream_offset,
                len,
                payload,
            };
            (row.matches, row_ref)
        })
    }
}

/// Reads the rows of a copy on a connection of its own.
#[derive(Debug)]
pub struct RowBatches {
    reader: JournalReader,
    /// In the hands of the connection since the first batch.
    taking: Arc<Mutex<Taking>>,
    query: String,
    /// The number of the last row; `None` before the first batch.
    last: Option<u64>,
}

/// What the connection calls for each row.
const TAKE: &str = "sockeye_take";

/// A batch that is being filled, and what it takes to do so.
#[derive(Debug)]
struct Taking {
    matcher: Matcher,
    marks: Marks,
    next: u64,
    batch: RowBatch,
}

impl Taking {
    /// True where the batch ends with this row.
    fn take(&mut self, columns: &impl Columns) -> rusqlite::Result<bool> {
        let row = RowRef::read(columns)?;
        // A damaged file's tree may lead to the same rows over and over, which would have no end.
        if row.number < self.next {
            return Err(columns::damaged());
        }
        self.next = row.number.saturating_add(1);
        self.batch.push(&row, self.matcher.matches(&row.candidate(&self.marks)));
        Ok(self.batch.rows.len() == ROWS_A_BATCH as usize || self.batch.bytes.len() >= BYTES_A_BATCH)
    }
}

impl RowBatches {
    pub(in crate::store::journal) fn new(reader: JournalReader, matcher: Matcher) -> Self {
        let taking = Taking { matcher, marks: Marks::default(), next: 0, batch: RowBatch::default() };
        let query = visit::query(TAKE, columns::ROW_REF);
        Self { reader, taking: Arc::new(Mutex::new(taking)), query, last: None }
    }

    /// The next rows; `None` behind those that were there when the first were read.
    ///
    /// # Errors
    /// A read error.
    pub fn next_batch(&mut self) -> Result<Option<RowBatch>, Failure> {
        let read = self.read();
        read.map_err(|error| failure(Operation::ReadFile, self.reader.path(), &error))
    }

    fn read(&mut self) -> rusqlite::Result<Option<RowBatch>> {
        let connection = &self.reader.connection;
        let snapshot = connection.unchecked_transaction()?;
        let Some(extent) = Extent::read(&snapshot)? else { return Ok(None) };
        let last = match self.last {
            Some(last) => last,
            None => {
                self.taking.lock().marks = Marks::read(&snapshot)?;
                let taking = Arc::clone(&self.taking);
                visit::define(&snapshot, TAKE, move |columns| taking.lock().take(columns))?;
                *self.last.insert(extent.last)
            }
        };
        let first = {
            let mut taking = self.taking.lock();
            // What was cleared meanwhile is no row any more.
            taking.next = taking.next.max(extent.first);
            taking.batch.rows.reserve(ROWS_A_BATCH as usize);
            taking.next
        };
        visit::each(&snapshot, &self.query, first, last)?;
        let mut taking = self.taking.lock();
        // The next one is likely to be as long.
        let next = RowBatch { rows: Vec::new(), bytes: Vec::with_capacity(taking.batch.bytes.len()) };
        let batch = std::mem::replace(&mut taking.batch, next);
        Ok((!batch.rows.is_empty()).then_some(batch))
    }
}

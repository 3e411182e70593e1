//! Rows read for a capture, apart from the database: one thread may read them ahead of the one that writes.

use super::{Cursor, ROWS_A_BATCH};
use crate::model::{Call, Direction, Failure, Operation};
use crate::store::journal::JournalReader;
use crate::store::journal::columns::RowRef;
use crate::store::journal::connection::failure;
use crate::store::journal::matcher::Matcher;

/// A batch ends with the row that makes it so many bytes, the last one's included.
const BYTES_A_BATCH: usize = 4 << 20;

/// Rows in their order, each with whether the filter lets it through.
#[derive(Debug)]
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
    matcher: Matcher,
    /// `None` before the first batch.
    cursor: Option<Cursor>,
}

impl RowBatches {
    pub(in crate::store::journal) fn new(reader: JournalReader, matcher: Matcher) -> Self {
        Self { reader, matcher, cursor: None }
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
        let cursor = match &mut self.cursor {
            Some(cursor) => cursor,
            None => match Cursor::new(connection)? {
                Some(cursor) => self.cursor.insert(cursor),
                None => return Ok(None),
            },
        };
        let mut batch = RowBatch { rows: Vec::with_capacity(ROWS_A_BATCH as usize), bytes: Vec::new() };
        cursor.step(connection, &self.matcher, &mut |_, matches, row, _| {
            batch.push(row, matches);
            Ok(batch.bytes.len() < BYTES_A_BATCH)
        })?;
        Ok((!batch.rows.is_empty()).then_some(batch))
    }
}

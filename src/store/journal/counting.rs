//! Counting what crossed, row by row.

use super::columns::{self, Extent, direction_of_code, kind};
use super::connection::failure;
use super::marks::Marks;
use super::matcher::{Column, Matcher};
use super::reader::JournalReader;
use super::selection::Selection;
use crate::codec::encoding::Encoding;
use crate::model::{Failure, Message, Operation, SessionId, Statistics, StatisticsRequest};

/// [`Statistics`] of the rows that a filter lets through, from the oldest row on and as far as one has come.
#[derive(Debug)]
pub struct Counting {
    statistics: Statistics,
    encodings: Vec<Encoding>,
    matcher: Matcher,
    selection: Selection,
    /// The first number that was not looked at yet; 0 before the first look.
    next: u64,
    clearings: u64,
}

/// One step ends after the row that makes it this many bytes of payload: what waits behind it must not wait long.
const BYTES_A_STEP: usize = 32 << 20;

impl Counting {
    /// Nothing is counted yet. Texts of the filter are looked for in these encodings.
    #[must_use]
    pub fn new(request: StatisticsRequest, encodings: &[Encoding]) -> Self {
        let matcher = Matcher::new(&request.filter, encodings);
        let payload = if matcher.reads(Column::Payload) { "payload" } else { "NULL" };
        let selection = Selection::all(payload, Some("mono_ns"), "number >= ?1 ORDER BY number LIMIT ?2");
        Self {
            statistics: Statistics::new(request),
            encodings: encodings.to_vec(),
            matcher,
            selection,
            next: 0,
            clearings: 0,
        }
    }

    /// Whether it is what was asked for.
    #[must_use]
    pub fn is_of(&self, request: &StatisticsRequest, encodings: &[Encoding]) -> bool {
        self.statistics.request() == request && self.encodings == encodings
    }

    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Looks at no more than so many rows; true when it has seen all rows that are there now. Rows that are gone from
    /// the journal since they were counted stay counted, and those that went before are told as
    /// [`Statistics::missed`]. It begins anew where the journal has no rows, or another number of `clearings`, which
    /// is how often it was cleared, if known.
    ///
    /// # Errors
    /// A read error.
    pub fn go_on(&mut self, reader: &JournalReader, rows: usize, clearings: u64) -> Result<bool, Failure> {
        self.step(reader, rows, clearings).map_err(|error| failure(Operation::ReadFile, reader.path(), &error))
    }

    fn step(&mut self, reader: &JournalReader, rows: usize, clearings: u64) -> rusqlite::Result<bool> {
        let snapshot = reader.connection.unchecked_transaction()?;
        let extent = Extent::read(&snapshot)?;
        if extent.is_none() || clearings != self.clearings {
            self.statistics = Statistics::new(self.statistics.request().clone());
            (self.next, self.clearings) = (0, clearings);
        }
        let Some(Extent { first, last }) = extent else { return Ok(true) };
        if self.next > 0 {
            self.statistics.missed += first.saturating_sub(self.next);
        }
        self.next = self.next.max(first);
        // Rows that went were looked at.
        let gone = self.statistics.scanned;
        let before = self.next;
        self.statistics.rows = gone + (last + 1).saturating_sub(before);
        let marks = if self.matcher.reads(Column::Mark) { Marks::read(&snapshot)? } else { Marks::default() };
        let mut statement = snapshot.prepare_cached(&self.selection.sql)?;
        let mut found = statement.query((before.cast_signed(), i64::try_from(rows).unwrap_or(i64::MAX)))?;
        let (mut seen, mut bytes) = (0, 0);
        while bytes < BYTES_A_STEP
            && let Some(row) = found.next()?
        {
            seen += 1;
            let Some(number) = columns::unsigned(row, 0)?.filter(|number| (self.next..=last).contains(number)) else {
                continue;
            };
            self.next = number + 1;
            let candidate = self.selection.candidate(number, row, &marks)?;
            bytes += candidate.payload.len();
            let Some(direction) = direction_of_code(candidate.direction).filter(|_| candidate.kind == kind::DATA)
            else {
                continue;
            };
            if self.matcher.matches(&candidate) {
                self.statistics.add(&Message {
                    wall_ns: candidate.wall_ns,
                    mono_ns: columns::unsigned(row, 10)?.unwrap_or(0),
                    session: candidate.session.map(|session| SessionId(session.cast_unsigned())),
                    peer: &String::from_utf8_lossy(candidate.peer),
                    direction,
                    bytes: candidate.len,
                });
            }
        }
        if seen == rows && self.next == before {
            // A damaged file's tree leads to the same rows over and over.
            return Err(columns::damaged());
        }
        // Behind the last one there is nothing, whatever a damaged file's numbers are.
        if seen < rows && bytes < BYTES_A_STEP {
            self.next = last + 1;
        }
        self.statistics.scanned = gone + (self.next - before);
        Ok(self.next > last)
    }
}

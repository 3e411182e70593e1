//! How far a filter has been scanned, and what it found.

use rusqlite::{Connection, ffi};

use super::columns::{self, Extent};
use super::marks::Marks;
use super::match_set::MatchSet;
use super::matcher::{Candidate, Column, Matcher};
use crate::codec::encoding::Encoding;
use crate::model::Filter;

/// One filter over one journal, scanned from the oldest row on.
#[derive(Debug)]
pub(super) struct Search {
    filter: Filter,
    encodings: Vec<Encoding>,
    matcher: Matcher,
    sql: String,
    /// Number of the row at position 0.
    base: u64,
    matches: MatchSet,
    /// Matches that made room for newer rows.
    gone: u64,
    /// Those by which was decided; none where the filter doesn't ask.
    marks: Marks,
}

/// One call of [`Search::scan`] ends after the row that makes it this many bytes of payload: a page that waits behind it
/// must not wait long.
pub(super) const BYTES_A_SCAN: usize = 32 << 20;

/// A wider gap between two numbers is not worth the memory that passing over it takes.
const GAP_MAX: u64 = 1 << 24;

/// A query for [`candidate`]s; `which` comes after `WHERE`. Each column that is fetched for nothing takes a tenth longer.
pub(super) fn select(matcher: &Matcher, which: &str) -> String {
    let columns = [
        (Column::Kind, "kind"),
        (Column::Socket, "socket"),
        (Column::Session, "session"),
        (Column::Direction, "direction"),
        (Column::Peer, "peer"),
        (Column::Body, "body"),
        (Column::Payload, "payload"),
        (Column::Time, "wall_ns"),
        (Column::Len, "len"),
    ];
    let columns = columns.map(|(column, name)| if matcher.reads(column) { name } else { "NULL" });
    format!("SELECT number, {} FROM rows WHERE {which}", columns.join(", "))
}

/// A query for all of them, with this expression for the payload.
pub(super) fn select_with(payload: &str, which: &str) -> String {
    format!(
        "SELECT number, kind, socket, session, direction, peer, body, {payload}, wall_ns, len FROM rows WHERE {which}"
    )
}

/// What a matcher looks at, out of a row of [`select`] with this number.
pub(super) fn candidate<'row>(
    number: u64,
    row: &'row rusqlite::Row<'_>,
    marks: &Marks,
) -> rusqlite::Result<Candidate<'row>> {
    Ok(Candidate {
        number,
        wall_ns: columns::signed(row, 8)?.unwrap_or(0),
        len: columns::unsigned(row, 9)?.unwrap_or(0),
        kind: columns::signed(row, 1)?.unwrap_or(-1),
        socket: columns::signed(row, 2)?.unwrap_or(0),
        session: columns::signed(row, 3)?,
        direction: columns::signed(row, 4)?.unwrap_or(0),
        peer: columns::bytes(row, 5)?,
        body: columns::bytes(row, 6)?,
        payload: columns::bytes(row, 7)?,
        is_marked: marks.contains(number),
    })
}

impl Search {
    pub(super) fn new(filter: Filter, encodings: &[Encoding]) -> Self {
        let matcher = Matcher::new(&filter, encodings);
        let sql = select(&matcher, "number >= ?1 ORDER BY number LIMIT ?2");
        Self {
            filter,
            encodings: encodings.to_vec(),
            matcher,
            sql,
            base: 0,
            matches: MatchSet::default(),
            gone: 0,
            marks: Marks::default(),
        }
    }

    pub(super) fn filter(&self) -> &Filter {
        &self.filter
    }

    pub(super) fn encodings(&self) -> &[Encoding] {
        &self.encodings
    }

    /// Scans at most so many more rows; true when it has seen all there are. `extent` is what the journal holds in the
    /// transaction that `connection` is in.
    pub(super) fn scan(
        &mut self,
        connection: &Connection,
        extent: Option<Extent>,
        rows: usize,
    ) -> rusqlite::Result<bool> {
        let base = extent.map_or(0, |extent| extent.first);
        self.begin_at(base);
        if self.matcher.reads(Column::Mark) {
            let marks = Marks::read(connection)?;
            if marks != self.marks {
                self.marks = marks;
                self.matches = MatchSet::default();
            }
        }
        let Some(Extent { last, .. }) = extent else { return Ok(true) };
        if self.filter.is_empty() || self.next() > last {
            return Ok(true);
        }
        let mut statement = connection.prepare_cached(&self.sql)?;
        let mut found = statement.query((self.next().cast_signed(), i64::try_from(rows).unwrap_or(i64::MAX)))?;
        let mut bytes = 0;
        while bytes < BYTES_A_SCAN
            && let Some(row) = found.next()?
        {
            let Some(number) = columns::unsigned(row, 0)?.filter(|number| (self.next()..=last).contains(number)) else {
                continue;
            };
            let candidate = candidate(number, row, &self.marks)?;
            bytes += candidate.payload.len();
            // A gap, which only a damaged journal has, matches nothing.
            if number - self.next() > GAP_MAX {
                return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CORRUPT), None));
            }
            while self.next() < number {
                self.matches.push(false);
            }
            self.matches.push(self.matcher.matches(&candidate));
        }
        Ok(self.next() > last)
    }

    /// The journal's first number grows when it is cleared, and when its oldest rows make room for newer ones.
    fn begin_at(&mut self, base: u64) {
        match base.checked_sub(self.base) {
            Some(rows) => self.gone += self.matches.forget(rows),
            // Another journal has taken the file's place.
            None => self.matches = MatchSet::default(),
        }
        self.base = base;
    }

    /// Matches that made room for newer rows since the first scan, or were cleared.
    pub(super) fn gone(&self) -> u64 {
        self.gone
    }

    /// The first number that was not scanned yet.
    fn next(&self) -> u64 {
        self.base + self.matches.len()
    }

    /// Matches so far.
    pub(super) fn count(&self) -> u64 {
        self.matches.count()
    }

    /// Whether the row with this number was scanned.
    pub(super) fn is_scanned(&self, number: u64) -> bool {
        number < self.next()
    }

    /// Matches among the rows that were scanned and have lower numbers.
    pub(super) fn rank(&self, number: u64) -> u64 {
        self.matches.rank(number.saturating_sub(self.base))
    }

    /// Numbers of the matches with these ranks, as many as there are.
    pub(super) fn numbers(&self, ranks: std::ops::Range<u64>) -> impl Iterator<Item = u64> {
        ranks.map_while(|rank| Some(self.base + self.matches.select(rank)?))
    }
}

//! How far a filter has been scanned, and what it found.

use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::Connection;

use super::columns::{self, Extent};
use super::marks::Marks;
use super::match_set::MatchSet;
use super::matcher::{Column, Matcher};
use super::selection::Selection;
use super::visit::{self, Columns};
use crate::codec::encoding::Encoding;
use crate::model::Filter;

/// One filter over one journal, scanned from the oldest row on.
#[derive(Debug)]
pub(super) struct Search {
    filter: Filter,
    encodings: Vec<Encoding>,
    matcher: Matcher,
    selection: Selection,
    /// In the hands of the connection since the first look.
    look: Option<Arc<Mutex<Look>>>,
    /// Number of the row at position 0.
    base: u64,
    matches: MatchSet,
    /// Matches that made room for newer rows.
    gone: u64,
    /// Those by which was decided; none where the filter doesn't ask.
    marks: Arc<Marks>,
    /// Rows further on that another thread has looked at.
    ahead: Option<Scanned>,
}

/// One call of [`Search::scan`] ends after the row that makes it this many bytes of payload: a page that waits behind it
/// must not wait long.
pub(super) const BYTES_A_SCAN: usize = 32 << 20;

/// A wider gap between two numbers is not worth the memory that passing over it takes.
const GAP_MAX: u64 = 1 << 24;

/// Rows for another thread to look at, see [`super::JournalReader::ahead`].
#[derive(Clone, Debug)]
pub struct Stretch {
    filter: Filter,
    encodings: Vec<Encoding>,
    first: u64,
    last: u64,
}

/// Which rows of a [`Stretch`] pass, as far as it was looked at.
#[derive(Debug)]
pub struct Scanned {
    stretch: Stretch,
    /// Of each row from the first on.
    matches: Vec<bool>,
}

impl Stretch {
    pub(super) fn asks(&self) -> (&Filter, &[Encoding]) {
        (&self.filter, &self.encodings)
    }
}

impl Search {
    pub(super) fn new(filter: Filter, encodings: &[Encoding]) -> Self {
        let matcher = Matcher::new(&filter, encodings);
        let selection = Selection::visited(&matcher, LOOK);
        Self {
            filter,
            encodings: encodings.to_vec(),
            matcher,
            selection,
            look: None,
            base: 0,
            matches: MatchSet::default(),
            gone: 0,
            marks: Arc::default(),
            ahead: None,
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
            if marks != *self.marks {
                self.marks = Arc::new(marks);
                self.matches = MatchSet::default();
            }
        }
        let Some(Extent { last, .. }) = extent else { return Ok(true) };
        if self.filter.is_empty() || self.next() > last {
            return Ok(true);
        }
        let begin = self.next();
        let end = self.ahead.as_ref().map_or(last, |ahead| last.min(ahead.stretch.first - 1));
        let mut next = begin;
        let (all, seen) = self.look(connection, (begin, end, rows))?;
        let matches = &mut self.matches;
        seen.lock().seen.iter().try_for_each(|&(number, passes)| {
            // A gap, which only a damaged journal has, matches nothing.
            if number - next > GAP_MAX {
                return Err(columns::damaged());
            }
            for _ in next..number {
                matches.push(false);
            }
            matches.push(passes);
            next = number + 1;
            Ok(())
        })?;
        if all && end == last && next <= last {
            // The tree of a damaged file has no way to its last row.
            return Err(columns::damaged());
        }
        self.reach_ahead(all);
        Ok(self.next() > last)
    }

    /// Goes on behind what another thread has looked at once that is next, or `all` before it were looked at.
    fn reach_ahead(&mut self, all: bool) {
        let next = self.next();
        if let Some(ahead) = self.ahead.take_if(|ahead| all || next == ahead.stretch.first) {
            let gap = (next..ahead.stretch.first).map(|_| false);
            gap.chain(ahead.matches).for_each(|passes| self.matches.push(passes));
        }
    }

    /// So many rows behind as many that are left to the next [`Search::scan`], where there are as many.
    pub(super) fn ahead(&self, extent: Option<Extent>, rows: usize) -> Option<Stretch> {
        let first = self.next().max(extent?.first).saturating_add(rows as u64);
        let last = first.saturating_add(rows as u64 - 1);
        // Marks may change before the two are put together.
        let is_worth_it = !self.filter.is_empty() && !self.matcher.reads(Column::Mark) && self.ahead.is_none();
        let stretch = || Stretch { filter: self.filter.clone(), encodings: self.encodings.clone(), first, last };
        (is_worth_it && rows > 0 && last <= extent?.last).then(stretch)
    }

    /// Looks at a stretch, which is of another search with the same filter.
    pub(super) fn look_ahead(&mut self, connection: &Connection, stretch: Stretch) -> rusqlite::Result<Scanned> {
        let (first, last) = (stretch.first, stretch.last);
        let rows = (last - first + 1) as usize;
        let mut matches = Vec::with_capacity(rows);
        let (all, seen) = self.look(connection, (first, last, rows))?;
        for (number, passes) in &seen.lock().seen {
            matches.resize((number - first) as usize, false);
            matches.push(*passes);
        }
        if all {
            matches.resize(rows, false);
        }
        Ok(Scanned { stretch, matches })
    }

    /// Looks at the rows with numbers from the first to the second, at most as many as the third says. True when it has
    /// seen all of them; it ends early after the row that makes it [`BYTES_A_SCAN`] of payload.
    fn look(
        &mut self,
        connection: &Connection,
        (first, last, rows): (u64, u64, usize),
    ) -> rusqlite::Result<(bool, Arc<Mutex<Look>>)> {
        let look = match &self.look {
            Some(look) => Arc::clone(look),
            None => {
                let (matcher, selection) = (self.matcher.clone(), self.selection.clone());
                let marks = Arc::clone(&self.marks);
                let look = Look { matcher, selection, marks, next: 0, last: 0, rows: 0, bytes: 0, seen: Vec::new() };
                let look = Arc::new(Mutex::new(look));
                let called = Arc::clone(&look);
                visit::define(connection, LOOK, move |columns| called.lock().take(columns))?;
                Arc::clone(self.look.insert(look))
            }
        };
        {
            let mut look = look.lock();
            look.marks = Arc::clone(&self.marks);
            (look.next, look.last, look.rows, look.bytes) = (first, last, rows, 0);
            look.seen.clear();
        }
        let has_ended = rows == 0 || visit::each(connection, &self.selection.sql, first, last)?;
        let all = !has_ended || look.lock().next > last;
        Ok((all, look))
    }

    /// What another thread found of a stretch of this search's.
    pub(super) fn take(&mut self, scanned: Scanned) {
        let Stretch { filter, encodings, first, .. } = &scanned.stretch;
        if *filter == self.filter && *encodings == self.encodings && *first >= self.next() {
            self.ahead = Some(scanned);
            self.reach_ahead(false);
        }
    }

    /// The journal's first number grows when it is cleared, and when its oldest rows make room for newer ones.
    fn begin_at(&mut self, base: u64) {
        match base.checked_sub(self.base) {
            Some(rows) => self.gone += self.matches.forget(rows),
            // Another journal has taken the file's place.
            None => (self.matches, self.ahead) = (MatchSet::default(), None),
        }
        self.base = base;
        let next = self.next();
        self.ahead.take_if(|ahead| ahead.stretch.first < next);
    }

    /// Matches that made room for newer rows since the first scan, or were cleared.
    pub(super) fn gone(&self) -> u64 {
        self.gone
    }

    /// The first number that was not scanned yet.
    fn next(&self) -> u64 {
        self.base + self.matches.len()
    }

    /// Rows that were not scanned yet.
    pub(super) fn left(&self, extent: Option<Extent>) -> u64 {
        extent.map_or(0, |extent| (extent.last + 1).saturating_sub(self.next().max(extent.first)))
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

/// What the connection calls for each row.
const LOOK: &str = "sockeye_look";

/// One look at some rows: what it goes by, and what it has seen.
#[derive(Debug)]
struct Look {
    matcher: Matcher,
    selection: Selection,
    marks: Arc<Marks>,
    next: u64,
    last: u64,
    /// How many may follow.
    rows: usize,
    /// Bytes of payload.
    bytes: usize,
    /// Numbers, and whether the rows pass.
    seen: Vec<(u64, bool)>,
}

impl Look {
    /// Takes a row in; true where the look ends with it.
    fn take(&mut self, columns: &impl Columns) -> rusqlite::Result<bool> {
        self.rows -= 1;
        let number = columns::unsigned(columns, 0)?.filter(|number| (self.next..=self.last).contains(number));
        // A damaged file's tree may lead to the same rows over and over.
        let number = number.ok_or_else(columns::damaged)?;
        let candidate = self.selection.candidate(number, columns, &self.marks)?;
        self.bytes += candidate.payload.len();
        self.seen.push((number, self.matcher.matches(&candidate)));
        self.next = number + 1;
        Ok(self.rows == 0 || self.bytes >= BYTES_A_SCAN)
    }
}

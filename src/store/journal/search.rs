//! How far a filter has been scanned, and what it found.

use rusqlite::Connection;

use super::columns::{self, Extent};
use super::marks::Marks;
use super::match_set::MatchSet;
use super::matcher::{Column, Matcher};
use super::selection::Selection;
use crate::codec::encoding::Encoding;
use crate::model::Filter;

/// One filter over one journal, scanned from the oldest row on.
#[derive(Debug)]
pub(super) struct Search {
    filter: Filter,
    encodings: Vec<Encoding>,
    matcher: Matcher,
    selection: Selection,
    /// Number of the row at position 0.
    base: u64,
    matches: MatchSet,
    /// Matches that made room for newer rows.
    gone: u64,
    /// Those by which was decided; none where the filter doesn't ask.
    marks: Marks,
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
        let selection = Selection::new(&matcher, "number BETWEEN ?1 AND ?2 ORDER BY number LIMIT ?3");
        Self {
            filter,
            encodings: encodings.to_vec(),
            matcher,
            selection,
            base: 0,
            matches: MatchSet::default(),
            gone: 0,
            marks: Marks::default(),
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
            if marks != self.marks {
                self.marks = marks;
                self.matches = MatchSet::default();
            }
        }
        let Some(Extent { last, .. }) = extent else { return Ok(true) };
        if self.filter.is_empty() || self.next() > last {
            return Ok(true);
        }
        let begin = self.next();
        let end = self.ahead.as_ref().map_or(last, |ahead| last.min(ahead.stretch.first - 1));
        let Self { matcher, selection, marks, matches, .. } = self;
        let mut next = begin;
        let all = look(matcher, selection, marks, connection, (begin, end, rows), &mut |number, passes| {
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
    pub(super) fn look_ahead(&self, connection: &Connection, stretch: Stretch) -> rusqlite::Result<Scanned> {
        let (first, last) = (stretch.first, stretch.last);
        let rows = (last - first + 1) as usize;
        let mut matches = Vec::with_capacity(rows);
        let range = (first, last, rows);
        let all = look(&self.matcher, &self.selection, &self.marks, connection, range, &mut |number, passes| {
            matches.resize((number - first) as usize, false);
            matches.push(passes);
            Ok(())
        })?;
        if all {
            matches.resize(rows, false);
        }
        Ok(Scanned { stretch, matches })
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

/// Tells of the rows with numbers from the first to the second, at most as many as the third says, whether they pass.
/// True when it has seen all of them; it ends early after the row that makes it [`BYTES_A_SCAN`] of payload.
fn look(
    matcher: &Matcher,
    selection: &Selection,
    marks: &Marks,
    connection: &Connection,
    (first, last, rows): (u64, u64, usize),
    tell: &mut impl FnMut(u64, bool) -> rusqlite::Result<()>,
) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached(&selection.sql)?;
    let limit = i64::try_from(rows).unwrap_or(i64::MAX);
    let mut found = statement.query((first.cast_signed(), last.cast_signed(), limit))?;
    let (mut seen, mut bytes, mut next) = (0, 0, first);
    while bytes < BYTES_A_SCAN {
        let Some(row) = found.next()? else { return Ok(seen < rows || next > last) };
        seen += 1;
        let Some(number) = columns::unsigned(row, 0)?.filter(|number| (next..=last).contains(number)) else { continue };
        let candidate = selection.candidate(number, row, marks)?;
        bytes += candidate.payload.len();
        tell(number, matcher.matches(&candidate))?;
        next = number + 1;
    }
    Ok(next > last)
}

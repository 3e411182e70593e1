//! The nearest row before or after another for which a condition holds.

use rusqlite::Connection;

use super::columns::{self, Extent};
use super::marks::Marks;
use super::matcher::{Column, Matcher};
use super::search::BYTES_A_SCAN;
use super::selection::Selection;
use crate::codec::encoding::Encoding;
use crate::model::{Condition, Filter, FindRequest, Finding};

/// A search for one row, some rows at a time.
#[derive(Debug)]
pub struct Find {
    matcher: Matcher,
    selection: Selection,
    from: Option<u64>,
    backward: bool,
    wraps: bool,
    /// What is left to look at; `None` before the first step.
    legs: Option<Legs>,
}

/// Row numbers, both ends included, that are gone through: those up to the journal's end first, then those from its other end.
#[derive(Debug)]
struct Legs {
    first: Option<(u64, u64)>,
    second: Option<(u64, u64)>,
    /// Rows in both at the beginning.
    of: u64,
}

impl Find {
    /// Texts are looked for in these encodings.
    #[must_use]
    pub fn new(request: FindRequest, encodings: &[Encoding]) -> Self {
        let FindRequest { filter, condition, from, backward, wraps, .. } = request;
        let both = filter.condition.clone().into_iter().chain([condition]).collect();
        let matcher = Matcher::new(&Filter { condition: Some(Condition::All(both)), ..filter }, encodings);
        let order = if backward { "DESC" } else { "ASC" };
        let selection = Selection::new(&matcher, &format!("number BETWEEN ?1 AND ?2 ORDER BY number {order} LIMIT ?3"));
        Self { matcher, selection, from, backward, wraps, legs: None }
    }

    /// Looks at so many more rows at most. `connection` is in a transaction.
    pub(super) fn step(&mut self, connection: &Connection, rows: usize) -> rusqlite::Result<Finding> {
        let Some(extent) = Extent::read(connection)? else { return Ok(Finding::NotFound) };
        let mut legs = self.legs.take().unwrap_or_else(|| self.plan(extent));
        let wrapped = legs.first.is_none();
        let Some((low, high)) = legs.first.or(legs.second) else { return Ok(Finding::NotFound) };
        // What was cleared meanwhile is no row any more.
        let low = low.max(extent.first);
        let mut left = (low <= high).then_some((low, high));
        if left.is_some() {
            let marks = if self.matcher.reads(Column::Mark) { Marks::read(connection)? } else { Marks::default() };
            let mut statement = connection.prepare_cached(&self.selection.sql)?;
            let limit = i64::try_from(rows).unwrap_or(i64::MAX);
            let mut found = statement.query((low.cast_signed(), high.cast_signed(), limit))?;
            let (mut seen, mut bytes) = (0, 0);
            while bytes < BYTES_A_SCAN
                && let Some(row) = found.next()?
            {
                let Some(number) = columns::unsigned(row, 0)?.filter(|number| (low..=high).contains(number)) else {
                    continue;
                };
                let candidate = self.selection.candidate(number, row, &marks)?;
                seen += 1;
                bytes += candidate.payload.len();
                if self.matcher.matches(&candidate) {
                    return Ok(Finding::Found { number, wrapped });
                }
                left = self.after(number, (low, high));
            }
            if seen < rows && bytes < BYTES_A_SCAN {
                left = None;
            }
        }
        *(if wrapped { &mut legs.second } else { &mut legs.first }) = left;
        let left = length(legs.first) + length(legs.second);
        let of = legs.of;
        self.legs = Some(legs);
        Ok(if left == 0 { Finding::NotFound } else { Finding::Looking { done: of - left, of } })
    }

    /// What is left of a leg behind this number.
    fn after(&self, number: u64, (low, high): (u64, u64)) -> Option<(u64, u64)> {
        let left = if self.backward { (low, number.checked_sub(1)?) } else { (number.checked_add(1)?, high) };
        (left.0 <= left.1).then_some(left)
    }

    fn plan(&self, Extent { first, last }: Extent) -> Legs {
        let leg = |low: u64, high: u64| {
            (low <= high).then_some((low.max(first), high.min(last))).filter(|leg| leg.0 <= leg.1)
        };
        let (ahead, behind) = match (self.from, self.backward) {
            (None, _) => (leg(first, last), None),
            (Some(from), false) => (leg(from.saturating_add(1), last), leg(first, from)),
            (Some(from), true) => (leg(first, from.saturating_sub(1)), leg(from, last)),
        };
        let behind = behind.filter(|_| self.wraps);
        Legs { first: ahead, second: behind, of: length(ahead) + length(behind) }
    }
}

fn length(leg: Option<(u64, u64)>) -> u64 {
    leg.map_or(0, |(low, high)| high - low + 1)
}

#[cfg(test)]
mod tests;

//! Finding a row again after the filter has changed.

use crate::model::Page;

/// A search for the position of a row number among rows that are only known page by page. Numbers grow with position,
/// by one or more, so every page narrows it from both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seek {
    pub(super) number: u64,
    /// The cursor goes there.
    pub(super) chooses: bool,
    low: u64,
    high: u64,
}

/// What a page told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sought {
    /// The row's position, or where it would be if the filter let it through.
    At(u64),
    /// Look at a page from here.
    LookAt(u64),
}

impl Seek {
    pub(super) fn new(number: u64) -> Self {
        Self { number, chooses: false, low: 0, high: u64::MAX }
    }

    pub(super) fn choosing(number: u64) -> Self {
        Self { chooses: true, ..Self::new(number) }
    }

    pub(super) fn look(&mut self, page: &Page) -> Sought {
        let (Some(first), Some(last)) = (page.rows.first(), page.rows.last()) else { return Sought::At(0) };
        if page.complete && page.matches == page.total {
            // Nothing is left out, so that numbers have no gaps.
            let position = i128::from(page.first) + i128::from(self.number) - i128::from(first.number);
            return Sought::At(position.clamp(0, i128::from(page.matches)) as u64);
        }
        let last_position = page.first + page.rows.len() as u64 - 1;
        self.high = self.high.min(page.matches);
        if self.number < first.number {
            self.high = self.high.min(page.first);
            self.low = self.low.max(page.first.saturating_sub(first.number - self.number));
        } else if self.number > last.number {
            self.low = self.low.max(last_position + 1);
            self.high = self.high.min(last_position.saturating_add(self.number - last.number) + 1);
        } else {
            return Sought::At(page.first + page.rows.partition_point(|row| row.number < self.number) as u64);
        }
        if self.low >= self.high { Sought::At(self.low) } else { Sought::LookAt(self.low + (self.high - self.low) / 2) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Filter, PageRow};

    fn page(numbers: &[u64], first: usize, count: usize) -> Page {
        let end = (first + count).min(numbers.len());
        let rows = numbers[first.min(end)..end].iter().copied().map(PageRow::made_up).collect();
        let matches = numbers.len() as u64;
        let (first, total) = (first as u64, numbers.last().copied().unwrap_or(0));
        Page {
            filter: Filter::default(),
            first,
            rows,
            matches,
            total,
            scanned: total,
            gone: 0,
            began_ns: None,
            complete: true,
        }
    }

    fn find(numbers: &[u64], number: u64) -> u64 {
        let mut seek = Seek::new(number);
        let mut first = 0;
        for _ in 0..64 {
            match seek.look(&page(numbers, first as usize, 5)) {
                Sought::At(position) => return position,
                Sought::LookAt(position) => first = position,
            }
        }
        panic!("row {number} is not found");
    }

    #[test]
    fn finds_every_row_and_the_place_of_those_that_are_filtered_out() {
        let numbers: Vec<u64> = (0..1000).map(|at| 3 + at * at).collect();
        for number in [0, 3, 4, 5, 7, 12, 100, 5000, 90_003, 998_004, 999_999] {
            let expected = numbers.partition_point(|other| *other < number) as u64;
            assert_eq!(find(&numbers, number), expected, "row {number}");
        }
        assert_eq!(find(&[], 5), 0);
    }
}

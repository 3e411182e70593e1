//! Which rows are selected, by number, so that a filter or new rows change nothing about it.

use std::ops::RangeInclusive;

/// The row that the keyboard acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Among the rows that match the filter.
    pub(super) position: u64,
    /// `None` until the page with this position has come.
    pub(super) number: Option<u64>,
}

/// Row numbers. A range from click to Shift+click covers the rows between them that the filter lets through: numbers
/// grow with position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Selection {
    /// Sorted, apart from each other.
    ranges: Vec<RangeInclusive<u64>>,
    anchor: Option<u64>,
    /// The lowest position that was selected from: where a copy starts to read.
    lowest: u64,
}

impl Selection {
    pub(super) fn contains(&self, number: u64) -> bool {
        self.ranges.iter().any(|range| range.contains(&number))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The highest selected number; `None` for an empty selection.
    pub(super) fn last(&self) -> Option<u64> {
        self.ranges.last().map(|range| *range.end())
    }

    pub(super) fn lowest_position(&self) -> u64 {
        self.lowest
    }

    /// So many rows have gone from the beginning.
    pub(super) fn move_up(&mut self, rows: u64) {
        self.lowest = self.lowest.saturating_sub(rows);
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn only(&mut self, number: u64, position: u64) {
        *self = Self { ranges: vec![number..=number], anchor: Some(number), lowest: position };
    }

    pub(super) fn all(&mut self) {
        *self = Self { ranges: vec![0..=u64::MAX], anchor: self.anchor, lowest: 0 };
    }

    /// Everything from the row that was chosen last without Shift up to this one.
    pub(super) fn extend_to(&mut self, number: u64, position: u64) {
        let Some(anchor) = self.anchor else {
            self.only(number, position);
            return;
        };
        self.ranges = vec![anchor.min(number)..=anchor.max(number)];
        self.lowest = self.lowest.min(position);
    }

    /// In or out, the others as they were.
    pub(super) fn toggle(&mut self, number: u64, position: u64) {
        self.anchor = Some(number);
        if let Some(at) = self.ranges.iter().position(|range| range.contains(&number)) {
            let range = self.ranges.remove(at);
            if number < *range.end() {
                self.ranges.insert(at, number + 1..=*range.end());
            }
            if number > *range.start() {
                self.ranges.insert(at, *range.start()..=number - 1);
            }
        } else {
            self.lowest = if self.is_empty() { position } else { self.lowest.min(position) };
            let at = self.ranges.partition_point(|range| *range.end() < number);
            self.ranges.insert(at, number..=number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(selection: &Selection) -> Vec<u64> {
        (0..20).filter(|number| selection.contains(*number)).collect()
    }

    #[test]
    fn shift_selects_from_the_anchor_both_ways() {
        let mut selection = Selection::default();
        selection.only(7, 6);
        selection.extend_to(9, 8);
        assert_eq!(selected(&selection), [7, 8, 9]);
        selection.extend_to(5, 4);
        assert_eq!(selected(&selection), [5, 6, 7]);
        assert_eq!(selection.lowest_position(), 4);
    }

    #[test]
    fn ctrl_puts_in_and_takes_out() {
        let mut selection = Selection::default();
        selection.only(3, 2);
        selection.extend_to(6, 5);
        selection.toggle(4, 3);
        assert_eq!(selected(&selection), [3, 5, 6]);
        selection.toggle(1, 0);
        assert_eq!(selected(&selection), [1, 3, 5, 6]);
        assert_eq!(selection.last(), Some(6));
        for number in [1, 3, 5, 6] {
            selection.toggle(number, 0);
        }
        assert!(selection.is_empty());
    }

    #[test]
    fn all_holds_for_rows_to_come() {
        let mut selection = Selection::default();
        selection.all();
        assert!(selection.contains(u64::MAX));
        selection.toggle(u64::MAX, 0);
        assert!(!selection.contains(u64::MAX) && selection.contains(u64::MAX - 1));
    }
}

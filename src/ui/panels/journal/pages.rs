//! The part of the journal that is at hand, and what to ask the engine for.

use std::ops::Range;
use std::sync::Arc;

use crate::model::{Filter, Page, PageRequest, PageRow};

/// Rows kept on each side of the visible ones.
const MARGIN: u64 = 200;

/// Kept before the visible rows while following: scrolling up needs a few at once.
const MARGIN_FOLLOWING: u64 = 64;

/// Seconds between two looks at rows that come without a pause: nobody reads faster, and a screen reader is told of
/// each row that changes.
const LOOK_EVERY: f64 = 0.1;

/// Seconds after which a request that was not answered (reading failed) is made again.
const PATIENCE: f64 = 1.0;

/// One page, and at most one request for the next.
#[derive(Debug, Default)]
pub(super) struct Pages {
    page: Option<Arc<Page>>,
    outstanding: Option<PageRequest>,
    /// Rows in the journal, from the latest event.
    total: u64,
    /// Rows that have made room for newer ones: where they are as many as came, the total stays the same.
    removed: u64,
    /// What that was when a page was asked for last.
    removed_when_asked: u64,
    asked_at: f64,
    /// The same request would now be answered differently.
    outdated: bool,
    /// The journal was cleared, and a page that was read before may still be on its way.
    confirm: bool,
}

/// What [`Pages::want`] found.
#[derive(Debug, PartialEq)]
pub(super) enum Wanted {
    Nothing,
    Ask(PageRequest),
    /// Not before this many seconds.
    Later(f64),
}

impl Pages {
    /// The rows that match the filter.
    pub(super) fn matches(&self) -> u64 {
        self.page.as_ref().map_or(0, |page| page.matches)
    }

    /// All rows in the journal.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// The highest number of a row, as far as it is known: higher than the total once rows have gone.
    pub(super) fn highest_number(&self) -> u64 {
        let last = self.page.as_ref().and_then(|page| page.rows.last()).map_or(0, |row| row.number);
        last.max(self.total)
    }

    pub(super) fn page(&self) -> Option<&Page> {
        self.page.as_deref()
    }

    /// The row at a position among the matches; `None` while it is not loaded.
    pub(super) fn row(&self, position: u64) -> Option<&PageRow> {
        let page = self.page.as_ref()?;
        page.rows.get(usize::try_from(position.checked_sub(page.first)?).ok()?)
    }

    /// Position of a row among the matches; `None` when it is not loaded.
    pub(super) fn position(&self, number: u64) -> Option<u64> {
        let page = self.page.as_ref()?;
        let index = page.rows.binary_search_by_key(&number, |row| row.number).ok()?;
        Some(page.first + index as u64)
    }

    /// A request waits for its answer.
    pub(super) fn is_asking(&self) -> bool {
        self.outstanding.is_some()
    }

    pub(super) fn recorded(&mut self, total: u64) {
        self.total = total;
    }

    /// So many rows have made room for newer ones.
    pub(super) fn removed(&self) -> u64 {
        self.removed
    }

    pub(super) fn set_removed(&mut self, rows: u64) {
        self.removed = rows;
    }

    pub(super) fn cleared(&mut self) {
        *self = Self { confirm: true, ..Self::default() };
    }

    /// Ask again, though neither the filter nor the rows in view have changed.
    pub(super) fn outdate(&mut self) {
        self.outdated = true;
    }

    /// Takes a page of the filter that is wanted now, and returns how many matches have gone from before the others since
    /// the page before. One of an older filter comes too late.
    pub(super) fn take(&mut self, page: Arc<Page>, filter: &Filter) -> Option<u64> {
        if page.filter != *filter {
            return None;
        }
        let before = self.page.as_ref().filter(|before| before.filter == *filter && before.matches > 0);
        let gone = before.map_or(0, |before| page.gone.saturating_sub(before.gone));
        self.outstanding = None;
        if std::mem::take(&mut self.confirm) {
            self.outdated = true;
        } else {
            self.total = self.total.max(page.total);
        }
        self.page = Some(page);
        Some(gone)
    }

    /// Someone else's answer came: this one's request may have been dropped for it.
    pub(super) fn forget_request(&mut self) {
        self.outstanding = None;
    }

    /// What to ask for to show the `visible` positions, or as many as that from the end.
    pub(super) fn want(&mut self, filter: &Filter, visible: Range<u64>, follow: bool, now: f64) -> Wanted {
        let fits = visible.end.saturating_sub(visible.start);
        let urgent = self.outdated
            || !self.page.as_ref().is_some_and(|page| {
                page.filter == *filter
                    && page.first <= visible.start
                    && visible.end.min(page.matches) <= page.first + page.rows.len() as u64
            });
        // While a filter is being scanned for, pages come by themselves.
        let behind = self
            .page
            .as_ref()
            .is_some_and(|page| page.complete && (page.total != self.total || self.removed != self.removed_when_asked));
        if !urgent && !behind {
            return Wanted::Nothing;
        }
        let request = if follow {
            let count = (fits + MARGIN_FOLLOWING).min(PageRequest::COUNT_MAX as u64) as usize;
            PageRequest { filter: filter.clone(), first: 0, count, from_end: true }
        } else {
            let first = visible.start.saturating_sub(MARGIN);
            let count = (visible.end - first + MARGIN).min(PageRequest::COUNT_MAX as u64) as usize;
            PageRequest { filter: filter.clone(), first, count, from_end: false }
        };
        let patience = self.asked_at + PATIENCE - now;
        if self.outstanding.as_ref() == Some(&request) && !self.outdated && patience > 0.0 {
            return Wanted::Later(patience);
        }
        // The first row after a pause comes at once.
        let wait = self.asked_at + LOOK_EVERY - now;
        if !urgent && (0.0..=LOOK_EVERY).contains(&wait) {
            return Wanted::Later(wait);
        }
        self.asked_at = now;
        self.removed_when_asked = self.removed;
        self.outdated = false;
        self.outstanding = Some(request.clone());
        Wanted::Ask(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> Filter {
        Filter::containing(text)
    }

    fn page(filter: Filter, first: u64, count: u64, matches: u64) -> Arc<Page> {
        let rows = (first..first + count).map(|position| PageRow::made_up(position + 1)).collect();
        let (total, scanned) = (matches, matches);
        Arc::new(Page { filter, first, rows, matches, total, scanned, gone: 0, began_ns: None, complete: true })
    }

    #[test]
    fn asks_once_until_the_answer_comes() {
        let mut pages = Pages::default();
        let all = Filter::default();
        pages.recorded(1000);
        let Wanted::Ask(request) = pages.want(&all, 0..20, true, 0.0) else { panic!("no request") };
        assert!(request.from_end);
        assert_eq!(pages.want(&all, 0..20, true, 0.25), Wanted::Later(0.75));
        assert!(pages.take(page(all.clone(), 916, 84, 1000), &all).is_some());
        assert_eq!(pages.want(&all, 980..1000, true, 0.0), Wanted::Nothing);
        pages.recorded(1001);
        assert_eq!(pages.want(&all, 980..1000, true, 0.05), Wanted::Later(LOOK_EVERY - 0.05));
        assert!(matches!(pages.want(&all, 980..1000, true, 0.11), Wanted::Ask(_)));
        assert!(pages.take(page(all.clone(), 917, 84, 1001), &all).is_some());
        pages.recorded(1002);
        assert!(matches!(pages.want(&all, 981..1001, true, 7.0), Wanted::Ask(_)), "after a pause at once");
    }

    #[test]
    fn asks_again_when_reading_failed() {
        let mut pages = Pages::default();
        let all = Filter::default();
        assert!(matches!(pages.want(&all, 0..20, true, 3.0), Wanted::Ask(_)));
        assert!(matches!(pages.want(&all, 0..20, true, 4.5), Wanted::Ask(_)));
    }

    #[test]
    fn a_page_that_was_read_before_the_clearing_goes() {
        let mut pages = Pages::default();
        let all = Filter::default();
        pages.cleared();
        assert!(matches!(pages.want(&all, 0..20, true, 0.0), Wanted::Ask(_)));
        pages.take(page(all.clone(), 0, 20, 20), &all);
        assert!(matches!(pages.want(&all, 0..20, true, 0.0), Wanted::Ask(_)));
        pages.take(page(all.clone(), 0, 0, 0), &all);
        assert_eq!((pages.matches(), pages.total()), (0, 0));
        assert_eq!(pages.want(&all, 0..20, true, 9.0), Wanted::Nothing);
    }

    #[test]
    fn keeps_two_hundred_rows_around_the_visible_ones() {
        let mut pages = Pages::default();
        let all = Filter::default();
        pages.take(page(all.clone(), 0, 84, 10_000_000), &all);
        let Wanted::Ask(request) = pages.want(&all, 5_000_000..5_000_020, false, 0.0) else { panic!("no request") };
        assert_eq!((request.first, request.count), (4_999_800, 420));
        pages.take(page(all.clone(), request.first, 420, 10_000_000), &all);
        assert_eq!(pages.want(&all, 5_000_150..5_000_170, false, 0.0), Wanted::Nothing);
        assert_eq!(pages.row(5_000_000).map(|row| row.number), Some(5_000_001));
        assert_eq!(pages.position(5_000_001), Some(5_000_000));
        assert!(matches!(pages.want(&all, 5_000_210..5_000_230, false, 0.0), Wanted::Ask(_)));
    }

    #[test]
    fn a_page_of_an_older_filter_comes_too_late() {
        let mut pages = Pages::default();
        assert!(pages.take(page(filter("a"), 0, 1, 1), &filter("a")).is_some());
        assert!(pages.take(page(Filter::default(), 0, 9, 9), &filter("a")).is_none());
        assert_eq!(pages.matches(), 1);
    }

    #[test]
    fn rows_that_have_gone_since_the_page_before_are_counted() {
        let mut pages = Pages::default();
        let all = Filter::default();
        let first_is = |gone| Arc::new(Page { gone, ..(*page(Filter::default(), 0, 3, 3)).clone() });
        assert_eq!(pages.take(first_is(5), &all), Some(0), "there was none before it");
        assert_eq!(pages.take(first_is(9), &all), Some(4));
        assert_eq!(pages.take(Arc::new(Page { filter: filter("a"), ..(*first_is(2)).clone() }), &filter("a")), Some(0));
    }

    #[test]
    fn numbers_are_higher_than_the_count_once_rows_have_gone() {
        let mut pages = Pages::default();
        let all = Filter::default();
        pages.recorded(1000);
        assert_eq!(pages.highest_number(), 1000);
        pages.take(page(all.clone(), 0, 84, 1000), &all);
        assert_eq!(pages.highest_number(), 1000, "rows that are not at hand have higher ones");
        pages.cleared();
        pages.recorded(3);
        let rows = (5_000_001..=5_000_003).map(PageRow::made_up).collect();
        pages.take(Arc::new(Page { rows, ..(*page(all.clone(), 0, 0, 3)).clone() }), &all);
        assert_eq!((pages.total(), pages.highest_number()), (3, 5_000_003));
    }

    #[test]
    fn counts_alone_are_refreshed_now_and_then() {
        let mut pages = Pages::default();
        let all = Filter::default();
        assert!(matches!(pages.want(&all, 0..20, false, 5.0), Wanted::Ask(_)));
        pages.take(page(all.clone(), 0, 420, 1000), &all);
        pages.recorded(1001);
        assert!(matches!(pages.want(&all, 0..20, false, 5.01), Wanted::Later(_)));
        assert!(matches!(pages.want(&all, 0..20, false, 5.2), Wanted::Ask(_)));
    }
}

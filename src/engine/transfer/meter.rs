//! How far a file is, and how fast over the last seconds.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::model::Progress;

/// Time between two reports.
const REPORT: Duration = Duration::from_millis(100);
/// The same while nothing moves.
pub(super) const STALL_REPORT: Duration = Duration::from_secs(1);
/// The rate is over this much of the past.
const WINDOW: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub(super) struct Meter {
    started: Instant,
    size: Option<u64>,
    done: u64,
    last_report: Instant,
    /// What was done at each report, oldest first.
    reports: VecDeque<(Instant, u64)>,
}

impl Meter {
    pub(super) fn new(size: Option<u64>, now: Instant) -> Self {
        Self { started: now, size, done: 0, last_report: now, reports: VecDeque::from([(now, 0)]) }
    }

    /// Counts bytes; a progress to report now and then.
    pub(super) fn add(&mut self, bytes: u64, now: Instant) -> Option<Progress> {
        self.done += bytes;
        self.report_after(REPORT, now)
    }

    /// Nothing moved; a progress to report about once a second, with a rate that falls to 0.
    pub(super) fn idle(&mut self, now: Instant) -> Option<Progress> {
        self.report_after(STALL_REPORT, now)
    }

    /// Starts with what is there already, which took no time.
    pub(super) fn begin_at(&mut self, done: u64, now: Instant) {
        self.done = done;
        self.reports = VecDeque::from([(now, done)]);
    }

    fn report_after(&mut self, pause: Duration, now: Instant) -> Option<Progress> {
        if now.duration_since(self.last_report) < pause {
            return None;
        }
        self.last_report = now;
        self.reports.push_back((now, self.done));
        while self.reports.len() > 2 && self.reports.front().is_some_and(|(at, _)| now.duration_since(*at) > WINDOW) {
            self.reports.pop_front();
        }
        Some(self.progress_at(now))
    }

    pub(super) fn done(&self) -> u64 {
        self.done
    }

    /// Whether anybody was told how far it is.
    pub(super) fn has_reported(&self) -> bool {
        self.last_report != self.started
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    pub(super) fn progress(&self) -> Progress {
        self.progress_at(Instant::now())
    }

    fn progress_at(&self, now: Instant) -> Progress {
        let (since, before) = self.reports.front().copied().unwrap_or((self.started, 0));
        let seconds = now.duration_since(since).as_secs_f64();
        let moved = self.done - before;
        // At least 1 while anything moves: 0 means that nothing does.
        let rate = if seconds > 0.0 { ((moved as f64 / seconds) as u64).max(moved.min(1)) } else { 0 };
        Progress { done: self.done, size: self.size, elapsed: now.duration_since(self.started), rate }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_forgets_and_the_time_left_follows_it() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut meter = Meter::new(Some(100_000), at(0));
        assert_eq!(meter.add(10, at(50)), None, "too early to report");
        let progress = meter.add(9_990, at(1000)).unwrap();
        assert_eq!((progress.done, progress.rate), (10_000, 10_000));
        assert_eq!(progress.left(), Some(Duration::from_secs(9)));
        for second in 2..10 {
            meter.add(1_000, at(second * 1000)).unwrap();
        }
        let progress = meter.add(1_000, at(10_000)).unwrap();
        assert_eq!(progress.rate, 1_000, "the fast first second is over");
        assert_eq!(progress.elapsed, Duration::from_secs(10));
    }

    #[test]
    fn a_stall_is_reported_once_a_second_until_the_rate_is_0_and_after() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut meter = Meter::new(Some(100_000), at(0));
        meter.add(50_000, at(1000)).unwrap();
        let reports: Vec<_> = (11..=70).filter_map(|tenth| Some((tenth, meter.idle(at(tenth * 100))?))).collect();
        assert_eq!(reports.iter().map(|(tenth, _)| *tenth).collect::<Vec<_>>(), [20, 30, 40, 50, 60, 70]);
        let rates: Vec<u64> = reports.iter().map(|(_, progress)| progress.rate).collect();
        assert!(rates.is_sorted_by(|a, b| a >= b), "{rates:?}");
        assert_eq!(rates[3..], [0, 0, 0]);
        assert!(reports[5].1.is_stalled() && reports[5].1.left().is_none());
        let progress = meter.add(1, at(7100)).unwrap();
        assert_eq!((progress.rate, progress.is_stalled()), (1, false));
    }
}

//! What crossed in each of some hundred intervals.

use std::collections::VecDeque;

use super::totals::{BothWays, Flow};
use crate::model::row::Direction;

/// Nanoseconds of an interval, each a multiple of the one before: a millisecond to a thousand days, of which all times
/// that a row can have take 214.
const LENGTHS: [i64; 24] = {
    const MS: i64 = 1_000_000;
    const S: i64 = 1000 * MS;
    const MIN: i64 = 60 * S;
    const H: i64 = 60 * MIN;
    const D: i64 = 24 * H;
    [
        MS,
        2 * MS,
        10 * MS,
        20 * MS,
        100 * MS,
        200 * MS,
        S,
        2 * S,
        10 * S,
        20 * S,
        MIN,
        2 * MIN,
        10 * MIN,
        20 * MIN,
        H,
        2 * H,
        6 * H,
        12 * H,
        D,
        2 * D,
        10 * D,
        20 * D,
        100 * D,
        1000 * D,
    ]
};

/// What crossed over time, in intervals of one length that gets longer with the time that they cover.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// Which of [`LENGTHS`].
    length: usize,
    /// How many intervals after 1970 the first one begins.
    first: i64,
    intervals: VecDeque<BothWays<Flow>>,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Nanoseconds since 1970.
    pub start_ns: i64,
    pub flows: BothWays<Flow>,
}

impl Timeline {
    /// Intervals at most.
    pub const INTERVALS_MAX: usize = 600;

    pub(super) fn add(&mut self, wall_ns: i64, direction: Direction, bytes: u64) {
        while !self.reach(wall_ns) {
            self.coarsen();
        }
        let at = wall_ns.div_euclid(self.length_ns()) - self.first;
        if let Some(interval) = usize::try_from(at).ok().and_then(|at| self.intervals.get_mut(at)) {
            interval.of_mut(direction).add(bytes);
        }
    }

    /// Has an interval for this time; false where there would be too many.
    fn reach(&mut self, wall_ns: i64) -> bool {
        let at = wall_ns.div_euclid(self.length_ns());
        if self.intervals.is_empty() {
            self.first = at;
        }
        let end = self.first + self.intervals.len() as i64;
        let (first, end) = (self.first.min(at), end.max(at + 1));
        if end - first > Self::INTERVALS_MAX as i64 {
            return false;
        }
        while self.first > first {
            self.intervals.push_front(BothWays::default());
            self.first -= 1;
        }
        self.intervals.resize((end - first) as usize, BothWays::default());
        true
    }

    /// Puts neighbours together. The longest ones need never be.
    fn coarsen(&mut self) {
        let factor = LENGTHS[self.length + 1] / LENGTHS[self.length];
        self.length += 1;
        let first = self.first.div_euclid(factor);
        let mut merged: VecDeque<BothWays<Flow>> = VecDeque::new();
        for (at, interval) in (self.first..).zip(&self.intervals) {
            let to = (at.div_euclid(factor) - first) as usize;
            if merged.len() <= to {
                merged.resize(to + 1, BothWays::default());
            }
            merged[to].merge(interval);
        }
        (self.first, self.intervals) = (first, merged);
    }

    /// Nanoseconds of each interval.
    #[must_use]
    pub fn length_ns(&self) -> i64 {
        LENGTHS[self.length]
    }

    /// Seconds of each interval.
    #[must_use]
    pub fn length(&self) -> f64 {
        self.length_ns() as f64 / 1e9
    }

    /// From the first message's to the last one's, without gaps.
    #[must_use]
    pub fn intervals(&self) -> impl ExactSizeIterator<Item = Interval> {
        let (first, length) = (self.first, self.length_ns());
        self.intervals.iter().enumerate().map(move |(at, flows)| Interval {
            // The first interval of all times begins before them.
            start_ns: (first + at as i64).saturating_mul(length),
            flows: *flows,
        })
    }

    /// The interval that this time lies in.
    #[must_use]
    pub fn at(&self, wall_ns: i64) -> Option<Interval> {
        let at = usize::try_from(wall_ns.div_euclid(self.length_ns()) - self.first).ok()?;
        self.intervals().nth(at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_what_is_counted_anew_in_the_end(
            times in prop::collection::vec((any::<i64>(), 0_u32..64, any::<bool>(), 0_u64..9), 1..200),
        ) {
            let mut timeline = Timeline::default();
            for (time, shift, comes_in, bytes) in &times {
                timeline.add(time >> shift, direction(*comes_in), *bytes);
            }
            let length = timeline.length_ns();
            prop_assert!(timeline.intervals().len() <= Timeline::INTERVALS_MAX);
            for (at, interval) in (timeline.first..).zip(timeline.intervals()) {
                for comes_in in [true, false] {
                    let within = times.iter().filter(|(time, shift, way, _)| {
                        (time >> shift).div_euclid(length) == at && *way == comes_in
                    });
                    let bytes: Vec<_> = within.map(|(.., bytes)| *bytes).collect();
                    let flow = interval.flows.of(direction(comes_in));
                    prop_assert_eq!((flow.messages, flow.bytes), (bytes.len() as u64, bytes.iter().sum()));
                }
            }
            let counted: u64 = timeline.intervals().map(|interval| interval.flows.sum().messages).sum();
            prop_assert_eq!(counted, times.len() as u64);
        }
    }

    fn direction(comes_in: bool) -> Direction {
        if comes_in { Direction::In } else { Direction::Out }
    }

    #[test]
    fn each_length_is_a_multiple_of_the_one_before() {
        assert!(LENGTHS.windows(2).all(|two| two[1] > two[0] && two[1] % two[0] == 0));
        let longest = i128::from(LENGTHS[LENGTHS.len() - 1]);
        assert!((1 << 64) / longest + 2 < Timeline::INTERVALS_MAX as i128, "all times fit");
    }

    #[test]
    fn intervals_get_longer_with_the_time_that_they_cover() {
        const S: i64 = 1_000_000_000;
        let mut timeline = Timeline::default();
        timeline.add(10 * S, Direction::In, 5);
        assert_eq!(timeline.length_ns(), S / 1000);
        timeline.add(70 * S, Direction::Out, 7);
        assert_eq!((timeline.length_ns(), timeline.intervals().len()), (S / 5, 301));
        assert_eq!(timeline.at(70 * S + 1).map(|interval| interval.flows.sent.bytes), Some(7));
        assert_eq!(timeline.at(71 * S), None);
        // A clock that was set back.
        timeline.add(-S, Direction::In, 1);
        let first = timeline.intervals().next().unwrap();
        assert_eq!((first.start_ns, first.flows.received.bytes), (-S, 1));
    }
}

//! Where two payloads differ, byte for byte at the same place.

use core::ops::ControlFlow;

/// Bytes that are compared at once where nothing differs.
const BLOCK: usize = 4096;

/// How many bytes differ, counted piece by piece so that no one has to wait for long payloads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    looked_at: usize,
    count: u64,
}

impl Differences {
    /// Those found so far among the bytes that both have.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Looks at up to `budget` bytes more; true once all were looked at. The payloads have to be those of the calls before.
    pub fn go_on(&mut self, one: &[u8], other: &[u8], budget: usize) -> bool {
        let both = one.len().min(other.len());
        let end = self.looked_at.saturating_add(budget).min(both);
        let pieces =
            one[self.looked_at.min(end)..end].chunks(BLOCK).zip(other[self.looked_at.min(end)..end].chunks(BLOCK));
        let differing = |(one, other): (&[u8], &[u8])| {
            // Equal blocks are passed over at the speed of memory.
            if one == other { 0 } else { one.iter().zip(other).filter(|(one, other)| one != other).count() }
        };
        self.count += pieces.map(differing).sum::<usize>() as u64;
        self.looked_at = end;
        end == both
    }
}

/// Whether the byte at this place is another one, or only in one of the two.
#[must_use]
pub fn differs(one: &[u8], other: &[u8], at: usize) -> bool {
    one.get(at) != other.get(at)
}

/// A way from a place to the next run of differing bytes, or back to the one before, gone piece by piece as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    is_forward: bool,
    /// How far it has come: forward the first byte that was not looked at yet, back the one behind it.
    at: usize,
    /// Whether it is within differing bytes, whose end it looks for.
    in_run: bool,
}

impl Search {
    /// To the first differing byte behind the equal ones that follow `at`; from the beginning for `None`. What differs at
    /// `at` itself, and on from there without a gap, is passed over.
    #[must_use]
    pub fn next(at: Option<usize>) -> Self {
        Self { is_forward: true, at: at.unwrap_or(0), in_run: at.is_some() }
    }

    /// To the first byte of the differing ones that come last before `at`.
    #[must_use]
    pub fn previous(at: usize) -> Self {
        Self { is_forward: false, at, in_run: false }
    }

    #[must_use]
    pub fn is_forward(&self) -> bool {
        self.is_forward
    }

    /// Goes on for up to `budget` bytes, at least 1; breaks with what was found, `None` for no such byte. The payloads
    /// have to be those of the calls before.
    pub fn go_on(&mut self, one: &[u8], other: &[u8], budget: usize) -> ControlFlow<Option<usize>> {
        if self.is_forward { self.forward(one, other, budget) } else { self.back(one, other, budget) }
    }

    fn forward(&mut self, one: &[u8], other: &[u8], budget: usize) -> ControlFlow<Option<usize>> {
        let both = one.len().min(other.len());
        let end = self.at.saturating_add(budget).min(both);
        if self.in_run {
            match (self.at..end).find(|at| !differs(one, other, *at)) {
                Some(at) => (self.at, self.in_run) = (at, false),
                // What one has alone goes on with the run.
                None if end == both => return ControlFlow::Break(None),
                None => {
                    self.at = end;
                    return ControlFlow::Continue(());
                }
            }
        }
        while self.at < end {
            let to = (self.at + BLOCK).min(end);
            if one[self.at..to] != other[self.at..to] {
                return ControlFlow::Break((self.at..to).find(|at| differs(one, other, *at)));
            }
            self.at = to;
        }
        if end < both {
            return ControlFlow::Continue(());
        }
        ControlFlow::Break((one.len() != other.len()).then_some(both))
    }

    fn back(&mut self, one: &[u8], other: &[u8], budget: usize) -> ControlFlow<Option<usize>> {
        let (both, longer) = (one.len().min(other.len()), one.len().max(other.len()));
        self.at = self.at.min(longer);
        if self.at > both {
            // What one has alone is a run, or the end of one.
            (self.at, self.in_run) = (both, true);
        }
        let end = self.at.saturating_sub(budget);
        while !self.in_run && self.at > end {
            let from = self.at.saturating_sub(BLOCK).max(end);
            let last = if one[from..self.at] == other[from..self.at] {
                None
            } else {
                (from..self.at).rfind(|at| differs(one, other, *at))
            };
            (self.at, self.in_run) = (last.unwrap_or(from), last.is_some());
        }
        if self.in_run {
            if let Some(before) = (end..self.at).rfind(|at| !differs(one, other, *at)) {
                return ControlFlow::Break(Some(before + 1));
            }
            self.at = end;
        }
        match end {
            0 => ControlFlow::Break(self.in_run.then_some(0)),
            _ => ControlFlow::Continue(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a search comes to, and how many times it goes on for that.
    fn outcome(mut search: Search, one: &[u8], other: &[u8], budget: usize) -> (Option<usize>, usize) {
        let mut times = 1;
        loop {
            match search.go_on(one, other, budget) {
                ControlFlow::Break(found) => return (found, times),
                ControlFlow::Continue(()) => times += 1,
            }
        }
    }

    /// Where runs of differing bytes begin.
    fn runs(one: &[u8], other: &[u8]) -> Vec<usize> {
        let differs = |at: usize| one.get(at) != other.get(at);
        (0..one.len().max(other.len())).filter(|at| differs(*at) && (*at == 0 || !differs(at - 1))).collect()
    }

    #[test]
    fn one_jumps_from_run_to_run() {
        let (one, other) = (&b"abcdefgh"[..], &b"abXXefYhij"[..]);
        let next = |one: &[u8], other: &[u8], at| outcome(Search::next(at), one, other, 100).0;
        let previous = |one: &[u8], other: &[u8], at| outcome(Search::previous(at), one, other, 100).0;
        assert_eq!(next(one, other, None), Some(2));
        assert_eq!(next(one, other, Some(2)), Some(6));
        assert_eq!(next(one, other, Some(3)), Some(6), "from within a run");
        assert_eq!(next(one, other, Some(6)), Some(8), "what one has alone differs too");
        assert_eq!(next(one, other, Some(8)), None);
        assert_eq!(previous(one, other, 9), Some(8));
        assert_eq!(previous(one, other, 8), Some(6));
        assert_eq!(previous(one, other, 6), Some(2));
        assert_eq!(previous(one, other, 2), None);
        assert_eq!((next(b"", b"", None), previous(b"a", b"a", 1)), (None, None));
    }

    #[test]
    fn long_payloads_are_counted_piece_by_piece() {
        let one = vec![7; 3 * BLOCK + 5];
        let mut other = one.clone();
        for at in [0, BLOCK - 1, BLOCK, 3 * BLOCK + 4] {
            other[at] = 8;
        }
        other.push(9);
        let mut differences = Differences::default();
        assert!(!differences.go_on(&one, &other, BLOCK));
        assert_eq!(differences.count(), 2);
        while !differences.go_on(&one, &other, BLOCK) {}
        assert_eq!(differences.count(), 4);
        assert!(differences.go_on(&one, &other, BLOCK));
        assert_eq!(differences.count(), 4);
        let end = 3 * BLOCK + 4;
        assert_eq!(outcome(Search::next(Some(BLOCK)), &one, &other, BLOCK), (Some(end), 3));
        assert_eq!(outcome(Search::next(Some(BLOCK)), &one, &other, usize::MAX), (Some(end), 1));
        assert_eq!(outcome(Search::previous(end), &one, &other, BLOCK), (Some(BLOCK - 1), 3));
        assert_eq!(outcome(Search::next(Some(end)), &one, &other, BLOCK), (None, 1), "the run goes on to the end");
        // Equal bytes and differing ones alike take their time.
        let (same, inverse) = (one.clone(), vec![8; one.len()]);
        for (other, found) in [(&same, None), (&inverse, Some(0))] {
            assert_eq!(outcome(Search::previous(one.len()), &one, other, BLOCK), (found, 4));
        }
        assert_eq!(outcome(Search::next(None), &one, &same, BLOCK), (None, 4));
        assert_eq!(outcome(Search::next(Some(0)), &one, &inverse, BLOCK), (None, 4));
    }

    proptest! {
        #[test]
        fn every_run_is_found_both_ways(
            one in prop::collection::vec(0..2_u8, 0..40),
            other in prop::collection::vec(0..2_u8, 0..40),
            budget in 1..50_usize,
        ) {
            let runs = runs(&one, &other);
            let (mut at, mut forward) = (None, Vec::new());
            while let (Some(next), _) = outcome(Search::next(at), &one, &other, budget) {
                forward.push(next);
                at = Some(next);
            }
            prop_assert_eq!(&forward, &runs);
            let (mut at, mut back) = (one.len().max(other.len()), Vec::new());
            while let (Some(previous), _) = outcome(Search::previous(at), &one, &other, budget) {
                back.push(previous);
                at = previous;
            }
            back.reverse();
            prop_assert_eq!(&back, &runs);
        }
    }
}

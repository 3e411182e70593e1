//! Where two payloads differ, byte for byte at the same place.

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

/// The first differing byte behind the equal ones that follow `at`; from the beginning for `None`. What differs at `at`
/// itself, and on from there without a gap, is passed over.
#[must_use]
pub fn next(one: &[u8], other: &[u8], at: Option<usize>) -> Option<usize> {
    let longer = one.len().max(other.len());
    let start = at.map_or(0, |at| (at..longer).find(|at| !differs(one, other, *at)).unwrap_or(longer));
    let both = one.len().min(other.len());
    let mut from = start;
    while from < both {
        let to = (from + BLOCK).min(both);
        if one[from..to] != other[from..to] {
            return (from..to).find(|at| differs(one, other, *at));
        }
        from = to;
    }
    (from < longer).then_some(from)
}

/// The first byte of the differing ones that come last before `at`.
#[must_use]
pub fn previous(one: &[u8], other: &[u8], at: usize) -> Option<usize> {
    let (both, longer) = (one.len().min(other.len()), one.len().max(other.len()));
    let mut end = at.min(longer);
    while end > 0 && end <= both {
        let from = end.saturating_sub(BLOCK);
        if one[from..end] != other[from..end] {
            break;
        }
        end = from;
    }
    let last = (0..end).rev().find(|at| differs(one, other, *at))?;
    let before = (0..last).rev().find(|at| !differs(one, other, *at));
    Some(before.map_or(0, |before| before + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Where runs of differing bytes begin.
    fn runs(one: &[u8], other: &[u8]) -> Vec<usize> {
        let differs = |at: usize| one.get(at) != other.get(at);
        (0..one.len().max(other.len())).filter(|at| differs(*at) && (*at == 0 || !differs(at - 1))).collect()
    }

    #[test]
    fn one_jumps_from_run_to_run() {
        let (one, other) = (b"abcdefgh", b"abXXefYhij");
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
        assert_eq!(next(&one, &other, Some(BLOCK)), Some(3 * BLOCK + 4));
        assert_eq!(previous(&one, &other, 3 * BLOCK + 4), Some(BLOCK - 1));
    }

    proptest! {
        #[test]
        fn every_run_is_found_both_ways(
            one in prop::collection::vec(0..2_u8, 0..40),
            other in prop::collection::vec(0..2_u8, 0..40),
        ) {
            let runs = runs(&one, &other);
            let (mut at, mut forward) = (None, Vec::new());
            while let Some(next) = next(&one, &other, at) {
                forward.push(next);
                at = Some(next);
            }
            prop_assert_eq!(&forward, &runs);
            let (mut at, mut back) = (one.len().max(other.len()), Vec::new());
            while let Some(previous) = previous(&one, &other, at) {
                back.push(previous);
                at = previous;
            }
            back.reverse();
            prop_assert_eq!(&back, &runs);
        }
    }
}

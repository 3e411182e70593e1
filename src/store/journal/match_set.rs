//! Which rows of a long journal match: a bitmap that can count and find.

/// A growing set of positions, about one bit and an eighth a position whether it matches or not.
#[derive(Clone, Debug, Default)]
pub(super) struct MatchSet {
    words: Vec<u64>,
    /// Matches before each block of [`BLOCK_WORDS`] words.
    before: Vec<u64>,
    len: u64,
    count: u64,
    /// Positions that have gone at the front of those that the words stand for, and the matches among them.
    gone: u64,
    gone_matches: u64,
}

const WORD_BITS: u64 = u64::BITS as u64;
const BLOCK_WORDS: usize = 8;
const BLOCK_BITS: u64 = WORD_BITS * BLOCK_WORDS as u64;

impl MatchSet {
    /// Positions decided so far, without those that have gone.
    pub(super) fn len(&self) -> u64 {
        self.len - self.gone
    }

    /// Matches among them.
    pub(super) fn count(&self) -> u64 {
        self.count - self.gone_matches
    }

    /// The first `positions` are none any more, and what was behind them moves up; returns how many matches go with them.
    pub(super) fn forget(&mut self, positions: u64) -> u64 {
        if positions >= self.len() {
            return std::mem::take(self).count();
        }
        self.gone += positions;
        let gone_matches = self.matches_before(self.gone);
        let forgotten = gone_matches - std::mem::replace(&mut self.gone_matches, gone_matches);
        // Not each time: all that is behind has to be moved.
        if self.gone >= self.len() {
            self.shorten();
        }
        forgotten
    }

    /// Gives back what whole blocks took that are gone.
    fn shorten(&mut self) {
        let blocks = (self.gone / BLOCK_BITS) as usize;
        let Some(matches) = self.before.get(blocks).copied() else { return };
        self.words.drain(..blocks * BLOCK_WORDS);
        self.before.drain(..blocks);
        self.before.iter_mut().for_each(|before| *before -= matches);
        let positions = blocks as u64 * BLOCK_BITS;
        (self.gone, self.len) = (self.gone - positions, self.len - positions);
        (self.gone_matches, self.count) = (self.gone_matches - matches, self.count - matches);
    }

    /// Of the words, whether gone or not.
    fn matches_before(&self, position: u64) -> u64 {
        let block = (position / BLOCK_BITS) as usize;
        let word = (position / WORD_BITS) as usize;
        let whole: u64 = self.words[block * BLOCK_WORDS..word].iter().map(|word| u64::from(word.count_ones())).sum();
        let part = self.words.get(word).map_or(0, |bits| bits & ((1 << (position % WORD_BITS)) - 1));
        self.before.get(block).copied().unwrap_or(self.count) + whole + u64::from(part.count_ones())
    }

    /// Decides the next position.
    pub(super) fn push(&mut self, matches: bool) {
        let bit = self.len % WORD_BITS;
        if bit == 0 {
            if self.words.len().is_multiple_of(BLOCK_WORDS) {
                self.before.push(self.count);
            }
            self.words.push(0);
        }
        if matches && let Some(word) = self.words.last_mut() {
            *word |= 1 << bit;
            self.count += 1;
        }
        self.len += 1;
    }

    /// Matches before this position.
    pub(super) fn rank(&self, position: u64) -> u64 {
        if position >= self.len() {
            return self.count();
        }
        self.matches_before(position + self.gone) - self.gone_matches
    }

    /// Position of the match with this rank, the first being 0.
    pub(super) fn select(&self, rank: u64) -> Option<u64> {
        if rank >= self.count() {
            return None;
        }
        let rank = rank + self.gone_matches;
        let block = self.before.partition_point(|before| *before <= rank).checked_sub(1)?;
        let mut left = rank - self.before[block];
        for (index, word) in self.words.iter().enumerate().skip(block * BLOCK_WORDS) {
            let ones = u64::from(word.count_ones());
            if left < ones {
                let mut word = *word;
                for _ in 0..left {
                    word &= word - 1;
                }
                return Some(index as u64 * WORD_BITS + u64::from(word.trailing_zeros()) - self.gone);
            }
            left -= ones;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_a_plain_list(runs in prop::collection::vec((any::<bool>(), 0_usize..300), 0..30)) {
            let mut set = MatchSet::default();
            let mut model = Vec::new();
            let mut len = 0;
            for (matches, run) in runs {
                for step in 0..run {
                    // Runs of no match, all matches, and every third.
                    let matches = matches && (run % 2 == 0 || step % 3 == 0);
                    set.push(matches);
                    if matches {
                        model.push(len);
                    }
                    len += 1;
                }
            }
            prop_assert_eq!(set.len(), len);
            prop_assert_eq!(set.count(), model.len() as u64);
            for (rank, position) in model.iter().enumerate() {
                prop_assert_eq!(set.select(rank as u64), Some(*position));
                prop_assert_eq!((set.rank(*position), set.rank(*position + 1)), (rank as u64, rank as u64 + 1));
            }
            prop_assert_eq!(set.select(model.len() as u64), None);
        }
    }

    proptest! {
        #[test]
        fn what_has_gone_is_as_if_it_had_never_been(
            steps in prop::collection::vec((0_u64..1500, 0_u64..1500, 1_u64..40), 1..20),
        ) {
            let mut set = MatchSet::default();
            let mut model = std::collections::VecDeque::new();
            for (pushed, forgotten, every) in steps {
                for position in 0..pushed {
                    set.push(position % every == 0);
                    model.push_back(position % every == 0);
                }
                let forgotten = forgotten.min(model.len() as u64);
                let matches = model.drain(..forgotten as usize).filter(|matches| *matches).count();
                prop_assert_eq!(set.forget(forgotten), matches as u64);
                prop_assert_eq!(set.len(), model.len() as u64);
                let positions: Vec<u64> = (0..set.count()).filter_map(|rank| set.select(rank)).collect();
                let expected = model.iter().enumerate().filter(|(_, matches)| **matches);
                for (rank, position) in positions.iter().enumerate() {
                    prop_assert_eq!((set.rank(*position), set.rank(*position + 1)), (rank as u64, rank as u64 + 1));
                }
                prop_assert_eq!(positions, expected.map(|(position, _)| position as u64).collect::<Vec<_>>());
                prop_assert_eq!(set.select(set.count()), None);
            }
        }
    }

    #[test]
    fn what_goes_and_comes_takes_no_more_memory() {
        let mut set = MatchSet::default();
        for _ in 0..100_000 {
            set.push(true);
            set.push(false);
            if set.len() > 10_000 {
                set.forget(2);
            }
        }
        assert!(set.words.len() < 1000, "{} words", set.words.len());
        assert_eq!((set.len(), set.count(), set.select(1)), (10_000, 5_000, Some(2)));
    }

    #[test]
    fn ten_million_positions_fit_in_four_megabytes() {
        let mut set = MatchSet::default();
        for _ in 0..10_000_000 {
            set.push(true);
        }
        let bytes = (set.words.capacity() + set.before.capacity()) * size_of::<u64>();
        assert!(bytes <= 4 << 20, "{bytes} bytes");
        assert_eq!(set.select(9_999_999), Some(9_999_999));
    }
}

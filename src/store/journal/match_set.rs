//! Which rows of a long journal match: a bitmap that can count and find.

/// A growing set of positions, about one bit and an eighth a position whether it matches or not.
#[derive(Clone, Debug, Default)]
pub(super) struct MatchSet {
    words: Vec<u64>,
    /// Matches before each block of [`BLOCK_WORDS`] words.
    before: Vec<u64>,
    len: u64,
    count: u64,
}

const WORD_BITS: u64 = u64::BITS as u64;
const BLOCK_WORDS: usize = 8;

impl MatchSet {
    /// Positions decided so far.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Matches among them.
    pub(super) fn count(&self) -> u64 {
        self.count
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
        if position >= self.len {
            return self.count;
        }
        let (word, bit) = ((position / WORD_BITS) as usize, position % WORD_BITS);
        let block = word / BLOCK_WORDS;
        let whole: u64 = self.words[block * BLOCK_WORDS..word].iter().map(|word| u64::from(word.count_ones())).sum();
        self.before[block] + whole + u64::from((self.words[word] & ((1 << bit) - 1)).count_ones())
    }

    /// Position of the match with this rank, the first being 0.
    pub(super) fn select(&self, rank: u64) -> Option<u64> {
        if rank >= self.count {
            return None;
        }
        let block = self.before.partition_point(|before| *before <= rank).checked_sub(1)?;
        let mut left = rank - self.before[block];
        for (index, word) in self.words.iter().enumerate().skip(block * BLOCK_WORDS) {
            let ones = u64::from(word.count_ones());
            if left < ones {
                let mut word = *word;
                for _ in 0..left {
                    word &= word - 1;
                }
                return Some(index as u64 * WORD_BITS + u64::from(word.trailing_zeros()));
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

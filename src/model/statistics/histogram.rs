//! Values counted in steps that are as fine as the values are small.

/// Steps between a power of two and the next; below [`STEPS`] each value has its own.
const STEPS: u64 = 1 << STEP_BITS;
const STEP_BITS: u32 = 6;

/// Counts of values, each in a step that is at most 1/64 of the value wide: what [`Self::quantile`] tells is off by less
/// than 1 %. All values of 64 bits take 30 KiB.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Up to the largest value's step.
    counts: Vec<u64>,
    count: u64,
    smallest: u64,
    largest: u64,
}

/// Values from a power of two up to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub from: u64,
    /// Included.
    pub to: u64,
    /// Values that are in it.
    pub count: u64,
}

/// The usual ones, and the extremes, which are exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantiles {
    pub smallest: u64,
    pub p50: u64,
    pub p90: u64,
    pub p99: u64,
    pub largest: u64,
}

impl Histogram {
    pub fn add(&mut self, value: u64) {
        let step = step_of(value);
        if self.counts.len() <= step {
            self.counts.resize(step + 1, 0);
        }
        self.counts[step] += 1;
        self.smallest = if self.count == 0 { value } else { self.smallest.min(value) };
        self.largest = self.largest.max(value);
        self.count += 1;
    }

    /// Values that were added.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The value that this share (0 to 1) of the values does not exceed, off by less than 1 %; `None` without values.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<u64> {
        // A share of counts beyond 2^53 is off by as much as the count is.
        let rank = ((self.count as f64 * share).ceil() as u64).clamp(1, self.count.max(1));
        let mut seen = 0;
        let step = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        let (from, to) = bounds(step);
        Some((from + (to - from) / 2).clamp(self.smallest, self.largest))
    }

    #[must_use]
    pub fn quantiles(&self) -> Option<Quantiles> {
        Some(Quantiles {
            smallest: self.smallest,
            p50: self.quantile(0.5)?,
            p90: self.quantile(0.9)?,
            p99: self.quantile(0.99)?,
            largest: self.largest,
        })
    }

    /// From the smallest value's range to the largest one's, the empty ones between included. Zero has one of its own.
    #[must_use]
    pub fn ranges(&self) -> Vec<Range> {
        let mut ranges: Vec<Range> = Vec::new();
        for (step, count) in self.counts.iter().enumerate() {
            let from = bounds(step).0;
            if from < 2 || from.is_power_of_two() {
                let to = if from == 0 { 0 } else { from | (from - 1) };
                ranges.push(Range { from, to, count: 0 });
            }
            if let Some(range) = ranges.last_mut() {
                range.count += count;
            }
        }
        ranges.into_iter().skip_while(|range| range.count == 0).collect()
    }
}

fn step_of(value: u64) -> usize {
    let Some(shift) = value.checked_ilog2().and_then(|bits| bits.checked_sub(STEP_BITS)) else {
        return value as usize;
    };
    // Below 64 × 59.
    (u64::from(shift) * STEPS + (value >> shift)) as usize
}

/// The smallest and the largest value of a step.
fn bounds(step: usize) -> (u64, u64) {
    let step = step as u64;
    let shift = (step / STEPS).saturating_sub(1);
    let from = (step - shift * STEPS) << shift;
    (from, from + ((1 << shift) - 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Of every magnitude.
    fn values() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec((any::<u64>(), 0_u32..64).prop_map(|(value, shift)| value >> shift), 1..300)
    }

    fn filled(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        values.iter().for_each(|value| histogram.add(*value));
        histogram
    }

    proptest! {
        #[test]
        fn quantiles_are_off_by_less_than_a_hundredth(values in values(), share in 0.0_f64..=1.0) {
            let histogram = filled(&values);
            let mut sorted = values.clone();
            sorted.sort_unstable();
            let rank = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len());
            let (exact, told) = (sorted[rank - 1], histogram.quantile(share).unwrap());
            prop_assert!(exact.abs_diff(told) as f64 <= exact as f64 / 128.0, "{told} for {exact}");
        }

        #[test]
        fn each_value_is_in_its_range(values in values()) {
            let ranges = filled(&values).ranges();
            for range in &ranges {
                let within = values.iter().filter(|value| (range.from..=range.to).contains(*value)).count();
                prop_assert_eq!(range.count, within as u64, "{:?}", range);
            }
            prop_assert_eq!(ranges.iter().map(|range| range.count).sum::<u64>(), values.len() as u64);
            prop_assert!(ranges.windows(2).all(|two| two[0].to + 1 == two[1].from));
            prop_assert!(ranges[0].count > 0 && ranges[ranges.len() - 1].count > 0);
        }
    }

    #[test]
    fn small_values_and_extremes_are_exact() {
        let histogram = filled(&[0, 1, 63, 1_000_001]);
        let quantiles = histogram.quantiles().unwrap();
        assert_eq!((quantiles.smallest, quantiles.p50, quantiles.largest), (0, 1, 1_000_001));
        assert_eq!(histogram.quantile(0.75), Some(63));
        assert_eq!(Histogram::default().quantiles(), None);
        assert_eq!(filled(&[1000]).quantile(0.5), Some(1000), "one value is known");
    }

    #[test]
    fn all_values_fit_in_thirty_kilobytes() {
        let histogram = filled(&[u64::MAX]);
        assert!(histogram.counts.len() * size_of::<u64>() <= 30 << 10, "{}", histogram.counts.len());
        assert_eq!(bounds(histogram.counts.len() - 1).1, u64::MAX);
    }
}

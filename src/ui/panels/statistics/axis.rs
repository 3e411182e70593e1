//! Where an axis has marks, and what they say.

use egui_plot::{GridInput, GridMark};
use jiff::tz::TimeZone;

use super::chart::place;
use crate::ui::clock;

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;

/// Seconds between two marks of time.
const STEPS: [f64; 32] = [
    0.001,
    0.002,
    0.005,
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    1.0,
    2.0,
    5.0,
    10.0,
    15.0,
    30.0,
    MINUTE,
    2.0 * MINUTE,
    5.0 * MINUTE,
    15.0 * MINUTE,
    30.0 * MINUTE,
    HOUR,
    2.0 * HOUR,
    3.0 * HOUR,
    6.0 * HOUR,
    12.0 * HOUR,
    DAY,
    2.0 * DAY,
    10.0 * DAY,
    50.0 * DAY,
    200.0 * DAY,
    1000.0 * DAY,
    20_000.0 * DAY,
];

/// Marks that an axis has at most, about.
const MARKS: f64 = 6.0;

/// At round times of the zone, on an axis of seconds since `begins_ns`.
pub(super) fn times(begins_ns: i64, zone: &TimeZone, input: &GridInput) -> Vec<GridMark> {
    let (from, to) = input.bounds;
    let step = STEPS.into_iter().find(|step| *step * MARKS >= to - from).unwrap_or(STEPS[STEPS.len() - 1]);
    let moment = jiff::Timestamp::from_nanosecond(i128::from(begins_ns)).unwrap_or_default();
    let begins = begins_ns as f64 / 1e9 + f64::from(zone.to_offset(moment).seconds());
    let first = ((begins + from) / step).ceil() as i64;
    let last = ((begins + to) / step).floor() as i64;
    (first..=last).map(|at| GridMark { value: at as f64 * step - begins, step_size: step }).collect()
}

/// What such a mark says: the time of day, or the day.
pub(super) fn time(begins_ns: i64, zone: &TimeZone, mark: GridMark) -> String {
    // A mark is off by less than a microsecond: a hundredth of what is written at most.
    let ns = begins_ns.saturating_add((mark.value * 1e6).round() as i64 * 1000);
    let format = match mark.step_size {
        ..1.0 => "%H:%M:%S%.3f",
        1.0..MINUTE => "%H:%M:%S",
        MINUTE..DAY => "%H:%M",
        _ => "%Y-%m-%d",
    };
    clock::written(ns.saturating_add(500), zone, format)
}

/// At powers of ten for times, of two for sizes, on an axis whose steps double; with what they say.
pub(super) fn values(is_time: bool, input: &GridInput) -> Vec<GridMark> {
    let (from, to) = input.bounds;
    let (marks, step_size) = if is_time {
        // Nanoseconds.
        let powers = (0..20).map(|power| place(10_u64.saturating_pow(power))).collect::<Vec<_>>();
        (powers, 10_f64.log2())
    } else {
        let step = ((to - from) / (2.0 * MARKS)).ceil().max(1.0) as usize;
        ((0..64).step_by(step).map(f64::from).collect(), step as f64)
    };
    let within = marks.into_iter().filter(|mark| (from..=to).contains(mark));
    within.map(|value| GridMark { value, step_size }).collect()
}

/// The value at such a mark.
pub(super) fn value(mark: GridMark) -> u64 {
    mark.value.exp2().round() as u64
}

/// On an axis of counts, or of logarithms of them, that goes both ways from 0.
pub(super) fn amounts(is_log: bool, input: &GridInput, base: f64) -> Vec<GridMark> {
    let (from, to) = input.bounds;
    let largest = from.abs().max(to.abs());
    let amounts: Vec<f64> = if is_log {
        let powers = (0..20).map(|power| 10_f64.powi(power).ln_1p() / std::f64::consts::LN_10);
        powers.take_while(|amount| *amount <= largest).collect()
    } else {
        // About four a side.
        let mut step = base.powf((largest / 4.0).max(1.0).log(base).floor());
        while largest / step > 4.0 {
            step *= 2.0;
        }
        (1..=4).map(|at| f64::from(at) * step).take_while(|amount| *amount <= largest).collect()
    };
    let both = amounts.iter().flat_map(|amount| [-amount, *amount]).chain([0.0]);
    both.filter(|amount| (from..=to).contains(amount))
        .map(|value| GridMark { value, step_size: largest / 4.0 })
        .collect()
}

/// The amount at such a mark.
pub(super) fn amount(is_log: bool, mark: GridMark) -> f64 {
    let value = mark.value.abs();
    if is_log { (value * std::f64::consts::LN_10).exp_m1() } else { value }
}

/// Where an amount stands on such an axis.
pub(super) fn height(is_log: bool, amount: f64) -> f64 {
    if is_log { amount.ln_1p() / std::f64::consts::LN_10 } else { amount }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(bounds: (f64, f64)) -> GridInput {
        GridInput { bounds, base_step_size: 1.0 }
    }

    #[test]
    fn times_are_round_where_the_clock_is() {
        // 2026-09-21 14:13:20 UTC, which is 19:58:20 in Nepal.
        let (begins, zone) =
            (1_790_000_000_000_000_000, TimeZone::fixed(jiff::tz::Offset::from_seconds(20_700).unwrap()));
        let words = |bounds| {
            let marks = times(begins, &zone, &input(bounds));
            marks.into_iter().map(|mark| time(begins, &zone, mark)).collect::<Vec<_>>()
        };
        assert_eq!(words((0.0, 3600.0)), ["20:00", "20:15", "20:30", "20:45"]);
        assert_eq!(
            words((0.0, 0.5)),
            ["19:58:20.000", "19:58:20.100", "19:58:20.200", "19:58:20.300", "19:58:20.400", "19:58:20.500"]
        );
        assert!(words((0.0, 5e9)).len() < 8);
    }

    #[test]
    fn marks_of_values_are_what_they_say() {
        let marks = values(true, &input((9.5, 35.0)));
        assert_eq!(
            marks.iter().map(|mark| value(*mark)).collect::<Vec<_>>(),
            [1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000]
        );
        let marks = values(false, &input((-1.0, 16.0)));
        assert_eq!(
            marks.iter().map(|mark| value(*mark)).collect::<Vec<_>>(),
            [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536]
        );
    }

    #[test]
    fn amounts_go_both_ways_and_logarithms_back() {
        for (is_log, largest) in [(false, 7.0), (false, 123_456.0), (true, 5.2)] {
            let marks = amounts(is_log, &input((-largest, largest)), 10.0);
            assert!(marks.len() >= 5 && marks.len() <= 14, "{marks:?}");
            let zero: f64 = marks.iter().map(|mark| mark.value).sum();
            assert!(zero.abs() < 1e-9, "{marks:?}");
        }
        for amount in [0.0, 1.0, 999.0] {
            let mark = GridMark { value: height(true, amount), step_size: 1.0 };
            assert!((super::amount(true, mark) - amount).abs() < 1e-6);
        }
    }
}

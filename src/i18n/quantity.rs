use std::time::Duration;

use super::Language;
use crate::model::Progress;
use crate::tr;

/// Bytes, exactly: `1,048,576 B`.
#[must_use]
pub fn bytes(count: u64) -> String {
    grouped(count) + " B"
}

/// An exact count with its digits in groups: `1,048,576`.
#[must_use]
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3 + 2);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A size to at most three digits in binary units, exact below 1 KiB: `12 B`, `1.21 GiB`.
#[must_use]
pub fn byte_size(count: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut value = count as f64;
    let mut unit = UNITS[0];
    for name in UNITS {
        value /= 1024.0;
        unit = name;
        // 999.5 and more would print as four digits.
        if value < 999.5 {
            break;
        }
    }
    let decimals = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.decimals$} {unit}")
}

/// Bytes a second.
#[must_use]
pub fn rate(language: Language, bytes_a_second: u64) -> String {
    tr!(language, "quantity.rate", size = byte_size(bytes_a_second)).into_owned()
}

/// A span to at most three digits, exact below a millisecond: `41 µs`, `1.21 ms`, `12.0 s`.
#[must_use]
pub fn short_span(span: Duration) -> String {
    let micros = span.as_micros();
    if micros < 1000 {
        return format!("{micros} µs");
    }
    // What would round to four digits goes to the next unit.
    let (value, unit) = if micros < 999_500 { (micros as f64 / 1e3, "ms") } else { (micros as f64 / 1e6, "s") };
    let decimals = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.decimals$} {unit}")
}

/// How fast a file crosses, or that it doesn't.
#[must_use]
pub fn pace(language: Language, progress: &Progress) -> String {
    if progress.is_stalled() { tr!(language, "quantity.stalled").into_owned() } else { rate(language, progress.rate) }
}

/// A span to its two largest units, in whole seconds.
#[must_use]
pub fn duration(language: Language, span: Duration) -> String {
    let seconds = span.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        tr!(language, "quantity.hours", hours = hours, minutes = minutes)
    } else if minutes > 0 {
        tr!(language, "quantity.minutes", minutes = minutes, seconds = seconds)
    } else {
        tr!(language, "quantity.seconds", seconds = seconds)
    }
    .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_by_three() {
        for (count, text) in [(0, "0 B"), (999, "999 B"), (1000, "1,000 B"), (1_048_576, "1,048,576 B")] {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn sizes_have_three_digits_at_most() {
        for (count, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.00 KiB"),
            (10_235, "10.0 KiB"),
            (1_023_500, "0.98 MiB"),
            (1_300_000_000, "1.21 GiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(byte_size(count), text, "{count}");
        }
    }

    #[test]
    fn short_spans_have_three_digits_at_most() {
        for (micros, text) in [
            (0, "0 µs"),
            (999, "999 µs"),
            (1000, "1.00 ms"),
            (41_250, "41.2 ms"),
            (999_400, "999 ms"),
            (999_600, "1.00 s"),
            (12_000_000, "12.0 s"),
        ] {
            assert_eq!(short_span(Duration::from_micros(micros)), text);
        }
    }

    #[test]
    fn a_file_that_does_not_move_is_stalled_unless_it_is_through() {
        let words =
            |done, size, rate| pace(Language::English, &Progress { done, size, elapsed: Duration::from_secs(9), rate });
        assert_eq!(words(5, Some(10), 0), "stalled");
        assert_eq!(words(5, None, 0), "stalled");
        assert_eq!(words(5, Some(10), 2), "2 B/s");
        assert_eq!(words(10, Some(10), 0), "0 B/s");
    }

    #[test]
    fn durations_keep_two_units() {
        let text = |seconds| duration(Language::English, Duration::from_secs(seconds));
        assert_eq!(text(0), "0 s");
        assert_eq!(text(200), "3 min 20 s");
        assert_eq!(text(7_320), "2 h 2 min");
    }
}

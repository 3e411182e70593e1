//! Amounts of bytes for people, the same in every language.

/// Bytes in decimal units (SI: 1 kB is 1000 B) with three significant digits, rounded: `512 B`, `1.2 MB`, `18.4 EB`.
#[must_use]
pub fn format_bytes(n: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if n < 1000 {
        return format!("{n} B");
    }
    let n = u128::from(n);
    let mut scale = 1000_u128;
    for (index, unit) in UNITS.iter().enumerate() {
        // In hundredths of the unit, rounded to three digits.
        let step = match n / scale {
            0..10 => 1,
            10..100 => 10,
            _ => 100,
        };
        let hundredths = (n * 100 + scale * step / 2) / (scale * step) * step;
        // 999.9 kB is 1 MB, not 1000 kB.
        if hundredths < 100_000 || index + 1 == UNITS.len() {
            let (whole, part) = (hundredths / 100, hundredths % 100);
            return match (part / 10, part % 10) {
                (0, 0) => format!("{whole} {unit}"),
                (tenths, 0) => format!("{whole}.{tenths} {unit}"),
                _ => format!("{whole}.{part:02} {unit}"),
            };
        }
        scale *= 1000;
    }
    format!("{n} B")
}

/// Bytes a second: `1.2 MB/s`.
#[must_use]
pub fn format_rate(bytes_per_second: u64) -> String {
    format_bytes(bytes_per_second) + "/s"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_sizes() {
        for (n, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1 kB"),
            (1_234, "1.23 kB"),
            (9_994, "9.99 kB"),
            (9_995, "10 kB"),
            (65_536, "65.5 kB"),
            (999_499, "999 kB"),
            (999_500, "1 MB"),
            (1_200_000, "1.2 MB"),
            (1_073_741_824, "1.07 GB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(format_bytes(n), text, "{n}");
        }
        assert_eq!(format_rate(1_500), "1.5 kB/s");
    }

    proptest! {
        #[test]
        fn within_half_a_percent(n in any::<u64>(), shift in 0..64_u32) {
            let n = n >> shift;
            let text = format_bytes(n);
            let (number, unit) = text.split_once(' ').unwrap();
            let exponent = ["B", "kB", "MB", "GB", "TB", "PB", "EB"].iter().position(|known| *known == unit).unwrap();
            let shown = number.parse::<f64>().unwrap() * 1000_f64.powi(i32::try_from(exponent).unwrap());
            prop_assert!((shown - n as f64).abs() <= n as f64 * 0.0051, "{} for {}", text, n);
            prop_assert!(number.len() <= 4);
        }
    }
}

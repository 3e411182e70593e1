//! Amounts of bytes as people read and write them, the same in every language.

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

/// Units as dd(1) has them: `kB` is 1000, `K` and `KiB` are 1024.
const UNITS: [(&str, u64); 18] = [
    ("", 1),
    ("b", 1),
    ("bytes", 1),
    ("k", 1 << 10),
    ("kib", 1 << 10),
    ("kb", 1_000),
    ("m", 1 << 20),
    ("mib", 1 << 20),
    ("mb", 1_000_000),
    ("g", 1 << 30),
    ("gib", 1 << 30),
    ("gb", 1_000_000_000),
    ("t", 1 << 40),
    ("tib", 1 << 40),
    ("tb", 1_000_000_000_000),
    ("p", 1 << 50),
    ("pib", 1 << 50),
    ("pb", 1_000_000_000_000_000),
];

/// A number of bytes, whole or with a point, with or without a unit of any case: `4096`, `1.5 GiB`, `10 MB`. What is left
/// over of a byte is dropped. `None` for anything else, and for what 64 bits don't hold.
#[must_use]
pub fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = (&text[..end], text[end..].trim().to_ascii_lowercase());
    let (_, size) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.contains('.') || number.ends_with('.') {
        return None;
    }
    // More digits than these say nothing of a unit's bytes.
    let digits = &fraction[..fraction.len().min(15)];
    let parts = 10_u128.pow(u32::try_from(digits.len()).ok()?);
    let fraction = if digits.is_empty() { 0 } else { digits.parse::<u128>().ok()? };
    let whole = whole.parse::<u128>().ok()?.checked_mul(u128::from(size))?;
    u64::try_from(whole.checked_add(fraction * u128::from(size) / parts)?).ok()
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

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("0", 0),
            ("4096", 4096),
            (" 10 MB ", 10_000_000),
            ("10m", 10 << 20),
            ("1.5 GiB", 3 << 29),
            ("0.5k", 512),
            ("1.9999", 1),
            ("16383 PiB", 16383 << 50),
        ] {
            assert_eq!(parse_bytes(text), Some(bytes), "{text}");
        }
        for text in
            ["", "MB", ".5", "5.", "1.2.3", "-1", "1e3", "10 XB", "1,000", "１０", "16384 PiB", "99999999999999999999"]
        {
            assert_eq!(parse_bytes(text), None, "{text}");
        }
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

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            let _ = parse_bytes(&text);
        }

        #[test]
        fn what_is_written_without_a_unit_is_read_back(bytes: u64) {
            prop_assert_eq!(parse_bytes(&bytes.to_string()), Some(bytes));
        }
    }
}

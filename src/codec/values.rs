//! The numbers that bytes may be.

use std::fmt::{Display, LowerExp};

use jiff::Timestamp;

/// A value in both byte orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BothOrders<T> {
    pub little: T,
    pub big: T,
}

/// What the bytes from the first on are as integers and as floating-point numbers of each size that they suffice for, with
/// the names that Rust has for the types.
#[must_use]
pub fn numbers(bytes: &[u8]) -> Vec<(&'static str, BothOrders<String>)> {
    let mut numbers = Vec::new();
    macro_rules! add {
        ($($kind:ident $write:expr),+) => {$(
            if let Some(first) = bytes.first_chunk() {
                let (little, big) = ($kind::from_le_bytes(*first), $kind::from_be_bytes(*first));
                numbers.push((stringify!($kind), BothOrders { little: $write(little), big: $write(big) }));
            }
        )+};
    }
    add!(
        u8 integer, i8 integer, u16 integer, i16 integer, u32 integer, i32 integer, u64 integer, i64 integer,
        f32 float, f64 float
    );
    numbers
}

/// How a moment is written in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnixTime {
    /// Seconds since 1970 in four bytes without a sign: up to 2106.
    Seconds32,
    /// In eight bytes with a sign.
    Seconds64,
    /// Milliseconds since 1970, in eight bytes with a sign.
    Milliseconds,
}

/// What the bytes from the first on are as moments, as far as they suffice; `None` in an order in which they are none from
/// year -9999 to 9999.
#[must_use]
pub fn moments(bytes: &[u8]) -> Vec<(UnixTime, BothOrders<Option<Timestamp>>)> {
    let mut moments = Vec::new();
    if let Some(first) = bytes.first_chunk() {
        let of = |seconds: u32| Timestamp::from_second(seconds.into()).ok();
        let (little, big) = (of(u32::from_le_bytes(*first)), of(u32::from_be_bytes(*first)));
        moments.push((UnixTime::Seconds32, BothOrders { little, big }));
    }
    if let Some(first) = bytes.first_chunk() {
        let both = [i64::from_le_bytes(*first), i64::from_be_bytes(*first)];
        let [little, big] = both.map(|seconds| Timestamp::from_second(seconds).ok());
        moments.push((UnixTime::Seconds64, BothOrders { little, big }));
        let [little, big] = both.map(|milliseconds| Timestamp::from_millisecond(milliseconds).ok());
        moments.push((UnixTime::Milliseconds, BothOrders { little, big }));
    }
    moments
}

fn integer(number: impl Display) -> String {
    number.to_string()
}

/// As short as it can be without another number being meant.
fn float(number: impl Display + LowerExp) -> String {
    let [plain, scientific] = [number.to_string(), format!("{number:e}")];
    // Without a power of ten the largest have three hundred digits.
    if plain.len() > scientific.len() && plain.len() > 16 { scientific } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(bytes: &[u8], kind: &str) -> Option<[String; 2]> {
        let found = numbers(bytes).into_iter().find(|(name, _)| *name == kind)?;
        Some([found.1.little, found.1.big])
    }

    #[test]
    fn bytes_are_read_in_both_orders() {
        let bytes = [0xff, 0xfe, 0, 0, 0, 0, 0, 1, 99];
        for (kind, little, big) in [
            ("u8", "255", "255"),
            ("i8", "-1", "-1"),
            ("u16", "65279", "65534"),
            ("i16", "-257", "-2"),
            ("u32", "65279", "4294836224"),
            ("i32", "65279", "-131072"),
            ("u64", "72057594037993215", "18446181123756130305"),
            ("i64", "72057594037993215", "-562949953421311"),
            ("f32", "9.1475e-41", "NaN"),
            ("f64", "7.291122019662081e-304", "NaN"),
        ] {
            assert_eq!(number(&bytes, kind), Some([little.to_owned(), big.to_owned()]), "{kind}");
        }
        assert_eq!(number(&1.5_f32.to_be_bytes(), "f32").unwrap()[1], "1.5");
        assert_eq!(number(&f64::NEG_INFINITY.to_le_bytes(), "f64").unwrap()[0], "-inf");
    }

    #[test]
    fn what_the_bytes_are_too_few_for_is_left_out() {
        let kinds = |len: usize| numbers(&[0; 8][..len]).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
        assert_eq!(kinds(0), [""; 0]);
        assert_eq!(kinds(1), ["u8", "i8"]);
        assert_eq!(kinds(3), ["u8", "i8", "u16", "i16"]);
        assert_eq!(kinds(7), ["u8", "i8", "u16", "i16", "u32", "i32", "f32"]);
        assert_eq!(kinds(8).len(), 10);
        assert_eq!([3, 4, 7, 8].map(|len| moments(&[0; 8][..len]).len()), [0, 1, 1, 3]);
    }

    #[test]
    fn moments_are_seconds_or_milliseconds_since_1970() {
        let of = |bytes: &[u8], time| {
            let found = moments(bytes).into_iter().find(|(name, _)| *name == time).unwrap().1;
            [found.little, found.big].map(|moment| moment.map(|moment| moment.to_string()).unwrap_or_default())
        };
        let seconds = 1_790_000_000_u32;
        let [little, big] = of(&seconds.to_be_bytes(), UnixTime::Seconds32);
        assert_eq!(big, "2026-09-21T14:13:20Z");
        assert_ne!(little, big);
        let milliseconds = (i64::from(seconds) * 1000 + 381).to_le_bytes();
        assert_eq!(of(&milliseconds, UnixTime::Milliseconds)[0], "2026-09-21T14:13:20.381Z");
        assert_eq!(of(&milliseconds, UnixTime::Seconds64), ["", ""], "beyond every calendar");
        assert_eq!(of(&(-1_i64).to_be_bytes(), UnixTime::Seconds64), ["1969-12-31T23:59:59Z"; 2]);
    }
}

/// One range of a `Range` header, RFC 9110 section 14.1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range {
    From(u64),
    /// Both ends included, and in order.
    Between(u64, u64),
    Last(u64),
}

impl Range {
    /// `None` for several ranges, for other units and for what can't be read: then the header counts as absent.
    pub(super) fn read(header: &str) -> Option<Self> {
        let (first, last) = header.trim().strip_prefix("bytes=")?.split_once('-')?;
        Some(match (first.trim(), last.trim()) {
            ("", last) => Self::Last(number(last)?),
            (first, "") => Self::From(number(first)?),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                if first > last {
                    return None;
                }
                Self::Between(first, last)
            }
        })
    }

    /// Where it begins in a file of this size, and how many bytes it has; `None` when the file has none of them.
    pub(super) fn of(self, size: u64) -> Option<(u64, u64)> {
        let (from, end) = match self {
            Self::From(from) => (from, size),
            Self::Between(first, last) => (first, last.saturating_add(1).min(size)),
            Self::Last(count) => (size.saturating_sub(count), size),
        };
        (from < end).then(|| (from, end - from))
    }
}

/// Digits alone: `parse` takes a plus sign too.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_of_ten_bytes() {
        for (header, expected) in [
            ("bytes=0-0", Some((0, 1))),
            ("bytes=2-5", Some((2, 4))),
            ("bytes=5-99", Some((5, 5))),
            ("bytes=5-", Some((5, 5))),
            ("bytes=-3", Some((7, 3))),
            ("bytes=-99", Some((0, 10))),
            ("bytes=10-", None),
            ("bytes=-0", None),
        ] {
            assert_eq!(Range::read(header).unwrap().of(10), expected, "{header}");
        }
        for wrong in ["bytes=", "bytes=-", "bytes=5-2", "bytes=0-1,3-4", "lines=1-2", "bytes=+1-2", "bytes=a-b"] {
            assert_eq!(Range::read(wrong), None, "{wrong}");
        }
        assert_eq!(Range::From(0).of(0), None);
    }

    proptest! {
        #[test]
        fn a_range_lies_inside(a: u64, b: u64, size: u64) {
            for range in [Range::From(a), Range::Last(a), Range::Between(a.min(b), a.max(b))] {
                if let Some((from, len)) = range.of(size) {
                    prop_assert!(len > 0 && from.checked_add(len).is_some_and(|end| end <= size));
                }
            }
        }
    }
}

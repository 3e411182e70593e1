//! The ports that the system gives out by itself, to whoever binds port 0 or connects without binding.

use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

/// `net.ipv4.ip_local_port_range`, which counts for IPv6 too (ip(7)); `None` where `/proc` doesn't tell.
#[must_use]
pub fn range() -> Option<RangeInclusive<u16>> {
    range_in(Path::new("/proc"))
}

fn range_in(proc: &Path) -> Option<RangeInclusive<u16>> {
    parse(&fs::read_to_string(proc.join("sys/net/ipv4/ip_local_port_range")).ok()?)
}

fn parse(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.trim().split_once(char::is_whitespace)?;
    Some(first.parse().ok()?..=last.trim().parse().ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_range_is_read_as_the_kernel_writes_it() {
        let proc = tempfile::tempdir().unwrap();
        let folder = proc.path().join("sys/net/ipv4");
        fs::create_dir_all(&folder).unwrap();
        assert_eq!(range_in(proc.path()), None);
        for (text, range) in
            [("32768\t60999\n", Some(32_768..=60_999)), ("1024 1024", Some(1024..=1024)), ("1024\n", None)]
        {
            fs::write(folder.join("ip_local_port_range"), text).unwrap();
            assert_eq!(range_in(proc.path()), range, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn two_ports_with_space_between_are_a_range(
            first in any::<u16>(), last in any::<u16>(), space in "[ \t]{1,4}", other in any::<String>(),
        ) {
            prop_assert_eq!(parse(&format!("{first}{space}{last}\n")), Some(first..=last));
            if let Some(range) = parse(&other) {
                prop_assert!(other.contains(&range.start().to_string()) && other.contains(&range.end().to_string()));
            }
        }
    }
}

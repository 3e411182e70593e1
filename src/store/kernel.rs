//! What the kernel allows and has, as far as `/proc/sys` and `/sys` tell.

use core::net::Ipv6Addr;
use std::fs;
use std::path::Path;

use crate::codec::prefix_hash::Hash;

/// The lowest port that is free for all where the kernel doesn't say, ip(7).
const UNPRIVILEGED: u16 = 1024;

/// The lowest TCP or UDP port that can be bound without CAP_NET_BIND_SERVICE (`ip_unprivileged_port_start`, ip-sysctl in
/// the kernel's documentation); 0 where every port can.
#[must_use]
pub fn lowest_unprivileged_port() -> u16 {
    setting("net/ipv4/ip_unprivileged_port_start").and_then(|text| text.parse().ok()).unwrap_or(UNPRIVILEGED)
}

/// Whether the process has CAP_NET_BIND_SERVICE in effect, capabilities(7); true where the system doesn't say. In a user
/// namespace of its own it may have that, and the network it is in be another one's.
#[must_use]
pub fn may_bind_every_port() -> bool {
    /// Its bit, linux/capability.h.
    const NET_BIND_SERVICE: u32 = 10;
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    effective_capabilities(&status).is_none_or(|effective| effective >> NET_BIND_SERVICE & 1 == 1)
}

/// From the text of `/proc/self/status`, proc_pid_status(5).
fn effective_capabilities(status: &str) -> Option<u64> {
    let digits = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(digits.trim(), 16).ok()
}

/// Whether IPv6 is there but switched off (`disable_ipv6`), on every interface or on the one that has this address.
#[must_use]
pub fn ipv6_is_off(address: Ipv6Addr) -> bool {
    let is_off = |interface: &str| setting(&format!("net/ipv6/conf/{interface}/disable_ipv6")).as_deref() == Some("1");
    is_off("all") || address.is_loopback() && is_off("lo")
}

/// Why a kernel has no sockets of IPv6 at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithoutIpv6 {
    /// It was built without, or its module isn't loaded.
    NotLoaded,
    /// `ipv6.disable=1`, said when the machine was started or the module was loaded; it can't be changed later.
    Disabled,
}

/// Why the kernel has no sockets of IPv6; `None` where it has them, or doesn't say.
#[must_use]
pub fn without_ipv6() -> Option<WithoutIpv6> {
    without_ipv6_in(Path::new("/sys/module"))
}

/// From what lies in `/sys/module`, where IPv6 stands whether it is a module or built in (networking/ipv6 in the kernel's
/// documentation).
fn without_ipv6_in(modules: &Path) -> Option<WithoutIpv6> {
    let ipv6 = modules.join("ipv6");
    if !ipv6.exists() {
        return modules.exists().then_some(WithoutIpv6::NotLoaded);
    }
    let disable = fs::read_to_string(ipv6.join("parameters/disable")).ok()?;
    (disable.trim() == "1").then_some(WithoutIpv6::Disabled)
}

/// Whether [::] is for IPv6 alone where nothing else is asked for (`bindv6only`, ipv6(7)).
#[must_use]
pub fn binds_v6_only() -> bool {
    setting("net/ipv6/bindv6only").as_deref() == Some("1")
}

/// Whether the kernel has MPTCP, and it is switched off.
#[must_use]
pub fn mptcp_is_off() -> bool {
    setting("net/mptcp/enabled").as_deref() == Some("0")
}

/// What stands for the time since the machine was started (random(4)); `None` where the system doesn't say.
#[must_use]
pub(super) fn boot_id() -> Option<Hash> {
    setting("kernel/random/boot_id").map(|id| *blake3::hash(id.as_bytes()).as_bytes())
}

/// A setting as sysctl(8) shows it, `net.ipv4.igmp_max_memberships=20`; its name alone where it can't be read.
#[must_use]
pub fn with_value(name: &str) -> String {
    match setting(&name.replace('.', "/")) {
        Some(value) => format!("{name}={value}"),
        None => name.to_owned(),
    }
}

/// Whether a module is loaded, or built in with something to show.
#[must_use]
pub fn has_module(name: &str) -> bool {
    Path::new("/sys/module").join(name).exists()
}

fn setting(path: &str) -> Option<String> {
    fs::read_to_string(Path::new("/proc/sys").join(path)).ok().map(|text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rights_are_found_in_any_text(before in "([A-Za-z]*:?[ \\t]?[0-9a-f]{0,4}\n){0,4}", bits: u64, after in ".{0,9}") {
            prop_assume!(!before.contains("CapEff:"));
            let status = format!("{before}CapEff:\t{bits:016x}\n{after}");
            prop_assert_eq!(effective_capabilities(&status), Some(bits));
            prop_assert_eq!(effective_capabilities(&before), None);
        }
    }

    #[test]
    fn a_kernel_without_ipv6_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let modules = folder.path().join("module");
        assert_eq!(without_ipv6_in(&modules), None, "nothing is told");
        fs::create_dir(&modules).unwrap();
        assert_eq!(without_ipv6_in(&modules), Some(WithoutIpv6::NotLoaded));
        fs::create_dir_all(modules.join("ipv6/parameters")).unwrap();
        assert_eq!(without_ipv6_in(&modules), None, "it is there, and how is not told");
        for (text, expected) in [("0\n", None), ("1\n", Some(WithoutIpv6::Disabled))] {
            fs::write(modules.join("ipv6/parameters/disable"), text).unwrap();
            assert_eq!(without_ipv6_in(&modules), expected, "{text:?}");
        }
    }

    #[test]
    fn rights_are_those_in_effect() {
        let status = "Name:\tsockeye\nCapPrm:\t000001ffffffffff\nCapEff:\t0000000000000400\nCapBnd:\t0\n";
        assert_eq!(effective_capabilities(status), Some(1 << 10));
        for unknown in ["", "CapPrm:\t0000000000000400\n", "CapEff:\tnone\n"] {
            assert_eq!(effective_capabilities(unknown), None, "{unknown}");
        }
    }
}

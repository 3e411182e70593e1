//! Numbers of the protocols above IP.

use core::net::IpAddr;
use std::fmt;
use std::str::FromStr;

/// A protocol number: the IANA's 0 to 255, and the ones that Linux has beyond (MPTCP, 262).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IpProtocol(pub u16);

impl IpProtocol {
    /// IPPROTO_IP: what is usual for the socket's type, ip(7).
    pub const ANY: Self = Self(0);
    pub const ICMP: Self = Self(1);
    pub const IGMP: Self = Self(2);
    pub const TCP: Self = Self(6);
    pub const UDP: Self = Self(17);
    pub const ICMP_V6: Self = Self(58);
    pub const SCTP: Self = Self(132);
    /// RFC 3828; udplite(7).
    pub const UDP_LITE: Self = Self(136);
    /// IPPROTO_RAW: whole packets with their headers, sent only, raw(7).
    pub const RAW: Self = Self(255);
    pub const MPTCP: Self = Self(262);

    /// The names that are read and shown; the first one of a number is shown.
    const NAMES: [(&'static str, u16); 19] = [
        ("icmp", 1),
        ("igmp", 2),
        ("ipip", 4),
        ("tcp", 6),
        ("udp", 17),
        ("dccp", 33),
        ("ipv6", 41),
        ("gre", 47),
        ("esp", 50),
        ("ah", 51),
        ("ipv6-icmp", 58),
        ("icmpv6", 58),
        ("icmp6", 58),
        ("ospf", 89),
        ("pim", 103),
        ("sctp", 132),
        ("udplite", 136),
        ("raw", 255),
        ("mptcp", 262),
    ];
}

/// One of both, in whose packets alone a protocol is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IpVersion {
    V4,
    V6,
}

impl IpVersion {
    /// Whether an address is one of its.
    #[must_use]
    pub fn has(self, address: IpAddr) -> bool {
        address.is_ipv6() == (self == Self::V6)
    }
}

impl IpProtocol {
    /// The version of IP that it belongs to; `None` for one of both. Over the other the kernel sends it all the same, and
    /// nobody answers: what an IPv6 host takes for a ping is ICMPv6 (RFC 4443).
    #[must_use]
    pub fn version(self) -> Option<IpVersion> {
        match self {
            Self::ICMP | Self::IGMP => Some(IpVersion::V4),
            Self::ICMP_V6 => Some(IpVersion::V6),
            _ => None,
        }
    }
}

/// A text that is neither a name nor a number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no IP protocol")]
pub struct UnknownIpProtocol(pub String);

impl FromStr for IpProtocol {
    type Err = UnknownIpProtocol;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::NAMES.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        let numbered = || text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?;
        named.map(|(_, number)| number).or_else(numbered).map(Self).ok_or_else(|| UnknownIpProtocol(text.to_owned()))
    }
}

impl fmt::Display for IpProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMES.into_iter().find(|(_, number)| *number == self.0) {
            Some((name, _)) => f.write_str(name),
            None => self.0.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_and_numbers() {
        for (text, number, shown) in [
            ("icmp", 1, "icmp"),
            ("ICMPv6", 58, "ipv6-icmp"),
            ("1", 1, "icmp"),
            ("253", 253, "253"),
            ("262", 262, "mptcp"),
        ] {
            let protocol: IpProtocol = text.parse().unwrap();
            assert_eq!((protocol.0, protocol.to_string().as_str()), (number, shown), "{text}");
        }
        for text in ["", "ping", "+1", "-1", "65536", " 1"] {
            assert_eq!(text.parse::<IpProtocol>(), Err(UnknownIpProtocol(text.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn every_number_reads_back(number: u16) {
            prop_assert_eq!(IpProtocol(number).to_string().parse(), Ok(IpProtocol(number)));
        }
    }
}

//! Protocol numbers of socket(2).

use std::fmt;
use std::str::FromStr;

/// A protocol by its number: IANA's "Protocol Numbers", and Linux's own beyond 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IpProtocol(pub u16);

impl IpProtocol {
    pub const TCP: Self = Self(6);
    pub const UDP: Self = Self(17);
    /// UDP with checksums over a part of the datagram (RFC 3828).
    pub const UDP_LITE: Self = Self(136);
    /// TCP over several paths (RFC 8684); Linux's number for what is an option of TCP on the wire.
    pub const MPTCP: Self = Self(262);

    /// Those that have a name here, as `/etc/protocols` writes it.
    const NAMED: [(&'static str, Self); 11] = [
        ("icmp", Self(1)),
        ("igmp", Self(2)),
        ("tcp", Self::TCP),
        ("udp", Self::UDP),
        ("dccp", Self(33)),
        ("gre", Self(47)),
        ("esp", Self(50)),
        ("ipv6-icmp", Self(58)),
        ("sctp", Self(132)),
        ("udplite", Self::UDP_LITE),
        ("mptcp", Self::MPTCP),
    ];
}

impl FromStr for IpProtocol {
    type Err = ();

    /// Reads a name or a number.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::NAMED.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        if let Some((_, protocol)) = named {
            return Ok(protocol);
        }
        // `parse` alone would take a sign.
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { text.parse().map(Self).map_err(|_| ()) } else { Err(()) }
    }
}

impl fmt::Display for IpProtocol {
    /// The name, where there is one, else the number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMED.into_iter().find(|(_, protocol)| protocol == self) {
            Some((name, _)) => f.write_str(name),
            None => write!(f, "{}", self.0),
        }
    }
}

//! Socket options by the constants that programs have for them.

use crate::model::{MulticastGroup, OptionValue, Role, SocketOption};

/// A constant of setsockopt(2), whose prefix tells the level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Constant {
    pub(super) name: &'static str,
}

/// Prefix of a constant, Python's name of the level, the level's number on Linux.
const LEVELS: [(&str, &str, i32); 5] = [
    ("SO_", "SOL_SOCKET", 1),
    ("TCP_", "IPPROTO_TCP", 6),
    ("UDP_", "IPPROTO_UDP", 17),
    ("IPV6_", "IPPROTO_IPV6", 41),
    ("IP_", "IPPROTO_IP", 0),
];

/// Linux's numbers of constants that Python's `socket` or socat 1.7 lacks.
const NUMBERS: [(&str, i32, Lack); 9] = [
    ("TCP_USER_TIMEOUT", 18, Lack::Socat),
    ("TCP_CONGESTION", 13, Lack::Socat),
    ("TCP_FASTOPEN", 23, Lack::Socat),
    (FAST_OPEN_CONNECT, 30, Lack::Both),
    ("SO_MARK", 36, Lack::Socat),
    ("IPV6_MULTICAST_HOPS", 18, Lack::Socat),
    ("IPV6_MULTICAST_LOOP", 19, Lack::Socat),
    (MULTICAST_ALL, 49, Lack::Both),
    (MULTICAST_ALL_V6, 29, Lack::Both),
];

/// A client's SYN with data, tcp(7).
const FAST_OPEN_CONNECT: &str = "TCP_FASTOPEN_CONNECT";

/// Whether groups that other sockets of the machine have joined arrive too, ip(7).
const MULTICAST_ALL: &str = "IP_MULTICAST_ALL";
const MULTICAST_ALL_V6: &str = "IPV6_MULTICAST_ALL";

/// Who has no name for it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lack {
    Socat,
    Both,
}

impl Constant {
    fn of(name: &'static str) -> Option<Self> {
        LEVELS.iter().any(|(prefix, ..)| name.starts_with(prefix)).then_some(Self { name })
    }

    /// Python's name of the level.
    pub(super) fn level(self) -> &'static str {
        self.place().1
    }

    pub(super) fn level_number(self) -> i32 {
        self.place().2
    }

    fn place(self) -> (&'static str, &'static str, i32) {
        LEVELS.into_iter().find(|(prefix, ..)| self.name.starts_with(prefix)).unwrap_or(LEVELS[0])
    }

    /// What to set it to for an option of this value.
    pub(super) fn value(self, value: &OptionValue) -> OptionValue {
        match value {
            // A listener's takes a length, and a client's only on and off.
            OptionValue::Number(length) if self.name == FAST_OPEN_CONNECT => OptionValue::Switch(*length != 0),
            value => value.clone(),
        }
    }

    /// The name in Python's `socket`, or else its number.
    pub(super) fn python(self) -> Result<&'static str, i32> {
        let lacking = NUMBERS.into_iter().find(|(name, _, lack)| *name == self.name && *lack == Lack::Both);
        lacking.map_or(Ok(self.name), |(_, number, _)| Err(number))
    }

    /// The name of socat's option, or else the constant's number.
    pub(super) fn socat(self) -> Result<String, i32> {
        let lacking = NUMBERS.into_iter().find(|(name, ..)| *name == self.name);
        lacking.map_or_else(|| Ok(self.name.to_lowercase().replace('_', "-")), |(_, number, _)| Err(number))
    }
}

/// The constants to switch off once groups of these families are joined, so that what is joined is what arrives; before
/// Linux 4.20 there is but the first.
pub(super) fn hearing_others(groups: &[MulticastGroup]) -> impl Iterator<Item = Constant> {
    let names = [(MULTICAST_ALL, true), (MULTICAST_ALL_V6, false)];
    let has = |v4: bool| groups.iter().any(|group| group.group().is_ipv4() == v4);
    names.into_iter().filter(move |(_, v4)| has(*v4)).map(|(name, _)| Constant { name })
}

/// The constant of an option, and the one for IPv6 where that is another; `None` for what no setsockopt(2) sets.
pub(super) fn constants(option: SocketOption, role: Role) -> Option<(Constant, Option<Constant>)> {
    let mut names = option.constant().split(", ");
    let first = match (names.next()?, role) {
        // A listener's queue, and a client's SYN with data: two options of tcp(7) under one name.
        ("TCP_FASTOPEN", Role::Client) => FAST_OPEN_CONNECT,
        (name, _) => name,
    };
    let first = Constant::of(first)?;
    Some((first, names.next().and_then(Constant::of)))
}

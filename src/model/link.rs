//! Addresses on a link, see packet(7).

use std::fmt;

use super::device::InterfaceName;

/// Whom frames of one protocol come from or go to, on the link behind an interface.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LinkAddress {
    /// `None` for whoever is there, and for who has an address that is no Ethernet one.
    pub hardware: Option<HardwareAddress>,
    pub interface: InterfaceName,
    pub ether_type: EtherType,
}

impl LinkAddress {
    /// Without the protocol: `eth0`, `02:00:00:00:00:01%eth0`.
    #[must_use]
    pub fn place(&self) -> String {
        let hardware = self.hardware.map(|address| format!("{address}%")).unwrap_or_default();
        format!("{hardware}{}", self.interface)
    }
}

impl fmt::Display for LinkAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}?proto={}", self.place(), self.ether_type)
    }
}

/// The six bytes that a network card is known by on an Ethernet (MAC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HardwareAddress(pub [u8; 6]);

impl HardwareAddress {
    /// Everybody on the link.
    pub const BROADCAST: Self = Self([0xFF; 6]);

    /// Reads `02:00:00:00:00:01`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut bytes = [0; 6];
        let mut parts = text.split(':');
        for byte in &mut bytes {
            let part = parts.next().filter(|part| part.len() == 2 && !part.starts_with('+'))?;
            *byte = u8::from_str_radix(part, 16).ok()?;
        }
        parts.next().is_none().then_some(Self(bytes))
    }
}

impl fmt::Display for HardwareAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// The number of a protocol that frames carry (IEEE 802.3; linux/if_ether.h). 0x88b5 and 0x88b6 are for experiments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EtherType(pub u16);

impl EtherType {
    /// ETH_P_ALL: frames of every protocol, to receive.
    pub const ALL: Self = Self(3);

    /// Reads `0x88b5`, a decimal number from 1 on, or `all`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("all") {
            return Some(Self::ALL);
        }
        let (digits, radix) = text.strip_prefix("0x").map_or((text, 10), |digits| (digits, 16));
        let number = u16::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with('+'))?;
        (number > 0).then_some(Self(number))
    }
}

impl fmt::Display for EtherType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ALL => f.write_str("all"),
            Self(number) => write!(f, "{number:#06x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_address_and_no_protocol() {
        for text in
            ["", "02:00:00:00:00", "02:00:00:00:00:01:02", "2:0:0:0:0:1", "+2:00:00:00:00:01", "02-00-00-00-00-01"]
        {
            assert_eq!(HardwareAddress::read(text), None, "{text}");
        }
        for text in ["", "0", "0x", "0x0", "65536", "0x10000", "-1", "+1", "0x+1", "ip"] {
            assert_eq!(EtherType::read(text), None, "{text}");
        }
        assert_eq!(EtherType::read("2048").unwrap().to_string(), "0x0800");
        assert_eq!(EtherType::read("ALL"), Some(EtherType::ALL));
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(bytes: [u8; 6], number in 1_u16..) {
            prop_assert_eq!(HardwareAddress::read(&HardwareAddress(bytes).to_string()), Some(HardwareAddress(bytes)));
            prop_assert_eq!(EtherType::read(&EtherType(number).to_string()), Some(EtherType(number)));
        }
    }
}

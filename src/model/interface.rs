//! Network interfaces of this machine.

use core::net::{IpAddr, Ipv4Addr};

/// One interface as getifaddrs(3) tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkInterface {
    pub name: String,
    /// Its number, which scopes of link-local addresses are; 0 where the system doesn't say.
    pub index: u32,
    pub is_up: bool,
    pub is_loopback: bool,
    /// Whether groups can be joined on it.
    pub has_multicast: bool,
    pub addresses: Vec<InterfaceAddress>,
}

/// An address of an interface and the network that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterfaceAddress {
    pub address: IpAddr,
    /// Leading bits that all addresses of the network share.
    pub prefix: u8,
    /// The address that all machines of the network hear, where it has one.
    pub broadcast: Option<Ipv4Addr>,
}

impl NetworkInterface {
    /// An address as it can be bound: a link-local one of IPv6 says nothing without its scope (RFC 4007).
    #[must_use]
    pub fn bindable(&self, address: IpAddr) -> String {
        match address {
            IpAddr::V6(v6) if v6.is_unicast_link_local() => format!("{v6}%{}", self.name),
            _ => address.to_string(),
        }
    }
}

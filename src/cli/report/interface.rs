//! A network interface as JSON.

use core::net::{IpAddr, Ipv4Addr};

use serde::Serialize;

use crate::model::NetworkInterface;

/// One interface; what the system doesn't say is `null`.
#[derive(Serialize)]
pub(super) struct Interface<'a> {
    name: &'a str,
    index: Option<u32>,
    up: bool,
    loopback: bool,
    multicast: bool,
    addresses: Vec<Address>,
}

#[derive(Serialize)]
struct Address {
    address: IpAddr,
    prefix: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    broadcast: Option<Ipv4Addr>,
}

impl<'a> From<&'a NetworkInterface> for Interface<'a> {
    fn from(interface: &'a NetworkInterface) -> Self {
        let addresses = interface.addresses.iter();
        Self {
            name: &interface.name,
            index: (interface.index != 0).then_some(interface.index),
            up: interface.is_up,
            loopback: interface.is_loopback,
            multicast: interface.has_multicast,
            addresses: addresses
                .map(|at| Address { address: at.address, prefix: at.prefix, broadcast: at.broadcast })
                .collect(),
        }
    }
}

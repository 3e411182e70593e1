//! This machine's network interfaces, see getifaddrs(3).

use std::io;
use std::net::IpAddr;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::{InterfaceFlags, if_nametoindex};
use nix::sys::socket::SockaddrStorage;

use crate::model::{InterfaceAddress, NetworkInterface};

/// All of them, in the system's order, with their IP addresses. Doesn't block.
///
/// # Errors
/// Of getifaddrs(3).
pub fn interfaces() -> io::Result<Vec<NetworkInterface>> {
    let mut found: Vec<NetworkInterface> = Vec::new();
    // The system has an entry for each address, and one for each interface's hardware.
    for entry in getifaddrs()? {
        let index = found.iter().position(|known| known.name == entry.interface_name).unwrap_or_else(|| {
            found.push(NetworkInterface {
                index: if_nametoindex(entry.interface_name.as_str()).unwrap_or(0),
                name: entry.interface_name.clone(),
                is_up: entry.flags.contains(InterfaceFlags::IFF_UP),
                is_loopback: entry.flags.contains(InterfaceFlags::IFF_LOOPBACK),
                has_multicast: entry.flags.contains(InterfaceFlags::IFF_MULTICAST),
                addresses: Vec::new(),
            });
            found.len() - 1
        });
        let Some(address) = entry.address.as_ref().and_then(ip) else { continue };
        let has_broadcast = entry.flags.contains(InterfaceFlags::IFF_BROADCAST);
        found[index].addresses.push(InterfaceAddress {
            address,
            prefix: entry.netmask.as_ref().and_then(ip).map_or(0, leading_ones),
            broadcast: match entry.broadcast.as_ref().and_then(ip) {
                Some(IpAddr::V4(broadcast)) if has_broadcast => Some(broadcast),
                _ => None,
            },
        });
    }
    Ok(found)
}

fn ip(storage: &SockaddrStorage) -> Option<IpAddr> {
    if let Some(v4) = storage.as_sockaddr_in() {
        return Some(v4.ip().into());
    }
    storage.as_sockaddr_in6().map(|v6| v6.ip().into())
}

fn leading_ones(mask: IpAddr) -> u8 {
    let ones = match mask {
        IpAddr::V4(mask) => mask.to_bits().leading_ones(),
        IpAddr::V6(mask) => mask.to_bits().leading_ones(),
    };
    // 128 at most.
    ones as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_interface_is_there_with_its_network() {
        let all = interfaces().unwrap();
        let loopback = all.iter().find(|interface| interface.is_loopback).expect("every system has one");
        assert!(loopback.is_up && loopback.index > 0);
        let address =
            loopback.addresses.iter().find(|at| at.address == std::net::Ipv4Addr::LOCALHOST).expect("127.0.0.1");
        assert_eq!((address.prefix, address.broadcast), (8, None));
    }
}

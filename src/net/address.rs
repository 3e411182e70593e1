//! Addresses between the system's form and the model's.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;

use nix::libc;
use nix::net::if_::{if_indextoname, if_nametoindex};
use socket2::SockAddr;

use super::resolve::literal;
use super::sys;
use crate::model::{ContextId, EtherType, HardwareAddress, InterfaceName, LinkAddress, Peer, UnixName, VsockAddress};

/// The system's form.
///
/// # Errors
/// A path that is too long for `sun_path`; an unnamed Unix peer has no address.
pub(super) fn system_address(peer: &Peer) -> io::Result<SockAddr> {
    match peer {
        Peer::Ip(address) | Peer::Host(address) => Ok((*address).into()),
        Peer::Scoped(address) => {
            literal(address).map(SockAddr::from).ok_or_else(|| io::ErrorKind::AddrNotAvailable.into())
        }
        Peer::Vsock(address) => Ok(SockAddr::vsock(address.cid.0, address.port)),
        Peer::Link(LinkAddress { hardware: Some(HardwareAddress(hardware)), interface, ether_type }) => {
            let index = if_nametoindex(interface.name())?;
            Ok(sys::link_address(i32::try_from(index).unwrap_or(i32::MAX), ether_type.0, *hardware))
        }
        // Nobody can be named there.
        Peer::Link(LinkAddress { hardware: None, .. }) => Err(io::ErrorKind::InvalidInput.into()),
        // Its socket is bound to the interface and sends without an address.
        Peer::Can(_) => Err(io::ErrorKind::InvalidInput.into()),
        Peer::Unix(UnixName::Path(path)) => SockAddr::unix(path),
        Peer::Unix(UnixName::Abstract(name)) => {
            // socket2 takes an abstract name as a path with a leading NUL.
            let mut path = vec![0];
            path.extend_from_slice(name);
            SockAddr::unix(OsStr::from_bytes(&path))
        }
        Peer::Unix(UnixName::Unnamed) => Err(io::ErrorKind::InvalidInput.into()),
    }
}

/// The model's form. A dual-stack socket sees IPv4 peers as ::ffff:a.b.c.d; people know them as a.b.c.d.
pub(super) fn peer_of(address: &SockAddr) -> Peer {
    if let Some(address) = address.as_socket() {
        return Peer::Ip(address).canonical();
    }
    #[cfg(target_os = "linux")]
    if let Some((cid, port)) = address.as_vsock_address() {
        return Peer::Vsock(VsockAddress { cid: ContextId(cid), port });
    }
    #[cfg(target_os = "linux")]
    if let Some(interface) = sys::can_interface(address).and_then(interface_name) {
        return Peer::Can(interface);
    }
    #[cfg(target_os = "linux")]
    if let Some(link) = sys::link(address)
        && let Some(interface) = u32::try_from(link.sll_ifindex).ok().and_then(interface_name)
    {
        return Peer::Link(on_link(&link, interface));
    }
    Peer::Unix(unix_name(address))
}

fn on_link(address: &libc::sockaddr_ll, interface: InterfaceName) -> LinkAddress {
    let [a, b, c, d, e, f, ..] = address.sll_addr;
    // What is no Ethernet has longer addresses, or none.
    let hardware = (address.sll_halen == 6).then_some(HardwareAddress([a, b, c, d, e, f]));
    LinkAddress { hardware, interface, ether_type: EtherType(u16::from_be(address.sll_protocol)) }
}

/// Of a raw socket, for which the system fills a port in that means nothing.
pub(super) fn without_port(peer: Peer) -> Peer {
    match peer {
        Peer::Ip(mut address) => {
            address.set_port(0);
            Peer::Host(address)
        }
        other => other,
    }
}

/// By its number, of which 0 is none.
#[cfg(target_os = "linux")]
fn interface_name(index: u32) -> Option<InterfaceName> {
    let name = if_indextoname(index).ok()?;
    InterfaceName::new(name.to_str().ok()?)
}

fn unix_name(address: &SockAddr) -> UnixName {
    if let Some(path) = address.as_pathname() {
        return UnixName::Path(path.to_owned());
    }
    #[cfg(target_os = "linux")]
    if let Some(name) = address.as_abstract_namespace() {
        return UnixName::Abstract(name.to_owned());
    }
    UnixName::Unnamed
}

/// The sender of a frame that a socket bound to `own` received.
pub(super) fn link_sender_of(from: &SockAddr, own: &LinkAddress) -> Option<LinkAddress> {
    sys::link(from).map(|address| on_link(&address, own.interface.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_of_can_is_known_by_its_name() {
        let loopback = nix::net::if_::if_nametoindex("lo").unwrap();
        let named = peer_of(&sys::can_address(loopback.cast_signed()));
        assert_eq!(named, Peer::Can(InterfaceName::new("lo").unwrap()));
        // Bound to none, or to all of them.
        assert_eq!(peer_of(&sys::can_address(0)), Peer::Unix(UnixName::Unnamed));
        let other: std::net::SocketAddr = ([127, 0, 0, 1], 9).into();
        assert_eq!(peer_of(&other.into()), Peer::Ip(other));
    }
}

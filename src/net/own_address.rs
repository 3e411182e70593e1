//! From which of its addresses a socket that has all of them answers.

use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, BorrowedFd};

use nix::libc;
use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrStorage, sendmsg, setsockopt, sockopt};
use socket2::Socket;

/// The address that a datagram came to. A peer that is connected to it hears nothing that leaves from another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnAddress {
    pub(super) ip: IpAddr,
    /// The number of the interface that a link-local address is on; 0 where none is needed.
    pub(super) interface: u32,
}

/// Has the kernel say of each datagram where it came to (IP_PKTINFO, ip(7); IPV6_RECVPKTINFO, ipv6(7)), where the socket is
/// bound to all addresses: one that is bound to a single one sends from that anyway.
pub(super) fn ask_for(socket: &Socket) {
    let bound = socket.local_addr().ok().and_then(|address| address.as_socket());
    let Some(bound) = bound.filter(|bound| bound.ip().to_canonical().is_unspecified()) else { return };
    // An IPv6 socket may speak to IPv4 peers as well.
    let v4 = setsockopt(socket, sockopt::Ipv4PacketInfo, &true);
    let v6 = if bound.is_ipv6() { setsockopt(socket, sockopt::Ipv6RecvPacketInfo, &true) } else { Ok(()) };
    if let Err(error) = v4.and(v6) {
        tracing::debug!(%error, "no IP_PKTINFO");
    }
}

/// sendmsg(2) from this address.
///
/// # Errors
/// One that [`may_be_gone`] takes, where the machine has the address no more; else as those of sending without.
pub(super) fn send(
    socket: BorrowedFd<'_>,
    bytes: &[u8],
    from: OwnAddress,
    to: SocketAddr,
    flags: libc::c_int,
) -> io::Result<usize> {
    let parts = [IoSlice::new(bytes)];
    let send = |beside: ControlMessage<'_>| -> io::Result<usize> {
        let (to, flags) = (SockaddrStorage::from(to), MsgFlags::from_bits_retain(flags));
        Ok(sendmsg(socket.as_raw_fd(), &parts, &[beside], flags, Some(&to))?)
    };
    match from.ip {
        // The route decides on the interface.
        IpAddr::V4(ip) => send(ControlMessage::Ipv4PacketInfo(&libc::in_pktinfo {
            ipi_ifindex: 0,
            ipi_spec_dst: libc::in_addr { s_addr: u32::from_ne_bytes(ip.octets()) },
            ipi_addr: libc::in_addr { s_addr: 0 },
        })),
        IpAddr::V6(ip) => send(ControlMessage::Ipv6PacketInfo(&libc::in6_pktinfo {
            ipi6_addr: libc::in6_addr { s6_addr: ip.octets() },
            ipi6_ifindex: from.interface,
        })),
    }
}

/// Whether this may be what the system says of an address that it doesn't have: kernels differ (Linux's of IPv4 call the
/// network unreachable).
pub(super) fn may_be_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::NetworkUnreachable)
}

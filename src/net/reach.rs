//! Which addresses a datagram socket can send to.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::BorrowedFd;

use socket2::SockRef;

use super::options;

/// The families that a bound socket sends to. The kernel takes a v4-mapped address from an IPv6 socket only where that is
/// no IPV6_V6ONLY one and bound to no address of IPv6 (ipv6(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    V4,
    V6,
    /// An IPv6 socket that sends to both, to IPv4 by v4-mapped addresses.
    Both,
    /// An IPv6 socket that is bound to a v4-mapped address.
    Mapped,
}

impl Reach {
    pub(super) fn of(socket: BorrowedFd<'_>) -> Self {
        if !options::is_v6(socket) {
            return Self::V4;
        }
        let socket = SockRef::from(&socket);
        let bound = socket.local_addr().ok().and_then(|address| address.as_socket_ipv6()).map(|address| *address.ip());
        match bound {
            Some(ip) if ip.to_ipv4_mapped().is_some() => Self::Mapped,
            Some(ip) if !ip.is_unspecified() => Self::V6,
            _ if socket.only_v6().unwrap_or(false) => Self::V6,
            _ => Self::Both,
        }
    }

    /// The address as the socket takes it; `None` where it is of a family that it doesn't send to.
    #[must_use]
    pub fn written(self, address: SocketAddr) -> Option<SocketAddr> {
        let mapped = address.ip().to_canonical();
        match (self, address.ip(), mapped) {
            (Self::V4, _, IpAddr::V4(ip)) => Some(SocketAddr::new(ip.into(), address.port())),
            (Self::Both | Self::Mapped, _, IpAddr::V4(ip)) => {
                Some(SocketAddr::new(ip.to_ipv6_mapped().into(), address.port()))
            }
            (Self::V6 | Self::Both, IpAddr::V6(_), IpAddr::V6(_)) => Some(address),
            _ => None,
        }
    }

    /// The first of a name's addresses that the socket can send to, as it takes it.
    #[must_use]
    pub fn first_of(self, candidates: &[SocketAddr]) -> Option<SocketAddr> {
        candidates.iter().find_map(|candidate| self.written(*candidate))
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsFd;

    use socket2::{Domain, Socket, Type};

    use super::*;

    #[test]
    fn an_address_is_written_in_the_socket_s_family_or_not_at_all() {
        let [v4, v6, mapped] = ["10.0.0.1:9", "[fe80::1%3]:9", "[::ffff:10.0.0.1]:9"].map(|text| text.parse().unwrap());
        for (reach, of_v4, of_v6) in [
            (Reach::V4, Some(v4), None),
            (Reach::V6, None, Some(v6)),
            (Reach::Both, Some(mapped), Some(v6)),
            (Reach::Mapped, Some(mapped), None),
        ] {
            assert_eq!(
                (reach.written(v4), reach.written(v6), reach.written(mapped)),
                (of_v4, of_v6, of_v4),
                "{reach:?}"
            );
        }
        assert_eq!(Reach::V4.first_of(&[v6, v4]), Some(v4));
        assert_eq!(Reach::Both.first_of(&[v6, v4]), Some(v6), "the resolver's order");
        assert_eq!(Reach::V6.first_of(&[v4]), None);
    }

    #[test]
    fn a_socket_reaches_what_the_kernel_lets_it() {
        let bound = |address: &str| UdpSocket::bind(address).unwrap();
        let only_v6 = Socket::new(Domain::IPV6, Type::DGRAM, None).unwrap();
        only_v6.set_only_v6(true).unwrap();
        only_v6.bind(&"[::]:0".parse::<SocketAddr>().unwrap().into()).unwrap();
        let both = Socket::new(Domain::IPV6, Type::DGRAM, None).unwrap();
        both.set_only_v6(false).unwrap();
        both.bind(&"[::]:0".parse::<SocketAddr>().unwrap().into()).unwrap();
        let peers = [bound("127.0.0.1:0"), bound("[::1]:0")].map(|peer| peer.local_addr().unwrap());
        for (socket, reach) in [
            (bound("127.0.0.1:0"), Reach::V4),
            (bound("[::1]:0"), Reach::V6),
            (bound("[::ffff:127.0.0.1]:0"), Reach::Mapped),
            (only_v6.into(), Reach::V6),
            (both.into(), Reach::Both),
        ] {
            assert_eq!(Reach::of(socket.as_fd()), reach);
            for peer in peers {
                if let Some(address) = reach.written(peer) {
                    assert_eq!(socket.send_to(b"x", address).unwrap(), 1, "{reach:?} to {address}");
                }
                let mapped = peer.is_ipv4() && reach == Reach::V6;
                if mapped {
                    socket.send_to(b"x", Reach::Both.written(peer).unwrap()).expect_err("the kernel refuses it");
                }
            }
        }
    }
}

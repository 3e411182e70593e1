//! What a socket is, as the kernel tells it of any descriptor.

use std::fmt;
use std::io;

use nix::libc::{self, c_int};
use socket2::Socket;

use crate::model::{IpProtocol, Protocol};

/// SO_DOMAIN, SO_TYPE and SO_PROTOCOL, socket(7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SocketKind {
    family: c_int,
    kind: c_int,
    protocol: c_int,
}

impl SocketKind {
    /// # Errors
    /// ENOTSOCK: a descriptor of something else.
    pub(super) fn of(socket: &Socket) -> io::Result<Self> {
        Ok(Self {
            kind: socket.r#type()?.into(),
            family: socket.domain()?.into(),
            protocol: socket.protocol()?.map_or(0, c_int::from),
        })
    }

    /// `None` for one that is not served here.
    pub(super) fn transport(self) -> Option<Protocol> {
        Some(match (self.family, self.kind, self.protocol) {
            (libc::AF_INET | libc::AF_INET6, libc::SOCK_STREAM, libc::IPPROTO_TCP | libc::IPPROTO_MPTCP) => {
                Protocol::Tcp
            }
            (libc::AF_INET | libc::AF_INET6, libc::SOCK_DGRAM, libc::IPPROTO_UDP | libc::IPPROTO_UDPLITE) => {
                Protocol::Udp
            }
            (libc::AF_INET | libc::AF_INET6, libc::SOCK_RAW, _) => Protocol::Raw,
            (libc::AF_PACKET, libc::SOCK_DGRAM, _) => Protocol::Packet,
            (libc::AF_UNIX, libc::SOCK_STREAM, _) => Protocol::UnixStream,
            (libc::AF_UNIX, libc::SOCK_DGRAM, _) => Protocol::UnixDatagram,
            (libc::AF_UNIX, libc::SOCK_SEQPACKET, _) => Protocol::UnixSeqpacket,
            (libc::AF_VSOCK, libc::SOCK_STREAM, _) => Protocol::Vsock,
            (libc::AF_CAN, libc::SOCK_RAW, libc::CAN_RAW) => Protocol::Can,
            (libc::AF_CAN, libc::SOCK_DGRAM, libc::CAN_BCM) => Protocol::CanBroadcast,
            (libc::AF_RDS, libc::SOCK_SEQPACKET, _) => Protocol::Rds,
            _ => return None,
        })
    }

    /// What a raw socket carries.
    pub(super) fn carried(self) -> Option<IpProtocol> {
        let number = (self.transport() == Some(Protocol::Raw)).then_some(self.protocol)?;
        u16::try_from(number).ok().map(IpProtocol)
    }
}

/// The families that a user may meet beside those that are served.
const FAMILIES: [(c_int, &str); 12] = [
    (libc::AF_UNIX, "AF_UNIX"),
    (libc::AF_INET, "AF_INET"),
    (libc::AF_INET6, "AF_INET6"),
    (libc::AF_NETLINK, "AF_NETLINK"),
    (libc::AF_PACKET, "AF_PACKET"),
    (libc::AF_RDS, "AF_RDS"),
    (libc::AF_CAN, "AF_CAN"),
    (libc::AF_TIPC, "AF_TIPC"),
    (libc::AF_BLUETOOTH, "AF_BLUETOOTH"),
    (libc::AF_ALG, "AF_ALG"),
    (libc::AF_VSOCK, "AF_VSOCK"),
    (libc::AF_XDP, "AF_XDP"),
];

const TYPES: [(c_int, &str); 5] = [
    (libc::SOCK_STREAM, "SOCK_STREAM"),
    (libc::SOCK_DGRAM, "SOCK_DGRAM"),
    (libc::SOCK_RAW, "SOCK_RAW"),
    (libc::SOCK_RDM, "SOCK_RDM"),
    (libc::SOCK_SEQPACKET, "SOCK_SEQPACKET"),
];

impl fmt::Display for SocketKind {
    /// `AF_PACKET, SOCK_RAW, protocol 3`; what has no name here is its number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |table: &[(c_int, &'static str)], number: c_int, what: &str| {
            let name = table.iter().find(|(known, _)| *known == number).map(|(_, name)| (*name).to_owned());
            name.unwrap_or_else(|| format!("{what} {number}"))
        };
        let (family, kind) = (named(&FAMILIES, self.family, "family"), named(&TYPES, self.kind, "type"));
        write!(f, "{family}, {kind}, protocol {}", self.protocol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(family: c_int, kind: c_int, protocol: c_int) -> SocketKind {
        SocketKind { family, kind, protocol }
    }

    /// Those that no kernel without them opens, and a test of the engine therefore can't.
    #[test]
    fn every_family_type_and_protocol_is_told_from_the_others() {
        for (of, transport) in [
            (kind(libc::AF_CAN, libc::SOCK_RAW, libc::CAN_RAW), Some(Protocol::Can)),
            (kind(libc::AF_CAN, libc::SOCK_DGRAM, libc::CAN_BCM), Some(Protocol::CanBroadcast)),
            (kind(libc::AF_CAN, libc::SOCK_DGRAM, libc::CAN_ISOTP), None),
            (kind(libc::AF_PACKET, libc::SOCK_DGRAM, 0), Some(Protocol::Packet)),
            (kind(libc::AF_PACKET, libc::SOCK_RAW, 0), None),
            (kind(libc::AF_RDS, libc::SOCK_SEQPACKET, 0), Some(Protocol::Rds)),
            (kind(libc::AF_INET6, libc::SOCK_STREAM, libc::IPPROTO_MPTCP), Some(Protocol::Tcp)),
            (kind(libc::AF_INET6, libc::SOCK_DGRAM, libc::IPPROTO_UDPLITE), Some(Protocol::Udp)),
            (kind(libc::AF_INET, libc::SOCK_DGRAM, libc::IPPROTO_ICMP), None),
            (kind(libc::AF_INET, libc::SOCK_SEQPACKET, libc::IPPROTO_SCTP), None),
            (kind(libc::AF_INET6, libc::SOCK_RAW, 200), Some(Protocol::Raw)),
        ] {
            assert_eq!(of.transport(), transport, "{of}");
        }
    }

    #[test]
    fn what_has_no_name_is_its_number() {
        assert_eq!(kind(99, libc::SOCK_RDM, 7).to_string(), "family 99, SOCK_RDM, protocol 7");
        assert_eq!(kind(libc::AF_PACKET, 77, 768).to_string(), "AF_PACKET, type 77, protocol 768");
    }
}

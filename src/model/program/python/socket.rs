//! What sets the sockets of one transport apart in Python.

use core::net::IpAddr;

use super::literal;
use super::options::Known;
use crate::model::program::Recipe;
use crate::model::{
    ContextId, DescriptorName, Endpoint, HardwareAddress, HostPort, IpProtocol, LinkAddress, UnixName, VsockAddress,
};

/// The arguments of `socket.socket`, and what to do with the socket.
#[derive(Debug)]
pub(super) struct Transport {
    /// The constant of the type.
    pub(super) kind: &'static str,
    pub(super) proto: String,
    pub(super) place: Place,
    pub(super) manner: Manner,
}

#[derive(Debug)]
pub(super) enum Place {
    /// The constant of the family, and an expression for the address.
    Known { family: &'static str, address: String },
    /// A name to ask the resolver for.
    Named(HostPort),
    /// It is open already: an expression for its number.
    Open(String),
}

/// How the socket converses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// `listen` and `accept`, or `connect`.
    Connections,
    /// As one or the other of these two, whichever the socket is found to be.
    Adopted,
    /// Each datagram has its sender; a client connects where the recipe says so.
    Datagrams,
    /// Both ends are bound to the same bus.
    Bus,
    /// Both ends are connected to the same bus.
    ConnectedBus,
    /// Each frame names whom it is for; a client is bound to the link and connected to nobody.
    Link,
    /// Datagrams whose client has to bind the address that the peer is reached from, rds(7).
    Routed,
}

impl Transport {
    pub(super) fn of(recipe: &Recipe<'_>) -> Self {
        use Manner::{Adopted, Bus, ConnectedBus, Connections, Datagrams, Link, Routed};
        let target = recipe.target;
        // Zero leaves it to the family.
        let zero = target.options.ip_protocol().map_or_else(|| "0".to_owned(), ip_protocol);
        let (kind, proto, place, manner) = match &target.endpoint {
            Endpoint::Tcp(address) => ("SOCK_STREAM", zero, Place::host(address), Connections),
            Endpoint::Udp(address) => ("SOCK_DGRAM", zero, Place::host(address), Datagrams),
            Endpoint::UnixStream(name) => ("SOCK_STREAM", zero, Place::unix(name), Connections),
            Endpoint::UnixDatagram(name) => ("SOCK_DGRAM", zero, Place::unix(name), Datagrams),
            Endpoint::UnixSeqpacket(name) => ("SOCK_SEQPACKET", zero, Place::unix(name), Connections),
            // Only UDP's have groups.
            Endpoint::Descriptor(name) if !target.groups.is_empty() => {
                ("SOCK_DGRAM", zero, Place::descriptor(name), Datagrams)
            }
            // Only streams have browsers at the other end, or files.
            Endpoint::Descriptor(name) if recipe.shown().is_some() || recipe.folder().is_some() => {
                ("SOCK_STREAM", zero, Place::descriptor(name), Connections)
            }
            Endpoint::Descriptor(name) => ("SOCK_STREAM", zero, Place::descriptor(name), Adopted),
            Endpoint::Raw(address) => {
                ("SOCK_RAW", ip_protocol(address.protocol), Place::host(address.host()), Datagrams)
            }
            // Until it is bound, it hears nothing.
            Endpoint::Packet(address) => ("SOCK_DGRAM", "0".to_owned(), Place::link(address), Link),
            Endpoint::Vsock(address) => ("SOCK_STREAM", zero, Place::vsock(*address), Connections),
            Endpoint::Can(interface) => {
                ("SOCK_RAW", "socket.CAN_RAW".to_owned(), Place::interface(interface.name()), Bus)
            }
            Endpoint::CanBroadcast(interface) => {
                ("SOCK_DGRAM", "socket.CAN_BCM".to_owned(), Place::interface(interface.name()), ConnectedBus)
            }
            Endpoint::Rds(address) => ("SOCK_SEQPACKET", zero, Place::rds(address), Routed),
        };
        Self { kind, proto, place, manner }
    }

    /// `socket.socket(…)`; `family` is an expression.
    pub(super) fn call(&self, family: &str) -> String {
        format!("socket.socket({family}, socket.{}, {})", self.kind, self.proto)
    }

    pub(super) fn known(&self) -> Known {
        let v6 = match self.place {
            Place::Known { family, .. } => Some(family == "AF_INET6"),
            Place::Named(_) | Place::Open(_) => None,
        };
        Known { v6, raw: (self.manner != Manner::Adopted).then_some(self.kind == "SOCK_RAW") }
    }
}

impl Place {
    pub(super) fn host(address: &HostPort) -> Self {
        let HostPort { host, port } = address;
        let (literal, scope) = host.split_once('%').map_or((host.as_str(), None), |(host, scope)| (host, Some(scope)));
        match (literal.parse::<IpAddr>(), scope) {
            (Ok(IpAddr::V4(_)), None) => {
                Self::Known { family: "AF_INET", address: format!("({}, {port})", literal::text(host)) }
            }
            (Ok(IpAddr::V6(_)), None) => {
                Self::Known { family: "AF_INET6", address: format!("({}, {port})", literal::text(host)) }
            }
            (Ok(IpAddr::V6(_)), Some(scope)) => {
                let scope = match scope.parse::<u32>() {
                    Ok(index) => index.to_string(),
                    Err(_) => format!("socket.if_nametoindex({})", literal::text(scope)),
                };
                let address = format!("({}, {port}, 0, {scope})", literal::text(literal));
                Self::Known { family: "AF_INET6", address }
            }
            _ => Self::Named(address.clone()),
        }
    }

    /// The family stays RDS, whatever the name resolves to.
    fn rds(address: &HostPort) -> Self {
        Self::Known { family: "AF_RDS", address: format!("({}, {})", literal::text(&address.host), address.port) }
    }

    fn unix(name: &UnixName) -> Self {
        let address = match name {
            UnixName::Path(path) => unix_name(path.as_os_str().as_encoded_bytes()),
            UnixName::Abstract(name) => unix_name(&[b"\0", name.as_slice()].concat()),
            UnixName::Unnamed => unix_name(b""),
        };
        Self::Known { family: "AF_UNIX", address }
    }

    /// Of packet type and kind of hardware, which stand between, the system asks nothing.
    fn link(LinkAddress { hardware, interface, ether_type }: &LinkAddress) -> Self {
        let hardware = hardware.unwrap_or(HardwareAddress::BROADCAST);
        let name = literal::text(interface.name());
        let address = format!("({name}, {:#06x}, 0, 0, {})", ether_type.0, literal::bytes(&hardware.0));
        Self::Known { family: "AF_PACKET", address }
    }

    fn vsock(address: VsockAddress) -> Self {
        let cid = match address.cid {
            ContextId::ANY => "socket.VMADDR_CID_ANY".to_owned(),
            ContextId::HOST => "socket.VMADDR_CID_HOST".to_owned(),
            ContextId(cid) => cid.to_string(),
        };
        let port = match address.port {
            VsockAddress::ANY_PORT => "socket.VMADDR_PORT_ANY".to_owned(),
            port => port.to_string(),
        };
        Self::Known { family: "AF_VSOCK", address: format!("({cid}, {port})") }
    }

    fn descriptor(name: &DescriptorName) -> Self {
        Self::Open(match name {
            DescriptorName::Number(number) => number.to_string(),
            DescriptorName::Named(name) => {
                // The first one that a service manager passes is 3, sd_listen_fds(3).
                format!("3 + os.environ[\"LISTEN_FDNAMES\"].split(\":\").index({})", literal::text(name))
            }
        })
    }

    fn interface(name: &str) -> Self {
        Self::Known { family: "AF_CAN", address: format!("({},)", literal::text(name)) }
    }
}

/// A name is bytes; Python takes a `str` for one that is text.
fn unix_name(name: &[u8]) -> String {
    match std::str::from_utf8(name) {
        // As people write an abstract name; before a digit it would be another character.
        Ok(text) if text.starts_with('\0') && !text[1..].starts_with(|c: char| c.is_ascii_digit()) => {
            literal::text(&text[1..]).replacen('"', "\"\\0", 1)
        }
        Ok(text) => literal::text(text),
        Err(_) => literal::bytes(name),
    }
}

/// The constant, where every version of Python 3 has it, or else the number.
fn ip_protocol(protocol: IpProtocol) -> String {
    const NAMED: [(u16, &str); 13] = [
        (1, "ICMP"),
        (2, "IGMP"),
        (4, "IPIP"),
        (6, "TCP"),
        (17, "UDP"),
        (41, "IPV6"),
        (47, "GRE"),
        (50, "ESP"),
        (51, "AH"),
        (58, "ICMPV6"),
        (103, "PIM"),
        (132, "SCTP"),
        (255, "RAW"),
    ];
    let named = NAMED.into_iter().find(|(number, _)| *number == protocol.0);
    named.map_or_else(|| protocol.0.to_string(), |(_, name)| format!("socket.IPPROTO_{name}"))
}

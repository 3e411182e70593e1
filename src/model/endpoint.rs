//! Endpoints: what to bind or connect to, with one text form for the window and the command line.

mod local;
mod parse;
mod reached;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use super::address::{HostPort, Peer, RawAddress, UnixName};
use super::descriptor::DescriptorName;
use super::device::{ContextId, InterfaceName, VsockAddress};
use super::ip_protocol::IpProtocol;
use super::link::LinkAddress;
use super::multicast::GroupError;
use super::options::OptionError;
use super::protocol::Protocol;
use crate::codec::compose::Format;
use crate::codec::decode::Decoder;
pub use local::LocalPlace;

/// A transport with its address. A new transport is one variant here and one file in `net`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    Tcp(HostPort),
    Udp(HostPort),
    UnixStream(UnixName),
    UnixDatagram(UnixName),
    UnixSeqpacket(UnixName),
    /// IPv4 or IPv6 packets of one protocol.
    Raw(RawAddress),
    /// Frames of a link, of one protocol or of all.
    Packet(LinkAddress),
    Vsock(VsockAddress),
    /// Frames as they are on the bus.
    Can(InterfaceName),
    /// The kernel's broadcast manager: frames sent again and again, or reported when they change.
    CanBroadcast(InterfaceName),
    /// Reliable datagrams, see rds(7).
    Rds(HostPort),
    /// A descriptor that was there when the program started.
    Descriptor(DescriptorName),
}

impl Endpoint {
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        match self {
            Self::Tcp(_) => Protocol::Tcp,
            Self::Udp(_) => Protocol::Udp,
            Self::UnixStream(_) => Protocol::UnixStream,
            Self::Raw(_) => Protocol::Raw,
            Self::Packet(_) => Protocol::Packet,
            Self::Vsock(_) => Protocol::Vsock,
            Self::Can(_) => Protocol::Can,
            Self::CanBroadcast(_) => Protocol::CanBroadcast,
            Self::Rds(_) => Protocol::Rds,
            Self::UnixDatagram(_) => Protocol::UnixDatagram,
            Self::UnixSeqpacket(_) => Protocol::UnixSeqpacket,
            Self::Descriptor(_) => Protocol::Descriptor,
        }
    }

    /// What a resolver may have to be asked for before a socket can be opened.
    #[must_use]
    pub fn host(&self) -> Option<&HostPort> {
        match self {
            Self::Tcp(address) | Self::Udp(address) | Self::Rds(address) => Some(address),
            Self::Raw(address) => Some(address.host()),
            _ => None,
        }
    }

    /// The port, where to listen at it may take a right; `None` where the choice is the system's. Any user may have those
    /// of RDS.
    #[must_use]
    pub fn restricted_port(&self) -> Option<u32> {
        match self {
            Self::Tcp(address) | Self::Udp(address) => Some(address.port.into()),
            Self::Vsock(address) if address.port != VsockAddress::ANY_PORT => Some(address.port),
            _ => None,
        }
        .filter(|port| *port != 0)
    }

    /// The name in the file system or the abstract one.
    #[must_use]
    pub fn unix_name(&self) -> Option<&UnixName> {
        match self {
            Self::UnixStream(name) | Self::UnixDatagram(name) | Self::UnixSeqpacket(name) => Some(name),
            _ => None,
        }
    }

    /// The socket that was opened for this: of the transport and at the address that the system reports, so that port 0
    /// became a port, a name an address and a descriptor what it really is. A path, an abstract name or a link stays as it
    /// was written. `carried` is what a raw socket carries.
    #[must_use]
    pub fn opened(&self, protocol: Protocol, carried: Option<IpProtocol>, local: &Peer) -> Self {
        match (self, protocol, local) {
            (Self::UnixStream(_) | Self::UnixDatagram(_) | Self::UnixSeqpacket(_) | Self::Packet(_), ..) => {
                self.clone()
            }
            (_, Protocol::Packet, Peer::Link(address)) => Self::Packet(address.clone()),
            (_, Protocol::Raw, Peer::Host(_)) if let Some(carried) = carried => {
                Self::Raw(RawAddress::new(local.to_string(), carried))
            }
            (_, Protocol::Tcp, Peer::Ip(address)) => Self::Tcp((*address).into()),
            (_, Protocol::Udp, Peer::Ip(address)) => Self::Udp((*address).into()),
            (_, Protocol::Rds, Peer::Ip(address)) => Self::Rds((*address).into()),
            (_, Protocol::Vsock, Peer::Vsock(address)) => Self::Vsock(*address),
            (_, Protocol::Can, Peer::Can(interface)) => Self::Can(interface.clone()),
            (_, Protocol::CanBroadcast, Peer::Can(interface)) => Self::CanBroadcast(interface.clone()),
            (_, Protocol::UnixStream, Peer::Unix(name)) => Self::UnixStream(name.clone()),
            (_, Protocol::UnixDatagram, Peer::Unix(name)) => Self::UnixDatagram(name.clone()),
            (_, Protocol::UnixSeqpacket, Peer::Unix(name)) => Self::UnixSeqpacket(name.clone()),
            _ => self.clone(),
        }
    }

    /// Whether nobody but this machine's own programs can reach it.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) | Self::Udp(address) | Self::Rds(address) => address.is_loopback(),
            Self::Raw(address) => address.host().is_loopback(),
            Self::Vsock(address) => address.cid == ContextId::LOCAL,
            Self::Packet(address) => address.interface.name() == "lo",
            Self::UnixStream(_) | Self::UnixDatagram(_) | Self::UnixSeqpacket(_) => true,
            // Whether the bus has a wire, the name doesn't tell; what a descriptor is bound to is known once it is open.
            Self::Can(_) | Self::CanBroadcast(_) | Self::Descriptor(_) => true,
        }
    }

    /// What the bytes of its datagrams are, for a socket that is bound to `local`.
    #[must_use]
    pub fn decoder(&self, local: &Peer) -> Decoder {
        match (self, local) {
            (Self::Can(_), _) => Decoder::CanFrame,
            (Self::CanBroadcast(_), _) => Decoder::CanBroadcast,
            // A raw IPv4 socket returns the packet with its header, an IPv6 one without, raw(7) and ipv6(7).
            (Self::Raw(asked), Peer::Host(address)) if address.is_ipv4() => {
                // No protocol above IP has a number beyond a byte.
                u8::try_from(asked.protocol.0).map_or(Decoder::Text, |protocol| Decoder::Ipv4 { protocol })
            }
            (Self::Raw(address), _) if address.protocol == IpProtocol::ICMP_V6 => Decoder::IcmpV6,
            _ => Decoder::Text,
        }
    }

    /// The ways to write a message for it, the most fitting one first.
    #[must_use]
    pub fn formats(&self) -> &'static [Format] {
        let carried = match self {
            Self::Raw(address) => Some(address.protocol),
            _ => None,
        };
        self.protocol().formats(carried)
    }

    /// Builds an endpoint from the two fields of a form. The second one is a port, or a raw socket's protocol; transports
    /// that need none leave it unread.
    ///
    /// # Errors
    /// [`EndpointError`] names the field that can't be right.
    pub fn from_fields(protocol: Protocol, address: &str, second: &str) -> Result<Self, EndpointError> {
        let (address, second) = (address.trim(), second.trim());
        Ok(match protocol {
            Protocol::Tcp => Self::Tcp(parse::host_and_port(address, second)?),
            Protocol::Udp => Self::Udp(parse::host_and_port(address, second)?),
            Protocol::Rds => Self::Rds(parse::host_and_port(address, second)?),
            Protocol::UnixStream => Self::UnixStream(parse::unix_name(address)?),
            Protocol::UnixDatagram => Self::UnixDatagram(parse::unix_name(address)?),
            Protocol::UnixSeqpacket => Self::UnixSeqpacket(parse::unix_name(address)?),
            Protocol::Descriptor => Self::Descriptor(parse::descriptor(address)?),
            Protocol::Raw => Self::Raw(parse::raw_address(address, second)?),
            Protocol::Packet => Self::Packet(parse::link_address(address, second)?),
            Protocol::Vsock => Self::Vsock(parse::vsock_address(address, second)?),
            Protocol::Can => Self::Can(parse::interface(address)?),
            Protocol::CanBroadcast => Self::CanBroadcast(parse::interface(address)?),
        })
    }

    /// Addresses that commas separate, names among them, to send to beside or instead of this endpoint: those without a
    /// port of their own have this one's.
    ///
    /// # Errors
    /// Of the first that is none, or has port 0; transports without ports have no such addresses.
    pub fn addresses(&self, text: &str) -> Result<Vec<HostPort>, EndpointError> {
        let addresses = parse::addresses(text, self.host().ok_or(EndpointError::NoPort)?.port)?;
        if addresses.iter().any(|address| address.port == 0) { Err(EndpointError::PortZero) } else { Ok(addresses) }
    }

    /// The two fields of a form.
    #[must_use]
    pub fn fields(&self) -> (String, String) {
        match self {
            Self::Tcp(address) | Self::Udp(address) | Self::Rds(address) => {
                (address.host.clone(), address.port.to_string())
            }
            Self::Raw(address) => (address.host().host.clone(), address.protocol.to_string()),
            Self::Packet(address) => (address.place(), address.ether_type.to_string()),
            Self::Vsock(address) => {
                let text = address.to_string();
                text.split_once(':').map_or_else(Default::default, |(cid, port)| (cid.to_owned(), port.to_owned()))
            }
            _ => (self.address(), String::new()),
        }
    }

    /// The address without its scheme.
    #[must_use]
    pub fn address(&self) -> String {
        match self {
            Self::Tcp(address) | Self::Udp(address) | Self::Rds(address) => address.to_string(),
            Self::UnixStream(name) | Self::UnixDatagram(name) | Self::UnixSeqpacket(name) => name.to_string(),
            Self::Raw(address) => address.to_string(),
            Self::Packet(address) => address.to_string(),
            Self::Vsock(address) => address.to_string(),
            Self::Can(interface) | Self::CanBroadcast(interface) => interface.to_string(),
            Self::Descriptor(name) => name.to_string(),
        }
    }

    /// Reads an endpoint whose query has been split off. What of the query belongs to the address is taken out of it.
    pub(super) fn read(text: &str, query: &str) -> Result<(Self, String), EndpointError> {
        let (protocol, rest) = parse::scheme(text.trim())?;
        let after_slashes = rest.strip_prefix("//").unwrap_or(rest);
        let (protocols, query): (Vec<_>, Vec<_>) =
            query.split('&').partition(|pair| protocol.carries_any() && pair.split('=').next() == Some("proto"));
        if let [first, second, ..] = protocols[..] {
            return Err(OptionError::Twice { first: first.to_owned(), second: second.to_owned() }.into());
        }
        let carried = protocols.last().and_then(|pair| pair.split_once('=')).map_or("", |(_, carried)| carried);
        let without_slash = after_slashes.strip_suffix('/').unwrap_or(after_slashes);
        let endpoint = match protocol {
            Protocol::Tcp => Self::Tcp(parse::host_port(after_slashes)?),
            Protocol::Udp => Self::Udp(parse::host_port(after_slashes)?),
            Protocol::Rds => Self::Rds(parse::host_port(after_slashes)?),
            Protocol::UnixStream => Self::UnixStream(parse::unix_url(rest)?),
            Protocol::UnixDatagram => Self::UnixDatagram(parse::unix_url(rest)?),
            Protocol::UnixSeqpacket => Self::UnixSeqpacket(parse::unix_url(rest)?),
            Protocol::Descriptor => Self::Descriptor(parse::descriptor(after_slashes)?),
            Protocol::Raw => Self::Raw(parse::raw_address(without_slash, carried)?),
            Protocol::Packet => Self::Packet(parse::link_address(without_slash, carried)?),
            Protocol::Vsock => {
                let (cid, port) = after_slashes.rsplit_once(':').ok_or(EndpointError::NoPort)?;
                Self::Vsock(parse::vsock_address(cid, port)?)
            }
            Protocol::Can => Self::Can(parse::interface(after_slashes)?),
            Protocol::CanBroadcast => Self::CanBroadcast(parse::interface(after_slashes)?),
        };
        Ok((endpoint, query.join("&")))
    }
}

/// Why an endpoint text or form can't be right. Faces put it into words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    #[error("no scheme, such as tcp://")]
    NoScheme,
    #[error("unknown scheme {0:?}")]
    UnknownScheme(String),
    #[error("no host")]
    EmptyHost,
    #[error("{0:?} can't be a host")]
    BadHost(String),
    #[error("no port")]
    NoPort,
    #[error("port {0:?} is not a number from 0 to 65535")]
    BadPort(String),
    #[error("no path")]
    EmptyPath,
    #[error("a Unix socket's path has at most {max} bytes, this one has {len}", max = UNIX_PATH_MAX)]
    PathTooLong { len: usize },
    #[error("no abstract name")]
    EmptyAbstractName,
    #[error("an abstract name has at most {max} bytes, this one has {len}", max = UNIX_PATH_MAX)]
    AbstractNameTooLong { len: usize },
    #[error("a Unix socket's path can't contain a NUL")]
    PathWithNul,
    #[error("no descriptor")]
    EmptyDescriptor,
    #[error("{0:?} is neither a descriptor's number nor a name")]
    BadDescriptor(String),
    #[error("no protocol above IP")]
    NoIpProtocol,
    #[error("{0:?} is no protocol above IP")]
    BadIpProtocol(String),
    #[error("no interface")]
    EmptyInterface,
    #[error("{0:?} can't be an interface")]
    BadInterface(String),
    /// The hardware address of somebody on a link, which could be any.
    #[error("{0:?} needs an interface after %")]
    NoInterfaceBeside(String),
    #[error("{0:?} is no hardware address")]
    BadHardwareAddress(String),
    #[error("no EtherType")]
    NoEtherType,
    #[error("{0:?} is no EtherType")]
    BadEtherType(String),
    #[error("no machine")]
    EmptyMachine,
    #[error("{0:?} is no machine: write any, local, host or a number")]
    BadMachine(String),
    #[error("port {0:?} is not a number from 0 to 4294967294")]
    BadVsockPort(String),
    #[error("nothing can be connected to at port 0")]
    PortZero,
    /// Written for VMADDR_PORT_ANY, vsock(7), whose ports are longer numbers.
    #[error("nothing can be connected to at port 0")]
    VsockPortZero,
    /// VMADDR_CID_ANY is none to connect to, vsock(7).
    #[error("any stands for this machine's own numbers, to listen at")]
    AnyMachine,
    #[error("{0:?} is no local address")]
    NotLocal(String),
    #[error("{0} is of the other family of addresses")]
    OtherFamily(String),
    #[error("no local address is bound before connecting")]
    NoLocalPlace,
    #[error(transparent)]
    Option(#[from] OptionError),
    #[error(transparent)]
    Group(#[from] GroupError),
}

/// Bytes of `sun_path` less the closing NUL, see unix(7).
pub const UNIX_PATH_MAX: usize = 107;

impl FromStr for Endpoint {
    type Err = EndpointError;

    /// Reads `tcp://127.0.0.1:9000`, `udp://[::1]:9000`, `unix:/run/x.sock`, `unix-dgram:@name`, `fd://3`,
    /// `raw://127.0.0.1?proto=icmp`; socket options in the query are left to [`super::Target`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        Self::read(address, query).map(|(endpoint, _)| endpoint)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.protocol().with_scheme(&self.address()))
    }
}

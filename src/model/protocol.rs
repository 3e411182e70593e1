//! The transports by name, and what sets them apart.

use super::ip_protocol::IpProtocol;
use crate::codec::compose::Format;
use crate::codec::icmp::Version;

/// A transport without its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Protocol {
    #[default]
    Tcp,
    Udp,
    UnixStream,
    UnixDatagram,
    UnixSeqpacket,
    Raw,
    Packet,
    Vsock,
    Can,
    CanBroadcast,
    Rds,
    /// A descriptor that somebody else opened: what it really is, is known once it has been adopted.
    Descriptor,
}

/// How what is sent arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Over a connection, in order and whole, without message borders: files can follow, either side can finish sending.
    Stream,
    /// Over a connection, in order and whole, each send by itself: either side can finish sending.
    Messages,
    /// Each send by itself, whole or not at all, without a connection.
    Datagrams,
}

/// How the address is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AddressForm {
    /// A host and a port.
    HostPort,
    /// A path in the file system, or an abstract name after `@`.
    Path,
    /// A host and a protocol above IP.
    HostProtocol,
    /// An interface, whom to send to on it, and a protocol above the link.
    Link,
    /// A machine and a port.
    MachinePort,
    /// The name of a network interface.
    Interface,
    /// A descriptor's number or name.
    Descriptor,
}

/// What is asked for beside the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondField {
    Port,
    IpProtocol,
    EtherType,
}

/// All that is fixed for a transport.
struct Traits {
    scheme: &'static str,
    delivery: Delivery,
    address: AddressForm,
}

impl Protocol {
    /// In the order that menus list them.
    pub const ALL: [Self; 12] = [
        Self::Tcp,
        Self::Udp,
        Self::UnixStream,
        Self::UnixDatagram,
        Self::UnixSeqpacket,
        Self::Raw,
        Self::Packet,
        Self::Vsock,
        Self::Can,
        Self::CanBroadcast,
        Self::Rds,
        Self::Descriptor,
    ];

    const fn traits(self) -> Traits {
        use AddressForm::{HostPort, HostProtocol, Interface, Link, MachinePort, Path};
        use Delivery::{Datagrams, Messages, Stream};
        let (scheme, delivery, address) = match self {
            Self::Tcp => ("tcp", Stream, HostPort),
            Self::Udp => ("udp", Datagrams, HostPort),
            Self::UnixStream => ("unix", Stream, Path),
            Self::UnixDatagram => ("unix-dgram", Datagrams, Path),
            Self::UnixSeqpacket => ("unix-seqpacket", Messages, Path),
            Self::Raw => ("raw", Datagrams, HostProtocol),
            Self::Packet => ("packet", Datagrams, Link),
            Self::Vsock => ("vsock", Stream, MachinePort),
            Self::Can => ("can", Datagrams, Interface),
            Self::CanBroadcast => ("can-bcm", Datagrams, Interface),
            Self::Rds => ("rds", Datagrams, HostPort),
            // What allows most, until it is known.
            Self::Descriptor => ("fd", Stream, AddressForm::Descriptor),
        };
        Traits { scheme, delivery, address }
    }

    #[must_use]
    pub const fn delivery(self) -> Delivery {
        self.traits().delivery
    }

    /// Whether bytes flow without message borders, so that files can follow.
    #[must_use]
    pub fn is_stream(self) -> bool {
        self.delivery() == Delivery::Stream
    }

    /// Whether two ends are connected, so that either side can finish sending.
    #[must_use]
    pub fn has_connection(self) -> bool {
        self.delivery() != Delivery::Datagrams
    }

    /// Whether it is a Unix socket of one type or another.
    #[must_use]
    pub const fn is_unix(self) -> bool {
        matches!(self.address_form(), AddressForm::Path)
    }

    #[must_use]
    pub const fn address_form(self) -> AddressForm {
        self.traits().address
    }

    /// What stands beside the address in a form.
    #[must_use]
    pub const fn second_field(self) -> Option<SecondField> {
        match self.address_form() {
            AddressForm::HostPort | AddressForm::MachinePort => Some(SecondField::Port),
            AddressForm::HostProtocol => Some(SecondField::IpProtocol),
            AddressForm::Link => Some(SecondField::EtherType),
            AddressForm::Path | AddressForm::Interface | AddressForm::Descriptor => None,
        }
    }

    /// Whether the address is an IP address, or a name that stands for one.
    #[must_use]
    pub const fn is_over_ip(self) -> bool {
        matches!(self.address_form(), AddressForm::HostPort | AddressForm::HostProtocol)
    }

    /// Whether its address says what it carries, `?proto=` in endpoint texts.
    #[must_use]
    pub const fn carries_any(self) -> bool {
        matches!(self.address_form(), AddressForm::HostProtocol | AddressForm::Link)
    }

    /// The scheme in endpoint texts and settings, without `:`.
    #[must_use]
    pub const fn scheme(self) -> &'static str {
        self.traits().scheme
    }

    /// The ways to write a message for it, the most fitting one first. `carried` is what a raw socket carries.
    #[must_use]
    pub fn formats(self, carried: Option<IpProtocol>) -> &'static [Format] {
        const PING: [Format; 3] = [Format::Ping(Version::V4), Format::Hex, Format::Escapes];
        const PING_V6: [Format; 3] = [Format::Ping(Version::V6), Format::Hex, Format::Escapes];
        match (self, carried) {
            (Self::Can, _) => &[Format::CanFrame, Format::Hex],
            (Self::CanBroadcast, _) => &[Format::CanBroadcast, Format::Hex],
            (Self::Raw, Some(IpProtocol::ICMP)) => &PING,
            (Self::Raw, Some(IpProtocol::ICMP_V6)) => &PING_V6,
            _ => &Format::ALL,
        }
    }

    /// The kernel module that brings it, where that is not a part of every kernel.
    #[must_use]
    pub const fn kernel_module(self) -> Option<&'static str> {
        match self {
            Self::Can => Some("can-raw"),
            Self::CanBroadcast => Some("can-bcm"),
            Self::Rds => Some("rds_tcp"),
            Self::Packet => Some("af_packet"),
            Self::Vsock => Some("vsock"),
            Self::Tcp
            | Self::Udp
            | Self::UnixStream
            | Self::UnixDatagram
            | Self::UnixSeqpacket
            | Self::Raw
            | Self::Descriptor => None,
        }
    }

    #[must_use]
    pub fn from_scheme(scheme: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.scheme().eq_ignore_ascii_case(scheme))
    }

    /// A place as the system reports it, the way endpoints are written: `tcp://[::1]:9000`, `raw://[::1]`, `unix:/run/x`.
    #[must_use]
    pub fn with_scheme(self, place: &str) -> String {
        // A host without a port is written without brackets where it stands alone.
        let is_bare =
            self.address_form() == AddressForm::HostProtocol && !place.starts_with('[') && place.contains(':');
        let (open, close) = if is_bare { ("[", "]") } else { ("", "") };
        format!("{}{}{open}{place}{close}", self.scheme(), self.separator())
    }

    /// What stands between scheme and address: paths follow the colon, all others two slashes.
    #[must_use]
    pub const fn separator(self) -> &'static str {
        match self.address_form() {
            AddressForm::Path => ":",
            _ => "://",
        }
    }
}

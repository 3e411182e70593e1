//! The transports by name, and what sets them apart.

/// A transport without its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Protocol {
    #[default]
    Tcp,
    Udp,
    UnixStream,
    UnixDatagram,
    UnixSeqpacket,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressForm {
    /// A host and a port.
    HostPort,
    /// A path in the file system, or an abstract name after `@`.
    Path,
    /// A descriptor's number or name.
    Descriptor,
}

/// All that is fixed for a transport.
struct Traits {
    scheme: &'static str,
    delivery: Delivery,
    address: AddressForm,
}

impl Protocol {
    /// In the order that menus list them.
    pub const ALL: [Self; 6] =
        [Self::Tcp, Self::Udp, Self::UnixStream, Self::UnixDatagram, Self::UnixSeqpacket, Self::Descriptor];

    const fn traits(self) -> Traits {
        use AddressForm::{HostPort, Path};
        use Delivery::{Datagrams, Messages, Stream};
        let (scheme, delivery, address) = match self {
            Self::Tcp => ("tcp", Stream, HostPort),
            Self::Udp => ("udp", Datagrams, HostPort),
            Self::UnixStream => ("unix", Stream, Path),
            Self::UnixDatagram => ("unix-dgram", Datagrams, Path),
            Self::UnixSeqpacket => ("unix-seqpacket", Messages, Path),
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

    #[must_use]
    pub const fn address_form(self) -> AddressForm {
        self.traits().address
    }

    /// Whether an address has a port beside it.
    #[must_use]
    pub fn has_port(self) -> bool {
        self.address_form() == AddressForm::HostPort
    }

    /// The scheme in endpoint texts and settings, without `:`.
    #[must_use]
    pub const fn scheme(self) -> &'static str {
        self.traits().scheme
    }

    #[must_use]
    pub fn from_scheme(scheme: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.scheme().eq_ignore_ascii_case(scheme))
    }

    /// What stands between scheme and address: paths follow the colon, all others two slashes.
    #[must_use]
    pub const fn separator(self) -> &'static str {
        match self.address_form() {
            AddressForm::Path => ":",
            AddressForm::HostPort | AddressForm::Descriptor => "://",
        }
    }
}

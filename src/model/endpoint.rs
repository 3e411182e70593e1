//! Endpoints: what to bind or connect to, with one text form for the window and the command line.

mod parse;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use super::address::{HostPort, Peer, UnixName};
use super::descriptor::DescriptorName;
use super::options::OptionError;
use super::protocol::Protocol;

/// A transport with its address. A new transport is one variant here and one file in `net`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    Tcp(HostPort),
    Udp(HostPort),
    UnixStream(UnixName),
    UnixDatagram(UnixName),
    UnixSeqpacket(UnixName),
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
            Self::UnixDatagram(_) => Protocol::UnixDatagram,
            Self::UnixSeqpacket(_) => Protocol::UnixSeqpacket,
            Self::Descriptor(_) => Protocol::Descriptor,
        }
    }

    /// What a resolver may have to be asked for before a socket can be opened.
    #[must_use]
    pub fn host(&self) -> Option<&HostPort> {
        match self {
            Self::Tcp(address) | Self::Udp(address) => Some(address),
            Self::UnixStream(_) | Self::UnixDatagram(_) | Self::UnixSeqpacket(_) | Self::Descriptor(_) => None,
        }
    }

    /// The name in the file system or the abstract one.
    #[must_use]
    pub fn unix_name(&self) -> Option<&UnixName> {
        match self {
            Self::UnixStream(name) | Self::UnixDatagram(name) | Self::UnixSeqpacket(name) => Some(name),
            Self::Tcp(_) | Self::Udp(_) | Self::Descriptor(_) => None,
        }
    }

    /// The socket that was opened for this: of the transport and at the address that the system reports, so that port 0
    /// became a port, a name an address and a descriptor what it really is. A path or an abstract name stays as it was
    /// written.
    #[must_use]
    pub fn opened(&self, protocol: Protocol, local: &Peer) -> Self {
        if self.unix_name().is_some() {
            return self.clone();
        }
        match (protocol, local) {
            (Protocol::Tcp, Peer::Ip(address)) => Self::Tcp((*address).into()),
            (Protocol::Udp, Peer::Ip(address)) => Self::Udp((*address).into()),
            (Protocol::UnixStream, Peer::Unix(name)) => Self::UnixStream(name.clone()),
            (Protocol::UnixDatagram, Peer::Unix(name)) => Self::UnixDatagram(name.clone()),
            (Protocol::UnixSeqpacket, Peer::Unix(name)) => Self::UnixSeqpacket(name.clone()),
            _ => self.clone(),
        }
    }

    /// Whether nobody but this machine's own programs can reach it.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) | Self::Udp(address) => address.is_loopback(),
            // What a descriptor is bound to is told once it is known.
            Self::UnixStream(_) | Self::UnixDatagram(_) | Self::UnixSeqpacket(_) | Self::Descriptor(_) => true,
        }
    }

    /// Builds an endpoint from the two fields of a form; transports without a port leave `port` unread.
    ///
    /// # Errors
    /// [`EndpointError`] names the field that can't be right.
    pub fn from_fields(protocol: Protocol, address: &str, port: &str) -> Result<Self, EndpointError> {
        let (address, port) = (address.trim(), port.trim());
        Ok(match protocol {
            Protocol::Tcp => Self::Tcp(parse::host_and_port(address, port)?),
            Protocol::Udp => Self::Udp(parse::host_and_port(address, port)?),
            Protocol::UnixStream => Self::UnixStream(parse::unix_name(address)?),
            Protocol::UnixDatagram => Self::UnixDatagram(parse::unix_name(address)?),
            Protocol::UnixSeqpacket => Self::UnixSeqpacket(parse::unix_name(address)?),
            Protocol::Descriptor => Self::Descriptor(parse::descriptor(address)?),
        })
    }

    /// The two fields of a form.
    #[must_use]
    pub fn fields(&self) -> (String, String) {
        match self {
            Self::Tcp(address) | Self::Udp(address) => (address.host.clone(), address.port.to_string()),
            _ => (self.address(), String::new()),
        }
    }

    /// The address without its scheme.
    #[must_use]
    pub fn address(&self) -> String {
        match self {
            Self::Tcp(address) | Self::Udp(address) => address.to_string(),
            Self::UnixStream(name) | Self::UnixDatagram(name) | Self::UnixSeqpacket(name) => name.to_string(),
            Self::Descriptor(name) => name.to_string(),
        }
    }
}

/// Why an endpoint text or form can't be right. Faces put it into words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    #[error("no scheme: write tcp://, udp://, unix:, unix-dgram:, unix-seqpacket: or fd://")]
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
    #[error("a Unix socket's path can't contain a NUL")]
    PathWithNul,
    #[error("no descriptor")]
    EmptyDescriptor,
    #[error("{0:?} is neither a descriptor's number nor a name")]
    BadDescriptor(String),
    #[error(transparent)]
    Option(#[from] OptionError),
}

/// Bytes of `sun_path` less the closing NUL, see unix(7).
pub const UNIX_PATH_MAX: usize = 107;

impl FromStr for Endpoint {
    type Err = EndpointError;

    /// Reads the part before a `?`: `tcp://127.0.0.1:9000`, `udp://[::1]:9000`, `unix:/run/x.sock`, `unix-dgram:@name`,
    /// `fd://3`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (protocol, rest) = parse::scheme(text.trim())?;
        let after_slashes = rest.strip_prefix("//").unwrap_or(rest);
        Ok(match protocol {
            Protocol::Tcp => Self::Tcp(parse::host_port(after_slashes)?),
            Protocol::Udp => Self::Udp(parse::host_port(after_slashes)?),
            Protocol::UnixStream => Self::UnixStream(parse::unix_url(rest)?),
            Protocol::UnixDatagram => Self::UnixDatagram(parse::unix_url(rest)?),
            Protocol::UnixSeqpacket => Self::UnixSeqpacket(parse::unix_url(rest)?),
            Protocol::Descriptor => Self::Descriptor(parse::descriptor(after_slashes)?),
        })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = self.protocol();
        write!(f, "{}{}{}", protocol.scheme(), protocol.separator(), self.address())
    }
}

//! Endpoints: what to bind or connect to, with one text form for the window and the command line.

mod parse;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use super::address::{HostPort, Peer, UnixName};
use super::options::OptionError;
use super::protocol::Protocol;

/// A transport with its address. A new transport is one variant here and one file in `net`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    Tcp(HostPort),
    Udp(HostPort),
    UnixStream(UnixName),
}

impl Endpoint {
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        match self {
            Self::Tcp(_) => Protocol::Tcp,
            Self::Udp(_) => Protocol::Udp,
            Self::UnixStream(_) => Protocol::UnixStream,
        }
    }

    /// Where a socket of this protocol is, by what the system says of it; `None` for one without a name.
    #[must_use]
    pub fn of(protocol: Protocol, place: &Peer) -> Option<Self> {
        match (protocol, place) {
            (Protocol::Tcp, Peer::Ip(address)) => Some(Self::Tcp((*address).into())),
            (Protocol::Udp, Peer::Ip(address)) => Some(Self::Udp((*address).into())),
            (Protocol::UnixStream, Peer::Unix(name)) if *name != UnixName::Unnamed => {
                Some(Self::UnixStream(name.clone()))
            }
            _ => None,
        }
    }

    /// What a resolver may have to be asked for before a socket can be opened.
    #[must_use]
    pub fn host(&self) -> Option<&HostPort> {
        match self {
            Self::Tcp(address) | Self::Udp(address) => Some(address),
            Self::UnixStream(_) => None,
        }
    }

    /// The name in the file system or the abstract one.
    #[must_use]
    pub fn unix_name(&self) -> Option<&UnixName> {
        match self {
            Self::UnixStream(name) => Some(name),
            Self::Tcp(_) | Self::Udp(_) => None,
        }
    }

    /// The same transport at the address that the system reports: the port that port 0 became, the address that a name
    /// stood for. An address of another kind changes nothing.
    #[must_use]
    pub fn at(&self, local: &Peer) -> Self {
        match local {
            Peer::Ip(_) => Self::of(self.protocol(), local).unwrap_or_else(|| self.clone()),
            Peer::Unix(_) => self.clone(),
        }
    }

    /// Whether nobody but this machine's own programs can reach it.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) | Self::Udp(address) => address.is_loopback(),
            Self::UnixStream(_) => true,
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
        })
    }

    /// The two fields of a form.
    #[must_use]
    pub fn fields(&self) -> (String, String) {
        match self {
            Self::Tcp(address) | Self::Udp(address) => (address.host.clone(), address.port.to_string()),
            Self::UnixStream(name) => (name.to_string(), String::new()),
        }
    }

    /// The address without its scheme.
    #[must_use]
    pub fn address(&self) -> String {
        match self {
            Self::Tcp(address) | Self::Udp(address) => address.to_string(),
            Self::UnixStream(name) => name.to_string(),
        }
    }
}

/// Why an endpoint text or form can't be right. Faces put it into words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    #[error("no scheme: write tcp://, udp:// or unix:")]
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
    #[error(transparent)]
    Option(#[from] OptionError),
}

/// Bytes of `sun_path` less the closing NUL, see unix(7).
pub const UNIX_PATH_MAX: usize = 107;

impl FromStr for Endpoint {
    type Err = EndpointError;

    /// Reads the part before a `?`: `tcp://127.0.0.1:9000`, `udp://[::1]:9000`, `unix:/run/x.sock`, `unix:@name`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (protocol, rest) = parse::scheme(text.trim())?;
        let after_slashes = rest.strip_prefix("//").unwrap_or(rest);
        Ok(match protocol {
            Protocol::Tcp => Self::Tcp(parse::host_port(after_slashes)?),
            Protocol::Udp => Self::Udp(parse::host_port(after_slashes)?),
            Protocol::UnixStream => Self::UnixStream(parse::unix_url(rest)?),
        })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = self.protocol();
        write!(f, "{}{}{}", protocol.scheme(), protocol.separator(), self.address())
    }
}

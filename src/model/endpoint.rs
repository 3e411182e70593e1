//! Endpoints: what to bind or connect to, with one text form for the window and the command line.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::address::{HostPort, Peer, UnixName};
use super::options::{OptionError, SocketOptions};

/// A transport with its address. A new transport is one variant here and one file in `net`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    Tcp(HostPort),
    Udp(HostPort),
    UnixStream(UnixName),
}

/// The transports by name, in the order that menus list them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Protocol {
    #[default]
    Tcp,
    Udp,
    UnixStream,
}

impl Protocol {
    pub const ALL: [Self; 3] = [Self::Tcp, Self::Udp, Self::UnixStream];

    /// Whether bytes flow without message borders, so that files can follow and either side can finish sending.
    #[must_use]
    pub fn is_stream(self) -> bool {
        matches!(self, Self::Tcp | Self::UnixStream)
    }

    /// The scheme in endpoint texts and settings, without `:`.
    #[must_use]
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::UnixStream => "unix",
        }
    }

    #[must_use]
    pub fn from_scheme(scheme: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.scheme().eq_ignore_ascii_case(scheme))
    }
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

    /// Whether nobody but this machine's own programs can reach it.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) | Self::Udp(address) => address.is_loopback(),
            Self::UnixStream(_) => true,
        }
    }

    /// Builds an endpoint from the fields of a form.
    ///
    /// # Errors
    /// [`EndpointError`] names the field that can't be right.
    pub fn from_fields(protocol: Protocol, address: &str, port: &str) -> Result<Self, EndpointError> {
        let address = address.trim();
        match protocol {
            Protocol::Tcp | Protocol::Udp => {
                let host = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(address);
                check_host(host)?;
                let host_port = HostPort::new(host, parse_port(port.trim())?);
                Ok(if protocol == Protocol::Tcp { Self::Tcp(host_port) } else { Self::Udp(host_port) })
            }
            Protocol::UnixStream => Ok(Self::UnixStream(parse_unix(address)?)),
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

fn check_host(host: &str) -> Result<(), EndpointError> {
    if host.is_empty() {
        return Err(EndpointError::EmptyHost);
    }
    // The characters of names (underscores occur in practice), IPv4 and IPv6 literals and scopes; others would only
    // reach the resolver and fail there with a worse message.
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
    let colons_fit = !host.contains(':')
        || host.split('%').next().is_some_and(|literal| literal.parse::<core::net::Ipv6Addr>().is_ok());
    if host.chars().all(allowed) && colons_fit { Ok(()) } else { Err(EndpointError::BadHost(host.to_owned())) }
}

fn parse_port(port: &str) -> Result<u16, EndpointError> {
    if port.is_empty() {
        return Err(EndpointError::NoPort);
    }
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(EndpointError::BadPort(port.to_owned()));
    }
    port.parse().map_err(|_| EndpointError::BadPort(port.to_owned()))
}

fn parse_unix(text: &str) -> Result<UnixName, EndpointError> {
    if text.contains('\0') {
        return Err(EndpointError::PathWithNul);
    }
    let (name, len) = match text.strip_prefix('@') {
        Some(name) => (UnixName::Abstract(name.as_bytes().to_vec()), name.len()),
        None => (UnixName::Path(PathBuf::from(text)), text.len()),
    };
    match len {
        0 => Err(EndpointError::EmptyPath),
        len if len > UNIX_PATH_MAX => Err(EndpointError::PathTooLong { len }),
        _ => Ok(name),
    }
}

fn parse_host_port(text: &str) -> Result<HostPort, EndpointError> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or_else(|| EndpointError::BadHost(text.to_owned()))?;
        if !host.contains(':') {
            return Err(EndpointError::BadHost(text.to_owned()));
        }
        (host, after.strip_prefix(':').ok_or(EndpointError::NoPort)?)
    } else {
        text.rsplit_once(':').ok_or(if text.is_empty() { EndpointError::EmptyHost } else { EndpointError::NoPort })?
    };
    if host.contains(':') && !text.starts_with('[') {
        return Err(EndpointError::BadHost(host.to_owned()));
    }
    check_host(host)?;
    Ok(HostPort::new(host, parse_port(port)?))
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    /// Reads the part before a `?`: `tcp://127.0.0.1:9000`, `udp://[::1]:9000`, `unix:/run/x.sock`, `unix:@name`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let (scheme, rest) = text.split_once(':').ok_or(EndpointError::NoScheme)?;
        let protocol = Protocol::from_scheme(scheme).ok_or_else(|| {
            // `127.0.0.1:9000` splits too: what stands before the colon is then no scheme at all.
            let looks_like_scheme = !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphabetic() || c == '-');
            if looks_like_scheme && rest.starts_with("//") {
                EndpointError::UnknownScheme(scheme.to_owned())
            } else {
                EndpointError::NoScheme
            }
        })?;
        match protocol {
            Protocol::Tcp => parse_host_port(rest.strip_prefix("//").unwrap_or(rest)).map(Self::Tcp),
            Protocol::Udp => parse_host_port(rest.strip_prefix("//").unwrap_or(rest)).map(Self::Udp),
            Protocol::UnixStream => {
                // `unix:///run/x` is what people write who know URLs; the empty authority is dropped.
                let path = rest.strip_prefix("//").filter(|path| path.starts_with('/')).unwrap_or(rest);
                parse_unix(path).map(Self::UnixStream)
            }
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "tcp://{address}"),
            Self::Udp(address) => write!(f, "udp://{address}"),
            Self::UnixStream(name) => write!(f, "unix:{name}"),
        }
    }
}

/// An endpoint with the socket options of its query: `tcp://127.0.0.1:9000?reuseaddr=1&rcvbuf=4M`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub endpoint: Endpoint,
    pub options: SocketOptions,
}

impl FromStr for Target {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (endpoint, query) = text.split_once('?').unwrap_or((text, ""));
        Ok(Self { endpoint: endpoint.parse()?, options: query.parse()? })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.endpoint)?;
        let query = self.options.to_string();
        if query.is_empty() { Ok(()) } else { write!(f, "?{query}") }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<String, EndpointError> {
        text.parse::<Target>().map(|target| target.to_string())
    }

    #[test]
    fn endpoints_as_people_write_them() {
        for (text, meant) in [
            ("tcp://127.0.0.1:9000", "tcp://127.0.0.1:9000"),
            (" TCP://localhost:0/ ", "tcp://localhost:0"),
            ("udp:10.0.0.1:5", "udp://10.0.0.1:5"),
            ("tcp://[::1]:9000", "tcp://[::1]:9000"),
            ("tcp://[fe80::1%eth0]:9000", "tcp://[fe80::1%eth0]:9000"),
            ("unix:/run/x.sock", "unix:/run/x.sock"),
            ("unix:///run/x.sock", "unix:/run/x.sock"),
            ("unix:relative.sock", "unix:relative.sock"),
            ("unix:@abstract", "unix:@abstract"),
            ("tcp://h:1?reuseaddr=on&rcvbuf=4M", "tcp://h:1?reuseaddr=1&rcvbuf=4194304"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(meant), "{text}");
        }
    }

    #[test]
    fn mistakes_are_told_apart() {
        use EndpointError as Error;
        for (text, error) in [
            ("127.0.0.1:9000", Error::NoScheme),
            ("", Error::NoScheme),
            ("http://h:80", Error::UnknownScheme("http".to_owned())),
            ("tcp://", Error::EmptyHost),
            ("tcp://:9000", Error::EmptyHost),
            ("tcp://h", Error::NoPort),
            ("tcp://h:", Error::NoPort),
            ("tcp://[::1]", Error::NoPort),
            ("tcp://h:70000", Error::BadPort("70000".to_owned())),
            ("tcp://h:+1", Error::BadPort("+1".to_owned())),
            ("tcp://::1:9000", Error::BadHost("::1".to_owned())),
            ("tcp://a b:1", Error::BadHost("a b".to_owned())),
            ("unix:", Error::EmptyPath),
            ("unix:@", Error::EmptyPath),
            ("tcp://h:1?x=1", Error::Option(OptionError::Unknown("x".to_owned()))),
        ] {
            assert_eq!(read(text), Err(error), "{text}");
        }
        let longest = format!("unix:/{}", "a".repeat(UNIX_PATH_MAX - 1));
        assert!(read(&longest).is_ok());
        assert_eq!(read(&format!("{longest}a")), Err(Error::PathTooLong { len: UNIX_PATH_MAX + 1 }));
    }

    #[test]
    fn forms_take_brackets_and_spaces_off() {
        let form = |address: &str, port: &str| Endpoint::from_fields(Protocol::Tcp, address, port);
        assert_eq!(form(" [::1] ", " 9000 ").unwrap().to_string(), "tcp://[::1]:9000");
        assert_eq!(form("", "1"), Err(EndpointError::EmptyHost));
        assert_eq!(form("h", ""), Err(EndpointError::NoPort));
    }

    #[test]
    fn who_can_reach_it() {
        for (text, is_local) in [
            ("tcp://127.9.9.9:1", true),
            ("tcp://LocalHost:1", true),
            ("tcp://[::1]:1", true),
            ("udp://[::ffff:127.0.0.1]:1", true),
            ("tcp://0.0.0.0:1", false),
            ("tcp://[::]:1", false),
            ("tcp://example.org:1", false),
            ("unix:/x", true),
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap().is_local(), is_local, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,60}") {
            let _ = text.parse::<Target>();
        }

        #[test]
        fn what_is_read_reads_back_the_same(
            text in prop_oneof![
                "(tcp|udp)://[a-z0-9._-]{1,9}(:[0-9]{0,6})?",
                "(tcp|udp)://\\[[0-9a-f:]{1,9}(%[a-z0-9]{1,4})?\\]:[0-9]{1,5}",
                "unix:(//)?[@/a-z. ]{0,20}",
            ],
        ) {
            if let Ok(target) = text.parse::<Target>() {
                prop_assert_eq!(target.to_string().parse::<Target>(), Ok(target));
            }
        }
    }
}

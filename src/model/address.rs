//! Addresses as people write them, before and after resolution.

use core::net::{IpAddr, SocketAddr};
use std::fmt;
use std::path::{Path, PathBuf};

use super::device::{InterfaceName, VsockAddress};
use super::ip_protocol::IpProtocol;
use super::link::LinkAddress;

/// A host (name or literal, IPv6 without brackets) and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostPort {
    /// A name, an IPv4 or an IPv6 literal (a scope as `%eth0` or `%2` allowed); never empty.
    pub host: String,
    /// 0 asks the system for any free port when binding.
    pub port: u16,
}

impl HostPort {
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port }
    }

    /// Whether the host is `localhost` or a literal of 127.0.0.0/8 or `::1`, so that only this machine can reach it.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
    }

    /// Whether the host is an IPv4 or IPv6 literal, which no resolver has to be asked for.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        self.literal().is_some()
    }

    /// Reads an address in numbers as it is shown, `127.0.0.1:80` or `[fe80::1%eth0]:80`, without its scope. `None` for
    /// anything else: names of other kinds may end in a number as well.
    #[must_use]
    pub fn of_numbers(shown: &str) -> Option<SocketAddr> {
        let (host, port) = shown.rsplit_once(':')?;
        let address = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            // An interface's name may stand for the scope (RFC 4007, section 11.2).
            Some(host) => IpAddr::V6(host.split('%').next()?.parse().ok()?),
            None => IpAddr::V4(host.parse().ok()?),
        };
        Some(SocketAddr::new(address, port.parse().ok()?))
    }

    /// The host as an address without its scope; `None` where it is a name.
    #[must_use]
    pub fn literal(&self) -> Option<IpAddr> {
        self.host.split('%').next()?.parse().ok()
    }
}

impl From<SocketAddr> for HostPort {
    fn from(address: SocketAddr) -> Self {
        let host = match address {
            SocketAddr::V6(v6) if v6.scope_id() != 0 => format!("{}%{}", v6.ip(), v6.scope_id()),
            _ => address.ip().to_string(),
        };
        Self { host, port: address.port() }
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// A host and the protocol above IP that a raw socket carries, see raw(7).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RawAddress {
    /// Its port is 0 and means nothing.
    host: HostPort,
    pub protocol: IpProtocol,
}

impl RawAddress {
    #[must_use]
    pub fn new(host: impl Into<String>, protocol: IpProtocol) -> Self {
        Self { host: HostPort::new(host, 0), protocol }
    }

    /// The host as an address to resolve; its port is 0.
    #[must_use]
    pub fn host(&self) -> &HostPort {
        &self.host
    }
}

impl fmt::Display for RawAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &self.host.host;
        if host.contains(':') {
            write!(f, "[{host}]")?;
        } else {
            f.write_str(host)?;
        }
        write!(f, "?proto={}", self.protocol)
    }
}

/// The name of a Unix socket, see unix(7).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UnixName {
    /// A path in the file system; the system takes at most 107 bytes of it.
    Path(PathBuf),
    /// A Linux abstract name, written with a leading `@`; it never goes stale.
    Abstract(Vec<u8>),
    /// A client that did not bind has no name.
    Unnamed,
}

impl UnixName {
    /// The path, where the name is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            Self::Abstract(_) | Self::Unnamed => None,
        }
    }
}

impl fmt::Display for UnixName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Abstract(name) => write!(f, "@{}", String::from_utf8_lossy(name)),
            Self::Unnamed => Ok(()),
        }
    }
}

/// The other end of a conversation, as the system reported it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Peer {
    Ip(SocketAddr),
    Unix(UnixName),
    /// The other end of a raw socket; the port is 0 and means nothing.
    Host(SocketAddr),
    /// One of these two as people read it, where it is an address of one link: with the interface's name for its scope
    /// (RFC 4007, section 11.2).
    Scoped(HostPort),
    /// All that is on the bus behind this interface.
    Can(InterfaceName),
    Vsock(VsockAddress),
    /// A card on a link.
    Link(LinkAddress),
}

impl Peer {
    /// Whether it can only be a process of this machine.
    #[must_use]
    pub fn is_this_machine(&self) -> bool {
        match self {
            Self::Ip(address) | Self::Host(address) => address.ip().to_canonical().is_loopback(),
            Self::Unix(_) => true,
            Self::Scoped(_) | Self::Can(_) | Self::Vsock(_) | Self::Link(_) => false,
        }
    }

    /// A v4-mapped address as the IPv4 address that people know it by.
    #[must_use]
    pub fn canonical(&self) -> Self {
        match self {
            Self::Ip(SocketAddr::V6(v6)) if let Some(v4) = v6.ip().to_ipv4_mapped() => {
                Self::Ip(SocketAddr::new(v4.into(), v6.port()))
            }
            _ => self.clone(),
        }
    }
}

impl fmt::Display for Peer {
    /// Without a scheme: `127.0.0.1:51734`, `/run/x.sock`; an unnamed Unix peer prints nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => HostPort::from(*address).fmt(f),
            Self::Unix(name) => name.fmt(f),
            Self::Host(address) => f.write_str(&HostPort::from(*address).host),
            Self::Scoped(address) if address.port == 0 => f.write_str(&address.host),
            Self::Scoped(address) => address.fmt(f),
            Self::Can(interface) => interface.fmt(f),
            Self::Vsock(address) => address.fmt(f),
            Self::Link(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_of_ip_is_one_in_numbers() {
        let port = |shown: &str| HostPort::of_numbers(shown).map(|address| address.port());
        for shown in ["127.0.0.1:53", "[2001:db8::1]:53", "[fe80::1%eth0]:53", "[fe80::1%2]:53"] {
            assert_eq!(port(shown), Some(53), "{shown}");
        }
        let others =
            ["/run/dns:53", "@dns:53", "2:53", "fe80::53", "[127.0.0.1]:5", "127.0.0.1:65536", "127.0.0.1", "can0", ""];
        for shown in others {
            assert_eq!(port(shown), None, "{shown}");
        }
    }
}

//! Names to addresses.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, ToSocketAddrs};

use nix::libc::{self, c_int};

use super::sys;
use crate::model::{Cause, Failure, HostPort, Operation, Peer};

/// Where a client binds before it connects; what is `None` the system chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LocalAddress {
    pub ip: Option<IpAddr>,
    /// The number of the interface that a link-local address is on; 0 where none is needed.
    pub scope: u32,
    pub port: Option<u16>,
}

impl LocalAddress {
    /// The candidates that a socket bound here can reach: an address of one family can't connect to the other.
    #[must_use]
    pub fn reachable(&self, candidates: Vec<SocketAddr>) -> Vec<SocketAddr> {
        match self.ip {
            Some(ip) if candidates.iter().any(|candidate| candidate.is_ipv4() == ip.is_ipv4()) => {
                candidates.into_iter().filter(|candidate| candidate.is_ipv4() == ip.is_ipv4()).collect()
            }
            _ => candidates,
        }
    }

    /// What to bind for a connection to `candidate`; `None` where nothing was asked for.
    #[must_use]
    pub fn beside(&self, candidate: SocketAddr) -> Option<SocketAddr> {
        if self.ip.is_none() && self.port.is_none() {
            return None;
        }
        let any = if candidate.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let port = self.port.unwrap_or(0);
        Some(match self.ip.unwrap_or(any) {
            IpAddr::V4(ip) => SocketAddr::new(ip.into(), port),
            IpAddr::V6(ip) => SocketAddrV6::new(ip, port, 0, self.scope).into(),
        })
    }
}

/// The address, where the host is a literal and nobody has to be asked.
#[must_use]
pub fn literal(address: &HostPort) -> Option<SocketAddr> {
    if let Ok(ip) = address.host.parse::<IpAddr>() {
        return Some(SocketAddr::new(ip, address.port));
    }
    let (host, scope) = address.host.split_once('%')?;
    let scope = scope.parse().ok().or_else(|| interface_index(scope))?;
    Some(SocketAddrV6::new(host.parse().ok()?, address.port, 0, scope).into())
}

/// The address with an interface's name where it has the interface's number for a scope, as people know it (RFC 4007,
/// section 11.2); as it was, where no interface has this number.
#[must_use]
pub fn with_named_scope(address: HostPort) -> HostPort {
    let named = || {
        let (host, scope) = address.host.split_once('%')?;
        let name = nix::net::if_::if_indextoname(scope.parse::<u32>().ok()?).ok()?;
        // nix takes the error of a number that no interface has for an empty name.
        let name = name.to_str().ok().filter(|name| !name.is_empty())?;
        Some(format!("{host}%{name}"))
    };
    match named() {
        Some(host) => HostPort { host, ..address },
        None => address,
    }
}

/// The peer as people read it, see [`Peer::Scoped`].
#[must_use]
pub fn as_shown(peer: Peer) -> Peer {
    match peer {
        Peer::Ip(address @ SocketAddr::V6(v6)) | Peer::Host(address @ SocketAddr::V6(v6)) if v6.scope_id() != 0 => {
            Peer::Scoped(with_named_scope(address.into()))
        }
        peer => peer,
    }
}

fn interface_index(name: &str) -> Option<u32> {
    nix::net::if_::if_nametoindex(name).ok()
}

/// All addresses of a name, in the order to try them. Blocks in getaddrinfo(3), possibly for many seconds, and can't be
/// interrupted.
///
/// # Errors
/// [`Operation::Resolve`]: the name has no address, no name server said whether it has, or the resolver itself failed.
pub fn lookup(address: &HostPort) -> Result<Vec<SocketAddr>, Failure> {
    let fail = |cause| Failure::new(Operation::Resolve, &address.host, cause);
    let found = (address.host.as_str(), address.port).to_socket_addrs().map_err(|error| {
        tracing::debug!(%error, host = address.host, "resolve");
        fail(cause(&error))
    })?;
    let found = interleave(&found.collect::<Vec<_>>());
    if found.is_empty() { Err(fail(Cause::NoSuchHost)) } else { Ok(found) }
}

/// Why getaddrinfo(3) found nothing. std has its number no more, only the text that belongs to it.
fn cause(error: &io::Error) -> Cause {
    let text = error.to_string();
    let is_one_of = |numbers: &[c_int]| numbers.iter().any(|number| text.ends_with(&sys::resolver_message(*number)));
    match error.raw_os_error() {
        // EAI_SYSTEM, such as out of descriptors.
        Some(_) => Cause::from(error),
        None if is_one_of(&[libc::EAI_AGAIN, libc::EAI_FAIL]) => Cause::NoNameServer,
        // No name that could be asked for: one with a NUL.
        None if error.kind() == io::ErrorKind::InvalidInput => Cause::NoSuchHost,
        None if is_one_of(&[libc::EAI_NONAME, libc::EAI_NODATA]) => Cause::NoSuchHost,
        None => Cause::from(error),
    }
}

/// Families in turn, beginning with the resolver's first choice (RFC 8305, section 4), without repeats.
#[must_use]
fn interleave(found: &[SocketAddr]) -> Vec<SocketAddr> {
    let mut unique: Vec<SocketAddr> = Vec::with_capacity(found.len());
    for address in found {
        if !unique.contains(address) {
            unique.push(*address);
        }
    }
    let first_is_v6 = unique.first().is_some_and(SocketAddr::is_ipv6);
    let (preferred, others): (Vec<_>, Vec<_>) =
        unique.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut others = others.into_iter();
    let mut order = Vec::with_capacity(found.len());
    for address in preferred {
        order.push(address);
        order.extend(others.next());
    }
    order.extend(others);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns_and_repeats_go() {
        let [a, b, c, d] = ["[::1]:1", "[::2]:1", "1.1.1.1:1", "2.2.2.2:1"].map(|text| text.parse().unwrap());
        assert_eq!(interleave(&[a, b, a, c, d]), [a, c, b, d]);
        assert_eq!(interleave(&[c, a]), [c, a]);
        assert_eq!(interleave(&[]), []);
    }

    /// As std says them, whose words before the system's are no promise.
    #[test]
    fn only_a_name_that_nobody_has_is_told_as_one() {
        let of = |number| {
            let text = sys::resolver_message(number);
            cause(&io::Error::other(format!("failed to lookup address information: {text}")))
        };
        for number in [libc::EAI_NONAME, libc::EAI_NODATA] {
            assert_eq!(of(number), Cause::NoSuchHost);
        }
        for number in [libc::EAI_AGAIN, libc::EAI_FAIL] {
            assert_eq!(of(number), Cause::NoNameServer);
        }
        assert!(matches!(of(libc::EAI_MEMORY), Cause::Other { .. }));
        assert_eq!(cause(&io::Error::from_raw_os_error(libc::EMFILE)), Cause::OutOfDescriptors);
        let refused = |host: &str| lookup(&HostPort::new(host, 9)).map_err(|failure| failure.cause);
        assert_eq!(refused("with\0nul"), Err(Cause::NoSuchHost));
        // It is no name, for which no name server is asked.
        assert_eq!(refused("no..such"), Err(Cause::NoSuchHost));
    }

    #[test]
    fn literals_need_no_resolver() {
        let at = |host: &str| literal(&HostPort::new(host, 9));
        assert_eq!(at("127.0.0.1"), Some("127.0.0.1:9".parse().unwrap()));
        assert_eq!(at("::1"), Some("[::1]:9".parse().unwrap()));
        let SocketAddr::V6(scoped) = at("fe80::1%3").unwrap() else { panic!("not v6") };
        assert_eq!(scoped.scope_id(), 3);
        assert_eq!(at("localhost"), None);
    }

    #[test]
    fn a_scope_is_an_interfaces_name_where_one_has_the_number() {
        let number = interface_index("lo").unwrap();
        for (host, named) in [
            (format!("fe80::1%{number}"), "fe80::1%lo"),
            ("fe80::1%4294967295".to_owned(), "fe80::1%4294967295"),
            ("fe80::1%lo".to_owned(), "fe80::1%lo"),
            ("fe80::1".to_owned(), "fe80::1"),
        ] {
            assert_eq!(with_named_scope(HostPort::new(host, 9)), HostPort::new(named, 9));
        }
        let scoped = |port, scope| SocketAddr::V6(SocketAddrV6::new("fe80::1".parse().unwrap(), port, 0, scope));
        let shown = |peer| as_shown(peer).to_string();
        assert_eq!(shown(Peer::Ip(scoped(9, number))), "[fe80::1%lo]:9");
        assert_eq!(shown(Peer::Ip(scoped(9, u32::MAX))), "[fe80::1%4294967295]:9");
        assert_eq!(shown(Peer::Host(scoped(0, number))), "fe80::1%lo");
        let other = Peer::Ip(scoped(9, 0));
        assert_eq!(as_shown(other.clone()), other);
    }
}

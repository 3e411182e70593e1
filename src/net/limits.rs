//! What the system has no more of: descriptors for the process, ports for everybody.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};

/// Raises the soft limit of open descriptors to the hard one: many systems start programs with 1024, which a listener
/// reaches quickly. Returns the limit that is then in force; `None` where the system doesn't say.
pub fn raise_descriptor_limit() -> Option<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    if soft < hard {
        match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
            Ok(()) => return Some(hard),
            Err(error) => tracing::debug!(%error, "the descriptor limit stays at {soft}"),
        }
    }
    Some(soft)
}

/// Whether every ephemeral port is in use for TCP in the family of `address`: connect(2) has EADDRNOTAVAIL for other
/// reasons too, bind(2) to port 0 of any address has EADDRINUSE for this one alone (ip(7)).
#[must_use]
pub fn tcp_ports_are_used_up(address: SocketAddr) -> bool {
    let (domain, any) = match address {
        SocketAddr::V4(_) => (Domain::IPV4, SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))),
        SocketAddr::V6(_) => (Domain::IPV6, SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0))),
    };
    let bind = || {
        let socket = Socket::new(domain, Type::STREAM, None)?;
        if address.is_ipv6() {
            // IPv4's sockets are in nobody's way.
            socket.set_only_v6(true)?;
        }
        socket.bind(&any.into())
    };
    bind().is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

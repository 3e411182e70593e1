//! RDS sockets, reliable datagrams between hosts, see rds(7).

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use socket2::{Domain, Socket, Type};

use super::datagram::{DatagramSocket, Naming};
use super::options;
use super::transport::{Attempt, ConnectEnd, first_that_works};
use crate::model::{Endpoint, Failure, Operation, Peer, Protocol, Role, SocketOptions};

/// Binds to the first of the candidates that can be bound.
pub(super) fn bind(candidates: &[SocketAddr], options: &SocketOptions) -> Result<DatagramSocket, Failure> {
    first_that_works(candidates, Operation::Bind, |address| bound(address, address, Role::Server, options))
}

/// A client's socket. RDS has no default address to send from, so the one that routes to the peer is bound.
pub(super) fn open(attempt: &Attempt<'_>) -> ConnectEnd {
    let opened = first_that_works(attempt.candidates, Operation::Connect, |peer| {
        let local = match attempt.local.ip {
            Some(ip) => ip,
            None => source_for(peer).map_err(fail(Operation::Bind, peer))?,
        };
        let local = SocketAddr::new(local, attempt.local.port.unwrap_or(0));
        Ok((bound(local, peer, Role::Client, attempt.options)?, Peer::Ip(peer)))
    });
    opened.map_or_else(ConnectEnd::Failed, |(socket, peer)| ConnectEnd::Datagrams(socket, peer))
}

/// Whether a socket can be opened.
pub(super) fn probe() -> io::Result<()> {
    open_socket().map(drop)
}

/// Of type SEQPACKET, and yet without connections: rds(7).
fn open_socket() -> io::Result<Socket> {
    Socket::new(Domain::from(nix::libc::AF_RDS), Type::SEQPACKET, None)
}

/// The address that the system would send from. Connecting a datagram socket looks the route up and sends nothing.
fn source_for(peer: SocketAddr) -> io::Result<IpAddr> {
    let any: SocketAddr = if peer.is_ipv4() { ([0; 4], 0).into() } else { ([0u16; 8], 0).into() };
    let socket = UdpSocket::bind(any)?;
    socket.connect(peer)?;
    Ok(socket.local_addr()?.ip())
}

fn bound(
    local: SocketAddr,
    subject: SocketAddr,
    role: Role,
    options: &SocketOptions,
) -> Result<DatagramSocket, Failure> {
    let socket = open_socket().map_err(fail(Operation::Open, subject))?;
    options::apply(&socket, role, options, &Endpoint::Rds(subject.into()))?;
    socket.bind(&local.into()).map_err(fail(Operation::Bind, local))?;
    DatagramSocket::new(socket, Protocol::Rds, Naming::Ip).map_err(fail(Operation::Bind, local))
}

fn fail(operation: Operation, address: SocketAddr) -> impl Fn(io::Error) -> Failure {
    move |error| Failure::io(operation, Endpoint::Rds(address.into()), &error)
}

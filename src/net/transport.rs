//! Which file serves which endpoint. A new transport has one line in [`listen`] and one in [`connect`].

use std::net::SocketAddr;
use std::time::Instant;

use socket2::{Domain, Socket, Type};

use super::datagram::DatagramSocket;
use super::listener::Listener;
use super::resolve::LocalAddress;
use super::stream::Stream;
use super::wake::Wake;
use super::{adopt, can, options, packet, race, raw, rds, tcp, udp, unix, unix_datagram, vsock};
use crate::model::{Cause, Endpoint, Facility, Failure, IpProtocol, Operation, Peer, Protocol, Role, SocketOptions};

/// A bound socket that serves many peers.
#[derive(Debug)]
pub enum Listening {
    Connections(Listener),
    Datagrams(DatagramSocket),
}

impl Listening {
    /// Where it is bound, port 0 resolved.
    ///
    /// # Errors
    /// getsockname(2) failed.
    pub fn local(&self) -> std::io::Result<Peer> {
        match self {
            Self::Connections(listener) => listener.local(),
            Self::Datagrams(socket) => socket.local(),
        }
    }

    /// What a raw socket carries; `None` for any other.
    #[must_use]
    pub fn carried(&self) -> Option<IpProtocol> {
        match self {
            Self::Connections(_) => None,
            Self::Datagrams(socket) => socket.carried(),
        }
    }

    /// What it is, which a descriptor's endpoint doesn't tell.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        match self {
            Self::Connections(listener) => listener.protocol(),
            Self::Datagrams(socket) => socket.protocol(),
        }
    }
}

/// How to connect.
#[derive(Debug)]
pub struct Attempt<'a> {
    pub endpoint: &'a Endpoint,
    /// The addresses of [`Endpoint::host`], where it has one, in the order to try them.
    pub candidates: &'a [SocketAddr],
    pub local: LocalAddress,
    /// Datagrams: `connect` the socket, so that only the peer's datagrams arrive and refusals are reported.
    pub connected: bool,
    pub options: &'a SocketOptions,
    pub deadline: Instant,
    pub wake: &'a Wake,
}

/// How an attempt ended.
#[derive(Debug)]
pub enum ConnectEnd {
    Stream(Stream),
    /// With the peer that it is for.
    Datagrams(DatagramSocket, Peer),
    /// The [`Wake`] went on.
    Woken,
    Failed(Failure),
}

/// Binds, and listens where connections are accepted. `candidates` are the addresses of [`Endpoint::host`].
///
/// # Errors
/// By operation; of the first candidate, where none could be bound.
pub fn listen(endpoint: &Endpoint, candidates: &[SocketAddr], options: &SocketOptions) -> Result<Listening, Failure> {
    match endpoint {
        Endpoint::Tcp(_) => tcp::listen(candidates, options).map(Listening::Connections),
        Endpoint::Udp(_) => udp::bind(candidates, options).map(Listening::Datagrams),
        Endpoint::UnixStream(name) | Endpoint::UnixSeqpacket(name) => {
            unix::listen(endpoint, name, options).map(Listening::Connections)
        }
        Endpoint::UnixDatagram(name) => unix_datagram::bind(endpoint, name, options).map(Listening::Datagrams),
        Endpoint::Raw(address) => raw::bind(address, candidates, options).map(Listening::Datagrams),
        Endpoint::Packet(address) => packet::bind(address, options).map(Listening::Datagrams),
        Endpoint::Vsock(address) => vsock::listen(*address, options).map(Listening::Connections),
        Endpoint::Can(interface) => can::bind(interface, options).map(Listening::Datagrams),
        Endpoint::CanBroadcast(interface) => can::bind_broadcast(interface, options).map(Listening::Datagrams),
        Endpoint::Rds(_) => rds::bind(candidates, options).map(Listening::Datagrams),
        Endpoint::Descriptor(name) => adopt::listen(name, options),
    }
}

/// Opens a socket of this kind and closes it again, to see whether the system has any.
///
/// # Errors
/// Why there is none.
pub fn probe(facility: &Facility) -> Result<(), Failure> {
    let protocol = facility.protocol;
    if facility.ipv6.is_some() {
        let any = Socket::new(Domain::IPV6, Type::DGRAM, None);
        any.map_err(|error| Failure::io(Operation::Open, protocol.scheme(), &error))?;
    }
    let result = match protocol {
        Protocol::Tcp => return options::probe(Type::STREAM, facility),
        Protocol::Udp => return options::probe(Type::DGRAM, facility),
        Protocol::Raw if (facility.role, facility.carried) == (Role::Server, Some(IpProtocol::RAW)) => {
            return Err(raw::only_sends(&protocol.scheme()));
        }
        Protocol::UnixStream | Protocol::UnixDatagram | Protocol::UnixSeqpacket | Protocol::Descriptor => Ok(()),
        Protocol::Raw => raw::probe(),
        Protocol::Packet => packet::probe(),
        Protocol::Vsock => vsock::probe(),
        Protocol::Can => can::probe(),
        Protocol::CanBroadcast => can::probe_broadcast(),
        Protocol::Rds => rds::probe(),
    };
    result.map_err(|error| Failure::io(Operation::Open, protocol.scheme(), &error))
}

/// Connects, to the first candidate that answers where there are several. Blocks until the deadline at most, or until the
/// wake goes on. `on_attempt` hears of each connection attempt as it starts.
pub fn connect(attempt: &Attempt<'_>, mut on_attempt: impl FnMut(&Endpoint)) -> ConnectEnd {
    if let Err(failure) = options::check(attempt.options, Role::Client, attempt.endpoint) {
        return ConnectEnd::Failed(failure);
    }
    match attempt.endpoint {
        Endpoint::Tcp(_) => race::connect_first(attempt, |address| on_attempt(&Endpoint::Tcp(address.into()))),
        Endpoint::Udp(_) => udp::open(attempt),
        Endpoint::UnixDatagram(name) => unix_datagram::open(name, attempt),
        Endpoint::Descriptor(name) => adopt::connect(name, attempt),
        Endpoint::UnixStream(name) | Endpoint::UnixSeqpacket(name) => {
            on_attempt(attempt.endpoint);
            unix::connect(name, attempt)
        }
        Endpoint::Raw(address) => raw::open(address, attempt),
        Endpoint::Packet(address) => packet::open(address, attempt),
        Endpoint::Vsock(address) => {
            on_attempt(attempt.endpoint);
            vsock::connect(*address, attempt)
        }
        Endpoint::Can(interface) => can::bind(interface, attempt.options)
            .map_or_else(ConnectEnd::Failed, |socket| ConnectEnd::Datagrams(socket, Peer::Can(interface.clone()))),
        Endpoint::CanBroadcast(interface) => can::bind_broadcast(interface, attempt.options)
            .map_or_else(ConnectEnd::Failed, |socket| ConnectEnd::Datagrams(socket, Peer::Can(interface.clone()))),
        Endpoint::Rds(_) => rds::open(attempt),
    }
}

/// The first success, or the first failure.
pub(super) fn first_that_works<T>(
    candidates: &[SocketAddr],
    operation: Operation,
    mut attempt: impl FnMut(SocketAddr) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut first_failure = None;
    for address in candidates {
        match attempt(*address) {
            Ok(found) => return Ok(found),
            Err(failure) => _ = first_failure.get_or_insert(failure),
        }
    }
    Err(first_failure.unwrap_or_else(|| Failure::new(operation, "", Cause::NoSuchHost)))
}

//! Which file serves which endpoint. A new transport has one line in [`listen`] and one in [`connect`].

use std::net::SocketAddr;
use std::time::Instant;

use super::datagram::DatagramSocket;
use super::listener::Listener;
use super::resolve::LocalAddress;
use super::stream::Stream;
use super::wake::Wake;
use super::{adopt, race, tcp, udp, unix, unix_datagram};
use crate::model::{Endpoint, Failure, Peer, Protocol, SocketOptions};

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
        Endpoint::Descriptor(name) => adopt::listen(name, options),
    }
}

/// Connects, to the first candidate that answers where there are several. Blocks until the deadline at most, or until the
/// wake goes on. `on_attempt` hears of each connection attempt as it starts.
pub fn connect(attempt: &Attempt<'_>, mut on_attempt: impl FnMut(&Endpoint)) -> ConnectEnd {
    match attempt.endpoint {
        Endpoint::Tcp(_) => race::connect_first(attempt, |address| on_attempt(&Endpoint::Tcp(address.into()))),
        Endpoint::Udp(_) => udp::open(attempt),
        Endpoint::UnixDatagram(name) => unix_datagram::open(name, attempt),
        Endpoint::Descriptor(name) => adopt::connect(name, attempt),
        Endpoint::UnixStream(name) | Endpoint::UnixSeqpacket(name) => {
            on_attempt(attempt.endpoint);
            unix::connect(name, attempt)
        }
    }
}

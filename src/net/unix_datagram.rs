//! Unix datagram sockets, see unix(7). They lose nothing: a sender waits while the receiver's queue is full.

use std::io;

use socket2::Socket;

use super::datagram::{DatagramSocket, Naming};
use super::transport::{Attempt, ConnectEnd};
use super::{address, unix};
use crate::model::{Endpoint, Failure, Operation, Peer, Protocol, Role, SocketOptions, UnixName};

/// Binds. A file that is already there is `AddressInUse`, whoever left it.
///
/// # Errors
/// By operation.
pub(super) fn bind(endpoint: &Endpoint, name: &UnixName, options: &SocketOptions) -> Result<DatagramSocket, Failure> {
    let socket = unix::open(endpoint, Role::Server, options)?;
    unix::bind(&socket, endpoint, name)?;
    finish(socket, endpoint)
}

/// A client's socket. The system gives it an abstract name of its own (autobind), so that the other end can answer and no
/// file is left behind.
pub(super) fn open(name: &UnixName, attempt: &Attempt<'_>) -> ConnectEnd {
    match try_open(name, attempt) {
        Ok(socket) => ConnectEnd::Datagrams(socket, Peer::Unix(name.clone())),
        Err(failure) => ConnectEnd::Failed(failure),
    }
}

fn try_open(name: &UnixName, attempt: &Attempt<'_>) -> Result<DatagramSocket, Failure> {
    let endpoint = attempt.endpoint;
    let socket = unix::open(endpoint, Role::Client, attempt.options)?;
    unix::bind(&socket, endpoint, &UnixName::Path("".into()))?;
    let fail = |error: io::Error| Failure::io(Operation::Connect, endpoint, &error);
    let address = address::system_address(&Peer::Unix(name.clone())).map_err(fail)?;
    if attempt.connected {
        socket.connect(&address).map_err(fail)?;
    }
    finish(socket, endpoint)
}

fn finish(socket: Socket, endpoint: &Endpoint) -> Result<DatagramSocket, Failure> {
    DatagramSocket::new(socket, Protocol::UnixDatagram, Naming::Unix)
        .map_err(|error| Failure::io(Operation::Open, endpoint, &error))
}

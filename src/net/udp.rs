//! UDP sockets.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};

use super::datagram::DatagramSocket;
use super::options;
use super::transport::{Attempt, ConnectEnd};
use crate::model::{self, Cause, Failure, Operation, Peer, SocketOptions};

/// Binds to the first of the candidates that can be bound.
///
/// # Errors
/// Of the first candidate, by operation.
pub(super) fn bind(candidates: &[SocketAddr], options: &SocketOptions) -> Result<DatagramSocket, Failure> {
    first_that_works(candidates, Operation::Bind, |address| {
        let socket = socket(address, options)?;
        socket.bind(&address.into()).map_err(fail(Operation::Bind, address))?;
        DatagramSocket::new(socket, model::Protocol::Udp).map_err(fail(Operation::Bind, address))
    })
}

/// A client's socket, bound where the attempt says (or to any free port) and, where it says so, connected to the first
/// candidate.
pub(super) fn open(attempt: &Attempt<'_>) -> ConnectEnd {
    let opened = first_that_works(attempt.candidates, Operation::Connect, |address| {
        let socket = socket(address, attempt.options)?;
        let any = if address.is_ipv4() { ([0; 4], 0).into() } else { ([0u16; 8], 0).into() };
        let local = attempt.local.beside(address).unwrap_or(any);
        socket.bind(&local.into()).map_err(fail(Operation::Bind, local))?;
        if attempt.connected {
            socket.connect(&address.into()).map_err(fail(Operation::Connect, address))?;
        }
        let socket = DatagramSocket::new(socket, model::Protocol::Udp).map_err(fail(Operation::Open, address))?;
        Ok((socket, address))
    });
    match opened {
        Ok((socket, peer)) => ConnectEnd::Datagrams(socket, Peer::Ip(peer)),
        Err(failure) => ConnectEnd::Failed(failure),
    }
}

fn socket(address: SocketAddr, options: &SocketOptions) -> Result<Socket, Failure> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))
        .map_err(fail(Operation::Open, address))?;
    options::apply_reuse(&socket, options, false).map_err(fail(Operation::SetOption, address))?;
    options::apply_common(&socket, options).map_err(fail(Operation::SetOption, address))?;
    options::ask_for_drops(&socket);
    Ok(socket)
}

fn fail(operation: Operation, address: SocketAddr) -> impl Fn(io::Error) -> Failure {
    move |error| Failure::io(operation, format_args!("udp://{address}"), &error)
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

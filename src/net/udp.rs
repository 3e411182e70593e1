//! UDP sockets.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};

use super::datagram::{DatagramSocket, Naming};
use super::transport::{Attempt, ConnectEnd, first_that_works};
use super::{error_queue, options, own_address};
use crate::model::{self, Failure, Operation, Peer, Role, SocketOptions};

/// Binds to the first of the candidates that can be bound.
///
/// # Errors
/// Of the first candidate, by operation.
pub(super) fn bind(candidates: &[SocketAddr], options: &SocketOptions) -> Result<DatagramSocket, Failure> {
    first_that_works(candidates, Operation::Bind, |address| {
        let socket = socket(address, Role::Server, options)?;
        socket.bind(&address.into()).map_err(fail(Operation::Bind, address))?;
        own_address::ask_for(&socket);
        finished(socket, address)
    })
}

/// A client's socket, bound where the attempt says (or to any free port) and, where it says so, connected to the first
/// candidate.
pub(super) fn open(attempt: &Attempt<'_>) -> ConnectEnd {
    let opened = first_that_works(attempt.candidates, Operation::Connect, |address| {
        let socket = socket(address, Role::Client, attempt.options)?;
        let any = if address.is_ipv4() { ([0; 4], 0).into() } else { ([0u16; 8], 0).into() };
        let local = attempt.local.beside(address).unwrap_or(any);
        socket.bind(&local.into()).map_err(fail(Operation::Bind, local))?;
        if attempt.connected {
            socket.connect(&address.into()).map_err(fail(Operation::Connect, address))?;
        }
        Ok((finished(socket, address)?, address))
    });
    match opened {
        Ok((socket, peer)) => ConnectEnd::Datagrams(socket, Peer::Ip(peer)),
        Err(failure) => ConnectEnd::Failed(failure),
    }
}

fn socket(address: SocketAddr, role: Role, options: &SocketOptions) -> Result<Socket, Failure> {
    let subject = format!("udp://{address}");
    let socket = options::open(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP), options, &subject)?;
    options::apply(&socket, role, options, &subject)?;
    options::ask_for_drops(&socket);
    options::ask_for_room(&socket, options);
    Ok(socket)
}

fn finished(socket: Socket, address: SocketAddr) -> Result<DatagramSocket, Failure> {
    let has_error_queue = error_queue::ask_for(&socket, address.is_ipv6());
    let socket = DatagramSocket::new(socket, model::Protocol::Udp, Naming::Ip);
    let socket = socket.map_err(fail(Operation::Open, address))?;
    Ok(socket.with_error_queue(has_error_queue))
}

fn fail(operation: Operation, address: SocketAddr) -> impl Fn(io::Error) -> Failure {
    move |error| Failure::io(operation, format_args!("udp://{address}"), &error)
}

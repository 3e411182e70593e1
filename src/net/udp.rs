//! UDP sockets.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};

use super::datagram::DatagramSocket;
use super::options;
use super::resolve::LocalAddress;
use crate::model::{Cause, Failure, Operation, SocketOptions};

/// Binds to the first of the candidates that can be bound.
///
/// # Errors
/// Of the first candidate, by operation.
pub fn bind(candidates: &[SocketAddr], options: &SocketOptions) -> Result<DatagramSocket, Failure> {
    first_that_works(candidates, Operation::Bind, |address| {
        let socket = open(address, options)?;
        socket.bind(&address.into()).map_err(fail(Operation::Bind, address))?;
        DatagramSocket::new(socket).map_err(fail(Operation::Bind, address))
    })
}

/// A client's socket, bound to `local` (or to any free port) and, where `connected`, connected to the first candidate.
///
/// # Errors
/// By operation.
pub fn open_client(
    candidates: &[SocketAddr],
    local: LocalAddress,
    connected: bool,
    options: &SocketOptions,
) -> Result<(DatagramSocket, SocketAddr), Failure> {
    first_that_works(candidates, Operation::Connect, |address| {
        let socket = open(address, options)?;
        let any = if address.is_ipv4() { ([0; 4], 0).into() } else { ([0u16; 8], 0).into() };
        let local = local.beside(address).unwrap_or(any);
        socket.bind(&local.into()).map_err(fail(Operation::Bind, local))?;
        if connected {
            socket.connect(&address.into()).map_err(fail(Operation::Connect, address))?;
        }
        Ok((DatagramSocket::new(socket).map_err(fail(Operation::Open, address))?, address))
    })
}

fn open(address: SocketAddr, options: &SocketOptions) -> Result<Socket, Failure> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))
        .map_err(fail(Operation::Open, address))?;
    if let Some(on) = options.reuse_address {
        socket.set_reuse_address(on).map_err(fail(Operation::SetOption, address))?;
    }
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

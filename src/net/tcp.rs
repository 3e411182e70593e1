//! TCP listeners and the sockets that connect.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};

use super::listener::Listener;
use super::transport::first_that_works;
use super::{connecting, options};
use crate::model::{Failure, Operation, Role, SocketOption, SocketOptions};

/// Binds and listens on the first of the candidates that can be bound.
///
/// # Errors
/// Of the first candidate, by operation.
pub(super) fn listen(candidates: &[SocketAddr], options: &SocketOptions) -> Result<Listener, Failure> {
    first_that_works(candidates, Operation::Bind, |address| listen_on(address, options))
}

fn listen_on(address: SocketAddr, options: &SocketOptions) -> Result<Listener, Failure> {
    let fail = |operation| move |error: io::Error| Failure::io(operation, subject(address), &error);
    let socket = open(address, Role::Server, options)?;
    // Without it a restart meets TIME_WAIT of the connections that it closed and bind fails (socket(7)).
    options::prefer(&socket, Role::Server, options, SocketOption::ReuseAddress, true);
    socket.bind(&address.into()).map_err(fail(Operation::Bind))?;
    options::listen(&socket, options).map_err(fail(Operation::Listen))?;
    options::apply_again(&socket, Role::Server, options);
    Listener::new(socket, crate::model::Protocol::Tcp).map_err(fail(Operation::Listen))
}

/// With all of its options: an accepted stream inherits what its listener has set.
fn open(address: SocketAddr, role: Role, options: &SocketOptions) -> Result<Socket, Failure> {
    let subject = subject(address);
    let domain = Domain::for_address(address);
    let socket = options::open(domain, Type::STREAM, Some(Protocol::TCP), options, &subject)?;
    options::apply(&socket, role, options, &subject)?;
    options::prefer(&socket, role, options, SocketOption::NoDelay, true);
    Ok(socket)
}

pub(super) fn subject(address: SocketAddr) -> String {
    format!("tcp://{address}")
}

/// How far connect(2) came without blocking.
pub(super) enum Begun {
    UnderWay(Socket),
    /// Done at once. With TCP_FASTOPEN_CONNECT and a server known from before, that is only so for the caller: the
    /// request goes out with the first bytes.
    Connected(Socket),
}

/// Calls connect(2) without blocking.
pub(super) fn begin_connect(
    address: SocketAddr,
    local: Option<SocketAddr>,
    options: &SocketOptions,
) -> Result<Begun, Failure> {
    let fail = |operation| move |error: io::Error| Failure::io(operation, subject(address), &error);
    let socket = open(address, Role::Client, options)?;
    if let Some(local) = local {
        options::prefer(&socket, Role::Client, options, SocketOption::ReuseAddress, true);
        let bind = |error: io::Error| Failure::io(Operation::Bind, subject(local), &error);
        socket.bind(&local.into()).map_err(bind)?;
    }
    socket.set_nonblocking(true).map_err(fail(Operation::SetOption))?;
    let is_connected = connecting::begin(&socket, &address.into()).map_err(fail(Operation::Connect))?;
    Ok(if is_connected { Begun::Connected(socket) } else { Begun::UnderWay(socket) })
}

//! TCP listeners and the sockets that connect.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};

use super::listener::Listener;
use super::transport::first_that_works;
use super::{connecting, options};
use crate::model::{Failure, Operation, SocketOptions};

/// Binds and listens on the first of the candidates that can be bound.
///
/// # Errors
/// Of the first candidate, by operation.
pub(super) fn listen(candidates: &[SocketAddr], options: &SocketOptions) -> Result<Listener, Failure> {
    first_that_works(candidates, Operation::Bind, |address| listen_on(address, options))
}

fn listen_on(address: SocketAddr, options: &SocketOptions) -> Result<Listener, Failure> {
    let fail = |operation| move |error: io::Error| Failure::io(operation, format_args!("tcp://{address}"), &error);
    let socket =
        Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP)).map_err(fail(Operation::Open))?;
    // Without it a restart meets TIME_WAIT of the connections that it closed and bind fails (socket(7)).
    options::apply_reuse(&socket, options, true).map_err(fail(Operation::SetOption))?;
    options::apply_common(&socket, options).map_err(fail(Operation::SetOption))?;
    options::apply_tcp(&socket, options).map_err(fail(Operation::SetOption))?;
    socket.bind(&address.into()).map_err(fail(Operation::Bind))?;
    options::listen(&socket, options).map_err(fail(Operation::Listen))?;
    Listener::new(socket, crate::model::Protocol::Tcp).map_err(fail(Operation::Listen))
}

/// A socket whose connect(2) is under way and doesn't block.
pub(super) fn begin_connect(
    address: SocketAddr,
    local: Option<SocketAddr>,
    options: &SocketOptions,
) -> Result<Socket, Failure> {
    let fail = |operation| move |error: io::Error| Failure::io(operation, format_args!("tcp://{address}"), &error);
    let socket =
        Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP)).map_err(fail(Operation::Open))?;
    options::apply_common(&socket, options).map_err(fail(Operation::SetOption))?;
    options::apply_tcp(&socket, options).map_err(fail(Operation::SetOption))?;
    if let Some(local) = local {
        options::apply_reuse(&socket, options, true).map_err(fail(Operation::SetOption))?;
        let bind = |error: io::Error| Failure::io(Operation::Bind, format_args!("tcp://{local}"), &error);
        socket.bind(&local.into()).map_err(bind)?;
    }
    socket.set_nonblocking(true).map_err(fail(Operation::SetOption))?;
    connecting::begin(&socket, &address.into()).map_err(fail(Operation::Connect))?;
    Ok(socket)
}

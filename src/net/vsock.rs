//! Stream sockets between a virtual machine and its host, see vsock(7).

use std::io;

use socket2::{Domain, SockAddr, Socket, Type};

use super::connecting;
use super::listener::Listener;
use super::options;
use super::transport::{Attempt, ConnectEnd};
use crate::model::{Endpoint, Failure, Operation, Protocol, Role, SocketOptions, VsockAddress};

/// Binds and listens.
pub(super) fn listen(address: VsockAddress, options: &SocketOptions) -> Result<Listener, Failure> {
    let fail = failure(address);
    let socket = socket(address, Role::Server, options)?;
    socket.bind(&system_address(address)).map_err(|error| fail(Operation::Bind, &error))?;
    options::listen(&socket, options)
        .and_then(|()| Listener::new(socket, Protocol::Vsock))
        .map_err(|error| fail(Operation::Listen, &error))
}

/// Connects. Blocks until the deadline at most, or until the wake goes on.
pub(super) fn connect(address: VsockAddress, attempt: &Attempt<'_>) -> ConnectEnd {
    let fail = failure(address);
    let socket = match socket(address, Role::Client, attempt.options) {
        Ok(socket) => socket,
        Err(failure) => return ConnectEnd::Failed(failure),
    };
    let begun = socket.set_nonblocking(true).and_then(|()| connecting::begin(&socket, &system_address(address)));
    if let Err(error) = begun {
        return ConnectEnd::Failed(fail(Operation::Connect, &error));
    }
    let subject = Endpoint::Vsock(address).to_string();
    connecting::finish(socket, Protocol::Vsock, &subject, attempt.wake, attempt.deadline)
}

/// Whether a socket can be opened.
pub(super) fn probe() -> io::Result<()> {
    Socket::new(Domain::VSOCK, Type::STREAM, None).map(drop)
}

fn socket(address: VsockAddress, role: Role, options: &SocketOptions) -> Result<Socket, Failure> {
    let fail = failure(address);
    let socket = Socket::new(Domain::VSOCK, Type::STREAM, None).map_err(|error| fail(Operation::Open, &error))?;
    options::apply(&socket, role, options, &Endpoint::Vsock(address))?;
    Ok(socket)
}

fn system_address(address: VsockAddress) -> SockAddr {
    SockAddr::vsock(address.cid.0, address.port)
}

fn failure(address: VsockAddress) -> impl Fn(Operation, &io::Error) -> Failure {
    move |operation, error| Failure::io(operation, Endpoint::Vsock(address), error)
}

//! Stream sockets between a virtual machine and its host, see vsock(7).

use std::io;

use socket2::{Domain, SockAddr, Socket, Type};

use super::connecting;
use super::listener::Listener;
use super::options;
use super::transport::{Attempt, ConnectEnd};
use crate::model::{Cause, ContextId, Endpoint, Failure, Operation, Protocol, Role, SocketOptions, VsockAddress};

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
    let subject = Endpoint::Vsock(address).to_string();
    let no_transport = || ConnectEnd::Failed(Failure::new(Operation::Connect, &subject, Cause::NoTransport));
    // Without vsock_loopback the request would go out of a virtual machine, where nobody answers it.
    if address.cid == ContextId::LOCAL && !owns(address.cid) {
        return no_transport();
    }
    let fail = failure(address);
    let socket = match socket(address, Role::Client, attempt.options) {
        Ok(socket) => socket,
        Err(failure) => return ConnectEnd::Failed(failure),
    };
    let begun = socket.set_nonblocking(true).and_then(|()| connecting::begin(&socket, &system_address(address)));
    match begun {
        Ok(_) => {}
        Err(error) if error.raw_os_error() == Some(nix::libc::ENODEV) => return no_transport(),
        Err(error) => return ConnectEnd::Failed(fail(Operation::Connect, &error)),
    }
    connecting::finish(socket, Protocol::Vsock, &subject, attempt.wake, attempt.deadline)
}

/// Whether a socket can be opened.
pub(super) fn probe() -> io::Result<()> {
    Socket::new(Domain::VSOCK, Type::STREAM, None).map(drop)
}

/// Whether a listener can have this number, so that it stands for this machine. That of the loopback and that of a host
/// are there once the kernel has a transport for them.
#[must_use]
pub fn owns(cid: ContextId) -> bool {
    let bind = |socket: Socket| socket.bind(&SockAddr::vsock(cid.0, VsockAddress::ANY_PORT));
    Socket::new(Domain::VSOCK, Type::STREAM, None).and_then(bind).is_ok()
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

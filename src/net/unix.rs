//! Unix stream sockets, see unix(7).

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use socket2::{Domain, SockAddr, Socket, Type};

use super::listener::Listener;
use super::stream::Stream;
use super::transport::{Attempt, ConnectEnd};
use super::{address, options};
use crate::model::{Cause, Endpoint, Failure, Operation, Peer, Role, SocketOptions, UnixName};

/// How long one connect(2) may block, so that a cancel is noticed.
const CONNECT_SLICE: Duration = Duration::from_millis(100);

/// Binds and listens. A file that is already there is `AddressInUse`, whoever left it.
///
/// # Errors
/// By operation.
pub(super) fn listen(name: &UnixName, options: &SocketOptions) -> Result<Listener, Failure> {
    let fail = failure(name);
    let socket = open(name, Role::Server, options)?;
    let address = address::system_address(&Peer::Unix(name.clone())).map_err(|error| fail(Operation::Bind, &error))?;
    socket.bind(&address).map_err(|error| fail(Operation::Bind, &error))?;
    options::listen(&socket, options)
        .and_then(|()| Listener::new(socket))
        .map_err(|error| fail(Operation::Listen, &error))
}

/// Connects. On a listener whose queue is full this blocks until it takes one, the wake goes on, or the deadline is over.
/// A stale file refuses, and so does a file that is no socket.
pub(super) fn connect(name: &UnixName, attempt: &Attempt<'_>) -> ConnectEnd {
    let fail = failure(name);
    let socket = match open(name, Role::Client, attempt.options) {
        Ok(socket) => socket,
        Err(failure) => return ConnectEnd::Failed(failure),
    };
    // SO_SNDTIMEO bounds connect(2) on a full queue too, which then fails with EAGAIN (unix(7)).
    if let Err(error) = socket.set_write_timeout(Some(CONNECT_SLICE)) {
        return ConnectEnd::Failed(fail(Operation::SetOption, &error));
    }
    let address = match address::system_address(&Peer::Unix(name.clone())) {
        Ok(address) => address,
        Err(error) => return ConnectEnd::Failed(fail(Operation::Connect, &error)),
    };
    loop {
        match socket.connect(&address) {
            Ok(()) => {
                return Stream::new(socket)
                    .map_or_else(|error| ConnectEnd::Failed(fail(Operation::Connect, &error)), ConnectEnd::Stream);
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                if attempt.wake.is_on() {
                    return ConnectEnd::Woken;
                }
                if Instant::now() >= attempt.deadline {
                    let endpoint = Endpoint::UnixStream(name.clone());
                    return ConnectEnd::Failed(Failure::new(Operation::Connect, endpoint, Cause::TimedOut));
                }
            }
            Err(error) => return ConnectEnd::Failed(fail(Operation::Connect, &error)),
        }
    }
}

fn open(name: &UnixName, role: Role, options: &SocketOptions) -> Result<Socket, Failure> {
    let fail = failure(name);
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).map_err(|error| fail(Operation::Open, &error))?;
    options::apply(&socket, role, options, &Endpoint::UnixStream(name.clone()))?;
    Ok(socket)
}

/// Whether somebody listens behind the path: nothing else tells a socket in use from a stale file. Doesn't block; a full
/// queue (EAGAIN) is somebody's.
#[must_use]
pub fn accepts(path: &Path) -> bool {
    let probe = || {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.connect(&SockAddr::unix(path)?)
    };
    !probe().is_err_and(|error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused)
}

fn failure(name: &UnixName) -> impl Fn(Operation, &io::Error) -> Failure {
    let subject = Endpoint::UnixStream(name.clone()).to_string();
    move |operation, error| Failure::io(operation, &subject, error)
}

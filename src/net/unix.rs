//! Unix sockets with connections, stream and seqpacket, and what Unix sockets of all types share; see unix(7).

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use socket2::{Domain, SockAddr, Socket, Type};

use super::listener::Listener;
use super::stream::Stream;
use super::transport::{Attempt, ConnectEnd};
use super::{address, options};
use crate::model::{Cause, Endpoint, Failure, Operation, Peer, Protocol, Role, SocketOptions, UnixName};

/// How long one connect(2) may block, so that a cancel is noticed.
const CONNECT_SLICE: Duration = Duration::from_millis(100);

/// Binds and listens. A file that is already there is `AddressInUse`, whoever left it.
///
/// # Errors
/// By operation.
pub(super) fn listen(endpoint: &Endpoint, name: &UnixName, options: &SocketOptions) -> Result<Listener, Failure> {
    let socket = open(endpoint, Role::Server, options)?;
    bind(&socket, endpoint, name)?;
    options::listen(&socket, options)
        .and_then(|()| Listener::new(socket, endpoint.protocol()))
        .map_err(|error| Failure::io(Operation::Listen, endpoint, &error))
}

/// Connects. On a listener whose queue is full this blocks until it takes one, the wake goes on, or the deadline is over.
/// A stale file refuses, and so does a file that is no socket.
pub(super) fn connect(name: &UnixName, attempt: &Attempt<'_>) -> ConnectEnd {
    let endpoint = attempt.endpoint;
    let fail = |operation, error: &io::Error| ConnectEnd::Failed(Failure::io(operation, endpoint, error));
    let socket = match open(endpoint, Role::Client, attempt.options) {
        Ok(socket) => socket,
        Err(failure) => return ConnectEnd::Failed(failure),
    };
    // SO_SNDTIMEO bounds connect(2) on a full queue too, which then fails with EAGAIN (unix(7)).
    if let Err(error) = socket.set_write_timeout(Some(CONNECT_SLICE)) {
        return fail(Operation::SetOption, &error);
    }
    let address = match address::system_address(&Peer::Unix(name.clone())) {
        Ok(address) => address,
        Err(error) => return fail(Operation::Connect, &error),
    };
    loop {
        match socket.connect(&address) {
            Ok(()) => {
                return match Stream::new(socket, endpoint.protocol()) {
                    Ok(stream) => ConnectEnd::Stream(stream),
                    Err(error) => fail(Operation::Connect, &error),
                };
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                if attempt.wake.is_on() {
                    return ConnectEnd::Woken;
                }
                if Instant::now() >= attempt.deadline {
                    return ConnectEnd::Failed(Failure::new(Operation::Connect, endpoint, Cause::TimedOut));
                }
            }
            Err(error) => return fail(Operation::Connect, &error),
        }
    }
}

/// A socket of the endpoint's type, with its options.
///
/// # Errors
/// By operation.
pub(super) fn open(endpoint: &Endpoint, role: Role, options: &SocketOptions) -> Result<Socket, Failure> {
    let kind = match endpoint.protocol() {
        Protocol::UnixDatagram => Type::DGRAM,
        Protocol::UnixSeqpacket => Type::SEQPACKET,
        _ => Type::STREAM,
    };
    let socket =
        Socket::new(Domain::UNIX, kind, None).map_err(|error| Failure::io(Operation::Open, endpoint, &error))?;
    options::apply(&socket, role, options, endpoint)?;
    Ok(socket)
}

/// # Errors
/// A file that is already there is `AddressInUse`, whoever left it.
pub(super) fn bind(socket: &Socket, endpoint: &Endpoint, name: &UnixName) -> Result<(), Failure> {
    address::system_address(&Peer::Unix(name.clone()))
        .and_then(|address| socket.bind(&address))
        .map_err(|error| Failure::io(Operation::Bind, endpoint, &error))
}

/// Whether a socket stands behind the path: nothing else tells one in use from a stale file. Doesn't block and disturbs
/// nobody: connecting a datagram socket leaves no trace at the other end. A socket of another type answers with
/// EPROTOTYPE, also one that is bound and doesn't listen yet; only nobody refuses.
#[must_use]
pub fn answers(path: &Path) -> bool {
    let probe = || Socket::new(Domain::UNIX, Type::DGRAM, None)?.connect(&SockAddr::unix(path)?);
    !probe().is_err_and(|error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused)
}

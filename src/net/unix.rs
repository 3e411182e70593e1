//! Unix stream sockets, see unix(7).

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant};

use socket2::{Domain, SockAddr, Socket, Type};

use super::listener::Listener;
use super::options;
use super::stream::Stream;
use super::tcp::BACKLOG;
use super::wake::Wake;
use crate::model::{Cause, Endpoint, Failure, Operation, SocketOptions, UnixName};

/// How long one connect(2) may block, so that a cancel is noticed.
const CONNECT_SLICE: Duration = Duration::from_millis(100);

/// Binds and listens. A file that is already there is `AddressInUse`, whoever left it.
///
/// # Errors
/// By operation.
pub fn listen(name: &UnixName, options: &SocketOptions) -> Result<Listener, Failure> {
    let fail = failure(name);
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).map_err(|error| fail(Operation::Open, &error))?;
    options::apply_common(&socket, options).map_err(|error| fail(Operation::SetOption, &error))?;
    let address = address(name).map_err(|error| fail(Operation::Bind, &error))?;
    socket.bind(&address).map_err(|error| fail(Operation::Bind, &error))?;
    let backlog = options.backlog.unwrap_or(BACKLOG);
    socket
        .listen(i32::try_from(backlog).unwrap_or(i32::MAX))
        .and_then(|()| Listener::new(socket))
        .map_err(|error| fail(Operation::Listen, &error))
}

/// Connects. On a listener whose queue is full this blocks until it takes one, `wake` goes on, or the deadline is over.
///
/// # Errors
/// By operation; a stale file refuses, and so does a file that is no socket. `Cancelled` when woken.
pub fn connect(name: &UnixName, options: &SocketOptions, deadline: Instant, wake: &Wake) -> Result<Stream, Failure> {
    let fail = failure(name);
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).map_err(|error| fail(Operation::Open, &error))?;
    options::apply_common(&socket, options).map_err(|error| fail(Operation::SetOption, &error))?;
    let address = address(name).map_err(|error| fail(Operation::Connect, &error))?;
    // SO_SNDTIMEO bounds connect(2) on a full queue too, which then fails with EAGAIN (unix(7)).
    socket.set_write_timeout(Some(CONNECT_SLICE)).map_err(|error| fail(Operation::SetOption, &error))?;
    loop {
        match socket.connect(&address) {
            Ok(()) => return Stream::new(socket).map_err(|error| fail(Operation::Connect, &error)),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                let failure = |cause| Failure::new(Operation::Connect, Endpoint::UnixStream(name.clone()), cause);
                if wake.is_on() {
                    return Err(failure(Cause::Cancelled));
                }
                if Instant::now() >= deadline {
                    return Err(failure(Cause::TimedOut));
                }
            }
            Err(error) => return Err(fail(Operation::Connect, &error)),
        }
    }
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

fn address(name: &UnixName) -> io::Result<SockAddr> {
    match name {
        UnixName::Path(path) => SockAddr::unix(path),
        UnixName::Abstract(name) => {
            // socket2 takes an abstract name as a path with a leading NUL.
            let mut path = vec![0];
            path.extend_from_slice(name);
            SockAddr::unix(std::ffi::OsStr::from_bytes(&path))
        }
        UnixName::Unnamed => Err(io::ErrorKind::InvalidInput.into()),
    }
}

pub(super) fn unix_name(address: &SockAddr) -> UnixName {
    if let Some(path) = address.as_pathname() {
        return UnixName::Path(path.to_owned());
    }
    #[cfg(target_os = "linux")]
    if let Some(name) = address.as_abstract_namespace() {
        return UnixName::Abstract(name.to_owned());
    }
    UnixName::Unnamed
}

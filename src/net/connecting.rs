//! A connect(2) that doesn't block.

use std::io;
use std::os::fd::AsFd;
use std::time::Instant;

use nix::poll::PollFlags;
use socket2::{SockAddr, Socket};

use super::stream::Stream;
use super::transport::ConnectEnd;
use super::wake::{Ready, Wake};
use crate::model::{Cause, Failure, Operation, Protocol};

/// Starts connecting a non-blocking socket; whether it is connected already.
///
/// # Errors
/// What is known at once.
pub(super) fn begin(socket: &Socket, address: &SockAddr) -> io::Result<bool> {
    match socket.connect(address) {
        Err(error) if error.raw_os_error() == Some(nix::libc::EINPROGRESS) => Ok(false),
        result => result.map(|()| true),
    }
}

/// Blocks until what was begun has ended, the deadline is over, or the wake goes on. `subject` is the address in failures.
pub(super) fn finish(socket: Socket, protocol: Protocol, subject: &str, wake: &Wake, deadline: Instant) -> ConnectEnd {
    let left = deadline.saturating_duration_since(Instant::now());
    let fail = |error: io::Error| ConnectEnd::Failed(Failure::io(Operation::Connect, subject, &error));
    match wake.wait(socket.as_fd(), PollFlags::POLLOUT, Some(left)) {
        Ok(Ready::Socket) => {}
        Ok(Ready::Woken) => return ConnectEnd::Woken,
        Ok(Ready::TimedOut) => {
            return ConnectEnd::Failed(Failure::new(Operation::Connect, subject, Cause::TimedOut));
        }
        Err(error) => return fail(error),
    }
    match socket.take_error() {
        Ok(None) => Stream::new(socket, protocol).map_or_else(fail, ConnectEnd::Stream),
        Ok(Some(error)) | Err(error) => fail(error),
    }
}

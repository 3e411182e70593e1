//! Connecting to the first of several addresses that answers (RFC 8305, "Happy Eyeballs").

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use socket2::{SockAddr, Socket};

use super::options;
use super::stream::Stream;
use super::tcp::{Begun, begin_connect, subject};
use super::transport::{Attempt, ConnectEnd};
use super::wake::{Wake, poll_timeout};
use crate::model::{Cause, Failure, Operation, Peer, Protocol, Role, SocketOptions};

/// How long one attempt has the field to itself (RFC 8305, section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects to the first candidate that answers; a further one starts when the one before has failed or had its head
/// start. Blocks until the deadline at most, or until the wake goes on. `on_attempt` hears of each attempt as it starts.
pub(super) fn connect_first(attempt: &Attempt<'_>, mut on_attempt: impl FnMut(SocketAddr)) -> ConnectEnd {
    let Attempt { candidates, local, options, deadline, wake, .. } = *attempt;
    let mut waiting = candidates.iter().copied();
    let mut running: Vec<(SocketAddr, Socket)> = Vec::new();
    let mut first_failure = None;
    let mut next_start = Instant::now();
    let mut all_started = false;
    loop {
        while !all_started && (running.is_empty() || Instant::now() >= next_start) {
            let Some(address) = waiting.next() else {
                all_started = true;
                break;
            };
            on_attempt(address);
            match begin_connect(address, local.beside(address), options) {
                Ok(Begun::Connected(socket)) => return connected(socket, address, options),
                Ok(Begun::UnderWay(socket)) => {
                    running.push((address, socket));
                    next_start = Instant::now() + HEAD_START;
                }
                Err(failure) => _ = first_failure.get_or_insert(failure),
            }
        }
        if running.is_empty() {
            let missing = || Failure::new(Operation::Connect, attempt.endpoint, Cause::NoSuchHost);
            return ConnectEnd::Failed(first_failure.unwrap_or_else(missing));
        }
        let until = if all_started { deadline } else { deadline.min(next_start) };
        match wait_for_any(&running, wake, until) {
            Ok(true) => return ConnectEnd::Woken,
            Ok(false) => {}
            Err(error) => return ConnectEnd::Failed(Failure::io(Operation::Connect, subject(running[0].0), &error)),
        }
        let mut index = 0;
        while index < running.len() {
            let (address, socket) = &running[index];
            match outcome(socket) {
                None => index += 1,
                Some(Ok(())) if is_connected_to_itself(socket) => {
                    let is_asked_for = local.port == Some(address.port());
                    let cause = if is_asked_for { Cause::SelfConnect } else { Cause::Refused };
                    first_failure.get_or_insert(Failure::new(Operation::Connect, subject(*address), cause));
                    give_port_free(&running.remove(index).1);
                    next_start = Instant::now();
                }
                Some(Ok(())) => {
                    let (address, socket) = running.swap_remove(index);
                    return connected(socket, address, options);
                }
                Some(Err(error)) => {
                    let failure = Failure::io(Operation::Connect, subject(*address), &error);
                    first_failure.get_or_insert(failure);
                    running.remove(index);
                    next_start = Instant::now();
                }
            }
        }
        if Instant::now() >= deadline
            && let Some((address, _)) = running.first()
        {
            return ConnectEnd::Failed(Failure::new(Operation::Connect, subject(*address), Cause::TimedOut));
        }
    }
}

fn connected(socket: Socket, address: SocketAddr, options: &SocketOptions) -> ConnectEnd {
    options::apply_again(&socket, Role::Client, options);
    match Stream::to_peer(socket, Protocol::Tcp, &Peer::Ip(address)) {
        Ok(stream) => ConnectEnd::Stream(stream),
        Err(error) => ConnectEnd::Failed(Failure::io(Operation::Connect, subject(address), &error)),
    }
}

/// Blocks until an attempt has an outcome or the deadline is over; true when `wake` went on.
fn wait_for_any(running: &[(SocketAddr, Socket)], wake: &Wake, until: Instant) -> io::Result<bool> {
    let mut descriptors = vec![PollFd::new(wake.descriptor(), PollFlags::POLLIN)];
    descriptors.extend(running.iter().map(|(_, socket)| PollFd::new(socket.as_fd(), PollFlags::POLLOUT)));
    match poll(&mut descriptors, poll_timeout(Some(until))) {
        Ok(_) | Err(Errno::EINTR) => Ok(wake.is_on()),
        Err(error) => Err(error.into()),
    }
}

/// How a connect(2) that was under way ended; `None` while it is.
fn outcome(socket: &Socket) -> Option<io::Result<()>> {
    match socket.take_error() {
        Ok(Some(error)) | Err(error) => Some(Err(error)),
        // No error and no peer: still under way.
        Ok(None) => socket.peer_addr().is_ok().then_some(Ok(())),
    }
}

/// Whether nobody listens and the socket met itself: TCP lets both ends open at once (RFC 9293, section 3.5), and a port
/// that the system chooses for this end can be the very one that is connected to.
fn is_connected_to_itself(socket: &Socket) -> bool {
    let end = |address: io::Result<SockAddr>| address.ok().and_then(|address| address.as_socket());
    let (local, peer) = (end(socket.local_addr()), end(socket.peer_addr()));
    local.is_some() && local == peer
}

/// Has the close that follows leave no TIME_WAIT, which would keep the port from the server that is waited for.
fn give_port_free(socket: &Socket) {
    if let Err(error) = socket.set_linger(Some(Duration::ZERO)) {
        tracing::debug!(%error, "reset on close");
    }
}

#[cfg(test)]
mod tests;

//! Sockets that somebody else opened: descriptors that were there when the program started.
//!
//! A duplicate is used and the descriptor itself stays open. What belongs to the socket and not to the descriptor, its
//! options and whether its calls block, is shared with whoever else holds it.

use std::io;
use std::os::fd::RawFd;

use nix::errno::Errno;
use nix::libc;
use socket2::{Domain, Socket, Type};

use super::address::peer_of;
use super::datagram::{DatagramSocket, Naming};
use super::listener::Listener;
use super::stream::Stream;
use super::transport::{Attempt, ConnectEnd, Listening};
use super::{options, sys};
use crate::model::{
    Cause, DescriptorName, Endpoint, Failure, Hint, InheritedSocket, Operation, Peer, Protocol, Role, SocketOptions,
    UnixName,
};

/// The first descriptor that a service manager passes: SD_LISTEN_FDS_START, sd_listen_fds(3).
const FIRST: RawFd = 3;

/// Serves a socket that listens, a stream or seqpacket socket that is bound (listen(2) is then called), or a datagram
/// socket that is bound and not connected.
///
/// # Errors
/// [`Operation::Adopt`]: it isn't open, isn't a socket, or has another role. The descriptor itself is never closed.
pub(super) fn listen(name: &DescriptorName, options: &SocketOptions) -> Result<Listening, Failure> {
    let fail = failure(name);
    let (socket, protocol) = take(name)?;
    options::apply(&socket, Role::Server, options, &Endpoint::Descriptor(name.clone()))?;
    let io = |error: io::Error| fail(Operation::Adopt, Cause::from(&error));
    if socket.peer_addr().is_ok() {
        return Err(fail(Operation::Adopt, Cause::SocketIsConnected).with_hint(Hint::ConnectInstead));
    }
    if !is_bound(&socket) {
        return Err(fail(Operation::Adopt, Cause::SocketNotBound));
    }
    if !protocol.has_connection() {
        options::ask_for_drops(&socket);
        return DatagramSocket::new(socket, protocol, naming(protocol)).map(Listening::Datagrams).map_err(io);
    }
    if !socket.is_listener().map_err(io)? {
        options::listen(&socket, options).map_err(|error| fail(Operation::Listen, Cause::from(&error)))?;
    }
    Listener::new(socket, protocol).map(Listening::Connections).map_err(io)
}

/// Converses over a socket that is connected.
pub(super) fn connect(name: &DescriptorName, attempt: &Attempt<'_>) -> ConnectEnd {
    match try_connect(name, attempt.options) {
        Ok(end) => end,
        Err(failure) => ConnectEnd::Failed(failure),
    }
}

fn try_connect(name: &DescriptorName, options: &SocketOptions) -> Result<ConnectEnd, Failure> {
    let fail = failure(name);
    let (socket, protocol) = take(name)?;
    options::apply(&socket, Role::Client, options, &Endpoint::Descriptor(name.clone()))?;
    let io = |error: io::Error| fail(Operation::Adopt, Cause::from(&error));
    let Ok(peer) = socket.peer_addr() else {
        let listens = socket.is_listener().unwrap_or(false);
        let cause = if listens { Cause::SocketListens } else { Cause::NotConnected };
        let failure = fail(Operation::Adopt, cause);
        return Err(if listens || is_bound(&socket) { failure.with_hint(Hint::ListenInstead) } else { failure });
    };
    if protocol.has_connection() {
        return Stream::adopted(socket, protocol).map(ConnectEnd::Stream).map_err(io);
    }
    options::ask_for_drops(&socket);
    let peer = peer_of(&peer);
    DatagramSocket::new(socket, protocol, naming(protocol))
        .map(|socket| ConnectEnd::Datagrams(socket, peer))
        .map_err(io)
}

/// A duplicate of the descriptor, and what the kernel says it is.
fn take(name: &DescriptorName) -> Result<(Socket, Protocol), Failure> {
    let fail = failure(name);
    let number = match name {
        DescriptorName::Number(number) => *number,
        DescriptorName::Named(name) => passed()
            .into_iter()
            .find_map(|(number, of)| (of.as_ref() == Some(name)).then_some(number))
            .ok_or_else(|| fail(Operation::Adopt, Cause::NoSuchDescriptorName).with_hint(Hint::PassTheDescriptor))?,
    };
    let closed = |error: io::Error| match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EBADF) => fail(Operation::Adopt, Cause::DescriptorNotOpen).with_hint(Hint::PassTheDescriptor),
        _ => fail(Operation::Adopt, Cause::from(&error)),
    };
    // Reading the connection to the display, or the journal's file, would only break the program.
    if sys::closes_on_exec(number).map_err(closed)? {
        return Err(fail(Operation::Adopt, Cause::DescriptorIsOwn).with_hint(Hint::PassTheDescriptor));
    }
    let socket = Socket::from(sys::duplicate(number).map_err(closed)?);
    let protocol = protocol_of(&socket).map_err(|cause| fail(Operation::Adopt, cause))?;
    Ok((socket, protocol))
}

/// By SO_DOMAIN, SO_TYPE and SO_PROTOCOL, socket(7).
fn protocol_of(socket: &Socket) -> Result<Protocol, Cause> {
    let cause = |error: io::Error| match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOTSOCK) => Cause::DescriptorNotASocket,
        _ => Cause::from(&error),
    };
    let kind = socket.r#type().map_err(cause)?;
    let domain = socket.domain().map_err(cause)?;
    let number = socket.protocol().map_err(cause)?.map_or(0, i32::from);
    let is_ip = domain == Domain::IPV4 || domain == Domain::IPV6;
    Ok(match kind {
        Type::STREAM if is_ip && matches!(number, libc::IPPROTO_TCP | libc::IPPROTO_MPTCP) => Protocol::Tcp,
        Type::DGRAM if is_ip && number == libc::IPPROTO_UDP => Protocol::Udp,
        Type::STREAM if domain == Domain::UNIX => Protocol::UnixStream,
        Type::DGRAM if domain == Domain::UNIX => Protocol::UnixDatagram,
        Type::SEQPACKET if domain == Domain::UNIX => Protocol::UnixSeqpacket,
        Type::STREAM if domain == Domain::VSOCK => Protocol::Vsock,
        _ => return Err(Cause::UnknownSocketKind),
    })
}

fn naming(protocol: Protocol) -> Naming {
    if protocol.is_unix() { Naming::Unix } else { Naming::Ip }
}

fn is_bound(socket: &Socket) -> bool {
    socket.local_addr().is_ok_and(|address| match peer_of(&address) {
        Peer::Ip(address) => address.port() != 0,
        Peer::Unix(name) => name != UnixName::Unnamed,
        _ => true,
    })
}

fn failure(name: &DescriptorName) -> impl Fn(Operation, Cause) -> Failure {
    let subject = Endpoint::Descriptor(name.clone()).to_string();
    move |operation, cause| Failure::new(operation, &subject, cause)
}

/// The sockets that a service manager passed to this very process: LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES of
/// sd_listen_fds(3). Those that are closed or no sockets are left out.
#[must_use]
pub fn inherited() -> Vec<InheritedSocket> {
    let look = |(number, name)| {
        let by_number = DescriptorName::Number(number);
        let (socket, protocol) = take(&by_number).ok()?;
        let local = peer_of(&socket.local_addr().ok()?);
        Some(InheritedSocket { number, name, endpoint: Endpoint::Descriptor(by_number).opened(protocol, &local) })
    };
    passed().into_iter().filter_map(look).collect()
}

fn passed() -> Vec<(RawFd, Option<String>)> {
    let variable = |name| std::env::var(name).ok();
    let names = variable("LISTEN_FDNAMES");
    numbers_and_names(std::process::id(), variable("LISTEN_PID"), variable("LISTEN_FDS"), names.as_deref())
}

fn numbers_and_names(
    own: u32,
    pid: Option<String>,
    count: Option<String>,
    names: Option<&str>,
) -> Vec<(RawFd, Option<String>)> {
    // The variables stay in the environment of child processes, which they don't concern.
    let is_meant = pid.and_then(|pid| pid.parse().ok()) == Some(own);
    let count: u16 = count.and_then(|count| count.parse().ok()).filter(|_| is_meant).unwrap_or(0);
    let mut names = names.into_iter().flat_map(|names| names.split(':'));
    let mut name = || names.next().filter(|name| !name.is_empty()).map(str::to_owned);
    (0..count).map(|index| (FIRST + RawFd::from(index), name())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_passed_to_this_process_counts() {
        let read = |pid: &str, count: &str, names| numbers_and_names(7, Some(pid.into()), Some(count.into()), names);
        let web = Some("web".to_owned());
        assert_eq!(read("7", "3", Some("web::log")), [(3, web.clone()), (4, None), (5, Some("log".to_owned()))]);
        assert_eq!(read("7", "2", Some("web")), [(3, web), (4, None)]);
        assert_eq!(read("7", "1", None), [(3, None)]);
        assert_eq!(read("8", "1", None), []);
        assert_eq!(read("7", "-1", None), []);
        assert_eq!(read("seven", "1", None), []);
        assert_eq!(numbers_and_names(7, None, Some("1".into()), None), []);
    }
}

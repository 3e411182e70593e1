//! Sockets that somebody else opened: descriptors that were there when the program started.
//!
//! A duplicate is used and the descriptor itself stays open, for this program alone: what it starts gets none of them.
//! What belongs to the socket and not to the descriptor, its options and whether its calls block, is shared with whoever
//! else holds it.

use std::io;
use std::os::fd::{AsFd, RawFd};
use std::sync::OnceLock;

use nix::errno::Errno;
use socket2::Socket;

use super::address::{peer_of, without_port};
use super::datagram::{DatagramSocket, Naming};
use super::listener::Listener;
use super::socket_kind::SocketKind;
use super::stream::Stream;
use super::transport::{Attempt, ConnectEnd, Listening};
use super::{error_queue, options, own_address, packet, sys};
use crate::model::{
    Cause, DescriptorName, Endpoint, Failure, Hint, InheritedSocket, InheritedState, InterfaceName, Operation, Peer,
    Protocol, Role, SocketOption, SocketOptions, UnixName,
};

/// The first descriptor that a service manager passes: SD_LISTEN_FDS_START, sd_listen_fds(3).
const FIRST: RawFd = 3;

/// STDIN_FILENO, stdin(3).
const STANDARD_INPUT: RawFd = 0;

/// What [`keep_inherited`] has found. None of these numbers is ever another's: nothing closes them.
static KEPT: OnceLock<Box<[RawFd]>> = OnceLock::new();

/// Remembers which of these descriptors came from whoever started the program, and has them close at execve(2): a browser
/// would hold a listening socket, and with it the port, for longer than this program. The standard streams stay, which
/// every program is started with. To be called once, before the program opens anything.
pub fn keep_inherited(open: &[RawFd]) {
    // The connection to the display, which the window takes over and closes.
    let display = std::env::var("WAYLAND_SOCKET").ok().and_then(|number| number.parse().ok());
    let is_inherited = |number: &RawFd| {
        *number >= FIRST && Some(*number) != display && sys::closes_on_exec(*number).is_ok_and(|closes| !closes)
    };
    let kept: Box<[RawFd]> = open.iter().copied().filter(is_inherited).collect();
    for number in &kept {
        if let Err(error) = sys::close_on_exec(*number) {
            tracing::debug!(%error, number, "no FD_CLOEXEC");
        }
    }
    KEPT.get_or_init(|| kept);
}

/// Serves a socket that listens, a stream or seqpacket socket that is bound (listen(2) is then called), or a datagram
/// socket that is bound and not connected.
///
/// # Errors
/// [`Operation::Adopt`]: it isn't open, isn't a socket, or has another role. [`Operation::SetOption`]: its kind has no such
/// option, or it comes too late. The descriptor itself is never closed.
pub(super) fn listen(name: &DescriptorName, options: &SocketOptions) -> Result<Listening, Failure> {
    let fail = failure(name);
    let (socket, protocol) = take(name)?;
    let endpoint = Endpoint::Descriptor(name.clone());
    let io = |error: io::Error| fail(Operation::Adopt, Cause::from(&error));
    if socket.peer_addr().is_ok() {
        return Err(fail(Operation::Adopt, Cause::SocketIsConnected).with_hint(Hint::ConnectInstead));
    }
    let Some(local) = bound_to(&socket, protocol) else {
        return Err(fail(Operation::Adopt, Cause::SocketNotBound).with_hint(Hint::BindTheDescriptor));
    };
    options::check_adopted(options, Role::Server, protocol, &endpoint)?;
    options::apply(&socket, Role::Server, options, &endpoint)?;
    if !protocol.has_connection() {
        if protocol == Protocol::Udp {
            own_address::ask_for(&socket);
        }
        return datagrams(socket, protocol, local).map(Listening::Datagrams).map_err(io);
    }
    let listens = socket.is_listener().map_err(io)?;
    // Once more, it changes how many may wait to be accepted.
    if !listens || options.get(SocketOption::Backlog).is_some() {
        options::listen(&socket, options).map_err(|error| fail(Operation::Listen, Cause::from(&error)))?;
    }
    Listener::new(socket, protocol).map(Listening::Connections).map_err(io)
}

/// Converses over a socket that is connected, or bound to a CAN bus.
pub(super) fn connect(name: &DescriptorName, attempt: &Attempt<'_>) -> ConnectEnd {
    match try_connect(name, attempt.options) {
        Ok(end) => end,
        Err(failure) => ConnectEnd::Failed(failure),
    }
}

fn try_connect(name: &DescriptorName, options: &SocketOptions) -> Result<ConnectEnd, Failure> {
    let fail = failure(name);
    let (socket, protocol) = take(name)?;
    let endpoint = Endpoint::Descriptor(name.clone());
    let io = |error: io::Error| fail(Operation::Adopt, Cause::from(&error));
    let local = bound_to(&socket, protocol);
    let Some(peer) = connected_to(&socket, protocol, local.as_ref()) else {
        let listens = socket.is_listener().unwrap_or(false);
        let cause = if listens { Cause::SocketListens } else { Cause::NotConnected };
        let failure = fail(Operation::Adopt, cause);
        let is_for_a_server = listens || local.is_some();
        return Err(failure.with_hint(if is_for_a_server { Hint::ListenInstead } else { Hint::ConnectTheDescriptor }));
    };
    options::check_adopted(options, Role::Client, protocol, &endpoint)?;
    options::apply(&socket, Role::Client, options, &endpoint)?;
    if protocol.has_connection() {
        return Stream::adopted(socket, protocol).map(ConnectEnd::Stream).map_err(io);
    }
    let local = local.unwrap_or(Peer::Unix(UnixName::Unnamed));
    datagrams(socket, protocol, local).map(|socket| ConnectEnd::Datagrams(socket, peer)).map_err(io)
}

fn datagrams(socket: Socket, protocol: Protocol, local: Peer) -> io::Result<DatagramSocket> {
    options::ask_for_drops(&socket);
    let naming = match (protocol, local) {
        (_, Peer::Link(own)) => return packet::over(socket, own, None),
        (_, bus @ Peer::Can(_)) => Naming::Sole(bus),
        (Protocol::Raw, _) => Naming::Host,
        _ if protocol.is_unix() => Naming::Unix,
        _ => Naming::Ip,
    };
    let has_error_queue = protocol == Protocol::Udp && error_queue::ask_for(&socket, options::is_v6(socket.as_fd()));
    Ok(DatagramSocket::new(socket, protocol, naming)?.with_error_queue(has_error_queue))
}

/// A duplicate of the descriptor, and what the kernel says it is.
fn take(name: &DescriptorName) -> Result<(Socket, Protocol), Failure> {
    let fail = failure(name);
    let number = number_of(name).ok_or_else(|| {
        fail(Operation::Adopt, Cause::NoSuchDescriptorName).with_hint(Hint::PassedDescriptors { names: passed_names() })
    })?;
    let closed = |error: io::Error| match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EBADF) => fail(Operation::Adopt, Cause::DescriptorNotOpen).with_hint(Hint::PassTheDescriptor),
        _ => fail(Operation::Adopt, Cause::from(&error)),
    };
    // Reading the connection to the display, or the journal's file, would only break the program.
    let is_inherited =
        !sys::closes_on_exec(number).map_err(closed)? || KEPT.get().is_some_and(|kept| kept.contains(&number));
    if !is_inherited {
        return Err(fail(Operation::Adopt, Cause::DescriptorIsOwn).with_hint(Hint::PassTheDescriptor));
    }
    let socket = Socket::from(sys::duplicate(number).map_err(closed)?);
    let kind = SocketKind::of(&socket).map_err(|error| match error.raw_os_error().map(Errno::from_raw) {
        // EBADF: one that was opened as a mere place in the file system (O_PATH, open(2)).
        Some(Errno::ENOTSOCK | Errno::EBADF) => fail(Operation::Adopt, Cause::DescriptorNotASocket),
        _ => fail(Operation::Adopt, Cause::from(&error)),
    })?;
    let unknown = || fail(Operation::Adopt, Cause::UnknownSocketKind { kind: kind.to_string() });
    Ok((socket, kind.transport().ok_or_else(unknown)?))
}

/// Where it is bound; `None` where it isn't.
fn bound_to(socket: &Socket, protocol: Protocol) -> Option<Peer> {
    if protocol == Protocol::CanBroadcast {
        return Some(Peer::Can(InterfaceName::any()));
    }
    match (protocol, peer_of(&socket.local_addr().ok()?)) {
        // To every address, before anybody binds it. The port is the protocol's number.
        (Protocol::Raw, local) => Some(without_port(local)),
        (_, Peer::Ip(address)) if address.port() == 0 => None,
        (_, Peer::Unix(UnixName::Unnamed)) => None,
        (_, local) => Some(local),
    }
}

/// With whom it converses; `None` where that is nobody in particular, or where the system doesn't say so: of a raw socket
/// that was connected to port 0.
fn connected_to(socket: &Socket, protocol: Protocol, local: Option<&Peer>) -> Option<Peer> {
    if let Some(bus @ Peer::Can(_)) = local {
        return Some(bus.clone());
    }
    let peer = peer_of(&socket.peer_addr().ok()?);
    Some(if protocol == Protocol::Raw { without_port(peer) } else { peer })
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
        let own = bound_to(&socket, protocol);
        let peer = connected_to(&socket, protocol, None);
        let state = match (&peer, &own) {
            (Some(_), _) => InheritedState::Connected,
            (None, _) if socket.is_listener().unwrap_or(false) => InheritedState::Listens,
            (None, Some(_)) => InheritedState::Bound,
            (None, None) => InheritedState::Fresh,
        };
        let place = peer.or(own).or_else(|| Some(peer_of(&socket.local_addr().ok()?)))?;
        let carried = SocketKind::of(&socket).ok()?.carried();
        let endpoint = Endpoint::Descriptor(by_number).opened(protocol, carried, &place);
        Some(InheritedSocket { number, name, endpoint, state })
    };
    passed().into_iter().filter_map(look).collect()
}

/// The descriptor that is meant; `None` for a name that LISTEN_FDNAMES doesn't have. Whether it is open, this doesn't say.
#[must_use]
pub fn number_of(name: &DescriptorName) -> Option<RawFd> {
    match name {
        DescriptorName::Number(number) => Some(*number),
        DescriptorName::Named(name) => {
            passed().into_iter().find_map(|(number, of)| (of.as_ref() == Some(name)).then_some(number))
        }
    }
}

/// Whether this is what standard input is, by its number or as a copy of it, as inetd(8) starts a server: what is read
/// from the one is gone from the other. False where one of them isn't open.
#[must_use]
pub fn is_standard_input(name: &DescriptorName) -> bool {
    let identity = |number| sys::identity(number).ok();
    number_of(name).and_then(identity).is_some_and(|of| identity(STANDARD_INPUT) == Some(of))
}

/// What a service manager passed to this very process, each by its name or, where it has none, by its number.
#[must_use]
pub fn passed_names() -> Vec<String> {
    passed().into_iter().map(|(number, name)| name.unwrap_or_else(|| number.to_string())).collect()
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
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn each_descriptor_is_there_once_whatever_its_name(count in any::<u16>(), names in ".{0,40}") {
            let lent = numbers_and_names(7, Some("7".to_owned()), Some(count.to_string()), Some(&names));
            let numbers: Vec<_> = lent.iter().map(|(number, _)| *number).collect();
            prop_assert_eq!(numbers, (FIRST..FIRST + RawFd::from(count)).collect::<Vec<_>>());
            prop_assert!(lent.iter().flat_map(|(_, name)| name).all(|name| !name.is_empty() && names.contains(name)));
        }

        #[test]
        fn variables_of_any_kind_lend_nothing_or_so_many(pid in ".{0,8}", count in "-?[0-9]{0,6}|.{0,6}") {
            let lent = numbers_and_names(7, Some(pid.clone()), Some(count.clone()), None);
            let is_meant = pid.parse() == Ok(7_u32);
            let expected = count.parse().ok().filter(|_: &u16| is_meant).map_or(0, usize::from);
            prop_assert_eq!(lent.len(), expected);
        }
    }
}

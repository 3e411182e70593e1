//! Messages to addresses, whether their peers have been heard or not.
//!
//! An address may be a name. What is promised: a message is sent to all of its addresses or, where one of them is not
//! found, to none, and the failure names that one. What a socket is given to send leaves it in the order in which it was
//! asked for: a message waits for the names of those before it, which takes [`ConnectSpec::TIMEOUT`] each at most. Answers
//! that the socket gives by itself wait for nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::core::{Core, spawn};
use super::peers::Peers;
use super::postponed::{Message, To};
use super::session::Session;
use super::socket_control::SocketControl;
use super::{advice, resolving};
use crate::model::{Cause, ConnectSpec, Failure, Hint, HostPort, Operation, Peer, SocketId};
use crate::net;

/// For how long one message to many may wait for room in a datagram socket's buffer.
const DATAGRAM_WAIT: Duration = Duration::from_millis(100);

/// Sends the message to each address, over a UDP socket that is not connected. Where names are to be looked up, that is
/// done on a thread of its own.
pub(super) fn send_to_addresses(core: &Arc<Core>, control: &SocketControl, addresses: Vec<HostPort>, bytes: Arc<[u8]>) {
    let Some(peers) = control.peers() else {
        return core.fail(control.id, None, no_peers(core, control));
    };
    let needs_looking_up = addresses.iter().any(|address| net::literal(address).is_none());
    let message = Message { to: To::Addresses(addresses), bytes };
    if needs_looking_up || peers.postponed.is_busy() {
        postpone(core, control, &peers, message);
    } else {
        // Nothing is looked up, so nothing waits and nothing is left over.
        deliver(core, control.id, &peers, message);
    }
}

/// Sends the message to each session. What comes after names that are being looked up over the same socket waits for them.
pub(super) fn send_to_sessions(
    core: &Arc<Core>,
    control: Option<&SocketControl>,
    sessions: Vec<Arc<Session>>,
    bytes: &Arc<[u8]>,
) {
    let message = |sessions| Message { to: To::Sessions(sessions), bytes: Arc::clone(bytes) };
    match control.and_then(|control| Some((control, control.peers()?))) {
        Some((control, peers)) if peers.postponed.is_busy() => postpone(core, control, &peers, message(sessions)),
        _ => send_to_each(core, &sessions, bytes),
    }
}

/// A full datagram buffer is waited for, but not again for each recipient.
fn send_to_each(core: &Arc<Core>, sessions: &[Arc<Session>], bytes: &Arc<[u8]>) {
    let deadline = Instant::now() + DATAGRAM_WAIT;
    for session in sessions {
        session.send(core, bytes, Instant::now() < deadline);
    }
}

fn postpone(core: &Arc<Core>, control: &SocketControl, peers: &Arc<Peers>, message: Message) {
    let start = || {
        let (core, peers, id) = (Arc::clone(core), Arc::clone(peers), control.id);
        spawn(format!("names-{}", id.0), move || {
            while let Some(message) = peers.postponed.next() {
                deliver(&core, id, &peers, message);
            }
        })
    };
    if let Err(failure) = peers.postponed.push(message, start) {
        core.fail(control.id, None, failure);
    }
}

/// Finds all addresses, then sends. Blocks while names are looked up; a message that is stopped meanwhile goes back.
fn deliver(core: &Arc<Core>, id: SocketId, peers: &Peers, message: Message) {
    let addresses = match &message.to {
        To::Sessions(sessions) => return send_to_each(core, sessions, &message.bytes),
        To::Addresses(addresses) => addresses,
    };
    let deadline = Instant::now() + ConnectSpec::TIMEOUT;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for address in addresses {
        match find(peers, address, deadline) {
            Ok(Some(to)) => found.push(to),
            Ok(None) => return peers.postponed.put_back(message),
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() {
        // None is opened any more where the socket closes, which is told by itself.
        let sessions: Vec<_> = found.iter().filter_map(|to| peers.addressed(core, to)).collect();
        send_to_each(core, &sessions, &message.bytes);
    }
    for failure in failures {
        core.fail(id, None, failure.with_hint(Hint::SentToNobody));
    }
}

/// The address in the family that the socket speaks; `None` when told to stop meanwhile.
fn find(peers: &Peers, address: &HostPort, deadline: Instant) -> Result<Option<Peer>, Failure> {
    if !peers.is_udp() {
        return Err(Failure::new(Operation::Send, address, Cause::NotUdp));
    }
    let candidates = resolving::resolve(address, &peers.postponed.stop, deadline)
        .map_err(|failure| advice::explain_address(failure, address))?;
    let Some(candidates) = candidates else { return Ok(None) };
    match peers.reach().first_of(&candidates) {
        Some(to) => Ok(Some(Peer::Ip(to))),
        None => Err(Failure::new(Operation::Send, address, Cause::OtherFamily)),
    }
}

/// Why a socket has nobody else to send to: it is connected, or no datagram socket, or not open.
fn no_peers(core: &Core, control: &SocketControl) -> Failure {
    let Some(session) = core.sessions_of(control.id).into_iter().next() else {
        return Failure::new(Operation::Send, control.endpoint(), Cause::NoSuchSession);
    };
    if session.info.protocol == crate::model::Protocol::Udp {
        Failure::new(Operation::Send, &session.peer, Cause::ConnectedToOne).with_hint(Hint::DontConnect)
    } else {
        Failure::new(Operation::Send, &session.peer, Cause::NotUdp)
    }
}

//! The thread of one datagram socket, a listener's or a client's.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::core::Core;
use super::rights;
use super::session::Session;
use super::socket_control::SocketControl;
use super::stop::GRACE;
use super::{advice, inspecting};
use crate::codec::decode::Decoder;
use crate::model::{
    Call, CloseReason, Direction, Endpoint, Event, Failure, Notice, Operation, Peer, PeerProcess, Protocol, Respond,
    Role, Row, RowBody, SessionInfo, SocketOption, UnixName,
};
use crate::net::{DatagramSocket, ReceivedDatagram};

/// A UDP datagram over IPv4 carries 65,507 bytes at most, and one over IPv6 65,527.
const RECEIVE_SIZE: usize = 64 << 10;
/// A Unix datagram is as long as the sender's buffer allows.
const UNIX_RECEIVE_SIZE: usize = 1 << 20;
/// Datagrams taken in one go before their rows are handed over and the socket is looked at again for a stop.
const BATCH: usize = 256;
/// Payload bytes of a batch: it ends early when datagrams are large.
const BATCH_BYTES: usize = 1 << 20;
/// Peers that a listener keeps apart; beyond it those that were quiet longest are let go.
const PEERS_MAX: usize = 4096;

/// Serves a bound socket until told to stop, or until the first datagram where `once` says so.
pub(super) fn serve(
    core: &Arc<Core>,
    control: &Arc<SocketControl>,
    endpoint: &Endpoint,
    socket: Arc<DatagramSocket>,
    local: Peer,
    once: bool,
) {
    let kind = (endpoint.protocol(), endpoint.decoder(&local));
    let peers = Peers::Many { by_address: HashMap::new(), kind, local };
    Worker::new(core, control, socket, peers).run(once);
}

/// Converses over a client's socket until told to stop. `to` is the peer that each datagram names; `None` on a connected
/// socket.
pub(super) fn converse(
    core: &Arc<Core>,
    control: &Arc<SocketControl>,
    endpoint: &Endpoint,
    socket: DatagramSocket,
    local: Peer,
    peer: Peer,
    to: Option<Peer>,
) {
    let socket = Arc::new(socket);
    let info = SessionInfo {
        id: core.next_session(),
        socket: control.id,
        role: Role::Client,
        protocol: endpoint.protocol(),
        decoder: endpoint.decoder(&local),
        peer,
        local,
        process: None,
        since_wall_ns: core.clock.wall_ns(),
    };
    let session = Arc::new(Session::for_datagrams(info, Arc::clone(&socket), to, Some(Arc::clone(control))));
    session.announce(core);
    inspecting::tell_client_answers(core, control, &session);
    if control.stop.is_requested() {
        session.request_stop(CloseReason::Local);
    }
    Worker::new(core, control, socket, Peers::One(session)).run(false);
}

enum Peers {
    One(Arc<Session>),
    Many { by_address: HashMap<Sender, Known>, kind: (Protocol, Decoder), local: Peer },
}

/// Who sent a datagram. Processes that bound no name are told apart by what the kernel says of them.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Sender {
    address: Peer,
    unnamed: Option<PeerProcess>,
}

struct Known {
    session: Arc<Session>,
    last_heard: Instant,
}

struct Worker<'a> {
    core: &'a Arc<Core>,
    control: &'a Arc<SocketControl>,
    socket: Arc<DatagramSocket>,
    peers: Peers,
    rows: Vec<Row>,
    dropped: u32,
}

impl<'a> Worker<'a> {
    fn new(core: &'a Arc<Core>, control: &'a Arc<SocketControl>, socket: Arc<DatagramSocket>, peers: Peers) -> Self {
        Self { core, control, socket, peers, rows: Vec::new(), dropped: 0 }
    }

    fn run(mut self, once: bool) {
        let is_unix = self.socket.protocol() == Protocol::UnixDatagram;
        let default = if is_unix { UNIX_RECEIVE_SIZE } else { RECEIVE_SIZE };
        let size = self.control.options.number(SocketOption::ReceiveSize).map_or(default, |size| size as usize);
        let mut buffer = vec![0; size];
        self.tell_that_drops_are_known();
        while !self.is_stopping() {
            match self.wait() {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    self.fail(None, Failure::io(Operation::Receive, "", &error));
                    break;
                }
            }
            let received = self.receive_batch(&mut buffer);
            self.flush();
            self.core.outbox.touch();
            if once && received {
                break;
            }
        }
        // What the kernel holds already was received before the stop. A flood doesn't keep the stop waiting.
        let deadline = Instant::now() + GRACE;
        while self.receive_batch(&mut buffer) && Instant::now() < deadline {
            self.flush();
        }
        self.flush();
        self.look_for_drops();
        self.conclude();
    }

    /// Hands the rows over; before anything else is recorded, so that rows stay in order.
    fn flush(&mut self) {
        self.core.recorder.record(std::mem::take(&mut self.rows));
    }

    /// A stop of the whole listener or client, or of the client's only session.
    fn is_stopping(&self) -> bool {
        let ended = match &self.peers {
            Peers::One(session) => session.stop.is_requested(),
            Peers::Many { .. } => false,
        };
        ended || self.control.stop.is_requested()
    }

    fn wait(&self) -> std::io::Result<bool> {
        self.socket.wait(&self.control.wake)
    }

    /// Takes what is there, a batch at most; true when any datagram came.
    fn receive_batch(&mut self, buffer: &mut [u8]) -> bool {
        let mut bytes = 0;
        for count in 0..BATCH {
            match self.socket.receive(buffer) {
                Ok(Some(datagram)) => {
                    bytes += datagram.len;
                    let len = datagram.len;
                    self.received(&buffer[..len], datagram);
                    if bytes >= BATCH_BYTES {
                        return true;
                    }
                }
                Ok(None) => {
                    // Only now: a flood would make this a call for each datagram.
                    self.look_for_drops();
                    return count > 0;
                }
                // An answer to an earlier send (port unreachable, ECONNREFUSED); the socket goes on.
                Err(error) => {
                    let session = match &self.peers {
                        Peers::One(session) => Some(Arc::clone(session)),
                        Peers::Many { .. } => None,
                    };
                    let peer = session.as_ref().map(|session| session.peer.clone()).unwrap_or_default();
                    let mut failure = advice::send_message(self.socket.protocol(), &peer, &error);
                    failure.operation = Operation::Receive;
                    self.fail(session.as_deref(), failure);
                    return count > 0;
                }
            }
        }
        true
    }

    fn received(&mut self, bytes: &[u8], datagram: ReceivedDatagram) {
        if let Some(dropped) = datagram.dropped {
            self.note_drops(dropped);
        }
        let Some(session) = self.session_of(datagram.from.as_ref(), datagram.process.as_ref()) else { return };
        session.count_received(bytes.len() as u64);
        if datagram.truncated {
            self.flush();
            let notice = Notice::Truncated { kept: bytes.len() as u64 };
            self.core.notice(self.control.id, Some(&session), notice);
        }
        if self.core.recorder.is_on() {
            self.rows.push(Row {
                stamp: self.core.clock.stamp(datagram.kernel_ns),
                socket: self.control.id,
                session: Some(session.info.id),
                // On an unconnected client's socket others than the peer may write.
                peer: match (&self.peers, &datagram.from) {
                    (Peers::One(_), Some(from)) => from.to_string(),
                    _ => session.peer.clone(),
                },
                body: RowBody::Data { direction: Direction::In, call: Call::RecvFrom, truncated: datagram.truncated },
                stream_offset: 0,
                payload: bytes.to_vec(),
            });
        }
        if self.core.payload_events {
            let event =
                Event::Received { session: session.info.id, bytes: bytes.to_vec(), truncated: datagram.truncated };
            self.core.outbox.send(event);
        }
        if !datagram.rights.is_empty() {
            self.flush();
            rights::tell_and_close(self.core, &session, datagram.rights);
        }
        // That nobody without a name can be answered has been told once.
        if self.is_stopping() || session.is_unnamed_sender() {
            return;
        }
        let answer = match &*self.control.respond.read() {
            Respond::Nothing => return,
            Respond::Echo => bytes.to_vec(),
            Respond::Reply(reply) => reply.clone(),
        };
        // The answer's row follows the question's.
        self.flush();
        session.send(self.core, &answer.into(), true);
    }

    /// The session that a datagram belongs to, opened with the peer's first one.
    fn session_of(&mut self, from: Option<&Peer>, process: Option<&PeerProcess>) -> Option<Arc<Session>> {
        let (by_address, (protocol, decoder), local) = match &mut self.peers {
            Peers::One(session) => return Some(Arc::clone(session)),
            Peers::Many { by_address, kind, local } => (by_address, *kind, local.clone()),
        };
        let from = from?;
        let is_unnamed = *from == Peer::Unix(UnixName::Unnamed);
        let sender = Sender { address: from.clone(), unnamed: process.filter(|_| is_unnamed).cloned() };
        let now = Instant::now();
        if let Some(known) = by_address.get_mut(&sender)
            && !known.session.is_concluded()
        {
            known.last_heard = now;
            return Some(Arc::clone(&known.session));
        }
        if by_address.len() >= PEERS_MAX {
            evict(by_address, self.core);
        }
        let process = process.cloned().map(self.core.name_process);
        let info = SessionInfo {
            id: self.core.next_session(),
            socket: self.control.id,
            role: Role::Server,
            protocol,
            decoder,
            peer: from.canonical(),
            local: local.clone(),
            process,
            since_wall_ns: self.core.clock.wall_ns(),
        };
        let session = Arc::new(Session::for_datagrams(info, Arc::clone(&self.socket), Some(from.clone()), None));
        session.announce(self.core);
        if is_unnamed {
            self.core.notice(self.control.id, Some(&session), Notice::SenderUnnamed);
        }
        by_address.insert(sender, Known { session: Arc::clone(&session), last_heard: now });
        Some(session)
    }

    /// Without it a face couldn't tell "none so far" from "the system doesn't say". No row: nothing has happened.
    fn tell_that_drops_are_known(&self) {
        if self.socket.dropped().is_some() {
            let notice = Notice::Dropped { datagrams: 0 };
            self.core.outbox.send(Event::Noticed { socket: Some(self.control.id), session: None, notice });
        }
    }

    fn look_for_drops(&mut self) {
        if let Some(dropped) = self.socket.dropped() {
            self.note_drops(dropped);
        }
    }

    fn note_drops(&mut self, dropped: u32) {
        if dropped != self.dropped {
            self.dropped = dropped;
            self.flush();
            self.core.notice(self.control.id, None, Notice::Dropped { datagrams: u64::from(dropped) });
        }
    }

    fn fail(&mut self, session: Option<&Session>, failure: Failure) {
        self.flush();
        self.core.fail(self.control.id, session, failure);
    }

    fn conclude(self) {
        match self.peers {
            Peers::One(session) => {
                session.request_stop(CloseReason::Local);
                session.conclude(self.core, session.stop.reason().unwrap_or(CloseReason::Local));
            }
            Peers::Many { by_address, .. } => {
                for Known { session, .. } in by_address.into_values() {
                    session.request_stop(CloseReason::Stopped);
                    session.conclude(self.core, session.stop.reason().unwrap_or(CloseReason::Stopped));
                }
            }
        }
    }
}

/// Lets the eighth that was quiet longest go, so that the search for them is paid once for many.
fn evict(by_address: &mut HashMap<Sender, Known>, core: &Core) {
    let mut quiet: Vec<_> = by_address.iter().map(|(address, known)| (known.last_heard, address.clone())).collect();
    quiet.sort_unstable_by_key(|(last_heard, _)| *last_heard);
    quiet.truncate(PEERS_MAX / 8);
    for (_, address) in quiet {
        if let Some(Known { session, .. }) = by_address.remove(&address) {
            session.request_stop(CloseReason::Evicted);
            session.conclude(core, CloseReason::Evicted);
        }
    }
}

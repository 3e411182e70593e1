//! The thread of one datagram socket, a listener's or a client's.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::core::Core;
use super::peers::Peers;
use super::rights;
use super::session::Session;
use super::socket_control::SocketControl;
use super::stop::GRACE;
use super::{advice, groups, inspecting};
use crate::model::{
    Call, CloseReason, Direction, Endpoint, Event, Failure, Notice, Operation, Peer, PeerProcess, Protocol, Purpose,
    Respond, Role, Row, RowBody, SessionInfo, SocketOption,
};
use crate::net::{self, DatagramBatch, DatagramSocket, MayWait, ReceivedDatagram, Undelivered};

/// A UDP datagram over IPv4 carries 65,507 bytes at most, and one over IPv6 65,527.
const RECEIVE_SIZE: usize = 64 << 10;
/// A Unix datagram is as long as the sender's buffer allows.
const UNIX_RECEIVE_SIZE: usize = 1 << 20;
/// Datagrams, or some more, taken in one go before their rows are handed over and the socket is looked at again for a stop.
const BATCH: usize = 256;
/// Payload bytes of a batch: it ends early when datagrams are large.
const BATCH_BYTES: usize = 1 << 20;

/// Serves a bound socket until told to stop, or until the first datagram where `once` says so. The control has been shown
/// its peers.
pub(super) fn serve(
    core: &Arc<Core>,
    control: &Arc<SocketControl>,
    socket: Arc<DatagramSocket>,
    peers: Arc<Peers>,
    once: bool,
) {
    Worker::new(core, control, socket, Conversation::Many { own: None, peers }).run(once);
}

/// Converses over a client's socket until told to stop. `to` is the peer that each datagram names; `None` on a connected
/// socket.
pub(super) fn converse(
    core: &Arc<Core>,
    control: &Arc<SocketControl>,
    endpoint: &Endpoint,
    socket: DatagramSocket,
    local: &Peer,
    peer: Peer,
    to: Option<Peer>,
) {
    let socket = Arc::new(socket);
    let info = SessionInfo {
        id: core.next_session(),
        socket: control.id,
        role: Role::Client,
        purpose: Purpose::Talk,
        protocol: endpoint.protocol(),
        decoder: endpoint.decoder(local),
        peer,
        local: local.clone(),
        process: None,
        since_wall_ns: core.clock.wall_ns(),
    };
    let own = Session::for_datagrams(info, Arc::clone(&socket), to.clone(), Some(Arc::clone(control)));
    let session = Arc::new(own);
    // Before anybody hears of the session, and sends over its socket.
    let with = match to {
        // A connected socket hears nobody else.
        None => Conversation::One(Arc::clone(&session)),
        Some(to) => {
            let peers = Peers::new(control.id, Role::Client, endpoint, local.clone(), Arc::clone(&socket));
            peers.keep(&to, Arc::clone(&session));
            let peers = Arc::new(peers);
            control.show_peers(Arc::clone(&peers));
            Conversation::Many { own: Some(Arc::clone(&session)), peers }
        }
    };
    session.announce(core);
    inspecting::tell_client_answers(core, control, &session);
    groups::tell_first(core, control, local);
    if control.stop.is_requested() {
        session.request_stop(CloseReason::Local);
    }
    Worker::new(core, control, socket, with).run(false);
}

/// Answers to itself that a socket remembers: more than these never wait to be received, or were lost on the way.
const COMING_BACK: usize = 64;

/// With whom a socket converses.
enum Conversation {
    One(Arc<Session>),
    /// `own` is the client's session, with which the socket ends.
    Many {
        own: Option<Arc<Session>>,
        peers: Arc<Peers>,
    },
}

struct Worker<'a> {
    core: &'a Arc<Core>,
    control: &'a Arc<SocketControl>,
    socket: Arc<DatagramSocket>,
    with: Conversation,
    rows: Vec<Row>,
    dropped: u32,
    /// The error (errno) of the answer that was told last, until the next receive call.
    told_last: Option<i32>,
    /// Automatic answers that will arrive here again: answering these too would never end.
    coming_back: VecDeque<Arc<[u8]>>,
}

impl<'a> Worker<'a> {
    fn new(
        core: &'a Arc<Core>,
        control: &'a Arc<SocketControl>,
        socket: Arc<DatagramSocket>,
        with: Conversation,
    ) -> Self {
        Self {
            core,
            control,
            socket,
            with,
            rows: Vec::new(),
            dropped: 0,
            told_last: None,
            coming_back: VecDeque::new(),
        }
    }

    fn run(mut self, once: bool) {
        let is_unix = self.socket.protocol() == Protocol::UnixDatagram;
        let default = if is_unix { UNIX_RECEIVE_SIZE } else { RECEIVE_SIZE };
        let size = self.control.options.number(SocketOption::ReceiveSize).map_or(default, |size| size as usize);
        let mut batch = self.socket.batch(size);
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
            let received = self.receive_batch(&mut batch);
            self.flush();
            self.core.outbox.touch();
            if once && received {
                break;
            }
        }
        // What the kernel holds already was received before the stop. A flood doesn't keep the stop waiting.
        let deadline = Instant::now() + GRACE;
        while self.receive_batch(&mut batch) && Instant::now() < deadline {
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
        let own = match &self.with {
            Conversation::One(session) => Some(session),
            Conversation::Many { own, .. } => own.as_ref(),
        };
        own.is_some_and(|own| own.stop.is_requested()) || self.control.stop.is_requested()
    }

    fn wait(&self) -> std::io::Result<bool> {
        self.socket.wait(&self.control.wake)
    }

    /// Takes what is there, a batch at most; true when any datagram came.
    fn receive_batch(&mut self, batch: &mut DatagramBatch) -> bool {
        let socket = Arc::clone(&self.socket);
        let (mut count, mut bytes) = (0, 0);
        while count < BATCH && bytes < BATCH_BYTES {
            let received = socket.receive(batch, &mut |payload, datagram| {
                count += 1;
                bytes += payload.len();
                self.told_last = None;
                self.received(payload, datagram);
            });
            match received {
                Ok(MayWait::Yes) => {}
                Ok(MayWait::No) => {
                    self.told_last = None;
                    // Only now: a flood would make these calls for each datagram.
                    self.look_for_drops();
                    self.tell_undelivered();
                    return count > 0;
                }
                Err(error) => {
                    let told = self.told_last.take();
                    // An answer to an earlier send (port unreachable, ECONNREFUSED); the socket goes on. The kernel sets
                    // the socket's error after it has queued the answer, which may have been told in between.
                    if self.tell_undelivered() || told.is_some() && told == error.raw_os_error() {
                        return count > 0;
                    }
                    // Of the socket itself, or an answer that its full receive buffer had no room for.
                    let session = match &self.with {
                        Conversation::One(session) => Some(Arc::clone(session)),
                        Conversation::Many { .. } => None,
                    };
                    let peer = session.as_ref().map(|session| session.peer.clone()).unwrap_or_default();
                    self.tell_failed(session.as_deref(), &peer, &error);
                    return count > 0;
                }
            }
        }
        true
    }

    /// Datagrams that were sent and did not arrive, each as a failure of the peer that it was for; true when there was any.
    fn tell_undelivered(&mut self) -> bool {
        for count in 0..BATCH {
            match self.socket.undelivered() {
                Ok(Some(Undelivered { to, error })) => {
                    let session = match (&self.with, &to) {
                        (Conversation::One(session), _) => Some(Arc::clone(session)),
                        (Conversation::Many { peers, .. }, Some(to)) => peers.find(to),
                        (Conversation::Many { .. }, None) => None,
                    };
                    let peer = to.as_ref().map(|to| shown(to).to_string()).unwrap_or_default();
                    self.tell_failed(session.as_deref(), &peer, &error);
                    self.told_last = error.raw_os_error();
                }
                Ok(None) => return count > 0,
                Err(error) => {
                    self.tell_failed(None, "", &error);
                    return true;
                }
            }
        }
        true
    }

    fn tell_failed(&mut self, session: Option<&Session>, peer: &str, error: &std::io::Error) {
        let protocol = self.socket.protocol();
        let carried = self.socket.inspect(Role::Server, protocol).ip_protocol();
        let mut failure = advice::send_message(protocol, carried, peer, error);
        failure.operation = Operation::Receive;
        self.fail(session, failure);
    }

    fn received(&mut self, bytes: &[u8], datagram: ReceivedDatagram) {
        if let Some(dropped) = datagram.dropped {
            self.note_drops(dropped);
        }
        let Some(session) = self.session_of(datagram.from.as_ref(), datagram.process.as_ref()) else { return };
        if let Some(process) = datagram.process.filter(|process| session.learns(process)) {
            self.flush();
            let process = (self.core.name_process)(process);
            self.core.notice(self.control.id, Some(&session), Notice::PeerKnown { process });
        }
        session.answer_from(datagram.came_to);
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
                // Whatever names no peer may hear of others than its own.
                peer: match (&self.with, &datagram.from) {
                    (Conversation::One(session), Some(from)) if *from != session.address => shown(from).to_string(),
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
        let answer: Arc<[u8]> = match &*self.control.respond.read() {
            Respond::Nothing => return,
            Respond::Echo => bytes.into(),
            Respond::Reply(reply) => reply.as_slice().into(),
        };
        if session.hears_itself() {
            // What was cut can't be told from others.
            if datagram.truncated {
                return;
            }
            // Before a raw socket's, there is the header that the kernel put there.
            if let Some(at) = self.coming_back.iter().position(|sent| bytes.ends_with(sent)) {
                self.coming_back.remove(at);
                return;
            }
            self.coming_back.truncate(COMING_BACK - 1);
            self.coming_back.push_front(Arc::clone(&answer));
        }
        // The answer's row follows the question's.
        self.flush();
        session.send(self.core, &answer, true);
    }

    /// The session that a datagram belongs to, opened with the peer's first one.
    fn session_of(&self, from: Option<&Peer>, process: Option<&PeerProcess>) -> Option<Arc<Session>> {
        match &self.with {
            Conversation::One(session) => Some(Arc::clone(session)),
            Conversation::Many { peers, .. } => peers.heard(self.core, from?, process),
        }
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
        let own = || self.socket.inspect(Role::Server, self.socket.protocol()).endpoint();
        let failure = failure.or_about(|| own().unwrap_or_else(|| self.control.asked.to_string()));
        self.core.fail(self.control.id, session, failure);
    }

    fn conclude(self) {
        self.control.hide_peers();
        match self.with {
            Conversation::One(session) => {
                session.request_stop(CloseReason::Local);
                session.conclude(self.core, session.stop.reason().unwrap_or(CloseReason::Local));
            }
            Conversation::Many { own, peers } => {
                let reason = if own.is_some() { CloseReason::Local } else { CloseReason::Stopped };
                peers.conclude(self.core, reason);
            }
        }
    }
}

/// As people know it.
fn shown(peer: &Peer) -> Peer {
    net::as_shown(peer.canonical())
}

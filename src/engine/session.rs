//! One conversation: what is shared between its threads and those who command it.

mod cancels;
mod feed;
mod messages;
mod queueing;
mod writing;

use std::convert::Infallible;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crossbeam_channel::{Receiver, Sender};
use parking_lot::{Mutex, RwLock};

use self::cancels::FileCancels;
pub(super) use self::cancels::Offered;
use super::browsing::Answering;
use super::core::Core;
use super::send_queue::{Outgoing, SendQueue};
use super::socket_control::SocketControl;
use super::speech::Speech;
use super::stop::Stop;
use crate::model::{
    Cause, CloseReason, Event, Failure, Hint, Life, Operation, Peer, Protocol, Role, SessionInfo, TcpState, Traffic,
};
use crate::net::{self, DatagramSocket, OpenSocket, OwnAddress, Stream};

/// How the peer's half of a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PeerEnd {
    Eof,
    Reset,
    /// A failure, or this side stopped first.
    Unknown,
}

/// Pieces that wait for a thread that sends verified files.
const FEED: usize = 16;

#[derive(Debug)]
enum Link {
    /// `None` once it is closed.
    Stream(RwLock<Option<Arc<Stream>>>),
    /// `to` is the peer that each datagram names; `None` on a connected socket. `owner` is
    /// the client that ends with its only session; a listener's sessions share its socket.
    Datagram { socket: Arc<DatagramSocket>, to: Option<Peer>, owner: Option<Arc<SocketControl>> },
}

pub(super) struct Session {
    pub(super) info: SessionInfo,
    /// The peer as rows show it.
    pub(super) peer: String,
    /// The peer as the system has it.
    pub(super) address: Peer,
    pub(super) traffic: Arc<Traffic>,
    pub(super) stop: Stop,
    link: Link,
    /// What a browser is shown; `None` where bytes are bytes.
    pub(super) browser: Option<Answering>,
    speech: Mutex<Speech>,
    /// Process, user and group at the other end, as far as they are known.
    process: Mutex<Option<(Option<u32>, u32, u32)>>,
    /// Where the peer's last datagram came to, and what is sent leaves from; `None` where the socket has but one address.
    own_address: Mutex<Option<OwnAddress>>,
    /// Found out with the first automatic answer.
    hears_itself: OnceLock<bool>,
    queue: SendQueue,
    pub(super) cancels: FileCancels,
    /// Held for a whole message, so that two senders' messages don't mix.
    gate: Mutex<()>,
    sent_offset: AtomicU64,
    received_offset: AtomicU64,
    /// Finishing is queued: what is asked for later can't be sent.
    finish_asked: AtomicBool,
    finished_sending: AtomicBool,
    /// A file broke off: an orderly end would tell a plain peer that the part that crossed is the whole, or is kept.
    cut: AtomicBool,
    concluded: AtomicBool,
    peer_end: Mutex<Option<PeerEnd>>,
    peer_ended: Stop,
    /// Where what is received goes while this side sends verified files.
    feed: Mutex<Option<Sender<Vec<u8>>>>,
    /// The other end of it, until the thread that sends takes it.
    sink: Mutex<Option<Receiver<Vec<u8>>>>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("info", &self.info).finish_non_exhaustive()
    }
}

impl Session {
    pub(super) fn for_stream(info: SessionInfo, stream: Arc<Stream>, browser: Option<Answering>) -> Self {
        let speech = if browser.is_some() { Speech::Http } else { Speech::Bytes };
        let session = Self::new(info, Link::Stream(RwLock::new(Some(stream))));
        Self { browser, speech: Mutex::new(speech), ..session }
    }

    pub(super) fn for_datagrams(
        info: SessionInfo,
        socket: Arc<DatagramSocket>,
        to: Option<Peer>,
        owner: Option<Arc<SocketControl>>,
    ) -> Self {
        Self::new(info, Link::Datagram { socket, to, owner })
    }

    fn new(info: SessionInfo, link: Link) -> Self {
        let address = info.peer.clone();
        let info = SessionInfo { peer: net::as_shown(info.peer), local: net::as_shown(info.local), ..info };
        Self {
            peer: info.peer.to_string(),
            address,
            process: Mutex::new(info.process.as_ref().map(|process| (process.pid, process.uid, process.gid))),
            info,
            traffic: Arc::new(Traffic::default()),
            stop: Stop::new(),
            link,
            browser: None,
            speech: Mutex::new(Speech::Bytes),
            own_address: Mutex::new(None),
            hears_itself: OnceLock::new(),
            queue: SendQueue::new(),
            cancels: FileCancels::default(),
            gate: Mutex::new(()),
            sent_offset: AtomicU64::new(0),
            received_offset: AtomicU64::new(0),
            finish_asked: AtomicBool::new(false),
            finished_sending: AtomicBool::new(false),
            cut: AtomicBool::new(false),
            concluded: AtomicBool::new(false),
            peer_end: Mutex::new(None),
            peer_ended: Stop::new(),
            feed: Mutex::new(None),
            sink: Mutex::new(None),
        }
    }

    /// Whether what is sent to the peer arrives at the same socket again.
    pub(super) fn hears_itself(&self) -> bool {
        let Link::Datagram { socket, .. } = &self.link else { return false };
        *self.hears_itself.get_or_init(|| socket.hears_what_it_sends_to(&self.address))
    }

    /// Whether it shares a datagram socket with others, so that closing it ends no thread.
    pub(super) fn is_shared_datagram(&self) -> bool {
        matches!(self.link, Link::Datagram { owner: None, .. })
    }

    /// This side's own address, the way endpoints are written; empty where it has no name.
    pub(super) fn own_endpoint(&self) -> String {
        endpoint_text(self.info.protocol, &self.info.local)
    }

    /// Registers the session and tells everybody.
    pub(super) fn announce(self: &Arc<Self>, core: &Core) {
        let SessionInfo { role, protocol, local, peer, process, .. } = &self.info;
        let is_connected = match &self.link {
            Link::Stream(_) => true,
            // What the kernel connects to a bus has nobody at its other end.
            Link::Datagram { to, .. } => to.is_none() && !matches!(peer, Peer::Can(_)),
        };
        let [local, peer] = [local, peer].map(|place| endpoint_text(*protocol, place));
        let life = match role {
            Role::Client if self.is_shared_datagram() => Life::Accepted { local, peer, process: process.clone() },
            Role::Client if is_connected => Life::Connected { local, peer, process: process.clone() },
            Role::Client => Life::Opened { local, peer },
            Role::Server => Life::Accepted { local, peer, process: process.clone() },
        };
        core.life(self.info.socket, Some(self), life);
        self.announce_quietly(core);
    }

    /// As [`Self::announce`] without a row: nothing has happened but that something is about to be sent.
    pub(super) fn announce_quietly(self: &Arc<Self>, core: &Core) {
        core.add_session(Arc::clone(self));
        core.outbox.send(Event::Opened { info: self.info.clone(), traffic: Arc::clone(&self.traffic) });
    }

    /// The last that is heard of the session: its socket is closed when this returns. Only the first call counts.
    pub(super) fn conclude(&self, core: &Core, reason: CloseReason) {
        if self.concluded.swap(true, Ordering::AcqRel) {
            return;
        }
        // The socket of a shared one stays open, and is its listener's.
        if core.last_look
            && !self.is_shared_datagram()
            && let Some(mut state) = self.look(|socket| socket.state())
        {
            if let Some(tcp) = &mut state.tcp
                && (tcp.state, self.peer_end()) == (TcpState::Closed, Some(PeerEnd::Eof))
            {
                // The kernel counts the peer's FIN, and no longer says that it came.
                tcp.bytes_received = tcp.bytes_received.map(|bytes| bytes.saturating_sub(1));
            }
            let (socket, session) = (self.info.socket, Some(self.info.id));
            core.outbox.send(Event::Inspected { socket, session, state: Arc::new(state) });
        }
        if let Link::Stream(stream) = &self.link {
            stream.write().take();
        }
        core.remove_session(self.info.id);
        let unsent = self.traffic.queued();
        if unsent > 0 {
            let cause = Cause::Unsent { bytes: unsent };
            core.fail(self.info.socket, Some(self), Failure::new(Operation::Send, &self.peer, cause));
        }
        core.life(self.info.socket, Some(self), Life::Closed { reason });
        core.outbox.send(Event::Closed { socket: self.info.socket, session: self.info.id, reason });
    }

    pub(super) fn is_concluded(&self) -> bool {
        self.concluded.load(Ordering::Acquire)
    }

    /// Ends the session from any thread: blocked calls return, workers see it within a tenth of a second.
    pub(super) fn request_stop(&self, reason: CloseReason) {
        if !self.stop.request(reason) {
            return;
        }
        match &self.link {
            Link::Stream(stream) => {
                if let Some(stream) = stream.read().as_ref() {
                    stream.interrupt();
                }
            }
            Link::Datagram { owner: Some(owner), .. } => owner.stop(reason),
            Link::Datagram { .. } => {}
        }
    }

    /// Sends a message: queued for a stream's writer, at once for a datagram, which waits a tenth of a second at most
    /// for room, and not at all without `wait`.
    pub(super) fn send(self: &Arc<Self>, core: &Arc<Core>, bytes: &Arc<[u8]>, wait: bool) {
        match &self.link {
            Link::Stream(_) => {
                let refuse = |cause| Failure::new(Operation::Send, &self.peer, cause);
                let speech = *self.speech.lock();
                let result = speech.message(bytes).map_err(refuse).and_then(|bytes| {
                    let len = bytes.len() as u64;
                    if !self.traffic.reserve(len) {
                        return Err(refuse(Cause::QueueFull));
                    }
                    self.enqueue(core, Outgoing::Message(bytes)).inspect_err(|_| self.traffic.release(len))
                });
                if let Err(failure) = result {
                    core.fail(self.info.socket, Some(self), failure);
                }
            }
            Link::Datagram { .. } if self.is_concluded() => {
                let failure = Failure::new(Operation::Send, &self.peer, Cause::NoSuchSession);
                core.fail(self.info.socket, Some(self), failure);
            }
            Link::Datagram { .. } if self.is_unnamed_sender() => {
                let failure = Failure::new(Operation::Send, format_args!("#{}", self.info.id), Cause::NoReturnAddress);
                core.fail(self.info.socket, Some(self), failure.with_hint(Hint::SenderMustBind));
            }
            Link::Datagram { socket, to, .. } => {
                if let Err(error) = self.send_datagram(core, socket, to.as_ref(), bytes, wait) {
                    core.fail(self.info.socket, Some(self), self.not_sent(bytes.len(), &error));
                }
            }
        }
    }

    pub(super) fn set_speech(&self, speech: Speech) {
        *self.speech.lock() = speech;
    }

    /// Whether a message that is sent to everybody is for this one too.
    pub(super) fn takes_messages(&self) -> bool {
        self.speech.lock().takes_messages()
    }

    /// Looks at the socket, which doesn't close meanwhile; `None` once it is closed.
    pub(super) fn with_socket<T>(&self, look: impl FnOnce(OpenSocket<'_>) -> T) -> Option<T> {
        if self.is_concluded() { None } else { self.look(look) }
    }

    /// As [`Self::with_socket`], also while the session is being concluded.
    fn look<T>(&self, look: impl FnOnce(OpenSocket<'_>) -> T) -> Option<T> {
        let SessionInfo { role, protocol, .. } = self.info;
        match &self.link {
            Link::Stream(stream) => stream.read().as_ref().map(|stream| look(stream.inspect(role, protocol))),
            Link::Datagram { socket, .. } => Some(look(socket.inspect(role, protocol))),
        }
    }

    pub(super) fn stream(&self) -> Option<Arc<Stream>> {
        match &self.link {
            Link::Stream(stream) => stream.read().clone(),
            Link::Datagram { .. } => None,
        }
    }

    /// Counts bytes that the system took; returns the offset before them, 0 for datagrams and messages.
    pub(super) fn count_sent(&self, bytes: u64) -> u64 {
        self.traffic.add_sent(bytes);
        if self.info.protocol.is_stream() { self.sent_offset.fetch_add(bytes, Ordering::Relaxed) } else { 0 }
    }

    /// As [`Self::count_sent`] for bytes that a receive call returned.
    pub(super) fn count_received(&self, bytes: u64) -> u64 {
        self.traffic.add_received(bytes);
        if self.info.protocol.is_stream() { self.received_offset.fetch_add(bytes, Ordering::Relaxed) } else { 0 }
    }

    /// Whether anything was sent over the stream.
    pub(super) fn has_sent(&self) -> bool {
        self.sent_offset.load(Ordering::Relaxed) > 0
    }

    /// Half-closes and tells everybody.
    pub(super) fn finish_sending(&self, core: &Core, stream: &Stream) {
        if let Err(error) = self.try_to_finish_sending(core, stream) {
            core.fail(self.info.socket, Some(self), Failure::io(Operation::Shutdown, &self.peer, &error));
        }
    }

    /// As [`Self::finish_sending`], for who knows what a failure means.
    pub(super) fn try_to_finish_sending(&self, core: &Core, stream: &Stream) -> std::io::Result<()> {
        if self.finished_sending.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        self.finish_asked.store(true, Ordering::Release);
        stream.finish_sending()?;
        core.life(self.info.socket, Some(self), Life::FinishedSending);
        core.outbox.send(Event::FinishedSending { session: self.info.id });
        Ok(())
    }

    pub(super) fn has_finished_sending(&self) -> bool {
        self.finished_sending.load(Ordering::Acquire)
    }

    /// Ends the session with a reset, whatever reason it stops for; this one, unless there is one already.
    pub(super) fn cut(&self, reason: CloseReason) {
        self.cut.store(true, Ordering::Release);
        self.request_stop(reason);
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Acquire)
    }

    pub(super) fn set_peer_end(&self, end: PeerEnd) {
        *self.peer_end.lock() = Some(end);
        // One that was opened since the last bytes came would never end.
        self.close_feed();
        self.peer_ended.request(CloseReason::Eof);
    }

    pub(super) fn peer_end(&self) -> Option<PeerEnd> {
        *self.peer_end.lock()
    }

    /// Becomes ready when the peer's half has ended.
    pub(super) fn peer_ended(&self) -> &Receiver<Infallible> {
        self.peer_ended.requested()
    }
}

/// A place the way endpoints are written; nothing for one without a name.
fn endpoint_text(protocol: Protocol, place: &Peer) -> String {
    match place.to_string() {
        place if place.is_empty() => place,
        place => protocol.with_scheme(&place),
    }
}

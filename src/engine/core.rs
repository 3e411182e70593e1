//! What every thread of the engine shares.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use parking_lot::Mutex;

use super::clock::Clock;
use super::history::History;
use super::leftovers::Leftovers;
use super::outbox::Outbox;
use super::reader::Reader;
use super::recorder::Recorder;
use super::session::Session;
use super::transfer::Reins;
use crate::model::{
    CloseReason, Direction, Event, Failure, Life, Notice, PeerProcess, Row, RowBody, SendMode, SessionId, SocketId,
    TransferId,
};
use crate::proto::transfer::Patience;

/// What a face wants beside the rest, as [`super::EngineConfig`] has it.
#[derive(Debug)]
pub(super) struct Wishes {
    pub(super) payload_events: bool,
    pub(super) last_look: bool,
    /// Where is kept what spares reading files again of which a part was sent.
    pub(super) sent_logs: Option<PathBuf>,
    /// As [`super::Surroundings`] has it.
    pub(super) tutorial_pause: Duration,
    pub(super) patience: Patience,
    pub(super) history: History,
    pub(super) leftovers: Leftovers,
}

pub(super) struct Core {
    pub(super) clock: Arc<Clock>,
    pub(super) name_process: fn(PeerProcess) -> PeerProcess,
    pub(super) outbox: Arc<Outbox>,
    pub(super) recorder: Recorder,
    pub(super) reader: Reader,
    pub(super) payload_events: bool,
    pub(super) last_look: bool,
    pub(super) sent_logs: Option<PathBuf>,
    pub(super) tutorial_pause: Duration,
    pub(super) patience: Patience,
    pub(super) history: History,
    pub(super) leftovers: Leftovers,
    next_session: AtomicU64,
    next_transfer: AtomicU64,
    sessions: Mutex<HashMap<SessionId, Arc<Session>>>,
    transfers: Mutex<HashMap<TransferId, RunningTransfer>>,
}

/// What a cancel has to reach.
struct RunningTransfer {
    reins: Arc<Reins>,
    session: Weak<Session>,
    comes_in: bool,
    /// A plain peer's, which can be given up by nothing but a reset.
    is_plain_and_comes_in: bool,
}

impl Core {
    pub(super) fn new(
        clock: Arc<Clock>,
        name_process: fn(PeerProcess) -> PeerProcess,
        outbox: Arc<Outbox>,
        recorder: Recorder,
        reader: Reader,
        wishes: Wishes,
        last_session: SessionId,
    ) -> Self {
        Self {
            clock,
            name_process,
            outbox,
            recorder,
            reader,
            payload_events: wishes.payload_events,
            last_look: wishes.last_look,
            sent_logs: wishes.sent_logs,
            tutorial_pause: wishes.tutorial_pause,
            patience: wishes.patience,
            history: wishes.history,
            leftovers: wishes.leftovers,
            next_session: AtomicU64::new(last_session.0.saturating_add(1)),
            next_transfer: AtomicU64::new(1),
            sessions: Mutex::new(HashMap::new()),
            transfers: Mutex::new(HashMap::new()),
        }
    }

    pub(super) fn next_session(&self) -> SessionId {
        SessionId(self.next_session.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn add_session(&self, session: Arc<Session>) {
        self.sessions.lock().insert(session.info.id, session);
    }

    pub(super) fn remove_session(&self, id: SessionId) {
        self.sessions.lock().remove(&id);
    }

    pub(super) fn session(&self, id: SessionId) -> Option<Arc<Session>> {
        self.sessions.lock().get(&id).cloned()
    }

    pub(super) fn sessions_of(&self, socket: SocketId) -> Vec<Arc<Session>> {
        self.sessions.lock().values().filter(|session| session.info.socket == socket).cloned().collect()
    }

    pub(super) fn stop_sessions_of(&self, socket: SocketId, reason: CloseReason) {
        for session in self.sessions_of(socket) {
            session.request_stop(reason);
        }
    }

    pub(super) fn begin_transfer(
        &self,
        session: &Arc<Session>,
        direction: Direction,
        mode: SendMode,
    ) -> (TransferId, Arc<Reins>) {
        let id = TransferId(self.next_transfer.fetch_add(1, Ordering::Relaxed));
        let reins = Arc::new(Reins::new());
        let comes_in = direction == Direction::In;
        let is_plain_and_comes_in = comes_in && mode != SendMode::Verified;
        let (held, session) = (Arc::clone(&reins), Arc::downgrade(session));
        let running = RunningTransfer { reins: held, session, comes_in, is_plain_and_comes_in };
        self.transfers.lock().insert(id, running);
        (id, reins)
    }

    pub(super) fn end_transfer(&self, id: TransferId) {
        self.transfers.lock().remove(&id);
    }

    /// One that has ended already is left as it is.
    pub(super) fn cancel_transfer(&self, id: TransferId) {
        let session = {
            let transfers = self.transfers.lock();
            let Some(transfer) = transfers.get(&id) else { return };
            transfer.reins.cancel();
            // A receiving thread may wait for bytes that never come, and takes none of the rest anyway.
            if transfer.is_plain_and_comes_in { transfer.session.upgrade() } else { None }
        };
        if let Some(session) = session {
            // A sender that reads an ordinary end would take its file for received.
            session.cut(CloseReason::LocalReset);
        }
    }

    /// The sessions that files come in over.
    pub(super) fn receiving(&self) -> HashSet<SessionId> {
        let transfers = self.transfers.lock();
        let receiving = transfers.values().filter(|transfer| transfer.comes_in);
        receiving.filter_map(|transfer| Some(transfer.session.upgrade()?.info.id)).collect()
    }

    /// All that are under way over this socket.
    pub(super) fn cancel_transfers_of(&self, socket: SocketId) {
        let is_of = |transfer: &RunningTransfer| {
            transfer.session.upgrade().is_some_and(|session| session.info.socket == socket)
        };
        let under_way: Vec<_> =
            self.transfers.lock().iter().filter(|(_, transfer)| is_of(transfer)).map(|(id, _)| *id).collect();
        for id in under_way {
            self.cancel_transfer(id);
        }
    }

    /// Calls `pull` with the reins of a file, unless it has ended.
    pub(super) fn with_reins(&self, id: TransferId, pull: impl FnOnce(&Reins)) {
        if let Some(transfer) = self.transfers.lock().get(&id) {
            pull(&transfer.reins);
        }
    }

    /// A row without payload.
    pub(super) fn record(&self, socket: SocketId, session: Option<&Session>, body: RowBody) {
        if self.recorder.is_on() {
            self.recorder.record(vec![Row {
                stamp: self.clock.stamp(None),
                socket,
                session: session.map(|session| session.info.id),
                peer: session.map(|session| session.peer.clone()).unwrap_or_default(),
                body,
                stream_offset: 0,
                payload: Vec::new(),
            }]);
        }
    }

    pub(super) fn life(&self, socket: SocketId, session: Option<&Session>, life: Life) {
        self.record(socket, session, RowBody::Life(life));
    }

    /// Records and shows a failure: the one place where one of a socket is handled.
    pub(super) fn fail(&self, socket: SocketId, session: Option<&Session>, failure: Failure) {
        // Of a peer without a name.
        let failure = match session {
            Some(session) => failure.or_about(|| session.own_endpoint()),
            None => failure,
        };
        tracing::debug!(%failure, "failed");
        self.record(socket, session, RowBody::Failed { failure: failure.clone() });
        let session = session.map(|session| session.info.id);
        self.outbox.send(Event::Failed { socket: Some(socket), session, failure });
    }

    pub(super) fn notice(&self, socket: SocketId, session: Option<&Session>, notice: Notice) {
        self.record(socket, session, RowBody::Notice { notice: notice.clone() });
        let session = session.map(|session| session.info.id);
        self.outbox.send(Event::Noticed { socket: Some(socket), session, notice });
    }
}

/// Stacks of workers: they hold no large values, and thousands of them are alive at once.
const STACK: usize = 256 << 10;

/// Starts a worker whose name shows in a debugger; Linux keeps 15 bytes of it.
pub(super) fn spawn(name: String, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Failure> {
    start(Builder::new().name(name.clone()).stack_size(STACK), name, work)
}

/// As [`spawn`], with the system's usual stack, for code of others: the resolver's modules, dialogs.
pub(super) fn spawn_foreign(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Failure> {
    start(Builder::new().name(name.to_owned()), name.to_owned(), work)
}

fn start(builder: Builder, name: String, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Failure> {
    builder.spawn(work).map_err(|error| Failure::no_thread(name, &error))
}

//! What every thread of the engine shares.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use parking_lot::Mutex;

use super::clock::Clock;
use super::outbox::Outbox;
use super::reader::Reader;
use super::recorder::Recorder;
use super::session::Session;
use crate::model::{
    CloseReason, Event, Failure, Life, Notice, Operation, Row, RowBody, SessionId, SocketId, TransferId,
};

pub(super) struct Core {
    pub(super) clock: Arc<Clock>,
    pub(super) outbox: Arc<Outbox>,
    pub(super) recorder: Recorder,
    pub(super) reader: Reader,
    pub(super) payload_events: bool,
    next_session: AtomicU64,
    next_transfer: AtomicU64,
    sessions: Mutex<HashMap<SessionId, Arc<Session>>>,
    /// Set to cancel; workers look at it between two calls.
    transfers: Mutex<HashMap<TransferId, Arc<AtomicBool>>>,
}

impl Core {
    pub(super) fn new(
        clock: Arc<Clock>,
        outbox: Arc<Outbox>,
        recorder: Recorder,
        reader: Reader,
        payload_events: bool,
    ) -> Self {
        Self {
            clock,
            outbox,
            recorder,
            reader,
            payload_events,
            next_session: AtomicU64::new(1),
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

    pub(super) fn begin_transfer(&self) -> (TransferId, Arc<AtomicBool>) {
        let id = TransferId(self.next_transfer.fetch_add(1, Ordering::Relaxed));
        let cancelled = Arc::new(AtomicBool::new(false));
        self.transfers.lock().insert(id, Arc::clone(&cancelled));
        (id, cancelled)
    }

    pub(super) fn end_transfer(&self, id: TransferId) {
        self.transfers.lock().remove(&id);
    }

    /// False when it has ended already.
    pub(super) fn cancel_transfer(&self, id: TransferId) -> bool {
        let transfers = self.transfers.lock();
        let Some(cancelled) = transfers.get(&id) else { return false };
        cancelled.store(true, Ordering::Release);
        true
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

/// Starts a thread whose name shows in a debugger; Linux keeps 15 bytes of it.
pub(super) fn spawn(name: String, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Failure> {
    let start = |name: String| std::thread::Builder::new().name(name).stack_size(STACK).spawn(work);
    let subject = name.clone();
    start(name).map_err(|error: io::Error| Failure::io(Operation::StartThread, subject, &error))
}

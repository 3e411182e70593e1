//! The sending side, on the thread that sends on a stream.

mod outgoing;
mod sending;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::{Receiver, at, never, select};

use crate::codec::prefix_hash::Hash;
use crate::engine::core::Core;
use crate::engine::session::{PeerEnd, Session};
use crate::engine::transfer::meter::STALL_REPORT;
use crate::engine::transfer::ticket::Ticket;
use crate::model::{CancelReason, Cause, CloseReason, Failure, Operation, Outcome, Purpose};
use crate::net::Stream;
use crate::proto::transfer::{Caller, Fault, Misunderstanding, Role, SendStep, Sender, TransferKey};
use crate::store::sent_log::SentLog;
use crate::store::tree::is_folder;

/// A file up to this size is sent together with its offer.
const EAGER_MAX: u64 = 64 << 10;

/// What waits to go out together.
const OUT_MAX: usize = 256 << 10;

/// Why nothing more can be sent over the connection.
enum Over {
    /// Told to stop.
    Stopped,
    /// The stream has ended or failed; what it said is told elsewhere where this is `None`.
    Stream(io::Error),
    /// The other side can't be worked with.
    Peer(Cause),
}

/// Files on their way to one receiver. Lives as long as the thread that sends on the connection.
pub(in crate::engine) struct Dialogue<'a> {
    session: &'a Arc<Session>,
    core: &'a Core,
    stream: &'a Stream,
    /// What the receiver says, as it came.
    feed: Receiver<Vec<u8>>,
    sender: Sender,
    /// Each file that was offered and was neither answered for nor given up.
    open: HashMap<TransferKey, Open<'a>>,
    /// What the receiver said to the file on the stream, until that is looked at.
    answer: Option<Answer>,
    /// Whether something was offered since the receiver was told that this side heard of all.
    is_unheard: bool,
    /// Something broke off, and is sent again some time: until then the receiver is to know what arrived.
    has_missed: bool,
    out: Vec<u8>,
    last_output: Instant,
}

struct Open<'a> {
    ticket: Ticket<'a>,
    log: Option<SentLog>,
    /// Of the whole file, once all of it was sent; no answer that needs it comes before.
    hash: Hash,
}

enum Answer {
    Compare { offset: u64, hash: Hash },
    Begin,
}

impl From<Fault> for Over {
    fn from(fault: Fault) -> Self {
        Self::Peer(Cause::ProtocolBroken { fault })
    }
}

impl<'a> Dialogue<'a> {
    /// Greets the other side, unless it did. Blocks until it has answered, for ten seconds at most.
    ///
    /// # Errors
    /// Why no file can be sent verified over this connection.
    pub(in crate::engine) fn begin(
        session: &'a Arc<Session>,
        core: &'a Core,
        stream: &'a Stream,
    ) -> Result<Self, Cause> {
        let is_greeted = session.take_sink();
        let calls = is_greeted.is_none();
        if calls && (session.info.purpose != Purpose::SendsFiles || session.has_sent()) {
            return Err(Cause::NotFirst);
        }
        let now = Instant::now();
        let mut dialogue = Self {
            session,
            core,
            stream,
            feed: is_greeted.unwrap_or_else(|| session.open_feed()),
            sender: Sender::patient(now, core.patience),
            open: HashMap::new(),
            answer: None,
            is_unheard: false,
            has_missed: false,
            out: Vec::new(),
            last_output: now,
        };
        match if calls { dialogue.greet(now) } else { Ok(()) } {
            Ok(()) => Ok(dialogue),
            Err(over) => {
                session.close_feed();
                Err(over.cause(session))
            }
        }
    }

    fn greet(&mut self, now: Instant) -> Result<(), Over> {
        let mut caller = Caller::patient(Role::Sends, now, self.core.patience);
        self.out = caller.greeting();
        self.flush()?;
        let deadline = at(caller.poll_timeout());
        loop {
            let bytes = select! {
                recv(self.feed) -> bytes => bytes.map_err(|_| Over::Peer(Cause::NotVerifying))?,
                recv(self.session.stop.requested()) -> _ => return Err(Over::Stopped),
                recv(deadline) -> _ => return Err(Over::Peer(Cause::NotVerifying)),
            };
            let mut rest = bytes.as_slice();
            match caller.handle(&mut rest, Instant::now()) {
                Ok(None) => {}
                Ok(Some(_)) => return self.said(rest),
                Err(Misunderstanding::NotSpoken | Misunderstanding::SameRole) => {
                    return Err(Over::Peer(Cause::NotVerifying));
                }
                Err(Misunderstanding::Version { lowest, highest }) => {
                    return Err(Over::Peer(Cause::OtherVersions { lowest, highest }));
                }
                Err(Misunderstanding::Fault(fault)) => return Err(fault.into()),
            }
        }
    }

    /// Whether the receiver has something to say still; [`Self::wait`] for it.
    pub(in crate::engine) fn is_waiting(&self) -> bool {
        self.sender.poll_timeout().is_some()
    }

    /// Becomes ready when the receiver says something; then call [`Self::hear`].
    pub(in crate::engine) fn feed(&self) -> &Receiver<Vec<u8>> {
        &self.feed
    }

    /// Sends a file, or a folder with all that is in it. What becomes of them is told when the receiver answers, which may be
    /// after the next. `number` is the place in the queue.
    ///
    /// # Errors
    /// The connection is of no more use; every open file was told of it.
    pub(in crate::engine) fn send(&mut self, path: &Path, number: u64) -> Result<(), io::Error> {
        let sent = if is_folder(path) { self.send_folder(path, number) } else { self.send_file(path, None, number) };
        sent.or_else(|over| self.end(over))
    }

    /// Sends what waits and then hears what the receiver says, within a second. `key` is the file that waits for it.
    fn listen(&mut self, key: Option<TransferKey>) -> Result<(), Over> {
        self.flush()?;
        let cancelled = match key.map(|key| self.open.get(&key)) {
            Some(Some(open)) => Some(open.ticket.cancelled().requested().clone()),
            Some(None) => return Ok(()),
            None => None,
        };
        select! {
            recv(self.feed) -> bytes => self.hear(bytes.ok()),
            recv(self.session.stop.requested()) -> _ => Err(Over::Stopped),
            recv(cancelled.unwrap_or_else(never)) -> _ => Ok(()),
            default(STALL_REPORT) => {
                self.announce();
                match key {
                    Some(key) => self.idle(key),
                    None => Ok(self.sender.handle_timeout(Instant::now())?),
                }
            }
        }
    }

    /// Tells of the small files that wait for their answers: of those that don't, their ends tell.
    fn announce(&mut self) {
        self.open.values_mut().for_each(|open| open.ticket.announce());
    }

    fn idle(&mut self, key: TransferKey) -> Result<(), Over> {
        if let Some(open) = self.open.get_mut(&key) {
            open.ticket.idle();
        }
        self.sender.handle_timeout(Instant::now())?;
        Ok(())
    }

    /// Takes what came from [`Self::feed`]; `None` is its end.
    ///
    /// # Errors
    /// The connection is of no more use; every open file was told of it.
    pub(in crate::engine) fn listen_to(&mut self, bytes: Option<Vec<u8>>) -> Result<(), io::Error> {
        self.hear(bytes).and_then(|()| self.flush()).or_else(|over| self.end(over))
    }

    /// Whether the receiver has been silent for too long.
    ///
    /// # Errors
    /// As [`Self::listen_to`].
    pub(in crate::engine) fn look_at_the_time(&mut self) -> Result<(), io::Error> {
        self.announce();
        self.flush().and_then(|()| Ok(self.sender.handle_timeout(Instant::now())?)).or_else(|over| self.end(over))
    }

    fn hear(&mut self, bytes: Option<Vec<u8>>) -> Result<(), Over> {
        match bytes {
            Some(bytes) => self.said(&bytes),
            None => Err(Over::Stream(io::ErrorKind::ConnectionReset.into())),
        }
    }

    fn said(&mut self, mut bytes: &[u8]) -> Result<(), Over> {
        let came = Instant::now();
        while let Some(step) = self.sender.handle(&mut bytes, came)? {
            match step {
                SendStep::Compare { offset, hash, .. } => self.answer = Some(Answer::Compare { offset, hash }),
                SendStep::Begin { .. } => self.answer = Some(Answer::Begin),
                SendStep::Committed { key } => {
                    let Some(Open { ticket, log, hash }) = self.open.remove(&key) else { continue };
                    if let Some(log) = log {
                        log.remove();
                    }
                    let path = ticket.info.path.clone();
                    ticket.verified(&path, &hash);
                }
                SendStep::Cancelled { key, reason, words } => {
                    let outcome = match reason {
                        CancelReason::Declined | CancelReason::Limit | CancelReason::Name => Outcome::Refused,
                        _ => Outcome::Incomplete,
                    };
                    let cause = Cause::GivenUpByPeer { why: reason, words };
                    if reason == CancelReason::AllStopped {
                        self.session.cancels.cancel_queued(cause.clone());
                    }
                    let failure =
                        self.open.get(&key).map(|open| Failure::new(Operation::Send, open.path().display(), cause));
                    self.conclude(key, outcome, failure);
                }
            }
        }
        Ok(())
    }

    /// There are no more files: waits for the answers that are missing.
    ///
    /// # Errors
    /// The connection was of no use before all were there; every open file was told of it.
    pub(in crate::engine) fn finish(mut self) -> Result<(), io::Error> {
        let mut waited = self.flush();
        while waited.is_ok() && self.sender.poll_timeout().is_some() {
            waited = self.listen(None);
        }
        if waited.is_ok() {
            self.say_heard();
            self.sender.done();
            // All has its answer, whether the other side is there for this or not.
            let _ = self.flush();
        }
        self.session.close_feed();
        waited.or_else(|over| self.end(over))
    }

    /// Told to stop: what is open is told of it.
    pub(in crate::engine) fn stop(mut self) {
        let _ = self.end(Over::Stopped);
    }

    /// Tells every open file why it ends.
    fn end(&mut self, over: Over) -> Result<(), io::Error> {
        self.session.close_feed();
        let error = match &over {
            Over::Stream(error) => io::Error::from(error.kind()),
            Over::Stopped | Over::Peer(_) => io::ErrorKind::ConnectionAborted.into(),
        };
        if matches!(over, Over::Peer(_)) {
            self.session.cut(CloseReason::Error);
        }
        let cause = over.cause(self.session);
        let open: Vec<_> = self.open.drain().collect();
        for (_, open) in open {
            let path = open.path();
            let failure = Failure::new(Operation::Send, path.display(), cause.clone());
            open.ticket.conclude(Outcome::Incomplete, &path, Some(failure));
        }
        Err(error)
    }
}

/// A number that no other transfer has. It tells the transfers of one connection apart and keeps no secret: there is nothing
/// to gain by guessing it. The standard library has random bytes for its hashers alone: a thread's first takes its keys from
/// the system, each later one counts on from them, and the hash of the same under other keys is another.
fn random_key() -> TransferKey {
    let random = || RandomState::new().hash_one(0).to_be_bytes();
    let mut key = [0; 16];
    key[..8].copy_from_slice(&random());
    key[8..].copy_from_slice(&random());
    TransferKey(key)
}

impl Open<'_> {
    fn path(&self) -> PathBuf {
        self.ticket.info.path.clone()
    }
}

impl Over {
    fn cause(self, session: &Session) -> Cause {
        match self {
            Self::Stopped => Cause::Cancelled,
            Self::Stream(error) => Cause::from(&error),
            Self::Peer(cause) => {
                // A peer that closed says more by how it did.
                match session.peer_end() {
                    Some(PeerEnd::Reset) => Cause::ConnectionReset,
                    _ => cause,
                }
            }
        }
    }
}

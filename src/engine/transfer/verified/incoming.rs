//! The receiving side, on the thread that receives from a stream.

mod content;
mod offers;
mod settling;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::settling::Settling;
use super::reason_for;
use super::writing::Writing;
use crate::engine::core::Core;
use crate::engine::session::{PeerEnd, Session};
use crate::engine::speech::Speech;
use crate::engine::transfer::admittance::Admittance;
use crate::engine::transfer::ticket::Ticket;
use crate::model::{CancelReason, Cause, Event, Failure, Operation, Outcome, Purpose};
use crate::net::Stream;
use crate::proto::transfer::{
    Answerer, Caller, Fault, Misunderstanding, ReceiveStep, Receiver, Role, TransferKey, WORKING_EVERY,
};
use crate::store::inbox::{Arrived, Inbox, Partial, Unfinished};

/// A file up to this size is written by the thread that receives it: another would take longer to begin than to write.
const SMALL: u64 = 1 << 20;

/// Answers that wait for each other, so that many small files don't take a call each.
const OUT_MAX: usize = 16 << 10;

/// From here on, what this side takes for some bytes is its own time, in which it heard nothing of the other.
const OWN_TIME: Duration = Duration::from_secs(1);

/// How deep the folders of an offered name may lie in each other.
const DEPTH_MAX: usize = 64;

/// Why the connection is of no more use.
#[derive(Debug)]
pub(in crate::engine) enum Over {
    Fault(Fault),
    Misunderstood(Misunderstanding),
    /// The stream can't be written to, or the session was told to stop.
    Stream,
}

impl From<Fault> for Over {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// One connection over which verified files come.
pub(in crate::engine) struct VerifiedReceiving<'a> {
    core: &'a Core,
    session: &'a Arc<Session>,
    stream: &'a Stream,
    /// `None` where none are received: what has come can only ask for files.
    inbox: Option<Inbox>,
    admittance: Admittance<'a>,
    /// The folder that the last file went to, by its name as it was sent: its siblings follow as a rule.
    entered: Option<(String, Inbox)>,
    /// `None` once the two agree.
    greeting: Option<Greeting>,
    receiver: Receiver,
    file: Option<File<'a>>,
    /// Small files that are all here and not kept yet. None is left once what came was looked at.
    settling: Vec<Settling<'a>>,
    out: Vec<u8>,
    /// When the other side heard of this one last, or had something to say that it is to hear of.
    said: Instant,
    over: Option<Over>,
}

enum Greeting {
    Caller(Caller),
    Answerer(Answerer),
}

struct File<'a> {
    key: TransferKey,
    ticket: Ticket<'a>,
    path: PathBuf,
    place: Place,
}

enum Place {
    Here(Box<Partial>),
    /// It arrived before.
    There(Box<Arrived>),
    /// With the places in the buffer at hand that belong to it.
    Thread(Writing, Vec<Range<usize>>),
}

impl<'a> VerifiedReceiving<'a> {
    /// Somebody connected at that time, and begins with the magic.
    pub(in crate::engine) fn answer(
        connected: Instant,
        session: &'a Arc<Session>,
        core: &'a Core,
        stream: &'a Stream,
        inbox: Option<Inbox>,
        admittance: Admittance<'a>,
    ) -> Self {
        let role = if inbox.is_some() { None } else { Some(Role::Sends) };
        let greeting = Greeting::Answerer(Answerer::patient(role, connected, core.patience));
        Self::new(session, core, stream, inbox, admittance, greeting)
    }

    /// This side connected, to receive what the other has.
    pub(in crate::engine) fn call(
        session: &'a Arc<Session>,
        core: &'a Core,
        stream: &'a Stream,
        inbox: Inbox,
        admittance: Admittance<'a>,
    ) -> Self {
        let caller = Caller::patient(Role::Receives, Instant::now(), core.patience);
        let out = caller.greeting();
        Self { out, ..Self::new(session, core, stream, Some(inbox), admittance, Greeting::Caller(caller)) }
    }

    fn new(
        session: &'a Arc<Session>,
        core: &'a Core,
        stream: &'a Stream,
        inbox: Option<Inbox>,
        admittance: Admittance<'a>,
        greeting: Greeting,
    ) -> Self {
        Self {
            core,
            session,
            stream,
            inbox: inbox.map(Inbox::with_notes),
            admittance,
            entered: None,
            greeting: Some(greeting),
            receiver: Receiver::patient(Instant::now(), core.patience),
            file: None,
            settling: Vec::new(),
            out: Vec::new(),
            said: Instant::now(),
            over: None,
        }
    }

    /// Says what is said before anything comes.
    pub(in crate::engine) fn say_hello(&mut self) -> bool {
        let said = self.flush();
        self.keep(said)
    }

    /// Takes what one receive call put at the start of the buffer, which another may take the place of. False when the
    /// connection is of no more use.
    pub(in crate::engine) fn bytes(&mut self, buffer: &mut Vec<u8>, len: usize) -> bool {
        let came = Instant::now();
        self.said = came;
        let taken = self.take(buffer, len, came);
        // Whatever else came, these are all here.
        self.settle();
        let taken = taken.and_then(|()| self.end_if_over());
        let taken = taken.and_then(|()| self.hand_over(buffer)).and_then(|()| self.rest_while_paused());
        let taken = taken.and_then(|()| self.flush());
        if came.elapsed() >= OWN_TIME {
            self.receiver.handle_busy(Instant::now());
        }
        self.keep(taken)
    }

    /// Whether [`Self::idle`] is to be called about once a second while nothing comes.
    pub(in crate::engine) fn waits(&self) -> bool {
        self.greeting.is_some() || self.file.is_some() || self.receiver.poll_timeout().is_some()
    }

    /// Nothing came for a while.
    pub(in crate::engine) fn idle(&mut self) -> bool {
        if let Some(file) = &mut self.file {
            file.ticket.idle();
        }
        let looked = self.rest_while_paused().and_then(|()| self.look_around());
        self.keep(looked)
    }

    /// What comes meanwhile waits with the system, and then with the sender, which is told that this side is there.
    fn rest_while_paused(&mut self) -> Result<(), Over> {
        while let Some(file) = &mut self.file {
            if !file.ticket.is_paused() || self.session.stop.is_requested() {
                break;
            }
            file.ticket.rest();
            self.obey_cancel();
            self.say_working()?;
        }
        Ok(())
    }

    /// Tells the sender now and then that this side is there.
    fn say_working(&mut self) -> Result<(), Over> {
        if self.said.elapsed() >= WORKING_EVERY { self.working() } else { Ok(()) }
    }

    fn keep(&mut self, result: Result<(), Over>) -> bool {
        match result {
            Ok(()) => true,
            Err(over) => {
                self.over.get_or_insert(over);
                false
            }
        }
    }

    /// What doesn't wait for bytes: the user's cancel, the sender's silence.
    fn look_around(&mut self) -> Result<(), Over> {
        self.obey_cancel();
        self.flush()?;
        if let Some(greeting) = &self.greeting {
            let is_late = Instant::now() >= greeting.poll_timeout();
            return if is_late { Err(Over::Misunderstood(Misunderstanding::NotSpoken)) } else { Ok(()) };
        }
        Ok(self.receiver.handle_timeout(Instant::now())?)
    }

    fn take(&mut self, buffer: &[u8], len: usize, came: Instant) -> Result<(), Over> {
        let mut rest = &buffer[..len];
        if !self.greet(&mut rest, came)? {
            return Ok(());
        }
        self.obey_cancel();
        while let Some(step) = self.receiver.handle(&mut rest, came)? {
            match step {
                ReceiveStep::Offered(offer) => self.offered(&offer)?,
                ReceiveStep::Begin { offset } => self.begin(offset)?,
                ReceiveStep::Data(bytes) => {
                    let end = len - rest.len();
                    self.data(bytes, end - bytes.len()..end);
                }
                ReceiveStep::End { hash, .. } => self.end_of_file(buffer, hash)?,
                ReceiveStep::Cancelled { key, reason, words } => {
                    self.broken_off_by_peer(buffer, key, Cause::GivenUpByPeer { why: reason, words })?;
                }
                ReceiveStep::Heard => {
                    if let Some(inbox) = &self.inbox {
                        inbox.forget_arrivals();
                    }
                }
                ReceiveStep::Done => {}
            }
            self.receiver.poll_output(&mut self.out);
            if self.out.len() >= OUT_MAX {
                self.flush()?;
            }
            self.say_working()?;
        }
        Ok(())
    }

    fn end_if_over(&mut self) -> Result<(), Over> {
        if self.receiver.is_over() {
            self.flush()?;
            self.session.finish_sending(self.core, self.stream);
        }
        Ok(())
    }

    /// False while the other side's greeting isn't whole, and where it is one of somebody who wants files.
    fn greet(&mut self, bytes: &mut &[u8], came: Instant) -> Result<bool, Over> {
        let agreed = match &mut self.greeting {
            _ if self.over.is_some() => return Ok(false),
            None => return Ok(true),
            Some(Greeting::Answerer(answerer)) => {
                let Some((answer, agreed)) = answerer.handle(bytes, came) else { return Ok(false) };
                self.out.extend_from_slice(&answer);
                self.flush()?;
                agreed
            }
            Some(Greeting::Caller(caller)) => match caller.handle(bytes, came).transpose() {
                Some(agreed) => agreed,
                None => return Ok(false),
            },
        };
        let receives = match agreed {
            Ok(agreed) => agreed.role == Role::Receives,
            // The other side has been told and closes; a reset would overtake what it was told.
            Err(problem @ (Misunderstanding::SameRole | Misunderstanding::Version { .. })) => {
                self.over = Some(Over::Misunderstood(problem));
                return Ok(false);
            }
            Err(problem) => return Err(Over::Misunderstood(problem)),
        };
        self.greeting = None;
        self.receiver.handle_busy(Instant::now());
        self.session.set_speech(Speech::Files);
        let purpose = if receives { Purpose::ReceivesFiles } else { Purpose::SendsFiles };
        if !receives {
            // What comes from here on is for the thread that sends.
            self.session.open_sink();
        }
        self.core.outbox.send(Event::CarriesFiles { session: self.session.info.id, purpose });
        Ok(receives)
    }

    fn obey_cancel(&mut self) {
        if self.file.as_ref().is_some_and(|file| file.ticket.cancelled().is_requested()) {
            self.refuse_current(Cause::Cancelled);
        }
    }

    /// What the sender is told of a failure here.
    fn reason_for(&self, failure: &Failure) -> CancelReason {
        match reason_for(failure) {
            CancelReason::Stopped if self.session.cancels.stops_all(Instant::now()) => CancelReason::AllStopped,
            reason => reason,
        }
    }

    /// This side gives up the file on the stream.
    fn refuse_current(&mut self, cause: Cause) {
        let Some(file) = self.file.take() else { return };
        self.settle();
        let failure = Failure::new(Operation::WriteFile, file.path.display(), cause);
        self.receiver.cancel(file.key, self.reason_for(&failure), "");
        self.receiver.poll_output(&mut self.out);
        file.incomplete(failure);
    }

    /// The sender gave up the file on the stream, or the connection ended in it, be it that all of it had come.
    fn given_up(&mut self, cause: Cause) {
        if let Some(file) = self.file.take() {
            let failure = Failure::new(Operation::Receive, file.path.display(), cause);
            file.incomplete(failure);
        }
    }

    fn working(&mut self) -> Result<(), Over> {
        self.receiver.working();
        self.receiver.handle_busy(Instant::now());
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Over> {
        self.receiver.poll_output(&mut self.out);
        if self.out.is_empty() {
            return Ok(());
        }
        let said = say(&mut self.receiver, self.session, self.stream, &self.out);
        self.out.clear();
        self.said = Instant::now();
        said
    }

    /// The stream has ended. False when something came that is not kept whole.
    pub(in crate::engine) fn end(mut self, end: PeerEnd) -> bool {
        let cause = match (&self.over, end) {
            (Some(Over::Misunderstood(Misunderstanding::SameRole)), _) if self.inbox.is_none() => Cause::NotReceiving,
            (Some(Over::Misunderstood(Misunderstanding::NotSpoken | Misunderstanding::SameRole)), _) => {
                Cause::NotVerifying
            }
            (Some(Over::Misunderstood(Misunderstanding::Version { lowest, highest })), _) => {
                Cause::OtherVersions { lowest: *lowest, highest: *highest }
            }
            (Some(Over::Fault(fault) | Over::Misunderstood(Misunderstanding::Fault(fault))), _) => {
                Cause::ProtocolBroken { fault: *fault }
            }
            (_, PeerEnd::Reset | PeerEnd::Eof) => Cause::ConnectionReset,
            (_, PeerEnd::Unknown) => Cause::Cancelled,
        };
        let was_open = self.file.is_some();
        if was_open {
            self.given_up(cause);
        } else if matches!(self.over, Some(Over::Fault(_) | Over::Misunderstood(_))) {
            let failure = Failure::new(Operation::Receive, &self.session.peer, cause);
            self.core.fail(self.session.info.socket, Some(self.session), failure);
        }
        !was_open && self.over.is_none()
    }
}

/// Sends it, for which the other side has to read: it has only so long for that.
fn say(receiver: &mut Receiver, session: &Session, stream: &Stream, out: &[u8]) -> Result<(), Over> {
    receiver.handle_busy(Instant::now());
    let mut waited = Ok(());
    let sent = session.write_unrecorded(stream, out, |taken| {
        let now = Instant::now();
        receiver.handle_sent(taken as u64, now);
        waited = receiver.handle_blocked(now);
        waited.is_ok()
    });
    waited?;
    sent.map_err(|_| Over::Stream)
}

impl Greeting {
    fn poll_timeout(&self) -> Instant {
        match self {
            Self::Caller(caller) => caller.poll_timeout(),
            Self::Answerer(answerer) => answerer.poll_timeout(),
        }
    }
}

impl File<'_> {
    /// Unless its thread has all of it already: then it has its name, though the sender may not hear of that any more.
    fn incomplete(self, failure: Failure) {
        let Self { ticket, path, place, .. } = self;
        let end = match place {
            Place::Here(partial) => {
                partial.abandon();
                None
            }
            // It stays as it is, and nothing of this one was taken.
            Place::There(_) => return ticket.conclude(Outcome::Refused, &path, Some(failure)),
            Place::Thread(writing, _) => writing.end(),
        };
        match end {
            Some((Ok(path), hash)) => ticket.verified(&path, &hash),
            Some((Err(unfinished), _)) => {
                let Unfinished { failure, path } = *unfinished;
                ticket.conclude(Outcome::Incomplete, &path, Some(failure));
            }
            None => ticket.conclude(Outcome::Incomplete, &path, Some(failure)),
        }
    }
}

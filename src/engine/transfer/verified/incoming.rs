//! The receiving side, on the thread that receives from a stream.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::RecvTimeoutError;

use super::reason_for;
use super::writing::{Writing, Written};
use crate::codec::file_name::SafeName;
use crate::codec::prefix_hash::Hash;
use crate::engine::core::Core;
use crate::engine::session::{PeerEnd, Session};
use crate::engine::speech::Speech;
use crate::engine::transfer::admittance::Admittance;
use crate::engine::transfer::ticket::Ticket;
use crate::model::{Cause, Direction, Event, Failure, Notice, Operation, Outcome, Purpose, SendMode};
use crate::net::Stream;
use crate::proto::transfer::{
    Answerer, Caller, Fault, Kind, Misunderstanding, Offer, ReceiveStep, Receiver, Role, TransferKey, WORKING_EVERY,
};
use crate::store::inbox::{Finished, Inbox, Partial, Sent, Unfinished};

/// A file up to this size is written by the thread that receives it: another would take longer to begin than to write.
const SMALL: u64 = 1 << 20;

/// Answers that wait for each other, so that many small files don't take a call each.
const OUT_MAX: usize = 16 << 10;

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
    out: Vec<u8>,
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
    /// With the places in the buffer at hand that belong to it.
    Thread(Writing, Vec<Range<usize>>),
}

impl<'a> VerifiedReceiving<'a> {
    /// Somebody connected and begins with the magic.
    pub(in crate::engine) fn answer(
        session: &'a Arc<Session>,
        core: &'a Core,
        stream: &'a Stream,
        inbox: Option<Inbox>,
        admittance: Admittance<'a>,
    ) -> Self {
        let role = if inbox.is_some() { None } else { Some(Role::Sends) };
        let greeting = Greeting::Answerer(Answerer::new(role, Instant::now()));
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
        let caller = Caller::new(Role::Receives, Instant::now());
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
            inbox,
            admittance,
            entered: None,
            greeting: Some(greeting),
            receiver: Receiver::new(Instant::now()),
            file: None,
            out: Vec::new(),
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
        let taken =
            self.take(buffer, len).and_then(|()| self.hand_over(buffer)).and_then(|()| self.rest_while_paused());
        let taken = taken.and_then(|()| self.flush());
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
        let mut said = Instant::now();
        while let Some(file) = &mut self.file {
            if !file.ticket.is_paused() || self.session.stop.is_requested() {
                break;
            }
            file.ticket.rest();
            self.obey_cancel();
            self.say_working(&mut said)?;
        }
        Ok(())
    }

    /// Tells the sender now and then, `said` being the last time, that this side is there.
    fn say_working(&mut self, said: &mut Instant) -> Result<(), Over> {
        if said.elapsed() >= WORKING_EVERY {
            self.working()?;
            *said = Instant::now();
        }
        Ok(())
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

    fn take(&mut self, buffer: &[u8], len: usize) -> Result<(), Over> {
        let mut rest = &buffer[..len];
        if !self.greet(&mut rest)? {
            return Ok(());
        }
        self.obey_cancel();
        while let Some(step) = self.receiver.handle(&mut rest, Instant::now())? {
            match step {
                ReceiveStep::Offered(offer) => self.offered(&offer)?,
                ReceiveStep::Begin { offset } => self.begin(offset)?,
                ReceiveStep::Data(bytes) => {
                    let end = len - rest.len();
                    self.data(bytes, end - bytes.len()..end);
                }
                ReceiveStep::End { hash, .. } => self.end_of_file(buffer, hash)?,
                ReceiveStep::Cancelled { reason, words, .. } => {
                    self.given_up(Cause::GivenUpByPeer { why: reason, words });
                }
                ReceiveStep::Done => {}
            }
            self.receiver.poll_output(&mut self.out);
            if self.out.len() >= OUT_MAX {
                self.flush()?;
            }
        }
        if self.receiver.is_over() {
            self.flush()?;
            self.session.finish_sending(self.core, self.stream);
        }
        Ok(())
    }

    /// False while the other side's greeting isn't whole, and where it is one of somebody who wants files.
    fn greet(&mut self, bytes: &mut &[u8]) -> Result<bool, Over> {
        let agreed = match &mut self.greeting {
            _ if self.over.is_some() => return Ok(false),
            None => return Ok(true),
            Some(Greeting::Answerer(answerer)) => {
                let Some((answer, agreed)) = answerer.handle(bytes) else { return Ok(false) };
                self.out.extend_from_slice(&answer);
                self.flush()?;
                agreed
            }
            Some(Greeting::Caller(caller)) => match caller.handle(bytes).transpose() {
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

    /// This side gives up the file on the stream.
    fn refuse_current(&mut self, cause: Cause) {
        let Some(file) = self.file.take() else { return };
        let failure = Failure::new(Operation::WriteFile, file.path.display(), cause);
        self.receiver.cancel(file.key, reason_for(&failure), "");
        self.receiver.poll_output(&mut self.out);
        file.incomplete(failure);
    }

    /// The sender gave up the file on the stream, or the connection ended in it.
    fn given_up(&mut self, cause: Cause) {
        if let Some(file) = self.file.take() {
            let failure = Failure::new(Operation::Receive, file.path.display(), cause);
            file.incomplete(failure);
        }
    }

    fn offered(&mut self, offer: &Offer) -> Result<(), Over> {
        let (folders, name) = match offer.name.rsplit_once('/') {
            Some((folders, name)) => (folders, name),
            None => ("", offer.name.as_str()),
        };
        let safe = SafeName::new(name.as_bytes());
        if offer.kind == Kind::Folder && !self.admittance.asks() {
            return self.offered_folder(offer, folders, &safe);
        }
        let ticket = self.ticket(offer);
        let (mut ticket, inbox) = match self.admit(ticket, offer)? {
            Ok(ticket) => match self.folder(folders) {
                Ok(inbox) => (ticket, inbox),
                Err(failure) => return self.refused(offer, ticket, failure),
            },
            Err((ticket, failure)) => return self.refused(offer, ticket, failure),
        };
        if offer.kind == Kind::Folder {
            return match inbox.enter(&safe) {
                Ok(entered) => {
                    self.receiver.commit(offer.key);
                    ticket.conclude(Outcome::Verified, entered.path(), None);
                    Ok(())
                }
                Err(failure) => self.refused(offer, ticket, failure),
            };
        }
        let sent = Sent { name: &offer.name, size: offer.size, modified_ns: offer.modified_ns };
        let mut partial = match inbox.resume(&safe, sent) {
            Ok(partial) => partial,
            Err(failure) => return self.refused(offer, ticket, failure),
        };
        let (offset, hash) = match self.prepare(&mut partial, offer.eager)? {
            Ok(prefix) => prefix,
            Err(failure) => {
                let _ = partial.abandon();
                return self.refused(offer, ticket, failure);
            }
        };
        if safe.is_changed() {
            let to = safe.as_str().to_owned();
            let notice = Notice::NameChanged { from: name.to_owned(), to };
            self.core.notice(self.session.info.socket, Some(self.session), notice);
        }
        let path = partial.path();
        ticket.begin_at(offset);
        let place = if offer.size <= SMALL {
            Place::Here(Box::new(partial))
        } else {
            match Writing::start(partial) {
                Ok(writing) => Place::Thread(writing, Vec::new()),
                Err(failure) => return self.refused(offer, ticket, failure),
            }
        };
        self.file = Some(File { key: offer.key, ticket, path, place });
        self.receiver.accept(offset, hash);
        self.receiver.handle_busy(Instant::now());
        Ok(())
    }

    /// One about which nobody is asked: told of only where it can't be made.
    fn offered_folder(&mut self, offer: &Offer, folders: &str, name: &SafeName) -> Result<(), Over> {
        let counted = self.admittance.count_in();
        let made = counted
            .map_err(|cause| Failure::new(Operation::CreateFile, &offer.name, cause))
            .and_then(|()| self.folder(folders)?.enter(name));
        match made {
            Ok(_) => self.receiver.commit(offer.key),
            Err(failure) => return self.refused(offer, self.ticket(offer), failure),
        }
        Ok(())
    }

    fn ticket(&self, offer: &Offer) -> Ticket<'a> {
        let (name, size) = (offer.name.clone(), Some(offer.size));
        let folder = self.inbox.as_ref().map_or(Path::new(""), Inbox::path);
        let path = folder.join(SafeName::new(offer.name.as_bytes()).as_str());
        Ticket::begin(self.core, self.session, Direction::In, SendMode::Verified, name, &path, size)
    }

    /// Whether the file may come in; the sender is told that this side is there while somebody is asked.
    fn admit(
        &mut self,
        mut ticket: Ticket<'a>,
        offer: &Offer,
    ) -> Result<Result<Ticket<'a>, (Ticket<'a>, Failure)>, Over> {
        let mut said = Instant::now();
        let (receiver, session, stream) = (&mut self.receiver, self.session, self.stream);
        let admitted = self.admittance.admit(&mut ticket, Some(offer.size), || {
            if said.elapsed() < WORKING_EVERY {
                return Ok(());
            }
            said = Instant::now();
            let mut out = Vec::new();
            receiver.working();
            receiver.handle_busy(said);
            receiver.poll_output(&mut out);
            session.write_unrecorded(stream, &out).map_err(|_| Over::Stream)
        })?;
        Ok(match admitted {
            Ok(()) => Ok(ticket),
            Err(cause) => {
                let failure = Failure::new(Operation::CreateFile, ticket.info.path.display(), cause);
                Err((ticket, failure))
            }
        })
    }

    fn refused(&mut self, offer: &Offer, ticket: Ticket<'a>, failure: Failure) -> Result<(), Over> {
        self.receiver.cancel(offer.key, reason_for(&failure), "");
        let path = ticket.info.path.clone();
        ticket.conclude(Outcome::Refused, &path, Some(failure));
        Ok(())
    }

    /// What is here of the file, with room for the rest.
    fn prepare(&mut self, partial: &mut Partial, from_the_start: bool) -> Result<Result<(u64, Hash), Failure>, Over> {
        let mut said = Instant::now();
        loop {
            match partial.recover() {
                Ok(true) => self.say_working(&mut said)?,
                Ok(false) => break,
                Err(failure) => return Ok(Err(failure)),
            }
        }
        let prefix = if from_the_start { (0, Hash::default()) } else { partial.prefix() };
        Ok(partial.begin(prefix.0).map(|()| prefix))
    }

    /// The folder that an offered name lies in.
    fn folder(&mut self, folders: &str) -> Result<Inbox, Failure> {
        let Some(root) = &self.inbox else {
            // Who receives none has said so, and is offered none.
            return Err(Failure::new(Operation::CreateFile, folders, Cause::NotReceiving));
        };
        if folders.is_empty() {
            return Ok(root.clone());
        }
        if let Some((_, inbox)) = self.entered.as_ref().filter(|(entered, _)| entered == folders) {
            return Ok(inbox.clone());
        }
        let mut inbox = root.clone();
        let components: Vec<_> = folders.split('/').filter(|component| !component.is_empty()).collect();
        if components.len() > DEPTH_MAX {
            return Err(Failure::new(Operation::CreateFile, inbox.path().display(), Cause::PathTooLong));
        }
        for component in components {
            inbox = inbox.enter(&SafeName::new(component.as_bytes()))?;
        }
        self.entered = Some((folders.to_owned(), inbox.clone()));
        Ok(inbox)
    }

    /// The sender begins where this side is, or at the start.
    fn begin(&mut self, offset: u64) -> Result<(), Over> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let begun = match &mut file.place {
            Place::Here(partial) => partial.begin(offset),
            Place::Thread(writing, _) => {
                writing.begin(offset);
                Ok(())
            }
        };
        file.ticket.begin_at(offset);
        if let Err(failure) = begun {
            self.broken_off(failure);
        }
        Ok(())
    }

    fn data(&mut self, bytes: &[u8], place: Range<usize>) {
        let Some(file) = &mut self.file else { return };
        file.ticket.add(bytes.len() as u64);
        match &mut file.place {
            Place::Here(partial) => {
                if let Err(failure) = partial.write(bytes) {
                    self.broken_off(failure);
                }
            }
            Place::Thread(_, places) => places.push(place),
        }
    }

    /// The file on the stream can't be kept.
    fn broken_off(&mut self, failure: Failure) {
        let Some(file) = self.file.take() else { return };
        self.receiver.cancel(file.key, reason_for(&failure), "");
        self.receiver.poll_output(&mut self.out);
        file.incomplete(failure);
    }

    /// Gives the writing thread what the buffer has for it, once the buffer is used up.
    fn hand_over(&mut self, buffer: &mut Vec<u8>) -> Result<(), Over> {
        loop {
            let Some(File { place: Place::Thread(writing, places), .. }) = &mut self.file else { return Ok(()) };
            if places.is_empty() || writing.write(buffer, places) {
                return Ok(());
            }
            self.wait_for_the_thread()?;
        }
    }

    /// Waits for the next thing that the writing thread says; how the file ended, if that was it.
    fn wait_for_the_thread(&mut self) -> Result<Option<Finished>, Over> {
        let Some(File { place: Place::Thread(writing, _), .. }) = &mut self.file else { return Ok(None) };
        match writing.written().recv_timeout(WORKING_EVERY) {
            Ok(Written::Spare(piece)) => writing.recycle(piece),
            Ok(Written::Failed(failure)) => self.broken_off(failure),
            Ok(Written::Finished(end)) => return Ok(Some(end)),
            Err(RecvTimeoutError::Timeout) => self.working()?,
            Err(RecvTimeoutError::Disconnected) => {
                tracing::error!("a writing thread has ended");
                self.refuse_current(Cause::Cancelled);
            }
        }
        Ok(None)
    }

    /// All of the file came: waits until it is kept.
    fn end_of_file(&mut self, buffer: &[u8], hash: Hash) -> Result<(), Over> {
        let end = loop {
            let Some(file) = &mut self.file else { return Ok(()) };
            let Place::Thread(writing, places) = &mut file.place else { break None };
            if !places.is_empty() {
                // The buffer has the next file's frames too.
                let mut copy = buffer.to_vec();
                if writing.write(&mut copy, places) {
                    writing.recycle(copy);
                } else {
                    self.wait_for_the_thread()?;
                }
                continue;
            }
            writing.finish(hash);
            let end = loop {
                match self.wait_for_the_thread()? {
                    Some(end) => break end,
                    None if self.file.is_none() => return Ok(()),
                    None => {}
                }
            };
            break Some(end);
        };
        let Some(File { key, ticket, place, .. }) = self.file.take() else { return Ok(()) };
        let end = match (end, place) {
            (Some(end), _) => end,
            (None, Place::Here(partial)) => partial.finish(&hash),
            (None, Place::Thread(..)) => return Ok(()),
        };
        match end {
            Ok(path) => {
                self.receiver.commit(key);
                ticket.verified(&path, &hash);
            }
            Err(unfinished) => {
                let Unfinished { failure, path } = *unfinished;
                self.receiver.cancel(key, reason_for(&failure), "");
                ticket.conclude(Outcome::Incomplete, &path, Some(failure));
            }
        }
        self.receiver.handle_busy(Instant::now());
        Ok(())
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
        let sent = self.session.write_unrecorded(self.stream, &self.out);
        self.out.clear();
        sent.map_err(|_| Over::Stream)
    }

    /// The stream has ended. False when something came that is not kept whole.
    pub(in crate::engine) fn end(mut self, end: PeerEnd) -> bool {
        let cause = match (&self.over, end) {
            (Some(Over::Misunderstood(Misunderstanding::SameRole)), _) if self.inbox.is_none() => Cause::NotReceiving,
            (Some(Over::Misunderstood(Misunderstanding::NotSpoken | Misunderstanding::SameRole)), _) => {
                Cause::NotVerifying
            }
            (Some(Over::Fault(fault)), _) => Cause::ProtocolBroken { message: fault.to_string() },
            (Some(Over::Misunderstood(problem)), _) => Cause::ProtocolBroken { message: problem.to_string() },
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

impl Greeting {
    fn poll_timeout(&self) -> Instant {
        match self {
            Self::Caller(caller) => caller.poll_timeout(),
            Self::Answerer(answerer) => answerer.poll_timeout(),
        }
    }
}

impl File<'_> {
    fn incomplete(self, failure: Failure) {
        let Self { ticket, path, place, .. } = self;
        match place {
            Place::Here(partial) => drop(partial.abandon()),
            // Its thread leaves the file as incomplete.
            Place::Thread(writing, _) => drop(writing),
        }
        ticket.conclude(Outcome::Incomplete, &path, Some(failure));
    }
}

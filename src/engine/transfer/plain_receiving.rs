//! A plain sender's bytes on their way into a file.

use std::convert::Infallible;
use std::sync::Arc;

use super::admittance::Admittance;
use super::ticket::Ticket;
use crate::engine::core::Core;
use crate::engine::session::{PeerEnd, Session};
use crate::model::{Cause, Direction, Failure, Operation, Outcome, SendMode, StreamHead};
use crate::proto::plain_file::{Begin, PlainReceiver, Way};
use crate::store::inbox::{Inbox, Incoming};

pub(super) struct PlainReceiving<'a> {
    core: &'a Core,
    session: &'a Arc<Session>,
    inbox: Inbox,
    receiver: PlainReceiver,
    way: Way,
    admittance: Admittance<'a>,
    file: Option<File<'a>>,
}

struct File<'a> {
    incoming: Incoming,
    ticket: Ticket<'a>,
    failure: Option<Failure>,
    head: StreamHead,
}

impl<'a> PlainReceiving<'a> {
    /// The most bytes that the first receive call should ask for: it may be a name.
    pub(super) const FIRST_MAX: usize = PlainReceiver::FIRST_MAX;

    pub(super) fn new(
        way: Way,
        inbox: Inbox,
        session: &'a Arc<Session>,
        core: &'a Core,
        admittance: Admittance<'a>,
    ) -> Self {
        Self { core, session, inbox, receiver: PlainReceiver::new(way), way, admittance, file: None }
    }

    /// The most bytes that the next receive call should ask for.
    pub(super) fn receive_max(&self) -> usize {
        self.receiver.receive_max().unwrap_or(usize::MAX)
    }

    /// Takes what one receive call returned. False when the file can't be written, or the user cancelled: the stream is
    /// to be closed, and the file's end tells why.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> bool {
        let received = self.receiver.handle_bytes(bytes);
        if let Some(begin) = received.begin {
            let mode = if received.content.is_empty() { SendMode::Tutorial } else { SendMode::Raw };
            let name = &bytes[..bytes.len() - received.content.len()];
            self.file = self.create(begin, mode, name);
        }
        let Some(file) = &mut self.file else { return false };
        if file.ticket.cancelled().is_requested() {
            return false;
        }
        let allowed = self.admittance.check(file.ticket.done().saturating_add(received.content.len() as u64));
        let allowed =
            allowed.map_err(|cause| Failure::new(Operation::WriteFile, file.incoming.path().display(), cause));
        if let Err(failure) = allowed.and_then(|()| file.incoming.write(received.content)) {
            file.failure = Some(failure);
            return false;
        }
        file.ticket.add(received.content.len() as u64);
        let room = StreamHead::MAX.saturating_sub(file.head.bytes.len());
        file.head.bytes.extend(received.content.iter().take(room));
        self.rest_while_paused();
        true
    }

    /// Whether a file has begun.
    pub(super) fn is_under_way(&self) -> bool {
        self.file.is_some()
    }

    pub(super) fn idle(&mut self) {
        if let Some(file) = &mut self.file {
            file.ticket.idle();
        }
        self.rest_while_paused();
    }

    /// What comes meanwhile waits with the system, and then with the sender.
    fn rest_while_paused(&mut self) {
        let Some(file) = &mut self.file else { return };
        while file.ticket.is_paused() && !file.ticket.cancelled().is_requested() && !self.session.stop.is_requested() {
            file.ticket.rest();
        }
    }

    /// The stream has ended: the file gets its name, or stays as incomplete. False when something came that is not kept
    /// whole.
    pub(super) fn end(mut self, end: PeerEnd) -> bool {
        if self.file.is_none() && end == PeerEnd::Eof && self.way == Way::Raw {
            // A plain sender's empty file: all of the connection's bytes are none.
            let begin = Begin { name: PlainReceiver::name_of(&[]), notice: None };
            self.file = self.create(begin, SendMode::Raw, &[]);
            if self.file.is_none() {
                return false;
            }
        }
        // None came, or it was refused when it did.
        let Some(File { incoming, ticket, failure, head }) = self.file.take() else { return true };
        let is_cancelled = ticket.cancelled().is_requested();
        let (path, failure) = if end == PeerEnd::Eof && failure.is_none() && !is_cancelled {
            match incoming.finish() {
                Ok(path) => {
                    ticket.unverified(&path, head);
                    return true;
                }
                Err(unfinished) => (unfinished.path, Some(unfinished.failure)),
            }
        } else {
            let path = incoming.abandon();
            let cancel = || Failure::new(Operation::WriteFile, path.display(), Cause::Cancelled);
            (path.clone(), failure.or_else(|| is_cancelled.then(cancel)))
        };
        ticket.conclude(Outcome::Incomplete, &path, failure);
        false
    }

    /// `sent_name` is the part of the stream that the name was read from. `None` when the file can't be begun, which is told like one that ended.
    fn create(&mut self, begin: Begin, mode: SendMode, sent_name: &[u8]) -> Option<File<'a>> {
        let Begin { name, notice } = begin;
        if let Some(notice) = notice {
            self.core.notice(self.session.info.socket, Some(self.session), notice);
        }
        let path = self.inbox.path().join(name.as_str());
        let sent_as = name.as_sent().to_owned();
        let mut ticket = Ticket::begin(self.core, self.session, Direction::In, mode, sent_as, &path, None);
        ticket.announce();
        let Ok(admitted) = self.admittance.admit(&mut ticket, None, || Ok::<_, Infallible>(()));
        let created = admitted.map_err(|cause| Failure::new(Operation::CreateFile, path.display(), cause));
        match created.and_then(|()| self.inbox.create(&name)) {
            Ok(incoming) => {
                let head = StreamHead { bytes: sent_name.to_vec(), name_len: sent_name.len() };
                Some(File { incoming, ticket, failure: None, head })
            }
            Err(failure) => {
                ticket.conclude(Outcome::Refused, &path, Some(failure));
                None
            }
        }
    }
}

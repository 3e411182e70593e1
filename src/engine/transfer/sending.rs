//! One file on its way out.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{after, select};

use super::meter::STALL_REPORT;
use super::ticket::Ticket;
use crate::engine::core::Core;
use crate::engine::session::{PeerEnd, Session};
use crate::model::{Cause, CloseReason, Direction, Failure, Notice, Operation, Outcome, SendMode};
use crate::net::Stream;
use crate::proto::plain_file::{SendStep, TutorialSender};
use crate::store::source::Source;

/// Bytes read at a time. Over loopback, read(2) and send(2) take a fifth less time than sendfile(2): single pages cost the
/// receiver more than the copy costs the sender.
const PIECE: usize = 1 << 20;
/// How long a peer may take to read what it was sent and close, before nothing is claimed of it.
const PEER_READS: Duration = Duration::from_secs(30);

/// Why a file did not go out whole.
enum Broken {
    /// The user cancelled this file.
    Cancelled,
    /// The session was told to stop.
    Stopped,
    /// The file itself: the stream is as good as before.
    File(Failure),
    /// The stream.
    Stream(io::Error),
}

/// Sends one file to a plain program and tells how it ended. Blocks until it has. `number` is the place in the queue.
///
/// # Errors
/// The stream broke; the file has been concluded all the same.
pub(in crate::engine) fn send(
    session: &Arc<Session>,
    core: &Core,
    stream: &Stream,
    path: &Path,
    mode: SendMode,
    number: u64,
) -> Result<(), io::Error> {
    let source = match Source::open(path) {
        Ok(source) => source,
        Err(failure) => {
            unsent(session, core, path, mode, failure);
            return Ok(());
        }
    };
    let (name, size) = (source.name().to_owned(), Some(source.size()));
    let mut ticket = Ticket::begin(core, session, Direction::Out, mode, name, path, size);
    // Who cancels from here on finds the ticket.
    if let Some(cause) = session.cancels.of(number) {
        ticket.conclude(Outcome::Refused, path, Some(Failure::new(Operation::Send, path.display(), cause)));
        return Ok(());
    }
    ticket.announce();
    let mut sending = Sending { session, core, stream, source, ticket };
    let result = if mode == SendMode::Tutorial {
        sending.tutorial()
    } else {
        sending.content(&session.hold_gate()).map(|()| Outcome::HandedOver)
    };
    sending.conclude(result, mode)
}

/// Tells of a queued file that can't go out any more.
pub(in crate::engine) fn refuse(session: &Arc<Session>, core: &Core, path: &Path, mode: SendMode, cause: Cause) {
    unsent(session, core, path, mode, Failure::new(Operation::Send, path.display(), cause));
}

pub(super) fn unsent(session: &Arc<Session>, core: &Core, path: &Path, mode: SendMode, failure: Failure) {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let ticket = Ticket::begin(core, session, Direction::Out, mode, name, path, None);
    ticket.conclude(Outcome::Refused, path, Some(failure));
}

struct Sending<'a> {
    session: &'a Arc<Session>,
    core: &'a Core,
    stream: &'a Stream,
    source: Source,
    ticket: Ticket<'a>,
}

/// Held while a file goes out, so that no message gets in between.
type Gate<'a> = parking_lot::MutexGuard<'a, ()>;

impl Sending<'_> {
    fn tutorial(&mut self) -> Result<Outcome, Broken> {
        if let Some(notice) = TutorialSender::notice(self.source.size()) {
            self.core.notice(self.session.info.socket, Some(self.session), notice);
        }
        let gate = self.session.hold_gate();
        // A peer that finished before it had everything tells nothing by that.
        let mut finished_early = false;
        let mut sender = TutorialSender::new(self.source.name(), self.core.tutorial_pause);
        loop {
            match sender.poll_step() {
                SendStep::Name(name) => {
                    self.session.write_holding(self.core, self.stream, name, &gate).map_err(broken)?;
                    sender.handle_done(Instant::now());
                }
                SendStep::Pause => {
                    let now = Instant::now();
                    let until = sender.poll_timeout().unwrap_or(now);
                    if self.session.stop.wait(until.saturating_duration_since(now)) {
                        return Err(Broken::Stopped);
                    }
                    sender.handle_timeout(Instant::now());
                }
                SendStep::Content => {
                    self.content(&gate)?;
                    sender.handle_done(Instant::now());
                }
                SendStep::Finish => {
                    finished_early = self.session.peer_end().is_some();
                    self.session.finish_sending(self.core, self.stream);
                    sender.handle_done(Instant::now());
                }
                SendStep::Done => break,
            }
        }
        drop(gate);
        if finished_early { Ok(Outcome::HandedOver) } else { self.wait_for_the_peer() }
    }

    /// After this side finished, the peer's own end tells whether its program read everything: an end of file if it
    /// did, a reset if it closed with bytes unread.
    fn wait_for_the_peer(&mut self) -> Result<Outcome, Broken> {
        let gives_up = after(PEER_READS);
        loop {
            select! {
                recv(self.session.peer_ended()) -> _ => break,
                recv(self.session.stop.requested()) -> _ => break,
                recv(self.ticket.cancelled().requested()) -> _ => break,
                recv(gives_up) -> _ => break,
                default(STALL_REPORT) => self.ticket.idle(),
            }
        }
        let notice = |notice| self.core.notice(self.session.info.socket, Some(self.session), notice);
        match self.session.peer_end() {
            Some(PeerEnd::Eof) => {
                notice(Notice::PeerReadToEnd);
                Ok(Outcome::HandedOver)
            }
            Some(PeerEnd::Reset) => {
                notice(Notice::PeerLeftUnread);
                Err(Broken::Stream(io::ErrorKind::ConnectionReset.into()))
            }
            Some(PeerEnd::Unknown) | None => Ok(Outcome::HandedOver),
        }
    }

    fn content(&mut self, _gate: &Gate<'_>) -> Result<(), Broken> {
        let mut buffer = vec![0; usize::try_from(self.source.size()).unwrap_or(PIECE).min(PIECE)];
        while self.ticket.done() < self.source.size() {
            let length = self.source.read(&mut buffer).map_err(Broken::File)?;
            self.piece(&buffer[..length])?;
        }
        // Nothing is claimed of it but these bytes: another name or other rights are no reason to cut the stream.
        self.source.check_content_unchanged().map_err(Broken::File)
    }

    fn piece(&mut self, mut bytes: &[u8]) -> Result<(), Broken> {
        while !bytes.is_empty() {
            if self.ticket.cancelled().is_requested() {
                return Err(Broken::Cancelled);
            }
            if self.session.stop.is_requested() {
                return Err(Broken::Stopped);
            }
            if self.ticket.is_paused() {
                self.ticket.rest();
                continue;
            }
            match self.stream.send(bytes) {
                Ok(sent) => {
                    bytes = &bytes[sent..];
                    self.session.count_sent(sent as u64);
                    self.ticket.add(sent as u64);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.ticket.idle(),
                Err(error) => return Err(Broken::Stream(error)),
            }
        }
        Ok(())
    }

    fn conclude(self, result: Result<Outcome, Broken>, mode: SendMode) -> Result<(), io::Error> {
        let path = self.ticket.info.path.clone();
        let (outcome, failure, error) = match result {
            Ok(outcome) => (outcome, None, None),
            Err(broken) => {
                let (failure, error) = match broken {
                    Broken::Cancelled | Broken::Stopped => {
                        (Failure::new(Operation::Send, path.display(), Cause::Cancelled), None)
                    }
                    Broken::File(failure) => (failure, None),
                    Broken::Stream(error) => (Failure::io(Operation::Send, path.display(), &error), Some(error)),
                };
                // An end of file would tell a plain peer that the part it has is the whole. A stream that broke by itself
                // has no end to send, and it was not this side that reset it.
                if error.is_none() && (mode == SendMode::Tutorial || self.ticket.done() > 0) {
                    self.session.cut(CloseReason::LocalReset);
                }
                (Outcome::Incomplete, Some(failure), error)
            }
        };
        self.ticket.conclude(outcome, &path, failure);
        error.map_or(Ok(()), Err)
    }
}

fn broken(error: Option<io::Error>) -> Broken {
    error.map_or(Broken::Stopped, Broken::Stream)
}

#[cfg(test)]
mod tests;

//! One file on its way out.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{after, select};

use super::meter::Meter;
use super::{conclude, describe};
use crate::engine::core::Core;
use crate::engine::session::{PeerEnd, Session};
use crate::model::{Cause, CloseReason, Direction, Event, Failure, Notice, Operation, Outcome, SendMode, TransferInfo};
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

/// Sends one file and tells how it ended. Blocks until it has.
///
/// # Errors
/// The stream broke; the file has been concluded all the same.
pub(in crate::engine) fn send(
    session: &Arc<Session>,
    core: &Core,
    stream: &Stream,
    path: &Path,
    mode: SendMode,
) -> Result<(), io::Error> {
    let (id, cancelled) = core.begin_transfer();
    let (source, meter) = match Source::open(path) {
        Ok(source) => {
            let meter = Meter::new(Some(source.size()), Instant::now());
            (source, meter)
        }
        Err(failure) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let info = describe(session, id, Direction::Out, name, path, None);
            core.outbox.send(Event::TransferStarted(info.clone()));
            let meter = Meter::new(None, Instant::now());
            conclude(core, session, &info, path, &meter, mode, Outcome::Refused, Some(failure));
            return Ok(());
        }
    };
    let info = describe(session, id, Direction::Out, source.name().to_owned(), path, Some(source.size()));
    core.outbox.send(Event::TransferStarted(info.clone()));
    let mut sending = Sending { session, core, stream, source, info, meter, mode, cancelled };
    let result = match mode {
        SendMode::Raw => sending.content(&session.hold_gate()).map(|()| Outcome::HandedOver),
        SendMode::Tutorial => sending.tutorial(),
    };
    sending.conclude(result)
}

struct Sending<'a> {
    session: &'a Arc<Session>,
    core: &'a Core,
    stream: &'a Stream,
    source: Source,
    info: TransferInfo,
    meter: Meter,
    mode: SendMode,
    cancelled: Arc<AtomicBool>,
}

/// Held while a file goes out, so that no message gets in between.
type Gate<'a> = parking_lot::MutexGuard<'a, ()>;

impl Sending<'_> {
    fn tutorial(&mut self) -> Result<Outcome, Broken> {
        if let Some(notice) = TutorialSender::notice(self.source.size()) {
            self.core.notice(self.session.info.socket, Some(self.session), notice);
        }
        let gate = self.session.hold_gate();
        let mut sender = TutorialSender::new(self.source.name());
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
                    self.session.finish_sending(self.core, self.stream);
                    sender.handle_done(Instant::now());
                }
                SendStep::Done => break,
            }
        }
        drop(gate);
        self.wait_for_the_peer()
    }

    /// After this side finished, the peer's own end tells whether its program read everything: an end of file if it
    /// did, a reset if it closed with bytes unread.
    fn wait_for_the_peer(&self) -> Result<Outcome, Broken> {
        select! {
            recv(self.session.peer_ended()) -> _ => {}
            recv(self.session.stop.requested()) -> _ => {}
            recv(after(PEER_READS)) -> _ => {}
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
        while self.meter.done() < self.source.size() {
            let length = self.source.read(&mut buffer).map_err(Broken::File)?;
            self.piece(&buffer[..length])?;
        }
        self.source.check_unchanged().map_err(Broken::File)
    }

    fn piece(&mut self, mut bytes: &[u8]) -> Result<(), Broken> {
        while !bytes.is_empty() {
            if self.cancelled.load(Ordering::Acquire) {
                return Err(Broken::Cancelled);
            }
            if self.session.stop.is_requested() {
                return Err(Broken::Stopped);
            }
            match self.stream.send(bytes) {
                Ok(sent) => {
                    bytes = &bytes[sent..];
                    self.count(sent as u64);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(Broken::Stream(error)),
            }
        }
        Ok(())
    }

    fn count(&mut self, sent: u64) {
        self.session.count_sent(sent);
        match self.meter.add(sent, Instant::now()) {
            Some(progress) => {
                self.core.outbox.send(Event::TransferProgress { transfer: self.info.id, progress });
            }
            None => self.core.outbox.touch(),
        }
    }

    fn conclude(self, result: Result<Outcome, Broken>) -> Result<(), io::Error> {
        let subject = self.info.path.display();
        let (outcome, failure, error) = match result {
            Ok(outcome) => (outcome, None, None),
            Err(Broken::Cancelled | Broken::Stopped) => {
                let failure = Failure::new(Operation::Send, subject, Cause::Cancelled);
                // An end of file would tell a plain peer that the part it has is the whole.
                if self.mode == SendMode::Tutorial {
                    self.session.request_stop(CloseReason::LocalReset);
                }
                (Outcome::Incomplete, Some(failure), None)
            }
            Err(Broken::File(failure)) => {
                if self.mode == SendMode::Tutorial {
                    self.session.request_stop(CloseReason::LocalReset);
                }
                (Outcome::Incomplete, Some(failure), None)
            }
            Err(Broken::Stream(error)) => {
                (Outcome::Incomplete, Some(Failure::io(Operation::Send, subject, &error)), Some(error))
            }
        };
        conclude(self.core, self.session, &self.info, &self.info.path, &self.meter, self.mode, outcome, failure);
        error.map_or(Ok(()), Err)
    }
}

fn broken(error: Option<io::Error>) -> Broken {
    error.map_or(Broken::Stopped, Broken::Stream)
}

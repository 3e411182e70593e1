//! What both sides have of the connection and its files.

use std::time::Instant;

use super::frame::{Frame, Offer, TransferKey};
use super::frame_reader::{Fault, FrameReader};
use super::{Deadline, Patience};

/// What the file on the stream may be at, seen from one side.
pub trait State {
    /// Whether this side waits for the answers to its files, or gives them.
    const AWAITS_ANSWERS: bool;
}

/// One side of a connection: [`super::Sender`] or [`super::Receiver`].
#[derive(Debug)]
pub struct Side<S> {
    /// The file on the stream.
    pub(super) current: Option<(Offer, S)>,
    /// Those of which all was sent, and folders, without an answer.
    pub(super) unanswered: Vec<TransferKey>,
    pub(super) is_done: bool,
    pub(super) reader: FrameReader,
    pub(super) deadline: Deadline,
    pub(super) output: Vec<u8>,
}

impl<S: State> Side<S> {
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self::patient(now, Patience::default())
    }

    /// As [`Self::new`], with another patience.
    #[must_use]
    pub fn patient(now: Instant, patience: Patience) -> Self {
        Self {
            current: None,
            unanswered: Vec::new(),
            is_done: false,
            reader: FrameReader::default(),
            deadline: Deadline::new(now, patience.idle),
            output: Vec::new(),
        }
    }

    /// This side is still at it.
    pub fn working(&mut self) {
        Frame::Working.write(&mut self.output);
    }

    /// False if it waits for no answer.
    pub(super) fn forget(&mut self, key: TransferKey) -> bool {
        let before = self.unanswered.len();
        self.unanswered.retain(|one| *one != key);
        self.unanswered.len() < before
    }

    /// Moves what is to be sent into `out`.
    pub fn poll_output(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.output);
    }

    /// When to give up, unless something comes or goes; `None` while nothing is awaited of the other side.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let answers = S::AWAITS_ANSWERS && !self.unanswered.is_empty();
        (self.current.is_some() || answers || self.reader.is_within_frame()).then(|| self.deadline.until())
    }

    /// Time that this side took itself doesn't count against the other.
    pub fn handle_busy(&mut self, now: Instant) {
        self.deadline.frame(now);
    }

    /// Bytes that the system took: the other side reads.
    pub fn handle_sent(&mut self, bytes: u64, now: Instant) {
        self.deadline.data(bytes, now);
    }

    /// For the time in which nothing comes.
    ///
    /// # Errors
    /// [`Fault::Idle`] if the other side is too late by now.
    pub fn handle_timeout(&self, now: Instant) -> Result<(), Fault> {
        match self.poll_timeout() {
            Some(until) if now >= until => Err(Fault::Idle),
            _ => Ok(()),
        }
    }

    /// For the time in which the other side takes nothing of what this one has to say, be it that nothing is awaited of it.
    ///
    /// # Errors
    /// As [`Self::handle_timeout`].
    pub fn handle_blocked(&self, now: Instant) -> Result<(), Fault> {
        if now >= self.deadline.until() { Err(Fault::Idle) } else { Ok(()) }
    }

    /// Whether DONE was said and every file has its answer: the receiver then finishes sending.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_done && self.unanswered.is_empty()
    }
}

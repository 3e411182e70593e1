//! What goes out on the stream, and what the user gives up meanwhile.

use std::io;
use std::time::Instant;

use crossbeam_channel::TryRecvError;

use super::{Dialogue, Over};
use crate::model::{CancelReason, Cause, Failure, Operation, Outcome};
use crate::proto::transfer::{TransferKey, WORKING_EVERY};

impl Dialogue<'_> {
    pub(super) fn conclude(&mut self, key: TransferKey, outcome: Outcome, failure: Option<Failure>) {
        self.has_missed |= outcome == Outcome::Incomplete;
        if let Some(open) = self.open.remove(&key) {
            let path = open.path();
            open.ticket.conclude(outcome, &path, failure);
        }
    }

    /// Tells the receiver that this side heard of all that there was to send, if it did and all of it arrived.
    pub(super) fn say_heard(&mut self) {
        if self.is_unheard && !self.has_missed && self.sender.heard() {
            self.is_unheard = false;
        }
    }

    /// Whether nobody gave the file up yet. One on the stream that isn't open takes no more of it than what has begun to go
    /// out.
    pub(super) fn is_open(&self, key: TransferKey) -> bool {
        self.open.contains_key(&key)
    }

    /// Gives up the files that the user cancels. The receiver hears of it once it reads.
    pub(super) fn give_up_cancelled(&mut self) {
        let cancelled = self.open.iter().filter(|(_, open)| open.ticket.cancelled().is_requested());
        let given_up: Vec<_> = cancelled.map(|(key, open)| (*key, open.path())).collect();
        for (key, path) in given_up {
            self.sender.cancel(key, CancelReason::Stopped, "");
            let failure = Failure::new(Operation::Send, path.display(), Cause::Cancelled);
            self.conclude(key, Outcome::Incomplete, Some(failure));
        }
    }

    /// Between two steps of what takes this side its time: sees what came and what the user wants, and says that it is there.
    pub(super) fn look_up(&mut self) -> Result<(), Over> {
        if self.session.stop.is_requested() {
            return Err(Over::Stopped);
        }
        loop {
            match self.feed.try_recv() {
                Ok(bytes) => self.said(&bytes)?,
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return self.hear(None),
            }
        }
        self.give_up_cancelled();
        self.say_working()
    }

    pub(super) fn say_working(&mut self) -> Result<(), Over> {
        if self.last_output.elapsed() >= WORKING_EVERY {
            self.sender.working();
            self.flush()?;
            self.sender.handle_busy(Instant::now());
        }
        Ok(())
    }

    /// Whoever waits for the receiver calls this first.
    pub(super) fn flush(&mut self) -> Result<(), Over> {
        self.give_up_cancelled();
        self.sender.poll_output(&mut self.out);
        if self.out.is_empty() {
            return Ok(());
        }
        let out = std::mem::take(&mut self.out);
        self.write(&out, None)?;
        // Its room is used again, unless the receiver made something to say meanwhile.
        if self.out.is_empty() {
            self.out = out;
            self.out.clear();
        }
        Ok(())
    }

    /// Sends all of the bytes, and hears what the receiver says while it takes none. `key` is the file that they are of; it
    /// may be given up before they are out.
    pub(super) fn write(&mut self, mut bytes: &[u8], key: Option<TransferKey>) -> Result<(), Over> {
        let session = self.session;
        let _gate = session.hold_gate();
        if self.sender.poll_timeout().is_none() {
            self.sender.handle_busy(Instant::now());
        }
        while !bytes.is_empty() {
            if session.stop.is_requested() {
                return Err(Over::Stopped);
            }
            match self.stream.send(bytes) {
                Ok(sent) => {
                    bytes = &bytes[sent..];
                    session.count_sent(sent as u64);
                    self.last_output = Instant::now();
                    self.sender.handle_sent(sent as u64, self.last_output);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    while let Ok(said) = self.feed.try_recv() {
                        self.said(&said)?;
                    }
                    if let Some(open) = key.and_then(|key| self.open.get_mut(&key)) {
                        open.ticket.idle();
                    }
                    self.announce();
                    self.give_up_cancelled();
                    self.sender.handle_blocked(Instant::now())?;
                }
                Err(error) => return Err(Over::Stream(error)),
            }
        }
        Ok(())
    }
}

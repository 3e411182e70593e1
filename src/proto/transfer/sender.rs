//! The side that sends files.

use std::time::Instant;

use super::frame::{DATA_HEADER, Frame, Kind, Offer, TransferKey, data_header};
use super::frame_reader::{Fault, Item};
use super::side::{Side, State};
use crate::codec::prefix_hash::Hash;
use crate::model::CancelReason;

/// The most files that wait for their answers while the next go out.
const UNANSWERED_MAX: usize = 512;

/// What the sending side is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendStep {
    /// Find out whether the file's first `offset` bytes have this hash, and [`Sender::begin`].
    Compare { key: TransferKey, offset: u64, hash: Hash },
    /// Send the file from the start.
    Begin { key: TransferKey },
    /// The receiver has it whole, on its disk and under its name.
    Committed { key: TransferKey },
    /// The receiver doesn't take it, or no more of it.
    Cancelled { key: TransferKey, reason: CancelReason, words: String },
}

/// What the file on the stream is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    Offered,
    /// The user of this compares.
    Accepted {
        offset: u64,
    },
    Begun {
        at: u64,
    },
}

/// Decides what goes out when, and what the receiver's frames mean.
pub type Sender = Side<Sending>;

impl State for Sending {
    const AWAITS_ANSWERS: bool = true;
}

impl Sender {
    /// Whether the next file may be offered.
    #[must_use]
    pub fn can_offer(&self) -> bool {
        self.current.is_none() && !self.is_done && self.unanswered.len() < UNANSWERED_MAX
    }

    /// Offers a file or folder. An eager file is to be sent from the start at once. Nothing happens unless
    /// [`Self::can_offer`].
    pub fn offer(&mut self, offer: Offer, now: Instant) {
        if !self.can_offer() {
            return;
        }
        if self.unanswered.is_empty() {
            self.deadline.frame(now);
        }
        Frame::Offer(offer.clone()).write(&mut self.output);
        match (offer.kind, offer.eager) {
            (Kind::Folder, _) => self.unanswered.push(offer.key),
            (Kind::File, false) => self.current = Some((offer, Sending::Offered)),
            (Kind::File, true) => {
                Frame::Begin { key: offer.key, offset: 0 }.write(&mut self.output);
                self.current = Some((offer, Sending::Begun { at: 0 }));
            }
        }
    }

    /// Takes bytes as they came, up to the next thing to do, which has to be done before the next call; `None` when all
    /// were taken. `now` is when they came, whatever the calls for them take.
    ///
    /// # Errors
    /// The receiver does what it must not, or is too late with it: the connection ends.
    pub fn handle(&mut self, bytes: &mut &[u8], now: Instant) -> Result<Option<SendStep>, Fault> {
        if self.poll_timeout().is_none() {
            self.deadline.frame(now);
        }
        while let Some(item) = self.reader.next(bytes)? {
            if let Some(step) = self.item(item, now)? {
                return Ok(Some(step));
            }
        }
        self.handle_timeout(now).map(|()| None)
    }

    fn item(&mut self, item: Item<'_>, now: Instant) -> Result<Option<SendStep>, Fault> {
        let Item::Frame(frame) = item else { return Err(Fault::OutOfPlace { kind: super::frame::DATA }) };
        self.deadline.frame(now);
        let out_of_place = Fault::OutOfPlace { kind: frame.kind() };
        match frame {
            Frame::Accept { key, offset, hash } => match &mut self.current {
                Some((offer, state @ Sending::Offered)) if offer.key == key && offset <= offer.size => {
                    *state = Sending::Accepted { offset };
                    if offset == 0 {
                        return Ok(self.begin(false).then_some(SendStep::Begin { key }));
                    }
                    Ok(Some(SendStep::Compare { key, offset, hash }))
                }
                // It was given up while this was on its way.
                current if current.as_ref().is_none_or(|(offer, _)| offer.key != key) => Ok(None),
                _ => Err(out_of_place),
            },
            Frame::Commit { key } if self.is_current(key) => Err(out_of_place),
            Frame::Commit { key } => Ok(self.forget(key).then_some(SendStep::Committed { key })),
            Frame::Cancel { key, reason, words } => {
                let is_current = self.current.take_if(|(offer, _)| offer.key == key).is_some();
                if is_current {
                    Frame::Cancel { key, reason, words: String::new() }.write(&mut self.output);
                }
                Ok((is_current || self.forget(key)).then_some(SendStep::Cancelled { key, reason, words }))
            }
            Frame::Working => Ok(None),
            Frame::Hello(_)
            | Frame::Offer(_)
            | Frame::Begin { .. }
            | Frame::End { .. }
            | Frame::Done
            | Frame::Heard => Err(out_of_place),
        }
    }

    /// What was to be compared has been: the data goes on where the receiver is, or from the start. False if nothing was
    /// to be compared any more.
    pub fn begin(&mut self, is_same: bool) -> bool {
        let Some((offer, state)) = &mut self.current else { return false };
        let Sending::Accepted { offset } = *state else { return false };
        let offset = if is_same { offset } else { 0 };
        *state = Sending::Begun { at: offset };
        Frame::Begin { key: offer.key, offset }.write(&mut self.output);
        true
    }

    /// What goes before the next `len` bytes of the file, all of which have to follow; `None` where no such data may go
    /// out: the file was given up, or is over.
    pub fn data(&mut self, len: u32) -> Option<[u8; DATA_HEADER]> {
        match &mut self.current {
            Some((offer, Sending::Begun { at })) if u64::from(len) <= offer.size - *at && len <= super::DATA_MAX => {
                *at += u64::from(len);
                Some(data_header(len))
            }
            _ => None,
        }
    }

    /// All of the file has gone out; `hash` is that of all its bytes. False where it has not, or was given up.
    pub fn end(&mut self, hash: Hash) -> bool {
        let whole = |(offer, state): &mut (Offer, Sending)| *state == Sending::Begun { at: offer.size };
        let Some((offer, _)) = self.current.take_if(whole) else { return false };
        Frame::End { key: offer.key, size: offer.size, hash }.write(&mut self.output);
        self.unanswered.push(offer.key);
        true
    }

    /// Gives up a file that has no answer yet. False if there is no such file. The receiver may have answered for one of
    /// which all has gone out, which then is not told any more.
    pub fn cancel(&mut self, key: TransferKey, reason: CancelReason, words: &str) -> bool {
        let is_current = self.current.take_if(|(offer, _)| offer.key == key).is_some();
        let is_open = is_current || self.forget(key);
        if is_open {
            Frame::Cancel { key, reason, words: words.to_owned() }.write(&mut self.output);
        }
        is_open
    }

    /// All that was to be sent has arrived, as far as the user of this knows, and there is nothing more for now. Nothing
    /// happens, and this is false, while anything waits for its answer.
    pub fn heard(&mut self) -> bool {
        let is_heard = self.current.is_none() && self.unanswered.is_empty();
        if is_heard {
            Frame::Heard.write(&mut self.output);
        }
        is_heard
    }

    /// There are no more files. Nothing happens while one is on the stream.
    pub fn done(&mut self) {
        if self.current.is_none() && !self.is_done {
            self.is_done = true;
            Frame::Done.write(&mut self.output);
        }
    }

    fn is_current(&self, key: TransferKey) -> bool {
        self.current.as_ref().is_some_and(|(offer, _)| offer.key == key)
    }
}

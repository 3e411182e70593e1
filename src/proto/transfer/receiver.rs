//! The side that receives files.

use std::time::Instant;

use super::frame::{Frame, Kind, Offer, TransferKey};
use super::frame_reader::{Fault, Item};
use super::side::{Side, State};
use crate::codec::prefix_hash::{HASH_LEN, Hash};
use crate::model::CancelReason;

/// The most files whose last byte came and that were neither kept nor given up yet.
const UNANSWERED_MAX: usize = 1024;

/// What the receiving side is to do, before it hands in more of what came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiveStep<'a> {
    /// Decide: [`Receiver::accept`], [`Receiver::cancel`], or [`Receiver::commit`] for a folder.
    Offered(Offer),
    /// What is kept beyond `offset` is void; what follows goes there.
    Begin { offset: u64 },
    /// Write these bytes, which go after all before them.
    Data(&'a [u8]),
    /// All of it is there: if it has this hash, keep it and [`Receiver::commit`], else [`Receiver::cancel`].
    End { key: TransferKey, hash: Hash },
    /// The sender gave it up; the rest will not come.
    Cancelled { key: TransferKey, reason: CancelReason, words: String },
    /// The sender has read that all it sent so far arrived: what was kept to know it again is of no more use.
    Heard,
    /// The sender has no more files: finish sending once all are answered.
    Done,
}

/// What the file on the stream is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receiving {
    /// The user of this is to decide.
    Offered,
    Accepted {
        offset: u64,
    },
    Begun {
        at: u64,
    },
    /// This side gave it up, and what the sender sent before it knew is skipped.
    Skipped,
}

/// Decides what of the sender's frames is a file, and what to answer.
pub type Receiver = Side<Receiving>;

impl State for Receiving {
    const AWAITS_ANSWERS: bool = false;
}

impl Receiver {
    /// Takes bytes as they came, up to the next thing to do, which has to be done before the next call; `None` when all
    /// were taken. `now` is when they came, whatever the calls for them take.
    ///
    /// # Errors
    /// The sender does what it must not, or is too late with it: the connection ends.
    pub fn handle<'a>(&mut self, bytes: &mut &'a [u8], now: Instant) -> Result<Option<ReceiveStep<'a>>, Fault> {
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

    fn item<'a>(&mut self, item: Item<'a>, now: Instant) -> Result<Option<ReceiveStep<'a>>, Fault> {
        let frame = match item {
            Item::Data(bytes) => return self.data(bytes, now),
            Item::Frame(frame) => frame,
        };
        self.deadline.frame(now);
        let out_of_place = Fault::OutOfPlace { kind: frame.kind() };
        if self.is_done && !matches!(frame, Frame::Working | Frame::Heard | Frame::Cancel { .. }) {
            return Err(out_of_place);
        }
        match (frame, &mut self.current) {
            (Frame::Offer(offer), None) => self.offer(offer).map(Some).ok_or(out_of_place),
            (Frame::Begin { key, offset }, Some((offer, state))) if offer.key == key => match *state {
                Receiving::Skipped => Ok(None),
                Receiving::Accepted { offset: accepted } if offset == 0 || offset == accepted => {
                    *state = Receiving::Begun { at: offset };
                    Ok(Some(ReceiveStep::Begin { offset }))
                }
                Receiving::Offered | Receiving::Accepted { .. } | Receiving::Begun { .. } => Err(out_of_place),
            },
            (Frame::End { key, size, hash }, Some((offer, state))) if offer.key == key => match *state {
                Receiving::Begun { at } if at == size && size == offer.size => {
                    self.current = None;
                    self.unanswered.push(key);
                    Ok(Some(ReceiveStep::End { key, hash }))
                }
                Receiving::Skipped => {
                    self.current = None;
                    Ok(None)
                }
                Receiving::Offered | Receiving::Accepted { .. } | Receiving::Begun { .. } => Err(out_of_place),
            },
            (Frame::Cancel { key, reason, words }, _) => Ok(self.cancelled(key, reason, words)),
            (Frame::Done, None) => {
                self.is_done = true;
                Ok(Some(ReceiveStep::Done))
            }
            (Frame::Heard, None) => Ok(Some(ReceiveStep::Heard)),
            (Frame::Working, _) => Ok(None),
            _ => Err(out_of_place),
        }
    }

    fn offer<'a>(&mut self, offer: Offer) -> Option<ReceiveStep<'a>> {
        let makes_sense = offer.kind == Kind::File || offer.size == 0;
        if !makes_sense || self.unanswered.len() >= UNANSWERED_MAX || self.unanswered.contains(&offer.key) {
            return None;
        }
        match offer.kind {
            Kind::File => self.current = Some((offer.clone(), Receiving::Offered)),
            Kind::Folder => self.unanswered.push(offer.key),
        }
        Some(ReceiveStep::Offered(offer))
    }

    fn data<'a>(&mut self, bytes: &'a [u8], now: Instant) -> Result<Option<ReceiveStep<'a>>, Fault> {
        self.deadline.data(bytes.len() as u64, now);
        match &mut self.current {
            Some((offer, Receiving::Begun { at })) => {
                *at += bytes.len() as u64;
                if *at > offer.size { Err(Fault::Beyond) } else { Ok(Some(ReceiveStep::Data(bytes))) }
            }
            Some((_, Receiving::Skipped)) => Ok(None),
            _ => Err(Fault::OutOfPlace { kind: super::frame::DATA }),
        }
    }

    /// One that is unknown was answered while this was on its way.
    fn cancelled<'a>(&mut self, key: TransferKey, reason: CancelReason, words: String) -> Option<ReceiveStep<'a>> {
        if let Some((_, state)) = self.current.take_if(|(offer, _)| offer.key == key) {
            return (state != Receiving::Skipped).then_some(ReceiveStep::Cancelled { key, reason, words });
        }
        self.forget(key).then_some(ReceiveStep::Cancelled { key, reason, words })
    }

    /// Takes the file on offer, of which the first `offset` bytes, be it all, are here already, with this hash; 0 for an eager
    /// one.
    pub fn accept(&mut self, offset: u64, hash: Hash) {
        let Some((offer, state @ Receiving::Offered)) = &mut self.current else { return };
        *state = Receiving::Accepted { offset };
        if !offer.eager {
            let hash = if offset == 0 { [0; HASH_LEN] } else { hash };
            Frame::Accept { key: offer.key, offset, hash }.write(&mut self.output);
        }
    }

    /// It is here whole and kept, or the folder is. Does nothing for one that waits for no answer.
    pub fn commit(&mut self, key: TransferKey) {
        if self.forget(key) {
            Frame::Commit { key }.write(&mut self.output);
        }
    }

    /// Gives a file or folder up, whatever it is at; nothing more of it is handed out.
    pub fn cancel(&mut self, key: TransferKey, reason: CancelReason, words: &str) {
        let is_current = match &mut self.current {
            Some((offer, state)) if offer.key == key && *state != Receiving::Skipped => {
                *state = Receiving::Skipped;
                true
            }
            _ => false,
        };
        if is_current || self.forget(key) {
            Frame::Cancel { key, reason, words: words.to_owned() }.write(&mut self.output);
        }
    }
}

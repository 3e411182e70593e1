//! What uses each of the two sides, with files in memory.

use std::collections::{BTreeMap, VecDeque};

use super::*;

/// What lies on the receiver's disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    pub(super) partial: BTreeMap<TransferKey, Vec<u8>>,
    pub(super) kept: BTreeMap<String, Vec<u8>>,
}

/// The receiver's side of one connection.
pub(super) struct Receiving<'a> {
    pub(super) disk: &'a mut Disk,
    pub(super) machine: Receiver,
    pub(super) current: Option<(TransferKey, String)>,
    pub(super) names: BTreeMap<TransferKey, String>,
    pub(super) refuses: Option<usize>,
    pub(super) writes_fail_after: usize,
}

impl Receiving<'_> {
    pub(super) fn handle(&mut self, mut bytes: &[u8], now: Instant) -> Result<(), Fault> {
        while let Some(step) = self.machine.handle(&mut bytes, now)? {
            match step {
                ReceiveStep::Offered(offer) => {
                    self.names.insert(offer.key, offer.name.clone());
                    if self.refuses.is_some_and(|number| key(number) == offer.key) {
                        self.machine.cancel(offer.key, CancelReason::Declined, "no");
                    } else if offer.kind == Kind::Folder {
                        self.disk.kept.insert(offer.name, Vec::new());
                        self.machine.commit(offer.key);
                    } else {
                        let held = self.disk.partial.entry(offer.key).or_default();
                        if let Some(whole) = self.disk.kept.get(&offer.name) {
                            // Its COMMIT may have been lost.
                            held.clone_from(whole);
                        }
                        if offer.eager || held.len() as u64 > offer.size {
                            held.clear();
                        }
                        self.machine.accept(held.len() as u64, hash(held));
                        self.current = Some((offer.key, offer.name));
                    }
                }
                ReceiveStep::Begin { offset } => {
                    let (key, _) = self.current.as_ref().unwrap();
                    self.disk.partial.get_mut(key).unwrap().truncate(usize::try_from(offset).unwrap());
                }
                ReceiveStep::Data(bytes) => {
                    let key = self.current.as_ref().unwrap().0;
                    let Some(left) = self.writes_fail_after.checked_sub(bytes.len()) else {
                        self.writes_fail_after = usize::MAX;
                        self.machine.cancel(key, CancelReason::Storage, "disk full");
                        continue;
                    };
                    self.writes_fail_after = left;
                    self.disk.partial.get_mut(&key).unwrap().extend_from_slice(bytes);
                }
                ReceiveStep::End { key, hash: expected } => {
                    let bytes = self.disk.partial.remove(&key).unwrap();
                    if hash(&bytes) == expected {
                        self.disk.kept.insert(self.names[&key].clone(), bytes);
                        self.machine.commit(key);
                    } else {
                        // What is damaged anywhere is of no use for going on.
                        self.machine.cancel(key, CancelReason::Mismatch, "");
                    }
                }
                ReceiveStep::Cancelled { .. } | ReceiveStep::Heard | ReceiveStep::Done => {}
            }
        }
        Ok(())
    }
}

/// A file or folder to send.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) eager: bool,
    pub(super) bytes: Vec<u8>,
}

/// The sender's side of one connection.
pub(super) struct Sending<'a> {
    pub(super) sources: &'a [Source],
    /// Files of which the receiver has said that it keeps them, over all connections.
    pub(super) committed: &'a mut Vec<usize>,
    pub(super) queue: VecDeque<usize>,
    pub(super) machine: Sender,
    pub(super) current: Option<(usize, usize)>,
    pub(super) piece: usize,
}

impl Sending<'_> {
    pub(super) fn offer(&self, number: usize) -> Offer {
        let Source { name, kind, eager, bytes } = &self.sources[number];
        let (key, size) = (key(number), bytes.len() as u64);
        Offer { key, kind: *kind, eager: *eager, size, modified_ns: None, name: name.clone() }
    }

    pub(super) fn handle(&mut self, mut bytes: &[u8], now: Instant) -> Result<(), Fault> {
        while let Some(step) = self.machine.handle(&mut bytes, now)? {
            match step {
                SendStep::Compare { key, offset, hash: held } => {
                    let number = usize::from(key.0[0]);
                    let offset = usize::try_from(offset).unwrap();
                    let is_same = hash(&self.sources[number].bytes[..offset]) == held;
                    assert!(self.machine.begin(is_same));
                    self.current = Some((number, if is_same { offset } else { 0 }));
                }
                SendStep::Begin { key } => self.current = Some((usize::from(key.0[0]), 0)),
                SendStep::Committed { key } => self.committed.push(usize::from(key.0[0])),
                SendStep::Cancelled { key, .. } => {
                    self.current.take_if(|(number, _)| *number == usize::from(key.0[0]));
                }
            }
        }
        Ok(())
    }

    /// Sends a piece of what is to be sent.
    pub(super) fn proceed(&mut self, out: &mut Vec<u8>, now: Instant) {
        self.machine.poll_output(out);
        if let Some((number, at)) = &mut self.current {
            let rest = &self.sources[*number].bytes[*at..];
            let piece = &rest[..rest.len().min(self.piece)];
            if piece.is_empty() {
                assert!(self.machine.end(hash(&self.sources[*number].bytes)));
                self.current = None;
            } else {
                out.extend_from_slice(&self.machine.data(u32::try_from(piece.len()).unwrap()).unwrap());
                out.extend_from_slice(piece);
                self.machine.handle_sent(piece.len() as u64, now);
                *at += piece.len();
            }
        } else if self.machine.can_offer() {
            match self.queue.pop_front() {
                Some(number) => {
                    let offer = self.offer(number);
                    if offer.kind == Kind::File && offer.eager {
                        self.current = Some((number, 0));
                    }
                    self.machine.offer(offer, now);
                }
                None => self.machine.done(),
            }
        }
        self.machine.poll_output(out);
    }
}

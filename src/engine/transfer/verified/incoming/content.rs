//! The bytes of a file that was taken, up to its end.

use std::ops::Range;

use crossbeam_channel::RecvTimeoutError;

use super::offers::place_for;
use super::settling::{SETTLING_MAX, Settling};
use super::{File, Over, Place, VerifiedReceiving};
use crate::codec::prefix_hash::Hash;
use crate::engine::transfer::verified::reason_for;
use crate::engine::transfer::verified::writing::Written;
use crate::model::{Cause, Failure, Outcome};
use crate::proto::transfer::{TransferKey, WORKING_EVERY};
use crate::store::inbox::Finished;

impl VerifiedReceiving<'_> {
    /// The sender begins where this side is, or at the start.
    pub(super) fn begin(&mut self, offset: u64) -> Result<(), Over> {
        let Some(file) = &mut self.file else { return Ok(()) };
        if let Place::There(arrived) = &file.place
            && offset < arrived.prefix().0
        {
            return self.begin_another();
        }
        let begun = match &mut file.place {
            Place::There(_) => Ok(()),
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

    /// The sender has another file than the one that arrived before.
    fn begin_another(&mut self) -> Result<(), Over> {
        let Some(File { key, mut ticket, path, place: Place::There(arrived) }) = self.file.take() else {
            return Ok(());
        };
        let (size, _) = arrived.prefix();
        let begun = arrived.begin_another().and_then(|mut partial| {
            if let Err(failure) = partial.begin(0) {
                partial.abandon();
                return Err(failure);
            }
            Ok((partial.path(), place_for(partial, size)?))
        });
        ticket.begin_at(0);
        match begun {
            Ok((path, place)) => self.file = Some(File { key, ticket, path, place }),
            Err(failure) => {
                self.settle();
                self.receiver.cancel(key, reason_for(&failure), "");
                self.receiver.poll_output(&mut self.out);
                ticket.conclude(Outcome::Refused, &path, Some(failure));
            }
        }
        Ok(())
    }

    pub(super) fn data(&mut self, bytes: &[u8], place: Range<usize>) {
        let Some(file) = &mut self.file else { return };
        file.ticket.add(bytes.len() as u64);
        match &mut file.place {
            Place::Here(partial) => {
                if let Err(failure) = partial.write(bytes) {
                    self.broken_off(failure);
                }
            }
            Place::There(_) => {}
            Place::Thread(_, places) => places.push(place),
        }
    }

    /// The file on the stream can't be kept.
    fn broken_off(&mut self, failure: Failure) {
        let Some(file) = self.file.take() else { return };
        self.settle();
        self.receiver.cancel(file.key, reason_for(&failure), "");
        self.receiver.poll_output(&mut self.out);
        file.incomplete(failure);
    }

    /// Gives the writing thread what the buffer has for it, once the buffer is used up.
    pub(super) fn hand_over(&mut self, buffer: &mut Vec<u8>) -> Result<(), Over> {
        loop {
            let Some(File { place: Place::Thread(writing, places), .. }) = &mut self.file else { return Ok(()) };
            if places.is_empty() || writing.write(buffer, places) {
                return Ok(());
            }
            self.wait_for_the_thread()?;
        }
    }

    /// As [`Self::hand_over`], of a buffer that others' frames follow in: no more comes of the file.
    fn hand_over_a_copy(&mut self, buffer: &[u8]) -> Result<(), Over> {
        while let Some(File { place: Place::Thread(writing, places), .. }) = &mut self.file
            && !places.is_empty()
        {
            let mut copy = buffer.to_vec();
            if writing.write(&mut copy, places) {
                writing.recycle(copy);
            } else {
                self.wait_for_the_thread()?;
            }
        }
        Ok(())
    }

    /// The sender has given a file up: what came of it before is kept.
    pub(super) fn broken_off_by_peer(&mut self, buffer: &[u8], key: TransferKey, cause: Cause) -> Result<(), Over> {
        if self.file.as_ref().is_some_and(|file| file.key == key) {
            self.hand_over_a_copy(buffer)?;
        }
        self.cancelled(key, cause);
        Ok(())
    }

    /// Waits for the next thing that the writing thread says; how the file ended, if that was it.
    fn wait_for_the_thread(&mut self) -> Result<Option<Finished>, Over> {
        let Some(File { place: Place::Thread(writing, _), .. }) = &mut self.file else { return Ok(None) };
        match writing.written().recv_timeout(WORKING_EVERY) {
            Ok(Written::Spare(piece)) => writing.recycle(piece),
            Ok(Written::Failed(failure)) => self.broken_off(failure),
            Ok(Written::Finished(end, _)) => return Ok(Some(end)),
            Err(RecvTimeoutError::Timeout) => self.working()?,
            Err(RecvTimeoutError::Disconnected) => {
                tracing::error!("a writing thread has ended");
                self.refuse_current(Cause::Cancelled);
            }
        }
        Ok(None)
    }

    /// All of the file came: waits until it is kept.
    pub(super) fn end_of_file(&mut self, buffer: &[u8], hash: Hash) -> Result<(), Over> {
        self.hand_over_a_copy(buffer)?;
        let end = match &self.file {
            None => return Ok(()),
            Some(File { place: Place::Thread(writing, _), .. }) => {
                writing.finish(hash);
                loop {
                    match self.wait_for_the_thread()? {
                        Some(end) => break Some(end),
                        None if self.file.is_none() => return Ok(()),
                        None => {}
                    }
                }
            }
            Some(_) => None,
        };
        let Some(File { key, ticket, place, .. }) = self.file.take() else { return Ok(()) };
        match (end, place) {
            (Some(end), _) => {
                self.settle();
                self.ended(key, ticket, &hash, end);
            }
            (None, Place::Here(partial)) => {
                self.settling.push(Settling { key, ticket, partial: *partial, hash });
                if self.settling.len() >= SETTLING_MAX {
                    self.settle();
                }
            }
            (None, Place::There(arrived)) => {
                self.settle();
                self.ended(key, ticket, &hash, arrived.finish(&hash));
            }
            (None, Place::Thread(..)) => {}
        }
        Ok(())
    }
}

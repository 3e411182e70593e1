//! Small files that are all here, kept many at a time.

use std::time::Instant;

use super::VerifiedReceiving;
use crate::codec::prefix_hash::Hash;
use crate::engine::transfer::ticket::Ticket;
use crate::engine::transfer::verified::reason_for;
use crate::model::{Cause, Failure, Operation, Outcome};
use crate::proto::transfer::TransferKey;
use crate::store::inbox::{Finished, Partial, Unfinished, finish_all};

/// Small files whose last byte came and that are kept together, which takes a disk less time; each is open until then.
pub(super) const SETTLING_MAX: usize = 64;

/// A small file that is all here.
pub(super) struct Settling<'a> {
    pub(super) key: TransferKey,
    pub(super) ticket: Ticket<'a>,
    pub(super) partial: Partial,
    pub(super) hash: Hash,
}

impl VerifiedReceiving<'_> {
    /// Keeps the small files whose last byte came, and answers for them; call it before anything is said of a later file:
    /// they are answered for in their order.
    pub(super) fn settle(&mut self) {
        let mut files = Vec::new();
        let mut tickets = Vec::new();
        for Settling { key, ticket, partial, hash } in self.settling.drain(..) {
            files.push((partial, hash));
            tickets.push((key, ticket, hash));
        }
        let mut is_heard = true;
        let ends = finish_all(files, || {
            // Each may take a slow disk a second. They are kept though nobody hears of it.
            is_heard = is_heard && {
                let said = self.say_working();
                self.keep(said)
            };
        });
        for ((key, ticket, hash), end) in tickets.into_iter().zip(ends) {
            self.ended(key, ticket, &hash, end);
        }
    }

    pub(super) fn ended(&mut self, key: TransferKey, ticket: Ticket<'_>, hash: &Hash, end: Finished) {
        match end {
            Ok(path) => {
                self.receiver.commit(key);
                ticket.verified(&path, hash);
            }
            Err(unfinished) => {
                let Unfinished { failure, path } = *unfinished;
                self.receiver.cancel(key, reason_for(&failure), "");
                ticket.conclude(Outcome::Incomplete, &path, Some(failure));
            }
        }
        let now = Instant::now();
        self.session.cancels.file_came(now);
        self.receiver.handle_busy(now);
    }

    /// The sender gave up a file that was not answered for yet.
    pub(super) fn cancelled(&mut self, key: TransferKey, cause: Cause) {
        match self.settling.iter().position(|file| file.key == key) {
            Some(place) => {
                let Settling { ticket, partial, .. } = self.settling.remove(place);
                let path = partial.path();
                partial.discard();
                let failure = Failure::new(Operation::Receive, path.display(), cause);
                ticket.conclude(Outcome::Incomplete, &path, Some(failure));
            }
            None => self.given_up(cause),
        }
    }
}

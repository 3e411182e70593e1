//! Files of one connection that are cancelled all at once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::model::Cause;

/// What the other side sent before it knew is over when it offers nothing for so long.
const QUIET: Duration = Duration::from_secs(2);

#[derive(Debug, Default)]
pub(in crate::engine) struct FileCancels {
    /// Files that were ever queued to be sent.
    queued: AtomicU64,
    /// So many of them, from the first on, are not to be sent any more, and why.
    sending: Mutex<Option<(u64, Cause)>>,
    /// Until then, what is offered is not taken.
    refusing: Mutex<Option<Instant>>,
}

impl FileCancels {
    /// Call it before the file is queued, which makes it the next in the order that [`Self::of`] counts.
    pub(in crate::engine) fn file_comes(&self) {
        self.queued.fetch_add(1, Ordering::AcqRel);
    }

    /// It was not queued after all.
    pub(in crate::engine) fn file_does_not_come(&self) {
        self.queued.fetch_sub(1, Ordering::AcqRel);
    }

    /// Nothing is to be sent of all that was queued so far.
    pub(in crate::engine) fn cancel_queued(&self, cause: Cause) {
        *self.sending.lock() = Some((self.queued.load(Ordering::Acquire), cause));
    }

    /// Why a file is not to be sent, or no more of a folder: the one of this number in the queue, counted from 1.
    pub(in crate::engine) fn of(&self, number: u64) -> Option<Cause> {
        let sending = self.sending.lock();
        sending.as_ref().filter(|(cancelled, _)| number <= *cancelled).map(|(_, cause)| cause.clone())
    }

    /// Takes nothing more of what the other side has queued, which shows by the pause after it.
    pub(in crate::engine) fn refuse_offers(&self, now: Instant) {
        *self.refusing.lock() = Some(now + QUIET);
    }

    /// Whether what is offered now is of what was refused.
    pub(in crate::engine) fn refuses_offers(&self, now: Instant) -> bool {
        let mut refusing = self.refusing.lock();
        let refuses = refusing.is_some_and(|until| now < until);
        *refusing = refuses.then(|| now + QUIET);
        refuses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_queued_is_cancelled_and_what_comes_later_is_not() {
        let cancels = FileCancels::default();
        (0..3).for_each(|_| cancels.file_comes());
        cancels.file_does_not_come();
        assert_eq!(cancels.of(1), None);
        cancels.cancel_queued(Cause::Cancelled);
        assert_eq!([1, 2, 3].map(|number| cancels.of(number)), [Some(Cause::Cancelled), Some(Cause::Cancelled), None]);
    }

    #[test]
    fn offers_are_refused_until_a_pause() {
        let (cancels, begun) = (FileCancels::default(), Instant::now());
        assert!(!cancels.refuses_offers(begun));
        cancels.refuse_offers(begun);
        let nearly = QUIET - Duration::from_nanos(1);
        assert!(cancels.refuses_offers(begun + nearly));
        assert!(cancels.refuses_offers(begun + 2 * nearly), "what goes on belongs to it");
        assert!(!cancels.refuses_offers(begun + 2 * nearly + QUIET));
        assert!(!cancels.refuses_offers(begun + 2 * nearly), "and is over then");
    }
}

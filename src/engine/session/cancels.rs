//! Files of one connection that are cancelled all at once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::model::Cause;

/// What the other side sent before it knew is over when it offers nothing for so long.
const QUIET: Duration = Duration::from_secs(2);

/// The most that it sent before it knew: a sender has no more files than these without their answers.
const REFUSED_MAX: usize = 512;

/// When even a slow line has brought all of that.
const REFUSED_FOR: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub(in crate::engine) struct FileCancels {
    /// Files that were ever queued to be sent.
    queued: AtomicU64,
    /// So many of them, from the first on, are not to be sent any more, and why.
    sending: Mutex<Option<(u64, Cause)>>,
    offers: Mutex<Offers>,
}

/// Of files that come in.
#[derive(Debug, Default)]
struct Offers {
    /// When there last was something of a file.
    came: Option<Instant>,
    refusing: Option<Refusing>,
}

/// What is offered is not taken.
#[derive(Debug)]
struct Refusing {
    /// Unless more is offered before.
    until: Instant,
    /// Whatever is offered.
    at_most_until: Instant,
    refused: usize,
}

impl Refusing {
    fn is_on(&self, now: Instant) -> bool {
        now < self.until.min(self.at_most_until) && self.refused < REFUSED_MAX
    }
}

/// What becomes of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Offered {
    /// It is looked at as any other.
    Taken,
    /// The first that is refused since all was cancelled.
    FirstRefused,
    Refused,
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

    /// Something of a file has come in, or a file was kept.
    pub(in crate::engine) fn file_came(&self, now: Instant) {
        self.offers.lock().came = Some(now);
    }

    /// Takes nothing more of what the other side has queued, which shows by the pause after it. Of a side that sends no file
    /// now nothing is refused: `is_receiving` tells of one that is on its way, and before the next there is no pause.
    pub(in crate::engine) fn refuse_offers(&self, is_receiving: bool, now: Instant) {
        let mut offers = self.offers.lock();
        let is_sending = offers.came.is_some_and(|came| now.saturating_duration_since(came) < QUIET);
        if is_receiving || is_sending {
            offers.refusing = Some(Refusing { until: now + QUIET, at_most_until: now + REFUSED_FOR, refused: 0 });
        }
    }

    /// Whether a file that is given up now is of what was refused; the other side is told so, and has its time from then on.
    pub(in crate::engine) fn stops_all(&self, now: Instant) -> bool {
        let mut offers = self.offers.lock();
        // Nothing later was taken since, or there were none.
        offers.refusing.as_mut().map(|refusing| refusing.until = now + QUIET).is_some()
    }

    /// The other side offers a file or folder.
    pub(in crate::engine) fn offered(&self, now: Instant) -> Offered {
        let mut offers = self.offers.lock();
        offers.refusing.take_if(|refusing| !refusing.is_on(now));
        let Some(refusing) = &mut offers.refusing else {
            offers.came = Some(now);
            return Offered::Taken;
        };
        refusing.until = now + QUIET;
        refusing.refused += 1;
        if refusing.refused == 1 { Offered::FirstRefused } else { Offered::Refused }
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

    /// As they are while the other side sends.
    fn refusing(begun: Instant) -> FileCancels {
        let cancels = FileCancels::default();
        assert_eq!(cancels.offered(begun), Offered::Taken);
        cancels.refuse_offers(false, begun);
        cancels
    }

    #[test]
    fn offers_are_refused_until_a_pause() {
        let begun = Instant::now();
        let cancels = refusing(begun);
        let nearly = QUIET - Duration::from_nanos(1);
        assert_eq!(cancels.offered(begun + nearly), Offered::FirstRefused);
        assert_eq!(cancels.offered(begun + 2 * nearly), Offered::Refused, "what goes on belongs to it");
        assert_eq!(cancels.offered(begun + 2 * nearly + QUIET), Offered::Taken);
        assert_eq!(cancels.offered(begun + 2 * nearly), Offered::Taken, "and is over then");
        assert!(!cancels.stops_all(begun), "the file on its way is a later one");
    }

    #[test]
    fn the_other_side_has_its_time_from_when_it_is_told() {
        let begun = Instant::now();
        let cancels = refusing(begun);
        assert!(cancels.stops_all(begun + 5 * QUIET), "a disk may keep this side");
        assert_eq!(cancels.offered(begun + 6 * QUIET - Duration::from_nanos(1)), Offered::FirstRefused);
    }

    #[test]
    fn who_goes_on_offering_is_not_refused_for_ever() {
        let begun = Instant::now();
        let cancels = refusing(begun);
        let refused = (0..2 * REFUSED_MAX).take_while(|_| cancels.offered(begun) != Offered::Taken).count();
        assert_eq!(refused, REFUSED_MAX);
        let cancels = refusing(begun);
        let mut each_second = (1..100).map(|second| begun + Duration::from_secs(second));
        let taken = each_second.find(|now| cancels.offered(*now) == Offered::Taken);
        assert_eq!(taken, Some(begun + REFUSED_FOR));
    }

    #[test]
    fn only_who_sends_now_is_refused() {
        let begun = Instant::now();
        for (is_receiving, came, is_refused) in
            [(false, None, false), (true, None, true), (false, Some(begun), true), (false, Some(begun - QUIET), false)]
        {
            let cancels = FileCancels::default();
            if let Some(came) = came {
                cancels.file_came(came);
            }
            cancels.refuse_offers(is_receiving, begun);
            let offered = if is_refused { Offered::FirstRefused } else { Offered::Taken };
            assert_eq!(cancels.offered(begun), offered, "{is_receiving} {came:?}");
        }
    }
}

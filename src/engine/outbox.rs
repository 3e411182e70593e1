//! Events on their way to the face, and its wake-up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam_channel::{SendTimeoutError, Sender, TrySendError};
use parking_lot::Mutex;

use crate::model::Event;

/// Events that may wait; none carries a payload unless the face asked for that, see [`PAYLOAD_EVENTS`].
/// The channel takes the memory of all of them at once.
pub(super) const EVENTS: usize = 8_192;
/// Events that may wait where they carry payloads of up to a receive call's size.
pub(super) const PAYLOAD_EVENTS: usize = 32;

/// Events that are kept beyond those at the end: what recording could not write, how sessions ended.
const LATE_MAX: usize = 1024;

/// How often a blocked sender looks whether anybody still listens.
const LOOK: Duration = Duration::from_millis(50);

/// Sends, then wakes the face: at most once until it acknowledges.
pub(super) struct Outbox {
    events: Sender<Event>,
    wake: Arc<dyn Fn() + Send + Sync>,
    wake_pending: AtomicBool,
    totals: Mutex<Totals>,
    closed: AtomicBool,
    /// What found no room after the end.
    late: Mutex<Vec<Event>>,
}

/// Rows in the journal. Never locked by a send that may block: the face takes the lock before it drains.
#[derive(Default)]
struct Totals {
    recorded: u64,
    told: u64,
    /// Told since the last [`Outbox::acknowledge`].
    pending: bool,
}

impl Outbox {
    pub(super) fn new(events: Sender<Event>, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self {
            events,
            wake,
            wake_pending: AtomicBool::new(false),
            totals: Mutex::new(Totals::default()),
            closed: AtomicBool::new(false),
            late: Mutex::default(),
        }
    }

    /// Blocks while the face is [`EVENTS`] behind. After [`Self::close`] nobody waits: where there is no room, the
    /// event is kept for [`Self::take_late`], but for bytes and what is more than [`LATE_MAX`].
    pub(super) fn send(&self, event: Event) {
        let mut event = event;
        while !self.closed.load(Ordering::Acquire) {
            match self.events.send_timeout(event, LOOK) {
                Ok(()) => return self.touch(),
                Err(SendTimeoutError::Timeout(back)) => event = back,
                Err(SendTimeoutError::Disconnected(_)) => return,
            }
        }
        if let Err(TrySendError::Full(event)) = self.events.try_send(event)
            && !matches!(event, Event::Received { .. })
        {
            let mut late = self.late.lock();
            if late.len() < LATE_MAX {
                late.push(event);
            }
        }
    }

    /// What the channel had no room for at the end, in its order.
    pub(super) fn take_late(&self) -> Vec<Event> {
        std::mem::take(&mut *self.late.lock())
    }

    /// Counters changed that the face reads by itself.
    pub(super) fn touch(&self) {
        if !self.wake_pending.swap(true, Ordering::AcqRel) {
            (self.wake)();
        }
    }

    /// At most one such event between two drains: only the latest total matters.
    pub(super) fn recorded(&self, total: u64) {
        let mut totals = self.totals.lock();
        totals.recorded = total;
        if totals.pending {
            return;
        }
        totals.pending = true;
        totals.told = total;
        drop(totals);
        self.send(Event::Recorded { total });
    }

    /// The journal is empty. No total from before follows this event.
    pub(super) fn cleared(&self) {
        let mut totals = self.totals.lock();
        totals.recorded = 0;
        totals.told = 0;
        drop(totals);
        self.send(Event::JournalCleared);
    }

    pub(super) fn acknowledge(&self) {
        self.wake_pending.store(false, Ordering::Release);
        // Kept while the event goes into the channel, or a clearing could get in before it.
        let mut totals = self.totals.lock();
        totals.pending = false;
        let total = totals.recorded;
        // What came between the last telling and now.
        if totals.told != total {
            match self.events.try_send(Event::Recorded { total }) {
                Ok(()) => totals.told = total,
                // The face drains it next, and has to come back for this.
                Err(_) => self.touch(),
            }
        }
    }

    /// Nobody drains any more: blocked senders give up.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::{Receiver, bounded};

    use super::*;
    use crate::model::SessionId;

    fn outbox(places: usize) -> (Outbox, Receiver<Event>) {
        let (sender, events) = bounded(places);
        (Outbox::new(sender, Arc::new(|| {})), events)
    }

    /// The totals that were told, and `None` for a clearing.
    fn totals(events: &Receiver<Event>) -> Vec<Option<u64>> {
        let total = |event| match event {
            Event::Recorded { total } => Some(total),
            _ => None,
        };
        events.try_iter().map(total).collect()
    }

    #[test]
    fn totals_are_told_once_between_two_drains_and_the_last_one_in_the_end() {
        let (outbox, events) = outbox(9);
        for total in 1..=3 {
            outbox.recorded(total);
        }
        assert_eq!(totals(&events), [Some(1)]);
        outbox.acknowledge();
        outbox.acknowledge();
        assert_eq!(totals(&events), [Some(3)]);
    }

    #[test]
    fn no_total_from_before_a_clearing_follows_it() {
        let (outbox, events) = outbox(9);
        outbox.recorded(5);
        outbox.recorded(9);
        outbox.cleared();
        outbox.acknowledge();
        assert_eq!(totals(&events), [Some(5), None]);
        outbox.recorded(1);
        assert_eq!(totals(&events), [Some(1)]);
    }

    #[test]
    fn what_is_told_at_the_end_is_kept_but_for_bytes() {
        let (outbox, events) = outbox(1);
        outbox.close();
        outbox.send(Event::JournalCleared);
        outbox.send(Event::Received { session: SessionId(1), bytes: vec![7], truncated: false });
        outbox.send(Event::Recorded { total: 9 });
        assert_eq!(totals(&events), [None]);
        let late = outbox.take_late();
        assert!(matches!(late[..], [Event::Recorded { total: 9 }]), "{late:?}");
    }

    #[test]
    fn a_total_that_finds_no_room_is_told_later() {
        let (outbox, events) = outbox(1);
        outbox.recorded(5);
        outbox.recorded(9);
        outbox.acknowledge();
        assert_eq!(totals(&events), [Some(5)]);
        assert!(outbox.wake_pending.load(Ordering::Acquire), "the face comes back");
        outbox.acknowledge();
        assert_eq!(totals(&events), [Some(9)]);
    }
}

//! Events on their way to the face, and its wake-up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{SendTimeoutError, Sender};

use crate::model::Event;

/// Events that may wait; none carries a payload unless the face asked for that, see [`PAYLOAD_EVENTS`].
/// The channel takes the memory of all of them at once.
pub(super) const EVENTS: usize = 8_192;
/// Events that may wait where they carry payloads of up to a receive call's size.
pub(super) const PAYLOAD_EVENTS: usize = 32;

/// How often a blocked sender looks whether anybody still listens.
const LOOK: Duration = Duration::from_millis(50);

/// Sends, then wakes the face: at most once until it acknowledges.
pub(super) struct Outbox {
    events: Sender<Event>,
    wake: Arc<dyn Fn() + Send + Sync>,
    wake_pending: AtomicBool,
    recorded_pending: AtomicBool,
    /// The last total that was recorded, and the last that was told.
    recorded: AtomicU64,
    told: AtomicU64,
    closed: AtomicBool,
}

impl Outbox {
    pub(super) fn new(events: Sender<Event>, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self {
            events,
            wake,
            wake_pending: AtomicBool::new(false),
            recorded_pending: AtomicBool::new(false),
            recorded: AtomicU64::new(0),
            told: AtomicU64::new(0),
            closed: AtomicBool::new(false),
        }
    }

    /// Blocks while the face is [`EVENTS`] behind; after [`Self::close`] the event is dropped if there is no room.
    pub(super) fn send(&self, event: Event) {
        let mut event = event;
        while !self.closed.load(Ordering::Acquire) {
            match self.events.send_timeout(event, LOOK) {
                Ok(()) => return self.touch(),
                Err(SendTimeoutError::Timeout(back)) => event = back,
                Err(SendTimeoutError::Disconnected(_)) => return,
            }
        }
        // Full or gone: nobody waits for it.
        let _ = self.events.try_send(event);
    }

    /// Counters changed that the face reads by itself.
    pub(super) fn touch(&self) {
        if !self.wake_pending.swap(true, Ordering::AcqRel) {
            (self.wake)();
        }
    }

    /// At most one such event between two drains: only the latest total matters.
    pub(super) fn recorded(&self, total: u64) {
        self.recorded.store(total, Ordering::Release);
        if !self.recorded_pending.swap(true, Ordering::AcqRel) {
            self.told.store(total, Ordering::Release);
            self.send(Event::Recorded { total });
        }
    }

    /// All rows are gone: a total from before, which was not told yet, is not to be.
    pub(super) fn cleared(&self) {
        self.recorded.store(0, Ordering::Release);
        self.told.store(0, Ordering::Release);
        self.send(Event::JournalCleared);
    }

    pub(super) fn acknowledge(&self) {
        self.wake_pending.store(false, Ordering::Release);
        self.recorded_pending.store(false, Ordering::Release);
        let total = self.recorded.load(Ordering::Acquire);
        // What came between the last telling and now. A full channel is drained next, and then asked for again.
        if self.told.swap(total, Ordering::AcqRel) != total {
            let _ = self.events.try_send(Event::Recorded { total });
        }
    }

    /// Nobody drains any more: blocked senders give up.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_from_before_a_clearing_is_not_told_after_it() {
        let (events, heard) = crossbeam_channel::bounded(8);
        let outbox = Outbox::new(events, Arc::new(|| {}));
        outbox.recorded(5);
        outbox.recorded(9);
        outbox.cleared();
        outbox.acknowledge();
        assert!(matches!(heard.try_recv(), Ok(Event::Recorded { total: 5 })));
        assert!(matches!(heard.try_recv(), Ok(Event::JournalCleared)));
        assert!(heard.try_recv().is_err());
    }
}

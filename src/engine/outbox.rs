//! Events on their way to the face, and its wake-up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
    closed: AtomicBool,
}

impl Outbox {
    pub(super) fn new(events: Sender<Event>, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self {
            events,
            wake,
            wake_pending: AtomicBool::new(false),
            recorded_pending: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        }
    }

    /// Blocks while the face is [`EVENTS`] behind; after [`Self::close`] the event is dropped.
    pub(super) fn send(&self, event: Event) {
        let mut event = event;
        while !self.closed.load(Ordering::Acquire) {
            match self.events.send_timeout(event, LOOK) {
                Ok(()) => return self.touch(),
                Err(SendTimeoutError::Timeout(back)) => event = back,
                Err(SendTimeoutError::Disconnected(_)) => return,
            }
        }
    }

    /// Counters changed that the face reads by itself.
    pub(super) fn touch(&self) {
        if !self.wake_pending.swap(true, Ordering::AcqRel) {
            (self.wake)();
        }
    }

    /// At most one such event between two drains: only the latest total matters.
    pub(super) fn recorded(&self, total: u64) {
        if !self.recorded_pending.swap(true, Ordering::AcqRel) {
            self.send(Event::Recorded { total });
        }
    }

    pub(super) fn acknowledge(&self) {
        self.recorded_pending.store(false, Ordering::Release);
        self.wake_pending.store(false, Ordering::Release);
    }

    /// Nobody drains any more: blocked senders give up.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}

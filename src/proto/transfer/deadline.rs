use std::time::{Duration, Instant};

use super::IDLE_BYTES;

/// Until when the other side has to do something that counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    within: Duration,
    until: Instant,
    /// Bytes of data since it was last moved.
    bytes: u64,
}

impl Deadline {
    pub(super) fn new(now: Instant, within: Duration) -> Self {
        Self { within, until: now + within, bytes: 0 }
    }

    /// A frame was complete.
    pub(super) fn frame(&mut self, now: Instant) {
        *self = Self::new(now, self.within);
    }

    /// Bytes of data moved; a few of them don't count.
    pub(super) fn data(&mut self, bytes: u64, now: Instant) {
        self.bytes += bytes;
        if self.bytes >= IDLE_BYTES {
            self.frame(now);
        }
    }

    pub(super) fn until(&self) -> Instant {
        self.until
    }
}

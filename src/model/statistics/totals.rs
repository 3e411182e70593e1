//! Sums.

use super::Message;
use crate::model::ids::SessionId;
use crate::model::row::Direction;

/// The same of what was received and of what was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BothWays<T> {
    pub received: T,
    pub sent: T,
}

impl<T> BothWays<T> {
    #[must_use]
    pub fn of(&self, direction: Direction) -> &T {
        match direction {
            Direction::In => &self.received,
            Direction::Out => &self.sent,
        }
    }

    pub(super) fn of_mut(&mut self, direction: Direction) -> &mut T {
        match direction {
            Direction::In => &mut self.received,
            Direction::Out => &mut self.sent,
        }
    }
}

/// Messages that went one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    pub messages: u64,
    pub bytes: u64,
    /// Bytes of the largest one.
    pub largest: u64,
}

impl Flow {
    pub(super) fn add(&mut self, bytes: u64) {
        self.merge(&Self { messages: 1, bytes, largest: bytes });
    }

    /// Lengths are a file's, which may be damaged.
    fn merge(&mut self, other: &Self) {
        self.messages = self.messages.saturating_add(other.messages);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.largest = self.largest.max(other.largest);
    }
}

impl BothWays<Flow> {
    pub(super) fn merge(&mut self, other: &Self) {
        self.received.merge(&other.received);
        self.sent.merge(&other.sent);
    }

    #[must_use]
    pub fn sum(&self) -> Flow {
        let mut sum = self.received;
        sum.merge(&self.sent);
        sum
    }
}

/// What crossed, and from when to when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub flows: BothWays<Flow>,
    /// Nanoseconds of the first and the last message by one clock.
    span: Option<(i64, i64)>,
}

impl Totals {
    pub(super) fn add(&mut self, ns: i64, direction: Direction, bytes: u64) {
        self.flows.of_mut(direction).add(bytes);
        let (first, last) = self.span.unwrap_or((ns, ns));
        self.span = Some((first.min(ns), last.max(ns)));
    }

    /// Sums alone: another's clock may be of another run of the program.
    pub(super) fn merge(&mut self, other: &Self) {
        self.flows.merge(&other.flows);
        self.span = None;
    }

    /// Seconds from the first message to the last; `None` where that is no time at all.
    #[must_use]
    pub fn seconds(&self) -> Option<f64> {
        let (first, last) = self.span?;
        (first < last).then(|| last.abs_diff(first) as f64 / 1e9)
    }

    /// Bytes a second over that time; `None` where there is none, as of one message.
    #[must_use]
    pub fn rate(&self, direction: Direction) -> Option<f64> {
        Some(self.flows.of(direction).bytes as f64 / self.seconds()?)
    }
}

/// What crossed in one session, timed by the monotonic clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionTotals {
    /// `None`: what concerned no session.
    pub session: Option<SessionId>,
    /// The other end of its first message.
    pub peer: String,
    pub totals: Totals,
}

impl SessionTotals {
    /// Characters of a peer's name that are kept: a file may have anything there.
    const PEER_MAX: usize = 160;

    pub(super) fn add(&mut self, message: &Message<'_>) {
        if self.totals == Totals::default() {
            self.session = message.session;
            // What belongs to no session went to many.
            if message.session.is_some() {
                self.peer = message.peer.chars().take(Self::PEER_MAX).collect();
            }
        }
        let ns = i64::try_from(message.mono_ns).unwrap_or(i64::MAX);
        self.totals.add(ns, message.direction, message.bytes);
    }
}

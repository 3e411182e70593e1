//! How much crossed, how fast, in what pieces and how soon it was answered.
//!
//! What is kept does not grow with the recording: times are counted in intervals that get longer, values in steps that get
//! wider, and of sessions the newest [`Statistics::SESSIONS_MAX`] apart.

mod histogram;
mod timeline;
mod totals;

use std::collections::BTreeMap;

pub use histogram::{Histogram, Quantiles, Range};
pub use timeline::{Interval, Timeline};
pub use totals::{BothWays, Flow, SessionTotals, Totals};

use super::filter::Filter;
use super::ids::SessionId;
use super::row::Direction;

/// Which rows are counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatisticsRequest {
    pub filter: Filter,
    /// Whose messages are counted over time, by size, gap and answer; `None` for all. Totals are of every session.
    pub session: Option<SessionId>,
}

/// A message: one call that moved bytes. Over a stream it is what that call took, which need not be what the peer sent at
/// once.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Nanoseconds since 1970.
    pub wall_ns: i64,
    /// Nanoseconds by the monotonic clock of the program that recorded it. A session has one such clock.
    pub mono_ns: u64,
    pub session: Option<SessionId>,
    pub peer: &'a str,
    pub direction: Direction,
    pub bytes: u64,
}

/// Counts of the messages that were added one by one, in the order of recording.
#[derive(Clone, Debug, Default)]
pub struct Statistics {
    request: StatisticsRequest,
    all: Totals,
    earlier: Totals,
    sessions: BTreeMap<Option<SessionId>, Conversation>,
    timeline: Timeline,
    sizes: BothWays<Histogram>,
    gaps: BothWays<Histogram>,
    answers: BothWays<Histogram>,
    /// Rows that were looked at, whether they carried bytes or not.
    pub scanned: u64,
    /// Rows that the journal had then.
    pub rows: u64,
    /// Rows that made room for newer ones before they were looked at: what they carried is in none of the counts.
    pub missed: u64,
}

/// One session as far as the next message needs it.
#[derive(Clone, Debug, Default)]
struct Conversation {
    totals: SessionTotals,
    /// When the last message went each way, by the monotonic clock.
    last: BothWays<Option<u64>>,
    /// The same while nothing has come back since.
    unanswered: BothWays<Option<u64>>,
}

impl Statistics {
    /// Sessions that are told apart; of more, the newest. Those before them are one, see [`Self::earlier`].
    pub const SESSIONS_MAX: usize = 4096;

    #[must_use]
    pub fn new(request: StatisticsRequest) -> Self {
        Self { request, ..Self::default() }
    }

    #[must_use]
    pub fn request(&self) -> &StatisticsRequest {
        &self.request
    }

    pub fn add(&mut self, message: &Message<'_>) {
        let Message { wall_ns, mono_ns, session, direction, bytes, .. } = *message;
        self.all.add(wall_ns, direction, bytes);
        let conversation = self.sessions.entry(session).or_default();
        conversation.totals.add(message);
        let last = conversation.last.of_mut(direction).replace(mono_ns);
        let asked = conversation.unanswered.of_mut(direction.opposite()).take();
        *conversation.unanswered.of_mut(direction) = Some(mono_ns);
        if self.request.session.is_none_or(|chosen| session == Some(chosen)) {
            self.timeline.add(wall_ns, direction, bytes);
            self.sizes.of_mut(direction).add(bytes);
            // The threads that send and that receive take their times by themselves: an answer may be there before the
            // call that sent the request has returned.
            if let Some(last) = last {
                self.gaps.of_mut(direction).add(mono_ns.saturating_sub(last));
            }
            if let Some(asked) = asked {
                self.answers.of_mut(direction.opposite()).add(mono_ns.saturating_sub(asked));
            }
        }
        self.forget_oldest();
    }

    fn forget_oldest(&mut self) {
        if self.sessions.len() <= Self::SESSIONS_MAX {
            return;
        }
        // What concerns no session is none of the oldest, and the one that was asked for stays.
        let oldest = self.sessions.keys().find(|session| session.is_some() && **session != self.request.session);
        if let Some(conversation) = oldest.copied().and_then(|oldest| self.sessions.remove(&oldest)) {
            self.earlier.merge(&conversation.totals.totals);
        }
    }

    /// Whether all rows that there were have been looked at.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.scanned >= self.rows
    }

    /// Of all sessions; its span is of the wall clock.
    #[must_use]
    pub fn all(&self) -> &Totals {
        &self.all
    }

    /// Of the session that was asked for, or of all.
    #[must_use]
    pub fn chosen(&self) -> Totals {
        match self.request.session {
            None => self.all,
            Some(session) => self.sessions.get(&Some(session)).map(|one| one.totals.totals).unwrap_or_default(),
        }
    }

    /// Those that are told apart, oldest first; before them what belongs to no session.
    #[must_use]
    pub fn sessions(&self) -> impl ExactSizeIterator<Item = &SessionTotals> {
        self.sessions.values().map(|conversation| &conversation.totals)
    }

    /// Of the sessions before those, all together; it has no span.
    #[must_use]
    pub fn earlier(&self) -> Option<&Totals> {
        (self.earlier != Totals::default()).then_some(&self.earlier)
    }

    #[must_use]
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// In bytes.
    #[must_use]
    pub fn sizes(&self) -> &BothWays<Histogram> {
        &self.sizes
    }

    /// Nanoseconds between two messages of a session that went the same way, one after the other.
    #[must_use]
    pub fn gaps(&self) -> &BothWays<Histogram> {
        &self.gaps
    }

    /// Nanoseconds from a message that went this way to the first one that came back in the same session. Of several that
    /// went one after the other the last one is taken: it completed the request.
    #[must_use]
    pub fn answers(&self) -> &BothWays<Histogram> {
        &self.answers
    }
}

#[cfg(test)]
mod tests;

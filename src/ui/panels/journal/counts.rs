//! What was lost, as far as it is known.

use std::collections::HashMap;
use std::time::Duration;

use crate::model::{Event, Notice, SocketId};

/// Losses since the journal was last cleared.
#[derive(Debug, Default)]
pub(super) struct Losses {
    /// Latest count of each socket; sockets that never reported one are not here: theirs is unknown.
    dropped: HashMap<SocketId, u64>,
    /// Counts of sockets that were opened again since, less what was there at the last clearing.
    before: i128,
    truncated: u64,
    /// Rows that the journal missed while it could not be written; `None` while it can.
    recording_missed: Option<u64>,
    /// For how long sockets waited for the journal.
    held_up: Duration,
}

impl Losses {
    pub(super) fn on_event(&mut self, event: &Event) {
        match event {
            Event::Noticed { socket, notice, .. } => self.on_notice(*socket, notice),
            Event::JournalCleared => {
                self.before = -self.dropped.values().copied().map(i128::from).sum::<i128>();
                self.truncated = 0;
                self.held_up = Duration::ZERO;
            }
            _ => {}
        }
    }

    fn on_notice(&mut self, socket: Option<SocketId>, notice: &Notice) {
        match notice {
            Notice::Dropped { datagrams } => {
                let Some(socket) = socket else { return };
                let old = self.dropped.insert(socket, *datagrams).unwrap_or(0);
                // The kernel counts from the socket's opening: a smaller number belongs to a new socket.
                if old > *datagrams {
                    self.before += i128::from(old);
                }
            }
            Notice::Truncated { .. } => self.truncated += 1,
            Notice::RecordingPaused { missed } => self.recording_missed = Some(*missed),
            Notice::RecordingResumed { .. } => self.recording_missed = None,
            Notice::HeldUp { milliseconds } => self.held_up += Duration::from_millis(*milliseconds),
            _ => {}
        }
    }

    /// Datagrams that the kernel dropped; `None` while no socket has told.
    pub(super) fn dropped(&self) -> Option<u64> {
        if self.dropped.is_empty() {
            return None;
        }
        let now: i128 = self.dropped.values().copied().map(i128::from).sum();
        u64::try_from(self.before + now).ok()
    }

    /// Datagrams that were longer than the buffer.
    pub(super) fn truncated(&self) -> u64 {
        self.truncated
    }

    pub(super) fn recording_missed(&self) -> Option<u64> {
        self.recording_missed
    }

    /// For how long sockets waited for the journal, in all.
    pub(super) fn held_up(&self) -> Duration {
        self.held_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dropped(socket: u64, datagrams: u64) -> Event {
        Event::Noticed { socket: Some(SocketId(socket)), session: None, notice: Notice::Dropped { datagrams } }
    }

    #[test]
    fn drops_add_up_over_sockets_and_restarts() {
        let mut losses = Losses::default();
        assert_eq!(losses.dropped(), None);
        losses.on_event(&dropped(1, 0));
        assert_eq!(losses.dropped(), Some(0));
        losses.on_event(&dropped(1, 5));
        losses.on_event(&dropped(2, 2));
        assert_eq!(losses.dropped(), Some(7));
        losses.on_event(&dropped(1, 1));
        assert_eq!(losses.dropped(), Some(8));
        losses.on_event(&Event::JournalCleared);
        assert_eq!(losses.dropped(), Some(0));
        losses.on_event(&dropped(2, 3));
        assert_eq!(losses.dropped(), Some(1));
    }
}

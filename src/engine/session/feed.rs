//! What is received while this side sends verified files, on its way to the thread that sends.

use crossbeam_channel::{Receiver, bounded, select};

use super::{FEED, Session};
use crate::engine::speech::Speech;

impl Session {
    /// From now on what is received comes out here, as it was received, until the feed is closed or the stream ends,
    /// which may be before this.
    pub(in crate::engine) fn open_feed(&self) -> Receiver<Vec<u8>> {
        let (feed, bytes) = bounded(FEED);
        *self.feed.lock() = Some(feed);
        if self.peer_end().is_some() {
            self.close_feed();
        }
        bytes
    }

    /// The other side has asked for verified files: what it says is for the thread that sends them.
    pub(in crate::engine) fn open_sink(&self) {
        let feed = self.open_feed();
        *self.sink.lock() = Some(feed);
    }

    /// What [`Self::open_sink`] opened; once.
    pub(in crate::engine) fn take_sink(&self) -> Option<Receiver<Vec<u8>>> {
        self.sink.lock().take()
    }

    /// Whether verified files can be sent over it now.
    pub(in crate::engine) fn takes_files(&self) -> bool {
        let ends = self.stop.is_requested() || self.has_asked_to_finish();
        !ends && *self.speech.lock() == Speech::Files && self.feed.lock().is_some()
    }

    pub(in crate::engine) fn close_feed(&self) {
        self.feed.lock().take();
    }

    /// Hands on what was received, if there is a feed; waits for room in it. False if nobody takes it.
    pub(in crate::engine) fn feed(&self, bytes: &[u8]) -> bool {
        let Some(feed) = self.feed.lock().clone() else { return false };
        select! {
            send(feed, bytes.to_vec()) -> fed => fed.is_ok(),
            recv(self.stop.requested()) -> _ => true,
        }
    }
}

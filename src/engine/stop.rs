//! A request to stop, with its reason, that threads can wait for beside other channels.

use std::convert::Infallible;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use parking_lot::Mutex;

use crate::model::CloseReason;

/// How long an orderly stop lets sending go on.
pub(super) const GRACE: Duration = Duration::from_millis(300);

#[derive(Debug)]
pub(super) struct Stop {
    request: OnceLock<(CloseReason, Instant)>,
    /// Dropped by the request, which is what the waiters see.
    open: Mutex<Option<Sender<Infallible>>>,
    requested: Receiver<Infallible>,
}

impl Default for Stop {
    fn default() -> Self {
        let (open, requested) = bounded(0);
        Self { request: OnceLock::new(), open: Mutex::new(Some(open)), requested }
    }
}

impl Stop {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// True for the first request: its reason is the one that counts.
    pub(super) fn request(&self, reason: CloseReason) -> bool {
        let first = self.request.set((reason, Instant::now())).is_ok();
        self.open.lock().take();
        first
    }

    pub(super) fn reason(&self) -> Option<CloseReason> {
        self.request.get().map(|(reason, _)| *reason)
    }

    pub(super) fn is_requested(&self) -> bool {
        self.request.get().is_some()
    }

    /// Whether what waits to be sent has to be given up: at once where the stream is of no use any more, else after a
    /// moment, so that what a user sent just before a stop still goes out.
    pub(super) fn is_urgent(&self) -> bool {
        self.request.get().is_some_and(|(reason, at)| match reason {
            CloseReason::Local | CloseReason::Stopped | CloseReason::Eof => at.elapsed() >= GRACE,
            CloseReason::LocalReset | CloseReason::Reset | CloseReason::Error | CloseReason::Evicted => true,
        })
    }

    /// How long ago the request came; `None` before it.
    pub(super) fn elapsed(&self) -> Option<Duration> {
        self.request.get().map(|(_, at)| at.elapsed())
    }

    /// Becomes ready (disconnected) with the request; for `select!`.
    pub(super) fn requested(&self) -> &Receiver<Infallible> {
        &self.requested
    }

    /// Blocks; true when the request came within the time.
    pub(super) fn wait(&self, timeout: Duration) -> bool {
        matches!(self.requested.recv_timeout(timeout), Err(RecvTimeoutError::Disconnected))
    }
}

//! A request to stop, with its reason, that threads can wait for beside other channels.

use std::convert::Infallible;
use std::sync::OnceLock;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use parking_lot::Mutex;

use crate::model::CloseReason;

#[derive(Debug)]
pub(super) struct Stop {
    reason: OnceLock<CloseReason>,
    /// Dropped by the request, which is what the waiters see.
    open: Mutex<Option<Sender<Infallible>>>,
    requested: Receiver<Infallible>,
}

impl Stop {
    pub(super) fn new() -> Self {
        let (open, requested) = bounded(0);
        Self { reason: OnceLock::new(), open: Mutex::new(Some(open)), requested }
    }

    /// True for the first request: its reason is the one that counts.
    pub(super) fn request(&self, reason: CloseReason) -> bool {
        let first = self.reason.set(reason).is_ok();
        self.open.lock().take();
        first
    }

    pub(super) fn reason(&self) -> Option<CloseReason> {
        self.reason.get().copied()
    }

    pub(super) fn is_requested(&self) -> bool {
        self.reason.get().is_some()
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

//! What a user may do to a file on its way.

use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};
use parking_lot::Mutex;

use crate::engine::stop::Stop;
use crate::model::{CloseReason, Permission};

/// Held by the thread that moves the file and by those who command it.
#[derive(Debug)]
pub(in crate::engine) struct Reins {
    cancelled: Stop,
    is_paused: AtomicBool,
    permission: Mutex<Option<Permission>>,
    /// Has room for one: that there was a change, not which.
    change: Sender<()>,
    changed: Receiver<()>,
}

impl Reins {
    pub(in crate::engine) fn new() -> Self {
        let (change, changed) = bounded(1);
        Self {
            cancelled: Stop::new(),
            is_paused: AtomicBool::new(false),
            permission: Mutex::new(None),
            change,
            changed,
        }
    }

    pub(in crate::engine) fn cancel(&self) {
        self.cancelled.request(CloseReason::Local);
    }

    /// Requested by [`Self::cancel`].
    pub(super) fn cancelled(&self) -> &Stop {
        &self.cancelled
    }

    pub(in crate::engine) fn pause(&self, paused: bool) {
        self.is_paused.store(paused, Ordering::Release);
        self.tell();
    }

    pub(super) fn is_paused(&self) -> bool {
        self.is_paused.load(Ordering::Acquire)
    }

    pub(in crate::engine) fn permit(&self, permission: Permission) {
        *self.permission.lock() = Some(permission);
        self.tell();
    }

    pub(super) fn permission(&self) -> Option<Permission> {
        *self.permission.lock()
    }

    /// Becomes ready after each change but a cancel; one look may stand for several.
    pub(super) fn changed(&self) -> &Receiver<()> {
        &self.changed
    }

    fn tell(&self) {
        // A full one tells the same.
        let _ = self.change.try_send(());
    }
}

//! A bound in bytes for what is under way between threads.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Condvar, Mutex};

#[derive(Debug)]
pub(super) struct ByteBudget {
    max: u64,
    used: Mutex<u64>,
    freed: Condvar,
    /// From now on nobody waits.
    open: AtomicBool,
}

impl ByteBudget {
    pub(super) fn new(max: u64) -> Self {
        Self { max, used: Mutex::new(0), freed: Condvar::new(), open: AtomicBool::new(false) }
    }

    /// Blocks until there is room. What is larger than the whole budget goes alone.
    pub(super) fn take(&self, bytes: u64) {
        let mut used = self.used.lock();
        while *used > 0 && *used + bytes > self.max && !self.open.load(Ordering::Acquire) {
            self.freed.wait(&mut used);
        }
        *used += bytes;
    }

    /// Lets everybody through who waits or comes: for the end, when stopping matters more than the bound.
    pub(super) fn open(&self) {
        // Under the lock, or a waiter between its look and its wait would miss it.
        let used = self.used.lock();
        self.open.store(true, Ordering::Release);
        drop(used);
        self.freed.notify_all();
    }

    pub(super) fn give_back(&self, bytes: u64) {
        *self.used.lock() -= bytes;
        self.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_goes_alone_and_others_wait_for_room() {
        let budget = ByteBudget::new(10);
        budget.take(50);
        std::thread::scope(|scope| {
            let (taken, wait) = std::sync::mpsc::channel();
            let budget = &budget;
            scope.spawn(move || {
                budget.take(1);
                taken.send(()).unwrap();
            });
            assert!(wait.try_recv().is_err(), "no room yet");
            budget.give_back(50);
            wait.recv().unwrap();
        });
    }
}

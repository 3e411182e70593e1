//! A bound in bytes for what is under way between threads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

#[derive(Debug)]
pub(super) struct ByteBudget {
    max: u64,
    used: Mutex<Used>,
    freed: Condvar,
    /// From now on nobody waits.
    open: AtomicBool,
}

#[derive(Debug, Default)]
struct Used {
    bytes: u64,
    /// How many wait for room.
    waiters: usize,
    /// From when on the time that they wait is not in `waited` yet; `None` while nobody waits.
    since: Option<Instant>,
    waited: Duration,
}

impl Used {
    fn begin_waiting(&mut self) {
        self.waiters += 1;
        self.since.get_or_insert_with(Instant::now);
    }

    fn end_waiting(&mut self) {
        self.waiters -= 1;
        if self.waiters == 0 {
            self.waited += self.since.take().map_or(Duration::ZERO, |since| since.elapsed());
        }
    }
}

impl ByteBudget {
    pub(super) fn new(max: u64) -> Self {
        Self { max, used: Mutex::default(), freed: Condvar::new(), open: AtomicBool::new(false) }
    }

    /// Blocks until there is room. What is larger than the whole budget goes alone.
    pub(super) fn take(&self, bytes: u64) {
        let mut used = self.used.lock();
        let is_full =
            |used: &Used| used.bytes > 0 && used.bytes + bytes > self.max && !self.open.load(Ordering::Acquire);
        if is_full(&used) {
            used.begin_waiting();
            while is_full(&used) {
                self.freed.wait(&mut used);
            }
            used.end_waiting();
        }
        used.bytes += bytes;
    }

    /// For how long somebody has waited since [`Self::take_waited`], be it one or many at a time.
    pub(super) fn waited(&self) -> Duration {
        let used = self.used.lock();
        used.waited + used.since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// As [`Self::waited`], which counts from nothing again.
    pub(super) fn take_waited(&self) -> Duration {
        let mut used = self.used.lock();
        let now = Instant::now();
        let ongoing = used.since.as_mut().map_or(Duration::ZERO, |since| now - std::mem::replace(since, now));
        std::mem::take(&mut used.waited) + ongoing
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
        self.used.lock().bytes -= bytes;
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

    #[test]
    fn the_time_that_somebody_waits_is_counted_once() {
        const LEAST: Duration = Duration::from_millis(20);
        let budget = ByteBudget::new(10);
        let begun = Instant::now();
        budget.take(10);
        assert_eq!(budget.waited(), Duration::ZERO, "there was room");
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| budget.take(1));
            }
            while budget.used.lock().waiters < 3 || budget.waited() < LEAST {
                std::thread::yield_now();
            }
            let (waited, at_most) = (budget.take_waited(), begun.elapsed());
            assert!(waited >= LEAST && waited <= at_most, "{waited:?} of {at_most:?}");
            while budget.waited() < LEAST {
                std::thread::yield_now();
            }
            budget.give_back(10);
        });
        let (waited, at_most) = (budget.take_waited(), begun.elapsed());
        assert!(waited >= LEAST && waited <= at_most - LEAST, "{waited:?} of {at_most:?}");
        assert_eq!(budget.waited(), Duration::ZERO, "nobody waits any more");
    }
}

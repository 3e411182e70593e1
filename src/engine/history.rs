//! Past transfers on their way into their list.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use parking_lot::Mutex;

use super::core::spawn;
use super::outbox::Outbox;
use crate::model::{Event, Failure, PastTransfer};
use crate::store;

/// Thousands of small files end within a second: the list, which is written whole, waits for those after the first.
const GATHER: Duration = Duration::from_millis(500);

/// What the file lacks yet.
#[derive(Debug, Default)]
struct Changes {
    /// Before anything is added.
    clear: bool,
    ended: VecDeque<PastTransfer>,
}

impl Changes {
    fn is_nothing(&self) -> bool {
        !self.clear && self.ended.is_empty()
    }

    fn add(&mut self, transfer: PastTransfer) {
        self.ended.push_back(transfer);
        if self.ended.len() > PastTransfer::KEPT {
            self.ended.pop_front();
        }
    }

    /// Takes back what was to be written before these.
    fn put_before(&mut self, unwritten: Self) {
        // Nothing of it would stay.
        if self.clear {
            return;
        }
        let later = std::mem::replace(self, unwritten);
        later.ended.into_iter().for_each(|transfer| self.add(transfer));
    }
}

/// Where the engine's threads leave what ended; where nothing is remembered it goes nowhere.
#[derive(Debug, Default)]
pub(super) struct History {
    changes: Arc<Mutex<Changes>>,
    /// Has room for one: that there was a change. Its end is the writer's.
    changed: Mutex<Option<Sender<()>>>,
}

impl History {
    /// # Errors
    /// The thread can't be started.
    pub(super) fn start(path: PathBuf, outbox: Arc<Outbox>) -> Result<(Self, JoinHandle<()>), Failure> {
        let (sender, changed) = bounded(1);
        let changes = Arc::default();
        let mut writer = Writer { path, outbox, changes: Arc::clone(&changes), gather: GATHER, told: None };
        let thread = spawn("history".to_owned(), move || writer.run(&changed))?;
        Ok((Self { changes, changed: Mutex::new(Some(sender)) }, thread))
    }

    pub(super) fn add(&self, transfer: impl FnOnce() -> PastTransfer) {
        self.change(|changes| changes.add(transfer()));
    }

    pub(super) fn clear(&self) {
        self.change(|changes| *changes = Changes { clear: true, ended: VecDeque::new() });
    }

    fn change(&self, make: impl FnOnce(&mut Changes)) {
        if let Some(changed) = &*self.changed.lock() {
            make(&mut self.changes.lock());
            // A full one tells the same.
            let _ = changed.try_send(());
        }
    }

    /// Has the thread write what is left and end.
    pub(super) fn stop(&self) {
        self.changed.lock().take();
    }
}

struct Writer {
    path: PathBuf,
    outbox: Arc<Outbox>,
    changes: Arc<Mutex<Changes>>,
    /// As [`GATHER`].
    gather: Duration,
    /// What was told last: one file that can't be written is told once, not for each transfer.
    told: Option<Failure>,
}

impl Writer {
    fn run(&mut self, changed: &Receiver<()>) {
        while changed.recv().is_ok() {
            let until = Instant::now() + self.gather;
            // The program's end is not waited for.
            while changed.recv_deadline(until).is_ok() {}
            self.write();
        }
        // What could not be written before has no other chance.
        if !self.changes.lock().is_nothing() {
            self.write();
        }
    }

    fn write(&mut self) {
        let mut changes = std::mem::take(&mut *self.changes.lock());
        let failure = write(&self.path, &mut changes).err();
        if failure.is_some() {
            self.changes.lock().put_before(changes);
        }
        if let Some(failure) = failure.clone().filter(|failure| self.told.as_ref() != Some(failure)) {
            self.outbox.send(Event::Failed { socket: None, session: None, failure });
        }
        self.told = failure;
    }
}

/// On failure `changes` is what the file lacks still.
fn write(path: &Path, changes: &mut Changes) -> Result<(), Failure> {
    if changes.clear {
        store::past_transfers::clear(path)?;
        changes.clear = false;
    }
    if changes.ended.is_empty() { Ok(()) } else { store::past_transfers::add(path, changes.ended.iter().cloned()) }
}

#[cfg(test)]
mod tests;

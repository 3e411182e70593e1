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
        let mut writer = Writer { path, outbox, changes: Arc::clone(&changes), told: None };
        let thread = spawn("history".to_owned(), move || writer.run(&changed))?;
        Ok((Self { changes, changed: Mutex::new(Some(sender)) }, thread))
    }

    pub(super) fn add(&self, transfer: impl FnOnce() -> PastTransfer) {
        self.change(|changes| {
            changes.ended.push_back(transfer());
            if changes.ended.len() > PastTransfer::KEPT {
                changes.ended.pop_front();
            }
        });
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
    /// What was told last: one file that can't be written is told once, not for each transfer.
    told: Option<Failure>,
}

impl Writer {
    fn run(&mut self, changed: &Receiver<()>) {
        while changed.recv().is_ok() {
            let until = Instant::now() + GATHER;
            // The program's end is not waited for.
            while changed.recv_deadline(until).is_ok() {}
            let changes = std::mem::take(&mut *self.changes.lock());
            let failure = write(&self.path, changes).err();
            if let Some(failure) = failure.clone().filter(|failure| self.told.as_ref() != Some(failure)) {
                self.outbox.send(Event::Failed { socket: None, session: None, failure });
            }
            self.told = failure;
        }
    }
}

fn write(path: &Path, changes: Changes) -> Result<(), Failure> {
    if changes.clear {
        store::past_transfers::clear(path)?;
    }
    if changes.ended.is_empty() { Ok(()) } else { store::past_transfers::add(path, changes.ended) }
}

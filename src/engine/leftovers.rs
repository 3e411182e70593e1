//! Recordings that killed programs left, for as long as the face may want them gone.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, unbounded};
use parking_lot::Mutex;

use super::core::spawn;
use super::outbox::Outbox;
use crate::model::{Event, Failure};
use crate::store;

/// What the face has to say of them; without a folder there are none.
#[derive(Debug, Default)]
pub(super) struct Leftovers {
    /// Paths of those that are to go.
    discards: Mutex<Option<Sender<PathBuf>>>,
}

impl Leftovers {
    /// Looks for them on a thread of its own: the window doesn't wait until gigabytes are freed.
    ///
    /// # Errors
    /// The thread can't be started.
    pub(super) fn start(folder: PathBuf, outbox: Arc<Outbox>) -> Result<(Self, JoinHandle<()>), Failure> {
        let (sender, discards) = unbounded();
        let thread = spawn("sweep".to_owned(), move || run(&folder, &outbox, &discards))?;
        Ok((Self { discards: Mutex::new(Some(sender)) }, thread))
    }

    pub(super) fn discard(&self, path: PathBuf) {
        if let Some(discards) = &*self.discards.lock() {
            // Without any left the thread has ended.
            let _ = discards.send(path);
        }
    }

    /// Those that are left are the next program's.
    pub(super) fn stop(&self) {
        self.discards.lock().take();
    }
}

fn run(folder: &Path, outbox: &Outbox, discards: &Receiver<PathBuf>) {
    let mut left = store::temporary::sweep(folder);
    if left.is_empty() {
        return;
    }
    outbox.send(Event::RecordingsLeft(left.iter().map(|one| one.recording().clone()).collect()));
    for path in discards {
        let Some(at) = left.iter().position(|one| one.recording().path == path) else { continue };
        if let Err(failure) = left.remove(at).discard() {
            outbox.send(Event::Failed { socket: None, session: None, failure });
        }
    }
}

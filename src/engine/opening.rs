//! Journals and captures that the face wants to read.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use parking_lot::Mutex;

use super::core::{Core, spawn};
use super::importing;
use super::reader::{Opened, Place};
use crate::model::{Event, Failure, Imported};
use crate::store::capture::is_capture;
use crate::store::journal::JournalReader;
use crate::store::temporary::TemporaryJournal;

/// The one that is on its way: making a journal of a long capture takes its time.
#[derive(Debug, Default)]
pub(super) struct Opening {
    /// The last that was asked for; its thread joins those before it.
    latest: Option<Latest>,
}

#[derive(Debug)]
struct Latest {
    /// `None` once the next one has taken it over.
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
    cancelled: Arc<AtomicBool>,
}

impl Opening {
    /// What it comes to is told by events. One from before is given up. Never blocks.
    pub(super) fn start(&mut self, core: &Arc<Core>, path: PathBuf) {
        self.start_with(core, path, open);
    }

    /// `open` ends soon once its flag is set, and what it comes to is then dropped.
    fn start_with(
        &mut self,
        core: &Arc<Core>,
        path: PathBuf,
        open: impl FnOnce(PathBuf, &Arc<AtomicBool>) -> Result<Opened, Failure> + Send + 'static,
    ) {
        self.cancel();
        let before = self.latest.as_ref().map(|latest| Arc::clone(&latest.thread));
        let (for_thread, asked) = (Arc::clone(core), path.clone());
        let cancelled = Arc::<AtomicBool>::default();
        let flag = Arc::clone(&cancelled);
        let thread = spawn("journal-open".to_owned(), move || {
            // One at a time. Not on the thread that started it, which doesn't wait.
            super::join(before.and_then(|before| before.lock().take()));
            match open(path.clone(), &flag) {
                Ok(opened) => for_thread.reader.open(opened),
                Err(_) if flag.load(Ordering::Acquire) => {}
                Err(failure) => for_thread.outbox.send(Event::JournalNotOpened { path, failure }),
            }
        });
        match thread {
            Ok(thread) => self.latest = Some(Latest { thread: Arc::new(Mutex::new(Some(thread))), cancelled }),
            Err(failure) => core.outbox.send(Event::JournalNotOpened { path: asked, failure }),
        }
    }

    /// Gives it up, unless it is done; nothing of it is left. Never blocks.
    pub(super) fn cancel(&self) {
        if let Some(latest) = &self.latest {
            latest.cancelled.store(true, Ordering::Release);
        }
    }

    /// What ends once all of them have.
    pub(super) fn into_thread(self) -> Option<JoinHandle<()>> {
        self.latest.and_then(|latest| latest.thread.lock().take())
    }
}

fn open(path: PathBuf, cancelled: &Arc<AtomicBool>) -> Result<Opened, Failure> {
    let flag = Arc::clone(cancelled);
    if is_capture(&path)? {
        let (temporary, imported) = import(&path, cancelled)?;
        let reader = JournalReader::open(temporary.path())?;
        return Ok(Opened {
            reader,
            path,
            place: Place::Temporary(temporary),
            imported: Some(imported),
            cancelled: flag,
        });
    }
    let reader = JournalReader::open(&path)?;
    Ok(Opened { reader, place: Place::File(path.clone()), path, imported: None, cancelled: flag })
}

fn import(capture: &Path, cancelled: &AtomicBool) -> Result<(TemporaryJournal, Imported), Failure> {
    let temporary = TemporaryJournal::create_for_capture()?;
    let imported = importing::import(capture, temporary.path(), cancelled)?;
    Ok((temporary, imported))
}

#[cfg(test)]
mod tests;

//! Journals and captures that the face wants to read.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use super::core::{Core, spawn};
use super::importing;
use super::reader::{Opened, Place};
use crate::model::{Cause, Event, Failure, Imported};
use crate::store::capture::is_capture;
use crate::store::journal::JournalReader;
use crate::store::temporary::TemporaryJournal;

/// The one that is on its way: making a journal of a long capture takes its time.
#[derive(Debug, Default)]
pub(super) struct Opening {
    running: Option<(JoinHandle<()>, Arc<AtomicBool>)>,
}

impl Opening {
    /// What it comes to is told by events. One from before is given up.
    pub(super) fn start(&mut self, core: &Arc<Core>, path: PathBuf) {
        self.stop();
        let cancelled = Arc::<AtomicBool>::default();
        let (for_thread, outbox) = (Arc::clone(core), Arc::clone(&core.outbox));
        let flag = Arc::clone(&cancelled);
        let thread = spawn("journal-open".to_owned(), move || match open(path, &flag) {
            Ok(opened) if !flag.load(Ordering::Acquire) => for_thread.reader.open(opened),
            Err(failure) if failure.cause != Cause::Cancelled => {
                for_thread.outbox.send(Event::Failed { socket: None, session: None, failure });
            }
            Ok(_) | Err(_) => {}
        });
        match thread {
            Ok(thread) => self.running = Some((thread, cancelled)),
            Err(failure) => outbox.send(Event::Failed { socket: None, session: None, failure }),
        }
    }

    /// Gives it up, unless it is done; nothing of it is left.
    pub(super) fn stop(&mut self) {
        if let Some((thread, cancelled)) = self.running.take() {
            cancelled.store(true, Ordering::Release);
            super::join(Some(thread));
        }
    }
}

fn open(path: PathBuf, cancelled: &AtomicBool) -> Result<Opened, Failure> {
    if is_capture(&path)? {
        let (temporary, imported) = import(&path, cancelled)?;
        let reader = JournalReader::open(temporary.path())?;
        return Ok(Opened { reader, path, place: Place::Temporary(temporary), imported: Some(imported) });
    }
    let reader = JournalReader::open(&path)?;
    Ok(Opened { reader, place: Place::File(path.clone()), path, imported: None })
}

fn import(capture: &Path, cancelled: &AtomicBool) -> Result<(TemporaryJournal, Imported), Failure> {
    let temporary = TemporaryJournal::create()?;
    let imported = importing::import(capture, temporary.path(), cancelled)?;
    Ok((temporary, imported))
}

//! The way through a journal for a filter; through a long one with a second thread, a stretch ahead of the first.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::{SCAN_ROWS, Worker, end_by};
use crate::engine::core::spawn_foreign;
use crate::model::Failure;
use crate::store::journal::{JournalReader, Scanned, Stretch};

/// The second thread; it ends when this goes.
pub(super) struct Ahead {
    stretches: Option<Sender<Stretch>>,
    scanned: Receiver<Result<Scanned, Failure>>,
    thread: Option<JoinHandle<()>>,
}

impl Ahead {
    fn start(journal: &Path, ending: &Arc<AtomicBool>) -> Result<Self, Failure> {
        let mut reader = JournalReader::open(journal)?;
        end_by(&mut reader, ending);
        let (stretches, queue) = bounded::<Stretch>(1);
        let (answers, scanned) = bounded(1);
        let thread = spawn_foreign("journal-scan", move || {
            for stretch in queue {
                if answers.send(reader.look_ahead(stretch)).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { stretches: Some(stretches), scanned, thread: Some(thread) })
    }

    /// False where the thread has ended before its time; else there is something to wait for.
    fn begin(&self, stretch: Stretch) -> bool {
        self.stretches.as_ref().is_some_and(|stretches| stretches.send(stretch).is_ok())
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.stretches = None;
        if let Some(thread) = self.thread.take() {
            // What it did not find is looked for again.
            let _ = thread.join();
        }
    }
}

impl Worker {
    /// Scans a step for the filter that is set; true when all rows were seen.
    pub(super) fn scan(&mut self) -> Result<bool, Failure> {
        let reader = self.opened.as_mut().map_or(&mut self.reader, |(reader, _)| reader);
        let stretch = reader.ahead(SCAN_ROWS)?;
        let is_begun = stretch.is_some_and(|stretch| self.second().is_some_and(|ahead| ahead.begin(stretch)));
        let reader = self.opened.as_mut().map_or(&mut self.reader, |(reader, _)| reader);
        let complete = reader.scan(SCAN_ROWS);
        let scanned = self.ahead.as_ref().filter(|_| is_begun).map(|ahead| ahead.scanned.recv());
        match scanned {
            Some(Ok(scanned)) => reader.take(scanned?),
            Some(Err(_)) => self.ahead = None,
            None => {}
        }
        let complete = complete?;
        if complete {
            self.ahead = None;
        }
        Ok(complete)
    }

    /// The second thread; none where it would have no processor of its own, or can't be had: one finds the same.
    fn second(&mut self) -> Option<&Ahead> {
        if self.ahead.is_none() && thread::available_parallelism().is_ok_and(|threads| threads.get() > 1) {
            match Ahead::start(self.shown_path(), &self.ending) {
                Ok(ahead) => self.ahead = Some(ahead),
                Err(failure) => tracing::debug!(?failure, "a filter goes through the journal alone"),
            }
        }
        self.ahead.as_ref()
    }
}

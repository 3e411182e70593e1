//! Copies of the journal on their way to files of the user's.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use parking_lot::Mutex;

use super::core::spawn_foreign;
use super::outbox::Outbox;
use crate::codec::encoding::Encoding;
use crate::model::{Event, Failure, Operation, SaveRequest, Saved};
use crate::store::journal::{JournalReader, SaveCanceller};

/// How often a save that is to end is told so.
const TELL: Duration = Duration::from_millis(50);

/// Saves, each on a thread of its own: a long journal takes its time, and pages go on meanwhile.
#[derive(Debug, Default)]
pub(super) struct Saves {
    /// Those that were asked for and have not been answered.
    unanswered: AtomicUsize,
    running: Mutex<Vec<Running>>,
}

#[derive(Debug)]
struct Running {
    thread: JoinHandle<()>,
    canceller: SaveCanceller,
    /// Disconnected at the end.
    ended: Receiver<Infallible>,
}

impl Saves {
    /// Counts one that a face has asked for; [`Self::answer`] belongs to it.
    pub(super) fn expect(&self) {
        self.unanswered.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.unanswered.load(Ordering::Acquire) > 0
    }

    /// The face that sees no more saves under way finds the event waiting, and is woken to see it.
    pub(super) fn answer(&self, outbox: &Outbox, event: Event) {
        outbox.send(event);
        self.unanswered.fetch_sub(1, Ordering::AcqRel);
        outbox.touch();
    }

    /// # Errors
    /// The thread can't be started.
    pub(super) fn start(
        self: &Arc<Self>,
        mut reader: JournalReader,
        outbox: &Arc<Outbox>,
        save: impl FnOnce(&mut JournalReader) -> Event + Send + 'static,
    ) -> Result<(), Failure> {
        let canceller = reader.save_canceller();
        let (end, ended) = bounded(0);
        let (saves, outbox) = (Arc::clone(self), Arc::clone(outbox));
        let thread = spawn_foreign("journal-save", move || {
            let event = save(&mut reader);
            saves.answer(&outbox, event);
            drop(end);
        })?;
        let mut running = self.running.lock();
        for ended in running.extract_if(.., |save| save.thread.is_finished()) {
            super::join(Some(ended.thread));
        }
        running.push(Running { thread, canceller, ended });
        Ok(())
    }

    /// Cancels all and joins their threads; call it when none can start any more.
    pub(super) fn stop(&self) {
        for Running { thread, canceller, ended } in self.running.lock().drain(..) {
            canceller.cancel();
            while ended.recv_timeout(TELL) == Err(RecvTimeoutError::Timeout) {
                canceller.cancel();
            }
            super::join(Some(thread));
        }
    }
}

/// Batches of rows that are read before they are asked for.
const BATCHES: usize = 4;

/// Makes a copy, where it is worth it with a second thread that reads the rows ahead. Blocks.
///
/// # Errors
/// See [`JournalReader::save`].
pub(super) fn save(
    reader: &mut JournalReader,
    request: &SaveRequest,
    encodings: &[Encoding],
) -> Result<Saved, Failure> {
    let Some(mut batches) = reader.batches(request, encodings)? else { return reader.save(request, encodings) };
    let (sender, queue) = bounded(BATCHES);
    let ahead = spawn_foreign("journal-rows", move || {
        loop {
            let next = batches.next_batch();
            let is_over = !matches!(next, Ok(Some(_)));
            // Nobody wants them any more where the copy failed.
            if sender.send(next).is_err() || is_over {
                return;
            }
        }
    });
    let Ok(ahead) = ahead else { return reader.save(request, encodings) };
    let ended = || Failure::io(Operation::ReadFile, request.path.display(), &io::ErrorKind::UnexpectedEof.into());
    let saved = reader.save_from(request, encodings, &mut || queue.recv().unwrap_or_else(|_| Err(ended())));
    drop(queue);
    super::join(Some(ahead));
    saved
}

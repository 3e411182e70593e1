//! A thread that writes and hashes what is received of a file, while more of it is received.

use std::ops::Range;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::PIECES;
use crate::codec::prefix_hash::Hash;
use crate::engine::core::spawn;
use crate::model::Failure;
use crate::store::inbox::{Finished, Partial};

enum Work {
    /// What is kept beyond this is void.
    Begin(u64),
    /// The file's next bytes lie in these places.
    Piece {
        bytes: Vec<u8>,
        places: Vec<Range<usize>>,
    },
    Finish(Hash),
}

/// What comes of writing, in order.
pub(super) enum Written {
    /// The piece, to be filled again.
    Spare(Vec<u8>),
    /// It can't be written; what comes after is not.
    Failed(Failure),
    /// Where it lies, whole or incomplete, and the hash that it was to have.
    Finished(Finished, Hash),
}

/// A file that is being written. Dropping it leaves the file as incomplete.
pub(super) struct Writing {
    work: Option<Sender<Work>>,
    written: Receiver<Written>,
    thread: Option<JoinHandle<()>>,
    spare: Vec<Vec<u8>>,
}

impl Writing {
    /// # Errors
    /// No thread can be started.
    pub(super) fn start(partial: Partial) -> Result<Self, Failure> {
        let (work, to_do) = bounded(PIECES);
        // As many as can be on their way, and an end: the thread never waits for who takes them.
        let (done, written) = bounded(PIECES + 2);
        let (hand_over, handed_over) = bounded(1);
        let started = spawn("write".to_owned(), move || {
            if let Ok(partial) = handed_over.recv() {
                run(partial, &to_do, &done);
            }
        });
        match started {
            Ok(thread) => {
                // The thread waits for it.
                let _ = hand_over.send(partial);
                let spare = vec![Vec::new(); PIECES - 1];
                Ok(Self { work: Some(work), written, thread: Some(thread), spare })
            }
            Err(failure) => {
                partial.abandon();
                Err(failure)
            }
        }
    }

    /// Hands a buffer over for the places in it that belong to the file; another, of any length, takes its place. False
    /// while there is none: wait for [`Self::written`].
    pub(super) fn write(&mut self, buffer: &mut Vec<u8>, places: &mut Vec<Range<usize>>) -> bool {
        let Some(spare) = self.spare.pop() else { return false };
        let work = Work::Piece { bytes: std::mem::replace(buffer, spare), places: std::mem::take(places) };
        self.send(work);
        true
    }

    /// What follows goes to this place.
    pub(super) fn begin(&self, offset: u64) {
        self.send(Work::Begin(offset));
    }

    /// Everything is there: keep it if it has this hash.
    pub(super) fn finish(&self, hash: Hash) {
        self.send(Work::Finish(hash));
    }

    fn send(&self, work: Work) {
        if let Some(queue) = &self.work {
            // The thread takes everything until this is dropped.
            let _ = queue.send(work);
        }
    }

    /// Becomes ready with each [`Written`].
    pub(super) fn written(&self) -> &Receiver<Written> {
        &self.written
    }

    /// Waits for what the thread was given; how the file ended, if it was to be kept by then. Otherwise it is left as
    /// incomplete.
    pub(super) fn end(mut self) -> Option<(Finished, Hash)> {
        self.join();
        self.written.try_iter().find_map(|written| match written {
            Written::Finished(end, hash) => Some((end, hash)),
            Written::Spare(_) | Written::Failed(_) => None,
        })
    }

    fn join(&mut self) {
        self.work.take();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("a writing thread panicked");
        }
    }

    /// Takes a piece back.
    pub(super) fn recycle(&mut self, piece: Vec<u8>) {
        self.spare.push(piece);
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.join();
    }
}

fn run(partial: Partial, to_do: &Receiver<Work>, done: &Sender<Written>) {
    let mut partial = Some(partial);
    for work in to_do {
        let written = match work {
            Work::Begin(offset) => {
                if let Some(Err(failure)) = partial.as_mut().map(|partial| partial.begin(offset)) {
                    partial.take().map(Partial::abandon);
                    let _ = done.send(Written::Failed(failure));
                }
                continue;
            }
            Work::Piece { bytes, places } => {
                let write =
                    |partial: &mut Partial| places.into_iter().try_for_each(|place| partial.write(&bytes[place]));
                if let Some(Err(failure)) = partial.as_mut().map(write) {
                    partial.take().map(Partial::abandon);
                    let _ = done.send(Written::Failed(failure));
                }
                Written::Spare(bytes)
            }
            Work::Finish(hash) => match partial.take() {
                Some(partial) => Written::Finished(partial.finish(&hash), hash),
                // It failed before, which was told.
                None => continue,
            },
        };
        let _ = done.send(written);
    }
    partial.map(Partial::abandon);
}

//! A thread that reads a file ahead of what is sent of it, and hashes it.

use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use super::{PIECE, PIECES};
use crate::codec::prefix_hash::{Hash, PrefixHasher};
use crate::engine::core::spawn;
use crate::model::Failure;
use crate::proto::transfer::DATA_HEADER;
use crate::store::sent_log::SentLog;
use crate::store::source::Source;

/// What comes of reading, in order.
pub(super) enum Read {
    /// The next bytes, behind the room for a header.
    Piece(Vec<u8>),
    /// All were read, this is the hash of the whole file, and it is still as it was.
    Whole {
        hash: Hash,
        log: Option<SentLog>,
    },
    Failed(Failure),
}

/// A file that is read to its end. Dropping it ends the thread with the piece that it is at.
pub(super) struct Reading {
    /// `None` once this is dropped, which the thread sees.
    read: Option<Receiver<Read>>,
    spare: Option<Sender<Vec<u8>>>,
    thread: Option<JoinHandle<()>>,
}

impl Reading {
    /// Reads on from where the source is; `hasher` has all before that.
    ///
    /// # Errors
    /// No thread can be started.
    pub(super) fn start(source: Source, hasher: PrefixHasher, log: Option<SentLog>) -> Result<Self, Failure> {
        let (to_sender, read) = bounded(PIECES);
        let (spare, pieces) = unbounded();
        for _ in 0..PIECES {
            // There is room for any number.
            let _ = spare.send(Vec::new());
        }
        let mut worker = Worker { source, hasher, log, read: to_sender, pieces };
        let thread = spawn("read".to_owned(), move || worker.run())?;
        Ok(Self { read: Some(read), spare: Some(spare), thread: Some(thread) })
    }

    /// Becomes ready with each [`Read`].
    pub(super) fn next(&self) -> &Receiver<Read> {
        self.read.as_ref().expect("it is there until this is dropped")
    }

    /// Gives a piece back, to be filled again.
    pub(super) fn recycle(&self, piece: Vec<u8>) {
        if let Some(spare) = &self.spare {
            // A thread that has read all needs none.
            let _ = spare.send(piece);
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.read.take();
        self.spare.take();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("a reading thread panicked");
        }
    }
}

struct Worker {
    source: Source,
    hasher: PrefixHasher,
    log: Option<SentLog>,
    read: Sender<Read>,
    pieces: Receiver<Vec<u8>>,
}

impl Worker {
    fn run(&mut self) {
        while let Ok(mut piece) = self.pieces.recv() {
            piece.resize(DATA_HEADER + PIECE, 0);
            let read = match self.source.read(&mut piece[DATA_HEADER..]) {
                Ok(0) => self.end(),
                Ok(len) => {
                    piece.truncate(DATA_HEADER + len);
                    self.hasher.update(&piece[DATA_HEADER..]);
                    if let Some(log) = &mut self.log {
                        log.record(self.hasher.groups());
                    }
                    Read::Piece(piece)
                }
                Err(failure) => Read::Failed(failure),
            };
            let is_last = !matches!(read, Read::Piece(_));
            if self.read.send(read).is_err() || is_last {
                return;
            }
        }
    }

    fn end(&mut self) -> Read {
        match (self.source.check_unchanged(), self.hasher.finish()) {
            (Err(failure), _) => Read::Failed(failure),
            (Ok(()), Some(hash)) => Read::Whole { hash, log: self.log.take() },
            (Ok(()), None) => unreachable!("nothing goes on after a single group"),
        }
    }
}

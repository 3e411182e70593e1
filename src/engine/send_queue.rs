//! What waits to be sent on one stream, and the thread that sends it.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use parking_lot::Mutex;

use crate::model::{Cause, Failure, Operation, SendMode};

/// Messages and files that may wait in one session, beside the bound in bytes of [`crate::model::Traffic::reserve`].
const MOST: usize = 65_536;

/// What a stream's writer does next.
#[derive(Debug)]
pub(super) enum Outgoing {
    Message(Arc<[u8]>),
    File {
        path: PathBuf,
        mode: SendMode,
    },
    /// Half-close.
    Finish,
    /// The peer has finished: nothing follows, the writer ends.
    End,
}

pub(super) struct SendQueue {
    items: Sender<Outgoing>,
    /// Taken by the writer, which starts with the first thing to send: most connections of a busy listener send nothing.
    waiting: Mutex<Option<WriterSeat>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    writer_ended: Receiver<Infallible>,
}

/// What the writer takes over when it starts.
pub(super) struct WriterSeat {
    pub(super) queue: Receiver<Outgoing>,
    /// Dropped with the writer.
    _alive: Sender<Infallible>,
}

impl SendQueue {
    pub(super) fn new() -> Self {
        // Not `bounded(MOST)`, which takes the memory of all places at once: megabytes for each connection.
        let (items, queue) = unbounded();
        let (alive, writer_ended) = bounded(0);
        Self {
            items,
            waiting: Mutex::new(Some(WriterSeat { queue, _alive: alive })),
            writer: Mutex::new(None),
            writer_ended,
        }
    }

    /// Queues for the writer and, with the first thing, starts it: `start` gives the thread the place where its seat
    /// arrives. Where it can't be started nothing is queued, and the next call tries again.
    ///
    /// # Errors
    /// What `start` says; the queue is full; the writer has ended.
    pub(super) fn push(
        &self,
        item: Outgoing,
        peer: &str,
        start: impl FnOnce(Receiver<WriterSeat>) -> Result<JoinHandle<()>, Failure>,
    ) -> Result<(), Failure> {
        let refuse = |cause| Err(Failure::new(Operation::Send, peer, cause));
        let mut waiting = self.waiting.lock();
        if let Some(seat) = waiting.take() {
            let (hand_over, taken) = bounded(1);
            match start(taken) {
                Ok(writer) => *self.writer.lock() = Some(writer),
                Err(failure) => {
                    *waiting = Some(seat);
                    return Err(failure);
                }
            }
            // There is room for the one, and the thread waits for it.
            let _ = hand_over.send(seat);
        }
        drop(waiting);
        if self.items.len() >= MOST {
            return refuse(Cause::QueueFull);
        }
        self.items.send(item).or_else(|_| refuse(Cause::NoSuchSession))
    }

    /// Back into the queue, for the report of what was not sent.
    pub(super) fn put_back(&self, item: Outgoing) {
        // Its receiver is the caller.
        let _ = self.items.send(item);
    }

    /// Whether anything was ever queued.
    pub(super) fn has_writer(&self) -> bool {
        self.waiting.lock().is_none()
    }

    /// Becomes ready when the writer has ended; never, while none has started.
    pub(super) fn writer_ended(&self) -> &Receiver<Infallible> {
        &self.writer_ended
    }

    /// Waits for the writer, if one has started; none can start from here on. False when it panicked.
    pub(super) fn join_writer(&self) -> bool {
        drop(self.waiting.lock().take());
        let writer = self.writer.lock().take();
        writer.is_none_or(|writer| writer.join().is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> Outgoing {
        Outgoing::Message(text.as_bytes().into())
    }

    #[test]
    fn a_writer_that_can_not_be_started_is_started_with_the_next_thing() {
        let queue = SendQueue::new();
        let no_thread = Failure::new(Operation::StartThread, "send-1", Cause::OutOfDescriptors);
        let failed = queue.push(message("first"), "peer", |_| Err(no_thread.clone()));
        assert_eq!(failed, Err(no_thread), "why it can't be sent");
        assert!(!queue.has_writer());

        let (sent, watch) = unbounded();
        let start = |seat: Receiver<WriterSeat>| {
            Ok(std::thread::spawn(move || {
                let seat = seat.recv().unwrap();
                while let Ok(Outgoing::Message(bytes)) = seat.queue.recv() {
                    sent.send(bytes).unwrap();
                }
            }))
        };
        queue.push(message("second"), "peer", start).unwrap();
        queue.push(message("third"), "peer", |_| unreachable!("there is a writer")).unwrap();
        queue.push(Outgoing::End, "peer", |_| unreachable!("there is a writer")).unwrap();
        assert!(queue.join_writer());
        let sent: Vec<_> = watch.iter().collect();
        assert_eq!(sent, [b"second"[..].into(), Arc::from(&b"third"[..])], "what was refused is not sent after all");
        let gone = queue.push(message("fourth"), "peer", |_| unreachable!("it has ended"));
        assert_eq!(gone, Err(Failure::new(Operation::Send, "peer", Cause::NoSuchSession)));
    }
}

//! What waits to be sent on a stream, and the thread that sends it.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crossbeam_channel::Receiver;

use super::{Link, Session};
use crate::engine::core::{Core, spawn};
use crate::engine::send_queue::Outgoing;
use crate::engine::stream_writer;
use crate::model::{Cause, Failure, Operation};

impl Session {
    /// Queues for the writer and starts it with the first thing.
    ///
    /// # Errors
    /// Nothing is queued: this is no stream, it has ended or finished, too much waits, or no thread can be started.
    pub(in crate::engine) fn enqueue(self: &Arc<Self>, core: &Arc<Core>, item: Outgoing) -> Result<(), Failure> {
        let subject = match &item {
            Outgoing::File { path, .. } => path.display().to_string(),
            Outgoing::Message(_) | Outgoing::Finish | Outgoing::End => self.peer.clone(),
        };
        let refuse = |cause| Err(Failure::new(Operation::Send, &subject, cause));
        let is_file = matches!(item, Outgoing::File { .. });
        if matches!(self.link, Link::Datagram { .. }) || is_file && !self.info.protocol.is_stream() {
            return refuse(Cause::NotAStream);
        }
        if is_file && self.browser.is_some() {
            return refuse(Cause::ToABrowser);
        }
        let is_finish = matches!(item, Outgoing::Finish);
        if is_file {
            self.cancels.file_comes();
        }
        let result = if self.stop.is_requested() {
            refuse(Cause::NoSuchSession)
        } else if self.has_asked_to_finish() && !matches!(item, Outgoing::End) {
            refuse(Cause::BrokenPipe)
        } else {
            self.queue.push(item, &subject, |seat| {
                let Some(stream) = self.stream() else {
                    return Err(Failure::new(Operation::Send, &subject, Cause::NoSuchSession));
                };
                let (session, core) = (Arc::clone(self), Arc::clone(core));
                spawn(format!("send-{}", self.info.id), move || {
                    if let Ok(seat) = seat.recv() {
                        stream_writer::run(&session, &core, &stream, &seat);
                    }
                })
            })
        };
        if is_file && result.is_err() {
            self.cancels.file_does_not_come();
        }
        match result {
            Ok(()) if is_finish => self.finish_asked.store(true, Ordering::Release),
            // Who asks to finish has what it asked for.
            Err(Failure { cause: Cause::NoSuchSession | Cause::BrokenPipe, .. }) if is_finish => {}
            result => return result,
        }
        Ok(())
    }

    /// Back into the queue, for the report of what was not sent.
    pub(in crate::engine) fn put_back(&self, item: Outgoing) {
        self.queue.put_back(item);
    }

    /// Whether nothing more can be queued, though what was may still go out.
    pub(in crate::engine) fn has_asked_to_finish(&self) -> bool {
        self.finish_asked.load(Ordering::Acquire)
    }

    /// Whether anything was ever queued.
    pub(in crate::engine) fn has_writer(&self) -> bool {
        self.queue.has_writer()
    }

    /// Becomes ready when the writer has ended; never, while none has started.
    pub(in crate::engine) fn writer_ended(&self) -> &Receiver<Infallible> {
        self.queue.writer_ended()
    }

    /// Waits for the writer, if one has started.
    pub(in crate::engine) fn join_writer(&self) {
        if !self.queue.join_writer() {
            tracing::error!(session = %self.info.id, "a writer panicked");
        }
    }
}

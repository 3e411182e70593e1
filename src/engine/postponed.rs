//! Messages of one datagram socket that can't be sent at once: they name hosts whose addresses have to be asked for, or
//! come after such a message.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;

use super::core::Core;
use super::session::Session;
use super::stop::Stop;
use crate::model::{Cause, CloseReason, Failure, HostPort, Operation, SocketId, Traffic};

/// A message on its way to the socket.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) to: To,
    pub(super) bytes: Arc<[u8]>,
}

#[derive(Clone, Debug)]
pub(super) enum To {
    Addresses(Vec<HostPort>),
    Sessions(Vec<Arc<Session>>),
}

impl Message {
    /// What it takes of [`Traffic::QUEUE_MAX`]: addresses are memory too.
    fn weight(&self) -> u64 {
        let to = match &self.to {
            To::Addresses(all) => all.iter().map(|to| size_of::<HostPort>() + to.host.len()).sum(),
            To::Sessions(all) => size_of_val(all.as_slice()),
        };
        (size_of::<Self>() + to + self.bytes.len()) as u64
    }

    /// To whom it goes, as text.
    pub(super) fn recipients(&self) -> String {
        let all: Vec<_> = match &self.to {
            To::Addresses(all) => all.iter().map(ToString::to_string).collect(),
            To::Sessions(all) => all.iter().map(|session| session.peer.clone()).collect(),
        };
        all.join(", ")
    }
}

/// Sent one after another, in the order in which they were asked for, by a thread that is there while any waits.
#[derive(Debug, Default)]
pub(super) struct Postponed {
    queue: Mutex<Queue>,
    /// The socket closes.
    pub(super) stop: Stop,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Message>,
    weight: u64,
    /// The latest thread.
    sender: Option<JoinHandle<()>>,
    /// It has not found the queue empty yet.
    is_sending: bool,
    /// Nothing is taken any more.
    over: bool,
}

impl Postponed {
    /// Whether what is sent now has to wait its turn.
    pub(super) fn is_busy(&self) -> bool {
        self.queue.lock().is_sending
    }

    /// Queues the message; `start` starts the thread where none is there.
    ///
    /// # Errors
    /// Nothing is queued: too much waits, the socket closes, or no thread can be started.
    pub(super) fn push(
        &self,
        message: Message,
        start: impl FnOnce() -> Result<JoinHandle<()>, Failure>,
    ) -> Result<(), Failure> {
        let mut queue = self.queue.lock();
        let weight = message.weight();
        let cause = if queue.over {
            Some(Cause::NoSuchSession)
        } else {
            (queue.weight + weight > Traffic::QUEUE_MAX).then_some(Cause::QueueFull)
        };
        if let Some(cause) = cause {
            return Err(Failure::new(Operation::Send, message.recipients(), cause));
        }
        if !queue.is_sending {
            join(queue.sender.take());
            queue.sender = Some(start()?);
            queue.is_sending = true;
        }
        queue.weight += weight;
        queue.waiting.push_back(message);
        Ok(())
    }

    /// The next message, for the thread; `None` ends it.
    pub(super) fn next(&self) -> Option<Message> {
        let mut queue = self.queue.lock();
        let next = if queue.over { None } else { queue.waiting.pop_front() };
        match &next {
            Some(message) => queue.weight -= message.weight(),
            None => queue.is_sending = false,
        }
        next
    }

    /// Back into its place, for the report of what was not sent: the socket closes, and no other is taken out.
    pub(super) fn put_back(&self, message: Message) {
        let mut queue = self.queue.lock();
        queue.over = true;
        queue.waiting.push_front(message);
    }

    /// Ends the thread, a look-up that it waits for included, and tells what was not sent.
    pub(super) fn conclude(&self, core: &Core, socket: SocketId) {
        self.stop.request(CloseReason::Local);
        let sender = {
            let mut queue = self.queue.lock();
            queue.over = true;
            queue.sender.take()
        };
        join(sender);
        for message in std::mem::take(&mut self.queue.lock().waiting) {
            let cause = Cause::Unsent { bytes: message.bytes.len() as u64 };
            core.fail(socket, None, Failure::new(Operation::Send, message.recipients(), cause));
        }
    }
}

fn join(sender: Option<JoinHandle<()>>) {
    if sender.is_some_and(|sender| sender.join().is_err()) {
        tracing::error!("a sender of postponed messages panicked");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(host: &str, bytes: usize) -> Message {
        Message { to: To::Addresses(vec![HostPort::new(host, 9)]), bytes: vec![0; bytes].into() }
    }

    fn started() -> Result<JoinHandle<()>, Failure> {
        Ok(std::thread::spawn(|| {}))
    }

    #[test]
    fn what_waits_is_bounded_and_what_is_refused_is_not_sent() {
        let postponed = Postponed::default();
        let half = usize::try_from(Traffic::QUEUE_MAX / 2).unwrap();
        postponed.push(message("first", half), started).unwrap();
        let full = postponed.push(message("second", half), || unreachable!("one is there"));
        assert_eq!(full, Err(Failure::new(Operation::Send, "second:9", Cause::QueueFull)));
        postponed.push(message("third", 1), || unreachable!("one is there")).unwrap();
        assert_eq!(postponed.next().map(|message| message.recipients()), Some("first:9".to_owned()));
        assert_eq!(postponed.next().map(|message| message.recipients()), Some("third:9".to_owned()));
        assert!(postponed.is_busy(), "what was taken out last may not have been sent yet");
        assert!(postponed.next().is_none() && !postponed.is_busy());
        postponed.push(message("fourth", half), started).unwrap();
        postponed.push(message("fifth", 9), || unreachable!("one is there")).unwrap();
    }

    #[test]
    fn without_a_thread_nothing_waits() {
        let postponed = Postponed::default();
        let no_thread = Failure::new(Operation::StartThread, "names-1", Cause::OutOfDescriptors);
        assert_eq!(postponed.push(message("first", 1), || Err(no_thread.clone())), Err(no_thread));
        assert!(!postponed.is_busy() && postponed.next().is_none());
    }
}

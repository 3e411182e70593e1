//! Ending a wait from another thread.

use std::io::{self, PipeReader, PipeWriter, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ready {
    Socket,
    Woken,
    TimedOut,
}

/// A switch that goes on once and ends every wait that knows it. Two descriptors (a pipe).
#[derive(Debug)]
pub struct Wake {
    on: AtomicBool,
    reader: PipeReader,
    /// Dropped by [`Self::wake`]: the reader's end of file is an event that no wait can consume.
    writer: Mutex<Option<PipeWriter>>,
}

impl Wake {
    /// # Errors
    /// Out of descriptors.
    pub fn new() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        Ok(Self { on: AtomicBool::new(false), reader, writer: Mutex::new(Some(writer)) })
    }

    pub fn wake(&self) {
        self.on.store(true, Ordering::SeqCst);
        if let Ok(mut writer) = self.writer.lock()
            && let Some(mut writer) = writer.take()
        {
            // One byte beside the hang-up, for systems whose poll reports a closed pipe as no input. It can only fail
            // when the reader is gone, and then nobody waits.
            let _ = writer.write_all(&[1]);
        }
    }

    #[must_use]
    pub fn is_on(&self) -> bool {
        self.on.load(Ordering::SeqCst)
    }

    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }

    /// Blocks until `socket` has one of `events`, the switch goes on, or `timeout` is over.
    pub(super) fn wait(
        &self,
        socket: BorrowedFd<'_>,
        events: PollFlags,
        timeout: Option<Duration>,
    ) -> io::Result<Ready> {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        loop {
            if self.is_on() {
                return Ok(Ready::Woken);
            }
            let mut descriptors = [PollFd::new(socket, events), PollFd::new(self.descriptor(), PollFlags::POLLIN)];
            match poll(&mut descriptors, poll_timeout(deadline)) {
                Ok(0) => return Ok(Ready::TimedOut),
                Ok(_) if descriptors[1].any().unwrap_or(true) => return Ok(Ready::Woken),
                Ok(_) => return Ok(Ready::Socket),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// What is left until the deadline, rounded up so that no wait turns into a spin.
pub(super) fn poll_timeout(deadline: Option<Instant>) -> PollTimeout {
    let Some(deadline) = deadline else { return PollTimeout::NONE };
    let left = deadline.saturating_duration_since(Instant::now());
    let milliseconds = left.as_nanos().div_ceil(1_000_000);
    PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_ends_by_time_and_by_the_switch() {
        let wake = Wake::new().unwrap();
        let (quiet, _writer) = io::pipe().unwrap();
        let waited = wake.wait(quiet.as_fd(), PollFlags::POLLIN, Some(Duration::from_millis(1))).unwrap();
        assert_eq!(waited, Ready::TimedOut);
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| wake.wait(quiet.as_fd(), PollFlags::POLLIN, None).unwrap());
            wake.wake();
            assert_eq!(waiter.join().unwrap(), Ready::Woken);
        });
        assert_eq!(wake.wait(quiet.as_fd(), PollFlags::POLLIN, None).unwrap(), Ready::Woken, "it stays on");
    }
}

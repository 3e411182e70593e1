//! SIGINT and SIGTERM as messages; SIGXFSZ as the failure of a write.

use std::io;
#[cfg(unix)]
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
#[cfg(unix)]
use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};

use crate::engine::Engine;

/// The signals that end a run, caught since this value exists.
#[derive(Debug)]
pub(super) struct Signals {
    #[cfg(unix)]
    caught: signal_hook::iterator::Signals,
}

/// A second signal this soon after the first is the same wish: timeout(1) signals its child and then its whole group.
#[cfg(unix)]
const SAME_WISH: Duration = Duration::from_millis(500);

/// Exit status of a run that a second signal cut short: 128 + SIGINT, as shells have it.
#[cfg(unix)]
const CUT_SHORT: i32 = 130;

impl Signals {
    /// # Errors
    /// The handlers can't be installed.
    #[cfg(unix)]
    pub(super) fn catch() -> io::Result<Self> {
        // Caught, SIGXFSZ no longer kills: the write that is one too many fails (EFBIG, setrlimit(2)) and is told.
        Ok(Self { caught: signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGXFSZ])? })
    }

    /// # Errors
    /// None here: the system ends the process by itself.
    #[cfg(not(unix))]
    pub(super) fn catch() -> io::Result<Self> {
        Ok(Self {})
    }

    /// A message for the first signal. Half a second later, another one ends the process at once, whatever it is doing.
    #[cfg(unix)]
    pub(super) fn forward(self, engine: &Engine) -> Receiver<()> {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        let mut caught = self.caught;
        engine.run_detached("signals", move || {
            let mut signals = caught.forever().filter(|signal| *signal != SIGXFSZ);
            if signals.next().is_some() {
                // Nobody listens any more only when the run is ending anyway.
                sender.send(()).ok();
            }
            let first = Instant::now();
            if signals.any(|_| first.elapsed() >= SAME_WISH) {
                std::process::exit(CUT_SHORT);
            }
        });
        receiver
    }

    #[cfg(not(unix))]
    pub(super) fn forward(self, _engine: &Engine) -> Receiver<()> {
        crossbeam_channel::never()
    }
}

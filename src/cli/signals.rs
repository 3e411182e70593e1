//! SIGINT, SIGTERM and SIGUSR1 as messages; SIGXFSZ as the failure of a write.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
#[cfg(unix)]
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
#[cfg(unix)]
use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1, SIGXFSZ};

use crate::engine::Engine;

/// The signals that end a run, caught since this value exists.
#[derive(Debug)]
pub(super) struct Signals {
    #[cfg(unix)]
    caught: signal_hook::iterator::Signals,
}

/// A flag that SIGINT and SIGTERM set, for work that looks at it. Caught as well, SIGXFSZ no longer kills.
///
/// # Errors
/// The handlers can't be installed.
pub(super) fn flag() -> io::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    #[cfg(unix)]
    {
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&flag))?;
        }
        // Nobody looks at this one: the write that is one too many fails.
        signal_hook::flag::register(SIGXFSZ, Arc::default())?;
    }
    Ok(flag)
}

/// What signals ask for.
#[derive(Debug)]
pub(super) struct Signalled {
    /// To end in order. Comes once.
    pub(super) end: Receiver<()>,
    /// To tell the live states.
    pub(super) look: Receiver<()>,
}

/// A second signal this soon after the first is the same wish: timeout(1) signals its child and then its whole group.
#[cfg(unix)]
const SAME_WISH: Duration = Duration::from_millis(500);

/// Exit status of a run that a second signal cut short: 128 + SIGINT, as shells have it.
#[cfg(unix)]
const CUT_SHORT: i32 = 130;

impl Signals {
    /// SIGUSR1 too where it has a meaning: `with_looks`.
    ///
    /// # Errors
    /// The handlers can't be installed.
    #[cfg(unix)]
    pub(super) fn catch(with_looks: bool) -> io::Result<Self> {
        // Caught, SIGXFSZ no longer kills: the write that is one too many fails (EFBIG, setrlimit(2)) and is told.
        let mut signals = vec![SIGINT, SIGTERM, SIGXFSZ];
        signals.extend(with_looks.then_some(SIGUSR1));
        Ok(Self { caught: signal_hook::iterator::Signals::new(signals)? })
    }

    /// # Errors
    /// None here: the system ends the process by itself.
    #[cfg(not(unix))]
    pub(super) fn catch(_with_looks: bool) -> io::Result<Self> {
        Ok(Self {})
    }

    /// A message for the first signal that ends. Half a second later, another one ends the process at once, whatever it is
    /// doing.
    #[cfg(unix)]
    pub(super) fn forward(self, engine: &Engine) -> Signalled {
        let (end, ended) = crossbeam_channel::bounded(1);
        let (look, asked) = crossbeam_channel::bounded(1);
        let mut caught = self.caught;
        engine.run_detached("signals", move || {
            let mut first: Option<Instant> = None;
            for signal in caught.forever() {
                match (signal, first) {
                    (SIGXFSZ, _) => {}
                    // One that waits is for both.
                    (SIGUSR1, _) => _ = look.try_send(()),
                    (_, None) => {
                        first = Some(Instant::now());
                        // Nobody listens any more only when the run is ending anyway.
                        end.send(()).ok();
                    }
                    (_, Some(first)) if first.elapsed() >= SAME_WISH => std::process::exit(CUT_SHORT),
                    (_, Some(_)) => {}
                }
            }
        });
        Signalled { end: ended, look: asked }
    }

    #[cfg(not(unix))]
    pub(super) fn forward(self, _engine: &Engine) -> Signalled {
        Signalled { end: crossbeam_channel::never(), look: crossbeam_channel::never() }
    }
}

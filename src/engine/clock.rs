//! The clocks that rows are stamped with.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike as _};

use crate::model::Stamp;

/// Processor time that this program has taken so far, on all its threads; zero where the system doesn't say
/// (getrusage(2)).
pub(super) fn processor_time() -> Duration {
    let taken = getrusage(UsageWho::RUSAGE_SELF).map(|usage| [usage.user_time(), usage.system_time()]);
    taken.map_or(Duration::ZERO, |taken| taken.into_iter().map(duration).sum())
}

fn duration(time: TimeVal) -> Duration {
    Duration::from_micros(u64::try_from(time.num_microseconds()).unwrap_or(0))
}

/// Where times come from.
#[derive(Debug)]
pub struct Clock(Source);

#[derive(Debug)]
enum Source {
    System { start: Instant },
    Steps { begin_ns: i64, step_ns: u64, taken: AtomicU64 },
}

impl Clock {
    /// The system's clocks, the monotonic one counted from now.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System { start: Instant::now() })
    }

    /// A clock that stands still but for one `step` before each row, for pictures that come out the same every time. It
    /// begins at `begin_ns` nanoseconds since 1970.
    #[must_use]
    pub fn in_steps(begin_ns: i64, step: Duration) -> Self {
        let step_ns = u64::try_from(step.as_nanos()).unwrap_or(u64::MAX);
        Self(Source::Steps { begin_ns, step_ns, taken: AtomicU64::new(0) })
    }

    /// Now, with the kernel's time of receiving where it is known.
    pub(super) fn stamp(&self, kernel_ns: Option<i64>) -> Stamp {
        let mono_ns = match &self.0 {
            Source::System { start } => u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX),
            Source::Steps { step_ns, taken, .. } => {
                (taken.fetch_add(1, Ordering::Relaxed) + 1).saturating_mul(*step_ns)
            }
        };
        Stamp { wall_ns: self.wall_ns(), mono_ns, kernel_ns }
    }

    /// Nanoseconds since 1970; 0 for a clock that stands before it.
    pub(super) fn wall_ns(&self) -> i64 {
        match &self.0 {
            Source::System { .. } => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
            }
            Source::Steps { begin_ns, step_ns, taken } => {
                begin_ns.saturating_add_unsigned(taken.load(Ordering::Relaxed).saturating_mul(*step_ns))
            }
        }
    }
}

//! The clocks that rows are stamped with.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::model::Stamp;

#[derive(Debug)]
pub(super) struct Clock {
    start: Instant,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self { start: Instant::now() }
    }

    /// Now, with the kernel's time of receiving where it is known.
    pub(super) fn stamp(&self, kernel_ns: Option<i64>) -> Stamp {
        let mono_ns = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Stamp { wall_ns: wall_ns(), mono_ns, kernel_ns }
    }
}

/// Nanoseconds since 1970; 0 for a clock that stands before it.
pub(super) fn wall_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

use std::time::{Duration, Instant};

/// At most ten times a second.
#[derive(Debug, Default)]
pub(super) struct Interval {
    last: Option<Instant>,
}

impl Interval {
    const LENGTH: Duration = Duration::from_millis(100);

    /// Whether it is time again; if so, the next interval begins.
    pub(super) fn is_due(&mut self) -> bool {
        let now = Instant::now();
        let due = self.last.is_none_or(|last| now.duration_since(last) >= Self::LENGTH);
        if due {
            self.last = Some(now);
        }
        due
    }
}

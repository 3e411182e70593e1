//! What a journal keeps.

use std::sync::atomic::{AtomicU64, Ordering};

/// What the user lets a journal take, and what of each row. The default keeps everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Bytes of disk for the journal with its log, [`Retention::DISK_LEAST`] at least: beyond them the oldest rows make
    /// room for new ones. `None` keeps all rows.
    pub disk: Option<u64>,
    /// Bytes that are kept of each row's payload, from its beginning, at least 1; the row still tells how many there were.
    /// `None` keeps all of them.
    pub snap_length: Option<u32>,
}

impl Retention {
    /// The log alone takes some 20 MB of it at times.
    pub const DISK_LEAST: u64 = 64_000_000;
}

/// What became of a journal's rows, counted while others look.
#[derive(Debug, Default)]
pub struct Removals {
    rows: AtomicU64,
    clearings: AtomicU64,
}

impl Removals {
    /// Rows that made room for newer ones since the program started, or the journal was cleared last.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// So many more have gone.
    pub fn add(&self, rows: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }

    /// The journal was cleared.
    pub fn reset(&self) {
        self.rows.store(0, Ordering::Relaxed);
        self.clearings.fetch_add(1, Ordering::Relaxed);
    }

    /// How often the journal was cleared since the program started.
    #[must_use]
    pub fn clearings(&self) -> u64 {
        self.clearings.load(Ordering::Relaxed)
    }
}

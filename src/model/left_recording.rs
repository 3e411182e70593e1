//! What a program that was killed has left.

use std::path::PathBuf;

/// A recording that was to be gone with its window, which was killed before it could remove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftRecording {
    /// Of the journal.
    pub path: PathBuf,
    /// At least one.
    pub rows: u64,
    /// The wall clock at its first row, in nanoseconds since 1970.
    pub began_ns: i64,
}

impl LeftRecording {
    /// Days after which one goes by itself, counted from when it was written or first found, whatever came later.
    pub const KEPT_DAYS: u64 = 7;
    /// How many are kept, whatever their age; the oldest go first.
    pub const KEPT: usize = 5;
}

//! Looking for one row among those that a filter lets through.

use super::filter::{Condition, Filter};

/// Which row is looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct FindRequest {
    /// Told back with what comes of it.
    pub id: u64,
    /// The rows in question.
    pub filter: Filter,
    /// What has to hold for the row beside the filter.
    pub condition: Condition,
    /// The nearest row after this number, or before it; `None` starts with the first row, or with the last.
    pub from: Option<u64>,
    /// Towards lower numbers.
    pub backward: bool,
    /// Where nothing is found, go on from the other end up to `from`, the row with this number included.
    pub wraps: bool,
}

/// What is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The scan goes on.
    Looking {
        /// Rows that were passed so far.
        done: u64,
        /// Rows in question, never 0.
        of: u64,
    },
    Found {
        number: u64,
        /// The scan went on from the other end before.
        wrapped: bool,
    },
    NotFound,
}

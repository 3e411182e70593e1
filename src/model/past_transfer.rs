use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::row::Direction;
use super::transfer::{Outcome, SendMode, TransferEnd, TransferInfo};

/// What is remembered of a file that crossed, or was to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastTransfer {
    /// Nanoseconds since 1970 by the wall clock.
    pub ended_ns: i64,
    pub direction: Direction,
    pub mode: SendMode,
    /// As the sender wrote it.
    pub name: String,
    /// As [`TransferEnd::path`]; `None` for one that is no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// As [`TransferEnd::size`].
    pub size: u64,
    /// The other side, as rows show it.
    pub peer: String,
    pub outcome: Outcome,
    /// BLAKE3 of the whole file, in hex; of verified ones alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

impl PastTransfer {
    /// How many are remembered, the newest.
    pub const KEPT: usize = 1000;

    #[must_use]
    pub fn new(info: &TransferInfo, end: &TransferEnd) -> Self {
        Self {
            ended_ns: end.ended_ns,
            direction: info.direction,
            mode: info.mode,
            name: info.name.clone(),
            path: end.path.to_str().map(str::to_owned),
            size: end.size,
            peer: info.peer.clone(),
            outcome: end.outcome,
            hash: end.hash.map(|hash| blake3::Hash::from(hash).to_hex().to_string()),
            failure: end.failure.clone(),
        }
    }
}

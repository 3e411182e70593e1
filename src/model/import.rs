//! What a capture brought.

/// Counts of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Packets in the capture.
    pub packets: u64,
    /// Rows that they became.
    pub rows: u64,
    pub sessions: u64,
    /// Segments that brought nothing new.
    pub repeated: u64,
    /// Places where a stream goes on after bytes that were not captured.
    pub gaps: u64,
    /// Packets that are neither TCP nor UDP, fragments, and those of links that are not known.
    pub left_out: u64,
    /// The file ends in the middle of a packet.
    pub cut: bool,
}

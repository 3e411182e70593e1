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
    /// Segments with bytes that are in no row: their place in the stream was passed when they came, as it is before the first
    /// byte that was captured, or they had been told as not captured.
    pub late: u64,
    /// Places where bytes of a stream were not captured.
    pub gaps: u64,
    /// Packets that are neither TCP nor UDP, fragments of what did not become whole, and those of links that are not
    /// known.
    pub left_out: u64,
    /// The file ends in the middle of a packet.
    pub cut: bool,
}

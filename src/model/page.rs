//! What a face asks the journal for, and what it gets.

use super::color_rule::RowColor;
use super::filter::Filter;
use super::ids::{SessionId, SocketId};
#[cfg(test)]
use super::row::{Call, Direction, Life};
use super::row::{RowBody, Stamp};

/// A window onto the rows that a filter lets through.
#[derive(Clone, Debug, PartialEq)]
pub struct PageRequest {
    pub filter: Filter,
    /// Position among the rows that match, from 0.
    pub first: u64,
    /// At most [`PageRequest::COUNT_MAX`].
    pub count: usize,
    /// Rows counted from the end instead: `first` is then ignored and the last `count` matches come.
    pub from_end: bool,
}

impl PageRequest {
    pub const COUNT_MAX: usize = 4096;
}

/// Rows as they stood when the page was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The request's filter.
    pub filter: Filter,
    /// Position of `rows[0]` among the matches.
    pub first: u64,
    pub rows: Vec<PageRow>,
    /// Rows that match so far.
    pub matches: u64,
    /// Rows in the journal.
    pub total: u64,
    /// Of them, rows that the filter has been decided for.
    pub scanned: u64,
    /// Matches that were before the first one and have gone from the journal since the filter was set: by so much all
    /// positions are less than they were. It counts from anywhere: only its growth says something.
    pub gone: u64,
    /// The wall clock at the journal's first row, in nanoseconds since 1970; `None` where there is no row.
    pub began_ns: Option<i64>,
    /// False while older rows are still being scanned for the filter.
    pub complete: bool,
}

/// One row for display. Long payloads are cut here; [`super::Command::LoadRow`] brings the whole.
#[derive(Clone, Debug, PartialEq)]
pub struct PageRow {
    /// Its number in the journal, from 1, never reused.
    pub number: u64,
    pub stamp: Stamp,
    pub socket: SocketId,
    pub session: Option<SessionId>,
    pub peer: String,
    pub body: RowBody,
    pub stream_offset: u64,
    /// Length of the whole payload in bytes.
    pub len: u64,
    /// The first [`PageRow::PREVIEW_MAX`] bytes of the payload.
    pub preview: Vec<u8>,
    /// Up to [`PageRow::CONTEXT_MAX`] bytes of the same session and direction just before this row, so that a character
    /// that was cut between two reads can be put together; empty for datagrams.
    pub context: Vec<u8>,
    /// Monotonic nanoseconds since the row before it in the journal; `None` for the first.
    pub delta_ns: Option<u64>,
    /// What the user wrote beside a row that is marked, which may be nothing; `None` for one that is not.
    pub note: Option<String>,
    /// By the first of the rules of [`super::Command::SetColorRules`] that holds.
    pub color: Option<RowColor>,
}

impl PageRow {
    pub const PREVIEW_MAX: usize = 512;
    pub const CONTEXT_MAX: usize = 64;

    /// Something that happened, for tests.
    #[cfg(test)]
    pub(crate) fn made_up(number: u64) -> Self {
        Self {
            number,
            stamp: Stamp::default(),
            socket: SocketId(1),
            session: None,
            peer: String::new(),
            body: RowBody::Life(Life::PeerFinished),
            stream_offset: 0,
            len: 0,
            preview: Vec::new(),
            context: Vec::new(),
            delta_ns: None,
            note: None,
            color: None,
        }
    }

    /// Bytes that crossed at this place of a session's stream, for tests.
    #[cfg(test)]
    pub(crate) fn made_up_data(number: u64, direction: Direction, stream_offset: u64, bytes: &[u8]) -> Self {
        Self {
            session: Some(SessionId(1)),
            body: RowBody::Data { direction, call: Call::Recv, truncated: false },
            stream_offset,
            len: bytes.len() as u64,
            preview: bytes[..bytes.len().min(Self::PREVIEW_MAX)].to_vec(),
            ..Self::made_up(number)
        }
    }
}

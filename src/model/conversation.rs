//! What crossed in one session, both ways, a part at a time.

use super::ids::{SessionId, SocketId};
use super::page::PageRow;

/// A part of it. Calls are the rows of the session that carry bytes, counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationRequest {
    pub socket: SocketId,
    /// `None` for all that the socket received and sent.
    pub session: Option<SessionId>,
    pub from: ConversationPlace,
}

/// Where a part begins or ends: by rows, whose numbers stay, while places among the calls change where the oldest rows make
/// room for newer ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConversationPlace {
    /// With the first call that is this row of the journal or a later one.
    From(u64),
    /// Around the first call that is this row of the journal or a later one: as many before it as after it.
    Around(u64),
    /// With the last call before this row of the journal.
    Before(u64),
    /// With the last call.
    End,
}

/// A part, as much of it as memory is to hold at once.
#[derive(Clone, Debug, PartialEq)]
pub struct ConversationPart {
    pub request: ConversationRequest,
    /// Of `rows[0]` among the calls.
    pub first: u64,
    /// With whole payloads in place of previews; that of a single row beyond [`Self::BYTES_MAX`] is cut.
    pub rows: Vec<PageRow>,
    /// All that were there.
    pub calls: u64,
    /// False while there may be more calls than were counted so far.
    pub complete: bool,
}

impl ConversationPart {
    pub const ROWS_MAX: u64 = 512;
    /// Of payload in one part.
    pub const BYTES_MAX: u64 = 256 << 10;
}

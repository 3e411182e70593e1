//! Journal rows: one call that returned, or one event of a connection's life. Never "a packet".

use serde::{Deserialize, Serialize};

use super::event::{CloseReason, Notice};
use super::failure::Failure;
use super::ids::{SessionId, SocketId};
use super::process::PeerProcess;
use super::transfer::{Outcome, SendMode};

/// When a call returned, by every clock that knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Nanoseconds since 1970 by the wall clock, taken after the call returned.
    pub wall_ns: i64,
    /// Nanoseconds by the monotonic clock since the engine started.
    pub mono_ns: u64,
    /// Nanoseconds since 1970 at which the kernel received the last byte (SO_TIMESTAMPNS); `None` where unknown.
    pub kernel_ns: Option<i64>,
}

/// Which way bytes crossed, seen from this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    In,
    Out,
}

impl Direction {
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::In => Self::Out,
            Self::Out => Self::In,
        }
    }
}

/// The system call that a row records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Call {
    Recv,
    Send,
    RecvFrom,
    SendTo,
    /// One whole message of a connection that keeps their borders.
    RecvMsg,
    SendMsg,
}

impl Call {
    /// The name as manuals write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Recv => "recv",
            Self::Send => "send",
            Self::RecvFrom => "recvfrom",
            Self::SendTo => "sendto",
            Self::RecvMsg => "recvmsg",
            Self::SendMsg => "sendmsg",
        }
    }
}

/// Events of a connection's life. All addresses are written as endpoints, with their scheme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "life", rename_all = "kebab-case")]
pub enum Life {
    /// A listener is bound and, for streams, listening. `endpoint` has the port that port 0 became.
    Listening { endpoint: String },
    /// The listener's socket is closed.
    StoppedListening { endpoint: String },
    /// `connect` was called for this resolved address.
    Connecting { endpoint: String },
    /// `accept` returned, or a datagram listener heard this peer for the first time.
    Accepted {
        local: String,
        /// Empty for a Unix socket without a name.
        #[serde(default)]
        peer: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        process: Option<PeerProcess>,
    },
    /// `connect` succeeded. `local` is empty for a Unix socket, which has no name then.
    Connected {
        local: String,
        #[serde(default)]
        peer: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        process: Option<PeerProcess>,
    },
    /// A client's socket for datagrams is open and connected to nobody: each datagram names whom it is for, `peer` where
    /// nobody else is named. `local` is where it is bound.
    Opened { local: String, peer: String },
    /// `recv` returned 0: the peer has finished sending. It may still read.
    PeerFinished,
    /// `shutdown(SHUT_WR)` returned: this side has finished sending.
    FinishedSending,
    /// setsockopt(2) returned; `answer` is what getsockopt(2) said then, where it says anything.
    OptionSet {
        option: String,
        asked: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer: Option<String>,
    },
    /// The socket hears a group.
    Joined { group: String },
    /// The socket hears the group no longer.
    Left { group: String },
    /// The socket is closed.
    Closed { reason: CloseReason },
}

/// What a row records beside its payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum RowBody {
    /// Bytes that a call moved; the payload holds all of them.
    Data {
        direction: Direction,
        call: Call,
        /// The datagram or message was longer than the buffer (MSG_TRUNC): the payload is its beginning.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        truncated: bool,
    },
    Life(Life),
    /// A file that was sent or received; its bytes are not copied here.
    File {
        direction: Direction,
        /// As the sender wrote it.
        name: String,
        /// Where it lies on this machine.
        path: String,
        size: u64,
        duration_ns: u64,
        outcome: Outcome,
        mode: SendMode,
        /// BLAKE3 of a verified file, in hex.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hash: Option<String>,
    },
    Failed {
        failure: Failure,
    },
    Notice {
        notice: Notice,
    },
}

/// One row on its way to the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub stamp: Stamp,
    pub socket: SocketId,
    /// `None` for what concerns a whole listener.
    pub session: Option<SessionId>,
    /// The other end as text, without a scheme; empty where there is none.
    pub peer: String,
    pub body: RowBody,
    /// Bytes that crossed in this session and direction before this row; 0 for datagrams, messages and other rows.
    pub stream_offset: u64,
    pub payload: Vec<u8>,
}

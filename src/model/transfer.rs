//! Files on their way.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::ids::{SessionId, SocketId, TransferId};
use super::row::Direction;
use crate::codec::prefix_hash::Hash;

/// How a file crosses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SendMode {
    /// The file's bytes and nothing else; the stream stays open.
    #[default]
    Raw,
    /// As the tutorial does it: the name in the first send, a pause, the bytes, close.
    Tutorial,
    /// Offered first, hashed on both sides, and confirmed by the receiver once it is kept.
    Verified,
}

/// Why a side gave up a file that was to be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CancelReason {
    /// The user didn't want it.
    Declined,
    /// There is no room for it.
    NoRoom,
    /// More or larger files than are taken.
    Limit,
    /// No file can have such a name.
    Name,
    /// It could not be read or written.
    Storage,
    /// It became another file while it was sent.
    Changed,
    /// The user stopped it.
    Stopped,
    /// The user stopped it, and all that is queued behind it.
    AllStopped,
    /// What arrived has another hash.
    Mismatch,
    /// One that a later version knows.
    Other(u8),
}

/// What happens to incoming bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ReceiveMode {
    /// They are rows of the journal.
    #[default]
    Show,
    /// All of a connection's bytes become one file in the folder, named by the receiver.
    Raw { into: PathBuf },
    /// The first receive is the name, the rest the content.
    Tutorial { into: PathBuf },
    /// Verified if the sender offers that; else the tutorial's way if the first receive can be a file's name, else raw.
    Auto { into: PathBuf },
    /// Verified files are kept; all else is rows, as with [`Self::Show`]. A client has a connection of its own for them,
    /// beside the one that shows.
    Verified { into: PathBuf },
}

impl ReceiveMode {
    #[must_use]
    pub fn folder(&self) -> Option<&PathBuf> {
        match self {
            Self::Show => None,
            Self::Raw { into } | Self::Tutorial { into } | Self::Auto { into } | Self::Verified { into } => Some(into),
        }
    }
}

/// Which files are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// Somebody is asked about each file that another machine sends, and answers by [`super::Command::AnswerTransfer`].
    pub ask: bool,
    /// Bytes of one file; `None`: as much as there is room for.
    pub largest: Option<u64>,
    /// Files and folders since the listener listens, or the client connected; `None`: any number.
    pub most: Option<u64>,
}

/// What is answered about a file that another machine sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    Accept,
    /// This one, and all that come over the same connection.
    AcceptAll,
    Decline,
}

/// How a file ended. What is claimed is what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Its hash was confirmed by both sides.
    Verified,
    /// A plain sender ended in order; whether that was all it meant to send, nobody said.
    Unverified,
    /// The stream broke, one side cancelled, or the peer closed with bytes unread.
    Incomplete,
    /// Nothing was taken.
    Refused,
    /// All bytes were handed to the system; the peer can't confirm more.
    HandedOver,
}

impl Outcome {
    /// The word in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Unverified => "unverified",
            Self::Incomplete => "incomplete",
            Self::Refused => "refused",
            Self::HandedOver => "handed-over",
        }
    }
}

/// A file that began to cross.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferInfo {
    pub id: TransferId,
    pub socket: SocketId,
    pub session: SessionId,
    /// The other side, as rows show it.
    pub peer: String,
    pub direction: Direction,
    pub mode: SendMode,
    /// As the sender wrote it.
    pub name: String,
    /// The file on this machine: the source, or where the received bytes are going.
    pub path: PathBuf,
    /// `None` when receiving from a plain peer, which never says.
    pub size: Option<u64>,
}

/// How a plain sender's bytes began, and what was made of them: where its name ends is a guess that a user can correct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamHead {
    /// The first of all, [`StreamHead::MAX`] at most.
    pub bytes: Vec<u8>,
    /// So many of them were taken for the file's name; what follows is the file.
    pub name_len: usize,
}

impl StreamHead {
    pub const MAX: usize = 1024;

    /// Bytes that can be a name: up to the first control character, or to what is no text.
    #[must_use]
    pub fn name_like(&self) -> usize {
        let text = self.bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        text.find(char::is_control).unwrap_or(text.len())
    }
}

/// How a file ended, with what is known of it then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferEnd {
    pub outcome: Outcome,
    /// The file on this machine: the source, or where the received bytes lie; for a refused one, where it should have gone.
    pub path: PathBuf,
    /// Bytes that crossed, or were there already.
    pub size: u64,
    /// BLAKE3 of the whole file; of verified ones alone.
    pub hash: Option<Hash>,
    pub failure: Option<Failure>,
    /// Of a file from a plain sender alone, one that ended in order.
    pub head: Option<StreamHead>,
    /// When: nanoseconds since 1970 by the wall clock.
    pub ended_ns: i64,
}

/// How far a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub done: u64,
    pub size: Option<u64>,
    /// Since it began.
    pub elapsed: Duration,
    /// Bytes a second over the last seconds; 0 only where none moved.
    pub rate: u64,
}

impl Progress {
    /// Time left at the present rate; `None` while unknown.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        let remaining = self.size?.saturating_sub(self.done);
        (self.rate > 0).then(|| Duration::from_secs(remaining.div_ceil(self.rate)))
    }

    /// There are bytes to come, as far as is known, and none moved over the last seconds.
    #[must_use]
    pub fn is_stalled(&self) -> bool {
        self.rate == 0 && self.size.is_none_or(|size| self.done < size)
    }
}

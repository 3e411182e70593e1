//! All that the engine tells a face.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::browser::Exchange;
use super::conversation::ConversationPart;
use super::descriptor::ReceivedDescriptor;
use super::endpoint::Endpoint;
use super::facility::Facility;
use super::failure::{Failure, PortOwner};
use super::find::Finding;
use super::ids::{SessionId, SocketId, TransferId};
use super::import::Imported;
use super::interface::NetworkInterface;
use super::left_recording::LeftRecording;
use super::multicast::MulticastGroup;
use super::options::OptionAnswer;
use super::page::Page;
use super::process::PeerProcess;
use super::row::Direction;
use super::save::Saved;
use super::session::{Purpose, SessionInfo, Traffic};
use super::socket_state::SocketState;
use super::statistics::Statistics;
use super::transfer::{Progress, TransferEnd, TransferInfo};

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CloseReason {
    /// The peer finished sending and this side had no more to send.
    Eof,
    /// This side closed.
    Local,
    /// This side reset.
    LocalReset,
    /// The peer reset.
    Reset,
    /// A call failed; the failure came before.
    Error,
    /// The listener stopped.
    Stopped,
    /// A datagram peer that was quiet longest made room for a new one.
    Evicted,
}

impl CloseReason {
    /// The word in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Eof => "eof",
            Self::Local => "local",
            Self::LocalReset => "local-reset",
            Self::Reset => "reset",
            Self::Error => "error",
            Self::Stopped => "stopped",
            Self::Evicted => "evicted",
        }
    }
}

/// What a user should know and need not act on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "kebab-case")]
pub enum Notice {
    /// Out of descriptors: accepting waits until some close.
    AcceptingPaused,
    /// After that, or after a failure for want of threads.
    AcceptingResumed,
    /// Datagrams that the kernel dropped at this socket since it was opened.
    Dropped {
        datagrams: u64,
    },
    /// A datagram or message longer than the receive size was cut.
    Truncated {
        kept: u64,
    },
    /// A plain peer's name and content came in one receive; all of it is kept as one file.
    NameAndContentTogether,
    /// The sender's name was not safe and this one took its place.
    NameChanged {
        from: String,
        to: String,
    },
    /// A plain sender's stream was cut between name and content elsewhere, and this file is what came of it; the one from
    /// before is still there.
    SplitMoved {
        path: String,
        size: u64,
    },
    /// All files of the socket were cancelled and a peer went on offering some, which are refused. Told with the first.
    OffersRefused,
    /// The peer's program closed before it read everything.
    PeerLeftUnread,
    /// The peer's program read to the end.
    PeerReadToEnd,
    /// More than one read of the tutorial's server: it keeps 40,960 bytes at most.
    LongForTutorial {
        size: u64,
    },
    /// The journal can't be written; sockets go on, rows are counted here.
    RecordingPaused {
        missed: u64,
    },
    RecordingResumed {
        missed: u64,
    },
    /// So long sockets waited for the journal to have room since the last such notice: it is written more slowly than bytes
    /// come. One a second at most.
    HeldUp {
        milliseconds: u64,
    },
    /// The journal's rows keep to its limit, its file, which an earlier version began, stays so long.
    JournalStaysLong {
        bytes: u64,
    },
    /// The address is in use; binding it is tried until it is free.
    WaitingForAddress {
        /// Who holds it, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<PortOwner>,
        /// For how long connections that are over keep it, where it is these.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seconds: Option<u32>,
    },
    /// A stale Unix socket's file was removed to bind.
    StaleSocketRemoved,
    /// A browser's request was answered.
    Answered(Exchange),
    /// A WebSocket ended in order, or for a reason that was told.
    WebSocketClosed {
        /// 1005 where the one who closed gave none.
        code: u16,
        reason: String,
        /// The peer began it.
        by_peer: bool,
    },
    /// So many other UDP sockets have the port too (SO_REUSEADDR): one of them gets each datagram, unseen by the others.
    PortShared {
        others: u64,
    },
    /// The socket is bound to an address of one machine, to which the group's datagrams don't go.
    GroupOutOfReach {
        group: String,
        local: String,
    },
    /// This descriptor, as it was asked for, turned out to be that socket.
    Adopted {
        descriptor: String,
        endpoint: String,
    },
    /// A Unix peer sent descriptors along; they are closed again.
    DescriptorsClosed {
        descriptors: Vec<ReceivedDescriptor>,
    },
    /// More descriptors came than this process could take: the kernel dropped some (MSG_CTRUNC).
    DescriptorsLost,
    /// A sender without a name: nothing can be sent to it.
    SenderUnnamed,
    /// Which process sent the last datagram over a Unix socket: none was known before, or another one.
    PeerKnown {
        process: PeerProcess,
    },
    /// A capture goes on after bytes that it doesn't have.
    NotCaptured {
        direction: Direction,
        bytes: u64,
    },
}

impl Notice {
    /// Whether it tells what was to be expected: a request that was met, a WebSocket that ended in order,
    /// what the user asked for.
    #[must_use]
    pub fn is_routine(&self) -> bool {
        match self {
            Self::Answered(exchange) => exchange.status < 400,
            Self::SplitMoved { .. } | Self::OffersRefused => true,
            Self::WebSocketClosed { code, .. } => matches!(code, 1000 | 1001 | 1005 | 3000..),
            _ => false,
        }
    }
}

/// The closed set of reports.
#[derive(Clone, Debug)]
pub enum Event {
    /// `endpoint` has the port that port 0 became.
    Listening {
        socket: SocketId,
        endpoint: Endpoint,
    },
    StoppedListening {
        socket: SocketId,
    },
    /// `candidates` are the addresses that a name resolved to, in the order tried.
    Resolved {
        socket: SocketId,
        candidates: Vec<String>,
    },
    Connecting {
        socket: SocketId,
        attempt: String,
    },
    Opened {
        info: SessionInfo,
        traffic: Arc<Traffic>,
    },
    /// Bytes of one receive call; only where the engine was asked for payload events.
    Received {
        session: SessionId,
        bytes: Vec<u8>,
        truncated: bool,
    },
    /// Bytes of one send call that the system took; only where the engine was asked for payload events.
    Sent {
        session: SessionId,
        bytes: u64,
    },
    /// A browser's connection became a WebSocket: from these offsets on, its bytes are frames.
    Upgraded {
        session: SessionId,
        received: u64,
        sent: u64,
    },
    /// The first bytes that came over an accepted connection made it one for verified files.
    CarriesFiles {
        session: SessionId,
        purpose: Purpose,
    },
    PeerFinished {
        session: SessionId,
    },
    FinishedSending {
        session: SessionId,
    },
    Closed {
        socket: SocketId,
        session: SessionId,
        reason: CloseReason,
    },
    /// A client gave up or was told to stop: no attempt is under way and none will follow.
    Disconnected {
        socket: SocketId,
    },
    /// A client will try again after this.
    ReconnectingIn {
        socket: SocketId,
        delay: Duration,
    },
    /// What the kernel made of the options that were asked for: once when the socket is there, and after each change.
    OptionsAnswered {
        socket: SocketId,
        /// `None` for a listener's own socket.
        session: Option<SessionId>,
        answers: Vec<OptionAnswer>,
    },
    /// The answer to [`super::Command::Inspect`]; none comes for a socket that is closed.
    Inspected {
        socket: SocketId,
        session: Option<SessionId>,
        state: Arc<SocketState>,
    },
    /// The answer to [`super::Command::InspectRoundTrip`]; none comes for a socket that is closed.
    RoundTripInspected {
        socket: SocketId,
        session: SessionId,
        /// As [`super::TcpInfo::rtt`]; `None` also for what is not TCP.
        rtt: Option<Duration>,
    },
    /// What is sent to the group arrives from now on.
    Joined {
        socket: SocketId,
        group: MulticastGroup,
    },
    /// Told for a group that was left, not for those that end with their socket.
    Left {
        socket: SocketId,
        group: MulticastGroup,
    },
    /// This machine's network interfaces, in the system's order.
    Interfaces(Arc<[NetworkInterface]>),
    /// Why no such socket can be opened; `None` where one can.
    Probed {
        facility: Facility,
        missing: Option<Failure>,
    },
    TransferStarted(TransferInfo),
    /// Nothing of it is taken until [`super::Command::AnswerTransfer`] says so; its size is not known where its sender
    /// doesn't tell it.
    TransferAsks {
        transfer: TransferId,
    },
    TransferProgress {
        transfer: TransferId,
        progress: Progress,
    },
    /// It rests, or goes on.
    TransferPaused {
        transfer: TransferId,
        paused: bool,
    },
    TransferEnded {
        transfer: TransferId,
        end: TransferEnd,
    },
    Failed {
        socket: Option<SocketId>,
        session: Option<SessionId>,
        failure: Failure,
    },
    Noticed {
        socket: Option<SocketId>,
        session: Option<SessionId>,
        notice: Notice,
    },
    /// Rows in the journal now.
    Recorded {
        total: u64,
    },
    JournalCleared,
    /// Pages and rows that come after this event are of the journal, or capture, that was opened.
    JournalOpened {
        path: PathBuf,
        rows: u64,
        /// Of a capture.
        imported: Option<Imported>,
    },
    /// What was to be opened can't be, and what is read stays the same.
    JournalNotOpened {
        path: PathBuf,
        failure: Failure,
    },
    /// Pages and rows that come after this event are of what is being recorded.
    JournalClosed,
    /// Once after the start, where there are any: the latest first. Until [`super::Command::DiscardRecording`] or the end
    /// no other program takes them.
    RecordingsLeft(Vec<LeftRecording>),
    Page(Arc<Page>),
    /// What [`super::Command::CountMessages`] has come to.
    Counted(Arc<Statistics>),
    RowLoaded {
        number: u64,
        payload: Arc<[u8]>,
    },
    Conversation(Arc<ConversationPart>),
    /// As [`super::Command::MarkRow`] asked for it; it is on disk.
    Marked {
        number: u64,
        note: Option<String>,
        opened: bool,
    },
    /// How the latest [`super::Command::Find`] goes; a read that fails ends it with [`Self::Failed`] instead.
    Finding {
        id: u64,
        finding: Finding,
    },
    JournalSaved {
        path: PathBuf,
        saved: Saved,
    },
    SettingsSaved,
}

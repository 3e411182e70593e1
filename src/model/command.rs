//! All that a face can ask of the engine.

use std::path::PathBuf;
use std::time::Duration;

use super::address::HostPort;
use super::browser::BrowserContent;
use super::color_rule::RowColor;
use super::conversation::ConversationRequest;
use super::facility::Facility;
use super::filter::Condition;
use super::find::FindRequest;
use super::ids::{SessionId, SocketId, TransferId};
use super::multicast::MulticastGroup;
use super::options::{OptionValue, SocketOption};
use super::page::PageRequest;
use super::retention::Retention;
use super::save::SaveRequest;
use super::session::Purpose;
use super::statistics::StatisticsRequest;
use super::target::Target;
use super::transfer::{Admission, Permission, ReceiveMode, SendMode, StreamHead};

/// What a listener does by itself with what arrives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Respond {
    #[default]
    Nothing,
    /// Sends every received byte back.
    Echo,
    /// Sends these bytes after each receive that brought any.
    Reply(Vec<u8>),
}

/// How to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenSpec {
    pub target: Target,
    pub respond: Respond,
    pub receive: ReceiveMode,
    pub admission: Admission,
    /// Speak HTTP/1.1 and WebSocket with whoever connects to a stream listener, and show them this. WebSocket messages are
    /// answered as `respond` says. Bytes are then shown, whatever `receive` says.
    pub browser: Option<BrowserContent>,
    /// While the address is in use, try again and again instead of failing.
    pub wait_for_address: bool,
    /// Stop by itself after the first session has ended.
    pub once: bool,
    /// Keep a stream open for sending when its peer has finished; otherwise what waits is sent and the stream closed.
    pub stay_half_open: bool,
}

impl ListenSpec {
    /// Shows what arrives, answers nothing, listens until told to stop.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self {
            target,
            respond: Respond::Nothing,
            receive: ReceiveMode::Show,
            admission: Admission::default(),
            browser: None,
            wait_for_address: false,
            once: false,
            stay_half_open: false,
        }
    }
}

/// How to connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectSpec {
    pub target: Target,
    /// For all attempts together, name resolution included.
    pub timeout: Duration,
    /// Local host to bind before connecting.
    pub local_host: Option<String>,
    /// Local port to bind before connecting.
    pub local_port: Option<u16>,
    /// Try again by itself this long after a connection ended or an attempt failed.
    pub reconnect: Option<Duration>,
    /// Datagrams: `connect` the socket, so that only the peer's datagrams arrive and refusals are reported.
    pub connected: bool,
    /// What the connection is for. [`Purpose::SendsFiles`] needs a stream; a client that receives files is one that talks,
    /// with [`ReceiveMode::Verified`].
    pub purpose: Purpose,
    pub receive: ReceiveMode,
    pub admission: Admission,
    /// As [`ListenSpec::stay_half_open`].
    pub stay_half_open: bool,
}

impl ConnectSpec {
    pub const TIMEOUT: Duration = Duration::from_secs(10);

    #[must_use]
    pub fn new(target: Target) -> Self {
        Self {
            target,
            timeout: Self::TIMEOUT,
            local_host: None,
            local_port: None,
            reconnect: None,
            connected: true,
            purpose: Purpose::Talk,
            receive: ReceiveMode::Show,
            admission: Admission::default(),
            stay_half_open: false,
        }
    }
}

/// To whom a message goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipients {
    /// Every session that the socket has when the command is carried out.
    All,
    Sessions(Vec<SessionId>),
    /// Over UDP, from a socket that is not connected: one sendto(2) for each, a group or a broadcast address among them.
    /// A name stands for the first of its addresses that the socket can send to, and is looked up for each message. Where
    /// one is not found, nothing is sent to anybody; what fails later for one doesn't keep it from the others. What the
    /// socket is asked to send meanwhile waits, so that the order stays. Each address has a session from then on.
    Addresses(Vec<HostPort>),
}

/// The closed set of requests. None blocks the caller; what comes of it arrives as [`super::Event`]s.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Listen {
        socket: SocketId,
        spec: Box<ListenSpec>,
    },
    /// Closes the listener and all of its sessions.
    StopListening {
        socket: SocketId,
    },
    Connect {
        socket: SocketId,
        spec: Box<ConnectSpec>,
    },
    /// Ends the attempt, the connection and its reconnecting.
    Disconnect {
        socket: SocketId,
    },
    /// Closes one session in order.
    Close {
        session: SessionId,
    },
    /// Closes it with a reset (SO_LINGER 0).
    Reset {
        session: SessionId,
    },
    /// `shutdown(SHUT_WR)` once all that waits has been sent.
    FinishSending {
        session: SessionId,
    },
    /// All or nothing per session: a message that finds no room in the queue is refused whole.
    Send {
        socket: SocketId,
        to: Recipients,
        bytes: Vec<u8>,
    },
    /// Verified ones go over connections of their own: a client opens one for the files of each such command, and ends
    /// it after them; a listener sends them to those who opened one to receive files.
    SendFiles {
        socket: SocketId,
        to: Recipients,
        paths: Vec<PathBuf>,
        mode: SendMode,
    },
    CancelTransfer {
        transfer: TransferId,
    },
    /// Those under way and those that are queued over the socket's connections, in both directions; what is queued at the
    /// other side too, where files are verified.
    CancelTransfers {
        socket: SocketId,
    },
    /// Lets a file rest, or go on; the other side learns it by nothing but the silence.
    PauseTransfer {
        transfer: TransferId,
        paused: bool,
    },
    /// The answer to [`super::Event::TransferAsks`].
    AnswerTransfer {
        transfer: TransferId,
        permission: Permission,
    },
    /// Stores a plain sender's file anew, as if its name were the first `at` bytes of the stream; 0 is no name. The file
    /// stays, and what comes of it replaces none. Answered by [`super::Notice::SplitMoved`].
    MoveSplit {
        socket: SocketId,
        /// As the file's end told them.
        path: PathBuf,
        head: StreamHead,
        at: usize,
    },
    /// For connections opened from now on.
    SetReceive {
        socket: SocketId,
        receive: ReceiveMode,
        admission: Admission,
    },
    SetRespond {
        socket: SocketId,
        respond: Respond,
    },
    /// For connections opened from now on.
    SetBrowser {
        socket: SocketId,
        browser: Option<BrowserContent>,
    },
    /// Opens the system's browser. Without one, [`super::Event::Failed`] says so and has the address as its subject.
    OpenInBrowser {
        socket: SocketId,
        url: String,
    },
    /// Opens a folder in the system's file manager. Without one, or if the folder is gone, [`super::Event::Failed`] says so.
    OpenFolder {
        /// Whose file lies there; `None` for one of an earlier run.
        socket: Option<SocketId>,
        path: PathBuf,
    },
    /// Asks once for the live state of a session's socket or, without a session, of the listener's own.
    Inspect {
        socket: SocketId,
        session: Option<SessionId>,
    },
    /// Asks once for the round-trip time of a session's connection, which takes one system call: an [`Self::Inspect`] takes
    /// dozens.
    InspectRoundTrip {
        socket: SocketId,
        session: SessionId,
    },
    /// Changes an option of a socket that is in use, as [`Self::Inspect`] names it. What a listener is given, all of its
    /// connections have from then on, where it is an option of connections ([`SocketOption::is_of_connections`]): those
    /// to come inherit it, those that are open are changed one by one, each with an answer of its own. What the kernel
    /// refuses the listener, its connections are not given.
    SetOption {
        socket: SocketId,
        session: Option<SessionId>,
        option: SocketOption,
        value: OptionValue,
    },
    /// Receives what is sent to a group from now on, over a UDP socket that is in use.
    JoinGroup {
        socket: SocketId,
        group: MulticastGroup,
    },
    /// The group has to be written as it was joined.
    LeaveGroup {
        socket: SocketId,
        group: MulticastGroup,
    },
    /// Answered by [`super::Event::Interfaces`].
    ListInterfaces,
    /// Asks whether the system has such sockets, and this user the right to one; answered by [`super::Event::Probed`].
    Probe {
        facility: Facility,
    },
    /// Only the latest request matters: an older one that was not answered yet is dropped.
    ReadPage(PageRequest),
    /// Counts what crossed, a part of the rows at a time, each told by [`super::Event::Counted`], until all rows that there
    /// are have been looked at. The same request later looks at those that came since; another one, and another journal,
    /// begins anew. `None`: nobody looks any more.
    CountMessages(Option<Box<StatisticsRequest>>),
    /// Looks for a row, in steps between which pages are read. Only the latest request matters; answered by
    /// [`super::Event::Finding`].
    Find(Box<FindRequest>),
    /// Gives it up; nothing more is told of it.
    CancelFind,
    /// Encodings, by label, that [`super::Filter::text`] is looked for in beside UTF-8.
    SetFilterEncodings(Vec<String>),
    LoadRow {
        number: u64,
    },
    /// Reads a part of what crossed in one session. Only the latest request matters; answered by
    /// [`super::Event::Conversation`].
    ReadConversation(ConversationRequest),
    /// Which colours rows of pages to come have; the first that holds counts, and of a payload its first 64 KiB.
    SetColorRules(Vec<(Condition, RowColor)>),
    /// Marks a row with a note, which may be empty, or takes its mark away. Answered by [`super::Event::Marked`]; not where
    /// the row is gone.
    MarkRow {
        number: u64,
        note: Option<String>,
        /// Of the journal that was opened, not of the one that is being recorded.
        opened: bool,
    },
    /// Removes all rows. Numbers go on counting.
    ClearJournal,
    /// What the journal keeps of what is recorded from now on, and of what it has.
    Retain(Retention),
    /// Reads another journal, or a capture made into one, in place of what is being recorded, until [`Self::CloseJournal`].
    /// Recording goes on. Answered by [`super::Event::JournalOpened`] or [`super::Event::JournalNotOpened`]; one that was
    /// asked for before and isn't open yet is given up, and not answered.
    OpenJournal {
        path: PathBuf,
    },
    /// What is being recorded is read again: [`super::Event::JournalClosed`].
    CloseJournal,
    /// Removes one that [`super::Event::RecordingsLeft`] told of, by its path. [`super::Event::Failed`] says so where it can't
    /// be removed.
    DiscardRecording {
        path: PathBuf,
    },
    /// Answered by [`super::Event::JournalSaved`].
    SaveJournal(Box<SaveRequest>),
    SaveSettings(Box<super::Settings>),
    /// Forgets all that [`super::PastTransfer`]s are kept of, those of earlier runs too.
    ForgetPastTransfers,
}

impl Command {
    /// Whether it only asks: what comes of it is the answer, an event.
    #[must_use]
    pub fn is_question(&self) -> bool {
        matches!(
            self,
            Self::Inspect { .. }
                | Self::InspectRoundTrip { .. }
                | Self::ListInterfaces
                | Self::Probe { .. }
                | Self::ReadPage(_)
                | Self::CountMessages(_)
                | Self::LoadRow { .. }
                | Self::ReadConversation(_)
        )
    }
}

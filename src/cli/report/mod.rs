//! What a run tells, in either form.

mod human;
mod info;
mod interface;
mod json;
mod statistics;

use std::io;
use std::path::Path;

use serde::Serialize;

use super::commands::Mistake;
use super::request::UsageError;
use crate::i18n::Language;
use crate::model::{
    CloseReason, Endpoint, Exchange, Failure, MulticastGroup, NetworkInterface, Notice, OptionAnswer, Outcome,
    PeerProcess, Progress, SessionId, SessionTotals, SocketState, Statistics, WaitingSocket,
};

/// The form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Peers' bytes to standard output, words to standard error.
    Human,
    /// One object a line to standard output; `quiet` leaves out `received` and `sent`.
    Json { quiet: bool },
}

impl Form {
    pub(super) fn new(json: bool, quiet: bool) -> Self {
        if json { Self::Json { quiet } } else { Self::Human }
    }

    /// Whether it shows the bytes that crossed.
    pub(super) fn shows_payload(self) -> bool {
        self != Self::Json { quiet: true }
    }

    /// JSON is for programs: its words are English everywhere.
    pub(super) fn language(self) -> Language {
        match self {
            Self::Human => Language::from_system(),
            Self::Json { .. } => Language::English,
        }
    }

    /// The report in this form, on the standard streams. They stay unlocked: a worker that logs must not wait.
    pub(super) fn report(self) -> Box<dyn Report> {
        match self {
            Self::Human => Box::new(human::HumanReport::new(io::stdout(), io::stderr(), self.language())),
            Self::Json { quiet } => Box::new(json::JsonReport::new(io::stdout(), quiet)),
        }
    }
}

/// One thing to tell.
#[derive(Debug)]
pub(super) enum Fact<'a> {
    Usage(&'a UsageError),
    /// A line of standard input that is no command; `line` counts from 1.
    Mistake {
        line: u64,
        mistake: &'a Mistake,
    },
    /// What a line of standard input can ask for.
    Commands,
    /// Where a browser on this machine finds what the listener shows.
    ForBrowsers {
        url: &'a str,
    },
    Listening {
        endpoint: &'a Endpoint,
    },
    Connecting {
        attempt: &'a str,
    },
    Opened {
        session: SessionId,
        peer: &'a str,
        process: Option<&'a PeerProcess>,
    },
    Closed {
        session: SessionId,
        reason: CloseReason,
    },
    Received {
        session: SessionId,
        bytes: &'a [u8],
        truncated: bool,
        /// What the bytes say, where the transport gives them a meaning.
        decoded: Option<&'a str>,
    },
    Sent {
        session: SessionId,
        bytes: u64,
    },
    PeerFinished {
        session: SessionId,
    },
    FinishedSending {
        session: SessionId,
    },
    Joined {
        group: &'a MulticastGroup,
    },
    Left {
        group: &'a MulticastGroup,
    },
    Progress {
        file: &'a str,
        progress: Progress,
    },
    File {
        name: &'a str,
        path: &'a Path,
        size: u64,
        outcome: Outcome,
    },
    /// `endpoint` where a socket, not a file, is what failed.
    Failed {
        failure: &'a Failure,
        endpoint: Option<&'a str>,
    },
    Noticed {
        notice: &'a Notice,
        session: Option<SessionId>,
    },
    /// A browser's request was answered.
    Request {
        session: Option<SessionId>,
        exchange: &'a Exchange,
    },
    /// What the kernel made of an option that was asked for.
    Option {
        /// The listener's connection that has it; `None` for a listener's own socket, and a client's.
        session: Option<SessionId>,
        answer: &'a OptionAnswer,
    },
    /// What the kernel says of a session's socket or, without a session, of the listener's own.
    Info {
        session: Option<SessionId>,
        state: &'a SocketState,
    },
    /// One of this machine's.
    Interface(&'a NetworkInterface),
    /// A socket in TIME_WAIT.
    Waiting(&'a WaitingSocket),
    /// What crossed in a session of a journal.
    SessionTotals(&'a SessionTotals),
    /// What crossed in all of them.
    Statistics(&'a Statistics),
    Summary(Summary),
}

/// The counts of a whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Summary {
    /// Receive calls that returned bytes or a datagram.
    pub received: u64,
    pub received_bytes: u64,
    /// Datagrams that the kernel dropped; `None` where it doesn't tell.
    pub dropped: Option<u64>,
    /// Datagrams and messages that were longer than the receive size.
    pub truncated: u64,
    /// Rows of the journal that made room for newer ones; `None` where it has no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_removed: Option<u64>,
}

/// Writes facts somewhere.
pub(super) trait Report {
    /// # Errors
    /// The output can't be written.
    fn tell(&mut self, fact: &Fact<'_>) -> io::Result<()>;

    /// Hands what was told to the system.
    ///
    /// # Errors
    /// The output can't be written.
    fn flush(&mut self) -> io::Result<()>;
}

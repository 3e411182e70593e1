//! What a run has seen, put together from events.

mod interval;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::sync::Arc;

use self::interval::Interval;
use super::report::{Fact, Report, Summary};
use crate::codec::decode::Decoder;
use crate::model::{
    Cause, CloseReason, Direction, Event, Failure, Notice, Operation, Outcome, Peer, Progress, Protocol, SessionId,
    SocketId, Traffic, TransferEnd, TransferId,
};

/// Turns events into facts and counts.
#[derive(Debug)]
pub(super) struct Tally {
    /// What was asked for, until it is known what a descriptor is.
    protocol: Protocol,
    /// The sessions that are open.
    open: HashMap<SessionId, Open>,
    transfers: BTreeMap<TransferId, Transfer>,
    /// Sessions whose peer is known to have left bytes unread.
    left_unread: HashSet<SessionId>,
    /// Held until the first line, which says where the listener is.
    early: Vec<(Option<SessionId>, Notice)>,
    began: bool,
    /// Its sessions are a listener's.
    listens: bool,
    receives: u64,
    received_bytes: u64,
    /// The kernel's count, which each notice raises, by socket.
    dropped: HashMap<SocketId, u64>,
    truncated: u64,
    loss_told: Interval,
    file_failed: bool,
    lacks_rows: bool,
}

#[derive(Debug)]
struct Open {
    traffic: Arc<Traffic>,
    decoder: Decoder,
}

#[derive(Debug)]
struct Transfer {
    session: SessionId,
    direction: Direction,
    name: String,
    shown: Interval,
    /// How it ended, where that is still to be told.
    ended: Option<TransferEnd>,
}

impl Tally {
    pub(super) fn new(protocol: Protocol) -> Self {
        Self {
            protocol,
            listens: false,
            open: HashMap::new(),
            transfers: BTreeMap::new(),
            left_unread: HashSet::new(),
            early: Vec::new(),
            began: false,
            receives: 0,
            received_bytes: 0,
            dropped: HashMap::new(),
            truncated: 0,
            loss_told: Interval::default(),
            file_failed: false,
            lacks_rows: false,
        }
    }

    /// Whether a file ended incomplete or refused.
    pub(super) fn file_failed(&self) -> bool {
        self.file_failed
    }

    /// Whether the journal lacks rows that could not be written.
    pub(super) fn lacks_rows(&self) -> bool {
        self.lacks_rows
    }

    /// Tells what an event means for the run.
    ///
    /// # Errors
    /// The output can't be written.
    pub(super) fn observe(&mut self, event: &Event, report: &mut dyn Report) -> io::Result<()> {
        match event {
            Event::Listening { endpoint, .. } => {
                self.protocol = endpoint.protocol();
                self.listens = true;
                report.tell(&Fact::Listening { endpoint })?;
                self.tell_early(report)
            }
            Event::Connecting { attempt, .. } => report.tell(&Fact::Connecting { attempt }),
            Event::Opened { info, traffic } => {
                self.protocol = info.protocol;
                let open = Open { traffic: Arc::clone(traffic), decoder: info.decoder };
                self.open.insert(info.id, open);
                let peer = endpoint_text(info.protocol, &info.peer);
                report.tell(&Fact::Opened { session: info.id, peer: &peer, process: info.process.as_ref() })?;
                self.tell_early(report)
            }
            Event::Upgraded { session, .. } => {
                if let Some(open) = self.open.get_mut(session) {
                    open.decoder = Decoder::WebSocket;
                }
                Ok(())
            }
            Event::Received { session, bytes, truncated } => {
                let decoder = self.open.get(session).map(|open| open.decoder).unwrap_or_default();
                let decoded = decoder.decode(bytes).map(|decoded| decoded.summary);
                let decoded = decoded.as_deref();
                report.tell(&Fact::Received { session: *session, bytes, truncated: *truncated, decoded })
            }
            Event::Sent { session, bytes } => report.tell(&Fact::Sent { session: *session, bytes: *bytes }),
            Event::PeerFinished { session } => report.tell(&Fact::PeerFinished { session: *session }),
            Event::FinishedSending { session } => report.tell(&Fact::FinishedSending { session: *session }),
            Event::Closed { session, reason, .. } => self.session_closed(*session, *reason, report),
            Event::Joined { group, .. } => report.tell(&Fact::Joined { group }),
            Event::Left { group, .. } => report.tell(&Fact::Left { group }),
            Event::TransferStarted(info) => {
                let transfer = Transfer {
                    session: info.session,
                    direction: info.direction,
                    name: info.name.clone(),
                    shown: Interval::default(),
                    ended: None,
                };
                self.transfers.insert(info.id, transfer);
                Ok(())
            }
            Event::TransferProgress { transfer, progress } => self.progress(*transfer, *progress, report),
            Event::TransferEnded { transfer, end } => self.transfer_ended(*transfer, end, report),
            // A command that came just after the session's end, which is what has been told.
            Event::Failed { failure: Failure { cause: Cause::NoSuchSession, .. }, .. } => Ok(()),
            Event::Failed { failure, .. } => self.tell_failure(failure, report),
            Event::Noticed { session, notice: Notice::Answered(exchange), .. } => {
                report.tell(&Fact::Request { session: *session, exchange })
            }
            Event::Noticed { socket, session, notice } => self.noticed(*socket, *session, notice, report),
            Event::Inspected { session, state, .. } => report.tell(&Fact::Info { session: *session, state }),
            Event::OptionsAnswered { session, answers, .. } => {
                let session = session.filter(|_| self.listens);
                answers.iter().try_for_each(|answer| report.tell(&Fact::Option { session, answer }))
            }
            // The window's affairs, and what Closed, Disconnected's caller and the summary say already.
            Event::StoppedListening { .. }
            | Event::Conversation(_)
            | Event::Finding { .. }
            | Event::Marked { .. }
            | Event::Resolved { .. }
            | Event::CarriesFiles { .. }
            | Event::TransferAsks { .. }
            | Event::TransferPaused { .. }
            | Event::Disconnected { .. }
            | Event::ReconnectingIn { .. }
            | Event::Interfaces(_)
            | Event::Probed { .. }
            | Event::RoundTripInspected { .. }
            | Event::Recorded { .. }
            | Event::JournalCleared
            | Event::Page(_)
            | Event::Counted(_)
            | Event::RowLoaded { .. }
            | Event::JournalSaved { .. }
            | Event::JournalOpened { .. }
            | Event::JournalNotOpened { .. }
            | Event::JournalClosed
            | Event::RecordingsLeft(_)
            | Event::SettingsSaved => Ok(()),
        }
    }

    /// Tells a failure, of the socket's endpoint or of a file.
    ///
    /// # Errors
    /// The output can't be written.
    pub(super) fn tell_failure(&self, failure: &Failure, report: &mut dyn Report) -> io::Result<()> {
        let endpoint = concerns_socket(failure.operation).then(|| with_scheme(self.protocol, &failure.subject));
        // A scheme alone is no endpoint.
        let endpoint = endpoint.filter(|endpoint| *endpoint != self.protocol.with_scheme(""));
        report.tell(&Fact::Failed { failure, endpoint: endpoint.as_deref() })
    }

    /// Tells what is still held back, and the counts; `rows_removed` is that of a journal with a limit.
    ///
    /// # Errors
    /// The output can't be written.
    pub(super) fn finish(&mut self, rows_removed: Option<u64>, report: &mut dyn Report) -> io::Result<()> {
        self.tell_early(report)?;
        for transfer in std::mem::take(&mut self.transfers).into_values() {
            self.tell_file(&transfer, report)?;
        }
        report.tell(&Fact::Summary(Summary { rows_removed, ..self.summary() }))
    }

    fn summary(&self) -> Summary {
        let open = self.open.values();
        let (receives, received_bytes) = open
            .fold((self.receives, self.received_bytes), |(calls, bytes), Open { traffic, .. }| {
                (calls + traffic.receives(), bytes + traffic.received())
            });
        // Connections lose nothing; where the system keeps no count for datagrams, nobody knows.
        let known = self.protocol.has_connection() || cfg!(target_os = "linux");
        let dropped = known.then(|| self.dropped.values().sum());
        Summary { received: receives, received_bytes, dropped, truncated: self.truncated, rows_removed: None }
    }

    fn tell_early(&mut self, report: &mut dyn Report) -> io::Result<()> {
        self.began = true;
        for (session, notice) in std::mem::take(&mut self.early) {
            report.tell(&Fact::Noticed { notice: &notice, session })?;
        }
        Ok(())
    }

    fn session_closed(&mut self, session: SessionId, reason: CloseReason, report: &mut dyn Report) -> io::Result<()> {
        if let Some(Open { traffic, .. }) = self.open.remove(&session) {
            self.receives += traffic.receives();
            self.received_bytes += traffic.received();
        }
        if matches!(reason, CloseReason::Reset | CloseReason::Error) {
            self.left_unread.insert(session);
        }
        let over: Vec<TransferId> = self
            .transfers
            .iter()
            .filter(|(_, transfer)| transfer.session == session && transfer.ended.is_some())
            .map(|(id, _)| *id)
            .collect();
        for id in over {
            if let Some(transfer) = self.transfers.remove(&id) {
                self.tell_file(&transfer, report)?;
            }
        }
        self.left_unread.remove(&session);
        report.tell(&Fact::Closed { session, reason })
    }

    fn progress(&mut self, id: TransferId, progress: Progress, report: &mut dyn Report) -> io::Result<()> {
        let Some(transfer) = self.transfers.get_mut(&id) else { return Ok(()) };
        if !transfer.shown.is_due() {
            return Ok(());
        }
        report.tell(&Fact::Progress { file: &transfer.name, progress })
    }

    /// A file is told at once, but for one that a plain peer was sent: how that ended is known once its connection is over,
    /// for a peer that closes with bytes unread resets it after the last byte was handed to the system.
    fn transfer_ended(&mut self, id: TransferId, end: &TransferEnd, report: &mut dyn Report) -> io::Result<()> {
        if let Some(failure) = &end.failure {
            self.tell_failure(failure, report)?;
        }
        let Some(mut transfer) = self.transfers.remove(&id) else { return Ok(()) };
        let waits = transfer.direction == Direction::Out
            && end.outcome == Outcome::HandedOver
            && self.open.contains_key(&transfer.session);
        transfer.ended = Some(end.clone());
        if waits {
            self.transfers.insert(id, transfer);
            Ok(())
        } else {
            self.tell_file(&transfer, report)
        }
    }

    fn tell_file(&mut self, transfer: &Transfer, report: &mut dyn Report) -> io::Result<()> {
        let Some(ended) = &transfer.ended else { return Ok(()) };
        let cut = ended.outcome == Outcome::HandedOver && self.left_unread.contains(&transfer.session);
        let outcome = if cut { Outcome::Incomplete } else { ended.outcome };
        self.file_failed |= matches!(outcome, Outcome::Incomplete | Outcome::Refused);
        report.tell(&Fact::File { name: &transfer.name, path: &ended.path, size: ended.size, outcome })
    }

    fn noticed(
        &mut self,
        socket: Option<SocketId>,
        session: Option<SessionId>,
        notice: &Notice,
        report: &mut dyn Report,
    ) -> io::Result<()> {
        match notice {
            Notice::Dropped { datagrams } => {
                if let Some(socket) = socket {
                    let dropped = self.dropped.entry(socket).or_default();
                    *dropped = (*dropped).max(*datagrams);
                }
                // The count is known from now on, and nothing has happened.
                if *datagrams == 0 {
                    return Ok(());
                }
            }
            Notice::Truncated { .. } => self.truncated += 1,
            Notice::RecordingPaused { .. } => self.lacks_rows = true,
            Notice::PeerLeftUnread => self.left_unread.extend(session),
            _ => {}
        }
        // One for each datagram of a flood; the summary has the counts.
        if matches!(notice, Notice::Dropped { .. } | Notice::Truncated { .. }) && !self.loss_told.is_due() {
            return Ok(());
        }
        // Nothing may ever follow on this one.
        if self.began || matches!(notice, Notice::WaitingForAddress { .. }) {
            report.tell(&Fact::Noticed { notice, session })
        } else {
            self.early.push((session, notice.clone()));
            Ok(())
        }
    }
}

/// Whether the failure's subject is an address rather than a file.
fn concerns_socket(operation: Operation) -> bool {
    match operation {
        Operation::Resolve
        | Operation::Open
        | Operation::Adopt
        | Operation::SetOption
        | Operation::Bind
        | Operation::Listen
        | Operation::Accept
        | Operation::Connect
        | Operation::Receive
        | Operation::Send
        | Operation::Shutdown
        | Operation::Join
        | Operation::Leave => true,
        Operation::OpenFile
        | Operation::ReadFile
        | Operation::CreateFile
        | Operation::WriteFile
        | Operation::FinishFile
        | Operation::OpenJournal
        | Operation::WriteJournal
        | Operation::RemoveJournal
        | Operation::SaveSettings
        | Operation::KeepTransfers
        | Operation::StartThread
        | Operation::OpenBrowser
        | Operation::OpenFolder
        | Operation::ListInterfaces => false,
    }
}

/// A peer the way endpoints are written; one without a name keeps its scheme alone.
fn endpoint_text(protocol: Protocol, peer: &Peer) -> String {
    protocol.with_scheme(&peer.to_string())
}

fn with_scheme(protocol: Protocol, address: &str) -> String {
    if address.split_once(':').is_some_and(|(before, _)| Protocol::from_scheme(before).is_some()) {
        return address.to_owned();
    }
    protocol.with_scheme(address)
}

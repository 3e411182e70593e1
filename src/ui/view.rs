//! What the window knows of listeners, clients and sessions, learnt from events.

mod decoding;
mod places;

use std::collections::{BTreeMap, HashMap};
use std::mem;
use std::sync::Arc;

use crate::codec::decode::Decoder;
use crate::codec::encoding::Encoding;
use crate::model::{
    CloseReason, Direction, Event, Exchange, Facility, Failure, InheritedSocket, NetworkInterface, Notice, PageRow,
    RowBody, SessionId, SessionInfo, ShownAs, SocketId, Traffic,
};

pub use places::Places;

/// One session as the window shows it.
#[derive(Clone, Debug)]
pub struct SessionView {
    pub info: SessionInfo,
    pub traffic: Arc<Traffic>,
    pub open: bool,
    pub peer_finished: bool,
    pub finished_sending: bool,
    /// Why it ended, once it has.
    pub closed: Option<CloseReason>,
    /// Where its bytes began to be WebSocket frames, once they have.
    pub frames_from: Option<FramesFrom>,
    /// What was answered last, of a browser's session.
    pub answered: Option<Exchange>,
}

impl SessionView {
    fn reading(&self) -> Reading {
        Reading { decoder: self.info.decoder, frames_from: self.frames_from }
    }
}

/// Offsets in a session's two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FramesFrom {
    pub received: u64,
    pub sent: u64,
}

/// How a session's bytes are read in its rows, which stay when the session is gone.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    decoder: Decoder,
    frames_from: Option<FramesFrom>,
}

/// Sessions without a view whose reading is remembered; of more, the oldest are text again.
const READINGS_MAX: usize = 1 << 16;

/// All sessions, the latest closed ones too while their tab is there.
#[derive(Debug, Default)]
pub struct Sessions {
    pub by_id: HashMap<SessionId, SessionView>,
    /// Of those that no tab shows any more, what is not read as text.
    pub(super) readings: BTreeMap<SessionId, Reading>,
    /// What the user said that bytes are, of a session or of what a socket did without one.
    pub(super) decoded_as: HashMap<(SocketId, Option<SessionId>), Decoder>,
    /// Where the tabs' sockets were opened.
    pub places: Places,
    /// How the bytes of every tab and session are shown as text.
    pub shown_as: ShownAs,
    /// The sockets that a service manager passed to this program.
    pub inherited: Vec<InheritedSocket>,
    /// Why sockets of these kinds can't be opened here.
    pub missing: HashMap<Facility, Failure>,
    /// This machine's network interfaces, as they were when somebody last looked.
    pub interfaces: Arc<[NetworkInterface]>,
    /// What the journal shows alone: a tab, or one of its sessions.
    pub selected: Option<(SocketId, Option<SessionId>)>,
}

impl Sessions {
    /// How this tab's bytes are shown as text; UTF-8 unless chosen.
    #[must_use]
    pub fn encoding(&self, socket: SocketId) -> Encoding {
        self.shown_as.encoding(socket, None)
    }

    /// How this row's bytes are shown as text.
    #[must_use]
    pub fn encoding_of(&self, row: &PageRow) -> Encoding {
        self.shown_as.encoding(row.socket, row.session)
    }

    /// What this row's bytes are as far as the user has said, or its session tells, which says of WebSocket frames not
    /// where in a row they begin.
    #[must_use]
    pub fn decoder_of(&self, row: &PageRow) -> Decoder {
        let RowBody::Data { direction, .. } = row.body else { return Decoder::Text };
        if let Some(chosen) = self.decoded_as(row) {
            return chosen;
        }
        let Some(session) = row.session else { return Decoder::Text };
        match direction {
            _ if self.frames_from(session, direction).is_some_and(|first| row.stream_offset >= first) => {
                Decoder::WebSocket
            }
            Direction::In => self.reading(session).decoder,
            Direction::Out => self.reading(session).decoder.sent(),
        }
    }

    /// The offset in this direction from which on a session's bytes are WebSocket frames; `None` while they are not.
    #[must_use]
    pub fn frames_from(&self, session: SessionId, direction: Direction) -> Option<u64> {
        let from = self.reading(session).frames_from?;
        Some(if direction == Direction::In { from.received } else { from.sent })
    }

    fn reading(&self, session: SessionId) -> Reading {
        match self.by_id.get(&session) {
            Some(view) => view.reading(),
            None => self.readings.get(&session).copied().unwrap_or_default(),
        }
    }

    /// Whether the journal shows this tab alone, or one of its sessions.
    #[must_use]
    pub fn shows_only(&self, socket: SocketId, session: Option<SessionId>) -> bool {
        self.selected == Some((socket, session))
    }

    pub fn on_event(&mut self, event: &Event) {
        self.places.on_event(event);
        match event {
            Event::Opened { info, traffic } => {
                let view = SessionView {
                    info: info.clone(),
                    traffic: traffic.clone(),
                    open: true,
                    peer_finished: false,
                    finished_sending: false,
                    closed: None,
                    frames_from: None,
                    answered: None,
                };
                self.by_id.insert(info.id, view);
            }
            Event::Interfaces(all) => self.interfaces = Arc::clone(all),
            Event::Probed { facility, missing } => match missing {
                Some(failure) => _ = self.missing.insert(*facility, failure.clone()),
                None => _ = self.missing.remove(facility),
            },
            Event::Upgraded { session, received, sent } => {
                if let Some(view) = self.by_id.get_mut(session) {
                    view.frames_from = Some(FramesFrom { received: *received, sent: *sent });
                }
            }
            Event::Noticed { session: Some(session), notice: Notice::PeerKnown { process }, .. } => {
                if let Some(view) = self.by_id.get_mut(session) {
                    view.info.process = Some(process.clone());
                }
            }
            Event::Noticed { session: Some(session), notice: Notice::Answered(exchange), .. } => {
                if let Some(view) = self.by_id.get_mut(session) {
                    view.answered = Some(exchange.clone());
                }
            }
            Event::CarriesFiles { session, purpose } => {
                if let Some(view) = self.by_id.get_mut(session) {
                    view.info.purpose = *purpose;
                }
            }
            Event::PeerFinished { session } => {
                if let Some(view) = self.by_id.get_mut(session) {
                    view.peer_finished = true;
                }
            }
            Event::FinishedSending { session } => {
                if let Some(view) = self.by_id.get_mut(session) {
                    view.finished_sending = true;
                }
            }
            Event::Closed { session, reason, .. } => {
                if let Some(view) = self.by_id.get_mut(session) {
                    view.open = false;
                    view.closed = Some(*reason);
                }
            }
            _ => {}
        }
    }

    /// Drops a closed session that no tab shows any more.
    pub fn forget(&mut self, session: SessionId) {
        if let Some(view) = self.by_id.remove(&session) {
            self.remember_reading(&view);
        }
    }

    /// Its rows are still in the journal.
    fn remember_reading(&mut self, view: &SessionView) {
        let reading = view.reading();
        if reading.decoder == Decoder::Text && reading.frames_from.is_none() {
            return;
        }
        self.readings.insert(view.info.id, reading);
        if self.readings.len() > READINGS_MAX {
            self.readings.pop_first();
        }
    }

    /// Drops what belongs to a tab that was closed.
    pub fn forget_socket(&mut self, socket: SocketId) {
        let (gone, left) = mem::take(&mut self.by_id).into_iter().partition(|(_, view)| view.info.socket == socket);
        self.by_id = left;
        let gone: HashMap<SessionId, SessionView> = gone;
        gone.values().for_each(|view| self.remember_reading(view));
        self.shown_as.forget(socket);
        if self.selected.is_some_and(|(selected, _)| selected == socket) {
            self.selected = None;
        }
    }
}

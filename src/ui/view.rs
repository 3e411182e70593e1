//! What the window knows of listeners, clients and sessions, learnt from events.

use std::collections::HashMap;
use std::sync::Arc;

use crate::codec::encoding::Encoding;
use crate::model::{SessionId, SessionInfo, SocketId, Traffic};

/// One session as the window shows it.
#[derive(Clone, Debug)]
pub struct SessionView {
    pub info: SessionInfo,
    pub traffic: Arc<Traffic>,
    pub open: bool,
    pub peer_finished: bool,
    pub finished_sending: bool,
}

/// All sessions, the closed ones too while their tab is there.
#[derive(Debug, Default)]
pub struct Sessions {
    pub by_id: HashMap<SessionId, SessionView>,
    pub encodings: HashMap<SocketId, Encoding>,
    /// What the journal shows alone: a tab, or one of its sessions.
    pub selected: Option<(SocketId, Option<SessionId>)>,
}

impl Sessions {
    /// How this tab's bytes are shown as text; UTF-8 unless chosen.
    #[must_use]
    pub fn encoding(&self, socket: SocketId) -> Encoding {
        self.encodings.get(&socket).copied().unwrap_or_default()
    }
}

//! Which sockets can be asked for their live state.

use std::collections::BTreeSet;

use crate::engine::Engine;
use crate::model::{Command, Event, SessionId, SocketId};

/// The sockets that are open: a listener's own, and those of sessions that don't share one.
#[derive(Debug, Default)]
pub(super) struct OpenSockets(BTreeSet<(SocketId, Option<SessionId>)>);

impl OpenSockets {
    pub(super) fn observe(&mut self, event: &Event) {
        match event {
            Event::Listening { socket, .. } => _ = self.0.insert((*socket, None)),
            Event::StoppedListening { socket } => _ = self.0.remove(&(*socket, None)),
            Event::Opened { info, .. } if info.protocol.has_connection() || !self.has(info.socket) => {
                self.0.insert((info.socket, Some(info.id)));
            }
            Event::Closed { socket, session, .. } => _ = self.0.remove(&(*socket, Some(*session))),
            _ => {}
        }
    }

    /// Asks for the state of each; the answers are events.
    pub(super) fn look(&self, engine: &Engine) {
        for (socket, session) in &self.0 {
            engine.send(Command::Inspect { socket: *socket, session: *session });
        }
    }

    /// Whether the socket that datagrams of several peers come over is among them already.
    fn has(&self, socket: SocketId) -> bool {
        self.0.iter().any(|(other, _)| *other == socket)
    }
}

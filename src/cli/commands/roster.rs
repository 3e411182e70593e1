//! Who can be spoken to.

use std::collections::BTreeMap;

use super::mistake::Problem;
use super::peer_name::PeerName;
use crate::model::{Event, Protocol, SessionId};

/// The sessions that are open.
#[derive(Debug, Default)]
pub(super) struct Roster(BTreeMap<SessionId, Entry>);

#[derive(Debug)]
struct Entry {
    protocol: Protocol,
    /// Without its scheme.
    peer: String,
}

impl Roster {
    pub(super) fn observe(&mut self, event: &Event) {
        match event {
            Event::Opened { info, .. } => {
                self.0.insert(info.id, Entry { protocol: info.protocol, peer: info.peer.to_string() });
            }
            Event::Closed { session, .. } => _ = self.0.remove(session),
            _ => {}
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn sessions(&self) -> impl Iterator<Item = SessionId> {
        self.0.keys().copied()
    }

    /// The session that is meant.
    ///
    /// # Errors
    /// None is, or several are.
    pub(super) fn find(&self, name: &PeerName) -> Result<SessionId, Problem> {
        match name {
            PeerName::Session(id) if self.0.contains_key(id) => Ok(*id),
            PeerName::Session(_) => Err(Problem::NoSuchSession),
            PeerName::Address(text) => {
                let is_meant = |entry: &Entry| entry.peer == *text || entry.protocol.with_scheme(&entry.peer) == *text;
                let mut meant = self.0.iter().filter(|(_, entry)| is_meant(entry)).map(|(id, _)| *id);
                match (meant.next(), meant.next()) {
                    (None, _) => Err(Problem::NoSuchPeer),
                    (Some(only), None) => Ok(only),
                    (Some(first), Some(_)) => Err(Problem::Several(first)),
                }
            }
        }
    }
}

//! Who converses over one datagram socket: each peer that was heard or written to has a session of its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;

use super::core::Core;
use super::session::Session;
use crate::codec::decode::Decoder;
use crate::model::{CloseReason, Endpoint, Peer, Protocol, Role, SessionInfo, SocketId};
use crate::net::DatagramSocket;

/// Peers that a socket keeps apart; beyond it those that were quiet longest are let go.
const PEERS_MAX: usize = 4096;

/// Shared by the socket's own thread, which receives, and the control thread, which sends.
#[derive(Debug)]
pub(super) struct Peers {
    socket: Arc<DatagramSocket>,
    id: SocketId,
    role: Role,
    protocol: Protocol,
    decoder: Decoder,
    local: Peer,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    by_address: HashMap<Peer, Entry>,
    /// The socket closes: nobody new is taken in.
    over: bool,
}

#[derive(Debug)]
struct Entry {
    session: Arc<Session>,
    last_used: Instant,
}

impl Peers {
    pub(super) fn new(id: SocketId, role: Role, endpoint: &Endpoint, local: Peer, socket: Arc<DatagramSocket>) -> Self {
        Self {
            socket,
            id,
            role,
            protocol: endpoint.protocol(),
            decoder: endpoint.decoder(&local),
            local,
            known: Mutex::default(),
        }
    }

    /// Counts a client's own session among them: it is that of the address that it connects to.
    pub(super) fn keep(&self, address: Peer, session: Arc<Session>) {
        self.known.lock().by_address.insert(address, Entry { session, last_used: Instant::now() });
    }

    /// The session of a peer that has just been heard, opened with its first datagram.
    pub(super) fn heard(&self, core: &Core, from: &Peer) -> Option<Arc<Session>> {
        self.session(core, from, Session::announce)
    }

    /// The session of an address that is about to be sent to. It need not have been heard.
    pub(super) fn addressed(&self, core: &Core, to: &Peer) -> Option<Arc<Session>> {
        self.session(core, to, Session::announce_quietly)
    }

    /// The session of this address, where there is one.
    pub(super) fn find(&self, address: &Peer) -> Option<Arc<Session>> {
        self.known.lock().by_address.get(address).map(|entry| Arc::clone(&entry.session))
    }

    pub(super) fn is_udp(&self) -> bool {
        self.protocol == Protocol::Udp
    }

    /// Whether the socket speaks IPv6, to which IPv4 addresses are v4-mapped ones.
    pub(super) fn is_v6(&self) -> bool {
        self.socket.is_v6()
    }

    /// Ends them all; `reason` where none has one yet.
    pub(super) fn conclude(&self, core: &Core, reason: CloseReason) {
        let known = {
            let mut known = self.known.lock();
            known.over = true;
            std::mem::take(&mut known.by_address)
        };
        for Entry { session, .. } in known.into_values() {
            session.request_stop(reason);
            session.conclude(core, session.stop.reason().unwrap_or(reason));
        }
    }

    fn session(
        &self,
        core: &Core,
        address: &Peer,
        announce: impl FnOnce(&Arc<Session>, &Core),
    ) -> Option<Arc<Session>> {
        let now = Instant::now();
        let mut known = self.known.lock();
        if let Some(entry) = known.by_address.get_mut(address)
            && !entry.session.is_concluded()
        {
            entry.last_used = now;
            return Some(Arc::clone(&entry.session));
        }
        if known.over {
            return None;
        }
        if known.by_address.len() >= PEERS_MAX {
            evict(&mut known.by_address, core);
        }
        let info = SessionInfo {
            id: core.next_session(),
            socket: self.id,
            role: self.role,
            protocol: self.protocol,
            decoder: self.decoder,
            peer: address.canonical(),
            local: self.local.clone(),
            since_wall_ns: core.clock.wall_ns(),
        };
        let session = Arc::new(Session::for_datagrams(info, Arc::clone(&self.socket), Some(address.clone()), None));
        // Before anybody else finds it: what is told of it comes first.
        announce(&session, core);
        known.by_address.insert(address.clone(), Entry { session: Arc::clone(&session), last_used: now });
        Some(session)
    }
}

/// Lets the eighth that was quiet longest go, so that the search for them is paid once for many. A client's own session
/// ends with its socket only.
fn evict(by_address: &mut HashMap<Peer, Entry>, core: &Core) {
    let mut quiet: Vec<_> = by_address
        .iter()
        .filter(|(_, entry)| entry.session.is_shared_datagram())
        .map(|(address, entry)| (entry.last_used, address.clone()))
        .collect();
    quiet.sort_unstable_by_key(|(last_used, _)| *last_used);
    quiet.truncate(PEERS_MAX / 8);
    for (_, address) in quiet {
        if let Some(Entry { session, .. }) = by_address.remove(&address) {
            session.request_stop(CloseReason::Evicted);
            session.conclude(core, CloseReason::Evicted);
        }
    }
}

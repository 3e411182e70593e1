//! Who converses over one datagram socket: each peer that was heard or written to has a session of its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;

use super::core::Core;
use super::postponed::Postponed;
use super::session::Session;
use crate::codec::decode::Decoder;
use crate::model::{
    CloseReason, Endpoint, Notice, Peer, PeerProcess, Protocol, Purpose, Role, SessionInfo, SocketId, UnixName,
};
use crate::net::{DatagramSocket, Reach};

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
    /// Messages that wait for the addresses of names.
    pub(super) postponed: Postponed,
}

#[derive(Debug, Default)]
struct Known {
    by_sender: HashMap<Sender, Entry>,
    /// The socket closes: nobody new is taken in.
    over: bool,
}

/// Who a datagram is of, or for. Processes that bound no name are told apart by what the kernel says of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Sender {
    address: Peer,
    unnamed: Option<PeerProcess>,
}

impl From<&Peer> for Sender {
    fn from(address: &Peer) -> Self {
        Self { address: address.clone(), unnamed: None }
    }
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
            postponed: Postponed::default(),
        }
    }

    /// Counts a client's own session among them: it is that of the address that it connects to.
    pub(super) fn keep(&self, address: &Peer, session: Arc<Session>) {
        self.known.lock().by_sender.insert(address.into(), Entry { session, last_used: Instant::now() });
    }

    /// The session of a peer that has just been heard, opened with its first datagram.
    pub(super) fn heard(&self, core: &Core, from: &Peer, process: Option<&PeerProcess>) -> Option<Arc<Session>> {
        let is_unnamed = *from == Peer::Unix(UnixName::Unnamed);
        let sender = Sender { address: from.clone(), unnamed: process.filter(|_| is_unnamed).cloned() };
        self.session(core, &sender, process, |session| {
            session.announce(core);
            if is_unnamed {
                core.notice(self.id, Some(session), Notice::SenderUnnamed);
            }
        })
    }

    /// The session of an address that is about to be sent to. It need not have been heard.
    pub(super) fn addressed(&self, core: &Core, to: &Peer) -> Option<Arc<Session>> {
        self.session(core, &to.into(), None, |session| session.announce_quietly(core))
    }

    /// The session of this address, where there is one.
    pub(super) fn find(&self, address: &Peer) -> Option<Arc<Session>> {
        self.known.lock().by_sender.get(&address.into()).map(|entry| Arc::clone(&entry.session))
    }

    pub(super) fn is_udp(&self) -> bool {
        self.protocol == Protocol::Udp
    }

    /// Which addresses the socket can send to.
    pub(super) fn reach(&self) -> Reach {
        self.socket.reach()
    }

    /// Ends them all; `reason` where none has one yet.
    pub(super) fn conclude(&self, core: &Core, reason: CloseReason) {
        self.postponed.conclude(core, self.id);
        let known = {
            let mut known = self.known.lock();
            known.over = true;
            std::mem::take(&mut known.by_sender)
        };
        for Entry { session, .. } in known.into_values() {
            session.request_stop(reason);
            session.conclude(core, session.stop.reason().unwrap_or(reason));
        }
    }

    fn session(
        &self,
        core: &Core,
        sender: &Sender,
        process: Option<&PeerProcess>,
        announce: impl FnOnce(&Arc<Session>),
    ) -> Option<Arc<Session>> {
        let now = Instant::now();
        let mut known = self.known.lock();
        if let Some(entry) = known.by_sender.get_mut(sender)
            && !entry.session.is_concluded()
        {
            entry.last_used = now;
            return Some(Arc::clone(&entry.session));
        }
        if known.over {
            return None;
        }
        if known.by_sender.len() >= PEERS_MAX {
            evict(&mut known.by_sender, core);
        }
        let info = SessionInfo {
            id: core.next_session(),
            socket: self.id,
            role: self.role,
            purpose: Purpose::Talk,
            protocol: self.protocol,
            decoder: self.decoder,
            peer: sender.address.canonical(),
            local: self.local.clone(),
            process: process.cloned().map(core.name_process),
            since_wall_ns: core.clock.wall_ns(),
        };
        let to = Some(sender.address.clone());
        let session = Arc::new(Session::for_datagrams(info, Arc::clone(&self.socket), to, None));
        // Before anybody else finds it: what is told of it comes first.
        announce(&session);
        known.by_sender.insert(sender.clone(), Entry { session: Arc::clone(&session), last_used: now });
        Some(session)
    }
}

/// Lets the eighth that was quiet longest go, so that the search for them is paid once for many. A client's own session
/// ends with its socket only.
fn evict(by_sender: &mut HashMap<Sender, Entry>, core: &Core) {
    let mut quiet: Vec<_> = by_sender
        .iter()
        .filter(|(_, entry)| entry.session.is_shared_datagram())
        .map(|(sender, entry)| (entry.last_used, sender.clone()))
        .collect();
    quiet.sort_unstable_by_key(|(last_used, _)| *last_used);
    quiet.truncate(PEERS_MAX / 8);
    for (_, sender) in quiet {
        if let Some(Entry { session, .. }) = by_sender.remove(&sender) {
            session.request_stop(CloseReason::Evicted);
            session.conclude(core, CloseReason::Evicted);
        }
    }
}

//! Conversations and their counters.

use std::sync::atomic::{AtomicU64, Ordering};

use super::address::Peer;
use super::ids::{SessionId, SocketId};
use super::process::PeerProcess;
use super::protocol::Protocol;
use crate::codec::decode::Decoder;

/// Which side of the conversation this program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Server,
    Client,
}

/// What a session is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Bytes of any kind.
    #[default]
    Talk,
    /// Verified files that this side sends, and nothing else.
    SendsFiles,
    /// Verified files that this side receives, and nothing else.
    ReceivesFiles,
}

/// What is known of a session when it opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    pub id: SessionId,
    pub socket: SocketId,
    pub role: Role,
    /// That of one that was accepted shows with its first bytes: [`super::Event::CarriesFiles`].
    pub purpose: Purpose,
    pub protocol: Protocol,
    /// What its bytes are.
    pub decoder: Decoder,
    pub peer: Peer,
    pub local: Peer,
    /// The peer's process, where the family tells it.
    pub process: Option<PeerProcess>,
    /// Nanoseconds since 1970 at which it opened.
    pub since_wall_ns: i64,
}

impl SessionInfo {
    /// Whether the other side is the same machine or, where the system tells it, the same process.
    #[must_use]
    pub fn is_same_peer(&self, other: &Self) -> bool {
        match (&self.peer, &other.peer) {
            (Peer::Ip(own), Peer::Ip(others)) => own.ip().to_canonical() == others.ip().to_canonical(),
            (Peer::Scoped(own), Peer::Scoped(others)) => own.host == others.host,
            (Peer::Vsock(own), Peer::Vsock(others)) => own.cid == others.cid,
            (Peer::Unix(_), Peer::Unix(_)) => match (&self.process, &other.process) {
                (Some(own), Some(others)) => own.pid == others.pid,
                _ => false,
            },
            _ => false,
        }
    }
}

/// Counters of one session, written by its workers and read by faces without a lock.
#[derive(Debug, Default)]
pub struct Traffic {
    receives: AtomicU64,
    received: AtomicU64,
    sent: AtomicU64,
    queued: AtomicU64,
}

impl Traffic {
    /// The most bytes that may wait to be sent in one session.
    pub const QUEUE_MAX: u64 = 64 << 20;

    /// Receive calls that returned bytes or a datagram.
    #[must_use]
    pub fn receives(&self) -> u64 {
        self.receives.load(Ordering::Relaxed)
    }

    /// Bytes that receive calls returned.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Bytes handed to the system.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Bytes of messages that wait for the system to take them.
    #[must_use]
    pub fn queued(&self) -> u64 {
        self.queued.load(Ordering::Relaxed)
    }

    /// Counts one receive call and the bytes that it returned.
    pub fn add_received(&self, bytes: u64) {
        self.receives.fetch_add(1, Ordering::Relaxed);
        self.received.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn add_sent(&self, bytes: u64) {
        self.sent.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Takes room for a message; false, and nothing taken, when more than [`Self::QUEUE_MAX`] would wait.
    #[must_use]
    pub fn reserve(&self, bytes: u64) -> bool {
        self.queued
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |queued| {
                queued.checked_add(bytes).filter(|total| *total <= Self::QUEUE_MAX)
            })
            .is_ok()
    }

    pub fn release(&self, bytes: u64) {
        self.queued.fetch_sub(bytes, Ordering::Relaxed);
    }
}

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

/// What is known of a session when it opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    pub id: SessionId,
    pub socket: SocketId,
    pub role: Role,
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

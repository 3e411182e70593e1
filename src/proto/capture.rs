//! What a capture's packets were for those who sent and received them: rows of a journal.

mod conversation;
mod half;

use core::net::SocketAddr;
use std::collections::HashMap;
use std::mem;

use self::conversation::{Conversation, Out};
use crate::codec::capture::Way;
use crate::codec::capture::dissect::{Carried, Found, Transport, dissect, put_together};
use crate::codec::capture::fragments::Fragments;
use crate::codec::capture::reader::Packet;
use crate::model::{CloseReason, Imported, Row, SessionId};

/// Conversations that are followed at once; of more, those that were quiet longest end.
const CONVERSATIONS_MAX: usize = 65_536;

/// Memory in bytes of what waits for something before it, in all conversations.
const WAITING_MAX: usize = 64 << 20;

/// Two ends over one transport; the smaller address first, whoever sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    is_tcp: bool,
    ends: (SocketAddr, SocketAddr),
}

/// Follows all conversations of a capture. Rows come out in the order of the packets, but for what was captured before
/// something that belongs in front of it.
#[derive(Debug, Default)]
pub struct Importer {
    conversations: HashMap<Key, Conversation>,
    fragments: Fragments,
    /// What they keep waiting, in bytes of memory.
    waiting: usize,
    /// Packets so far.
    clock: u64,
    last_session: u64,
    rows: Vec<Row>,
    bytes: usize,
    counts: Imported,
}

impl Importer {
    /// Takes in the next packet.
    pub fn handle(&mut self, packet: &Packet<'_>) {
        self.clock += 1;
        self.counts.packets += 1;
        let time_ns = packet.time_ns.unwrap_or(0);
        let bytes;
        let (carried, packets) = match dissect(packet.link, packet.bytes) {
            Some(Found::Whole(carried)) => (Some(carried), 1),
            Some(Found::Fragment(fragment)) => {
                let whole = self.fragments.add(&fragment, time_ns, &mut self.counts.left_out);
                let Some((whole, packets)) = whole else { return };
                bytes = whole;
                (put_together(fragment.of, &bytes, fragment.way), packets)
            }
            None => (None, 1),
        };
        let Some(carried) = carried else {
            self.counts.left_out += packets;
            return;
        };
        let way = packet.way.or(carried.way);
        let is_tcp = carried.transport != Transport::Udp;
        let (source, destination) = (carried.source, carried.destination);
        let key = Key { is_tcp, ends: (source.min(destination), source.max(destination)) };
        if self.begins_anew(&key, &carried) {
            self.end(&key);
        }
        if self.conversations.len() >= CONVERSATIONS_MAX && !self.conversations.contains_key(&key) {
            self.end_quiet_ones();
        }
        let sends = way != Some(Way::In);
        let clock = self.clock;
        let conversation = self.conversations.entry(key).or_insert_with(|| {
            let (local, peer) = if sends { (source, destination) } else { (destination, source) };
            Conversation::new(local, peer)
        });
        conversation.last = clock;
        let waited = conversation.waiting();
        let mut out = Out { rows: &mut self.rows, counts: &mut self.counts, last_session: &mut self.last_session };
        let before = out.rows.len();
        conversation.handle(&carried, time_ns, &mut out);
        if self.waiting + conversation.waiting() > WAITING_MAX + waited {
            conversation.give_up_waiting(time_ns, &mut out);
        }
        self.waiting = (self.waiting + conversation.waiting()) - waited;
        self.bytes += self.rows[before..].iter().map(|row| row.payload.len()).sum::<usize>();
    }

    /// The rows since the last call; `bytes` of payload are in them.
    pub fn take_rows(&mut self) -> Vec<Row> {
        self.bytes = 0;
        // As many will come again.
        let room = Vec::with_capacity(self.rows.len());
        mem::replace(&mut self.rows, room)
    }

    /// Bytes of payload in the rows that wait to be taken.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Rows that wait to be taken.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The capture ends: what waited for something that never came is told now, in the order of sessions.
    pub fn finish(&mut self) -> Imported {
        self.counts.left_out += self.fragments.finish();
        let mut keys: Vec<(u64, Key)> =
            self.conversations.iter().map(|(key, one)| (one.first_session(), *key)).collect();
        keys.sort_unstable_by_key(|(session, _)| *session);
        for (_, key) in keys {
            if let Some(mut conversation) = self.conversations.remove(&key) {
                let mut out =
                    Out { rows: &mut self.rows, counts: &mut self.counts, last_session: &mut self.last_session };
                conversation.give_up_all(conversation.time_ns(), &mut out);
            }
        }
        self.waiting = 0;
        self.counts
    }

    /// Whether a segment is of another connection between the same ends.
    fn begins_anew(&self, key: &Key, carried: &Carried<'_>) -> bool {
        key.is_tcp && self.conversations.get(key).is_some_and(|conversation| conversation.is_succeeded_by(carried))
    }

    fn end(&mut self, key: &Key) {
        if let Some(mut conversation) = self.conversations.remove(key) {
            self.waiting -= conversation.waiting();
            let mut out = Out { rows: &mut self.rows, counts: &mut self.counts, last_session: &mut self.last_session };
            conversation.give_up_all(conversation.time_ns(), &mut out);
        }
    }

    /// Half of them, so that this happens seldom.
    fn end_quiet_ones(&mut self) {
        let mut lasts: Vec<u64> = self.conversations.values().map(|conversation| conversation.last).collect();
        let middle = lasts.len() / 2;
        let (_, middle, _) = lasts.select_nth_unstable(middle);
        let middle = *middle;
        let quiet: Vec<Key> =
            self.conversations.iter().filter(|(_, one)| one.last <= middle).map(|(key, _)| *key).collect();
        for key in quiet {
            if let Some(mut conversation) = self.conversations.remove(&key) {
                self.waiting -= conversation.waiting();
                let mut out =
                    Out { rows: &mut self.rows, counts: &mut self.counts, last_session: &mut self.last_session };
                conversation.give_up_all(conversation.time_ns(), &mut out);
                conversation.close(CloseReason::Evicted, conversation.time_ns(), &mut out);
            }
        }
    }
}

impl Out<'_> {
    fn next_session(&mut self) -> SessionId {
        *self.last_session += 1;
        self.counts.sessions += 1;
        SessionId(*self.last_session)
    }
}

#[cfg(test)]
mod tests;

//! Rows, in the order of recording, as packets.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;
use std::io;

use core::net::SocketAddr;

use super::capture::{Files, Kind};
use super::flow::{Flow, Opening, Stream};
use crate::codec::capture::connection::{Connection, End};
use crate::codec::capture::frame::{self, Route, SEGMENT_MAX, Segment};
use crate::codec::capture::pcapng::PacketHead;
use crate::codec::capture::{CAPTURED_MAX, Way, upper_pdu};
use crate::codec::{can, ipv4};
use crate::model::{Call, CloseReason, Direction, Endpoint, IpProtocol, Life};
use crate::store::journal::columns::{RowRef, kind};

/// The most bytes that one call moves, read(2); a damaged journal may say anything.
const CALL_MAX: u64 = 0x7fff_f000;

/// Sessions that are remembered after their end: rows of other threads may follow it.
const ENDED_MAX: usize = 4096;

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Written,
    /// It has bytes that were to be written, and no packet can carry them.
    LeftOut,
    /// It was not asked for, or nothing would have been seen of it on a wire.
    Unseen,
}

/// All that is known of the sessions up to a row.
#[derive(Debug, Default)]
pub(super) struct Flows {
    sessions: HashMap<u64, Flow>,
    /// Oldest first.
    ended: VecDeque<u64>,
    connections: HashMap<(SocketAddr, SocketAddr), Known>,
    /// Connections so far.
    count: u32,
    /// What raw sockets carry.
    carried: HashMap<u64, IpProtocol>,
    headers: Vec<u8>,
    comment: String,
}

/// A connection, and which of its ends are sessions of this journal.
#[derive(Debug)]
struct Known {
    connection: Connection,
    ends: [bool; 2],
    /// When the first of them knew of it: the handshake was over by then.
    known_ns: u64,
}

impl Flows {
    /// Learns from a row, and writes it if it `matches`.
    ///
    /// # Errors
    /// The capture can't be written.
    pub(super) fn take(&mut self, row: &RowRef<'_>, matches: bool, files: &mut Files<'_>) -> io::Result<Standing> {
        match (row.kind, row.direction, row.call) {
            (kind::DATA, Some(direction), Some(call)) => self.data(row, direction, call, matches, files),
            (kind::LIFE, ..) => match serde_json::from_slice::<Life>(row.body) {
                Ok(life) => self.life(row, &life, matches, files),
                Err(_) => Ok(Standing::Unseen),
            },
            _ => Ok(Standing::Unseen),
        }
    }

    fn life(&mut self, row: &RowRef<'_>, life: &Life, matches: bool, files: &mut Files<'_>) -> io::Result<Standing> {
        if let Life::Listening { endpoint } | Life::Connecting { endpoint } = life
            && let Ok(Endpoint::Raw(address)) = endpoint.parse()
        {
            self.carried.insert(row.socket, address.protocol);
        }
        let Some(session) = row.session else { return Ok(Standing::Unseen) };
        match life {
            Life::Accepted { local, peer, .. } | Life::Connected { local, peer, .. } | Life::Opened { local, peer } => {
                let mut flow = Flow::between(session, local, peer);
                if let Flow::Tcp(stream) = &mut flow {
                    let from = if matches!(life, Life::Accepted { .. }) { stream.end.other() } else { stream.end };
                    stream.opening = Some(Opening { row: row.number, socket: row.socket, from });
                    // It is written with the next row, which may have seen its time before this one.
                    stream.shown = matches;
                    self.join(stream, time(row));
                }
                let standing =
                    if matches && matches!(flow, Flow::Tcp(_)) { Standing::Written } else { Standing::Unseen };
                self.sessions.insert(session, flow);
                Ok(standing)
            }
            Life::PeerFinished => self.end(row, session, matches, files, |connection, end| {
                connection.finish(end.other()).map(|segment| (end.other(), segment))
            }),
            Life::FinishedSending => self.end(row, session, matches, files, |connection, end| {
                connection.finish(end).map(|segment| (end, segment))
            }),
            Life::Closed { reason } => {
                let standing = self.end(row, session, matches, files, |connection, end| match reason {
                    CloseReason::Reset => connection.reset(end.other()).map(|segment| (end.other(), segment)),
                    CloseReason::LocalReset => connection.reset(end).map(|segment| (end, segment)),
                    CloseReason::Eof
                    | CloseReason::Local
                    | CloseReason::Error
                    | CloseReason::Stopped
                    | CloseReason::Evicted => connection.finish(end).map(|segment| (end, segment)),
                });
                self.forget_later(session);
                standing
            }
            _ => Ok(Standing::Unseen),
        }
    }

    /// Two sessions with the same addresses, one from each side, are one connection; anything else is a new one.
    fn join(&mut self, stream: &Stream, known_ns: u64) {
        let own = stream.end as usize;
        match self.connections.get_mut(&stream.pair()) {
            Some(known) if !known.ends[own] => {
                known.ends[own] = true;
                known.known_ns = known.known_ns.min(known_ns);
            }
            _ => {
                self.count = self.count.wrapping_add(1);
                let mut ends = [false; 2];
                ends[own] = true;
                let connection = Connection::new(self.count);
                self.connections.insert(stream.pair(), Known { connection, ends, known_ns });
            }
        }
    }

    fn forget_later(&mut self, session: u64) {
        self.ended.push_back(session);
        if self.ended.len() > ENDED_MAX
            && let Some(oldest) = self.ended.pop_front()
            && let Some(Flow::Tcp(stream)) = self.sessions.remove(&oldest)
        {
            let is_in_use = |flow: &Flow| matches!(flow, Flow::Tcp(other) if other.pair() == stream.pair());
            // The same addresses may be in use again, or by the other side still; one look at all is rare enough.
            if !self.sessions.values().any(is_in_use) {
                self.connections.remove(&stream.pair());
            }
        }
    }

    /// Writes the handshakes that no row came after.
    ///
    /// # Errors
    /// The capture can't be written.
    pub(super) fn finish(&mut self, files: &mut Files<'_>) -> io::Result<()> {
        let mut waiting: Vec<(u64, u64)> = Vec::new();
        for (session, flow) in &self.sessions {
            if let Flow::Tcp(Stream { opening: Some(opening), shown: true, .. }) = flow {
                waiting.push((opening.row, *session));
            }
        }
        waiting.sort_unstable();
        waiting.into_iter().try_for_each(|(_, session)| self.open(session, u64::MAX, files))
    }

    /// Writes the handshake of a session, unless it is there, with a time that is no later than this one.
    fn open(&mut self, session: u64, latest_ns: u64, files: &mut Files<'_>) -> io::Result<()> {
        let Some(Flow::Tcp(stream)) = self.sessions.get_mut(&session) else { return Ok(()) };
        stream.shown = true;
        let Some(Opening { row, socket, from }) = stream.opening.take() else { return Ok(()) };
        let stream = stream.clone();
        let Some(known) = self.connections.get_mut(&stream.pair()) else { return Ok(()) };
        let time_ns = known.known_ns.min(latest_ns);
        let what = if from == stream.end { "connected" } else { "accepted" };
        for (sender, segment) in known.connection.open(from).into_iter().flatten() {
            self.say(row, what, (1, 1));
            self.write_segment(&stream, (socket, time_ns), sender, &segment, (b"", 0), files)?;
        }
        Ok(())
    }

    /// Writes what ends a session, or one of its directions.
    fn end(
        &mut self,
        row: &RowRef<'_>,
        session: u64,
        matches: bool,
        files: &mut Files<'_>,
        end: impl FnOnce(&mut Connection, End) -> Option<(End, Segment)>,
    ) -> io::Result<Standing> {
        let Some(Flow::Tcp(stream)) = self.sessions.get(&session) else { return Ok(Standing::Unseen) };
        if !stream.shown && !matches {
            return Ok(Standing::Unseen);
        }
        self.open(session, time(row), files)?;
        let Some(Flow::Tcp(stream)) = self.sessions.get(&session).cloned() else { return Ok(Standing::Unseen) };
        let Some(known) = self.connections.get_mut(&stream.pair()) else { return Ok(Standing::Unseen) };
        if let Some((sender, segment)) = end(&mut known.connection, stream.end) {
            let what = if segment.rst { "reset" } else { "finished" };
            self.say(row.number, what, (1, 1));
            self.write_segment(&stream, (row.socket, time(row)), sender, &segment, (b"", 0), files)?;
        }
        Ok(if matches { Standing::Written } else { Standing::Unseen })
    }

    fn data(
        &mut self,
        row: &RowRef<'_>,
        direction: Direction,
        call: Call,
        matches: bool,
        files: &mut Files<'_>,
    ) -> io::Result<Standing> {
        let missing = if matches { Standing::LeftOut } else { Standing::Unseen };
        let Some(session) = row.session else { return Ok(missing) };
        if !self.sessions.contains_key(&session) {
            let flow = Flow::guessed(session, &String::from_utf8_lossy(row.peer), call);
            if let Flow::Tcp(stream) = &flow {
                self.join(stream, time(row));
            }
            self.sessions.insert(session, flow);
        }
        let way = way(direction);
        let Some(flow) = self.sessions.get(&session) else { return Ok(missing) };
        let kind = match flow {
            Flow::Tcp(_) => return self.stream_data(row, session, (way, call), matches, files),
            _ if !matches => return Ok(missing),
            Flow::Udp(route) => {
                self.headers.clear();
                let route = if way == Way::Out { *route } else { route.back() };
                frame::datagram_in_part(&mut self.headers, way, route, row.payload, cut(row)).then_some(Kind::Link)
            }
            Flow::Raw(route) => {
                let carried = self.carried.get(&row.socket).copied();
                raw_head(&mut self.headers, *route, carried, way, row).then_some(Kind::Link)
            }
            Flow::Link { own, peer, ether_type } => {
                self.headers.clear();
                let (source, destination) = if way == Way::Out { (*own, *peer) } else { (*peer, *own) };
                frame::ethernet_head(&mut self.headers, source, destination, ether_type.0);
                Some(Kind::Link)
            }
            Flow::Unix { text, is_stream } => {
                let (text, is_stream) = (text.clone(), *is_stream);
                return self.unix_data(row, (&text, is_stream), (way, call), files).map(|()| Standing::Written);
            }
            Flow::Can => {
                let Some(frame) = can::in_capture(row.payload) else { return Ok(missing) };
                self.headers.clear();
                self.headers.extend_from_slice(&frame);
                Some(Kind::Can)
            }
            Flow::Other => None,
        };
        let Some(kind) = kind else { return Ok(missing) };
        self.say_call(row, call, (1, 1));
        let head = PacketHead { interface: 0, time_ns: time(row), way, comment: &self.comment };
        // Its bytes are in the header already, in another order.
        let carried = if kind == Kind::Can { b"" } else { row.payload };
        files.write(kind, row.socket, head, &self.headers, (carried, cut(row)))?;
        Ok(Standing::Written)
    }

    /// A stream's bytes in as many packets as it takes; a message in one, of which a reader sees how much it lacks.
    fn unix_data(
        &mut self,
        row: &RowRef<'_>,
        (text, is_stream): (&str, bool),
        (way, call): (Way, Call),
        files: &mut Files<'_>,
    ) -> io::Result<()> {
        self.headers.clear();
        upper_pdu::head(&mut self.headers, "data", way, text);
        let room = CAPTURED_MAX.saturating_sub(self.headers.len());
        let size = if is_stream { room } else { row.payload.len() }.max(1);
        let pieces = row.payload.len().div_ceil(size).max(1);
        for number in 0..pieces {
            self.say_call(row, call, (number + 1, pieces));
            // Newer readers alone know the text among the tags.
            self.comment.push(' ');
            self.comment.push_str(text);
            let head = PacketHead { interface: 0, time_ns: time(row), way, comment: &self.comment };
            let piece = row.payload.chunks(size).nth(number).unwrap_or_default();
            let cut = if number + 1 == pieces { cut(row) } else { 0 };
            files.write(Kind::Unix, row.socket, head, &self.headers, (piece, cut))?;
        }
        Ok(())
    }

    fn stream_data(
        &mut self,
        row: &RowRef<'_>,
        session: u64,
        (way, call): (Way, Call),
        matches: bool,
        files: &mut Files<'_>,
    ) -> io::Result<Standing> {
        let Some(Flow::Tcp(stream)) = self.sessions.get(&session) else { return Ok(Standing::Unseen) };
        if matches || stream.shown {
            self.open(session, time(row), files)?;
        }
        let Some(Flow::Tcp(stream)) = self.sessions.get(&session).cloned() else { return Ok(Standing::Unseen) };
        let sender = if way == Way::Out { stream.end } else { stream.end.other() };
        let len = row.payload.len() + cut(row);
        let pieces = len.div_ceil(SEGMENT_MAX);
        let mut offset = row.stream_offset;
        for number in 0..pieces {
            let from = number * SEGMENT_MAX;
            let to = len.min(from + SEGMENT_MAX);
            let kept = row.payload.get(from..to.min(row.payload.len())).unwrap_or_default();
            let Some(known) = self.connections.get_mut(&stream.pair()) else { return Ok(Standing::LeftOut) };
            let segment = known.connection.data(sender, offset, to - from, number + 1 == pieces);
            offset = offset.saturating_add((to - from) as u64);
            if matches {
                self.say(row.number, call.name(), (number + 1, pieces));
                let carried = (kept, to - from - kept.len());
                self.write_segment(&stream, (row.socket, time(row)), sender, &segment, carried, files)?;
            }
        }
        Ok(if matches { Standing::Written } else { Standing::Unseen })
    }

    fn write_segment(
        &mut self,
        stream: &Stream,
        (socket, time_ns): (u64, u64),
        sender: End,
        segment: &Segment,
        (payload, missing): (&[u8], usize),
        files: &mut Files<'_>,
    ) -> io::Result<()> {
        let (way, route) = if sender == stream.end { (Way::Out, stream.route) } else { (Way::In, stream.route.back()) };
        self.headers.clear();
        if frame::segment_in_part(&mut self.headers, way, route, segment, payload, missing) {
            let head = PacketHead { interface: 0, time_ns, way, comment: &self.comment };
            files.write(Kind::Link, socket, head, &self.headers, (payload, missing))?;
        }
        Ok(())
    }

    /// As [`Self::say`], of a row with bytes.
    fn say_call(&mut self, row: &RowRef<'_>, call: Call, which: (usize, usize)) {
        self.say(row.number, call.name(), which);
        if row.truncated {
            self.comment.push_str(" truncated");
        }
    }

    /// What the packet's comment says: the row, what it is and, where it is several packets, which of them.
    fn say(&mut self, row: u64, what: &str, (number, of): (usize, usize)) {
        self.comment.clear();
        // Writing to a text does not fail.
        let _ = write!(self.comment, "row {row} {what}");
        if of > 1 {
            let _ = write!(self.comment, " {number}/{of}");
        }
    }
}

/// The header that a raw socket's bytes lack; false where nobody knows it.
fn raw_head(out: &mut Vec<u8>, route: Route, carried: Option<IpProtocol>, way: Way, row: &RowRef<'_>) -> bool {
    out.clear();
    let is_whole = route.source().is_ipv4() && (way == Way::In || carried == Some(IpProtocol::RAW));
    if is_whole {
        frame::around_ipv4(out, way);
        return ipv4::Header::read(row.payload).is_some();
    }
    let route = if way == Way::Out { route } else { route.back() };
    let protocol = carried.and_then(|protocol| u8::try_from(protocol.0).ok());
    protocol
        .is_some_and(|protocol| frame::packet(out, way, route, protocol, row.payload.len().saturating_add(cut(row))))
}

fn way(direction: Direction) -> Way {
    match direction {
        Direction::In => Way::In,
        Direction::Out => Way::Out,
    }
}

/// Bytes of a row that the journal doesn't have; as many as a packet could be made of.
fn cut(row: &RowRef<'_>) -> usize {
    row.cut().min(CALL_MAX) as usize
}

/// When the kernel had it, else when the call returned: the kernel tells of what came in alone.
fn time(row: &RowRef<'_>) -> u64 {
    row.kernel_ns.unwrap_or(row.wall_ns).max(0).cast_unsigned()
}

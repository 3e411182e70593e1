//! Two ends that speak with each other.

use core::net::SocketAddr;

use super::half::{Brought, Half, Piece};
use crate::codec::capture::dissect::{Carried, Transport};
use crate::model::{
    Call, CloseReason, Direction, HostPort, Imported, Life, Notice, Protocol, Row, RowBody, SessionId, SocketId, Stamp,
};

/// Where what comes of a packet goes.
#[derive(Debug)]
pub(super) struct Out<'a> {
    pub(super) rows: &'a mut Vec<Row>,
    pub(super) counts: &'a mut Imported,
    pub(super) last_session: &'a mut u64,
}

/// All rows of a capture are of one socket, which nobody has.
const SOCKET: SocketId = SocketId(1);

#[derive(Debug)]
pub(super) struct Conversation {
    /// Who is taken for this program: where the capture says which way packets went, that machine, else who began.
    local: SocketAddr,
    peer: SocketAddr,
    /// `None` before anything was said, so that whom nobody answers has no session.
    session: Option<SessionId>,
    peer_text: String,
    sent: Half,
    received: Half,
    /// Who asked for the connection, where that was captured.
    asked: Option<Direction>,
    closed: bool,
    time_ns: i64,
    /// The number of the last packet.
    pub(super) last: u64,
}

impl Conversation {
    pub(super) fn new(local: SocketAddr, peer: SocketAddr) -> Self {
        Self {
            local,
            peer,
            session: None,
            peer_text: HostPort::from(peer).to_string(),
            sent: Half::default(),
            received: Half::default(),
            asked: None,
            closed: false,
            time_ns: 0,
            last: 0,
        }
    }

    pub(super) fn waiting(&self) -> usize {
        self.sent.waiting() + self.received.waiting()
    }

    pub(super) fn time_ns(&self) -> i64 {
        self.time_ns
    }

    /// The session's number, for an order that is the same each time.
    pub(super) fn first_session(&self) -> u64 {
        self.session.map_or(u64::MAX, |session| session.0)
    }

    /// Whether a segment asks for another connection than this one, or is of another.
    pub(super) fn is_succeeded_by(&self, carried: &Carried<'_>) -> bool {
        let half = self.half(self.direction(carried));
        match carried.transport {
            Transport::Tcp { sequence, acknowledged: None, syn: true, .. } => {
                self.closed || half.is_succeeded_by(sequence)
            }
            Transport::Tcp { sequence, syn: false, .. } => {
                half.is_succeeded_by_data(sequence, carried.payload.len() + carried.missing)
            }
            Transport::Tcp { .. } | Transport::Udp => false,
        }
    }

    pub(super) fn handle(&mut self, carried: &Carried<'_>, time_ns: i64, out: &mut Out<'_>) {
        self.time_ns = time_ns;
        let direction = self.direction(carried);
        match carried.transport {
            Transport::Udp => {
                self.open(Protocol::Udp, direction, time_ns, out);
                let call = if direction == Direction::In { Call::RecvFrom } else { Call::SendTo };
                let body = RowBody::Data { direction, call, truncated: carried.missing > 0 };
                self.row(time_ns, body, 0, carried.payload.to_vec(), out);
            }
            Transport::Tcp { .. } => self.segment(direction, carried, time_ns, out),
        }
    }

    fn segment(&mut self, direction: Direction, carried: &Carried<'_>, time_ns: i64, out: &mut Out<'_>) {
        let Transport::Tcp { sequence, acknowledged, syn, fin, rst } = carried.transport else { return };
        if syn {
            let half = self.half_mut(direction);
            if half.offset == 0 && half.waiting() == 0 {
                half.begin(sequence);
            }
            if acknowledged.is_some() {
                // Who answers was asked by the other.
                self.asked.get_or_insert(other(direction));
                self.open(Protocol::Tcp, direction, time_ns, out);
            } else {
                self.asked = Some(direction);
            }
        }
        if let Some(number) = acknowledged {
            self.half_mut(other(direction)).set_sent(number);
        }
        // With a request to connect comes data only where both had spoken before (RFC 7413).
        let sequence = sequence.wrapping_add(u32::from(syn));
        let len = carried.payload.len() + carried.missing;
        if len > 0 {
            self.open(Protocol::Tcp, direction, time_ns, out);
            let mut pieces = Vec::new();
            let data = (carried.payload, carried.missing);
            match self.half_mut(direction).take(sequence, time_ns, data, &mut |piece| pieces.push(piece)) {
                Brought::Something => {}
                Brought::Nothing => out.counts.repeated += 1,
                Brought::Late => out.counts.late += 1,
            }
            self.tell(direction, pieces, out);
        }
        let end = sequence.wrapping_add(len as u32);
        if rst {
            self.half_mut(direction).set_sent(end);
            self.give_up_all(time_ns, out);
            let reason = if direction == Direction::In { CloseReason::Reset } else { CloseReason::LocalReset };
            self.close(reason, time_ns, out);
        } else if fin && self.session.is_some() {
            self.half_mut(direction).set_end(end);
        }
        self.finish(direction, time_ns, out);
    }

    /// Tells that one end has nothing more to say, once all that it said is there.
    fn finish(&mut self, direction: Direction, time_ns: i64, out: &mut Out<'_>) {
        if self.closed || self.half(direction).finished || self.half(direction).left() != Some(0) {
            return;
        }
        self.half_mut(direction).finished = true;
        let life = if direction == Direction::In { Life::PeerFinished } else { Life::FinishedSending };
        self.row(time_ns, RowBody::Life(life), 0, Vec::new(), out);
        if self.sent.finished && self.received.finished {
            self.close(CloseReason::Eof, time_ns, out);
        }
    }

    /// What was never captured is told, and what waited for it follows.
    pub(super) fn give_up_waiting(&mut self, time_ns: i64, out: &mut Out<'_>) {
        self.give_up(time_ns, out, |half, pieces| half.give_up(&mut |piece| pieces.push(piece)));
    }

    /// The same, with what was never captured of the end: nothing more comes.
    pub(super) fn give_up_all(&mut self, time_ns: i64, out: &mut Out<'_>) {
        self.give_up(time_ns, out, |half, pieces| half.give_up_all(time_ns, &mut |piece| pieces.push(piece)));
    }

    fn give_up(&mut self, time_ns: i64, out: &mut Out<'_>, how: impl Fn(&mut Half, &mut Vec<Piece>)) {
        // Without one nothing was said that was captured.
        if self.session.is_none() {
            return;
        }
        for direction in [Direction::In, Direction::Out] {
            let mut pieces = Vec::new();
            how(self.half_mut(direction), &mut pieces);
            self.tell(direction, pieces, out);
            self.finish(direction, time_ns, out);
        }
    }

    pub(super) fn close(&mut self, reason: CloseReason, time_ns: i64, out: &mut Out<'_>) {
        if self.session.is_some() && !std::mem::replace(&mut self.closed, true) {
            self.row(time_ns, RowBody::Life(Life::Closed { reason }), 0, Vec::new(), out);
        }
    }

    fn open(&mut self, protocol: Protocol, direction: Direction, time_ns: i64, out: &mut Out<'_>) {
        if self.session.is_some() {
            return;
        }
        self.session = Some(out.next_session());
        let [local, peer] =
            [self.local, self.peer].map(|place| protocol.with_scheme(&HostPort::from(place).to_string()));
        let life = match self.asked.unwrap_or(direction) {
            Direction::In => Life::Accepted { local, peer, process: None },
            Direction::Out => Life::Connected { local, peer, process: None },
        };
        self.row(time_ns, RowBody::Life(life), 0, Vec::new(), out);
    }

    fn tell(&mut self, direction: Direction, pieces: Vec<Piece>, out: &mut Out<'_>) {
        // The pieces are the last of what this half has.
        let mut offset = self.half(direction).offset - pieces.iter().map(Piece::len).sum::<u64>();
        for piece in pieces {
            let len = piece.len();
            match piece {
                Piece::Captured { time_ns, bytes } => {
                    let call = if direction == Direction::In { Call::Recv } else { Call::Send };
                    self.row(time_ns, RowBody::Data { direction, call, truncated: false }, offset, bytes, out);
                }
                Piece::NotCaptured { time_ns, bytes } => {
                    out.counts.gaps += 1;
                    let notice = Notice::NotCaptured { direction, bytes };
                    self.row(time_ns, RowBody::Notice { notice }, 0, Vec::new(), out);
                }
            }
            offset += len;
        }
    }

    fn row(&self, time_ns: i64, body: RowBody, stream_offset: u64, payload: Vec<u8>, out: &mut Out<'_>) {
        // The capture's clock is the only one.
        let stamp = Stamp { wall_ns: time_ns, mono_ns: time_ns.max(0).cast_unsigned(), kernel_ns: None };
        out.rows.push(Row {
            stamp,
            socket: SOCKET,
            session: self.session,
            peer: self.peer_text.clone(),
            body,
            stream_offset,
            payload,
        });
        out.counts.rows += 1;
    }

    fn direction(&self, carried: &Carried<'_>) -> Direction {
        if carried.source == self.local { Direction::Out } else { Direction::In }
    }

    fn half(&self, direction: Direction) -> &Half {
        match direction {
            Direction::In => &self.received,
            Direction::Out => &self.sent,
        }
    }

    fn half_mut(&mut self, direction: Direction) -> &mut Half {
        match direction {
            Direction::In => &mut self.received,
            Direction::Out => &mut self.sent,
        }
    }
}

fn other(direction: Direction) -> Direction {
    match direction {
        Direction::In => Direction::Out,
        Direction::Out => Direction::In,
    }
}

//! One direction of a connection of TCP: segments in the order of their numbers.

use std::collections::{BTreeMap, VecDeque};

/// Memory in bytes of what waits, in one direction, for what is before it: more than a window that is usual, so that
/// what never comes was not captured.
const WAITING_MAX: usize = 1 << 20;

/// Segments that wait.
const SEGMENTS_MAX: usize = 1024;

/// Memory in bytes that a waiting segment takes beside its payload: its place in the map, and what the allocator adds.
pub(super) const SEGMENT_COST: usize = 128;

/// Bytes before the first that was captured of a connection under way: segments sent again may be of so long ago, as
/// windows are hardly ever longer. What is before these is of an earlier or later connection.
const EARLY_MAX: i64 = 16 << 20;

/// The most that can be on its way at once: the longest window (RFC 7323, section 2.3). Numbers further ahead are of
/// something else.
const WINDOW_MAX: i64 = 1 << 30;

/// Places where bytes are missing that are remembered in one direction: few, as there are many connections.
const GAPS_MAX: usize = 8;

/// What follows what was there before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Captured {
        /// When.
        time_ns: i64,
        bytes: Vec<u8>,
    },
    NotCaptured {
        /// When that showed.
        time_ns: i64,
        bytes: u64,
    },
}

impl Piece {
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Captured { bytes, .. } => bytes.len() as u64,
            Self::NotCaptured { bytes, .. } => *bytes,
        }
    }
}

/// What a segment brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Brought {
    Something,
    /// All of it was there before.
    Nothing,
    /// Bytes that were not there and have no place any more: from before the first one of all, or passed over as not
    /// captured.
    Late,
}

/// Data as far as it was captured.
#[derive(Debug)]
struct Waiting {
    time_ns: i64,
    bytes: Vec<u8>,
    /// Bytes behind these that were cut off.
    missing: usize,
}

impl Waiting {
    fn len(&self) -> usize {
        self.bytes.len() + self.missing
    }

    fn cost(&self) -> usize {
        SEGMENT_COST + self.bytes.len()
    }
}

/// What one end sends.
#[derive(Debug, Default)]
pub(super) struct Half {
    /// The number of the next byte; `None` before the first segment.
    next: Option<u32>,
    /// Its first segment was captured.
    is_from_beginning: bool,
    /// Bytes up to `next`, those that are missing among them.
    pub(super) offset: u64,
    /// By how far they are ahead of the first byte of all.
    waiting: BTreeMap<u64, Waiting>,
    /// What they take.
    waiting_cost: usize,
    /// Where bytes are missing, and where they go on; the latest are last.
    gaps: VecDeque<(u64, u64)>,
    /// Up to what offset segments went that were cut, and when the last one was captured.
    cut: (u64, i64),
    /// The offset behind the last byte that was sent for sure, whether it was captured or not.
    sent: u64,
    /// The number after the last byte of all.
    end: Option<u32>,
    pub(super) finished: bool,
}

impl Half {
    /// The first segment of a connection, whose data begins after it.
    pub(super) fn begin(&mut self, sequence: u32) {
        self.next = Some(sequence.wrapping_add(1));
        self.is_from_beginning = true;
    }

    /// Whether a connection that begins with this number is another one.
    pub(super) fn is_succeeded_by(&self, sequence: u32) -> bool {
        self.next.is_some_and(|next| {
            let first = next.wrapping_sub(self.offset as u32);
            first != sequence.wrapping_add(1)
        })
    }

    /// Whether data is of another connection, whose beginning was not captured: its number is before the first byte of
    /// this one.
    pub(super) fn is_succeeded_by_data(&self, sequence: u32, len: usize) -> bool {
        let early = self.position(sequence).map_or(0, |position| -position);
        let most = if self.is_from_beginning { i64::from(is_probe(early, len)) } else { EARLY_MAX };
        len > 0 && early > most
    }

    /// There is nothing behind this number.
    pub(super) fn set_end(&mut self, sequence: u32) {
        self.next.get_or_insert(sequence);
        self.end.get_or_insert(sequence);
    }

    /// All before this number was sent: it was acknowledged, or the connection broke off there.
    pub(super) fn set_sent(&mut self, sequence: u32) {
        let sent = self.position(sequence).unwrap_or(0);
        if sent - self.offset.cast_signed() <= WINDOW_MAX {
            self.sent = self.sent.max(sent.max(0).cast_unsigned());
        }
    }

    /// How many bytes there are up to the end; `None` before it is known.
    pub(super) fn left(&self) -> Option<u64> {
        let left = self.end?.wrapping_sub(self.next?).cast_signed();
        Some(left.max(0).cast_unsigned().into())
    }

    /// The memory that what waits takes, in bytes.
    pub(super) fn waiting(&self) -> usize {
        self.waiting_cost
    }

    /// Takes a segment in, which had `missing` bytes more than were captured; what follows without a gap is handed to
    /// `out`.
    pub(super) fn take(
        &mut self,
        sequence: u32,
        time_ns: i64,
        (bytes, missing): (&[u8], usize),
        out: &mut impl FnMut(Piece),
    ) -> Brought {
        self.next.get_or_insert(sequence);
        let position = self.position(sequence).unwrap_or(0);
        let is_late = self.is_late(position, bytes.len(), missing);
        let known = (self.offset.cast_signed() - position).max(0);
        if known as usize >= bytes.len() + missing {
            return if is_late { Brought::Late } else { Brought::Nothing };
        }
        // Not negative any more.
        let at = (position + known).cast_unsigned();
        let (known, captured) = (known as usize, bytes.len());
        let rest = Waiting {
            time_ns,
            bytes: bytes.get(known..).unwrap_or_default().to_vec(),
            missing: missing - known.saturating_sub(captured),
        };
        if at == self.offset {
            self.go_on(at, rest, out);
            self.settle(out);
        } else if !self.wait(at, rest, out) {
            return Brought::Nothing;
        }
        if is_late { Brought::Late } else { Brought::Something }
    }

    /// What is missing before it was not captured: what waits follows it.
    pub(super) fn give_up(&mut self, out: &mut impl FnMut(Piece)) {
        while let Some((at, Waiting { time_ns, .. })) = self.waiting.first_key_value() {
            let (missing, time_ns) = (at.saturating_sub(self.offset), *time_ns);
            self.pass(time_ns, missing, out);
            self.settle(out);
        }
    }

    /// Nothing more comes: what waits, and what is known to have been sent after all that was captured.
    pub(super) fn give_up_all(&mut self, time_ns: i64, out: &mut impl FnMut(Piece)) {
        self.give_up(out);
        let missing = self.left().unwrap_or_else(|| match self.sent.saturating_sub(self.offset) {
            // It may have been the end itself, which takes a number too.
            1 => 0,
            missing => missing,
        });
        self.pass(time_ns, missing, out);
    }

    /// Which byte a number stands for, counted from the first one of all; negative before that.
    fn position(&self, sequence: u32) -> Option<i64> {
        let ahead = sequence.wrapping_sub(self.next?).cast_signed();
        Some(self.offset.cast_signed() + i64::from(ahead))
    }

    /// Whether data has bytes that were not there and whose place is passed.
    fn is_late(&self, position: i64, captured: usize, missing: usize) -> bool {
        let (begin, end) = (position.max(0).cast_unsigned(), position + captured as i64);
        let fills = |(from, to): &(u64, u64)| begin < *to && end > from.cast_signed();
        position < 0 && !is_probe(-position, captured + missing) || self.gaps.iter().any(fills)
    }

    /// False where as much waits there already.
    fn wait(&mut self, at: u64, mut segment: Waiting, out: &mut impl FnMut(Piece)) -> bool {
        if let Some(before) = self.waiting.remove(&at) {
            self.waiting_cost -= before.cost();
            let len = segment.len().max(before.len());
            let brings = segment.bytes.len() > before.bytes.len() || segment.len() > before.len();
            if segment.bytes.len() <= before.bytes.len() {
                segment = before;
            }
            segment.missing = len - segment.bytes.len();
            if !brings {
                self.waiting_cost += segment.cost();
                self.waiting.insert(at, segment);
                return false;
            }
        }
        self.waiting_cost += segment.cost();
        self.waiting.insert(at, segment);
        if self.waiting_cost > WAITING_MAX || self.waiting.len() > SEGMENTS_MAX {
            self.give_up(out);
        }
        true
    }

    /// What waits for nothing any more; and what was cut off, but for what others brought of it.
    fn settle(&mut self, out: &mut impl FnMut(Piece)) {
        loop {
            let first = self.waiting.first_entry();
            let at = first.as_ref().map_or(u64::MAX, |first| *first.key());
            match first {
                Some(first) if at <= self.offset => {
                    let segment = first.remove();
                    self.waiting_cost -= segment.cost();
                    self.go_on(at, segment, out);
                }
                _ if self.cut.0 > self.offset => self.pass(self.cut.1, self.cut.0.min(at) - self.offset, out),
                _ => return,
            }
        }
    }

    /// A segment that begins at or before the next byte.
    fn go_on(&mut self, at: u64, Waiting { time_ns, mut bytes, missing }: Waiting, out: &mut impl FnMut(Piece)) {
        let end = at + (bytes.len() + missing) as u64;
        if missing > 0 && end > self.cut.0 {
            self.cut = (end, time_ns);
        }
        let known = usize::try_from(self.offset - at).unwrap_or(usize::MAX);
        bytes.drain(..known.min(bytes.len()));
        if !bytes.is_empty() {
            self.count(bytes.len() as u64);
            out(Piece::Captured { time_ns, bytes });
        }
    }

    fn pass(&mut self, time_ns: i64, missing: u64, out: &mut impl FnMut(Piece)) {
        if missing > 0 {
            if self.gaps.len() == GAPS_MAX
                && let Some((begin, _)) = self.gaps.pop_front()
                && let Some(oldest) = self.gaps.front_mut()
            {
                // What is sent again in between counts as late as well: rather that than bytes that are not told of.
                oldest.0 = begin;
            }
            self.gaps.push_back((self.offset, self.offset + missing));
            self.count(missing);
            out(Piece::NotCaptured { time_ns, bytes: missing });
        }
    }

    fn count(&mut self, len: u64) {
        self.offset += len;
        self.next = self.next.map(|next| next.wrapping_add(len as u32));
    }
}

/// Whether data so far before the first byte is no data: one byte asks whether somebody is still there (RFC 9293,
/// section 3.8.4).
fn is_probe(early: i64, len: usize) -> bool {
    early == 1 && len <= 1
}

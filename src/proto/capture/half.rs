//! One direction of a connection of TCP: segments in the order of their numbers.

use std::collections::BTreeMap;

/// Bytes of one direction that wait for those before them: more than a window that is usual, so that what never comes was
/// not captured.
const WAITING_MAX: usize = 1 << 20;

/// Segments that wait.
const SEGMENTS_MAX: usize = 1024;

/// Bytes that follow those before them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// When they were captured.
    pub(super) time_ns: i64,
    /// Bytes before them that were not captured.
    pub(super) missing: u64,
    pub(super) bytes: Vec<u8>,
}

/// What one end sends.
#[derive(Debug, Default)]
pub(super) struct Half {
    /// The number of the next byte; `None` before the first segment.
    next: Option<u32>,
    /// Bytes up to `next`, those that are missing among them.
    pub(super) offset: u64,
    /// By how far they are ahead of the first byte of all.
    waiting: BTreeMap<u64, (i64, Vec<u8>)>,
    waiting_bytes: usize,
    /// The number after the last byte of all.
    end: Option<u32>,
    pub(super) finished: bool,
}

impl Half {
    /// The first segment of a connection, whose data begins after it.
    pub(super) fn begin(&mut self, sequence: u32) {
        self.next = Some(sequence.wrapping_add(1));
    }

    /// Whether a connection that begins with this number is another one.
    pub(super) fn is_succeeded_by(&self, sequence: u32) -> bool {
        self.next.is_some_and(|next| {
            let first = next.wrapping_sub(self.offset as u32);
            first != sequence.wrapping_add(1)
        })
    }

    /// There is nothing behind this number.
    pub(super) fn set_end(&mut self, sequence: u32) {
        self.next.get_or_insert(sequence);
        self.end.get_or_insert(sequence);
    }

    /// How many bytes there are up to the end; `None` before it is known.
    pub(super) fn left(&self) -> Option<u64> {
        let left = self.end?.wrapping_sub(self.next?).cast_signed();
        Some(left.max(0).cast_unsigned().into())
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting_bytes
    }

    /// Takes a segment in; what follows without a gap is handed to `out`. False where all of it was there before.
    pub(super) fn take(&mut self, sequence: u32, time_ns: i64, bytes: &[u8], out: &mut impl FnMut(Piece)) -> bool {
        let next = *self.next.get_or_insert(sequence);
        let ahead = sequence.wrapping_sub(next).cast_signed();
        if ahead < 0 {
            // All of it, or its beginning, was there before.
            let known = ahead.unsigned_abs() as usize;
            return match bytes.get(known..) {
                Some(rest) if !rest.is_empty() => self.take(next, time_ns, rest, out),
                _ => bytes.is_empty(),
            };
        }
        if bytes.is_empty() {
            return true;
        }
        if ahead == 0 {
            self.go_on(time_ns, 0, bytes.to_vec(), out);
            self.take_waiting(out);
            return true;
        }
        let at = self.offset + u64::from(ahead.cast_unsigned());
        let before = self.waiting.get(&at).map_or(0, |(_, bytes)| bytes.len());
        if bytes.len() <= before {
            return false;
        }
        self.waiting_bytes += bytes.len() - before;
        self.waiting.insert(at, (time_ns, bytes.to_vec()));
        if self.waiting_bytes > WAITING_MAX || self.waiting.len() > SEGMENTS_MAX {
            self.give_up(out);
        }
        true
    }

    /// What is missing was not captured: what waits follows it.
    pub(super) fn give_up(&mut self, out: &mut impl FnMut(Piece)) {
        while let Some((at, (time_ns, bytes))) = self.waiting.pop_first() {
            self.waiting_bytes -= bytes.len();
            let known = self.offset.saturating_sub(at) as usize;
            let missing = at.saturating_sub(self.offset);
            if let Some(rest) = bytes.get(known..).filter(|rest| !rest.is_empty()) {
                self.go_on(time_ns, missing, rest.to_vec(), out);
            }
            self.take_waiting(out);
        }
    }

    fn take_waiting(&mut self, out: &mut impl FnMut(Piece)) {
        while let Some(entry) = self.waiting.first_entry()
            && *entry.key() <= self.offset
        {
            let (at, (time_ns, bytes)) = entry.remove_entry();
            self.waiting_bytes -= bytes.len();
            let known = (self.offset - at) as usize;
            if let Some(rest) = bytes.get(known..).filter(|rest| !rest.is_empty()) {
                self.go_on(time_ns, 0, rest.to_vec(), out);
            }
        }
    }

    fn go_on(&mut self, time_ns: i64, missing: u64, bytes: Vec<u8>, out: &mut impl FnMut(Piece)) {
        let len = missing + bytes.len() as u64;
        self.offset += len;
        self.next = self.next.map(|next| next.wrapping_add(len as u32));
        out(Piece { time_ns, missing, bytes });
    }
}

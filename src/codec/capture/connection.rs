//! The segments that a connection of TCP would have been made of.

use super::frame::Segment;

/// Which of a connection's two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    A,
    B,
}

impl End {
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    fn index(self) -> usize {
        self as usize
    }
}

/// Sequence numbers of both directions. Nothing comes into being by itself: what nobody recorded leaves a gap.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The initial sequence numbers.
    initial: [u32; 2],
    /// Offsets that follow the last byte that each end is known to have sent.
    next: [u64; 2],
    opened: bool,
    finished: [bool; 2],
    reset: bool,
}

impl Connection {
    /// `number` makes its sequence numbers others than those of any connection that had the same addresses before: readers
    /// of captures tell them apart by these.
    #[must_use]
    pub fn new(number: u32) -> Self {
        // An odd factor takes different numbers to different ones.
        let initial = number.wrapping_mul(0x9e37_79b1);
        Self { initial: [initial, !initial], next: [0; 2], opened: false, finished: [false; 2], reset: false }
    }

    /// The handshake that `from` began, with who sends each part; `None` once it has been.
    pub fn open(&mut self, from: End) -> Option<[(End, Segment); 3]> {
        if std::mem::replace(&mut self.opened, true) {
            return None;
        }
        let to = from.other();
        let [asked, answered] = [from, to].map(|end| self.initial[end.index()]);
        let syn = Segment { sequence: asked, syn: true, ..Segment::default() };
        let answer = Segment { acknowledgement: Some(asked.wrapping_add(1)), sequence: answered, ..syn };
        let done = Segment {
            sequence: asked.wrapping_add(1),
            acknowledgement: Some(answered.wrapping_add(1)),
            ..Segment::default()
        };
        Some([(from, syn), (to, answer), (from, done)])
    }

    /// Bytes that `from` sent, the first of them at this offset in its direction. `last` of a call's segments pushes.
    pub fn data(&mut self, from: End, offset: u64, len: usize, last: bool) -> Segment {
        let next = &mut self.next[from.index()];
        *next = (*next).max(offset.saturating_add(len as u64));
        Segment { psh: last, ..self.at(from, offset) }
    }

    /// `from` has nothing more to send; `None` where that was said, or the connection was reset.
    pub fn finish(&mut self, from: End) -> Option<Segment> {
        if self.reset || self.finished[from.index()] {
            return None;
        }
        let segment = Segment { fin: true, ..self.at(from, self.next[from.index()]) };
        self.finished[from.index()] = true;
        Some(segment)
    }

    /// `from` breaks the connection off; `None` where it is already.
    pub fn reset(&mut self, from: End) -> Option<Segment> {
        if std::mem::replace(&mut self.reset, true) {
            return None;
        }
        let past_end = u64::from(self.finished[from.index()]);
        Some(Segment { rst: true, ..self.at(from, self.next[from.index()].wrapping_add(past_end)) })
    }

    /// A segment at this offset that acknowledges all that the other end is known to have sent.
    fn at(&self, from: End, offset: u64) -> Segment {
        let other = from.other().index();
        let received = self.next[other].wrapping_add(u64::from(self.finished[other]));
        Segment {
            sequence: sequence(self.initial[from.index()], offset),
            acknowledgement: Some(sequence(self.initial[other], received)),
            ..Segment::default()
        }
    }
}

/// The number of the byte at this offset: the handshake has the initial one.
fn sequence(initial: u32, offset: u64) -> u32 {
    initial.wrapping_add(1).wrapping_add(offset as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_each_other_from_the_handshake_to_the_end() {
        let mut connection = Connection::new(0);
        let [(_, syn), (answerer, answer), (_, done)] = connection.open(End::A).unwrap();
        assert_eq!((syn.sequence, syn.acknowledgement, syn.syn), (0, None, true));
        assert_eq!((answerer, answer.sequence, answer.acknowledgement), (End::B, u32::MAX, Some(1)));
        assert_eq!((done.sequence, done.acknowledgement, done.syn), (1, Some(0), false));
        assert_eq!(connection.open(End::B), None, "it is open");

        let data = connection.data(End::A, 0, 10, true);
        assert_eq!((data.sequence, data.acknowledgement, data.psh), (1, Some(0), true));
        let data = connection.data(End::B, 0, 5, false);
        assert_eq!((data.sequence, data.acknowledgement, data.psh), (0, Some(11), false));
        // What was left out before it is a gap.
        let data = connection.data(End::A, 100, 1, true);
        assert_eq!((data.sequence, data.acknowledgement), (101, Some(5)));
        let fin = connection.finish(End::A).unwrap();
        assert_eq!((fin.sequence, fin.acknowledgement, fin.fin), (102, Some(5), true));
        assert_eq!(connection.finish(End::A), None);
        let fin = connection.finish(End::B).unwrap();
        assert_eq!((fin.sequence, fin.acknowledgement), (5, Some(103)));
        let reset = connection.reset(End::B).unwrap();
        assert_eq!((reset.sequence, reset.rst), (6, true));
        assert_eq!((connection.reset(End::A), connection.finish(End::A)), (None, None));
    }

    #[test]
    fn numbers_wrap_around() {
        let mut connection = Connection::new(0);
        assert_eq!(connection.data(End::B, u64::from(u32::MAX) + 7, 1, true).sequence, 6);
        assert_eq!(connection.data(End::A, u64::MAX, usize::MAX, true).sequence, 0);
        assert_eq!(connection.finish(End::A).unwrap().sequence, 0);
        assert_eq!(connection.reset(End::A).unwrap().sequence, 1);
    }
}

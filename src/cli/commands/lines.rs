//! Standard input, cut into lines.

use super::mistake::{Mistake, Problem};

/// A line, by its number from 1 on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: u64,
    /// Without its end, LF or CR LF.
    pub(super) text: Result<String, Mistake>,
}

/// Puts lines together from what each read brought.
#[derive(Debug, Default)]
pub(super) struct Lines {
    begun: Vec<u8>,
    ended: u64,
    is_too_long: bool,
}

impl Lines {
    /// Bytes that a line may have: the longest datagram in hex several times over, and little to hold.
    pub(super) const MOST: usize = 1 << 20;

    /// The lines that end in these bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if let Some(last) = piece.strip_suffix(b"\n") {
                self.keep(last);
                lines.push(self.end());
            } else {
                self.keep(piece);
            }
        }
        lines
    }

    /// A line without an end, where nothing follows.
    pub(super) fn finish(&mut self) -> Option<Line> {
        (!self.begun.is_empty()).then(|| self.end())
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = Self::MOST - self.begun.len();
        self.is_too_long |= bytes.len() > room;
        self.begun.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn end(&mut self) -> Line {
        self.ended += 1;
        let mut line = std::mem::take(&mut self.begun);
        if line.ends_with(b"\r") {
            line.pop();
        }
        let wrong = |bytes: &[u8], problem| Err(Mistake::new(&String::from_utf8_lossy(bytes), problem));
        let text = if std::mem::take(&mut self.is_too_long) {
            wrong(&line, Problem::TooLong)
        } else {
            String::from_utf8(line).or_else(|error| wrong(error.as_bytes(), Problem::NotUtf8))
        };
        Line { number: self.ended, text }
    }
}

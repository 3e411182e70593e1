//! A part of a conversation as lines: text as a streaming decoder reads it across calls, or bytes.

use crate::codec::encoding::{Encoding, StreamDecoder};
use crate::model::{Call, ConversationPart, Direction, PageRow, RowBody};

/// How bytes are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Form {
    #[default]
    Text,
    Hex,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The row of the journal in which it begins.
    pub(super) number: u64,
    pub(super) direction: Direction,
    pub(super) content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Text(String),
    Bytes {
        /// Of the first, in the stream or the message.
        offset: u64,
        bytes: Vec<u8>,
    },
    /// So many bytes crossed here that the journal doesn't have.
    Missing(u64),
    /// So many more bytes of this row are not shown.
    Cut(u64),
}

/// Characters, and bytes, of one line.
const CHARACTERS: usize = 120;
const BYTES: usize = 16;

/// The lines of a part.
pub(super) fn lines(part: &ConversationPart, form: Form, encoding_of: impl Fn(&PageRow) -> Encoding) -> Vec<Line> {
    let mut writer = Writer { form, lines: Vec::new(), open: None, received: Way::default(), sent: Way::default() };
    for row in &part.rows {
        writer.row(row, encoding_of(row));
    }
    writer.end_line();
    if part.complete && part.first + part.rows.len() as u64 >= part.calls {
        writer.finish();
    }
    writer.lines
}

/// What is known of one direction.
#[derive(Default)]
struct Way {
    /// Where the next byte of a stream is to be.
    expected: Option<u64>,
    decoder: Option<StreamDecoder>,
    /// The last row.
    number: u64,
}

struct Writer {
    form: Form,
    lines: Vec<Line>,
    /// Goes on with the next bytes of its direction, while none of the other come between.
    open: Option<Line>,
    received: Way,
    sent: Way,
}

impl Writer {
    fn row(&mut self, row: &PageRow, encoding: Encoding) {
        let RowBody::Data { direction, call, .. } = row.body else { return };
        let is_stream = matches!(call, Call::Recv | Call::Send);
        if !is_stream || self.open.as_ref().is_some_and(|line| line.direction != direction) {
            self.end_line();
        }
        let way = self.way(direction);
        let missing = way.expected.and_then(|expected| row.stream_offset.checked_sub(expected)).filter(|_| is_stream);
        way.expected = is_stream.then(|| row.stream_offset.saturating_add(row.len));
        way.number = row.number;
        if let Some(missing) = missing.filter(|missing| *missing > 0) {
            self.remark(row, direction, Content::Missing(missing));
            self.way(direction).decoder = None;
        }
        match self.form {
            Form::Hex => self.bytes(row, direction, if is_stream { row.stream_offset } else { 0 }),
            Form::Text => {
                let text = self.decoded(row, direction, encoding, is_stream);
                self.text(row.number, direction, &text);
            }
        }
        let shown = row.preview.len() as u64;
        if row.len > shown {
            self.remark(row, direction, Content::Cut(row.len - shown));
            self.way(direction).decoder = None;
        }
    }

    fn way(&mut self, direction: Direction) -> &mut Way {
        match direction {
            Direction::In => &mut self.received,
            Direction::Out => &mut self.sent,
        }
    }

    /// The characters that this row's bytes complete. A message stands for itself.
    fn decoded(&mut self, row: &PageRow, direction: Direction, encoding: Encoding, is_stream: bool) -> String {
        if !is_stream {
            let mut decoder = StreamDecoder::new(encoding);
            let text = decoder.push(&row.preview);
            let is_whole = row.len == row.preview.len() as u64;
            return if is_whole { text + &decoder.finish() } else { text };
        }
        let way = self.way(direction);
        if let Some(decoder) = &mut way.decoder {
            return decoder.push(&row.preview);
        }
        // The first one begins where what came before it ended, which may be within a character.
        let (mut decoder, torn) = StreamDecoder::after(encoding, &row.context, row.stream_offset);
        let text = match row.preview.split_first() {
            Some((_, rest)) if torn => format!("\u{fffd}{}", decoder.push(rest)),
            _ => decoder.push(&row.preview),
        };
        way.decoder = Some(decoder);
        text
    }

    fn text(&mut self, number: u64, direction: Direction, text: &str) {
        for character in text.chars() {
            if character == '\n' {
                // A line that is empty is one as well.
                self.open(number, direction, Content::Text(String::new()));
                if let Some(Line { content: Content::Text(words), .. }) = &mut self.open
                    && words.ends_with('\r')
                {
                    words.pop();
                }
                self.end_line();
                continue;
            }
            self.open(number, direction, Content::Text(String::new()));
            if let Some(Line { content: Content::Text(words), .. }) = &mut self.open {
                words.push(character);
                if words.chars().count() >= CHARACTERS {
                    self.end_line();
                }
            }
        }
    }

    fn bytes(&mut self, row: &PageRow, direction: Direction, offset: u64) {
        for (at, byte) in (offset..).zip(&row.preview) {
            self.open(row.number, direction, Content::Bytes { offset: at, bytes: Vec::with_capacity(BYTES) });
            if let Some(Line { content: Content::Bytes { bytes, .. }, .. }) = &mut self.open {
                bytes.push(*byte);
                if bytes.len() == BYTES {
                    self.end_line();
                }
            }
        }
    }

    /// Begins a line unless one is open.
    fn open(&mut self, number: u64, direction: Direction, content: Content) {
        self.open.get_or_insert(Line { number, direction, content });
    }

    fn end_line(&mut self) {
        self.lines.extend(self.open.take());
    }

    fn remark(&mut self, row: &PageRow, direction: Direction, content: Content) {
        self.end_line();
        self.lines.push(Line { number: row.number, direction, content });
    }

    /// No more comes: a character that was begun stays incomplete.
    fn finish(&mut self) {
        for direction in [Direction::In, Direction::Out] {
            let way = self.way(direction);
            let number = way.number;
            let rest = way.decoder.as_mut().map(StreamDecoder::finish).unwrap_or_default();
            self.text(number, direction, &rest);
            self.end_line();
        }
    }
}

#[cfg(test)]
mod tests;

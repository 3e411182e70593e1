//! Frames out of a stream that is cut anyhow.

use super::frame::{DATA, Frame, HEADER, HELLO, Header};
use super::{CONTROL_MAX, DATA_MAX, HELLO_MAX};
pub use crate::model::TransferFault as Fault;

/// What the next bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    /// Some of the bytes of a file, as they came.
    Data(&'a [u8]),
    Frame(Frame),
}

/// Cuts a stream into frames. Keeps at most one control frame; data passes through.
#[derive(Debug, Default)]
pub(super) struct FrameReader {
    /// The header, then a control frame's fields.
    kept: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Header,
    Control(Header),
    Data {
        left: u32,
    },
    Skip {
        left: u32,
    },
}

impl FrameReader {
    /// The first item in the bytes, and how many of them it took; `None` when all were taken and more are needed.
    ///
    /// # Errors
    /// What no further reading mends.
    pub(super) fn next<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<Option<Item<'a>>, Fault> {
        loop {
            match self.state {
                State::Header => {
                    if !self.keep(bytes, HEADER) {
                        return Ok(None);
                    }
                    let header = self.header()?;
                    self.kept.clear();
                    self.state = match header {
                        Header { kind: DATA, len: 0, .. } => State::Header,
                        Header { kind: DATA, len, .. } => State::Data { left: len },
                        Header { kind, len, .. } if !Frame::is_known(kind) => State::Skip { left: len },
                        known => State::Control(known),
                    };
                }
                State::Control(header) => {
                    if !self.keep(bytes, header.len as usize) {
                        return Ok(None);
                    }
                    let frame = Frame::parse(header, &self.kept);
                    self.kept.clear();
                    self.state = State::Header;
                    return frame.map(|frame| Some(Item::Frame(frame))).ok_or(Fault::Malformed { kind: header.kind });
                }
                State::Data { left } => {
                    let taken = take(bytes, left);
                    let left = left - u32::try_from(taken.len()).unwrap_or(left);
                    self.state = if left == 0 { State::Header } else { State::Data { left } };
                    return Ok((!taken.is_empty()).then_some(Item::Data(taken)));
                }
                State::Skip { left } => {
                    let left = left - u32::try_from(take(bytes, left).len()).unwrap_or(left);
                    if left > 0 {
                        self.state = State::Skip { left };
                        return Ok(None);
                    }
                    self.state = State::Header;
                }
            }
        }
    }

    /// Whether a frame has begun and is not over.
    pub(super) fn is_within_frame(&self) -> bool {
        !matches!(self.state, State::Header) || !self.kept.is_empty()
    }

    /// Takes bytes until so many are kept; false if there were too few.
    fn keep(&mut self, bytes: &mut &[u8], len: usize) -> bool {
        let missing = u32::try_from(len - self.kept.len()).unwrap_or(u32::MAX);
        self.kept.extend_from_slice(take(bytes, missing));
        self.kept.len() == len
    }

    fn header(&self) -> Result<Header, Fault> {
        let kind = self.kept[0];
        let header =
            self.kept.first_chunk().and_then(|bytes| Header::parse(*bytes)).ok_or(Fault::Malformed { kind })?;
        let most = match kind {
            DATA => DATA_MAX,
            HELLO => HELLO_MAX,
            _ => CONTROL_MAX,
        };
        if header.len > most {
            return Err(Fault::TooLong { kind, len: header.len });
        }
        if header.critical && kind != DATA && !Frame::is_known(kind) {
            return Err(Fault::Unknown { kind });
        }
        Ok(header)
    }
}

fn take<'a>(bytes: &mut &'a [u8], most: u32) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(bytes.len().min(most as usize));
    *bytes = rest;
    taken
}

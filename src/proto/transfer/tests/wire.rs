//! A stream of bytes to which something happens.

use std::collections::VecDeque;

use super::*;

/// One direction of a stream, and what happens to the bytes on it.
#[derive(Clone, Debug, Default)]
pub(super) struct Wire {
    pub(super) bytes: VecDeque<u8>,
    pub(super) sent: usize,
    pub(super) harm: Option<(usize, Harm)>,
    pub(super) is_cut: bool,
    /// Frames that were sent, as far as they are counted.
    frames: usize,
    /// One that the next overtakes.
    late: Option<Vec<u8>>,
}

/// What happens from a place in the stream on, or to the frame with that number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Harm {
    Cut,
    Flip {
        bit: u8,
    },
    Drop {
        len: usize,
    },
    Repeat {
        len: usize,
    },
    Swap {
        len: usize,
    },
    RepeatFrame,
    LoseFrame,
    /// It comes after the next one.
    SwapFrame,
}

impl Wire {
    pub(super) fn send(&mut self, bytes: &[u8]) {
        let mut bytes = match self.harm {
            Some((number, harm)) if harm.is_of_a_frame() => {
                frames(bytes).into_iter().flat_map(|frame| self.frame(frame, number, harm)).collect()
            }
            _ => bytes.to_vec(),
        };
        if let Some((at, harm)) = self.harm.filter(|(_, harm)| !harm.is_of_a_frame())
            && let Some(local) = at.checked_sub(self.sent)
            && local < bytes.len()
        {
            let end = |len: usize| (local + len).min(bytes.len());
            match harm {
                Harm::Cut => {
                    bytes.truncate(local);
                    self.is_cut = true;
                }
                Harm::Flip { bit } => bytes[local] ^= 1 << bit,
                Harm::Drop { len } => drop(bytes.drain(local..end(len))),
                Harm::Repeat { len } => {
                    let again = bytes[local..end(len)].to_vec();
                    bytes.splice(local..local, again);
                }
                Harm::Swap { len } => {
                    let middle = end(len);
                    bytes[local..].rotate_left(middle - local);
                }
                Harm::RepeatFrame | Harm::LoseFrame | Harm::SwapFrame => {}
            }
            self.harm = None;
        }
        self.sent += bytes.len();
        self.bytes.extend(bytes);
    }

    /// What comes of a frame.
    fn frame(&mut self, frame: &[u8], number: usize, harm: Harm) -> Vec<u8> {
        let is_it = self.frames == number;
        self.frames += 1;
        match harm {
            Harm::RepeatFrame if is_it => [frame, frame].concat(),
            Harm::LoseFrame if is_it => Vec::new(),
            Harm::SwapFrame if is_it => {
                self.late = Some(frame.to_vec());
                Vec::new()
            }
            _ => [frame, &self.late.take().unwrap_or_default()].concat(),
        }
    }

    pub(super) fn receive(&mut self, most: usize) -> Vec<u8> {
        let len = self.bytes.len().min(most);
        self.bytes.drain(..len).collect()
    }
}

impl Harm {
    fn is_of_a_frame(self) -> bool {
        matches!(self, Self::RepeatFrame | Self::LoseFrame | Self::SwapFrame)
    }
}

/// The bytes of each frame; the magic belongs to the first. One side sends whole ones alone.
fn frames(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let magic = if bytes.starts_with(&MAGIC) { MAGIC.len() } else { 0 };
        let len = u32::from_be_bytes(*bytes[magic + 4..].first_chunk().unwrap());
        let (frame, rest) = bytes.split_at(magic + DATA_HEADER + usize::try_from(len).unwrap());
        frames.push(frame);
        bytes = rest;
    }
    frames
}

pub(super) fn harm() -> impl Strategy<Value = Option<(usize, Harm)>> {
    let kind = prop_oneof![
        Just(Harm::Cut),
        (0..8_u8).prop_map(|bit| Harm::Flip { bit }),
        (1..40_usize).prop_map(|len| Harm::Drop { len }),
        (1..40_usize).prop_map(|len| Harm::Repeat { len }),
        (1..40_usize).prop_map(|len| Harm::Swap { len }),
    ];
    let of_a_frame = prop_oneof![Just(Harm::RepeatFrame), Just(Harm::LoseFrame), Just(Harm::SwapFrame)];
    prop::option::weighted(0.8, prop_oneof![2 => (0..1500_usize, kind), 1 => (0..24_usize, of_a_frame)])
}

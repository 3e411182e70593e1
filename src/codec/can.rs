//! CAN frames: the bytes that a Linux CAN socket carries, and the text that people write them in.
//!
//! A socket's frames are `struct can_frame` (16 bytes) and `struct canfd_frame` (72 bytes) of linux/can.h, in the
//! machine's byte order. The text is the one that the can-utils programs read and write: `123#DEADBEEF`.

pub mod bcm;
mod parts;
mod text;

pub use parts::FrameParts;
pub use text::{FrameTextError, FrameTextProblem};

/// Bytes of a `struct can_frame`.
pub const CLASSIC_SIZE: usize = 16;
/// Bytes of a `struct canfd_frame`.
pub const FD_SIZE: usize = 72;

/// The identifier has 29 bits instead of 11 (CAN_EFF_FLAG).
const EXTENDED: u32 = 0x8000_0000;
/// The frame asks for another one and has no data (CAN_RTR_FLAG).
const REMOTE: u32 = 0x4000_0000;
/// The controller reports an error, whose class the identifier is (CAN_ERR_FLAG).
const ERROR: u32 = 0x2000_0000;

/// The longest standard identifier.
pub const STANDARD_ID_MAX: u32 = 0x7ff;
/// The longest extended identifier.
pub const EXTENDED_ID_MAX: u32 = 0x1fff_ffff;

/// The payload lengths that a CAN FD frame can have, ISO 11898-1.
const FD_LENGTHS: [usize; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64];

/// What a frame's identifier names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Id {
    /// 11 bits.
    Standard(u16),
    /// 29 bits.
    Extended(u32),
    /// The class of an error that the controller reports, linux/can/error.h.
    Error(u32),
}

/// What follows the identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// 0 to 8 bytes.
    Data(Vec<u8>),
    /// A request for a frame with so many bytes, 0 to 8.
    Remote { len: u8 },
    /// 0 to 64 bytes, of a length that CAN FD knows.
    Fd {
        data: Vec<u8>,
        /// The data is sent at a second, higher bit rate (CANFD_BRS).
        bit_rate_switch: bool,
        /// The sender is error passive (CANFD_ESI).
        error_state: bool,
    },
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub id: Id,
    pub body: Body,
}

/// Why bytes are no frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error("{0} bytes; a frame has 16, an FD frame 72")]
    Size(usize),
    #[error("a length of {len}, of {max} at most")]
    Length { len: u8, max: usize },
}

const BIT_RATE_SWITCH: u8 = 0x01;
const ERROR_STATE: u8 = 0x02;
/// The frame came as CAN FD (CANFD_FDF); set for the kernels that look at it.
const FD_FORMAT: u8 = 0x04;

impl Frame {
    /// Reads what a receive call on a CAN socket returned.
    ///
    /// # Errors
    /// Another size than a frame has, or a length beyond the data's room.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrameError> {
        let max = match bytes.len() {
            CLASSIC_SIZE => 8,
            FD_SIZE => 64,
            size => return Err(FrameError::Size(size)),
        };
        let (head, data) = bytes.split_at(8);
        let word = u32::from_ne_bytes([head[0], head[1], head[2], head[3]]);
        let (len, flags) = (head[4], head[5]);
        let data = data.get(..usize::from(len)).filter(|_| usize::from(len) <= max);
        let data = data.ok_or(FrameError::Length { len, max })?.to_vec();
        let body = if max == 64 {
            Body::Fd { data, bit_rate_switch: flags & BIT_RATE_SWITCH != 0, error_state: flags & ERROR_STATE != 0 }
        } else if word & REMOTE != 0 {
            Body::Remote { len }
        } else {
            Body::Data(data)
        };
        Ok(Self { id: id_of(word), body })
    }

    /// As a send call on a CAN socket takes it. An FD frame's data is filled up with zeros to the next length that CAN FD
    /// knows.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let (size, data, len, flags): (_, &[u8], _, _) = match &self.body {
            Body::Data(data) => (CLASSIC_SIZE, data, data.len(), 0),
            Body::Remote { len } => (CLASSIC_SIZE, &[], usize::from(*len), 0),
            Body::Fd { data, bit_rate_switch, error_state } => {
                let flags = FD_FORMAT
                    | if *bit_rate_switch { BIT_RATE_SWITCH } else { 0 }
                    | if *error_state { ERROR_STATE } else { 0 };
                (FD_SIZE, data, fd_length(data.len()), flags)
            }
        };
        let mut bytes = vec![0; size];
        bytes[..4].copy_from_slice(&self.id_word().to_ne_bytes());
        bytes[4] = u8::try_from(len).unwrap_or(u8::MAX);
        bytes[5] = flags;
        bytes[8..8 + data.len()].copy_from_slice(data);
        bytes
    }

    fn id_word(&self) -> u32 {
        let remote = if matches!(self.body, Body::Remote { .. }) { REMOTE } else { 0 };
        remote
            | match self.id {
                Id::Standard(id) => u32::from(id),
                Id::Extended(id) => EXTENDED | id,
                Id::Error(class) => ERROR | class,
            }
    }
}

fn id_of(word: u32) -> Id {
    let id = word & EXTENDED_ID_MAX;
    if word & ERROR != 0 {
        Id::Error(id)
    } else if word & EXTENDED != 0 {
        Id::Extended(id)
    } else {
        Id::Standard((word & STANDARD_ID_MAX) as u16)
    }
}

/// The shortest length of a CAN FD frame that so many bytes fit into.
fn fd_length(len: usize) -> usize {
    FD_LENGTHS.into_iter().find(|length| *length >= len).unwrap_or(64)
}

/// A socket's frame as captures have it (LINKTYPE_CAN_SOCKETCAN): the identifier big-endian, and a frame of CAN FD marked
/// as one (CANFD_FDF). `None` for what is of neither size.
#[must_use]
pub fn in_capture(frame: &[u8]) -> Option<Vec<u8>> {
    const FDF: u8 = 0x04;
    let id = u32::from_ne_bytes(*frame.first_chunk()?);
    let mut captured = frame.to_vec();
    match captured.len() {
        CLASSIC_SIZE => {}
        FD_SIZE => captured[5] |= FDF,
        _ => return None,
    }
    captured[..4].copy_from_slice(&id.to_be_bytes());
    Some(captured)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As `cansend vcan0 123#DEADBEEF` puts it into the socket.
    #[test]
    fn a_frame_has_the_layout_of_the_kernel() {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&0x123u32.to_ne_bytes());
        bytes[4] = 4;
        bytes[8..12].copy_from_slice(&[0xde, 0xad, 0xbe, 0xef]);
        let frame = Frame { id: Id::Standard(0x123), body: Body::Data(vec![0xde, 0xad, 0xbe, 0xef]) };
        assert_eq!(Frame::from_bytes(&bytes), Ok(frame.clone()));
        assert_eq!(frame.to_bytes(), bytes);
    }

    #[test]
    fn flags_are_told_apart() {
        let read = |word: u32| {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&word.to_ne_bytes());
            bytes[4] = 2;
            Frame::from_bytes(&bytes).unwrap()
        };
        assert_eq!(read(0x9234_5678).id, Id::Extended(0x1234_5678));
        assert_eq!(read(0x4000_0123).body, Body::Remote { len: 2 });
        assert_eq!(read(0x2000_0004).id, Id::Error(4));
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        assert_eq!(Frame::from_bytes(&[0; 15]), Err(FrameError::Size(15)));
        let mut bytes = [0; 16];
        bytes[4] = 9;
        assert_eq!(Frame::from_bytes(&bytes), Err(FrameError::Length { len: 9, max: 8 }));
        let mut bytes = [0; 72];
        bytes[4] = 65;
        assert_eq!(Frame::from_bytes(&bytes), Err(FrameError::Length { len: 65, max: 64 }));
    }

    #[test]
    fn fd_data_is_filled_up() {
        let body = Body::Fd { data: vec![7; 9], bit_rate_switch: true, error_state: false };
        let bytes = Frame { id: Id::Standard(1), body }.to_bytes();
        assert_eq!((bytes.len(), bytes[4], bytes[5]), (72, 12, 5));
        assert_eq!(bytes[8..20], [7, 7, 7, 7, 7, 7, 7, 7, 7, 0, 0, 0]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..80),
            prop::collection::vec(any::<u8>(), 16),
            prop::collection::vec(any::<u8>(), 72),
        ]) {
            if let Ok(frame) = Frame::from_bytes(&bytes) {
                // What the kernel doesn't define (padding, an FD frame's odd length) may differ; the frame doesn't.
                if !matches!(&frame.body, Body::Fd { data, .. } if !FD_LENGTHS.contains(&data.len())) {
                    prop_assert_eq!(Frame::from_bytes(&frame.to_bytes()), Ok(frame));
                }
            }
        }
    }
}

//! Messages of the broadcast manager, CAN_BCM: `struct bcm_msg_head` of linux/can/bcm.h and the frames after it.
//!
//! The kernel sends a frame every so often by itself (TX_SETUP), or reports only frames that changed (RX_SETUP).

mod text;

use std::time::Duration;

pub use text::{MessageTextError, MessageTextProblem};

use super::{CLASSIC_SIZE, FD_SIZE, Frame};

/// Bytes of a `struct bcm_msg_head` where `long` has 64 bits.
pub const HEAD_SIZE: usize = 56;
/// Frames that one message can carry (MAX_NFRAMES in net/can/bcm.c).
pub const FRAMES_MAX: usize = 256;

/// What is asked of the kernel, or what it reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Opcode {
    /// Send these frames again and again.
    TxSetup = 1,
    TxDelete = 2,
    TxRead = 3,
    /// Send one frame once.
    TxSend = 4,
    /// Report frames with this identifier whose content changed.
    RxSetup = 5,
    RxDelete = 6,
    RxRead = 7,
    TxStatus = 8,
    /// All repetitions are sent.
    TxExpired = 9,
    RxStatus = 10,
    /// No frame came in time.
    RxTimeout = 11,
    /// A frame came whose content changed.
    RxChanged = 12,
}

impl Opcode {
    const ALL: [Self; 12] = [
        Self::TxSetup,
        Self::TxDelete,
        Self::TxRead,
        Self::TxSend,
        Self::RxSetup,
        Self::RxDelete,
        Self::RxRead,
        Self::TxStatus,
        Self::TxExpired,
        Self::RxStatus,
        Self::RxTimeout,
        Self::RxChanged,
    ];

    /// The name in linux/can/bcm.h.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TxSetup => "TX_SETUP",
            Self::TxDelete => "TX_DELETE",
            Self::TxRead => "TX_READ",
            Self::TxSend => "TX_SEND",
            Self::RxSetup => "RX_SETUP",
            Self::RxDelete => "RX_DELETE",
            Self::RxRead => "RX_READ",
            Self::TxStatus => "TX_STATUS",
            Self::TxExpired => "TX_EXPIRED",
            Self::RxStatus => "RX_STATUS",
            Self::RxTimeout => "RX_TIMEOUT",
            Self::RxChanged => "RX_CHANGED",
        }
    }

    /// The opcode with this name, whatever the case of its letters.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|opcode| opcode.name().eq_ignore_ascii_case(name))
    }
}

/// Use the intervals of this message (SETTIMER).
pub const SET_TIMER: u32 = 0x0001;
/// Start at once (STARTTIMER).
pub const START_TIMER: u32 = 0x0002;
/// The identifier alone is looked for, whatever the content (RX_FILTER_ID).
pub const RX_FILTER_ID: u32 = 0x0020;
/// The frames are CAN FD frames (CAN_FD_FRAME).
pub const FD_FRAMES: u32 = 0x0800;

/// Every flag with its name in linux/can/bcm.h.
pub(in crate::codec) const FLAGS: [(u32, &str); 12] = [
    (SET_TIMER, "SETTIMER"),
    (START_TIMER, "STARTTIMER"),
    (0x0004, "TX_COUNTEVT"),
    (0x0008, "TX_ANNOUNCE"),
    (0x0010, "TX_CP_CAN_ID"),
    (RX_FILTER_ID, "RX_FILTER_ID"),
    (0x0040, "RX_CHECK_DLC"),
    (0x0080, "RX_NO_AUTOTIMER"),
    (0x0100, "RX_ANNOUNCE_RESUME"),
    (0x0200, "TX_RESET_MULTI_IDX"),
    (0x0400, "RX_RTR_FRAME"),
    (FD_FRAMES, "CAN_FD_FRAME"),
];

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub opcode: Opcode,
    pub flags: u32,
    /// How often the first interval is used before the second one is.
    pub count: u32,
    /// Whole microseconds.
    pub first_interval: Duration,
    /// Whole microseconds.
    pub second_interval: Duration,
    /// As in a frame, flags included.
    pub id: u32,
    pub frames: Vec<Frame>,
}

/// Why bytes are no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    #[error("{0} bytes are no message of the broadcast manager")]
    Size(usize),
    #[error("no opcode {0}")]
    Opcode(u32),
    #[error("an interval that is no time")]
    Interval,
    #[error(transparent)]
    Frame(#[from] super::FrameError),
}

impl Message {
    /// Reads what a receive call on a CAN_BCM socket returned.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MessageError> {
        let size = || MessageError::Size(bytes.len());
        let (head, frames) = bytes.split_at_checked(HEAD_SIZE).ok_or_else(size)?;
        let opcode = word(head, 0);
        let opcode =
            Opcode::ALL.into_iter().find(|known| *known as u32 == opcode).ok_or(MessageError::Opcode(opcode))?;
        let flags = word(head, 4);
        let count = word(head, 52) as usize;
        let frame_size = if flags & FD_FRAMES != 0 { FD_SIZE } else { CLASSIC_SIZE };
        if count > FRAMES_MAX || frames.len() != count * frame_size {
            return Err(size());
        }
        Ok(Self {
            opcode,
            flags,
            count: word(head, 8),
            first_interval: interval(head, 16)?,
            second_interval: interval(head, 32)?,
            id: word(head, 48),
            frames: frames.chunks_exact(frame_size).map(Frame::from_bytes).collect::<Result<_, _>>()?,
        })
    }

    /// As a send call on a CAN_BCM socket takes it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; HEAD_SIZE];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(0, &(self.opcode as u32).to_ne_bytes());
        put(4, &self.flags.to_ne_bytes());
        put(8, &self.count.to_ne_bytes());
        for (at, interval) in [(16, self.first_interval), (32, self.second_interval)] {
            put(at, &interval.as_secs().to_ne_bytes());
            put(at + 8, &u64::from(interval.subsec_micros()).to_ne_bytes());
        }
        put(48, &self.id.to_ne_bytes());
        put(52, &u32::try_from(self.frames.len()).unwrap_or(u32::MAX).to_ne_bytes());
        bytes.extend(self.frames.iter().flat_map(Frame::to_bytes));
        bytes
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn interval(bytes: &[u8], at: usize) -> Result<Duration, MessageError> {
    let long = |at| (u64::from(word(bytes, at + 4)) << 32) | u64::from(word(bytes, at));
    let long = |at| if cfg!(target_endian = "big") { long(at).rotate_left(32) } else { long(at) };
    let micros = u32::try_from(long(at + 8)).ok().filter(|micros| *micros < 1_000_000).ok_or(MessageError::Interval)?;
    if long(at) > i64::MAX as u64 {
        return Err(MessageError::Interval);
    }
    Ok(Duration::new(long(at), micros * 1000))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cyclic() -> Message {
        Message {
            opcode: Opcode::TxSetup,
            flags: SET_TIMER | START_TIMER,
            count: 3,
            first_interval: Duration::from_millis(1500),
            second_interval: Duration::from_secs(2),
            id: 0x123,
            frames: vec!["123#DEADBEEF".parse().unwrap()],
        }
    }

    #[test]
    fn a_message_has_the_layout_of_the_kernel() {
        let bytes = cyclic().to_bytes();
        assert_eq!(bytes.len(), 56 + 16);
        assert_eq!(word(&bytes, 0), 1);
        assert_eq!((word(&bytes, 16), word(&bytes, 24), word(&bytes, 32)), (1, 500_000, 2));
        assert_eq!((word(&bytes, 48), word(&bytes, 52)), (0x123, 1));
        assert_eq!(Message::from_bytes(&bytes), Ok(cyclic()));
    }

    #[test]
    fn lengths_are_checked_before_they_are_used() {
        let mut bytes = cyclic().to_bytes();
        bytes[52..56].copy_from_slice(&u32::MAX.to_ne_bytes());
        assert_eq!(Message::from_bytes(&bytes), Err(MessageError::Size(72)));
        assert_eq!(Message::from_bytes(&[0; 55]), Err(MessageError::Size(55)));
        assert_eq!(Message::from_bytes(&[0; 56]), Err(MessageError::Opcode(0)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(
            mut bytes in prop::collection::vec(any::<u8>(), 0..140),
            opcode in 0u32..14,
            frames in 0u32..4,
        ) {
            if bytes.len() >= HEAD_SIZE {
                bytes[..4].copy_from_slice(&opcode.to_ne_bytes());
                bytes[52..56].copy_from_slice(&frames.to_ne_bytes());
            }
            let _ = Message::from_bytes(&bytes);
        }
    }
}

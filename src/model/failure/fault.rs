//! What is wrong with what the other side sent.

use serde::{Deserialize, Serialize};

/// What the other side of verified files did that it must not. The stream is of no more use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum TransferFault {
    TooLong {
        /// The frame's type.
        kind: u8,
        /// Bytes that it is to have.
        len: u32,
    },
    /// Of a type that this version doesn't know.
    Unknown { kind: u8 },
    /// A frame that is damaged or makes no sense.
    Malformed { kind: u8 },
    /// A frame where none of its type may be.
    OutOfPlace { kind: u8 },
    /// Data beyond the file's size.
    Beyond,
    /// Silence for too long.
    Idle,
}

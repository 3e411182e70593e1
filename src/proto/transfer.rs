//! Files that arrive whole, or say so: a protocol over any stream of bytes, TCP or Unix.
//!
//! # The order of things
//!
//! One side of a connection sends files, the other receives them, for the connection's whole life. The side that connected
//! is the *caller*. It speaks first; the *answerer* is silent until it has read the first bytes, so that a program which
//! knows nothing of this protocol is not disturbed. Whoever doesn't begin with the magic is such a program.
//!
//! ```text
//! caller                                   answerer
//!   MAGIC  HELLO(versions, features, role) →
//!                                        ← MAGIC  HELLO(the version, the features, the other role)
//! sender                                   receiver
//!   OFFER(id, kind, size, time, name)    →
//!                                        ← ACCEPT(id, offset, hash of the first `offset` bytes)   or CANCEL(id, reason)
//!   BEGIN(id, offset)  DATA…  END(id, size, hash)  →
//!                                        ← COMMIT(id)                                             or CANCEL(id, reason)
//!   … the next OFFER … then HEARD, DONE  →
//! ```
//!
//! - The receiver accepts at the offset up to which it holds the file already. The sender compares the hash with that of
//!   its own first bytes and begins there, or at 0 if they differ: what the receiver held is then of another file.
//! - The hash in END is that of the whole file. COMMIT is sent once that hash was found in what was received, the bytes are
//!   on the disk and the file has its name; nothing else means that a file has arrived.
//! - A small file need not wait for its answer: an *eager* OFFER is followed by BEGIN at 0, DATA and END at once, and by the
//!   next such OFFER. The receiver skips the data of one that it cancels.
//! - Either side ends a file with CANCEL at any moment. A sender that reads one stops at the next frame and says CANCEL of
//!   the same file itself, so that the receiver knows where its data ends; after END it says nothing any more.
//! - A side that works for long without sending a frame of its own (it asks its user, compares, waits for the disk, was
//!   told to pause) sends WORKING every few seconds.
//! - A sender may give up a file after its END too; the receiver does nothing about one that it has answered for.
//! - A sender that has nothing more to send for now, has read all answers, and knows of nothing that broke off, says HEARD.
//!   Until then nobody can tell at the receiver whether a COMMIT was read. A receiver should keep a note of what it said
//!   COMMIT for, beyond the connection's end: its name, size and time as they were offered, and its hash. Where the same is
//!   offered over a later connection, and the file is there still and untouched, it accepts it at its full size, so that
//!   BEGIN there and END are all that follows; of an eager one, or an empty one, whose hash turns out to be the same, it keeps
//!   the file that it has. It says COMMIT then for the file that is there once. Who sends the same again after HEARD, or over
//!   the same connection, means to: it is kept a second time. A sender of an earlier kind never says HEARD, which it need not.
//! - ACCEPT tells whoever offers a file of that name, size and time the hash of what the receiver has of it: of one that broke
//!   off, and of one that arrived until HEARD, and of no other.
//! - After DONE, of the sender's frames only CANCEL, WORKING and HEARD come. The receiver answers what is open still and finishes
//!   sending; then both close.
//!
//! # Frames
//!
//! All numbers are big-endian. A frame is type (1 byte), flags (1), two bytes that are zero, the length of what follows (4),
//! and that. Bit 0 of the flags says that a reader which doesn't know the type must give up; without it, it skips the frame.
//! All types below have it but WORKING and HEARD; the other bits are zero. The last 8 bytes of a frame that is not DATA are the first
//! 8 of BLAKE3 over all before them, the header too: what is damaged ends the connection.
//!
//! | type | | fields |
//! |---|---|---|
//! | 1 | HELLO | lowest version (2), highest version (2), features (8, none yet), role (1: 0 sends files, 1 receives) |
//! | 2 | OFFER | id (16), kind (1: 0 file, 1 folder), eager (1), size (8), modified (8: nanoseconds since 1970 UTC, signed; the lowest number: unknown), name (the rest: UTF-8, at most [`NAME_MAX`] bytes, components parted by `/`) |
//! | 3 | ACCEPT | id (16), offset (8), hash (32; zeros at offset 0) |
//! | 4 | BEGIN | id (16), offset (8) |
//! | 5 | DATA | bytes of the file that began last |
//! | 6 | END | id (16), size (8), hash (32) |
//! | 7 | COMMIT | id (16) |
//! | 8 | CANCEL | id (16), reason (1), words for a person (the rest: UTF-8) |
//! | 9 | WORKING | |
//! | 10 | DONE | |
//! | 11 | HEARD | |
//!
//! The reason in CANCEL: 1 nobody wants it, 2 no room, 3 over a limit, 4 no file can have the name, 5 it can't be read or
//! written, 6 it changed while it was sent, 7 stopped, 8 another hash, 9 stopped, and with it all that the sender has
//! queued, which it offers no more; any other is one that a later version knows.
//!
//! Hashes are BLAKE3 of 32 bytes. DATA has at most [`DATA_MAX`] bytes, HELLO [`HELLO_MAX`], every other frame
//! [`CONTROL_MAX`]; a longer one, and anything else where HELLO belongs, is an error before anything is kept of it. Ids are
//! random and never used twice.
//!
//! Errors, which end the connection: an ACCEPT above the size, or of an eager offer whose data is still going out (of one
//! whose END was said it is late, and nothing); a BEGIN at an offset that was not accepted; DATA beyond the size; an END at
//! another size; an OFFER or HEARD while a file is on the stream, with the id of one that has no answer yet, or with 1024 that have
//! none.
//!
//! # Versions
//!
//! The answerer takes the highest version that both speak and says it as lowest and highest. Where they have none in common
//! it says its own lowest and highest, and the role that fits the caller's; neither says anything after that, and the caller
//! closes. It does so too when it hears its own role: who can't do the other says so by its HELLO.
//!
//! # Time
//!
//! The hello has to be there [`HELLO_WITHIN`] after the connection, whatever came until then; who has begun the magic by
//! then and not ended it is a program that knows nothing of this. Later, each side gives up
//! when the other has neither completed a frame nor moved [`IDLE_BYTES`] of data within [`IDLE`], or has read no more than
//! that of what is said to it: single bytes at long intervals keep nobody waiting.

mod deadline;
mod frame;
mod frame_reader;
mod greeting;
mod patience;
mod receiver;
mod sender;
mod side;

use std::time::Duration;

use self::deadline::Deadline;
pub use self::frame::{DATA_HEADER, Frame, Hello, Kind, NAME_MAX, Offer, TransferKey, data_header};
pub use self::frame_reader::Fault;
pub use self::greeting::{Agreed, Answerer, Caller, First, Misunderstanding, Role};
pub use self::patience::Patience;
pub use self::receiver::{ReceiveStep, Receiver};
pub use self::sender::{SendStep, Sender};

/// What both sides begin with. No file's name and no text: it has a NUL and a byte that UTF-8 hasn't.
pub const MAGIC: [u8; 8] = *b"\xffSOCK\0\r\n";

/// The versions of the protocol that this program speaks.
pub const VERSIONS: std::ops::RangeInclusive<u16> = 1..=1;

/// The most bytes in a frame of DATA.
pub const DATA_MAX: u32 = 1 << 20;

/// The most bytes in a hello: that of a later version may have more to say.
pub const HELLO_MAX: u32 = 1 << 10;

/// The most bytes in any other frame.
pub const CONTROL_MAX: u32 = 64 << 10;

/// How long after the connection the other side's hello may take.
pub const HELLO_WITHIN: Duration = Duration::from_secs(10);

/// How long the other side may take for a frame, or for [`IDLE_BYTES`].
pub const IDLE: Duration = Duration::from_secs(30);

/// Fewer bytes of data than these within [`IDLE`] are as good as none.
pub const IDLE_BYTES: u64 = 4096;

/// How often a side says that it works.
pub const WORKING_EVERY: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;

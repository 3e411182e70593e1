//! Bytes: text encodings, hex, escapes, file names. No I/O, no clock, no threads; nothing of this crate is imported.

pub mod compose;
pub mod dump;
pub mod encoding;
pub mod escapes;
pub mod file_name;
pub mod hex;

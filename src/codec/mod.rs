//! Bytes: text encodings, hex, escapes, dumps, file names, sizes. No I/O, no clock, no threads; nothing of this crate is
//! imported.

pub mod can;
pub mod capture;
pub mod compare;
pub mod compose;
pub mod content_type;
pub mod decode;
pub mod dump;
pub mod encoding;
pub mod escapes;
pub mod file_name;
pub mod hex;
pub mod icmp;
pub mod ipv4;
pub mod percent;
pub mod prefix_hash;
pub mod size;
pub mod values;
pub mod visible;
pub mod websocket;

mod stream;

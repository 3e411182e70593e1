//! Answers to a browser: HTTP/1.1 (RFC 9110, RFC 9112) with GET and HEAD, and WebSocket (RFC 6455).
//!
//! What a peer sends is hostile until it is proved to be a request. Nothing is guessed: what can be read in two ways is
//! refused, with a page that says why, and the connection ends. Answers come in the order of the requests.

mod conversation;
mod hosts;
mod listing;
mod messages;
mod page;
mod path;
mod range;
mod request;
mod response;

use std::time::{Duration, Instant, SystemTime};

pub use conversation::{Conversation, Opened, Step};
pub use hosts::Hosts;

/// The present, by the clock that never jumps, for deadlines, and by the one that people read, for the `Date` header.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub now: Instant,
    pub wall: SystemTime,
}

/// The longest head of a request, in bytes.
pub const HEAD_MAX: usize = 16 << 10;
/// The longest body of a request, in bytes; it is read and thrown away.
pub const BODY_MAX: u64 = 1 << 20;
/// The longest WebSocket message, in bytes.
pub const MESSAGE_MAX: usize = 1 << 20;

/// How long a connection may lie idle between requests, and before the first: browsers open some in advance.
pub const IDLE: Duration = Duration::from_secs(60);
/// How long a request's head may take from its first byte: one that comes a byte at a time holds a thread up no longer.
pub const HEAD_TIME: Duration = Duration::from_secs(10);
/// The same for a body.
pub const BODY_TIME: Duration = Duration::from_secs(30);
/// How long the peer may take to close once this side has: closing at once, with bytes of the peer unread, would reset the
/// connection under the answer (RFC 9112, section 9.6).
pub const LINGER: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;

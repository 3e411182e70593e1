//! Files to and from plain programs, which have no protocol but an order of events: the bytes alone (raw), or the name
//! in the first send, a pause, the bytes, and close (the tutorial's way).
//!
//! A stream keeps no message borders, so that a name in its own receive is a habit of networks, not a promise. What is
//! certain here is only that no byte is lost: every one ends up in the file's name or in its content.

mod receiver;
mod sender;

pub use receiver::{Begin, PlainReceiver, Received, Way};
pub use sender::{SendStep, TutorialSender};

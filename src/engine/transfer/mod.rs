//! Files on their way: bytes between `net` and `store`, decisions from `proto`, one row of the journal each.

mod meter;
mod plain_receiving;
mod receiving;
mod sending;
mod ticket;
mod verified;

pub(super) use receiving::Receiving;
use sending::unsent;
pub(super) use sending::{refuse, send};
pub(super) use verified::Dialogue;

//! Files on their way: bytes between `net` and `store`, decisions from `proto`, one row of the journal each.

mod meter;
mod receiving;
mod sending;
mod ticket;

pub(super) use receiving::Receiving;
pub(super) use sending::{refuse, send};

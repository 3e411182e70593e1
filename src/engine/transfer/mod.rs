//! Files on their way: bytes between `net` and `store`, decisions from `proto`, one row of the journal each.

mod admittance;
mod first_bytes;
mod meter;
mod plain_receiving;
mod receiving;
mod reins;
mod sending;
mod splitting;
mod ticket;
mod verified;

pub(super) use admittance::Admittance;
pub(super) use first_bytes::{FirstBytes, Held};
pub(super) use receiving::Receiving;
pub(super) use reins::Reins;
use sending::unsent;
pub(super) use sending::{refuse, send};
pub(super) use splitting::split;
pub(super) use verified::Dialogue;

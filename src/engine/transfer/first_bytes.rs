//! The first bytes of an accepted connection, until they show whether they begin verified files.

use crate::model::Stamp;
use crate::proto::transfer::First;

/// What one receive call returned, to be shown as it came.
pub(in crate::engine) struct Held {
    pub(in crate::engine) stamp: Stamp,
    pub(in crate::engine) stream_offset: u64,
    pub(in crate::engine) bytes: Vec<u8>,
}

/// Held back while they may be those of the magic. Anything else lets them go at once, a moment's silence too.
#[derive(Default)]
pub(in crate::engine) struct FirstBytes {
    held: Vec<Held>,
}

impl FirstBytes {
    /// What all that came is, together with these.
    pub(in crate::engine) fn with(&self, bytes: &[u8]) -> First {
        First::of(&[&self.all(), bytes].concat())
    }

    pub(in crate::engine) fn hold(&mut self, held: Held) {
        self.held.push(held);
    }

    pub(in crate::engine) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// All of them in one.
    pub(in crate::engine) fn all(&self) -> Vec<u8> {
        self.held.iter().flat_map(|held| held.bytes.iter().copied()).collect()
    }

    /// Call by call.
    pub(in crate::engine) fn let_go(self) -> Vec<Held> {
        self.held
    }
}

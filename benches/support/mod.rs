//! What all benches share: programs that are started, what the machine is, and how it is told.

#![allow(dead_code, reason = "each bench uses its own part")]

pub(crate) mod child;
pub(crate) mod display;
pub(crate) mod machine;
pub(crate) mod pointer;
pub(crate) mod processor;
pub(crate) mod report;
pub(crate) mod room;
pub(crate) mod sections;
pub(crate) mod window;

use std::fmt;

/// The program under measurement, built by cargo for this bench.
pub(crate) const SOCKEYE: &str = env!("CARGO_BIN_EXE_sockeye");

/// Why something could not be measured.
#[derive(Debug)]
pub(crate) struct Trouble(pub(crate) String);

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

pub(crate) type Measured<T> = Result<T, Trouble>;

/// The middle one; of an even number, the lower of the two in the middle.
pub(crate) fn median<T: Copy + Ord>(values: &[T]) -> Option<T> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

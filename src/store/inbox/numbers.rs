//! What tells files of one name apart.

use std::hash::{BuildHasher as _, RandomState};
use std::iter;

/// So many have numbers that follow each other. Each may cost a call, for every file that finds them taken.
pub(super) const IN_ORDER: u32 = 1000;

/// Tries by chance. One is enough as a rule: they are out of four billion.
const BY_CHANCE: usize = 16;

/// The numbers in the order in which they are tried; 1 stands for the name alone. Behind those that follow each other come
/// some by chance: however many files have a name, the next one is kept too.
pub(super) fn numbers() -> impl Iterator<Item = u32> {
    (1..=IN_ORDER).chain(iter::repeat_with(random).take(BY_CHANCE))
}

/// The hasher's keys are the system's random bytes, and new each time.
pub(super) fn random() -> u32 {
    u32::try_from(RandomState::new().hash_one(0) >> 32).unwrap_or(u32::MAX)
}

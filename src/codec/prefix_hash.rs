//! BLAKE3 of a file that grows, so that the hash of what is there already needs no second look at it.
//!
//! BLAKE3 hashes a tree (its paper, section 2.1). The value above each [`GROUP`] bytes is kept; from these, the hash of
//! any prefix of whole groups follows without the bytes below them, and hashing goes on after the last.

use blake3::Hasher;
use blake3::hazmat::{ChainingValue, HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root};

/// Bytes below one kept value. A power of two, which makes it a whole subtree.
pub const GROUP: u64 = 2 << 20;

/// Bytes of a hash, and of the value of a group.
pub const HASH_LEN: usize = 32;

/// A hash, as BLAKE3 gives it.
pub type Hash = [u8; HASH_LEN];

/// What has been hashed so far, and how to go on.
#[derive(Clone, Debug)]
pub struct PrefixHasher {
    /// The values of the groups that are over, in their order.
    groups: Vec<ChainingValue>,
    /// The group that is not over: it may be full, as the last one is not an inner node of a tree if it is the only one.
    open: Hasher,
    open_len: u64,
}

impl Default for PrefixHasher {
    fn default() -> Self {
        Self { groups: Vec::new(), open: Hasher::new(), open_len: 0 }
    }
}

impl PrefixHasher {
    /// Goes on after whole groups that were hashed before, in this process or another.
    #[must_use]
    pub fn resume(groups: Vec<Hash>) -> Self {
        let mut hasher = Self { open: Hasher::new(), groups, open_len: 0 };
        hasher.open_group();
        hasher
    }

    /// Takes the next bytes of the file.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.open_len == GROUP {
                self.groups.push(self.open.finalize_non_root());
                self.open_group();
            }
            let room = usize::try_from(GROUP - self.open_len).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(bytes.len().min(room));
            self.open.update(now);
            self.open_len += now.len() as u64;
            bytes = later;
        }
    }

    fn open_group(&mut self) {
        self.open = Hasher::new();
        self.open.set_input_offset(self.groups.len() as u64 * GROUP);
        self.open_len = 0;
    }

    /// Bytes hashed.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.groups.len() as u64 * GROUP + self.open_len
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values of the whole groups that are over, for [`Self::resume`] and [`of_groups`].
    #[must_use]
    pub fn groups(&self) -> &[Hash] {
        &self.groups
    }

    /// BLAKE3 of all bytes so far. `None` for one that went on after a single group and has got nothing since: its hash
    /// can't be told from the value alone.
    #[must_use]
    pub fn finish(&self) -> Option<Hash> {
        match (self.groups.as_slice(), self.open_len) {
            ([], _) => Some(*self.open.finalize().as_bytes()),
            (groups, 0) => of_groups(groups),
            (groups, _) => of_groups(&[groups, &[self.open.finalize_non_root()]].concat()),
        }
    }
}

/// BLAKE3 of the prefix that lies below these values, the last of which may stand for less than a group. `None` for fewer
/// than two: a lone subtree is hashed another way than an inner one.
#[must_use]
pub fn of_groups(groups: &[Hash]) -> Option<Hash> {
    let (left, right) = split(groups)?;
    Some(*merge_subtrees_root(&inner(left), &inner(right), Mode::Hash).as_bytes())
}

fn inner(groups: &[Hash]) -> ChainingValue {
    match split(groups) {
        Some((left, right)) => merge_subtrees_non_root(&inner(left), &inner(right), Mode::Hash),
        None => groups.first().copied().unwrap_or_default(),
    }
}

/// The left subtree is the largest whole one that leaves something to the right.
fn split(groups: &[Hash]) -> Option<(&[Hash], &[Hash])> {
    let last = groups.len().checked_sub(1).filter(|last| *last > 0)?;
    Some(groups.split_at(1 << last.ilog2()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes without a period that a group has.
    fn bytes(len: u64) -> Vec<u8> {
        (0..len).map(|at| (at % 251) as u8 ^ (at >> 13) as u8).collect()
    }

    fn lengths() -> impl Iterator<Item = u64> {
        (0..6).flat_map(|groups| [0, 1, 1023, 1025, GROUP - 1].map(|more| groups * GROUP + more))
    }

    #[test]
    fn it_is_blake3_however_the_bytes_are_cut() {
        let all = bytes(6 * GROUP);
        for len in lengths() {
            let part = &all[..len as usize];
            let expected = Some(*blake3::hash(part).as_bytes());
            for piece in [part.len().max(1), 1 << 20, 777_777] {
                let mut hasher = PrefixHasher::default();
                part.chunks(piece).for_each(|bytes| hasher.update(bytes));
                assert_eq!((hasher.len(), hasher.finish()), (len, expected), "{len} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn it_goes_on_after_any_group() {
        let all = bytes(5 * GROUP + 99);
        let mut whole = PrefixHasher::default();
        whole.update(&all);
        assert_eq!(whole.groups().len(), 5);
        for kept in 0..=5 {
            let from = kept * GROUP as usize;
            let mut later = PrefixHasher::resume(whole.groups()[..kept].to_vec());
            assert_eq!(later.len(), from as u64);
            if kept != 1 {
                assert_eq!(later.finish(), Some(*blake3::hash(&all[..from]).as_bytes()), "{kept}");
            }
            later.update(&all[from..]);
            assert_eq!(later.finish(), whole.finish(), "{kept}");
        }
    }

    #[test]
    fn the_hash_of_a_prefix_needs_its_groups_alone() {
        let all = bytes(5 * GROUP + 1);
        let mut whole = PrefixHasher::default();
        whole.update(&all);
        for kept in 2..=5 {
            let expected = *blake3::hash(&all[..kept * GROUP as usize]).as_bytes();
            assert_eq!(of_groups(&whole.groups()[..kept]), Some(expected));
        }
        assert_eq!((of_groups(&[]), of_groups(&whole.groups()[..1])), (None, None));
        assert_eq!(PrefixHasher::resume(whole.groups()[..1].to_vec()).finish(), None);
    }
}

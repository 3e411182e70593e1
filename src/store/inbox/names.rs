use std::collections::HashSet;
use std::io;
use std::time::{Duration, Instant};

use unicode_normalization::UnicodeNormalization;

use crate::store::folder::Folder;

/// For how long a folder's names are taken to be what was read: ten thousand small files would else mean ten thousand
/// readings. A name that comes into being meanwhile is not replaced either: the system refuses that.
const FRESH: Duration = Duration::from_secs(1);

/// The names in a folder, told apart as the platform does that tells the fewest apart: letter case and Unicode's forms
/// don't count.
#[derive(Debug, Default)]
pub(super) struct Names {
    read: Option<Instant>,
    taken: HashSet<String>,
}

impl Names {
    /// # Errors
    /// The folder can't be read.
    pub(super) fn refresh(&mut self, folder: &Folder) -> io::Result<()> {
        if self.read.is_none_or(|read| read.elapsed() >= FRESH) {
            self.taken = folder.names()?.iter().map(|name| key(&name.to_string_lossy())).collect();
            self.read = Some(Instant::now());
        }
        Ok(())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.taken.contains(&key(name))
    }

    pub(super) fn add(&mut self, name: &str) {
        self.taken.insert(key(name));
    }
}

/// Upper case unites what lower case keeps apart, as the two small sigmas and `ß` with `ss`; lower case before it what upper
/// case keeps apart, as the capital `ß`. Together they unite what Unicode's full case folding does, and a few letters more.
fn key(name: &str) -> String {
    name.nfc().collect::<String>().to_lowercase().to_uppercase().nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_where_any_system_takes_them_for_one() {
        let same = [["A.TXT", "a.txt"], ["é", "E\u{301}"], ["ΟΔΟΣ", "οδος"], ["οδοσ", "οδος"], ["STRASSE", "straße"]];
        let rarer = [["STRAẞE", "strasse"], ["ſ", "S"], ["\u{212a}", "k"], ["ΐ", "Ϊ\u{301}"], ["ﬁ", "FI"]];
        for [one, other] in same.into_iter().chain(rarer) {
            let mut names = Names::default();
            names.add(one);
            assert!(names.has(other), "{one} and {other}");
        }
        let mut names = Names::default();
        names.add("a");
        assert!(!names.has("ä") && !names.has("а"), "a letter like it is another");
    }
}

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

fn key(name: &str) -> String {
    name.nfc().collect::<String>().to_lowercase()
}

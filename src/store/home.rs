//! Where a person's own files are.

use std::path::PathBuf;

/// The person's home folder; `None` where the system names none.
#[must_use]
pub fn folder() -> Option<PathBuf> {
    directories::BaseDirs::new().map(|folders| folders.home_dir().to_owned())
}

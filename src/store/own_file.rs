//! Small files of this program's own: read whole, written whole, kept aside when they are damaged.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use super::replacement::Replacement;

/// Names the folder of all such files in place of the system's usual ones.
const FOLDER_VARIABLE: &str = "SOCKEYE_CONFIG_DIR";

/// Damaged files that are kept aside at most.
const ASIDE_MAX: u32 = 1000;

/// The path in the folder that `SOCKEYE_CONFIG_DIR` names, else in the one that `usual` picks; `None` where the system
/// knows none.
pub(super) fn path_of(name: &str, usual: impl FnOnce(&ProjectDirs) -> &Path) -> Option<PathBuf> {
    let folder = match std::env::var_os(FOLDER_VARIABLE).filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => usual(&ProjectDirs::from("", "", "sockeye")?).to_owned(),
    };
    Some(folder.join(name))
}

/// # Errors
/// What the system says; `FileTooLarge` for more than `most` bytes, which this program did not write.
pub(super) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    if metadata.len() > most {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    fs::read(path)
}

/// Writes to a temporary file, waits until it is on disk, and renames it over the old one. The folder is created where it
/// is missing.
///
/// # Errors
/// What the system says; the old file is then unharmed.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let replacement = Replacement::create(path)?;
    replacement.file().write_all(bytes)?;
    replacement.commit()
}

/// Writes what a file held to `<stem>.damaged-<n>.<extension>` beside it. Copies rather than moves: until the file is
/// written again, what is whole in it is still wanted.
///
/// # Errors
/// What the system says.
pub(super) fn keep_aside(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let [stem, extension] = [path.file_stem(), path.extension()].map(|part| part.unwrap_or_default().to_string_lossy());
    for number in 1..=ASIDE_MAX {
        let aside = path.with_file_name(format!("{stem}.damaged-{number}.{extension}"));
        match OpenOptions::new().write(true).create_new(true).open(&aside) {
            Ok(mut file) => return file.write_all(bytes),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // Started twice without saving: the same damage need not be kept twice.
                if read(&aside, bytes.len() as u64).is_ok_and(|kept| kept == bytes) {
                    return Ok(());
                }
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

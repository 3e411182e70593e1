//! Small files of this program's own: read whole, written whole, kept aside when they are damaged.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use super::replacement::{Replacement, remove, sync_folder_of, take_name};
use crate::model::Cause;

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
        return Err(not_a_regular_file());
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

fn not_a_regular_file() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")
}

/// Why one of these functions failed.
pub(super) fn cause(error: &io::Error) -> Cause {
    // EINVAL has a number: what has none is from here.
    let is_ours = error.kind() == io::ErrorKind::InvalidInput && error.raw_os_error().is_none();
    if is_ours { Cause::NotARegularFile } else { Cause::from(error) }
}

/// The names of damaged files, `<stem>.damaged-<n>.<extension>`, beside a file.
fn aside_of(path: &Path) -> impl Iterator<Item = PathBuf> {
    let [stem, extension] = [path.file_stem(), path.extension()].map(|part| part.unwrap_or_default().to_string_lossy());
    (1..=ASIDE_MAX).map(move |number| path.with_file_name(format!("{stem}.damaged-{number}.{extension}")))
}

/// Writes what a file held to `<stem>.damaged-<n>.<extension>` beside it, and waits until it is on disk. Copies rather than
/// moves: until the file is written again, what is whole in it is still wanted.
///
/// # Errors
/// What the system says; there is no copy then.
pub(super) fn keep_aside(path: &Path, bytes: &[u8]) -> io::Result<()> {
    for aside in aside_of(path) {
        match OpenOptions::new().write(true).create_new(true).open(&aside) {
            Ok(mut file) => {
                let written = file.write_all(bytes).and_then(|()| file.sync_all());
                return written.and_then(|()| sync_folder_of(&aside)).inspect_err(|_| remove(&aside));
            }
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

/// Gives a file that can't be read the name `<stem>.damaged-<n>.<extension>`: in a folder of one's own, this works for
/// files of others too. A link moves, what it leads to stays where it is.
///
/// # Errors
/// What the system says; `InvalidInput` for what is no regular file, which nothing is written over. The file has its own
/// name still, unless it is of the folder that nobody knows which of the two names is on disk.
pub(super) fn move_aside(path: &Path) -> io::Result<()> {
    if !fs::metadata(path)?.is_file() {
        return Err(not_a_regular_file());
    }
    for aside in aside_of(path) {
        match take_name(path, &aside) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            taken => return taken.and_then(|()| sync_folder_of(&aside)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

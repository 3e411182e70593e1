//! The settings file: TOML, written whole, read value by value.

mod repair;
mod values;

use std::io;
use std::path::{Path, PathBuf};

use crate::model::{Damage, Failure, Operation, Settings};
use crate::store::advice::file_failure;
use crate::store::own_file;

/// A longer settings file, in bytes, was not written by this program.
const SIZE_MAX: u64 = 64 << 20;

/// `settings.toml` in the folder that `SOCKEYE_CONFIG_DIR` names, else in the user's folder for configuration; `None`
/// where the system knows no such folder.
#[must_use]
pub fn default_path() -> Option<PathBuf> {
    own_file::path_of("settings.toml", |folders| folders.config_dir())
}

/// Reads the settings. No file means defaults. What can't be read costs itself only: a line that is no TOML, or a value
/// of a wrong type or out of range, takes its default and is reported; keys that are not known are passed over. If
/// anything was damaged, a copy of the file is kept as `settings.damaged-<n>.toml` beside it. A file that can't be read
/// is given such a name itself. Where there is neither, that is reported as [`Damage::NotKept`].
#[must_use]
pub fn load(path: &Path) -> (Settings, Vec<Damage>) {
    let bytes = match own_file::read(path, SIZE_MAX) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return (Settings::default(), Vec::new()),
        Err(error) => {
            let mut damage = vec![Damage::Whole(own_file::cause(&error))];
            damage.extend(own_file::move_aside(path).err().map(|error| not_kept(&error)));
            return (Settings::default(), damage);
        }
    };
    let (settings, mut damage) = parse(&bytes);
    if !damage.is_empty() {
        damage.extend(own_file::keep_aside(path, &bytes).err().map(|error| not_kept(&error)));
    }
    (settings, damage)
}

fn parse(bytes: &[u8]) -> (Settings, Vec<Damage>) {
    let (table, mut damage) = repair::parse(bytes);
    let settings = values::settings(&table, &mut damage);
    (settings, damage)
}

fn not_kept(error: &io::Error) -> Damage {
    Damage::NotKept(own_file::cause(error))
}

/// Writes the settings to a temporary file, waits until it is on disk, and renames it over the old one. The folder is
/// created where it is missing.
///
/// # Errors
/// What the system says; the old file is then unharmed.
pub fn save(path: &Path, settings: &Settings) -> Result<(), Failure> {
    try_save(path, settings).map_err(|error| file_failure(Operation::SaveSettings, path.display(), &error))
}

fn try_save(path: &Path, settings: &Settings) -> io::Result<()> {
    let text = toml::to_string(settings).map_err(io::Error::other)?;
    own_file::write(path, text.as_bytes())
}

#[cfg(test)]
mod tests;

//! The settings file: TOML, written whole, read value by value.

mod repair;
mod values;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::model::{Damage, Failure, Operation, Settings};
use crate::store::advice::file_failure;
use crate::store::replacement::Replacement;

/// Names the folder of the settings file in place of the system's usual one.
const FOLDER_VARIABLE: &str = "SOCKEYE_CONFIG_DIR";

/// A longer settings file, in bytes, was not written by this program.
const SIZE_MAX: u64 = 64 << 20;

/// Damaged files that are kept aside at most.
const ASIDE_MAX: u32 = 1000;

/// `settings.toml` in the folder that `SOCKEYE_CONFIG_DIR` names, else in the user's folder for configuration; `None`
/// where the system knows no such folder.
#[must_use]
pub fn default_path() -> Option<PathBuf> {
    let folder = match std::env::var_os(FOLDER_VARIABLE).filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => directories::ProjectDirs::from("", "", "sockeye")?.config_dir().to_owned(),
    };
    Some(folder.join("settings.toml"))
}

/// Reads the settings. No file means defaults. What can't be read costs itself only: a line that is no TOML, or a value
/// of a wrong type or out of range, takes its default and is reported; keys that are not known are passed over. If
/// anything was damaged, a copy of the file is kept as `settings.damaged-<n>.toml` beside it.
#[must_use]
pub fn load(path: &Path) -> (Settings, Vec<Damage>) {
    let bytes = match read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return (Settings::default(), Vec::new()),
        Err(error) => return (Settings::default(), vec![file_damage(&error)]),
    };
    let (settings, mut damage) = parse(&bytes);
    if !damage.is_empty()
        && let Err(error) = keep_aside(path, &bytes)
    {
        damage.push(file_damage(&error));
    }
    (settings, damage)
}

fn parse(bytes: &[u8]) -> (Settings, Vec<Damage>) {
    let (table, mut damage) = repair::parse(bytes);
    let settings = values::settings(&table, &mut damage);
    (settings, damage)
}

fn file_damage(error: &io::Error) -> Damage {
    Damage { key: String::new(), problem: error.to_string() }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    if metadata.len() > SIZE_MAX {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    fs::read(path)
}

/// Copies rather than moves: until the settings are saved again, the values that are whole are still wanted.
fn keep_aside(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    for number in 1..=ASIDE_MAX {
        let aside = path.with_file_name(format!("{stem}.damaged-{number}.toml"));
        match fs::OpenOptions::new().write(true).create_new(true).open(&aside) {
            Ok(mut file) => return file.write_all(bytes),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // Started twice without saving: the same damage need not be kept twice.
                if read(&aside).is_ok_and(|kept| kept == bytes) {
                    return Ok(());
                }
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
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
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let replacement = Replacement::create(path)?;
    replacement.file().write_all(text.as_bytes())?;
    replacement.commit()
}

#[cfg(test)]
mod tests;

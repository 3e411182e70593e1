//! Where files are put while they are measured.

use std::fs;
use std::path::{Path, PathBuf};

use super::Measured;

/// A folder in memory, so that no disk is measured; gone when dropped.
pub(crate) fn memory_folder() -> Measured<tempfile::TempDir> {
    let shared = PathBuf::from("/dev/shm");
    let parent = if shared.is_dir() { shared } else { std::env::temp_dir() };
    Ok(tempfile::Builder::new().prefix("sockeye-bench-").tempdir_in(parent)?)
}

/// Bytes that can still be written below a folder, kept in memory: no more than the memory that is left.
pub(crate) fn room(folder: &Path) -> u64 {
    let space =
        nix::sys::statvfs::statvfs(folder).map_or(0, |system| system.blocks_available() * system.fragment_size());
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let available = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kilobytes = available.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    space.min(kilobytes.unwrap_or(0) * 1024)
}

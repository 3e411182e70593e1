//! An opened folder, and calls relative to it: should its path come to mean another one, they still reach this one.

#[cfg(not(unix))]
#[path = "folder/other.rs"]
mod system;
#[cfg(unix)]
#[path = "folder/unix.rs"]
mod system;

pub(super) use system::Folder;

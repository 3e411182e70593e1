//! What `/proc` tells of a process.

use std::fs;
use std::path::Path;

use crate::model::{PeerProcess, PortOwner};

/// With the process's name, where it can still be found: not on other systems than Linux, nor once it has ended.
#[must_use]
pub fn named(mut process: PeerProcess) -> PeerProcess {
    process.name = process.pid.and_then(|pid| name_in(Path::new("/proc"), pid));
    process
}

/// The command's short name (proc_pid_comm(5)).
pub(super) fn name_in(proc: &Path, pid: u32) -> Option<String> {
    let name = fs::read(proc.join(format!("{pid}/comm"))).ok()?;
    Some(String::from_utf8_lossy(&name).trim_end().to_owned())
}

/// The process that holds the socket with this inode, of several the first; `None` where it is another user's, into whose
/// descriptors this process may not look.
pub(super) fn owner_in(proc: &Path, inode: u64) -> Option<PortOwner> {
    let pid = processes(proc).find(|pid| holds_socket(&proc.join(format!("{pid}/fd")), inode))?;
    Some(PortOwner { pid, name: name_in(proc, pid)? })
}

fn processes(proc: &Path) -> impl Iterator<Item = u32> {
    let entries = fs::read_dir(proc).ok().into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

fn holds_socket(descriptors: &Path, inode: u64) -> bool {
    let name = format!("socket:[{inode}]");
    fs::read_dir(descriptors)
        .ok()
        .into_iter()
        .flatten()
        .flatten()
        .any(|descriptor| fs::read_link(descriptor.path()).is_ok_and(|target| target.as_os_str() == name.as_str()))
}

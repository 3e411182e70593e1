//! What `/proc` tells of a process.

use std::fs;
use std::path::Path;

use crate::model::PeerProcess;

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

//! What the figures were taken on, and what /proc knows of a process.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{Measured, SOCKEYE, Trouble};

pub(crate) fn describe() {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("\t: unknown processor");
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let size = fs::metadata(SOCKEYE).map_or(0, |metadata| metadata.len());
    println!("{cores} cores,{}; Linux {}", model.trim_start_matches(['\t', ':']), kernel.trim());
    println!("program: {:.1} MB", size as f64 / 1e6);
}

/// The load of the last minute: what else competes for the cores.
pub(crate) fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or("unknown").to_owned()
}

/// Whether a program is on the path.
pub(crate) fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Looks until `condition` gives something. For what a foreign program offers no other way to wait for.
pub(crate) fn poll<T>(
    what: &str,
    every: Duration,
    patience: Duration,
    mut condition: impl FnMut() -> Option<T>,
) -> Measured<T> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(value) = condition() {
            return Ok(value);
        }
        if Instant::now() > deadline {
            return Err(Trouble(format!("{what}: not within {patience:?}")));
        }
        sleep(every);
    }
}

/// Whether some TCP socket of this host listens on the port.
pub(crate) fn listens(port: u16) -> bool {
    ["/proc/net/tcp", "/proc/net/tcp6"].iter().any(|path| {
        fs::read_to_string(path).is_ok_and(|table| {
            table.lines().skip(1).any(|line| {
                let mut fields = line.split_ascii_whitespace().skip(1);
                let (local, state) = (fields.next().unwrap_or_default(), fields.nth(1).unwrap_or_default());
                state == "0A" && local.ends_with(&format!(":{port:04X}"))
            })
        })
    })
}

/// One of the sizes in /proc/PID/status, in bytes: `VmRSS`, `VmHWM` (the most that was resident). `None` once the
/// process has ended.
pub(crate) fn memory(process: u32, field: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// A size as people read it.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

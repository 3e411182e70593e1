//! Processor time of a process, and how often it was woken.

use std::fs;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use nix::unistd::{SysconfVar, sysconf};

use super::{Measured, Trouble};

/// CPU time of all threads of a process, in clock ticks (proc(5)).
pub(crate) fn cpu_ticks(process: u32) -> Measured<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name, in brackets, may hold spaces.
    let fields = stat.rsplit_once(") ").map(|(_, fields)| fields).unwrap_or_default();
    let time = |index: usize| fields.split(' ').nth(index)?.parse::<u64>().ok();
    time(11).zip(time(12)).map(|(user, system)| user + system).ok_or_else(|| Trouble(format!("unreadable: {stat}")))
}

/// Processor time of this thread (clock_gettime(2)): to the nanosecond, unlike what /proc tells, which is brought up to
/// date when a tick passes.
pub(crate) fn thread_time() -> Measured<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?.into())
}

/// The length of a clock tick.
pub(crate) fn tick() -> Duration {
    let per_second = sysconf(SysconfVar::CLK_TCK).ok().flatten().and_then(|ticks| u32::try_from(ticks).ok());
    Duration::from_secs(1) / per_second.unwrap_or(100)
}

/// How often the threads of a process went to sleep and were woken.
pub(crate) fn sleeps(process: u32) -> u64 {
    let Ok(tasks) = fs::read_dir(format!("/proc/{process}/task")) else { return 0 };
    tasks
        .flatten()
        .filter_map(|task| {
            let status = fs::read_to_string(task.path().join("status")).ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
            line.trim().parse::<u64>().ok()
        })
        .sum()
}

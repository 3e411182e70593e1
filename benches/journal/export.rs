//! A long journal as a capture.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use super::long::Long;
use super::support::child::Running;
use super::support::machine::megabytes;
use super::support::report::{Report, table};
use super::support::{Measured, SOCKEYE, median};

const RUNS: usize = 3;
/// Bytes of the capture a second.
const TO_REACH: f64 = 300e6;

pub(crate) fn measure(long: &Long, report: &mut Report) -> Measured<()> {
    let (journal, capture) = (long.journal()?, capture(long)?);
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let begun = Instant::now();
        export(journal, &capture)?;
        times.push(begun.elapsed());
    }
    let (size, took) = (fs::metadata(&capture)?.len(), median(&times).unwrap_or_default());
    fs::remove_file(&capture)?;
    let rate = size as f64 / took.as_secs_f64();
    println!("`export --pcapng` of {} of 64 bytes, in memory; {RUNS} runs, their median", long.name());
    let rows = format!("{:.0}", long.rows() as f64 / took.as_secs_f64());
    table(
        ["capture", "took", "rows a second", "rate"],
        &[[megabytes(size), format!("{took:.2?}"), rows, format!("{:.0} MB/s", rate / 1e6)]],
    );
    report.verdict("export to pcapng", format!("{:.0} MB/s", rate / 1e6), "≥ 300 MB/s", rate >= TO_REACH);
    Ok(())
}

/// Where the capture goes.
pub(crate) fn capture(long: &Long) -> Measured<PathBuf> {
    Ok(long.folder()?.join("long.pcapng"))
}

pub(crate) fn export(journal: &Path, capture: &Path) -> Measured<()> {
    let mut command = Command::new(SOCKEYE);
    command.args(["export".as_ref(), "--pcapng".as_ref(), journal.as_os_str(), capture.as_os_str()]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Running::spawn(command)?.finish().map(drop)
}

//! One large file over loopback, from a memory-backed file to another, against the tools that people use for it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::support::machine::has;
use super::support::report::{Report, table};
use super::support::room::{memory_folder, room};
use super::support::{Measured, Trouble, median};
use super::tool::Tool;

const GIB: u64 = 1 << 30;
/// Runs of the two that are held against each other: one tool's differ by a third, so fewer of them tell little.
const RUNS: usize = 21;
/// Runs of the others, which are only to be seen beside them.
const OTHER_RUNS: usize = 5;
/// Against socat's wall time, in percent.
const RAW_MOST: u128 = 105;
/// The same with hashes on both sides.
const VERIFIED_MOST: u128 = 150;

fn runs(tool: Tool) -> usize {
    if matches!(tool, Tool::Raw | Tool::Verified | Tool::Socat) { RUNS } else { OTHER_RUNS }
}

pub(crate) fn measure(report: &mut Report) -> Measured<()> {
    let folder = memory_folder()?;
    if room(folder.path()) < 3 * GIB {
        report.missing("the 1 GiB file, for want of 3 GiB of memory");
        return Ok(());
    }
    let source = noise(folder.path(), GIB)?;
    let mut tools = Vec::new();
    for tool in Tool::ALL {
        match tool.program() {
            Some(program) if !has(program) => report.missing(program),
            _ => tools.push((tool, Vec::new())),
        }
    }
    for run in 0..RUNS {
        for (tool, times) in tools.iter_mut().filter(|(tool, _)| run < runs(*tool)) {
            times.push(once(*tool, &source, folder.path(), run == 0)?);
        }
        // Nobody always follows the same one, whose pages are being freed still.
        tools.rotate_left(1);
    }
    tools.sort_unstable_by_key(|(tool, _)| *tool);
    let middle = |wanted: Tool| {
        let (_, times) = tools.iter().find(|(tool, _)| *tool == wanted)?;
        median(times)
    };
    let socat = middle(Tool::Socat);
    println!("a 1 GiB file over loopback, from starting the sender until both have ended; in turn");
    let rows: Vec<[String; 4]> = tools
        .iter()
        .map(|(tool, times)| {
            let middle = median(times).unwrap_or_default();
            let ratio = socat.map_or_else(String::new, |socat| format!("{:.2}", ratio(middle, socat)));
            let runs: Vec<String> = times.iter().map(|time| format!("{:.2}", time.as_secs_f64())).collect();
            [tool.name().to_owned(), format!("{:.3} s", middle.as_secs_f64()), ratio, runs.join(" ")]
        })
        .collect();
    table(["", "median", "/ socat", "runs"], &rows);
    for (tool, what, most) in [
        (Tool::Raw, "raw 1 GiB, wall time / socat's", RAW_MOST),
        (Tool::Verified, "verified 1 GiB, wall time / socat's", VERIFIED_MOST),
    ] {
        if let (Some(sockeye), Some(socat)) = (middle(tool), socat) {
            let reached = sockeye.as_nanos() * 100 <= socat.as_nanos() * most;
            let to_reach = format!("≤ {:.2}", most as f64 / 100.0);
            report.verdict(what, format!("{:.2}", ratio(sockeye, socat)), &to_reach, reached);
        }
    }
    for tool in [Tool::Nc, Tool::Ncat] {
        if let (Some(verified), Some(other)) = (middle(Tool::Verified), middle(tool)) {
            let what = format!("verified 1 GiB, wall time / that of {}", tool.name());
            report.verdict(&what, format!("{:.2}", ratio(verified, other)), "< 1", verified < other);
        }
    }
    Ok(())
}

pub(crate) fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

/// One transfer into a folder of its own: a file that is there already would be cheaper to fill.
fn once(tool: Tool, source: &Path, folder: &Path, compare: bool) -> Measured<Duration> {
    let into = tempfile::tempdir_in(folder)?;
    let (receiver, port) = tool.receive(into.path())?;
    let begun = Instant::now();
    let sender = tool.send(source, port)?;
    sender.finish()?;
    receiver.finish()?;
    let taken = begun.elapsed();
    check(source, &only_file(into.path())?, compare)?;
    Ok(taken)
}

/// The file that arrived.
pub(crate) fn only_file(folder: &Path) -> Measured<PathBuf> {
    let mut entries = fs::read_dir(folder)?;
    match (entries.next(), entries.next()) {
        (Some(entry), None) => Ok(entry?.path()),
        _ => Err(Trouble(format!("not one file in {}", folder.display()))),
    }
}

/// Compares sizes always, bytes if asked to.
pub(crate) fn check(source: &Path, copy: &Path, bytes: bool) -> Measured<()> {
    let differ = || Trouble(format!("what arrived in {} is not what was sent", copy.display()));
    if fs::metadata(source)?.len() != fs::metadata(copy)?.len() {
        return Err(differ());
    }
    if !bytes {
        return Ok(());
    }
    let (mut source, mut copy) = (File::open(source)?, File::open(copy)?);
    let (mut expected, mut found) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        let length = source.read(&mut expected)?;
        if length == 0 {
            return Ok(());
        }
        copy.read_exact(&mut found[..length])?;
        if expected[..length] != found[..length] {
            return Err(differ());
        }
    }
}

/// A file of bytes without a pattern (xorshift64), so that a misplaced block shows.
fn noise(folder: &Path, size: u64) -> Measured<PathBuf> {
    let path = folder.join("noise.bin");
    let mut file = File::create(&path)?;
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut block = vec![0; 1 << 20];
    for _ in 0..size >> 20 {
        for word in block.chunks_exact_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            word.copy_from_slice(&state.to_le_bytes());
        }
        file.write_all(&block)?;
    }
    Ok(path)
}

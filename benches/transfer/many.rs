//! Ten thousand small files in folders, verified each, against `tar` through `nc`, which verifies nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::one_file::ratio;
use super::support::child::Running;
use super::support::machine::has;
use super::support::report::{Report, table};
use super::support::room::{memory_folder, room};
use super::support::{Measured, SOCKEYE, Trouble, median};
use super::tool::{free_port, text, until_listening};

const FOLDERS: usize = 100;
const FILES: usize = 100;
const LENGTH: usize = 4096;
const RUNS: usize = 5;
/// Against the wall time of tar and nc, in percent.
const MOST: u128 = 150;

pub(crate) fn measure(report: &mut Report) -> Measured<()> {
    for program in ["tar", "nc.openbsd"] {
        if !has(program) {
            report.missing(program);
            return Ok(());
        }
    }
    let folder = memory_folder()?;
    if room(folder.path()) < 1 << 30 {
        report.missing("10,000 files, for want of 1 GiB of memory");
        return Ok(());
    }
    let source = folder.path().join("many");
    make(&source)?;
    let expected = contents(&source)?;
    let (mut sockeye, mut tar) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        for (times, carry) in [(&mut sockeye, sockeye_carries as Carry), (&mut tar, tar_carries as Carry)] {
            let into = tempfile::tempdir_in(folder.path())?;
            times.push(carry(&source, into.path())?);
            if contents(&into.path().join("many"))? != expected {
                return Err(Trouble("what arrived is not what was sent".to_owned()));
            }
        }
    }
    println!("{} files of {LENGTH} bytes in {FOLDERS} folders, memory to memory; in turn", FOLDERS * FILES);
    let [one, other] = [&sockeye, &tar].map(|times| median(times).unwrap_or_default());
    let row = |name: &str, times: &[Duration], middle: Duration| -> [String; 4] {
        let runs: Vec<String> = times.iter().map(|time| format!("{:.2}", time.as_secs_f64())).collect();
        let ratio = format!("{:.2}", ratio(middle, other));
        [name.to_owned(), format!("{:.3} s", middle.as_secs_f64()), ratio, runs.join(" ")]
    };
    let rows = [row("sockeye, verified", &sockeye, one), row("tar | nc (OpenBSD)", &tar, other)];
    table(["", "median", "/ tar", "runs"], &rows);
    let reached = one.as_nanos() * 100 <= other.as_nanos() * MOST;
    report.verdict(
        "10,000 files, wall time / that of tar | nc",
        format!("{:.2}", ratio(one, other)),
        "≤ 1.50",
        reached,
    );
    Ok(())
}

type Carry = fn(&Path, &Path) -> Measured<Duration>;

fn sockeye_carries(source: &Path, into: &Path) -> Measured<Duration> {
    let (receiver, port) = Running::listening("receive", &["--into", text(into)?, "--once"])?;
    let begun = Instant::now();
    let endpoint = format!("tcp://127.0.0.1:{port}");
    let arguments = ["send-file", &endpoint, text(source)?, "--protocol", "verified"];
    Running::start(SOCKEYE, &arguments, None, None)?.finish()?;
    receiver.finish()?;
    Ok(begun.elapsed())
}

fn tar_carries(source: &Path, into: &Path) -> Measured<Duration> {
    let port = free_port()?.to_string();
    let parent = source.parent().unwrap_or(source);
    let receiver = shell("nc.openbsd -l -N 127.0.0.1 \"$1\" | tar -C \"$2\" -xf -", &[&port, text(into)?])?;
    until_listening(port.parse()?)?;
    let begun = Instant::now();
    let send = "tar -C \"$2\" -cf - many | nc.openbsd -N 127.0.0.1 \"$1\"";
    shell(send, &[&port, text(parent)?])?.finish()?;
    receiver.finish()?;
    Ok(begun.elapsed())
}

fn shell(script: &str, arguments: &[&str]) -> Measured<Running> {
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
    Running::spawn(command)
}

/// Every file holds its own number, so that two that are exchanged show.
fn make(source: &Path) -> Measured<()> {
    for folder in 0..FOLDERS {
        let path = source.join(format!("folder-{folder:02}"));
        fs::create_dir_all(&path)?;
        for file in 0..FILES {
            let number = (folder * FILES + file).to_le_bytes();
            fs::write(path.join(format!("file-{file:02}.bin")), number.repeat(LENGTH / number.len()))?;
        }
    }
    Ok(())
}

/// All files below a folder, by their paths in it.
fn contents(folder: &Path) -> Measured<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(&next)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                waiting.push(entry.path());
            } else {
                found.insert(entry.path().strip_prefix(folder)?.to_owned(), fs::read(entry.path())?);
            }
        }
    }
    Ok(found)
}

//! How much of the headless commands is resident while a large file crosses.

use std::fs::File;
use std::time::Duration;

use super::child::Running;
use super::machine::{memory, poll, room};
use super::report::{Report, table};
use super::transfer::{check, only_file};
use super::{Measured, SOCKEYE, Trouble, memory_folder};

const GIB: u64 = 1 << 30;
const TO_REACH: u64 = 32_000_000;
const LOOK_EVERY: Duration = Duration::from_millis(2);

pub(crate) fn measure(report: &mut Report) -> Measured<()> {
    let mut rows = Vec::new();
    let mut most = 0;
    for size in [GIB, 4 * GIB] {
        let folder = memory_folder()?;
        if room(folder.path()) < size + 2 * GIB {
            report.missing(&format!("resident memory with a {} GiB file, for want of room", size >> 30));
            continue;
        }
        let [sender, receiver] = once(folder.path(), size)?;
        most = most.max(sender).max(receiver);
        rows.push([format!("{} GiB", size >> 30), megabytes(sender), megabytes(receiver)]);
    }
    println!("the most that was resident (VmHWM) while a sparse file crosses");
    table(["file", "send-file", "receive"], &rows);
    if !rows.is_empty() {
        report.verdict("headless, resident at most", megabytes(most), "< 32 MB", most < TO_REACH);
    }
    Ok(())
}

pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// The peaks of the sender and the receiver, looked at until each has ended.
fn once(folder: &std::path::Path, size: u64) -> Measured<[u64; 2]> {
    let source = folder.join("sparse.bin");
    File::create(&source)?.set_len(size)?;
    let into = tempfile::tempdir_in(folder)?;
    let as_text = |path: &std::path::Path| path.to_str().map(str::to_owned).ok_or(Trouble("not Unicode".to_owned()));
    let (mut receiver, port) =
        Running::listening("receive", &["--into", &as_text(into.path())?, "--protocol", "raw", "--once"])?;
    let endpoint = format!("tcp://127.0.0.1:{port}");
    let mut sender =
        Running::start(SOCKEYE, &["send-file", &endpoint, &as_text(&source)?, "--protocol", "raw"], None, None)?;
    let mut peaks = [0, 0];
    poll("the file crosses", LOOK_EVERY, Duration::from_secs(120), || {
        for (peak, process) in peaks.iter_mut().zip([&sender, &receiver]) {
            *peak = memory(process.id(), "VmHWM").unwrap_or(0).max(*peak);
        }
        let ended = |process: &mut Running| process.has_ended().unwrap_or(true);
        (ended(&mut sender) && ended(&mut receiver)).then_some(())
    })?;
    sender.finish()?;
    receiver.finish()?;
    check(&source, &only_file(into.path())?, false)?;
    Ok(peaks)
}

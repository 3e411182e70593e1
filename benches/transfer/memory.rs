//! How much of the headless commands is resident while a large file crosses.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use super::one_file::{check, only_file};
use super::support::Measured;
use super::support::child::Running;
use super::support::machine::{megabytes, memory, poll};
use super::support::report::{Report, table};
use super::support::room::{memory_folder, room};
use super::tool::Tool;

const GIB: u64 = 1 << 30;
const LOOK_EVERY: Duration = Duration::from_millis(2);

pub(crate) fn measure(report: &mut Report) -> Measured<()> {
    let mut rows = Vec::new();
    for (tool, to_reach) in [(Tool::Raw, 32), (Tool::Verified, 48)] {
        let mut most = 0;
        for size in [GIB, 4 * GIB] {
            let folder = memory_folder()?;
            if room(folder.path()) < size + 2 * GIB {
                report.missing(&format!("resident memory with a {} GiB file, for want of room", size >> 30));
                continue;
            }
            let [sender, receiver] = once(tool, folder.path(), size)?;
            most = most.max(sender).max(receiver);
            let file = format!("{} GiB", size >> 30);
            rows.push([tool.name().to_owned(), file, megabytes(sender), megabytes(receiver)]);
        }
        if most > 0 {
            let (what, limit) = (format!("{}, resident at most", tool.name()), format!("< {to_reach} MB"));
            report.verdict(&what, megabytes(most), &limit, most < to_reach * 1_000_000);
        }
    }
    println!("the most that was resident (VmHWM) while a sparse file crosses");
    table(["", "file", "send-file", "receive"], &rows);
    Ok(())
}

/// The peaks of the sender and the receiver, looked at until each has ended.
fn once(tool: Tool, folder: &Path, size: u64) -> Measured<[u64; 2]> {
    let source = folder.join("sparse.bin");
    File::create(&source)?.set_len(size)?;
    let into = tempfile::tempdir_in(folder)?;
    let (mut receiver, port) = tool.receive(into.path())?;
    let mut sender = tool.send(&source, port)?;
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

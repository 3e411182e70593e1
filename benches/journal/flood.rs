//! A listener that records, and one sender flat out: every datagram was received or is counted as dropped.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use nix::unistd::Uid;
use sockeye::model::{Direction, Filter, PageRequest};
use sockeye::store::journal::JournalReader;

use super::sender::{send, state_of};
use super::support::child::Running;
use super::support::machine::{megabytes, memory, poll};
use super::support::report::{Report, table};
use super::support::room::memory_folder;
use super::support::{Measured, Trouble};

const COUNT: u64 = 1_000_000;
/// A buffer that the system's own limit doesn't allow; root may go beyond it (SO_RCVBUFFORCE, socket(7)).
const RAISED: &str = "rcvbuf=64M";
/// After so many what is resident is looked at for the first time: by then all buffers have been used.
const EARLY: u64 = 100_000;
/// What may come to it until the last; the rows themselves take 300 MB.
const GROWTH_TO_REACH: u64 = 32_000_000;
const PATIENCE: Duration = Duration::from_secs(60);

struct Flood {
    sent: u64,
    received: u64,
    dropped: u64,
    recorded: u64,
    sending: Duration,
    /// From the first datagram until none waits in the socket.
    receiving: Duration,
    resident: u64,
    /// Since [`EARLY`].
    growth: u64,
}

pub(crate) fn measure(report: &mut Report) -> Measured<()> {
    let folder = memory_folder()?;
    println!("`listen udp://` with --journal; {COUNT} datagrams of 64 bytes by sendmmsg(2), flat out");
    let mut rows = Vec::new();
    for (buffer, query) in [("as it is", ""), ("64 MiB", RAISED)] {
        let flood = run(folder.path(), query)?;
        let Flood { sent, received, dropped, recorded, .. } = flood;
        rows.push([
            buffer.to_owned(),
            sent.to_string(),
            format!("{:.0}", sent as f64 / flood.sending.as_secs_f64()),
            received.to_string(),
            format!("{:.0}", received as f64 / flood.receiving.as_secs_f64()),
            dropped.to_string(),
            recorded.to_string(),
            megabytes(flood.resident),
        ]);
        let what = |what: &str| format!("flood, buffer {buffer}, {what}");
        let sum = format!("{received} + {dropped} of {sent}");
        report.verdict(&what("received + dropped"), sum, "= sent", received + dropped == sent);
        report.verdict(&what("recorded"), recorded.to_string(), "= received", recorded == received);
        let growth = format!("{} more after the first {EARLY}", megabytes(flood.growth));
        report.verdict(&what("resident"), growth, "≤ 32 MB", flood.growth <= GROWTH_TO_REACH);
        if query.is_empty() {
            continue;
        }
        if Uid::effective().is_root() {
            report.verdict(&what("dropped"), dropped.to_string(), "0", dropped == 0);
        } else {
            report.missing("a raised receive buffer, for want of root's rights");
        }
    }
    let heads =
        ["receive buffer", "sent", "a second", "received", "a second", "dropped", "recorded", "resident at most"];
    table(heads, &rows);
    Ok(())
}

fn run(folder: &Path, query: &str) -> Measured<Flood> {
    let journal = folder.join(format!("flood-{}.sqlite", query.len()));
    let path = journal.to_str().ok_or_else(|| Trouble("not Unicode".to_owned()))?;
    let endpoint = format!("udp://127.0.0.1:0?{query}");
    let (listener, port) =
        Running::listening_at("listen", endpoint.trim_end_matches('?'), &["--quiet", "--journal", path])?;
    let begun = Instant::now();
    let empty = || state_of(port).filter(|(waiting, _)| *waiting == 0);
    let peak = || memory(listener.id(), "VmHWM").ok_or_else(|| Trouble("no memory is told".to_owned()));
    let (mut sent, mut sending, mut peaks) = (0, Duration::ZERO, [0; 2]);
    for (peak_then, count) in peaks.iter_mut().zip([EARLY, COUNT - EARLY]) {
        let (more, took) = send(port, count, None, &AtomicBool::new(false))?;
        (sent, sending) = (sent + more, sending + took);
        poll("the socket is empty", Duration::from_millis(1), PATIENCE, empty)?;
        *peak_then = peak()?;
    }
    let receiving = begun.elapsed();
    let [early, resident] = peaks;
    listener.interrupt()?;
    let output = String::from_utf8(listener.finish()?)?;
    let summary: serde_json::Value = serde_json::from_str(output.lines().last().unwrap_or_default())?;
    let count = |name: &str| summary[name].as_u64().ok_or_else(|| Trouble(format!("no count of {name} in {summary}")));
    let (received, dropped) = (count("received")?, count("dropped")?);
    let recorded = received_rows(&journal)?;
    std::fs::remove_file(&journal)?;
    let growth = resident.saturating_sub(early);
    Ok(Flood { sent, received, dropped, recorded, sending, receiving, resident, growth })
}

/// Rows of what came in.
pub(crate) fn received_rows(journal: &Path) -> Measured<u64> {
    let trouble = |failure: sockeye::model::Failure| Trouble(failure.to_string());
    let mut reader = JournalReader::open(journal).map_err(trouble)?;
    let filter = Filter { direction: Some(Direction::In), ..Filter::default() };
    reader.set_filter(filter.clone(), &[]);
    while !reader.scan(1 << 20).map_err(trouble)? {}
    let page = reader.page(&PageRequest { filter, first: 0, count: 0, from_end: false }).map_err(trouble)?;
    Ok(page.matches)
}

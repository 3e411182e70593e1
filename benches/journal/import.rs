//! Captures as journals: one with packets as full as Ethernet has them, and that of a journal of small datagrams.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use sockeye::codec::capture::frame::{self, Route, Segment};
use sockeye::codec::capture::pcapng::{self, PacketHead};
use sockeye::codec::capture::{LinkType, Way};

use super::export::{capture, export};
use super::long::Long;
use super::support::child::Running;
use super::support::machine::megabytes;
use super::support::report::{Report, table};
use super::support::{Measured, SOCKEYE, Trouble, median};

const RUNS: usize = 3;
/// Bytes of the capture a second.
const TO_REACH: f64 = 200e6;
/// What a segment carries over Ethernet, with timestamps (RFC 7323).
const SEGMENT: usize = 1448;
/// Of a capture of a gigabyte, for ten million rows.
const BYTES_A_ROW: u64 = 100;

pub(crate) fn measure(long: &Long, report: &mut Report) -> Measured<()> {
    let (path, journal) = (capture(long)?, long.folder()?.join("imported.sqlite"));
    println!("`import` of captures in memory; {RUNS} runs, their median");
    let mut rows = Vec::new();
    for what in ["full segments of TCP", "datagrams of 64 bytes"] {
        let packets = if what.starts_with("full") {
            make(&path, long.rows() * BYTES_A_ROW)?
        } else {
            export(long.journal()?, &path)?;
            long.rows()
        };
        let size = fs::metadata(&path)?.len();
        let mut times = Vec::new();
        for _ in 0..RUNS {
            let begun = Instant::now();
            import(&path, &journal)?;
            times.push(begun.elapsed());
            fs::remove_file(&journal)?;
        }
        fs::remove_file(&path)?;
        let took = median(&times).unwrap_or_default();
        let rate = size as f64 / took.as_secs_f64();
        let (each, rate_text) = (packets as f64 / took.as_secs_f64(), format!("{:.0} MB/s", rate / 1e6));
        rows.push([
            what.to_owned(),
            megabytes(size),
            packets.to_string(),
            format!("{took:.2?}"),
            format!("{each:.0}"),
            rate_text.clone(),
        ]);
        report.verdict(&format!("import, {what}"), rate_text, "≥ 200 MB/s", rate >= TO_REACH);
    }
    table(["capture of", "size", "packets", "took", "packets a second", "rate"], &rows);
    Ok(())
}

fn import(capture: &Path, journal: &Path) -> Measured<()> {
    let mut command = Command::new(SOCKEYE);
    command.args(["import".as_ref(), capture.as_os_str(), journal.as_os_str()]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Running::spawn(command)?.finish().map(drop)
}

/// One connection that carries a file. Returns how many packets it takes.
fn make(path: &Path, size: u64) -> Measured<u64> {
    let route = Route::new("10.0.0.1:40000".parse()?, "10.0.0.2:9000".parse()?);
    let route = route.ok_or_else(|| Trouble("no route".to_owned()))?;
    let (payload, mut file, mut out, mut headers) =
        ([b'7'; SEGMENT], File::create(path)?, Vec::with_capacity(2 << 20), Vec::new());
    pcapng::section(&mut out, "bench", "");
    pcapng::interface(&mut out, LinkType::ETHERNET, "bench");
    let (mut written, mut packets, mut sequence) = (0, 0, 1_u32);
    while written < size {
        // An answer to each second one, as receivers do.
        for number in 0..3 {
            headers.clear();
            let (way, route, carried) =
                if number < 2 { (Way::In, route, &payload[..]) } else { (Way::Out, route.back(), &[][..]) };
            let (sequence_here, acknowledgement) = if number < 2 { (sequence, 1) } else { (1, sequence) };
            let segment =
                Segment { sequence: sequence_here, acknowledgement: Some(acknowledgement), ..Segment::default() };
            if !frame::segment(&mut headers, way, route, &segment, carried) {
                return Err(Trouble("a segment is too long".to_owned()));
            }
            sequence = sequence.wrapping_add(carried.len() as u32);
            let head = PacketHead { interface: 0, time_ns: packets * 1000, way, comment: "" };
            pcapng::packet(&mut out, &head, &headers, carried);
            packets += 1;
        }
        if out.len() >= 1 << 20 {
            written += out.len() as u64;
            file.write_all(&out)?;
            out.clear();
        }
    }
    file.write_all(&out)?;
    Ok(packets)
}

//! dumpcap beside the journal on the same loopback: the same bytes in the same order, at the same times.

#![cfg(target_os = "linux")]

mod support;

use std::io::Write as _;
use std::net::{TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::{Process, Sockeye, fields, in_own_network, noise, require_tool, rows_of};

/// The capture has microseconds at least, rounded down.
const PRECISION_NS: u64 = 1_000;

/// More than a stream of the test takes.
const FILLERS: usize = 1_000;

/// Captures all that crosses loopback while `talk` runs, until there are so many packets.
fn captured(capture: &Path, packets: usize, talk: impl FnOnce()) {
    let mut command = Command::new("dumpcap");
    command.args(["-q", "-i", "lo", "-B", "64", "-s", "262144", "-c", &packets.to_string(), "-w"]).arg(capture);
    command.stdin(Stdio::null());
    let mut dumpcap = Process::start_with_own_input(command);
    // Told once it captures.
    dumpcap.read_errors_until("File: ");
    talk();
    assert_eq!(dumpcap.finish().code, Some(0));
}

fn received(journal: &Path) -> Vec<Value> {
    let mut rows = rows_of(journal);
    rows.retain(|row| row["direction"] == "in" && row["kind"] == "data");
    rows
}

fn finish(sockeye: Sockeye) {
    let run = sockeye.interrupt();
    assert_eq!(run.expect_code(0).summary()["dropped"], 0);
}

/// Seconds since 1970 with a fraction, as tshark writes them.
fn nanoseconds(epoch: &str) -> u64 {
    let (seconds, fraction) = epoch.split_once('.').expect("a fraction");
    let seconds: u64 = seconds.parse().expect("seconds");
    seconds * 1_000_000_000 + format!("{fraction:0<9}").parse::<u64>().expect("a fraction")
}

fn require_tools() -> bool {
    ["dumpcap", "tshark"].into_iter().all(require_tool)
}

#[test]
fn each_datagram_has_its_bytes_its_place_and_its_time() {
    if !require_tools() {
        return;
    }
    in_own_network("each_datagram_has_its_bytes_its_place_and_its_time", || {
        let folder = tempfile::tempdir().expect("a folder");
        let (journal, capture) = (folder.path().join("journal.sqlite"), folder.path().join("lo.pcapng"));
        let arguments = ["listen", "udp://127.0.0.1:0", "--journal", journal.to_str().expect("UTF-8")];
        let (mut sockeye, endpoint) = Sockeye::listen(&arguments);
        // Of every length that fits into one frame, an empty one among them.
        let noise = noise(60_000);
        let lengths: Vec<usize> = (0..400).map(|number| number * 149).collect();
        captured(&capture, lengths.len(), || {
            let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
            socket.connect(endpoint.trim_start_matches("udp://")).expect("an address");
            for length in &lengths {
                socket.send(&noise[..*length]).expect("somebody listens");
                // One at a time, so that none can be dropped.
                assert_eq!(sockeye.expect("received")["bytes"], *length);
            }
        });
        finish(sockeye);
        let (rows, packets) = (received(&journal), fields(&capture, "udp", &["udp.payload", "frame.time_epoch"]));
        assert_eq!((rows.len(), packets.len()), (lengths.len(), lengths.len()));
        for (row, packet) in rows.iter().zip(&packets) {
            let number = &row["number"];
            assert_eq!(row["hex"], packet[0], "row {number}");
            let kernel_ns = row["kernel_ns"].as_u64().expect("the kernel tells");
            let away = kernel_ns.abs_diff(nanoseconds(&packet[1]));
            assert!(away <= PRECISION_NS, "row {number}: {away} ns");
        }
    });
}

#[test]
fn a_stream_has_the_bytes_of_its_segments() {
    if !require_tools() {
        return;
    }
    in_own_network("a_stream_has_the_bytes_of_its_segments", || {
        let folder = tempfile::tempdir().expect("a folder");
        let (journal, capture) = (folder.path().join("journal.sqlite"), folder.path().join("lo.pcapng"));
        let arguments = ["listen", "tcp://127.0.0.1:0", "--quiet", "--journal", journal.to_str().expect("UTF-8")];
        let (mut sockeye, endpoint) = Sockeye::listen(&arguments);
        let sent = noise(300_000);
        // How many segments it takes, nobody knows: datagrams behind them end the capture.
        captured(&capture, FILLERS, || {
            let mut peer = TcpStream::connect(endpoint.trim_start_matches("tcp://")).expect("somebody listens");
            peer.write_all(&sent).expect("it is taken");
            drop(peer);
            sockeye.expect("closed");
            let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
            let own = socket.local_addr().expect("an address");
            for _ in 0..FILLERS {
                socket.send_to(b"x", own).expect("it is taken");
            }
        });
        finish(sockeye);
        let rows = received(&journal);
        let recorded: String = rows.iter().filter_map(|row| row["hex"].as_str()).collect();
        // Where the machine is slow, some are sent again.
        let mut captured = String::new();
        for segment in fields(&capture, "tcp.len > 0", &["tcp.seq", "tcp.payload"]) {
            let (at, bytes) = (2 * (segment[0].parse::<usize>().expect("a number") - 1), &segment[1]);
            let again = captured.len().checked_sub(at).expect("nothing is missing before it").min(bytes.len());
            assert_eq!(captured[at..at + again], bytes[..again]);
            captured.push_str(&bytes[again..]);
        }
        assert_eq!(recorded.len(), 2 * sent.len());
        assert!(recorded == captured, "{} and {} bytes", recorded.len() / 2, captured.len() / 2);
    });
}

//! `export --pcapng`: how long its packets are, and which times they bear.

mod support;

use std::path::{Path, PathBuf};

use sockeye::model::{Call, CloseReason, Direction, RowBody, SaveRequest};
use sockeye::store::journal::JournalReader;
use support::{BEGIN, Recording, expect_sound, fields, noise, require_tool, sockeye};
use tempfile::TempDir;

/// The most that Wireshark takes for one packet.
const CAPTURED_MAX: usize = 262_144;

fn require_wireshark() -> bool {
    ["tshark", "capinfos"].into_iter().all(require_tool)
}

fn exported(recording: &Recording) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let [journal, capture] = ["journal.sqlite", "a.pcapng"].map(|name| folder.path().join(name));
    recording.keep(&journal);
    JournalReader::open(&journal).and_then(|mut reader| reader.save(&SaveRequest::new(&capture), &[])).expect("saved");
    (folder, capture)
}

/// Runs `import` into a journal beside the capture; what was said.
fn imported(capture: &Path) -> String {
    let mut command = sockeye(&["import"]);
    let output = command.arg(capture).arg(capture.with_extension("back.sqlite")).output().expect("it runs");
    let words = String::from_utf8(output.stderr).expect("words");
    assert_eq!(output.status.code(), Some(0), "{words}");
    words
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn long_rows_of_unix_sockets_are_packets_that_every_reader_takes() {
    if !require_wireshark() {
        return;
    }
    let (piece, message) = (noise(CAPTURED_MAX), noise(1 << 20));
    let mut recording = Recording::default();
    recording.accepted(1, "unix:/run/x.sock", "");
    recording.sent(1, &piece);
    recording.accepted(2, "unix-seqpacket:/run/y.sock", "");
    let received = RowBody::Data { direction: Direction::In, call: Call::RecvMsg, truncated: false };
    recording.row(2, "", received, 0, &message);
    recording.row(2, "", RowBody::Data { direction: Direction::Out, call: Call::Send, truncated: false }, 0, b"");
    let (_folder, capture) = exported(&recording);
    expect_sound(&capture);
    let packets = fields(&capture, "frame", &["frame.cap_len", "frame.len", "frame.comment", "data.data"]);
    let count = |text: &str| text.parse::<usize>().expect("a number");
    let lens: Vec<_> = packets.iter().map(|packet| (count(&packet[0]), count(&packet[1]))).collect();
    let head = lens[0].0 + lens[1].0 - piece.len();
    let of_message = lens[2].1 - message.len();
    assert_eq!(lens[..2], [(CAPTURED_MAX, CAPTURED_MAX), (head, head)], "two heads, and the bytes between them");
    assert_eq!((lens[2].0, lens.len()), (CAPTURED_MAX, 4));
    assert_eq!(lens[3], (of_message, of_message), "a head and no bytes");
    assert_eq!([0, 1].map(|at| packets[at][3].as_str()).concat(), hex(&piece));
    assert_eq!(packets[2][3], hex(&message[..CAPTURED_MAX - of_message]));
    let comments: Vec<_> = packets.iter().map(|packet| packet[2].split(" session").next().expect("one")).collect();
    assert_eq!(comments, ["row 2 send 1/2", "row 2 send 2/2", "row 4 recvmsg", "row 5 send"]);
    let words = imported(&capture);
    assert!(words.contains("out of 4 packets"), "{words}");
}

#[test]
fn no_handshake_is_later_than_what_follows_it() {
    if !require_wireshark() {
        return;
    }
    let mut recording = Recording::default();
    recording.accepted(1, "tcp://127.0.0.1:80", "tcp://127.0.0.1:40000");
    recording.accepted(2, "tcp://127.0.0.1:80", "tcp://127.0.0.1:40001");
    recording.received(1, b"hello");
    recording.received(1, b"again");
    // Both were there before anybody accepted the connection.
    for (row, early) in [(2, 500_000), (3, 400_000)] {
        recording.rows[row].stamp.kernel_ns = Some(BEGIN - early);
    }
    recording.closed(1, CloseReason::Local);
    let (_folder, capture) = exported(&recording);
    expect_sound(&capture);
    let packets = fields(&capture, "tcp", &["tcp.stream", "frame.time_epoch", "frame.comment"]);
    let second = BEGIN / 1_000_000_000;
    let at = |offset: i64| format!("{second}.{:09}", BEGIN % 1_000_000_000 + offset);
    let handshake = ["0", &at(-500_000), "row 1 accepted"];
    let accepted = ["1", &at(1_000_000), "row 2 accepted"];
    let expected = [
        handshake,
        handshake,
        handshake,
        ["0", &at(-500_000), "row 3 recv"],
        ["0", &at(-400_000), "row 4 recv"],
        ["0", &at(4_000_000), "row 5 finished"],
        accepted,
        accepted,
        accepted,
    ];
    assert_eq!(packets, expected);
}

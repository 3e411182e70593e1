//! `--snap-length`: the journal keeps the beginning of each call, how long it was, and says so wherever it is read.

mod support;

use std::io::Write as _;
use std::net::{TcpStream, UdpSocket};
use std::path::Path;

use serde_json::Value;
use sockeye::model::{Filter, PageRequest, SaveRequest};
use sockeye::store::journal::JournalReader;
use support::{Sockeye, fields, require_tool, rows_of};

fn kept(journal: &Path) -> Vec<Value> {
    let mut rows = rows_of(journal);
    rows.retain(|row| row["kind"] == "data");
    rows
}

fn save(journal: &Path, name: &str) -> std::path::PathBuf {
    let copy = journal.with_file_name(name);
    let mut reader = JournalReader::open(journal).expect("a journal");
    reader.save(&SaveRequest::new(&copy), &[]).expect("a copy");
    copy
}

#[test]
fn a_datagram_keeps_its_beginning_and_its_length() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.sqlite");
    let path = journal.to_str().expect("UTF-8");
    let (mut sockeye, endpoint) =
        Sockeye::listen(&["listen", "udp://127.0.0.1:0", "--journal", path, "--snap-length", "8"]);
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.connect(endpoint.trim_start_matches("udp://")).expect("an address");
    for text in ["0123456789", "01234567", ""] {
        socket.send(text.as_bytes()).expect("somebody listens");
        assert_eq!(sockeye.expect("received")["bytes"], text.len(), "what is told of a call is whole");
    }
    let run = sockeye.interrupt();
    assert_eq!(run.expect_code(0).summary()["received_bytes"], 18);

    let rows = kept(&journal);
    let facts = |row: &Value| (row["bytes"].clone(), row.get("not_kept").cloned(), row["hex"].clone());
    let eight = "3031323334353637";
    assert_eq!(facts(&rows[0]), (10.into(), Some(2.into()), eight.into()));
    assert_eq!(facts(&rows[1]), (8.into(), None, eight.into()), "it is whole");
    assert_eq!(facts(&rows[2]), (0.into(), None, "".into()));
    let text = std::fs::read_to_string(save(&journal, "a.txt")).expect("text");
    assert_eq!(text.matches("2 B more were not kept").count(), 1, "{text}");
    let hex = std::fs::read_to_string(save(&journal, "a.hex")).expect("a dump");
    assert_eq!(hex.matches("8 of 10 B").count(), 1, "{hex}");

    let filter = Filter::parse("len>9", &jiff::tz::TimeZone::UTC).expect("a filter");
    let mut reader = JournalReader::open(&journal).expect("a journal");
    let request = PageRequest { filter, first: 0, count: 9, from_end: false };
    let page = reader.page(&request).expect("a page");
    assert_eq!((page.rows.len(), page.rows[0].len, &page.rows[0].preview[..]), (1, 10, &b"01234567"[..]));

    if require_tool("tshark") {
        let capture = save(&journal, "a.pcapng");
        let lengths = fields(&capture, "udp", &["frame.len", "frame.cap_len", "udp.length"]);
        assert_eq!(lengths, [["52", "50", "18"], ["50", "50", "16"], ["42", "42", "8"]]);
    }
}

#[test]
fn a_stream_goes_on_where_it_was_cut() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.sqlite");
    let path = journal.to_str().expect("UTF-8");
    let (mut sockeye, endpoint) =
        Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--journal", path, "--snap-length", "4"]);
    let mut peer = TcpStream::connect(endpoint.trim_start_matches("tcp://")).expect("somebody listens");
    for text in ["abc", "0123456789", "xyz"] {
        peer.write_all(text.as_bytes()).expect("it is taken");
        assert_eq!(sockeye.expect("received")["bytes"], text.len());
    }
    drop(peer);
    sockeye.expect("closed");
    sockeye.interrupt().expect_code(0);

    let mut reader = JournalReader::open(&journal).expect("a journal");
    let filter = Filter::parse("in", &jiff::tz::TimeZone::UTC).expect("a filter");
    let page = reader.page(&PageRequest { filter, first: 0, count: 9, from_end: false }).expect("a page");
    let rows: Vec<_> = page.rows.iter().map(|row| (row.stream_offset, row.len, &row.preview[..])).collect();
    assert_eq!(rows, [(0, 3, &b"abc"[..]), (3, 10, b"0123"), (13, 3, b"xyz")]);
    let contexts: Vec<_> = page.rows.iter().map(|row| &row.context[..]).collect();
    assert_eq!(contexts, [&b""[..], b"abc", b""], "what was cut is nobody's neighbour");

    if require_tool("tshark") {
        let capture = save(&journal, "a.pcapng");
        let segments = fields(&capture, "tcp.len > 0", &["tcp.seq", "tcp.len", "frame.len", "frame.cap_len"]);
        assert_eq!(segments, [["1", "3", "57", "57"], ["4", "10", "64", "58"], ["14", "3", "57", "57"]]);
    }
}

//! `--journal-limit`: the journal stays within its share of the disk, and says what made room.

mod support;

use std::fs;
use std::io::Write as _;
use std::net::TcpStream;

use sockeye::model::PageRequest;
use sockeye::store::journal::JournalReader;
use support::Sockeye;

const LIMIT: u64 = 64_000_000;

#[test]
fn the_oldest_rows_go_and_the_summary_counts_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.sqlite");
    let path = journal.to_str().expect("UTF-8");
    let arguments = ["listen", "tcp://127.0.0.1:0", "--quiet", "--journal", path, "--journal-limit", "64MB"];
    let (mut sockeye, endpoint) = Sockeye::listen(&arguments);
    let mut peer = TcpStream::connect(endpoint.trim_start_matches("tcp://")).expect("somebody listens");
    let block = vec![7; 1 << 20];
    let blocks = 100;
    for _ in 0..blocks {
        peer.write_all(&block).expect("it is taken");
    }
    drop(peer);
    sockeye.expect("closed");
    let run = sockeye.interrupt();
    run.expect_code(0);
    let removed = run.summary()["rows_removed"].as_u64().expect("a count");
    assert!(removed > 0);
    let mut size = 0;
    for entry in fs::read_dir(folder.path()).expect("the folder") {
        size += entry.and_then(|entry| entry.metadata()).expect("a file").len();
    }
    assert!(size <= LIMIT, "{size} bytes on disk");
    let mut reader = JournalReader::open(&journal).expect("a journal");
    let request = PageRequest { filter: Default::default(), first: 0, count: PageRequest::COUNT_MAX, from_end: false };
    let page = reader.page(&request).expect("a page");
    assert_eq!(page.rows[0].number, removed + 1, "numbers stay");
    assert!(page.rows.windows(2).all(|rows| rows[0].number + 1 == rows[1].number));
    let last = page.rows.iter().rfind(|row| row.len > 0).expect("a row with bytes");
    assert_eq!(last.stream_offset + last.len, blocks * (1 << 20), "the newest are there");
}

#[test]
fn a_limit_that_was_not_reached_removes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.sqlite");
    let path = journal.to_str().expect("UTF-8");
    let limited = ["listen", "tcp://127.0.0.1:0", "--journal", path, "--journal-limit", "1GB"];
    assert_eq!(Sockeye::listen(&limited).0.interrupt().summary()["rows_removed"], 0);
    let unlimited = ["listen", "tcp://127.0.0.1:0", "--journal", path];
    assert!(Sockeye::listen(&unlimited).0.interrupt().summary().get("rows_removed").is_none());
}

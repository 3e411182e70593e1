//! `statistics`: what crossed in a journal, for a person and as JSON.

mod support;

use std::path::PathBuf;

use serde_json::json;
use sockeye::model::Direction;
use support::{Recording, run, sockeye};
use tempfile::TempDir;

/// Rows are a millisecond apart.
fn kept() -> (TempDir, PathBuf) {
    let mut recording = Recording::default();
    recording.connected(1, "tcp://10.0.0.1:40000", "tcp://10.0.0.2:80");
    recording.sent(1, b"ask");
    recording.received(1, b"answer");
    recording.datagram(2, Direction::In, &[0; 1000]);
    recording.sent(1, b"ask");
    recording.sent(1, b"again");
    recording.datagram(2, Direction::In, &[0; 500]);
    recording.received(1, b"yes");
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.sqlite");
    recording.keep(&journal);
    (folder, journal)
}

#[test]
fn totals_of_each_session_and_percentiles_of_all_as_json() {
    let (_folder, journal) = kept();
    let run = run(&["statistics", journal.to_str().expect("UTF-8")]);
    run.expect_code(0);
    let sessions = run.all("session");
    assert_eq!(sessions.len(), 2);
    assert_eq!(
        *sessions[0],
        json!({
            "event": "session", "session": 1, "peer": "", "seconds": 0.006,
            "received": { "messages": 2, "bytes": 9, "largest": 6, "rate": 1500.0 },
            "sent": { "messages": 3, "bytes": 11, "largest": 5, "rate": 11.0 / 0.006 },
        })
    );
    assert_eq!(sessions[1]["received"], json!({ "messages": 2, "bytes": 1500, "largest": 1000, "rate": 500_000.0 }));
    let all = run.one("statistics");
    assert_eq!((&all["sessions"], &all["seconds"]), (&json!(2), &json!(0.006)));
    assert_eq!(all["sizes"]["sent"], json!({ "smallest": 3, "p50": 3, "p90": 5, "p99": 5, "largest": 5 }));
    assert_eq!(all["gaps_us"]["received"]["largest"], json!(5000.0));
    let answers = &all["answers_to"]["sent"];
    assert_eq!((&answers["messages"], &answers["answered"]), (&json!(3), &json!(2)));
    assert_eq!((&answers["us"]["smallest"], &answers["us"]["largest"]), (&json!(1000.0), &json!(2000.0)));
}

#[test]
fn a_person_reads_the_same_and_a_filter_counts() {
    let (_folder, journal) = kept();
    let read = |arguments: &[&str]| {
        let output = sockeye(&["statistics", journal.to_str().expect("UTF-8")]).args(arguments).output();
        let output = output.expect("it runs");
        assert!(output.status.success(), "{output:?}");
        [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("words"))
    };
    let [out, errors] = read(&[]);
    assert_eq!(errors, "");
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(
        lines[0],
        "#1  received 2 messages, 9 B, 1.46 KiB/s, largest 6 B; sent 3 messages, 11 B, 1.79 KiB/s, largest 5 B"
    );
    assert!(lines[2].starts_with("All sessions  received 4 messages, 1,509 B, "), "{out}");
    assert!(lines.contains(&"sizes sent  p50 3 B, p90 5 B, p99 5 B, at most 5 B"), "{out}");
    assert!(lines.iter().any(|line| line.starts_with("2 of 3 sent were answered, p50 1.00 ms, ")), "{out}");
    let [out, _] = read(&["--filter", "session:2"]);
    assert!(out.starts_with("#2  received 2 messages, 1,500 B, ") && !out.contains("#1"), "{out}");
    let [out, errors] = read(&["--filter", "len>5000"]);
    assert_eq!(out, "All sessions  received 0 messages, 0 B; sent 0 messages, 0 B\n");
    assert_eq!(errors, "no row that is counted carries bytes\n");
}

#[test]
fn a_journal_that_is_missing_is_an_error() {
    let run = run(&["statistics", "/nowhere/journal.sqlite"]);
    run.expect_error(1, "open-journal");
    let run = support::run(&["statistics", "/nowhere/journal.sqlite", "--filter", "hex:e"]);
    run.expect_error(2, "usage");
}

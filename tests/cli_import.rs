//! `import`: captures as journals, what was exported among them.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use proptest::prelude::*;
use serde_json::Value;
use sockeye::engine::Engine;
use sockeye::model::{CloseReason, Direction, Life, SaveRequest};
use support::{PATIENCE, Process, Recording, listing, noise, require_tool, rows_of, sockeye, wireshark};

/// Runs `import` and returns the exit status with what was said.
fn import(capture: &Path, journal: &Path) -> (Option<i32>, String) {
    let mut command = sockeye(&["import"]);
    let output = command.arg(capture).arg(journal).output().expect("it runs");
    (output.status.code(), String::from_utf8(output.stderr).expect("words"))
}

fn exported(recording: &Recording, folder: &Path) -> PathBuf {
    let (journal, capture) = (folder.join("journal.sqlite"), folder.join("a.pcapng"));
    recording.keep(&journal);
    Engine::export_journal(&journal, &SaveRequest::new(&capture), Arc::default()).expect("exported");
    capture
}

/// What crossed: session, direction, and the bytes; for datagrams each by itself.
fn payloads(rows: &[Value]) -> Vec<(u64, String, String)> {
    let mut all: Vec<(u64, String, String)> = Vec::new();
    for row in rows.iter().filter(|row| row["kind"] == "data") {
        let text = |name: &str| row[name].as_str().expect("a text").to_owned();
        let (session, direction, hex) = (row["session"].as_u64().expect("a session"), text("direction"), text("hex"));
        let is_datagram = matches!(row["call"].as_str(), Some("recvfrom" | "sendto"));
        let before =
            all.iter_mut().find(|(of, way, _)| !is_datagram && (*of, way.as_str()) == (session, direction.as_str()));
        match before {
            Some((_, _, bytes)) => bytes.push_str(&hex),
            None => all.push((session, direction, hex)),
        }
    }
    all
}

#[test]
fn what_was_exported_comes_back_with_its_times_and_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut recording = Recording::default();
    recording.accepted(1, "tcp://127.0.0.1:9000", "tcp://127.0.0.1:40000");
    recording.received(1, b"ping");
    recording.sent(1, &noise(100_000));
    recording.connected(2, "udp://[::1]:5000", "udp://[::1]:6000");
    recording.datagram(2, Direction::Out, b"");
    recording.datagram(2, Direction::In, b"datagram");
    recording.closed(1, CloseReason::LocalReset);
    let capture = exported(&recording, folder.path());
    let journal = folder.path().join("back.sqlite");
    let (code, words) = import(&capture, &journal);
    assert_eq!((code, words.trim_end()), (Some(0), "8 rows in 2 sessions out of 9 packets"));
    let (before, after) = (rows_of(&folder.path().join("journal.sqlite")), rows_of(&journal));
    assert_eq!(payloads(&after), payloads(&before));
    let kinds: Vec<_> =
        after.iter().map(|row| row["life"].as_str().or(row["direction"].as_str()).expect("one")).collect();
    assert_eq!(kinds, ["accepted", "in", "out", "out", "connected", "out", "in", "closed"]);
    assert_eq!((&after[0]["local"], &after[0]["peer"]), (&"tcp://127.0.0.1:9000".into(), &"127.0.0.1:40000".into()));
    assert_eq!(after[7]["reason"], "local-reset");
    for (row, of) in [(0, 0), (1, 1), (2, 2), (3, 2), (5, 4), (6, 5), (7, 6)] {
        assert_eq!(after[row]["wall_ns"], before[of]["wall_ns"], "{row}");
    }
    // What is made is a journal like any other.
    let (code, words) = import(&capture, &journal);
    assert_eq!(code, Some(1));
    assert!(words.contains("exists"), "{words}");
    assert_eq!(rows_of(&journal), after, "nothing was added to it");
    let mut again = sockeye(&["export", "--text"]);
    let text = folder.path().join("a.txt");
    assert!(again.arg(&journal).arg(&text).status().expect("it runs").success());
    assert!(fs::read_to_string(text).expect("the text").contains("datagram"));
}

#[test]
fn older_forms_of_captures_are_read_alike() {
    if !["editcap", "tshark"].into_iter().all(require_tool) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut recording = Recording::default();
    recording.connected(1, "tcp://10.0.0.1:40000", "tcp://10.0.0.2:80");
    recording.sent(1, b"hello");
    recording.received(1, &noise(200_000));
    recording.closed(1, CloseReason::Local);
    let capture = exported(&recording, folder.path());
    let before = payloads(&rows_of(&folder.path().join("journal.sqlite")));
    for (form, part) in [("pcap", 1000), ("nsecpcap", 1)] {
        let old = folder.path().join(form);
        wireshark("editcap", &["-F", form, capture.to_str().expect("UTF-8"), old.to_str().expect("UTF-8")]);
        let journal = folder.path().join(format!("{form}.sqlite"));
        let (code, words) = import(&old, &journal);
        assert_eq!(code, Some(0), "{words}");
        let rows = rows_of(&journal);
        assert_eq!(payloads(&rows), before, "{form}");
        let time = rows[1]["wall_ns"].as_i64().expect("a time");
        assert_eq!(time, (support::BEGIN + 1_000_000) / part * part, "{form}");
    }
}

#[test]
fn what_a_snap_length_cut_off_is_counted_to_the_end() {
    if !require_tool("editcap") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut recording = Recording::default();
    recording.connected(1, "tcp://10.0.0.1:40000", "tcp://10.0.0.2:80");
    recording.sent(1, &noise(200_000));
    recording.received(1, &noise(3000));
    recording.life(1, Life::PeerFinished);
    recording.closed(1, CloseReason::Eof);
    let capture = exported(&recording, folder.path());
    let cut = folder.path().join("cut.pcapng");
    wireshark("editcap", &["-s", "96", capture.to_str().expect("UTF-8"), cut.to_str().expect("UTF-8")]);
    let journal = folder.path().join("back.sqlite");
    let (code, words) = import(&cut, &journal);
    assert!(code == Some(0) && words.contains("not captured"), "{words}");
    let rows = rows_of(&journal);
    for (direction, size) in [("out", 200_000), ("in", 3000)] {
        let payloads = payloads(&rows).into_iter().filter(|(_, way, _)| way == direction);
        let captured: u64 = payloads.map(|(.., hex)| hex.len() as u64 / 2).sum();
        let notices = rows.iter().map(|row| &row["notice"]).filter(|notice| notice["direction"] == direction);
        let missing: u64 = notices.filter_map(|notice| notice["bytes"].as_u64()).sum();
        assert!(captured > 0 && missing > 0 && captured + missing == size, "{direction}: {captured} {missing}");
    }
    assert_eq!(rows.last().map(|row| &row["reason"]), Some(&"eof".into()), "{:?}", rows.last());
}

#[test]
fn damage_is_told_with_its_place_and_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut recording = Recording::default();
    recording.connected(1, "tcp://10.0.0.1:40000", "tcp://10.0.0.2:80");
    recording.sent(1, &noise(3000));
    let capture = exported(&recording, folder.path());
    let whole = fs::read(&capture).expect("the capture");
    let journal = folder.path().join("back.sqlite");

    let length = whole.len() - 4;
    let mut wrong = whole.clone();
    wrong[length] ^= 1;
    fs::write(&capture, &wrong).expect("written");
    let (code, words) = import(&capture, &journal);
    let block = whole.len() - u32::from_le_bytes(*whole[length..].first_chunk().expect("a length")) as usize;
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains(&format!("damaged at byte {block}")) && words.contains("length"), "{words}");

    fs::write(&capture, "<html>").expect("written");
    let (code, words) = import(&capture, &journal);
    assert!(code == Some(1) && words.contains("neither pcap nor pcapng"), "{words}");
    let (code, words) = import(&folder.path().join("missing"), &journal);
    assert!(code == Some(1) && words.contains("not found"), "{words}");
    let (code, words) = import(folder.path(), &journal);
    assert!(code == Some(1) && words.contains("is a folder"), "{words}");
    let left: Vec<_> = listing(folder.path()).into_iter().filter(|name| name.starts_with("back")).collect();
    assert_eq!(left, Vec::<String>::new());

    // Whose writer was killed is read as far as it goes.
    fs::write(&capture, &whole[..whole.len() - 1]).expect("written");
    let (code, words) = import(&capture, &journal);
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains("ends in the middle of a packet"), "{words}");
}

#[test]
fn another_journal_is_copied_whole_over_nothing_that_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut recording = Recording::default();
    recording.connected(1, "tcp://10.0.0.1:40000", "tcp://10.0.0.2:80");
    recording.sent(1, b"one");
    let (journal, copy) = (folder.path().join("a.sqlite"), folder.path().join("b.anything"));
    recording.keep(&journal);
    let (code, words) = import(&journal, &copy);
    assert!(code == Some(0) && words.contains("rows saved to"), "{words}");
    assert_eq!(rows_of(&copy), rows_of(&journal));
    let before = fs::read(&copy).expect("the copy");
    let (code, words) = import(&journal, &copy);
    assert!(code == Some(1) && words.contains("exists"), "{words}");
    let (code, words) = import(&journal, &journal);
    assert_eq!(code, Some(1), "{words}");
    assert_eq!(fs::read(&copy).expect("the copy"), before);

    // A database of another program is none.
    rusqlite::Connection::open(folder.path().join("c.sqlite"))
        .and_then(|other| other.execute_batch("CREATE TABLE a (b)"))
        .expect("a database");
    let (code, words) = import(&folder.path().join("c.sqlite"), &folder.path().join("d.sqlite"));
    assert!(code == Some(1) && words.contains("not a Sockeye journal"), "{words}");
    assert!(!folder.path().join("d.sqlite").exists());
}

#[test]
fn a_cancelled_import_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut recording = Recording::default();
    recording.connected(1, "tcp://10.0.0.1:40000", "tcp://10.0.0.2:80");
    let capture = exported(&recording, folder.path());
    let journal = folder.path().join("back.sqlite");
    let failure = Engine::import_capture(&capture, &journal, &AtomicBool::new(true)).expect_err("it was cancelled");
    assert_eq!(failure.cause, sockeye::model::Cause::Cancelled);
    assert!(!journal.exists());
}

#[test]
fn one_that_is_killed_leaves_no_journal_and_the_next_one_cleans_up() {
    let folder = tempfile::tempdir().expect("a folder");
    // Header, then empty packets for longer than anybody waits: nothing of it is on the disk.
    let endless = folder.path().join("endless.pcap");
    let header = [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, 1].map(u32::to_le_bytes).concat();
    fs::write(&endless, header).expect("written");
    fs::File::options().write(true).open(&endless).and_then(|file| file.set_len(1 << 40)).expect("sparse");
    let journal = folder.path().join("back.sqlite");
    let names = || listing(folder.path()).into_iter().filter(|name| name.contains("back")).collect::<Vec<_>>();
    let mut command = sockeye(&["import"]);
    let mut killed = Process::start({
        command.arg(&endless).arg(&journal);
        command
    });
    let deadline = Instant::now() + PATIENCE;
    while names().is_empty() {
        assert!(Instant::now() < deadline, "it writes nothing");
        std::thread::yield_now();
    }
    killed.kill();
    killed.finish();
    // With what SQLite had beside it just then.
    assert!(names().iter().all(|name| name.starts_with(".back.sqlite.part")), "{:?}", names());

    let mut recording = Recording::default();
    recording.connected(1, "tcp://10.0.0.1:40000", "tcp://10.0.0.2:80");
    recording.sent(1, b"hello");
    let capture = exported(&recording, folder.path());
    let (code, words) = import(&capture, &journal);
    assert_eq!((code, names()), (Some(0), vec!["back.sqlite".to_owned()]), "{words}");
}

/// One call: the session, whether it received, and the bytes.
fn call() -> impl Strategy<Value = (u64, bool, Vec<u8>)> {
    let bytes = prop_oneof![
        9 => prop::collection::vec(any::<u8>(), 1..60),
        1 => (60_000_usize..140_000).prop_map(noise),
    ];
    (1_u64..6, any::<bool>(), bytes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_byte_survives_the_round_trip_in_order(calls in prop::collection::vec(call(), 1..40)) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut recording = Recording::default();
        for session in 1..6_u64 {
            let host = if session % 2 == 0 { "[fe80::1]" } else { "10.0.0.1" };
            let scheme = if session < 4 { "tcp" } else { "udp" };
            let [local, peer] = [40_000, 80].map(|port| format!("{scheme}://{host}:{}", port + session));
            if session == 2 { recording.accepted(session, &local, &peer) } else { recording.connected(session, &local, &peer) }
        }
        for (session, received, bytes) in &calls {
            match (session, received) {
                (1..4, true) => recording.received(*session, bytes),
                (1..4, false) => recording.sent(*session, bytes),
                (_, received) => {
                    let direction = if *received { Direction::In } else { Direction::Out };
                    recording.datagram(*session, direction, &bytes[..bytes.len().min(65_507)]);
                }
            }
        }
        (1..4).for_each(|session| recording.closed(session, CloseReason::Eof));
        let capture = exported(&recording, folder.path());
        let journal = folder.path().join("back.sqlite");
        let imported = Engine::import_capture(&capture, &journal, &AtomicBool::new(false)).expect("imported");
        prop_assert_eq!((imported.gaps, imported.repeated, imported.left_out), (0, 0, 0));
        // Sessions are numbered as they show first: by what they are.
        let named = |rows: &[Value]| {
            let names: std::collections::HashMap<u64, String> = rows
                .iter()
                .filter(|row| row["life"] == "connected" || row["life"] == "accepted")
                .map(|row| (row["session"].as_u64().expect("a session"), format!("{}", row["local"])))
                .collect();
            let mut all: Vec<_> =
                payloads(rows).into_iter().map(|(session, way, hex)| (names[&session].clone(), way, hex)).collect();
            // Datagrams keep their order among each other: the sort is stable.
            all.sort_by(|(a, b, _), (c, d, _)| (a, b).cmp(&(c, d)));
            all
        };
        prop_assert_eq!(named(&rows_of(&journal)), named(&rows_of(&folder.path().join("journal.sqlite"))));
    }
}

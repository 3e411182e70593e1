//! The journal seen from outside: filters, clearing, saving.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use jiff::tz::TimeZone;
use sockeye::engine::JournalPlace;
use sockeye::model::{
    Call, Cause, Command, Condition, ConversationPlace, ConversationRequest, Direction, Event, Filter, FindRequest,
    Finding, Life, PageRequest, PageRow, Retention, Row, RowBody, SaveRequest, SessionId, SocketId, Stamp,
};
use sockeye::store::journal::JournalWriter;

use crate::harness::{DEADLINE, Harness, port};

#[test]
fn filters_by_text_hex_direction_and_session() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
    let (first, at_first) = h.connect(&endpoint);
    h.opened(server);
    let (second, _) = h.connect(&endpoint);
    h.opened(server);
    h.send(first, "你好 World".as_bytes());
    h.send(second, b"\x01\x02\x03");
    h.rows(&Filter::default(), |rows| rows.iter().filter(|row| matches!(row.body, RowBody::Data { .. })).count() == 4);
    for (text, matches) in [
        ("你好", 2),
        ("world", 2),
        ("world in", 1),
        ("hex:0102", 2),
        ("hex:0102 out", 1),
        ("hex:ff", 0),
        ("\"你好 W\"", 2),
        ("你好 or hex:0102", 4),
        ("not (你好 or hex:0102) len>0", 0),
        ("(in or out) !你好", 2),
        ("hex:01??03", 2),
        ("len=3", 2),
        ("len>100", 0),
        ("/W.rld$/ out", 1),
        ("/^你.*WORLD/i", 2),
        ("peer:127.0.0.?:* len>0", 4),
        ("peer:128.* len>0", 0),
        ("since:00:00 len>0", 4),
        ("until:1971-01-01", 0),
        ("row>9999", 0),
    ] {
        assert_eq!(h.page(&Filter::parse(text, &TimeZone::UTC).unwrap()).matches, matches, "{text}");
    }
    let data = |text: &str| Filter { session: Some(at_first.id), ..Filter::parse(text, &TimeZone::UTC).unwrap() };
    assert_eq!(h.page(&data("out")).matches, 1);
    h.engine.send(Command::SetFilterEncodings(vec!["gbk".to_owned()]));
    h.send(first, &[0xc4, 0xe3, 0xba, 0xc3]);
    h.rows(&Filter::parse("你好", &TimeZone::UTC).unwrap(), |rows| rows.len() == 4);
}

#[test]
fn clearing_removes_the_rows_and_numbers_go_on() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
    let peer = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
    h.opened(server);
    let rows = h.rows(&Filter::default(), |rows| rows.len() == 2);
    h.engine.send(Command::ClearJournal);
    h.wait("the clearing", |event| matches!(event, Event::JournalCleared).then_some(()));
    assert_eq!(h.page(&Filter::default()).total, 0);
    drop(peer);
    let after = h.rows(&Filter::default(), |rows| !rows.is_empty());
    assert!(after[0].number > rows[1].number);
}

#[test]
fn the_oldest_rows_make_room_for_new_ones_and_are_counted() {
    let mut h = Harness::new();
    let removals = Arc::clone(h.engine.removals());
    h.engine.send(Command::Retain(Retention { disk: Some(4 << 20), ..Retention::default() }));
    let (_, endpoint) = h.listen("tcp://127.0.0.1:0");
    let (client, _) = h.connect(&endpoint);
    let everything = Filter::default();
    let deadline = Instant::now() + DEADLINE;
    // Each row of it was seen before more is sent, so that none can be missing unseen.
    let mut sent = 0;
    while removals.rows() < 50 {
        assert!(Instant::now() < deadline, "{} rows removed", removals.rows());
        sent += 1;
        h.send(client, &vec![7; 256 << 10]);
        let text = Filter { direction: Some(Direction::Out), ..Filter::default() };
        h.rows(&text, |rows| rows.last().is_some_and(|row| row.stream_offset + row.len == sent * (256 << 10)));
    }
    let rows = h.rows(&everything, |rows| rows.first().is_some_and(|row| row.number == removals.rows() + 1));
    assert!(rows.windows(2).all(|rows| rows[0].number + 1 == rows[1].number), "{rows:#?}");
    h.engine.send(Command::ClearJournal);
    h.wait("the clearing", |event| matches!(event, Event::JournalCleared).then_some(()));
    assert_eq!(removals.rows(), 0, "counted since the clearing");
}

#[test]
fn a_row_is_looked_for_and_only_the_latest_request_counts() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
    let (client, _) = h.connect(&endpoint);
    h.opened(server);
    h.send(client, b"needle");
    let wanted = Filter::parse("\"needle\" in", &TimeZone::UTC).unwrap();
    let rows = h.rows(&wanted, |rows| rows.len() == 1);
    let find = |id: u64, text: &str| {
        let condition = Condition::Text(text.to_owned());
        let filter = Filter { direction: Some(Direction::In), ..Filter::default() };
        Command::Find(Box::new(FindRequest { id, filter, condition, from: None, backward: true, wraps: false }))
    };
    h.engine.send(find(1, "needle"));
    h.engine.send(Command::CancelFind);
    h.engine.send(find(2, "nowhere"));
    h.engine.send(find(3, "needle"));
    let of = |wanted: u64| {
        move |event: &Event| match event {
            Event::Finding { id, finding } if *id == wanted && !matches!(finding, Finding::Looking { .. }) => {
                Some(*finding)
            }
            _ => None,
        }
    };
    assert_eq!(h.wait("the row", of(3)), Finding::Found { number: rows[0].number, wrapped: false });
    h.engine.send(find(4, "nowhere"));
    assert_eq!(h.wait("its absence", of(4)), Finding::NotFound);
}

#[test]
fn a_session_s_bytes_are_read_beside_the_pages_and_marks_are_kept() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
    let (client, info) = h.connect(&endpoint);
    h.opened(server);
    let long = crate::harness::noise(5000);
    h.send(client, &long);
    let wanted = Filter::parse("out", &TimeZone::UTC).unwrap();
    let rows = h.rows(&wanted, |rows| rows.iter().map(|row| row.len).sum::<u64>() == 5000);
    let request = ConversationRequest { socket: client, session: Some(info.id), from: ConversationPlace::From(0) };
    h.engine.send(Command::ReadConversation(request.clone()));
    let part = h.wait("the bytes", |event| match event {
        Event::Conversation(part) if part.request == request => Some(std::sync::Arc::clone(part)),
        _ => None,
    });
    assert_eq!(part.rows.iter().flat_map(|row| row.preview.clone()).collect::<Vec<_>>(), long);
    let number = rows[0].number;
    h.engine.send(Command::MarkRow { number, note: Some("here".to_owned()), opened: false });
    h.wait("the mark", |event| matches!(event, Event::Marked { opened: false, .. }).then_some(()));
    let marked = h.page(&Filter::parse("is:marked", &TimeZone::UTC).unwrap());
    assert_eq!((marked.rows[0].number, marked.rows[0].note.as_deref()), (number, Some("here")));
}

#[test]
fn the_end_can_be_asked_for() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("udp://127.0.0.1:0");
    let (client, _) = h.connect(&endpoint);
    for number in 0..50_u8 {
        h.send(client, &[number]);
    }
    h.opened(server);
    let filter = Filter { direction: Some(Direction::In), ..Filter::default() };
    h.rows(&filter, |rows| rows.len() == 50);
    let request = PageRequest { filter, first: 0, count: 3, from_end: true };
    h.engine.send(Command::ReadPage(request));
    let page = h.wait("a page", |event| match event {
        Event::Page(page) if page.rows.len() == 3 => Some(std::sync::Arc::clone(page)),
        _ => None,
    });
    assert_eq!((page.first, page.matches), (47, 50));
    assert_eq!(page.rows.iter().map(|row| row.preview[0]).collect::<Vec<_>>(), [47, 48, 49]);
}

#[test]
fn a_journal_is_saved_and_a_kept_one_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept.sqlite");
    for run in 1..=2 {
        let mut h = Harness::with(|config| config.journal = JournalPlace::File(kept.clone()));
        let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
        let (client, _) = h.connect(&endpoint);
        h.opened(server);
        h.send(client, "你好".as_bytes());
        let filter = Filter::parse("你好 in", &TimeZone::UTC).unwrap();
        h.rows(&filter, |rows| rows.len() == run);
        for name in ["all.sqlite", "all.jsonl", "all.txt"] {
            let path = folder.path().join(name);
            h.engine.send(Command::SaveJournal(Box::new(SaveRequest::new(&path))));
            let rows = h.wait("the saving", |event| match event {
                Event::JournalSaved { path: of, saved } if *of == path => Some(saved.rows),
                _ => None,
            });
            assert!(rows >= 6 * run as u64 - 6, "{name}: {rows}");
        }
        let text = std::fs::read_to_string(folder.path().join("all.txt")).unwrap();
        assert!(text.contains("e4 bd a0 e5 a5 bd"), "{text}");
    }
}

#[test]
fn addresses_in_events_are_endpoints_with_their_scheme() {
    let folder = tempfile::tempdir().unwrap();
    let unix = format!("unix:{}", folder.path().join("s.sock").display());
    for endpoint in ["tcp://127.0.0.1:0", "udp://127.0.0.1:0", &unix] {
        let mut h = Harness::new();
        let (server, endpoint) = h.listen(endpoint);
        let (client, at_client) = h.connect(&endpoint);
        h.send(client, b"x");
        h.opened(server);
        h.engine.send(Command::StopListening { socket: server });
        h.stopped(server);
        let is_stop = |row: &PageRow| matches!(row.body, RowBody::Life(Life::StoppedListening { .. }));
        let rows = h.rows(&Filter::default(), |rows| rows.iter().any(is_stop));
        let server = endpoint.to_string();
        // A Unix socket that connects has no name.
        let client = match at_client.local.to_string() {
            local if local.is_empty() => local,
            local => format!("{}://{local}", at_client.protocol.scheme()),
        };
        for row in rows {
            match row.body {
                RowBody::Life(
                    Life::Listening { endpoint } | Life::StoppedListening { endpoint } | Life::Connecting { endpoint },
                ) => assert_eq!(endpoint, server),
                RowBody::Life(Life::Accepted { local, peer, .. }) => assert_eq!([local, peer], [&*server, &*client]),
                RowBody::Life(Life::Connected { local, peer, .. }) => assert_eq!([local, peer], [&*client, &*server]),
                _ => {}
            }
        }
    }
}

/// A kept journal with this many rows of a kilobyte.
fn kept(folder: &Path, rows: usize) -> PathBuf {
    let path = folder.join("kept.sqlite");
    let mut writer = JournalWriter::create(&path).unwrap();
    let row = Row {
        stamp: Stamp::default(),
        socket: SocketId(1),
        session: Some(SessionId(3)),
        peer: "127.0.0.1:9".to_owned(),
        body: RowBody::Data { direction: Direction::In, call: Call::Recv, truncated: false },
        stream_offset: 0,
        payload: vec![b'k'; 1024],
    };
    for _ in 0..rows.div_ceil(1000) {
        writer.append(&vec![row.clone(); 1000]).unwrap();
    }
    path
}

#[test]
fn a_long_journal_that_was_cleared_stays_so_however_the_program_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = kept(folder.path(), 60_000);
    let open = || Harness::with(|config| config.journal = JournalPlace::File(path.clone()));
    let mut h = open();
    assert_eq!(h.page(&Filter::default()).total, 60_000);
    h.engine.send(Command::ClearJournal);
    h.wait("the clearing", |event| matches!(event, Event::JournalCleared).then_some(()));
    assert_eq!(h.page(&Filter::parse("k", &TimeZone::UTC).unwrap()).matches, 0);
    let (_, _) = h.listen("tcp://127.0.0.1:0");
    let rows = h.rows(&Filter::default(), |rows| !rows.is_empty());
    assert_eq!((rows.len(), rows[0].number), (1, 60_001));
    // Whether all slices were through or not.
    drop(h);
    let mut h = open();
    let page = h.page(&Filter::default());
    assert_eq!((page.total, page.rows[0].number), (2, 60_001), "listening and its end");
    assert!(h.take(|event| matches!(event, Event::JournalCleared)).is_none());
}

#[test]
fn sessions_of_a_continued_journal_have_numbers_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = kept(folder.path(), 1);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
    for expected in [4, 5] {
        let mut h = Harness::with(|config| config.journal = JournalPlace::File(path.clone()));
        let (client, info) = h.connect_with(&endpoint, |_| {});
        assert_eq!(info.id, SessionId(expected));
        h.send(client, b"x");
        let own = Filter { session: Some(info.id), direction: Some(Direction::Out), ..Filter::default() };
        assert_eq!(h.rows(&own, |rows| !rows.is_empty()).len(), 1);
    }
}

#[test]
fn a_save_that_is_under_way_when_the_engine_ends_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = kept(folder.path(), 100_000);
    for name in ["copy.txt", "copy.sqlite"] {
        let is_given_up = || {
            let copies = tempfile::tempdir().unwrap();
            let copy = copies.path().join(name);
            std::fs::write(&copy, "old").unwrap();
            let h = Harness::with(|config| config.journal = JournalPlace::File(path.clone()));
            assert!(!h.engine.is_saving_journal());
            h.engine.send(Command::SaveJournal(Box::new(SaveRequest::new(&copy))));
            // The second file is the copy that is being made.
            while std::fs::read_dir(copies.path()).unwrap().count() < 2 {
                if !h.engine.is_saving_journal() {
                    return false;
                }
                std::thread::yield_now();
            }
            drop(h);
            assert_eq!(std::fs::read(&copy).unwrap(), b"old", "{name}");
            assert_eq!(std::fs::read_dir(copies.path()).unwrap().count(), 1, "{name}");
            true
        };
        // On a busy machine it may be through before it is noticed.
        assert!((0..5).any(|_| is_given_up()), "{name} was through each time");
    }
}

#[test]
fn a_save_is_under_way_until_its_answer_waits() {
    let folder = tempfile::tempdir().unwrap();
    let mut h = Harness::new();
    for (path, is_saved) in [(folder.path().join("copy.txt"), true), (folder.path().join("no/copy.txt"), false)] {
        h.engine.send(Command::SaveJournal(Box::new(SaveRequest::new(path))));
        let deadline = Instant::now() + DEADLINE;
        while h.engine.is_saving_journal() {
            assert!(Instant::now() < deadline, "no answer");
            std::thread::yield_now();
        }
        let answer = h.take(|event| matches!(event, Event::JournalSaved { .. } | Event::Failed { .. }));
        match answer.unwrap() {
            Event::Failed { failure, .. } => assert!(!is_saved && failure.cause == Cause::NotFound),
            _ => assert!(is_saved),
        }
    }
}

/// The last connection that closes copies the log into the file; two that close at once would leave that to each other.
#[test]
fn what_was_recorded_lies_in_one_file_in_the_end() {
    for _ in 0..40 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let mut h = Harness::with(|config| config.journal = JournalPlace::File(path));
        h.listen("udp://127.0.0.1:0");
        h.rows(&Filter::default(), |rows| !rows.is_empty());
        drop(h);
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["journal.sqlite"]);
    }
}

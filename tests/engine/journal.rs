//! The journal seen from outside: filters, clearing, saving.

use std::net::TcpStream;

use sockeye::engine::JournalPlace;
use sockeye::model::{Command, Direction, Event, Filter, Life, PageRequest, PageRow, RowBody};

use crate::harness::{Harness, port};

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
    ] {
        assert_eq!(h.page(&Filter::parse(text).unwrap()).matches, matches, "{text}");
    }
    let data = |text: &str| Filter { session: Some(at_first.id), ..Filter::parse(text).unwrap() };
    assert_eq!(h.page(&data("out")).matches, 1);
    h.engine.send(Command::SetFilterEncodings(vec!["gbk".to_owned()]));
    h.send(first, &[0xc4, 0xe3, 0xba, 0xc3]);
    h.rows(&Filter::parse("你好").unwrap(), |rows| rows.len() == 4);
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
        let filter = Filter::parse("你好 in").unwrap();
        h.rows(&filter, |rows| rows.len() == run);
        for name in ["all.sqlite", "all.jsonl", "all.txt"] {
            let path = folder.path().join(name);
            h.engine.send(Command::SaveJournal { path: path.clone(), filter: Filter::default() });
            let rows = h.wait("the saving", |event| match event {
                Event::JournalSaved { path: of, rows } if *of == path => Some(*rows),
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
                RowBody::Life(Life::Accepted { local, peer }) => assert_eq!([local, peer], [&*server, &*client]),
                RowBody::Life(Life::Connected { local, peer }) => assert_eq!([local, peer], [&*client, &*server]),
                _ => {}
            }
        }
    }
}

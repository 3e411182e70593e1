//! What is asked for at the same time.

use crossbeam_channel::bounded;

use super::*;
use crate::model::{Call, Direction, Row, RowBody, SessionId, SocketId, Stamp};
use crate::store::journal::JournalWriter;

/// More rows than are looked at in two steps.
const ROWS: usize = 2 * SCAN_ROWS + 1;

fn row() -> Row {
    Row {
        stamp: Stamp::default(),
        socket: SocketId(1),
        session: Some(SessionId(1)),
        peer: String::new(),
        body: RowBody::Data { direction: Direction::In, call: Call::Recv, truncated: false },
        stream_offset: 0,
        payload: b"k".to_vec(),
    }
}

#[test]
fn a_page_does_not_wait_for_the_counting_nor_does_a_scan_end_it() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal.sqlite");
    JournalWriter::create(&journal).unwrap().append(&vec![row(); ROWS]).unwrap();
    let (sender, events) = bounded(64);
    let (jobs, queue) = unbounded();
    let page = |text| PageRequest { filter: Filter::containing(text), first: 0, count: 1, from_end: false };
    // All of them wait before the first one is looked at.
    jobs.send(Job::Count(Some(Box::default()))).unwrap();
    jobs.send(Job::Page(page(""))).unwrap();
    jobs.send(Job::Row(1)).unwrap();
    jobs.send(Job::Page(page("k"))).unwrap();
    let reader = JournalReader::open(&journal).unwrap();
    let outbox = Arc::new(Outbox::new(sender, Arc::new(|| {})));
    let (reader, thread) =
        Reader::start_on(reader, journal, outbox, Arc::default(), Arc::default(), (jobs, queue)).unwrap();
    let mut told = Vec::new();
    loop {
        match events.recv_timeout(Duration::from_secs(20)).unwrap() {
            Event::Page(page) => {
                told.push(if page.complete { "page" } else { "part of a page" });
                assert!(!page.complete || page.matches == ROWS as u64, "two threads find what one does");
            }
            Event::RowLoaded { .. } => told.push("row"),
            Event::Counted(statistics) if !statistics.is_complete() => {}
            Event::Counted(statistics) => {
                assert_eq!(statistics.all().flows.received.messages, ROWS as u64);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    // The older of two pages is not read at all.
    assert_eq!(told.first(), Some(&"row"), "{told:?}");
    assert_eq!(told.last(), Some(&"page"), "{told:?}");
    reader.stop();
    thread.join().unwrap();
}

#[test]
fn what_never_ends_does_not_hold_up_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal.sqlite");
    JournalWriter::create(&journal).unwrap();
    let (sender, events) = bounded(64);
    let (jobs, queue) = unbounded();
    let opened = folder.path().join("opened.sqlite");
    JournalWriter::create(&opened).unwrap();
    let endless = JournalReader::open(&opened).unwrap();
    endless.never_end();
    let place = Place::File(opened.clone());
    let opened = Opened { reader: endless, path: opened, place, imported: None, cancelled: Arc::default() };
    jobs.send(Job::Open(Box::new(opened))).unwrap();
    let reader = JournalReader::open(&journal).unwrap();
    let outbox = Arc::new(Outbox::new(sender, Arc::new(|| {})));
    let (reader, thread) =
        Reader::start_on(reader, journal, outbox, Arc::default(), Arc::default(), (jobs, queue)).unwrap();
    reader.stop();
    match events.recv_timeout(Duration::from_secs(60)).unwrap() {
        Event::JournalNotOpened { failure, .. } => assert_eq!(failure.cause, Cause::Cancelled),
        other => panic!("{other:?}"),
    }
    thread.join().unwrap();
}

//! What crossed, counted while it goes on.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use jiff::tz::TimeZone;
use sockeye::engine::JournalPlace;
use sockeye::model::{
    Call, Command, Direction, Event, Filter, Row, RowBody, SessionId, SocketId, Stamp, Statistics, StatisticsRequest,
};
use sockeye::store::journal::JournalWriter;

use crate::harness::{DEADLINE, Harness};

/// A kept journal of two sessions in turns, two requests a session and millisecond, each answered after 300 µs.
fn kept(folder: &Path, rows: u64) -> PathBuf {
    let path = folder.join("kept.sqlite");
    let rows: Vec<_> = (0..rows)
        .map(|number| {
            let is_answer = number % 2 == 1;
            let mono_ns = number / 2 * 500_000 + if is_answer { 300_000 } else { 0 };
            let direction = if is_answer { Direction::In } else { Direction::Out };
            Row {
                stamp: Stamp { wall_ns: 1_790_000_000_000_000_000 + mono_ns.cast_signed(), mono_ns, kernel_ns: None },
                socket: SocketId(1),
                session: Some(SessionId(1 + number / 2 % 2)),
                peer: "127.0.0.1:9".to_owned(),
                body: RowBody::Data { direction, call: Call::Recv, truncated: false },
                stream_offset: 0,
                payload: vec![b'k'; if is_answer { 64 } else { 12 }],
            }
        })
        .collect();
    JournalWriter::create(&path).and_then(|mut writer| writer.append(&rows)).expect("a journal");
    path
}

fn ask(h: &Harness, request: &StatisticsRequest) {
    h.engine.send(Command::CountMessages(Some(Box::new(request.clone()))));
}

/// What has been counted once it is what one waits for.
fn counted(h: &mut Harness, request: &StatisticsRequest, fits: impl Fn(&Statistics) -> bool) -> Arc<Statistics> {
    h.wait("the counts", |event| match event {
        Event::Counted(statistics) if statistics.request() == request && fits(statistics) => {
            Some(Arc::clone(statistics))
        }
        _ => None,
    })
}

#[test]
fn a_long_journal_is_counted_to_its_end() {
    const ROWS: u64 = 200_000;
    let folder = tempfile::tempdir().expect("a folder");
    let path = kept(folder.path(), ROWS);
    let mut h = Harness::with(|config| config.journal = JournalPlace::File(path));
    let all = StatisticsRequest::default();
    ask(&h, &all);
    let statistics = counted(&mut h, &all, Statistics::is_complete);
    assert_eq!((statistics.scanned, statistics.rows), (ROWS, ROWS));
    let flows = statistics.all().flows;
    assert_eq!((flows.sent.messages, flows.sent.bytes), (ROWS / 2, ROWS / 2 * 12));
    assert_eq!((flows.received.bytes, flows.received.largest), (ROWS / 2 * 64, 64));
    let answers = statistics.answers().sent.quantiles().expect("answers");
    assert_eq!((answers.smallest, answers.largest, statistics.answers().sent.count()), (300_000, 300_000, ROWS / 2));
    assert!(answers.p99.abs_diff(300_000) < 3_000, "{answers:?}");

    let of_one = StatisticsRequest {
        filter: Filter::parse("out", &TimeZone::UTC).expect("a filter"),
        session: Some(SessionId(2)),
    };
    ask(&h, &of_one);
    let statistics = counted(&mut h, &of_one, Statistics::is_complete);
    assert_eq!((statistics.sessions().len(), statistics.all().flows.sent.messages), (2, ROWS / 2));
    let gaps = statistics.gaps().sent.quantiles().expect("gaps");
    assert_eq!((gaps.smallest, gaps.largest), (1_000_000, 1_000_000));
    assert_eq!((statistics.gaps().received.count(), statistics.sizes().sent.count()), (0, ROWS / 4));
}

#[test]
fn rows_that_come_later_are_added_and_a_clearing_begins_anew() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
    let (client, at_client) = h.connect(&endpoint);
    h.opened(server);
    let all = StatisticsRequest::default();
    let mut expected = 0;
    for text in ["你好", "World"] {
        h.send(client, text.as_bytes());
        expected += text.len() as u64;
        // The recorder is some milliseconds behind: one asks again, as a window does.
        let deadline = Instant::now() + DEADLINE;
        let statistics = loop {
            assert!(Instant::now() < deadline, "the counts never became enough");
            ask(&h, &all);
            let statistics = counted(&mut h, &all, |_| true);
            if statistics.all().flows.sum().bytes == 2 * expected {
                break statistics;
            }
        };
        assert_eq!((statistics.all().flows.sent.bytes, statistics.sessions().len()), (expected, 2));
        let own = statistics.sessions().find(|one| one.session == Some(at_client.id)).expect("the client's");
        assert_eq!((own.totals.flows.sent.bytes, own.peer.as_str()), (expected, &*at_client.peer.to_string()));
    }
    h.engine.send(Command::ClearJournal);
    h.wait("the clearing", |event| matches!(event, Event::JournalCleared).then_some(()));
    ask(&h, &all);
    let statistics = counted(&mut h, &all, Statistics::is_complete);
    assert_eq!((statistics.all().flows.sum().messages, statistics.scanned), (0, 0));
}

#[test]
fn nothing_is_counted_for_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = kept(folder.path(), 200_000);
    let mut h = Harness::with(|config| config.journal = JournalPlace::File(path));
    ask(&h, &StatisticsRequest::default());
    h.engine.send(Command::CountMessages(None));
    // Once this page is there, all that was asked before has been looked at.
    h.page(&Filter::parse("out row<9", &TimeZone::UTC).expect("a filter"));
    while h.take(|event| matches!(event, Event::Counted(_))).is_some() {}
    h.page(&Filter::parse("in row<9", &TimeZone::UTC).expect("a filter"));
    assert!(h.take(|event| matches!(event, Event::Counted(_))).is_none());
}

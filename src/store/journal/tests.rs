mod damage;
mod saving;

use std::fs;
use std::path::Path;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::connection::failure;
use super::*;
use crate::codec::encoding::Encoding;
use crate::model::{
    Call, Cause, CloseReason, Direction, Failure, Filter, Hint, Life, Notice, Operation, Outcome, Page, PageRequest,
    Row, RowBody, SaveFormat, SaveRequest, SendMode, SessionId, ShownAs, SocketId, Stamp,
};

pub(super) fn data(session: u64, direction: Direction, call: Call, offset: u64, payload: &[u8]) -> Row {
    Row {
        stamp: Stamp { wall_ns: 1_700_000_000_000_000_000, mono_ns: 1000, kernel_ns: None },
        socket: SocketId(1),
        session: Some(SessionId(session)),
        peer: "127.0.0.1:9000".to_owned(),
        body: RowBody::Data { direction, call, truncated: false },
        stream_offset: offset,
        payload: payload.to_vec(),
    }
}

pub(super) fn received(offset: u64, payload: &[u8]) -> Row {
    data(1, Direction::In, Call::Recv, offset, payload)
}

pub(super) fn with_body(body: RowBody) -> Row {
    Row { body, payload: Vec::new(), stream_offset: 0, ..received(0, b"") }
}

pub(super) struct Journal {
    _folder: tempfile::TempDir,
    pub(super) path: std::path::PathBuf,
    pub(super) writer: JournalWriter,
    pub(super) reader: JournalReader,
}

pub(super) fn journal(rows: &[Row]) -> Journal {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let mut writer = JournalWriter::create(&path).unwrap();
    assert_eq!(writer.append(rows).unwrap(), rows.len() as u64);
    let reader = JournalReader::open(&path).unwrap();
    Journal { _folder: folder, path, writer, reader }
}

pub(super) fn page(reader: &mut JournalReader, filter: &Filter, first: u64, count: usize) -> Page {
    reader.page(&PageRequest { filter: filter.clone(), first, count, from_end: false }).unwrap()
}

pub(super) fn all(reader: &mut JournalReader) -> Page {
    page(reader, &Filter::default(), 0, PageRequest::COUNT_MAX)
}

fn last(reader: &mut JournalReader, filter: &Filter, count: usize) -> Page {
    reader.page(&PageRequest { filter: filter.clone(), first: 0, count, from_end: true }).unwrap()
}

pub(super) fn numbers(page: &Page) -> Vec<u64> {
    page.rows.iter().map(|row| row.number).collect()
}

#[test]
fn rows_come_back_as_they_were() {
    let failure =
        Failure::new(Operation::Bind, "127.0.0.1:9000", Cause::AddressInUse).with_hint(Hint::ChooseAnotherPort);
    let mut rows = vec![
        data(u64::MAX, Direction::In, Call::RecvFrom, u64::MAX, b"\x00\xff"),
        data(2, Direction::Out, Call::SendTo, 0, b""),
        received(7, &[1; 600]),
        data(2, Direction::Out, Call::Send, 0, "你好".as_bytes()),
        with_body(RowBody::Life(Life::Listening { endpoint: "tcp://[::1]:9000".to_owned() })),
        with_body(RowBody::Life(Life::Closed { reason: CloseReason::Eof })),
        with_body(RowBody::Failed { failure }),
        with_body(RowBody::Notice { notice: Notice::Dropped { datagrams: u64::MAX } }),
        with_body(RowBody::File {
            direction: Direction::Out,
            name: "a\n\"你".to_owned(),
            path: "/tmp/a".to_owned(),
            size: u64::MAX,
            duration_ns: 5,
            outcome: Outcome::HandedOver,
            mode: SendMode::Tutorial,
            hash: None,
        }),
        with_body(RowBody::File {
            direction: Direction::In,
            name: "b".to_owned(),
            path: "/tmp/b".to_owned(),
            size: 0,
            duration_ns: 0,
            outcome: Outcome::Verified,
            mode: SendMode::Verified,
            hash: Some("af13".to_owned()),
        }),
    ];
    rows[0].body = RowBody::Data { direction: Direction::In, call: Call::RecvFrom, truncated: true };
    rows[1].session = None;
    rows[1].stamp = Stamp { wall_ns: i64::MIN, mono_ns: u64::MAX, kernel_ns: Some(-1) };
    let mut journal = journal(&rows);
    let page = all(&mut journal.reader);
    assert_eq!((page.first, page.matches, page.total, page.complete), (0, 10, 10, true));
    assert_eq!(numbers(&page), (1..=10).collect::<Vec<_>>());
    for (shown, row) in page.rows.iter().zip(&rows) {
        let preview = &row.payload[..row.payload.len().min(crate::model::PageRow::PREVIEW_MAX)];
        assert_eq!(
            (shown.stamp, shown.socket, shown.session, &shown.peer, &shown.body, shown.stream_offset),
            (row.stamp, row.socket, row.session, &row.peer, &row.body, row.stream_offset)
        );
        assert_eq!((shown.len, shown.preview.as_slice()), (row.payload.len() as u64, preview));
    }
    assert_eq!(journal.reader.payload(3).unwrap().unwrap(), [1; 600]);
    assert_eq!(journal.reader.payload(11).unwrap(), None);
    assert_eq!(journal.reader.payload(u64::MAX).unwrap(), None);
}

#[test]
fn pages_start_anywhere_and_end_at_the_end() {
    let rows: Vec<Row> = (0..10).map(|index| received(index, b"x")).collect();
    let mut journal = journal(&rows);
    assert_eq!(numbers(&page(&mut journal.reader, &Filter::default(), 3, 4)), [4, 5, 6, 7]);
    assert_eq!(numbers(&page(&mut journal.reader, &Filter::default(), 8, 4)), [9, 10]);
    let beyond = page(&mut journal.reader, &Filter::default(), u64::MAX, usize::MAX);
    assert_eq!((beyond.first, beyond.rows.len(), beyond.matches), (10, 0, 10));
    let end = last(&mut journal.reader, &Filter::default(), 3);
    assert_eq!((end.first, numbers(&end)), (7, vec![8, 9, 10]));
    assert_eq!(last(&mut journal.reader, &Filter::default(), 100).first, 0);
}

#[test]
fn numbers_go_on_after_clearing_and_after_opening_again() {
    let mut journal = journal(&[received(0, &[7; 1_000_000]), received(0, b"2")]);
    all(&mut journal.reader);
    let on_disk = |path: &Path| {
        let log = path.with_extension("sqlite-wal");
        fs::metadata(path).unwrap().len() + fs::metadata(log).unwrap().len()
    };
    assert!(on_disk(&journal.path) > 1_000_000);
    journal.writer.clear().unwrap();
    assert_eq!((journal.writer.total(), all(&mut journal.reader).total), (0, 0));
    while journal.writer.reclaim().unwrap() {}
    assert!(on_disk(&journal.path) < 100_000);

    let mut writer = JournalWriter::create(&journal.path).unwrap();
    assert_eq!(writer.total(), 0);
    assert_eq!(writer.append(&[received(0, b"3")]).unwrap(), 1);
    drop(writer);
    // This writer did not see the other's row coming.
    assert_eq!(journal.writer.append(&[received(0, b"4")]).unwrap(), 2);
    assert_eq!(numbers(&all(&mut journal.reader)), [3, 4]);
    assert_eq!(numbers(&page(&mut journal.reader, &Filter::default(), 1, 1)), [4]);
    assert_eq!(JournalWriter::create(&journal.path).unwrap().total(), 2);
}

#[test]
fn cleared_rows_are_out_of_sight_at_once_and_out_of_the_file_bit_by_bit() {
    let rows: Vec<Row> = (0..10_000).map(|offset| received(offset, b"a")).collect();
    let mut journal = journal(&rows);
    assert_eq!(page(&mut journal.reader, &Filter::containing("a"), 0, 1).matches, 10_000);
    let in_file = |journal: &Journal| -> i64 {
        journal.writer.connection.query_row("SELECT count(*) FROM rows", (), |row| row.get(0)).unwrap()
    };
    journal.writer.clear().unwrap();
    assert_eq!(in_file(&journal), 10_000);
    for filter in [Filter::default(), Filter::containing("a")] {
        let none = page(&mut journal.reader, &filter, 0, 9);
        assert_eq!((none.rows.len(), none.matches, none.total, none.complete), (0, 0, 0, true));
    }
    assert_eq!(journal.reader.payload(10_000).unwrap(), None);
    // Whoever comes after a sudden end sees none either.
    assert_eq!(JournalWriter::create(&journal.path).unwrap().total(), 0);

    for step in 1..=3 {
        assert!(journal.writer.reclaim().unwrap());
        assert_eq!(journal.writer.append(&[received(9_999 + step, b"b")]).unwrap(), step);
        assert!(in_file(&journal) < 10_000);
        let shown = all(&mut journal.reader);
        assert_eq!(numbers(&shown), (10_001..=10_000 + step).collect::<Vec<_>>());
        assert_eq!((shown.total, shown.rows[0].delta_ns, &shown.rows[0].context), (step, None, &Vec::new()));
        assert_eq!(page(&mut journal.reader, &Filter::containing("a"), 0, 9).matches, 0);
        assert_eq!(page(&mut journal.reader, &Filter::containing("b"), 0, 9).matches, step);
    }
    assert_eq!(in_file(&journal), 3);
    assert!(!journal.writer.reclaim().unwrap());
    assert_eq!(numbers(&all(&mut journal.reader)), [10_001, 10_002, 10_003]);
}

#[test]
fn long_rows_make_short_slices() {
    let rows: Vec<Row> = (0..20).map(|_| received(0, &vec![7; 1 << 20])).collect();
    let mut journal = journal(&rows);
    journal.writer.clear().unwrap();
    let mut slices = 0;
    while journal.writer.reclaim().unwrap() {
        slices += 1;
    }
    assert_eq!(slices, 3);
}

#[test]
fn what_is_saved_while_rows_are_being_cleared_has_none_of_them() {
    let rows: Vec<Row> = (0..9_000).map(|_| received(0, b"secret")).collect();
    let mut journal = journal(&rows);
    journal.writer.clear().unwrap();
    assert!(journal.writer.reclaim().unwrap());
    journal.writer.append(&[received(0, b"open")]).unwrap();
    for name in ["copy.sqlite", "copy.txt", "copy.jsonl"] {
        let copy = journal.path.with_file_name(name);
        assert_eq!(journal.reader.save(&SaveRequest::new(&copy), &[]).unwrap().rows, 1, "{name}");
        let bytes = fs::read(&copy).unwrap();
        let holds = |needle: &[u8]| memchr::memmem::find(&bytes, needle).is_some();
        assert!(!holds(b"secret") && !holds(b"736563726574") && !holds(b"73 65 63"), "{name}");
    }
    let mut copy = JournalReader::open(&journal.path.with_file_name("copy.sqlite")).unwrap();
    assert_eq!(numbers(&all(&mut copy)), [9_001]);
}

#[test]
fn the_last_session_is_remembered_whatever_becomes_of_its_rows() {
    let mut journal = journal(&[data(7, Direction::In, Call::Recv, 0, b"x"), received(0, b"x")]);
    journal.writer.append(&[with_body(RowBody::Life(Life::PeerFinished))]).unwrap();
    assert_eq!(journal.writer.last_session(), SessionId(7));
    journal.writer.clear().unwrap();
    assert_eq!(JournalWriter::create(&journal.path).unwrap().last_session(), SessionId(7));
}

#[test]
fn a_cancelled_save_leaves_what_was_there() {
    let mut journal = journal(&[received(0, b"1")]);
    journal.reader.save_canceller().cancel();
    for name in ["copy.sqlite", "copy.txt"] {
        let copy = journal.path.with_file_name(name);
        fs::write(&copy, "old").unwrap();
        let failure = journal.reader.save(&SaveRequest::new(&copy), &[]).unwrap_err();
        assert_eq!(failure.cause, Cause::Cancelled);
        assert_eq!(fs::read(&copy).unwrap(), b"old");
    }
    let hidden = fs::read_dir(journal.path.parent().unwrap()).unwrap();
    let hidden = hidden.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'));
    assert_eq!(hidden.count(), 0);
}

#[test]
fn the_time_since_the_row_before_is_unknown_where_no_clock_tells() {
    let mut rows = vec![received(0, b"a"), received(1, b"b"), received(2, b"a"), received(3, b"a")];
    for (row, mono_ns) in rows.iter_mut().zip([100, 150, 400, 5]) {
        row.stamp.mono_ns = mono_ns;
    }
    let mut journal = journal(&rows);
    let deltas = |page: Page| page.rows.iter().map(|row| row.delta_ns).collect::<Vec<_>>();
    assert_eq!(deltas(all(&mut journal.reader)), [None, Some(50), Some(250), None]);
    assert_eq!(deltas(page(&mut journal.reader, &Filter::default(), 1, 1)), [Some(50)]);
    // To the row before it in the journal, not in the page.
    assert_eq!(deltas(page(&mut journal.reader, &Filter::containing("a"), 0, 9)), [None, Some(250), None]);
}

#[test]
fn context_is_what_crossed_just_before_in_the_same_stream() {
    let long: Vec<u8> = (0..200).collect();
    let rows = [
        received(0, &long),
        data(1, Direction::Out, Call::Send, 0, b"other way"),
        data(2, Direction::In, Call::Recv, 0, b"other session"),
        received(200, b"ab"),
        data(1, Direction::In, Call::RecvFrom, 0, b"datagram"),
        received(202, b"c"),
    ];
    let mut journal = journal(&rows);
    let contexts: Vec<Vec<u8>> = all(&mut journal.reader).rows.into_iter().map(|row| row.context).collect();
    assert_eq!(contexts[3], long[136..]);
    assert_eq!(contexts[5], [&long[138..], b"ab"].concat());
    for without in [0, 1, 2, 4] {
        assert!(contexts[without].is_empty(), "row {without}");
    }

    // Over the border of a transaction, and only from bytes that are neighbours.
    journal.writer.append(&[received(203, b"d"), received(300, b"late")]).unwrap();
    let rows = last(&mut journal.reader, &Filter::default(), 2).rows;
    assert_eq!(rows[0].context, [&long[139..], b"abc"].concat());
    assert!(rows[1].context.is_empty());

    // A session of the same number after this one was closed is another.
    journal.writer.append(&[with_body(RowBody::Life(Life::Closed { reason: CloseReason::Eof }))]).unwrap();
    journal.writer.append(&[received(304, b"x")]).unwrap();
    assert!(last(&mut journal.reader, &Filter::default(), 1).rows[0].context.is_empty());
}

#[test]
fn a_context_of_single_bytes_is_gathered_from_many_rows() {
    let rows: Vec<Row> = (0..100).map(|index| received(index, &[index as u8])).collect();
    let mut journal = journal(&rows);
    let page = all(&mut journal.reader);
    assert_eq!(page.rows[99].context, (35..99).collect::<Vec<u8>>());
    assert_eq!(page.rows[10].context, (0..10).collect::<Vec<u8>>());
}

#[test]
fn a_filter_finds_rows_as_they_come() {
    let rows: Vec<Row> = (0..1000).map(|index| received(0, format!("Row {index}").as_bytes())).collect();
    let mut journal = journal(&rows);
    let filter = Filter::containing("row 99");
    journal.reader.set_filter(filter.clone(), &[]);
    assert!(!journal.reader.scan(500).unwrap());
    assert!(journal.reader.scan(500).unwrap());
    let found = page(&mut journal.reader, &filter, 0, 100);
    assert_eq!((found.matches, found.total, found.complete), (11, 1000, true));
    assert_eq!(numbers(&found), [vec![100], (991..=1000).collect()].concat());

    journal.writer.append(&[received(0, b"no"), received(0, b"ROW 99")]).unwrap();
    let end = last(&mut journal.reader, &filter, 2);
    assert_eq!((end.matches, end.first, numbers(&end)), (12, 10, vec![1000, 1002]));

    journal.writer.clear().unwrap();
    let none = page(&mut journal.reader, &filter, 0, 100);
    assert_eq!((none.matches, none.total, none.rows.len(), none.complete), (0, 0, 0, true));
    journal.writer.append(&[received(0, b"row 99")]).unwrap();
    assert_eq!(numbers(&page(&mut journal.reader, &filter, 0, 100)), [1003]);
}

#[test]
fn a_page_of_a_long_journal_says_that_more_may_match() {
    let rows: Vec<Row> = (0..20_000).map(|_| received(0, b"x")).collect();
    let mut journal = journal(&rows);
    let first = page(&mut journal.reader, &Filter::containing("x"), 0, 1);
    assert!(!first.complete && first.matches < 20_000);
    assert!(!journal.reader.scan(1000).unwrap());
    let part = page(&mut journal.reader, &Filter::containing("x"), 0, 1);
    assert_eq!((part.scanned, part.total, part.complete), (1000, 20_000, false));
    while !journal.reader.scan(1000).unwrap() {}
    let then = page(&mut journal.reader, &Filter::containing("x"), 19_999, 1);
    assert_eq!((then.complete, then.matches, numbers(&then)), (true, 20_000, vec![20_000]));
    assert_eq!(then.scanned, 20_000);
    journal.writer.append(&[received(0, b"y")]).unwrap();
    assert_eq!(all(&mut journal.reader).scanned, 20_001, "everything needs no scan");
}

#[test]
fn what_another_reader_found_further_on_is_taken_in() {
    let rows: Vec<Row> = (0..100).map(|index| received(0, if index % 3 == 0 { b"x" } else { b"y" })).collect();
    let mut journal = journal(&rows);
    let mut second = JournalReader::open(&journal.path).unwrap();
    let (filter, other) = (Filter::containing("x"), Filter::containing("y"));
    assert!(journal.reader.ahead(10).unwrap().is_none(), "everything needs no scan");
    journal.reader.set_filter(filter.clone(), &[]);
    assert!(journal.reader.ahead(51).unwrap().is_none(), "there are not as many");
    let found = second.look_ahead(journal.reader.ahead(50).unwrap().unwrap()).unwrap();
    journal.reader.take(found);
    assert!(journal.reader.ahead(10).unwrap().is_none(), "one at a time");
    assert!(!journal.reader.scan(20).unwrap());
    assert!(journal.reader.scan(30).unwrap(), "the other half is known");
    let all = page(&mut journal.reader, &filter, 0, 100);
    assert_eq!(numbers(&all), (1..=100).step_by(3).collect::<Vec<_>>());

    journal.reader.set_filter(other.clone(), &[]);
    let late = second.look_ahead(journal.reader.ahead(50).unwrap().unwrap()).unwrap();
    journal.reader.set_filter(filter.clone(), &[]);
    journal.reader.take(late);
    assert!(!journal.reader.scan(50).unwrap(), "of another filter");
    let of_cleared = second.look_ahead(journal.reader.ahead(20).unwrap().unwrap()).unwrap();
    journal.writer.clear().unwrap();
    journal.reader.take(of_cleared);
    journal.writer.append(&[received(0, b"x")]).unwrap();
    assert_eq!(numbers(&page(&mut journal.reader, &filter, 0, 100)), [101]);
    journal.reader.set_filter(Filter::parse("is:marked", &TimeZone::UTC).unwrap(), &[]);
    assert!(journal.reader.ahead(1).unwrap().is_none(), "marks change");
}

#[test]
fn text_is_found_in_every_encoding_that_is_asked_for() {
    let mut journal = journal(&[received(0, b"\xc4\xe3\xba\xc3"), received(0, "你好".as_bytes())]);
    assert_eq!(numbers(&page(&mut journal.reader, &Filter::containing("你好"), 0, 9)), [2]);
    journal.reader.set_filter(Filter::containing("你好"), &[Encoding::Latin1, Encoding::Gbk]);
    assert_eq!(numbers(&page(&mut journal.reader, &Filter::containing("你好"), 0, 9)), [1, 2]);
    // The same again keeps what was found; another set of encodings looks anew.
    journal.reader.set_filter(Filter::containing("你好"), &[]);
    assert_eq!(numbers(&page(&mut journal.reader, &Filter::containing("你好"), 0, 9)), [2]);
}

#[test]
fn a_full_disk_loses_no_row_that_was_there_and_writing_goes_on_later() {
    let mut journal = journal(&[received(0, b"ab")]);
    let connection = &journal.writer.connection;
    let pages: u32 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    let limit = |journal: &Journal, pages: u32| {
        let set = format!("PRAGMA max_page_count = {pages}");
        journal.writer.connection.query_row(&set, (), |_| Ok(())).unwrap();
    };
    limit(&journal, pages + 2);
    let rows = [received(2, b"c"), received(3, &[0; 100_000])];
    for _ in 0..2 {
        let failure = journal.writer.append(&rows).unwrap_err();
        assert_eq!((failure.operation, failure.cause), (Operation::WriteJournal, Cause::StorageFull));
        assert_eq!(failure.hint, Some(Hint::FreeSpace));
        assert_eq!(journal.writer.total(), 1);
    }
    limit(&journal, 1_000_000);
    assert_eq!(journal.writer.append(&rows).unwrap(), 3);
    let page = all(&mut journal.reader);
    assert_eq!(numbers(&page), [1, 2, 3]);
    assert_eq!((page.rows[1].context.as_slice(), page.rows[2].context.as_slice()), (&b"ab"[..], &b"abc"[..]));
}

#[test]
fn a_reader_in_the_middle_of_a_page_does_not_stop_the_writer() {
    let mut journal = journal(&[received(0, b"1")]);
    let other = JournalReader::open(&journal.path).unwrap();
    let snapshot = other.connection.unchecked_transaction().unwrap();
    snapshot.query_row("SELECT count(*) FROM rows", (), |_| Ok(())).unwrap();
    journal.writer.append(&[received(0, b"2")]).unwrap();
    journal.writer.clear().unwrap();
    assert_eq!(journal.writer.append(&[received(0, b"3")]).unwrap(), 1);
    assert_eq!(numbers(&all(&mut journal.reader)), [3]);
    let seen: i64 = snapshot.query_row("SELECT count(*) FROM rows", (), |row| row.get(0)).unwrap();
    assert_eq!(seen, 1);
}

#[test]
fn a_journal_in_one_go_is_seen_once_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sqlite");
    let names = || {
        let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let part = folder.path().join(part_name("a.sqlite"));
    // What somebody else has under that name stays.
    fs::write(&part, "mine").unwrap();
    let failure = WholeJournal::create(&path).unwrap_err();
    assert_eq!((failure.cause, failure.subject), (Cause::AlreadyExists, part.display().to_string()));
    assert_eq!(fs::read(&part).unwrap(), b"mine");
    // A leftover doesn't.
    fs::remove_file(&part).unwrap();
    JournalWriter::create(&part).and_then(|mut writer| writer.append(&[received(0, b"old")])).unwrap();

    let refused = || {
        let failure = WholeJournal::create(&path).unwrap_err();
        assert_eq!((failure.cause, failure.subject), (Cause::AlreadyExists, part.display().to_string()));
    };
    // One that somebody holds is none, or is somebody else's to remove.
    let held = fs::File::open(&part).unwrap();
    held.try_lock().unwrap();
    refused();
    drop(held);

    let mut whole = WholeJournal::create(&path).unwrap();
    whole.append(&[received(0, b"ab")]).unwrap();
    assert!(!path.exists());
    refused();
    // Nor does it become a leftover once somebody has looked into it, which drops the locks of a database.
    drop(fs::File::open(&part).unwrap());
    refused();
    whole.append(&[received(2, b"c")]).unwrap();
    whole.finish().unwrap();
    assert_eq!(names(), ["a.sqlite"]);
    assert_eq!(numbers(&all(&mut JournalReader::open(&path).unwrap())), [1, 2]);

    let longest = folder.path().join("龙".repeat(85));
    WholeJournal::create(&longest).and_then(WholeJournal::finish).unwrap();
    fs::remove_file(&longest).unwrap();

    // Nor is one that came meanwhile replaced, and what is given up is gone.
    let other = folder.path().join("b.sqlite");
    let whole = WholeJournal::create(&other).unwrap();
    fs::write(&other, "theirs").unwrap();
    assert_eq!(whole.finish().unwrap_err().cause, Cause::AlreadyExists);
    drop(WholeJournal::create(&folder.path().join("c.sqlite")).unwrap());
    assert_eq!(fs::read(&other).unwrap(), b"theirs");
    assert_eq!(names(), ["a.sqlite", "b.sqlite"]);
    assert_eq!(WholeJournal::create(&path).unwrap_err().cause, Cause::AlreadyExists);
}

#[test]
fn files_that_are_no_journal_are_refused_unharmed() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text");
    fs::write(&text, "precious ".repeat(1000)).unwrap();
    let database = folder.path().join("database");
    rusqlite::Connection::open(&database).unwrap().execute_batch("CREATE TABLE mine (x)").unwrap();
    let newer = folder.path().join("newer");
    drop(JournalWriter::create(&newer).unwrap());
    rusqlite::Connection::open(&newer).unwrap().pragma_update(None, "user_version", schema::VERSION + 1).unwrap();

    let version = Cause::JournalVersion { version: schema::VERSION + 1, known: schema::VERSION };
    for (path, cause) in [(text, Cause::NotAJournal), (database, Cause::NotAJournal), (newer, version)] {
        let before = fs::read(&path).unwrap();
        for refusal in [JournalWriter::create(&path).err(), JournalReader::open(&path).err()] {
            let failure = refusal.unwrap();
            assert_eq!(failure.operation, Operation::OpenJournal);
            assert_eq!(failure.subject, path.display().to_string());
            assert_eq!((failure.cause, failure.hint), (cause.clone(), Some(Hint::ChooseAFile)));
        }
        assert_eq!(fs::read(&path).unwrap(), before);
    }
    assert_eq!(JournalWriter::create(folder.path()).unwrap_err().cause, Cause::IsDirectory);
    let missing = folder.path().join("missing/journal.sqlite");
    assert_eq!(JournalWriter::create(&missing).unwrap_err().cause, Cause::NotFound);
    assert_eq!(JournalReader::open(&missing).unwrap_err().cause, Cause::NotFound);
}

#[test]
fn an_empty_file_becomes_a_journal_and_a_name_is_no_address() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file:x?mode=memory");
    fs::write(&path, "").unwrap();
    JournalWriter::create(&path).unwrap().append(&[received(0, b"1")]).unwrap();
    assert_eq!(all(&mut JournalReader::open(&path).unwrap()).total, 1);
}

#[test]
fn a_damaged_row_is_shown_as_one_and_hides_no_other() {
    let mut journal = journal(&[
        received(0, b"1"),
        received(0, b"2"),
        with_body(RowBody::Life(Life::PeerFinished)),
        received(0, b"4"),
        received(0, b"5"),
        received(1, b"6"),
    ]);
    journal
        .writer
        .connection
        .execute_batch(
            "UPDATE rows SET call = 'x', peer = x'ff', mono_ns = 'later', len = 'long' WHERE number = 1;
             UPDATE rows SET payload = 5, session = 1.5, direction = 9 WHERE number = 2;
             UPDATE rows SET body = '{' WHERE number = 3;
             DELETE FROM rows WHERE number = 4;
             UPDATE rows SET previous = 6, stream_offset = -1 WHERE number = 6;",
        )
        .unwrap();
    let page = all(&mut journal.reader);
    assert_eq!(numbers(&page), [1, 2, 3, 5, 6]);
    for row in &page.rows[..3] {
        assert!(matches!(row.body, RowBody::Failed { .. }), "{row:?}");
    }
    assert_eq!(page.rows[3].preview, b"5");
    assert_eq!(numbers(&last(&mut journal.reader, &Filter::containing("5"), 9)), [5]);
    journal.reader.save(&SaveRequest::new(journal.path.with_extension("txt")), &[]).unwrap();
}

#[test]
fn numbers_that_can_not_be_are_survived() {
    let mut journal = journal(&[received(0, b"one"), received(0, b"two")]);
    let copy = |journal: &Journal, number: i64| {
        let columns = "wall_ns, mono_ns, socket, peer, kind, direction, call, truncated, stream_offset, len, payload";
        let copy =
            format!("INSERT INTO rows (number, {columns}) SELECT {number}, {columns} FROM rows WHERE number = 1");
        journal.writer.connection.execute(&copy, ()).unwrap();
    };
    copy(&journal, -7);
    copy(&journal, i64::MIN);
    assert_eq!(numbers(&all(&mut journal.reader)), [1, 2]);
    assert_eq!(numbers(&page(&mut journal.reader, &Filter::containing("one"), 0, 9)), [1]);
    copy(&journal, i64::MAX);
    assert_eq!(numbers(&last(&mut journal.reader, &Filter::default(), 1)), [i64::MAX.cast_unsigned()]);
    let failure = journal.reader.scan(10).unwrap_err();
    assert_eq!(failure.cause, Cause::JournalDamaged);
    journal.writer.append(&[received(0, b"3"), received(0, b"4")]).unwrap_err();
    journal.writer.clear().unwrap();
    assert_eq!(all(&mut journal.reader).total, 0);
}

/// What a file has instead of a table of its own.
fn forged(instead: &str) -> Journal {
    let journal = journal(&[received(0, b"1"), received(1, b"2")]);
    journal.writer.connection.execute_batch(instead).unwrap();
    journal
}

#[test]
fn what_only_has_the_name_of_a_table_is_refused_unread() {
    let endless = "WITH RECURSIVE n(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM n)";
    for instead in [
        &format!("DROP TABLE rows; CREATE VIEW rows AS {endless} SELECT number FROM n"),
        &format!("DROP TABLE meta; CREATE VIEW Meta AS {endless} SELECT max(number) AS last_cleared FROM n"),
        "DROP TABLE marks; CREATE TABLE marks (number INTEGER PRIMARY KEY, note TEXT AS (hex(zeroblob(number))))",
        "DROP TABLE rows",
        "ALTER TABLE rows ADD COLUMN more",
    ] {
        let mut journal = forged(instead);
        let failure = JournalReader::open(&journal.path).unwrap_err();
        assert_eq!((failure.cause, failure.hint), (Cause::JournalTables, Some(Hint::ChooseAFile)), "{instead}");
        assert_eq!(JournalWriter::create(&journal.path).unwrap_err().cause, Cause::JournalTables, "{instead}");
        if instead.contains("VIEW rows") {
            // One that was open before reads none either.
            let request = PageRequest { filter: Filter::default(), first: 0, count: 1, from_end: false };
            journal.reader.page(&request).unwrap_err();
        }
    }
}

#[test]
fn what_others_added_to_a_file_is_left_alone_and_not_carried_out() {
    let mut journal = forged(
        "CREATE TABLE seen (number);
         CREATE VIEW readable AS SELECT number, CAST(payload AS TEXT) FROM rows;
         CREATE INDEX rows_session ON rows (session);
         CREATE TRIGGER marked AFTER INSERT ON marks BEGIN DELETE FROM rows; END;
         CREATE TRIGGER came AFTER INSERT ON rows BEGIN INSERT INTO seen VALUES (new.number); END;",
    );
    let mut reader = JournalReader::open(&journal.path).unwrap();
    assert!(reader.mark(1, Some("kept")).unwrap());
    JournalWriter::create(&journal.path).unwrap().append(&[received(2, b"3")]).unwrap();
    assert_eq!(numbers(&all(&mut reader)), [1, 2, 3]);
    assert_eq!(numbers(&all(&mut journal.reader)), [1, 2, 3]);
    let seen: i64 = journal.writer.connection.query_row("SELECT count(*) FROM seen", (), |row| row.get(0)).unwrap();
    assert_eq!(seen, 0);
}

#[test]
fn sqlite_errors_have_causes() {
    let error = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY), None);
    let failure = failure(Operation::WriteJournal, Path::new("x"), &error);
    assert_eq!((failure.cause, failure.hint), (Cause::PermissionDenied, Some(Hint::CheckRights)));
}

fn saved(extension: &str, filter: &Filter) -> (u64, Vec<u8>) {
    let mut journal = journal(&[
        received(0, "你好".as_bytes()),
        with_body(RowBody::Life(Life::Closed { reason: CloseReason::Eof })),
        data(1, Direction::Out, Call::Send, 0, &[0; 20]),
    ]);
    let path = journal.path.with_file_name(format!("copy.{extension}"));
    fs::write(&path, "old").unwrap();
    let rows =
        journal.reader.save(&SaveRequest { filter: filter.clone(), ..SaveRequest::new(&path) }, &[]).unwrap().rows;
    if extension == "sqlite" {
        assert_eq!(all(&mut JournalReader::open(&path).unwrap()), all(&mut journal.reader));
    }
    (rows, fs::read(&path).unwrap())
}

#[test]
fn a_saved_journal_is_a_journal() {
    let (rows, _bytes) = saved("sqlite", &Filter::containing("你好"));
    assert_eq!(rows, 3);
}

#[test]
fn saved_json_is_one_object_a_line() {
    let (rows, bytes) = saved("JSONL", &Filter::default());
    let lines: Vec<serde_json::Value> =
        String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((rows, lines.len()), (3, 3));
    assert_eq!(lines[0]["kind"], "data");
    assert_eq!(lines[0]["call"], "recv");
    assert_eq!(lines[0]["hex"], "e4bda0e5a5bd");
    assert_eq!(lines[1]["life"], "closed");
    assert_eq!(lines[1]["reason"], "eof");
    assert_eq!(lines[2]["direction"], "out");
}

#[test]
fn saved_json_has_each_key_once() {
    let [local, peer] = ["tcp://127.0.0.1:9000", "tcp://127.0.0.1:5000"].map(str::to_owned);
    let accepted = Life::Accepted { local: local.clone(), peer: peer.clone(), process: None };
    let connected = Life::Connected { local: local.clone(), peer: peer.clone(), process: None };
    let lives = [accepted, connected, Life::Opened { local, peer }];
    let mut journal = journal(&lives.map(|life| with_body(RowBody::Life(life))));
    let path = journal.path.with_extension("jsonl");
    journal.reader.save(&SaveRequest::new(&path), &[]).unwrap();
    for line in fs::read_to_string(&path).unwrap().lines() {
        assert_eq!(line.matches("\"peer\":").count(), 1, "{line}");
        assert!(line.contains("\"peer\":\"127.0.0.1:9000\""), "as all other rows name it: {line}");
    }
}

#[test]
fn saved_text_has_a_dump_of_what_the_filter_lets_through() {
    let (rows, bytes) = saved("txt", &Filter { direction: Some(Direction::In), ..Filter::default() });
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(rows, 1);
    for part in ["#1  20", "session 1", "127.0.0.1:9000", "in  6 B  recv", "e4 bd a0 e5 a5 bd"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("closed") && !text.contains("old"));
    let (rows, bytes) = saved("log", &Filter::default());
    assert_eq!(rows, 3);
    assert!(String::from_utf8(bytes).unwrap().contains("closed reason=eof"));
}

#[test]
fn saved_text_has_every_clock_and_each_session_as_it_is_shown() {
    let stamp = Stamp { wall_ns: 1_700_000_000_000_381_000, mono_ns: 5_000_041_234, kernel_ns: None };
    let of = |session, offset, payload: &[u8], kernel_ns| Row {
        stamp: Stamp { kernel_ns, ..stamp },
        ..data(session, Direction::In, Call::Recv, offset, payload)
    };
    // A character of the second session is cut between two reads.
    let mut journal = journal(&[
        of(1, 0, b"\xc4\xe3\xba\xc3", Some(1_700_000_000_000_204_000)),
        of(2, 0, b"\xe4", None),
        of(2, 1, b"\xbd\xa0\r\n", None),
    ]);
    let mut shown_as = ShownAs::default();
    shown_as.choose(SocketId(1), Some(SessionId(1)), Encoding::Gbk);
    let path = journal.path.with_extension("txt");
    journal.reader.save(&SaveRequest { shown_as, ..SaveRequest::new(&path) }, &[]).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let rows: Vec<&str> = text.split("\n\n").collect();
    for part in [".000381", "  kernel 20", ".000204", "  mono 5.000041234  ", "\nGBK  你好\n"] {
        assert!(rows[0].contains(part), "{part} in {text}");
    }
    assert!(rows[2].contains("\nUTF-8  你␍␊\n") && !rows[2].contains("kernel"), "{text}");
}

#[test]
fn no_name_that_a_peer_chose_begins_a_line() {
    let peer = "@a\n#9  forged\r\u{1b}[2J\u{202e}".to_owned();
    let failure = Failure::new(Operation::Send, &peer, Cause::BrokenPipe);
    let rows = [Row { peer, ..received(0, b"x") }, with_body(RowBody::Failed { failure })];
    let mut journal = journal(&rows);
    for extension in ["txt", "hex"] {
        let path = journal.path.with_extension(extension);
        journal.reader.save(&SaveRequest::new(&path), &[]).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let hidden = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(text.contains("forged") && !text.contains(hidden), "{text:?}");
        assert!(!text.lines().any(|line| line.starts_with("#9")), "{text}");
    }
}

#[test]
fn a_copy_can_not_take_the_place_of_a_folder() {
    let mut journal = journal(&[received(0, b"1")]);
    let folder = journal.path.with_file_name("folder.txt");
    fs::create_dir(&folder).unwrap();
    let failure = journal.reader.save(&SaveRequest::new(&folder), &[]).unwrap_err();
    assert_eq!((failure.operation, failure.cause), (Operation::CreateFile, Cause::IsDirectory));
}

#[test]
fn no_copy_takes_the_place_of_a_journal_in_use() {
    let mut journal = journal(&[received(0, b"1")]);
    let other = self::journal(&[received(0, b"2"), received(1, b"3")]);
    let second_name = journal.path.with_file_name("link.sqlite");
    fs::hard_link(&journal.path, &second_name).unwrap();
    let targets = [
        (journal.path.clone(), Cause::JournalItself),
        (second_name, Cause::JournalItself),
        (other.path.clone(), Cause::DatabaseOpen),
    ];
    for (path, cause) in targets {
        for format in SaveFormat::ALL {
            let failure = journal.reader.save(&SaveRequest { format, ..SaveRequest::new(&path) }, &[]).unwrap_err();
            assert_eq!(failure.cause, cause, "{format:?} to {}", path.display());
            assert_eq!(failure.hint, Some(Hint::ChooseAnotherFile));
        }
    }
    for (path, rows) in [(&journal.path, 1), (&other.path, 2)] {
        assert_eq!(all(&mut JournalReader::open(path).unwrap()).total, rows);
    }
    // Nobody has it open any more.
    let Journal { _folder, path, writer, reader } = other;
    drop((writer, reader));
    journal.reader.save(&SaveRequest::new(&path), &[]).unwrap();
    assert_eq!(all(&mut JournalReader::open(&path).unwrap()).total, 1);

    // The log is as much of a journal as its file.
    for name in ["journal.sqlite-wal", "journal.sqlite-shm", "journal.sqlite-journal"] {
        let log = journal.path.with_file_name(name);
        let request = SaveRequest { format: SaveFormat::Csv, ..SaveRequest::new(&log) };
        assert_eq!(journal.reader.save(&request, &[]).unwrap_err().cause, Cause::DatabaseOpen, "{name}");
    }

    // Of a database that was there, and whose rows would come back.
    let gone = journal.path.with_file_name("gone.sqlite");
    fs::write(journal.path.with_file_name("gone.sqlite-wal"), "").unwrap();
    assert_eq!(journal.reader.save(&SaveRequest::new(&gone), &[]).unwrap_err().cause, Cause::DatabaseOpen);
    journal.reader.save(&SaveRequest { format: SaveFormat::Text, ..SaveRequest::new(&gone) }, &[]).unwrap();
}

#[cfg(unix)]
#[test]
fn a_journal_is_no_stream() {
    let mut journal = journal(&[received(0, b"1")]);
    let fifo = journal.path.with_file_name("fifo.sqlite");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let failure = journal.reader.save(&SaveRequest::new(&fifo), &[]).unwrap_err();
    assert_eq!((failure.cause, failure.hint), (Cause::NotARegularFile, Some(Hint::ChooseAFile)));
}

#[cfg(unix)]
#[test]
fn a_save_that_nobody_reads_can_be_cancelled() {
    let mut journal = journal(&[received(0, b"1")]);
    journal.reader.save_canceller().cancel();
    for name in ["fifo.txt", "fifo.pcapng"] {
        let fifo = journal.path.with_file_name(name);
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(journal.reader.save(&SaveRequest::new(&fifo), &[]).unwrap_err().cause, Cause::Cancelled);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn pages_of_a_filter_agree_with_a_plain_list(
        payloads in prop::collection::vec("[abAB]{0,3}", 0..60),
        needle in "[abAB]{1,2}",
        cuts in prop::collection::vec(0_usize..60, 0..4),
        (first, count, from_end) in (0_u64..70, 0_usize..70, any::<bool>()),
        scanned in 1_usize..20,
        helps in prop::collection::vec(any::<bool>(), 5),
    ) {
        let mut journal = journal(&[]);
        let mut second = JournalReader::open(&journal.path).unwrap();
        let filter = Filter::containing(&needle);
        journal.reader.set_filter(filter.clone(), &[]);
        let mut model = Vec::new();
        let mut left = payloads.iter().enumerate();
        for (cut, helps) in cuts.iter().chain(&[60]).zip(helps) {
            let mut rows = Vec::new();
            for (index, payload) in left.by_ref().take(*cut) {
                rows.push(received(0, payload.as_bytes()));
                if payload.to_ascii_lowercase().contains(&needle.to_ascii_lowercase()) {
                    model.push(index as u64 + 1);
                }
            }
            journal.writer.append(&rows).unwrap();
            let stretch = journal.reader.ahead(scanned).unwrap().filter(|_| helps);
            let found = stretch.map(|stretch| second.look_ahead(stretch).unwrap());
            // Before or after what comes before it is scanned.
            let (before, after) = if scanned % 2 == 0 { (found, None) } else { (None, found) };
            before.into_iter().for_each(|found| journal.reader.take(found));
            journal.reader.scan(scanned).unwrap();
            after.into_iter().for_each(|found| journal.reader.take(found));
        }
        let page = journal.reader.page(&PageRequest { filter, first, count, from_end }).unwrap();
        let start = if from_end { model.len().saturating_sub(count) } else { model.len().min(first as usize) };
        let expected: Vec<u64> = model[start..].iter().copied().take(count).collect();
        prop_assert_eq!(numbers(&page), expected);
        prop_assert_eq!((page.first, page.matches, page.complete), (start as u64, model.len() as u64, true));
    }
}

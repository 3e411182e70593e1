use std::fs;
use std::path::PathBuf;

use super::*;
use crate::model::{
    Call, ConversationPart, ConversationPlace, ConversationRequest, Direction, Filter, Page, PageRequest, Row, RowBody,
    SessionId, SocketId, Stamp, StatisticsRequest,
};
use crate::store::journal::{Counting, JournalReader};

const LIMIT: u64 = 4 << 20;
/// Sixteen to a megabyte.
const ROW: usize = 64 << 10;

struct Journal {
    _folder: tempfile::TempDir,
    path: PathBuf,
    writer: JournalWriter,
    reader: JournalReader,
    removed: u64,
}

impl Journal {
    fn new(disk: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let mut writer = JournalWriter::create(&path).unwrap();
        writer.set_retention(Retention { disk: Some(disk), ..Retention::default() });
        let reader = JournalReader::open(&path).unwrap();
        Self { _folder: folder, path, writer, reader, removed: 0 }
    }

    /// Appends a megabyte and makes room for it.
    fn go_on(&mut self) {
        let rows: Vec<Row> = (0..16_u8).map(|number| row(number % 2 == 0)).collect();
        self.writer.append(&rows).unwrap();
        while let Some(rows) = self.writer.trim().unwrap() {
            self.removed += rows;
        }
    }

    fn page(&mut self, filter: &Filter) -> Page {
        let request = PageRequest { filter: filter.clone(), first: 0, count: PageRequest::COUNT_MAX, from_end: false };
        self.reader.page(&request).unwrap()
    }
}

fn row(comes_in: bool) -> Row {
    let direction = if comes_in { Direction::In } else { Direction::Out };
    Row {
        stamp: Stamp::default(),
        socket: SocketId(1),
        session: Some(SessionId(1)),
        peer: "127.0.0.1:9000".to_owned(),
        body: RowBody::Data { direction, call: Call::Recv, truncated: false },
        stream_offset: 0,
        payload: vec![7; ROW],
    }
}

#[test]
fn the_oldest_rows_make_room_and_numbers_stay() {
    let mut journal = Journal::new(LIMIT);
    for round in 1..=12 {
        journal.go_on();
        let page = journal.page(&Filter::default());
        let numbers: Vec<u64> = page.rows.iter().map(|row| row.number).collect();
        assert_eq!(numbers, (journal.removed + 1..=16 * round).collect::<Vec<_>>(), "contiguous, up to the newest");
        assert_eq!((page.total, journal.writer.total()), (numbers.len() as u64, numbers.len() as u64));
    }
    assert!((128..192).contains(&journal.removed), "{} of 192", journal.removed);
    journal.writer.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(())).unwrap();
    let size = fs::metadata(&journal.path).unwrap().len();
    assert!(size <= LIMIT, "{size} bytes");
}

#[test]
fn marks_go_with_their_rows() {
    let mut journal = Journal::new(LIMIT);
    journal.go_on();
    journal.writer.mark(1, Some("of the oldest")).unwrap();
    while journal.removed == 0 {
        journal.go_on();
    }
    let newest = journal.writer.total() + journal.removed;
    journal.writer.mark(newest, Some("of the newest")).unwrap();
    let mut marks = journal.writer.connection.prepare("SELECT number FROM marks").unwrap();
    let numbers: Vec<i64> = marks.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(numbers, [newest.cast_signed()]);
}

fn part(journal: &mut Journal, from: ConversationPlace) -> ConversationPart {
    let request = ConversationRequest { socket: SocketId(1), session: Some(SessionId(1)), from };
    loop {
        if let Some(part) = journal.reader.conversation(&request, 5).unwrap() {
            return part;
        }
    }
}

#[test]
fn the_next_part_of_a_conversation_leaves_nothing_out_while_rows_go() {
    let mut journal = Journal::new(LIMIT);
    let numbers = |part: &ConversationPart| part.rows.iter().map(|row| row.number).collect::<Vec<_>>();
    journal.go_on();
    let first = part(&mut journal, ConversationPlace::From(0));
    assert_eq!(numbers(&first), [1, 2, 3, 4]);
    while journal.removed <= 4 {
        journal.go_on();
    }
    let next = journal.removed + 1;
    assert_eq!(numbers(&part(&mut journal, ConversationPlace::From(5))), [next, next + 1, next + 2, next + 3]);

    // What is in view while the rows before it go is read again from where it began.
    let end = part(&mut journal, ConversationPlace::End);
    let begin = numbers(&end)[0];
    let removed = journal.removed;
    while journal.removed == removed {
        journal.go_on();
    }
    assert!(begin > journal.removed, "it is still there");
    let again = part(&mut journal, ConversationPlace::From(begin));
    assert_eq!(numbers(&again)[0], begin);
    assert!(again.first < end.first, "though fewer are before it");
    let before = part(&mut journal, ConversationPlace::Before(begin));
    assert_eq!(numbers(&before).last(), Some(&(begin - 1)));
}

#[test]
fn a_conversation_is_found_behind_rows_that_went() {
    let mut journal = Journal::new(LIMIT);
    journal.go_on();
    part(&mut journal, ConversationPlace::Around(9));
    while journal.removed == 0 {
        journal.go_on();
    }
    let number = journal.removed + 9;
    let shown = part(&mut journal, ConversationPlace::Around(number));
    assert!(shown.rows.iter().any(|row| row.number == number), "{} rows from {}", shown.rows.len(), shown.first);
}

/// What it takes, once the log is in the file.
fn length(journal: &Journal) -> u64 {
    journal.writer.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(())).unwrap();
    fs::metadata(&journal.path).unwrap().len()
}

#[test]
fn a_file_that_is_longer_than_its_new_limit_becomes_shorter_bit_by_bit() {
    let mut journal = Journal::new(64 << 20);
    (0..24).for_each(|_| journal.go_on());
    assert!(length(&journal) > 24 << 20);
    journal.writer.set_retention(Retention { disk: Some(LIMIT), ..Retention::default() });
    let (mut lengths, mut total) = (Vec::new(), 0);
    while let Some(rows) = journal.writer.trim().unwrap() {
        total += rows;
        lengths.push(journal.writer.pragma("page_count").unwrap());
    }
    assert!(lengths.is_sorted_by(|one, next| one >= next), "{lengths:?}");
    assert!(length(&journal) <= LIMIT, "{} bytes", length(&journal));
    assert_eq!(journal.writer.stays_long().unwrap(), None);
    let page = journal.page(&Filter::default());
    assert_eq!((page.rows[0].number, page.total), (total + 1, 24 * 16 - total));
    assert!(page.rows.iter().all(|row| row.len == ROW as u64), "what stays is whole");

    // As long as it may be, it is not written anew for each row that comes.
    for _ in 0..8 {
        journal.go_on();
        assert!(length(&journal) <= LIMIT);
    }
}

#[test]
fn a_file_of_an_earlier_version_says_that_it_stays_long_until_it_is_cleared() {
    let mut journal = Journal::new(64 << 20);
    journal.writer.connection.execute_batch("PRAGMA auto_vacuum = none; VACUUM").unwrap();
    (0..8).for_each(|_| journal.go_on());
    assert_eq!(journal.writer.stays_long().unwrap(), None, "it may be so long");
    journal.writer.set_retention(Retention { disk: Some(LIMIT), ..Retention::default() });
    while journal.writer.trim().unwrap().is_some() {}
    let long = journal.writer.stays_long().unwrap().unwrap();
    assert!(long > 8 << 20, "{long}");
    journal.writer.clear().unwrap();
    while journal.writer.reclaim().unwrap() {}
    assert_eq!(journal.writer.stays_long().unwrap(), None);
    assert!(length(&journal) < 200_000);
    assert!(journal.writer.can_shorten().unwrap(), "from now on");
}

#[test]
fn without_a_limit_nothing_goes() {
    let mut journal = Journal::new(1);
    journal.writer.set_retention(Retention::default());
    journal.go_on();
    assert_eq!((journal.removed, journal.page(&Filter::default()).total), (0, 16));
}

#[test]
fn the_newest_row_stays_however_small_the_limit() {
    let mut journal = Journal::new(1);
    journal.go_on();
    assert_eq!(journal.removed, 15);
    assert_eq!(journal.page(&Filter::default()).rows[0].number, 16);
}

#[test]
fn rows_that_were_cleared_go_first_and_do_not_count() {
    let mut journal = Journal::new(LIMIT);
    journal.go_on();
    journal.writer.clear().unwrap();
    journal.writer.append(&[row(true)]).unwrap();
    journal.writer.set_retention(Retention { disk: Some(1 << 20), ..Retention::default() });
    while let Some(rows) = journal.writer.trim().unwrap() {
        assert_eq!(rows, 0);
    }
    assert!(journal.writer.pragma("page_count").unwrap() * 16_384 <= 1 << 20);
    assert_eq!(journal.page(&Filter::default()).rows[0].number, 17);
}

#[test]
fn what_a_filter_found_stays_found_and_what_has_gone_is_told() {
    let mut journal = Journal::new(LIMIT);
    let comes_in = Filter { direction: Some(Direction::In), ..Filter::default() };
    let mut gone = None;
    for _ in 0..12 {
        journal.go_on();
        let (all, found) = (journal.page(&Filter::default()), journal.page(&comes_in));
        let expected =
            |row: &&crate::model::PageRow| matches!(row.body, RowBody::Data { direction: Direction::In, .. });
        let expected: Vec<u64> = all.rows.iter().filter(expected).map(|row| row.number).collect();
        assert_eq!(found.rows.iter().map(|row| row.number).collect::<Vec<_>>(), expected);
        assert_eq!(found.matches, expected.len() as u64);
        // Every second row came in: where half as many of them have gone, none was scanned for again.
        let (all, found) = (all.gone, found.gone);
        let (all_before, found_before) = gone.replace((all, found)).unwrap_or((all, found));
        assert!((found - found_before).abs_diff((all - all_before) / 2) <= 1, "{found} of {all}");
    }
    assert!(gone.is_some_and(|(_, found)| found > 60), "{gone:?}");
}

#[test]
fn what_was_counted_stays_counted_and_what_went_before_is_told() {
    let mut journal = Journal::new(LIMIT);
    let mut counting = Counting::new(StatisticsRequest::default(), &[]);
    journal.go_on();
    while !counting.go_on(&journal.reader, 16, 0).unwrap() {}
    while journal.removed < 40 {
        journal.go_on();
    }
    while !counting.go_on(&journal.reader, 16, 0).unwrap() {}
    let total = journal.removed + journal.writer.total();
    let counted = counting.statistics();
    assert_eq!(counted.missed, journal.removed - 16);
    assert_eq!(counted.all().flows.sum().messages, total - counted.missed);
    assert!(counted.is_complete());

    // What makes room after it was counted is missed nowhere.
    let missed = counted.missed;
    let removed = journal.removed;
    while journal.removed == removed {
        journal.go_on();
        while !counting.go_on(&journal.reader, 16, 0).unwrap() {}
    }
    let total = journal.removed + journal.writer.total();
    let counted = counting.statistics();
    assert_eq!((counted.missed, counted.all().flows.sum().messages), (missed, total - missed));

    // Though rows have come since it was cleared.
    journal.writer.clear().unwrap();
    journal.writer.append(&[row(true)]).unwrap();
    while !counting.go_on(&journal.reader, 16, 1).unwrap() {}
    let counted = counting.statistics();
    assert_eq!((counted.missed, counted.all().flows.sum().messages), (0, 1));
}

use std::fs;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use super::super::tests::{all, journal, numbers, page, received};
use super::super::{JournalReader, JournalWriter, schema};
use super::*;
use crate::model::{Cause, Filter, SaveRequest};

fn filter(text: &str) -> Filter {
    Filter::parse(text, &TimeZone::UTC).unwrap()
}

fn notes(reader: &mut JournalReader) -> Vec<(u64, String)> {
    all(reader).rows.into_iter().filter_map(|row| Some((row.number, row.note?))).collect()
}

#[test]
fn marks_come_with_their_rows_and_go_with_them() {
    let mut journal = journal(&[received(0, b"1"), received(1, b"2"), received(2, b"3")]);
    assert!(journal.writer.mark(2, Some("")).unwrap());
    assert!(journal.writer.mark(3, Some("look\nhere")).unwrap());
    assert!(!journal.writer.mark(4, Some("there is none")).unwrap());
    assert_eq!(notes(&mut journal.reader), [(2, String::new()), (3, "look".to_owned())], "a note is one line");
    let long = "好".repeat(NOTE_MAX + 1);
    assert!(journal.writer.mark(3, Some(&long)).unwrap());
    assert_eq!(notes(&mut journal.reader)[1].1.chars().count(), NOTE_MAX);
    assert!(journal.writer.mark(2, None).unwrap());
    assert!(!journal.writer.mark(2, None).unwrap(), "it is gone");
    journal.writer.clear().unwrap();
    assert!(!journal.writer.mark(3, Some("")).unwrap(), "no row any more");
    journal.writer.append(&[received(0, b"4")]).unwrap();
    assert!(notes(&mut journal.reader).is_empty());
    assert_eq!(Marks::read(&journal.writer.connection).unwrap(), Marks::default());
}

#[test]
fn a_filter_for_marks_follows_them() {
    let mut journal = journal(&[received(0, b"1"), received(1, b"2"), received(2, b"3")]);
    let marked = filter("is:marked");
    for (number, note, shown) in
        [(2, Some(""), &[2][..]), (3, Some("x"), &[2, 3]), (2, None, &[3]), (1, Some(""), &[1, 3])]
    {
        journal.writer.mark(number, note).unwrap();
        assert_eq!(numbers(&page(&mut journal.reader, &marked, 0, 10)), shown);
    }
    assert_eq!(numbers(&page(&mut journal.reader, &filter("not is:marked"), 0, 10)), [2]);
}

#[test]
fn what_is_saved_has_the_notes() {
    let mut journal = journal(&[received(0, b"1"), received(1, b"2")]);
    journal.writer.mark(2, Some("a, \"b\"")).unwrap();
    let mut saved = |extension: &str| {
        let path = journal.path.with_extension(extension);
        let request = SaveRequest { filter: filter("is:marked"), ..SaveRequest::new(&path) };
        journal.reader.save(&request, &[]).unwrap();
        fs::read_to_string(&path).unwrap()
    };
    let json: serde_json::Value = serde_json::from_str(&saved("jsonl")).unwrap();
    assert_eq!((&json["number"], &json["note"]), (&2.into(), &"a, \"b\"".into()));
    assert!(saved("csv").ends_with(",1,32,1,\"a, \"\"b\"\"\"\r\n"));
    assert!(saved("txt").contains("\nmarked  a, \"b\"\n"));
}

/// A journal as version 2 had it, with two rows, the first of which was cleared.
fn older(folder: &Path) -> PathBuf {
    let path = folder.join("older.sqlite");
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "PRAGMA application_id = 1397703499;
             PRAGMA user_version = 2;
             CREATE TABLE rows (number INTEGER PRIMARY KEY, wall_ns INTEGER NOT NULL, mono_ns INTEGER NOT NULL,
                 kernel_ns INTEGER, socket INTEGER NOT NULL, session INTEGER, peer TEXT NOT NULL, kind INTEGER NOT NULL,
                 direction INTEGER NOT NULL, call INTEGER, truncated INTEGER NOT NULL, body TEXT,
                 stream_offset INTEGER NOT NULL, previous INTEGER, len INTEGER NOT NULL, payload BLOB NOT NULL);
             CREATE TABLE meta (last_cleared INTEGER NOT NULL, last_session INTEGER NOT NULL);
             INSERT INTO meta VALUES (1, 1);
             INSERT INTO rows VALUES (1, 5, 5, NULL, 1, 1, 'a', 0, 1, 1, 0, NULL, 0, NULL, 1, x'31');
             INSERT INTO rows VALUES (2, 6, 6, NULL, 1, 1, 'a', 0, 1, 1, 0, NULL, 1, 1, 1, x'32');",
        )
        .unwrap();
    path
}

fn version(path: &Path) -> i32 {
    Connection::open(path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

#[test]
fn an_older_journal_is_read_as_it_is_and_raised_when_it_is_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = older(folder.path());
    let before = fs::read(&path).unwrap();
    let mut reader = JournalReader::open(&path).unwrap();
    assert_eq!(numbers(&all(&mut reader)), [2]);
    assert!(numbers(&page(&mut reader, &filter("is:marked"), 0, 10)).is_empty());
    assert_eq!(fs::read(&path).unwrap(), before, "reading changes nothing");

    assert!(!reader.mark(1, Some("cleared")).unwrap());
    assert!(reader.mark(2, Some("found")).unwrap());
    assert_eq!(notes(&mut reader), [(2, "found".to_owned())]);
    assert_eq!(numbers(&page(&mut reader, &filter("is:marked"), 0, 10)), [2]);
    assert_eq!(version(&path), schema::VERSION);
    assert_eq!(notes(&mut JournalReader::open(&path).unwrap()), [(2, "found".to_owned())]);
}

#[test]
fn an_older_journal_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = older(folder.path());
    let mut writer = JournalWriter::create(&path).unwrap();
    assert_eq!((version(&path), writer.append(&[received(2, b"3")]).unwrap()), (schema::VERSION, 2));
    assert!(writer.mark(3, Some("new")).unwrap());
    assert_eq!(notes(&mut JournalReader::open(&path).unwrap()), [(3, "new".to_owned())]);
    drop(writer);
    assert_eq!(JournalWriter::create(&path).unwrap().total(), 2, "once is enough");
}

#[test]
fn marking_makes_no_journal() {
    let mut journal = journal(&[received(0, b"1")]);
    fs::rename(&journal.path, journal.path.with_extension("moved")).unwrap();
    assert_eq!(journal.reader.mark(1, Some("")).unwrap_err().cause, Cause::NotFound);
    assert!(!journal.path.exists());
}

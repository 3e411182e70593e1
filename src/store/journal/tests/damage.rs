use std::fs;

use super::super::counting::Counting;
use super::*;
use crate::model::StatisticsRequest;

/// A journal of so many rows, two of which have changed places in the tree. See `sqlite.org/fileformat2.html`, section 1.6.
fn in_another_order(rows: u64, changed: [usize; 2]) -> Journal {
    let rows: Vec<_> = (0..rows).map(|offset| received(offset, b"1")).collect();
    let mut journal = journal(&rows);
    let connection = &journal.writer.connection;
    let (page_size, root) = connection
        .query_row("SELECT page_size, rootpage FROM pragma_page_size, sqlite_master WHERE name = 'rows'", (), |row| {
            Ok((row.get::<_, u32>(0)? as usize, row.get::<_, u32>(1)? as usize))
        })
        .unwrap();
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let mut file = fs::read(&journal.path).unwrap();
    let page = &mut file[(root - 1) * page_size..][..page_size];
    assert_eq!(page[0], 13, "a leaf of a table");
    // Behind the head, two bytes tell where each row lies.
    let [one, other] = changed.map(|number| 8 + 2 * (number - 1));
    for byte in 0..2 {
        page.swap(one + byte, other + byte);
    }
    fs::write(&journal.path, file).unwrap();
    journal.reader = JournalReader::open(&journal.path).unwrap();
    journal
}

#[test]
fn nothing_goes_round_in_a_tree_with_rows_in_another_order() {
    let mut journal = in_another_order(5, [2, 4]);
    for extension in ["txt", "jsonl", "csv", "hex", "pcapng"] {
        let failure = journal.reader.save(&SaveRequest::new(journal.path.with_extension(extension)), &[]).unwrap_err();
        assert_eq!(failure.cause, Cause::JournalDamaged, "{extension}");
        assert!(!journal.path.with_extension(extension).exists());
    }
    journal.reader.set_filter(Filter::containing("1"), &[]);
    let failure = (0..9).find_map(|_| journal.reader.scan(5).err());
    assert_eq!(failure.map(|failure| failure.cause), Some(Cause::JournalDamaged));
    let journal = in_another_order(3, [2, 3]);
    let mut counting = Counting::new(StatisticsRequest::default(), &[]);
    let failure = (0..9).find_map(|_| counting.go_on(&journal.reader, 1, 0).err());
    assert_eq!(failure.map(|failure| failure.cause), Some(Cause::JournalDamaged));
}

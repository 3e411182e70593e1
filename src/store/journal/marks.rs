//! Rows that the user marked, with what was written beside them.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use rusqlite::Connection;

use super::columns;

/// Of a journal's rows, by number; the note of a row that is only marked is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks(BTreeMap<u64, String>);

/// Marks that count at most: so many lie in memory while something looks at them. Nobody sets as many by hand.
const MARKS_MAX: i64 = 100_000;

/// Of a note, in characters. A longer one is cut.
const NOTE_MAX: usize = 1_000;

impl Marks {
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        Self::between(connection, 0..=i64::MAX.cast_unsigned())
    }

    /// Those of rows with these numbers.
    pub(super) fn between(connection: &Connection, numbers: RangeInclusive<u64>) -> rusqlite::Result<Self> {
        const SELECT: &str = "SELECT number, substr(note, 1, ?3) FROM marks WHERE number BETWEEN ?1 AND ?2 \
                              ORDER BY number LIMIT ?4";
        let mut select = connection.prepare_cached(SELECT)?;
        let (first, last) = (numbers.start().cast_signed(), numbers.end().cast_signed());
        let mut found = select.query((first, last, NOTE_MAX as i64, MARKS_MAX))?;
        let mut marks = BTreeMap::new();
        while let Some(row) = found.next()? {
            let Some(number) = columns::unsigned(row, 0)? else { continue };
            marks.insert(number, String::from_utf8_lossy(columns::bytes(row, 1)?).into_owned());
        }
        Ok(Self(marks))
    }

    pub(super) fn contains(&self, number: u64) -> bool {
        self.0.contains_key(&number)
    }

    /// `None` for a row that is not marked.
    pub(super) fn note(&self, number: u64) -> Option<&str> {
        self.0.get(&number).map(String::as_str)
    }
}

/// Marks a row, or takes its mark away; false where the journal has no such row. One line at most is kept of a note.
pub(super) fn set(connection: &Connection, number: u64, note: Option<&str>) -> rusqlite::Result<bool> {
    let number = number.cast_signed();
    let Some(note) = note else {
        return Ok(connection.prepare_cached("DELETE FROM marks WHERE number = ?1")?.execute([number])? > 0);
    };
    let note: String = note.lines().next().unwrap_or_default().chars().take(NOTE_MAX).collect();
    const INSERT: &str = concat!(
        "INSERT OR REPLACE INTO marks SELECT number, ?2 FROM rows WHERE number = ?1 AND number > ",
        columns::last_cleared!()
    );
    Ok(connection.prepare_cached(INSERT)?.execute((number, note))? > 0)
}

#[cfg(test)]
mod tests;

//! The colours of rows that are shown.

use rusqlite::Connection;

use super::columns;
use super::marks::Marks;
use super::matcher::{Column, Matcher};
use super::selection::Selection;
use crate::codec::encoding::Encoding;
use crate::model::{Condition, Filter, RowColor};

/// Rules in their order, prepared.
#[derive(Debug, Default)]
pub(super) struct Coloring {
    rules: Vec<(Condition, RowColor)>,
    encodings: Vec<Encoding>,
    matchers: Vec<(Matcher, RowColor)>,
    /// `None` where there are no rules.
    selection: Option<Selection>,
}

/// Bytes at a payload's beginning that rules look at: a page has hundreds of rows, and is not to wait for them.
const PAYLOAD_MAX: usize = 64 << 10;

impl Coloring {
    pub(super) fn set(&mut self, rules: &[(Condition, RowColor)], encodings: &[Encoding]) {
        if self.rules == rules && self.encodings == encodings {
            return;
        }
        let matcher = |condition: &Condition| {
            Matcher::new(&Filter { condition: Some(condition.clone()), ..Filter::default() }, encodings)
        };
        self.matchers = rules.iter().map(|(condition, color)| (matcher(condition), *color)).collect();
        let reads_payload = self.matchers.iter().any(|(matcher, _)| matcher.reads(Column::Payload));
        let payload = if reads_payload { format!("substr(payload, 1, {PAYLOAD_MAX})") } else { "NULL".to_owned() };
        self.selection = (!rules.is_empty()).then(|| Selection::all(&payload, None, "number = ?1"));
        (self.rules, self.encodings) = (rules.to_vec(), encodings.to_vec());
    }

    /// The colour of the first rule that holds for a row.
    pub(super) fn color_of(
        &self,
        connection: &Connection,
        number: u64,
        marks: &Marks,
    ) -> rusqlite::Result<Option<RowColor>> {
        let Some(selection) = &self.selection else { return Ok(None) };
        let mut select = connection.prepare_cached(&selection.sql)?;
        let mut found = select.query([number.cast_signed()])?;
        let Some(row) = found.next()? else { return Ok(None) };
        let candidate = selection.candidate(columns::unsigned(row, 0)?.unwrap_or(number), row, marks)?;
        Ok(self.matchers.iter().find(|(matcher, _)| matcher.matches(&candidate)).map(|(_, color)| *color))
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::super::tests::{all, journal, received};
    use super::*;

    fn rule(text: &str, color: RowColor) -> (Condition, RowColor) {
        (Filter::parse(text, &TimeZone::UTC).unwrap().condition.unwrap(), color)
    }

    #[test]
    fn the_first_rule_that_holds_gives_a_row_its_colour() {
        let long = [&[b'x'; 2000][..], b"needle"].concat();
        let beyond = [&[b'x'; PAYLOAD_MAX][..], b"needle"].concat();
        let mut journal = journal(&[
            received(0, b"one"),
            received(3, b"two"),
            received(6, &long),
            received(9, "\u{4f60}".as_bytes()),
            received(12, b"\xc4\xe3"),
            received(14, &beyond),
        ]);
        journal.writer.mark(1, Some("")).unwrap();
        let mut colors = |rules: &[(Condition, RowColor)], encodings: &[Encoding]| {
            journal.reader.set_color_rules(rules, encodings);
            all(&mut journal.reader).rows.iter().map(|row| row.color).collect::<Vec<_>>()
        };
        use RowColor::{Blue, Green, Purple, Red};
        assert_eq!(colors(&[], &[]), [None; 6]);
        let rules = [
            rule("is:marked", Red),
            rule("text:\"one\" or text:\"two\"", Green),
            rule("needle", Blue),
            rule("\u{4f60}", Purple),
        ];
        let expected = [Some(Red), Some(Green), Some(Blue), Some(Purple), None, None];
        assert_eq!(colors(&rules, &[]), expected, "whatever the preview lacks, up to a limit");
        assert_eq!(colors(&rules, &[Encoding::Gbk])[4], Some(Purple), "in an encoding that sessions are shown in");
        assert_eq!(colors(&rules[2..3], &[]), [None, None, Some(Blue), None, None, None]);
        assert_eq!(colors(&[], &[]), [None; 6]);
    }
}

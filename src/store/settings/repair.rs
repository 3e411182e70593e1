//! Reading as much of a TOML file as is TOML.

use std::ops::RangeInclusive;

use toml::de::{DeTable, DeValue};

use crate::model::{Cause, Damage};

/// How many lines may be dropped one at a time. One mistake can make the parser report others behind it, so only the
/// first is dropped before the next try.
const CAREFUL_TRIES: usize = 64;

/// How many times the rest may be parsed after that, dropping every line that is complained of.
const HASTY_TRIES: usize = 64;

/// Bytes that either kind of try may parse in all: a long file that is damaged all over must not hold up the start.
const BYTES_PARSED: usize = 16 << 20;

/// The table that remains when the lines that are no TOML are dropped, and those lines.
pub(super) fn parse(bytes: &[u8]) -> (toml::Table, Vec<Damage>) {
    let mut lines = Lines::new(bytes);
    let affordable = BYTES_PARSED / bytes.len().max(1);
    let careful_tries = affordable.clamp(1, CAREFUL_TRIES);
    for attempt in 0..careful_tries + affordable.clamp(1, HASTY_TRIES) {
        let text = lines.kept.join("\n");
        let first = match text.parse() {
            Ok(table) => return (table, lines.damage),
            Err(error) => error,
        };
        if attempt < careful_tries {
            lines.drop_culprit(&text, &first);
        } else {
            for error in DeTable::parse_recoverable(&text).1.iter().chain([&first]) {
                let at = lines.line_of(&text, error);
                lines.drop_at(at, error.message());
            }
        }
    }
    lines.damage.push(Damage::Whole(Cause::NotToml));
    (toml::Table::new(), lines.damage)
}

/// The file's lines; a dropped one stays as an empty one, so that line numbers are those of the file.
struct Lines {
    kept: Vec<String>,
    damage: Vec<Damage>,
}

impl Lines {
    fn new(bytes: &[u8]) -> Self {
        let mut lines = Self { kept: Vec::new(), damage: Vec::new() };
        for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            lines.kept.push(String::from_utf8_lossy(line).into_owned());
            if std::str::from_utf8(line).is_err() {
                lines.drop_at(index, "not UTF-8");
            }
        }
        lines
    }

    /// Drops the lines that are to blame for an error. These need not be where the parser noticed: an array or a string that
    /// nothing closes reaches into the lines below, and a string of several lines whose key is damaged is no string any
    /// more. Of the lines in question, those go without which the parser finds the most values, and complains least.
    fn drop_culprit(&mut self, text: &str, error: &toml::de::Error) {
        let noticed = self.line_of(text, error);
        let before = (0..noticed).rev().find(|index| self.is_filled(*index));
        let lines = [before, Some(noticed), self.unclosed_string()].into_iter().flatten().map(|line| line..=line);
        let suspects = lines.chain(self.strings_around(noticed));
        let culprit = suspects.max_by_key(|suspect| {
            let mut without = self.kept.clone();
            without[suspect.clone()].iter_mut().for_each(String::clear);
            let without = without.join("\n");
            let (table, errors) = DeTable::parse_recoverable(&without);
            (values(table.get_ref()), std::cmp::Reverse(errors.len()))
        });
        for index in culprit.unwrap_or(noticed..=noticed) {
            self.drop_at(index, error.message());
        }
    }

    /// Lines with lone quotes of a string of several lines, and all between two that follow each other, where this line is
    /// among them.
    fn strings_around(&self, index: usize) -> Vec<RangeInclusive<usize>> {
        let lone = |quotes| {
            let lines = self.kept.iter().enumerate().filter(move |(_, line)| has_lone(line, quotes));
            lines.map(|(index, _)| index).collect::<Vec<_>>()
        };
        let borders = QUOTES.map(lone);
        let strings = borders.iter().flat_map(|lines| lines.windows(2)).map(|pair| pair[0]..=pair[1]);
        strings.filter(|string| string.contains(&index)).collect()
    }

    /// The line where an error begins, or the nearest above that is not empty.
    fn line_of(&self, text: &str, error: &toml::de::Error) -> usize {
        let start = error.span().map_or(0, |span| span.start);
        let at = text.bytes().take(start).filter(|byte| *byte == b'\n').count();
        let above = (0..=at).rev().find(|index| self.is_filled(*index));
        above.or_else(|| (at..self.kept.len()).find(|index| self.is_filled(*index))).unwrap_or(at)
    }

    fn is_filled(&self, index: usize) -> bool {
        self.kept.get(index).is_some_and(|line| !line.trim().is_empty())
    }

    /// The last line with a lone `"""` or `'''`, if their number says that one is missing.
    fn unclosed_string(&self) -> Option<usize> {
        QUOTES.into_iter().find_map(|quotes| {
            let lone = |line: &String| has_lone(line, quotes);
            let open = self.kept.iter().filter(|line| lone(line)).count() % 2 == 1;
            if open { self.kept.iter().rposition(lone) } else { None }
        })
    }

    fn drop_at(&mut self, index: usize, problem: &str) {
        let Some(line) = self.kept.get_mut(index).filter(|line| !line.is_empty()) else { return };
        line.clear();
        self.damage.push(Damage::Part { key: format!("line {}", index + 1), problem: problem.to_owned() });
    }
}

/// What strings of several lines begin and end with.
const QUOTES: [&str; 2] = ["\"\"\"", "'''"];

fn has_lone(line: &str, quotes: &str) -> bool {
    line.matches(quotes).count() % 2 == 1
}

/// How many keys there are in a table, those of tables in it and in its lists too: what the parser takes for elements of a
/// list that nothing closes are none.
fn values(table: &DeTable<'_>) -> usize {
    table.values().map(|value| values_in(value.get_ref())).sum()
}

fn values_in(value: &DeValue<'_>) -> usize {
    match value {
        DeValue::Table(table) => values(table),
        DeValue::Array(list) => {
            1 + list.iter().filter_map(|value| value.get_ref().as_table()).map(values).sum::<usize>()
        }
        _ => 1,
    }
}

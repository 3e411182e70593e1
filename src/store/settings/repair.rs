//! Reading as much of a TOML file as is TOML.

use std::ops::Range;

use toml::de::DeTable;

use crate::model::Damage;

/// How many lines may be dropped one at a time. One mistake can make the parser report others behind it, so only the
/// first is dropped before the next try.
const CAREFUL_TRIES: usize = 64;

/// How many times the rest may be parsed after that, dropping every line that is complained of.
const HASTY_TRIES: usize = 64;

/// The table that remains when the lines that are no TOML are dropped, and those lines.
pub(super) fn parse(bytes: &[u8]) -> (toml::Table, Vec<Damage>) {
    let mut lines = Lines::new(bytes);
    for attempt in 0..CAREFUL_TRIES + HASTY_TRIES {
        let text = lines.kept.join("\n");
        let first = match text.parse() {
            Ok(table) => return (table, lines.damage),
            Err(error) => error,
        };
        let others = if attempt < CAREFUL_TRIES { Vec::new() } else { DeTable::parse_recoverable(&text).1 };
        for error in std::iter::once(&first).chain(&others) {
            lines.drop_one(&text, error.span(), error.message());
        }
    }
    lines.damage.push(Damage { key: String::new(), problem: "not TOML".to_owned() });
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

    /// Drops the line where an error begins. The parser may complain of the place where it noticed, an empty line or
    /// the end: then it is the line before, or the one that opened a string which nothing closes.
    fn drop_one(&mut self, text: &str, span: Option<Range<usize>>, problem: &str) {
        let start = span.map_or(0, |span| span.start);
        let at = if start >= text.trim_end().len() { self.unclosed_string() } else { None };
        let at = at.unwrap_or_else(|| text.bytes().take(start).filter(|byte| *byte == b'\n').count());
        let filled = |index: &usize| self.kept.get(*index).is_some_and(|line| !line.trim().is_empty());
        let found = (0..=at).rev().find(filled).or_else(|| (at..self.kept.len()).find(filled));
        if let Some(index) = found {
            self.drop_at(index, problem);
        }
    }

    /// The last line with a lone `"""` or `'''`, if their number says that one is missing.
    fn unclosed_string(&self) -> Option<usize> {
        ["\"\"\"", "'''"].into_iter().find_map(|quotes| {
            let lone = |line: &String| line.matches(quotes).count() % 2 == 1;
            let open = self.kept.iter().filter(|line| lone(line)).count() % 2 == 1;
            if open { self.kept.iter().rposition(lone) } else { None }
        })
    }

    fn drop_at(&mut self, index: usize, problem: &str) {
        self.kept[index].clear();
        self.damage.push(Damage { key: format!("line {}", index + 1), problem: problem.to_owned() });
    }
}

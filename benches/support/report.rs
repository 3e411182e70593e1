//! What was found, against what is to be reached.

use std::collections::BTreeSet;

/// Collects verdicts and missing tools over all sections.
#[derive(Debug, Default)]
pub(crate) struct Report {
    lines: Vec<Line>,
    missing: BTreeSet<String>,
}

#[derive(Debug)]
struct Line {
    what: String,
    found: String,
    to_reach: String,
    reached: bool,
}

impl Report {
    /// A figure that has a threshold.
    pub(crate) fn verdict(&mut self, what: &str, found: String, to_reach: &str, reached: bool) {
        self.lines.push(Line { what: what.to_owned(), found, to_reach: to_reach.to_owned(), reached });
    }

    /// Notes what was left out for want of a program or of room.
    pub(crate) fn missing(&mut self, what: &str) {
        println!("left out: {what}");
        self.missing.insert(what.to_owned());
    }

    /// What was measured and missed its threshold.
    pub(crate) fn missed(&self) -> Vec<&str> {
        self.lines.iter().filter(|line| !line.reached).map(|line| line.what.as_str()).collect()
    }

    pub(crate) fn print(&self) {
        let rows: Vec<[String; 4]> = self
            .lines
            .iter()
            .map(|line| {
                let verdict = if line.reached { "PASS" } else { "FAIL" };
                [line.what.clone(), line.found.clone(), line.to_reach.clone(), verdict.to_owned()]
            })
            .collect();
        println!("\n== verdict");
        table(["measured", "found", "to reach", ""], &rows);
        if !self.missing.is_empty() {
            println!("left out: {}", Vec::from_iter(self.missing.iter().map(String::as_str)).join("; "));
        }
    }
}

/// Prints columns as wide as their widest cell.
pub(crate) fn table<const N: usize>(heads: [&str; N], rows: &[[String; N]]) {
    let widths: [usize; N] = std::array::from_fn(|column| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([heads[column].chars().count()]).max().unwrap_or(0)
    });
    let print = |cells: [&str; N]| {
        let line: Vec<String> = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        println!("  {}", line.join("  ").trim_end());
    };
    print(heads);
    for row in rows {
        print(std::array::from_fn(|column| row[column].as_str()));
    }
}

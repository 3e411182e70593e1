//! `cargo bench --bench journal [-- SECTION…] [--rows=N]`: the journal under floods and when it is long, in one run.
//!
//! Sections: `flood`, `window`, `opening`, `filter`, `export`, `import`, `frames`; all of them by default. Those that read
//! a long journal share one of ten million rows, or of `--rows`, which is made when the first of them begins and is gone
//! at the end with all else that was written. A tool that is missing is named and left out.

#[path = "../support/mod.rs"]
mod support;

mod export;
mod filter;
mod flood;
mod frames;
mod import;
mod long;
mod opening;
mod sender;
mod window;

use std::process::ExitCode;

use long::Long;
use support::report::Report;
use support::{Measured, sections};

const ROWS: u64 = 10_000_000;

type Section<'a> = Box<dyn Fn(&mut Report) -> Measured<()> + 'a>;

fn main() -> ExitCode {
    let Some(rows) = rows() else {
        eprintln!("--rows=N takes a number from 1000 on");
        return ExitCode::from(2);
    };
    let long = Long::new(rows);
    // The frames come last: they record into the long journal.
    let sections: [(&str, Section<'_>); 7] = [
        ("flood", Box::new(flood::measure)),
        ("window", Box::new(window::measure)),
        ("opening", Box::new(|report| opening::measure(&long, report))),
        ("filter", Box::new(|report| filter::measure(&long, report))),
        ("export", Box::new(|report| export::measure(&long, report))),
        ("import", Box::new(|report| import::measure(&long, report))),
        ("frames", Box::new(|report| frames::measure(&long, report))),
    ];
    sections::run(&sections)
}

fn rows() -> Option<u64> {
    let said = std::env::args().find_map(|word| word.strip_prefix("--rows=").map(str::to_owned));
    said.map_or(Some(ROWS), |number| number.parse().ok().filter(|rows| *rows >= 1000))
}

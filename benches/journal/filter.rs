//! Filters over a long journal: how soon the first rows are there, and all, and what it takes of memory.

use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use sockeye::model::{Event, Filter};

use super::long::{Long, NEEDLE, NEEDLE_EVERY, OUT_EVERY};
use super::opening::Reading;
use super::support::machine::{megabytes, memory};
use super::support::report::{Report, table};
use super::support::{Measured, Trouble};

const FIRST_TO_REACH: Duration = Duration::from_millis(100);
const ALL_TO_REACH: Duration = Duration::from_secs(3);
const GROWTH_TO_REACH: u64 = 64 << 20;

struct Scan {
    /// Not known where nothing passes.
    first: Option<Duration>,
    all: Duration,
    matches: u64,
}

pub(crate) fn measure(long: &Long, report: &mut Report) -> Measured<()> {
    let rows = long.rows();
    let reading = Reading::start()?;
    reading.open(long.journal()?)?;
    let process = std::process::id();
    let before = memory(process, "VmRSS").unwrap_or(0);
    // From here on VmHWM is what was resident at most since (proc(5)).
    std::fs::write("/proc/self/clear_refs", "5")?;
    // What each has to find, where that is known.
    let needles = (rows + NEEDLE_EVERY - 2) / NEEDLE_EVERY;
    let words = [
        ("out".to_owned(), Some(rows.div_ceil(OUT_EVERY))),
        ("error".to_owned(), Some(0)),
        ("len>100".to_owned(), Some(0)),
        ("peer:127.0.0.1:50001*".to_owned(), None),
        (NEEDLE.to_owned(), Some(needles)),
        ("hex:6e6565??6c65".to_owned(), Some(needles)),
        ("/needle \\d+1 /".to_owned(), None),
        (format!("in and ({NEEDLE} or error) and not len<10"), None),
    ];
    let mut scans = Vec::new();
    for (words, expected) in &words {
        let filter = Filter::parse(words, &TimeZone::UTC).map_err(|error| Trouble(format!("{words}: {error}")))?;
        let scan = scan(&reading, &filter)?;
        if expected.is_some_and(|expected| expected != scan.matches) {
            return Err(Trouble(format!("{words}: {} rows found, {expected:?} are there", scan.matches)));
        }
        scans.push(scan);
    }
    let growth = memory(process, "VmHWM").unwrap_or(0).saturating_sub(before);
    println!("filters over {} of 64 bytes", long.name());
    let cells: Vec<[String; 4]> = words
        .iter()
        .zip(&scans)
        .map(|((words, _), scan)| {
            let first = scan.first.map_or_else(|| "none".to_owned(), |first| format!("{first:.1?}"));
            [words.clone(), first, format!("{:.2?}", scan.all), scan.matches.to_string()]
        })
        .collect();
    table(["filter", "first rows", "all", "rows"], &cells);
    println!("  resident: {} more at most", megabytes(growth));
    let first = scans.iter().filter_map(|scan| scan.first).max().unwrap_or_default();
    let all = scans.iter().map(|scan| scan.all).max().unwrap_or_default();
    report.verdict("filter, first rows", format!("{first:.1?}"), "≤ 100 ms", first <= FIRST_TO_REACH);
    report.verdict("filter, all rows", format!("{all:.2?}"), "≤ 3 s", all <= ALL_TO_REACH);
    report.verdict("filter, growth", megabytes(growth), "≤ 64 MB", growth <= GROWTH_TO_REACH);
    Ok(())
}

fn scan(reading: &Reading, filter: &Filter) -> Measured<Scan> {
    let begun = Instant::now();
    reading.ask(filter, false);
    let mut first = None;
    reading
        .until("all rows", |event| {
            let Event::Page(page) = event else { return None };
            if page.filter == *filter && !page.rows.is_empty() {
                first.get_or_insert_with(|| begun.elapsed());
            }
            (page.filter == *filter && page.complete).then_some(page.matches)
        })
        .map(|matches| Scan { first, all: begun.elapsed(), matches })
}

//! The window: from starting the program to its first frame on the screen, and what stays in memory.

use std::time::{Duration, Instant};

use super::support::display::{self, Display};
use super::support::machine::{megabytes, memory, poll};
use super::support::processor::{cpu_ticks, tick};
use super::support::report::{Report, table};
use super::support::{Measured, median};

const RUNS: usize = 5;
const TO_REACH: Duration = Duration::from_millis(300);
/// After this long without input nothing is left to be drawn or loaded.
pub(crate) const SETTLES: Duration = Duration::from_secs(2);

pub(crate) fn measure(report: &mut Report) -> Measured<()> {
    if let Some(program) = display::missing() {
        report.missing(program);
        return Ok(());
    }
    let display = Display::start()?;
    let (mut frames, mut cpu, mut resident) = (Vec::new(), Vec::new(), Vec::new());
    // The first one reads the program and its libraries from the disk; it is shown and not counted.
    for _ in 0..=RUNS {
        let begun = Instant::now();
        let window = display.open_window()?;
        let look = || display.shows_a_window().unwrap_or(false).then(|| begun.elapsed());
        frames.push(poll("the first frame", Duration::from_millis(1), Duration::from_secs(20), look)?);
        cpu.push(tick() * u32::try_from(cpu_ticks(window.id())?)?);
        std::thread::sleep(SETTLES);
        resident.extend(memory(window.id(), "VmRSS"));
        drop(window);
        let blank = || display.is_blank().unwrap_or(true).then_some(());
        poll("the screen is blank", Duration::from_millis(5), Duration::from_secs(5), blank)?;
    }
    println!("the window under Xvfb, drawn by software; the screen's pixels tell; {RUNS} runs after a first one");
    let milliseconds = |time: &Duration| time.as_millis().to_string();
    let row = |what: &str, first: String, middle: String, runs: Vec<String>| -> [String; 4] {
        [what.to_owned(), middle, first, runs.join(" ")]
    };
    let frame = median(&frames[1..]).unwrap_or_default();
    let rows = [
        row(
            "first frame, ms",
            milliseconds(&frames[0]),
            milliseconds(&frame),
            frames[1..].iter().map(milliseconds).collect(),
        ),
        row(
            "processor time until then, ms",
            milliseconds(&cpu[0]),
            milliseconds(&median(&cpu[1..]).unwrap_or_default()),
            cpu[1..].iter().map(milliseconds).collect(),
        ),
        row(
            "resident two seconds later",
            resident.first().map_or_else(String::new, |bytes| megabytes(*bytes)),
            median(&resident).map_or_else(String::new, megabytes),
            Vec::new(),
        ),
    ];
    table(["", "median", "first", "runs"], &rows);
    report.verdict("first frame", format!("{} ms", frame.as_millis()), "≤ 300 ms", frame <= TO_REACH);
    Ok(())
}

//! Processor time while nothing happens.

use std::thread::sleep;
use std::time::Duration;

use super::child::Running;
use super::display::{self, Display};
use super::machine::{cpu_ticks, poll, sleeps, tick};
use super::report::{Report, table};
use super::window::SETTLES;
use super::{Measured, median};

const SPAN: Duration = Duration::from_secs(10);
const SPANS: usize = 3;

/// A program that should be doing nothing.
struct Idler {
    what: &'static str,
    process: Running,
    /// Clock ticks of processor time, and how often a thread was woken, in each span.
    ticks: Vec<u64>,
    wakes: Vec<u64>,
}

impl Idler {
    fn new(what: &'static str, process: Running) -> Self {
        Self { what, process, ticks: Vec::new(), wakes: Vec::new() }
    }
}

pub(crate) fn measure(report: &mut Report) -> Measured<()> {
    // Declared first, to be dropped after the window on it.
    let display = match display::missing() {
        Some(program) => {
            report.missing(program);
            None
        }
        None => Some(Display::start()?),
    };
    let (listener, _) = Running::listening("listen", &[])?;
    let mut idlers = vec![Idler::new("headless listen", listener)];
    if let Some(display) = &display {
        let window = display.open_window()?;
        let look = || display.shows_a_window().unwrap_or(false).then_some(());
        poll("the first frame", Duration::from_millis(20), Duration::from_secs(20), look)?;
        idlers.push(Idler::new("window", window));
    }
    sleep(SETTLES);
    for _ in 0..SPANS {
        let before: Vec<_> = idlers.iter().map(reading).collect::<Measured<_>>()?;
        sleep(SPAN);
        for (idler, (ticks, wakes)) in idlers.iter_mut().zip(before) {
            let (ticks_now, wakes_now) = reading(idler)?;
            idler.ticks.push(ticks_now - ticks);
            idler.wakes.push(wakes_now.saturating_sub(wakes));
        }
    }
    println!("processor time in {SPAN:?} without input, in ticks of {:?}; {SPANS} spans", tick());
    let list = |values: &[u64]| values.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
    let rows: Vec<[String; 3]> =
        idlers.iter().map(|idler| [idler.what.to_owned(), list(&idler.ticks), list(&idler.wakes)]).collect();
    table(["", "ticks", "threads woken"], &rows);
    for idler in &idlers {
        let ticks = median(&idler.ticks).unwrap_or_default();
        report.verdict(&format!("idle {}, 10 s", idler.what), format!("{ticks} ticks"), "0", ticks == 0);
    }
    Ok(())
}

fn reading(idler: &Idler) -> Measured<(u64, u64)> {
    let id = idler.process.id();
    Ok((cpu_ticks(id)?, sleeps(id)))
}

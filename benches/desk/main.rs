//! `cargo bench --bench desk [-- SECTION…]`: Sockeye beside the tools at hand, on this machine, in one run.
//!
//! Sections: `transfer`, `memory`, `window`, `idle`, `connections`, `echo`; all of them by default. A tool that is missing
//! is named and left out. What is compared runs in turn, so that a busy machine slows all of it alike; medians are
//! compared. (A real-time priority makes it worse: it keeps the kernel's own threads, which carry loopback, waiting.) The
//! exit status is 1 when a threshold was missed, which is then named, or something could not be measured; 2 for an
//! unknown section.

mod child;
mod connections;
mod display;
mod echo;
mod idle;
mod machine;
mod memory;
mod report;
mod transfer;
mod window;

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use report::Report;

/// The program under measurement, built by cargo for this bench.
const SOCKEYE: &str = env!("CARGO_BIN_EXE_sockeye");

/// Why something could not be measured.
#[derive(Debug)]
struct Trouble(String);

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

type Measured<T> = Result<T, Trouble>;
type Section = fn(&mut Report) -> Measured<()>;

const SECTIONS: [(&str, Section); 6] = [
    ("transfer", transfer::measure),
    ("memory", memory::measure),
    ("window", window::measure),
    ("idle", idle::measure),
    ("connections", connections::measure),
    ("echo", echo::measure),
];

fn main() -> ExitCode {
    if let [_, word, port, count] = &std::env::args().collect::<Vec<_>>()[..]
        && word == connections::HOLD
    {
        return connections::hold(port, count).map_or_else(|trouble| fail(&trouble), |()| ExitCode::SUCCESS);
    }
    let (flags, wanted): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|word| word.starts_with('-'));
    // `cargo test --benches` starts benches too, without this flag.
    if !flags.iter().any(|flag| flag == "--bench") {
        println!("nothing is measured without `cargo bench`");
        return ExitCode::SUCCESS;
    }
    if let Some(unknown) = wanted.iter().find(|word| SECTIONS.iter().all(|(name, _)| name != word)) {
        eprintln!("no section {unknown}; there are transfer, memory, window, idle, connections, echo");
        return ExitCode::from(2);
    }
    let mut report = Report::default();
    machine::describe();
    let mut whole = true;
    for (name, section) in SECTIONS {
        if !wanted.is_empty() && !wanted.iter().any(|word| word == name) {
            continue;
        }
        println!("\n== {name} (load {})", machine::load());
        if let Err(trouble) = section(&mut report) {
            println!("could not be measured: {trouble}");
            whole = false;
        }
    }
    report.print();
    let missed = report.missed();
    if !missed.is_empty() {
        eprintln!("missed: {}", missed.join("; "));
    }
    if whole && missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn fail(trouble: &Trouble) -> ExitCode {
    eprintln!("{trouble}");
    ExitCode::FAILURE
}

/// A folder in memory, so that no disk is measured; gone when dropped.
fn memory_folder() -> Measured<tempfile::TempDir> {
    let shared = PathBuf::from("/dev/shm");
    let parent = if shared.is_dir() { shared } else { std::env::temp_dir() };
    Ok(tempfile::Builder::new().prefix("sockeye-bench-").tempdir_in(parent)?)
}

/// The middle one; of an even number, the lower of the two in the middle.
fn median<T: Copy + Ord>(values: &[T]) -> Option<T> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

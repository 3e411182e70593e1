//! The parts of a bench, chosen by their names.

use std::process::ExitCode;

use super::report::Report;
use super::{Measured, machine};

pub(crate) type Section = fn(&mut Report) -> Measured<()>;

/// Measures the sections that the arguments name, all of them by default, and prints what was found. The exit status is 1
/// when a threshold was missed, which is then named, or something could not be measured; 2 for an unknown section.
pub(crate) fn run<S: Fn(&mut Report) -> Measured<()>>(sections: &[(&str, S)]) -> ExitCode {
    let (flags, wanted): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|word| word.starts_with('-'));
    // `cargo test --benches` starts benches too, without this flag.
    if !flags.iter().any(|flag| flag == "--bench") {
        println!("nothing is measured without `cargo bench`");
        return ExitCode::SUCCESS;
    }
    if let Some(unknown) = wanted.iter().find(|word| sections.iter().all(|(name, _)| name != word)) {
        let names: Vec<&str> = sections.iter().map(|(name, _)| *name).collect();
        eprintln!("no section {unknown}; there are {}", names.join(", "));
        return ExitCode::from(2);
    }
    let mut report = Report::default();
    machine::describe();
    let mut whole = true;
    for (name, section) in sections {
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

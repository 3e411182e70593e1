//! `cargo bench --bench desk [-- SECTION…]`: the program as it stands on a desk all day, on this machine, in one run.
//!
//! Sections: `window`, `idle`, `connections`, `echo`; all of them by default. A tool that is missing is named and left out.
//! What is compared runs in turn, so that a busy machine slows all of it alike; medians are compared. (A real-time priority
//! makes it worse: it keeps the kernel's own threads, which carry loopback, waiting.)

#[path = "../support/mod.rs"]
mod support;

mod connections;
mod echo;
mod idle;
mod window;

use std::process::ExitCode;

use support::sections::{self, Section};

const SECTIONS: [(&str, Section); 4] = [
    ("window", window::measure),
    ("idle", idle::measure),
    ("connections", connections::measure),
    ("echo", echo::measure),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // What it starts of itself, to measure it or to have it as a peer.
    let done = match &arguments[..] {
        [word, port, count] if word == connections::HOLD => connections::hold(port, count),
        [word] if word == connections::CROWD => connections::crowd(),
        _ => return sections::run(&SECTIONS),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("{trouble}");
            ExitCode::FAILURE
        }
    }
}

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
    if let [_, word, port, count] = &std::env::args().collect::<Vec<_>>()[..]
        && word == connections::HOLD
    {
        return match connections::hold(port, count) {
            Ok(()) => ExitCode::SUCCESS,
            Err(trouble) => {
                eprintln!("{trouble}");
                ExitCode::FAILURE
            }
        };
    }
    sections::run(&SECTIONS)
}

//! `cargo bench --bench transfer [-- SECTION…]`: files over loopback, beside the tools that people use for it, in one run.
//!
//! Sections: `file`, `many`, `memory`, `window`; all of them by default. A tool that is missing is named and left out. What
//! is compared runs in turn, so that a busy machine slows all of it alike; medians are compared.

#[path = "../support/mod.rs"]
mod support;

mod many;
mod memory;
mod one_file;
mod tool;
mod window;

use std::process::ExitCode;

use support::sections::{self, Section};

const SECTIONS: [(&str, Section); 4] =
    [("file", one_file::measure), ("many", many::measure), ("memory", memory::measure), ("window", window::measure)];

fn main() -> ExitCode {
    sections::run(&SECTIONS)
}

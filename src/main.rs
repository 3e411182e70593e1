//! Chooses window or command line, nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    sockeye::ui::run()
}

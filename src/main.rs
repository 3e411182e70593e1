//! Chooses window or command line, nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::args_os().len() > 1 { sockeye::cli::run(std::env::args_os()) } else { sockeye::ui::run() }
}

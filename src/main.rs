//! Chooses window or command line; before that, keeps what it was started with to itself.

use std::process::ExitCode;

fn main() -> ExitCode {
    sockeye::engine::Engine::keep_inherited();
    if std::env::args_os().len() > 1 { sockeye::cli::run(std::env::args_os()) } else { sockeye::ui::run() }
}

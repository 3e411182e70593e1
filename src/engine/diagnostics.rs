//! Diagnostics for those who work on the program.

use std::env;
use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

/// A level, or a filter such as `sockeye::net=trace`.
const VARIABLE: &str = "SOCKEYE_LOG";

/// From now on all threads tell on standard error what the environment variable `SOCKEYE_LOG` asks for, if it is set. They
/// tell no payloads.
pub fn log_where_asked() {
    if env::var_os(VARIABLE).is_some() {
        let log = tracing_subscriber::fmt().with_env_filter(EnvFilter::from_env(VARIABLE)).with_writer(io::stderr);
        // Colours are for terminals; there, NO_COLOR decides.
        let log = if io::stderr().is_terminal() { log } else { log.with_ansi(false) };
        // Fails only where a program that uses this crate logs already.
        log.try_init().ok();
    }
}

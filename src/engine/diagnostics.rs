//! Diagnostics for those who work on the program.

use std::env;
use std::io;

use tracing_subscriber::EnvFilter;

/// A level, or a filter such as `sockeye::net=trace`.
const VARIABLE: &str = "SOCKEYE_LOG";

/// From now on all threads tell on standard error what the environment variable `SOCKEYE_LOG` asks for, if it is set. They
/// tell no payloads.
pub fn log_where_asked() {
    if env::var_os(VARIABLE).is_some() {
        let filter = EnvFilter::from_env(VARIABLE);
        // Fails only where a program that uses this crate logs already.
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).try_init().ok();
    }
}

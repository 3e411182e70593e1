//! The process's limit of descriptors.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raises the soft limit of open descriptors to the hard one: many systems start programs with 1024, which a listener
/// reaches quickly. Returns the limit that is then in force; `None` where the system doesn't say.
pub fn raise_descriptor_limit() -> Option<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    if soft < hard {
        match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
            Ok(()) => return Some(hard),
            Err(error) => tracing::debug!(%error, "the descriptor limit stays at {soft}"),
        }
    }
    Some(soft)
}

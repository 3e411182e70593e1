use super::clock::Clock;
use crate::model::PeerProcess;
use crate::store;

/// What the engine learns from the machine beside what crosses its sockets. A test brings its own, so that what is shown
/// is the same in every run.
#[derive(Debug)]
pub struct Surroundings {
    pub clock: Clock,
    /// Turns what the kernel says of a Unix peer into what is told of it.
    pub name_process: fn(PeerProcess) -> PeerProcess,
}

impl Surroundings {
    /// The system's clocks, and names from `/proc`.
    #[must_use]
    pub fn system() -> Self {
        Self { clock: Clock::system(), name_process: store::process::named }
    }
}

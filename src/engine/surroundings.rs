use super::clock::Clock;
use crate::model::{Failure, PeerProcess, Protocol};
use crate::{net, store};

/// What the engine learns from the machine beside what crosses its sockets. A test brings its own, so that what is shown
/// is the same in every run.
#[derive(Debug)]
pub struct Surroundings {
    pub clock: Clock,
    /// Turns what the kernel says of a Unix peer into what is told of it.
    pub name_process: fn(PeerProcess) -> PeerProcess,
    /// Whether the system has sockets of this kind and the user the right to them, or why not.
    pub probe: fn(Protocol) -> Result<(), Failure>,
}

impl Surroundings {
    /// The system's clocks, names from `/proc`, and the sockets that the kernel has.
    #[must_use]
    pub fn system() -> Self {
        Self { clock: Clock::system(), name_process: store::process::named, probe: net::probe }
    }
}

use std::time::Duration;

use super::advice;
use super::clock::Clock;
use crate::model::{Facility, Failure, PeerProcess};
use crate::proto::plain_file::TutorialSender;
use crate::proto::transfer::Patience;
use crate::store;

/// What the engine learns from the machine beside what crosses its sockets. A test brings its own, so that what is shown
/// is the same in every run.
#[derive(Debug)]
pub struct Surroundings {
    pub clock: Clock,
    /// Turns what the kernel says of a Unix peer into what is told of it.
    pub name_process: fn(PeerProcess) -> PeerProcess,
    /// Why the system has no sockets of this kind, or the user no right to them; `None` where they can be had.
    pub probe: fn(&Facility) -> Option<Failure>,
    /// How long the content of a file that is sent the tutorial's way stays behind its name: what a receiver may take to
    /// read the name. One that takes longer takes both for the name.
    pub tutorial_pause: Duration,
    /// How long the other side of verified files may keep silent.
    pub patience: Patience,
}

impl Surroundings {
    /// The system's clocks, names from `/proc`, and the sockets that the kernel has.
    #[must_use]
    pub fn system() -> Self {
        Self {
            clock: Clock::system(),
            name_process: store::process::named,
            probe: advice::probe,
            tutorial_pause: TutorialSender::PAUSE,
            patience: Patience::default(),
        }
    }
}

//! Threads: blocking I/O in workers, decisions from `proto`, rows to the journal, events to one face.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::Receiver;

use crate::model::{Command, Damage, Event, Failure, Settings, SocketId};

/// Where the rows go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum JournalPlace {
    /// A file that is gone with the engine.
    #[default]
    Temporary,
    File(PathBuf),
    /// Rows are not recorded.
    Nowhere,
}

/// How to start.
#[derive(Clone)]
pub struct EngineConfig {
    pub journal: JournalPlace,
    /// Called from workers when events wait, at most once until [`Engine::acknowledge_wake`].
    pub wake: Arc<dyn Fn() + Send + Sync>,
    /// Send `Event::Received` and `Event::Sent` with the bytes, for a face that has no journal to read.
    pub payload_events: bool,
    /// Where [`Command::SaveSettings`] writes; `None` saves nothing.
    pub settings: Option<PathBuf>,
}

/// The engine; dropping it stops everything and joins every thread.
pub struct Engine {}

impl Engine {
    /// # Errors
    /// The journal can't be opened.
    pub fn start(_config: EngineConfig) -> Result<Self, Failure> {
        todo!()
    }

    #[must_use]
    pub fn new_socket(&self) -> SocketId {
        todo!()
    }

    /// Never blocks.
    pub fn send(&self, _command: Command) {
        todo!()
    }

    #[must_use]
    pub fn events(&self) -> &Receiver<Event> {
        todo!()
    }

    /// Call before draining [`Self::events`]: the next event wakes again.
    pub fn acknowledge_wake(&self) {
        todo!()
    }

    /// Runs work that may block for long (a dialog, standard input) on a named thread that nobody joins.
    pub fn run_detached(&self, _name: &str, _work: impl FnOnce() + Send + 'static) {
        todo!()
    }

    #[must_use]
    pub fn load_settings(_path: &Path) -> (Settings, Vec<Damage>) {
        todo!()
    }

    /// Where this system keeps a program's settings; `None` where it has no such place.
    #[must_use]
    pub fn settings_path() -> Option<PathBuf> {
        todo!()
    }
}

//! Threads: blocking I/O in workers, decisions from `proto`, rows to the journal, events to one face.
//!
//! One thread carries out commands, one writes the journal, one reads it for the face. Each listener and each client
//! has a thread of its own; each stream a listener accepts has one that receives, and, from the first thing it sends,
//! one that sends. None of them waits for the face, unless the face is a whole channel of events behind.

mod addressing;
mod advice;
mod browsing;
mod budget;
mod client;
mod clock;
mod control;
mod core;
mod datagrams;
mod diagnostics;
mod file_connection;
mod groups;
mod history;
mod importing;
mod inspecting;
mod leftovers;
mod listener;
mod opening;
mod outbox;
mod peers;
mod postponed;
mod reader;
mod recorder;
mod resolving;
mod rights;
mod saves;
mod send_queue;
mod session;
mod socket_control;
mod speech;
mod stop;
mod stream_receiver;
mod stream_writer;
mod surroundings;
mod transfer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

pub use self::clock::Clock;
pub use self::diagnostics::log_where_asked;
pub use self::surroundings::Surroundings;

use self::control::Control;
use self::core::{Core, Wishes, spawn, spawn_foreign};
use self::history::History;
use self::leftovers::Leftovers;
use self::outbox::{EVENTS, Outbox, PAYLOAD_EVENTS};
use self::reader::Reader;
use self::recorder::Recorder;
use self::saves::Saves;
use crate::codec::encoding::Encoding;
use crate::model::{
    BrowserContent, Command, Damage, Endpoint, Event, Failure, Imported, InheritedSocket, NetworkInterface, Operation,
    PastTransfer, Removals, SaveRequest, Saved, SendMode, SessionId, Settings, SocketId, Statistics, StatisticsRequest,
    Target, WaitingSocket,
};
use crate::net;
use crate::store;
use crate::store::journal::{JournalReader, JournalWriter};
use crate::store::temporary::TemporaryJournal;

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
    /// Send [`Event::Received`] and [`Event::Sent`] with the bytes, for a face that has no journal to read.
    pub payload_events: bool,
    /// Look at each socket once more when it closes: an [`Event::Inspected`] before its last event.
    pub last_look: bool,
    /// Where [`Command::SaveSettings`] writes; `None` saves nothing.
    pub settings: Option<PathBuf>,
    /// A folder for what spares reading large files again that were sent in part; made with the first of them. `None`
    /// reads them again.
    pub sent_logs: Option<PathBuf>,
    /// The list to which transfers are added as they end; `None` remembers none.
    pub past_transfers: Option<PathBuf>,
    /// The folder in which recordings are looked for that killed programs left; `None` looks for none.
    pub leftovers: Option<PathBuf>,
}

impl EngineConfig {
    /// Nothing is kept but the journal, and nobody is woken: who waits for events sees them come.
    #[must_use]
    pub fn new(journal: JournalPlace) -> Self {
        Self {
            journal,
            wake: Arc::new(|| ()),
            payload_events: false,
            last_look: false,
            settings: None,
            sent_logs: None,
            past_transfers: None,
            leftovers: None,
        }
    }
}

impl fmt::Debug for EngineConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineConfig")
            .field("journal", &self.journal)
            .field("payload_events", &self.payload_events)
            .field("last_look", &self.last_look)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// The engine; dropping it stops everything and joins every thread, within a second.
pub struct Engine {
    commands: Option<Sender<Command>>,
    events: Receiver<Event>,
    core: Arc<Core>,
    next_socket: AtomicU64,
    control: Option<JoinHandle<()>>,
    recorder: Option<JoinHandle<()>>,
    reader: Option<JoinHandle<()>>,
    saves: Arc<Saves>,
    sweep: Option<JoinHandle<()>>,
    history: Option<JoinHandle<()>>,
    removals: Arc<Removals>,
    /// Removed after the threads that use it have ended.
    _temporary: Option<TemporaryJournal>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// Opens the journal and starts the threads that all sockets share. Also raises the process's limit of descriptors.
    ///
    /// # Errors
    /// The journal can't be opened, or a thread can't be started.
    pub fn start(config: EngineConfig) -> Result<Self, Failure> {
        Self::start_in(config, Surroundings::system())
    }

    /// As [`Self::start`], with what is learned of the machine from elsewhere than the system.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_in(config: EngineConfig, surroundings: Surroundings) -> Result<Self, Failure> {
        net::raise_descriptor_limit();
        let (sender, events) = bounded(if config.payload_events { PAYLOAD_EVENTS } else { EVENTS });
        let outbox = Arc::new(Outbox::new(sender, config.wake));
        let Surroundings { clock, name_process, probe, tutorial_pause, patience } = surroundings;
        let clock = Arc::new(clock);
        let saves = Arc::new(Saves::default());
        let (path, temporary) = match config.journal {
            JournalPlace::Nowhere => (None, None),
            JournalPlace::File(path) => (Some(path), None),
            JournalPlace::Temporary => {
                let temporary = TemporaryJournal::create()?;
                (Some(temporary.path().to_owned()), Some(temporary))
            }
        };
        let (leftovers, sweep) = match config.leftovers {
            None => (Leftovers::default(), None),
            Some(folder) => {
                Leftovers::start(folder, Arc::clone(&outbox)).map(|(leftovers, thread)| (leftovers, Some(thread)))?
            }
        };
        tracing::debug!(journal = ?path, "the engine starts");
        let removals = Arc::<Removals>::default();
        let no_thread = |name: &'static str| move |error| Failure::no_thread(name, &error);
        let (recorder, recorder_thread, reader, reader_thread, last_session) = match path {
            None => (Recorder::off(), None, Reader::off(), None, SessionId(0)),
            Some(path) => {
                let writer = JournalWriter::create(&path)?;
                // A kept journal holds sessions of earlier runs, which are not those of this one.
                let last_session = writer.last_session();
                let journal_reader = JournalReader::open(&path)?;
                let (recorder, recorder_thread) =
                    Recorder::start(writer, Arc::clone(&clock), Arc::clone(&outbox), Arc::clone(&removals))
                        .map_err(no_thread("recorder"))?;
                let (reader, reader_thread) =
                    Reader::start(journal_reader, path, Arc::clone(&outbox), Arc::clone(&saves), Arc::clone(&removals))
                        .map_err(no_thread("journal-reader"))?;
                (recorder, Some(recorder_thread), reader, Some(reader_thread), last_session)
            }
        };
        let (history, history_thread) = match config.past_transfers {
            None => (History::default(), None),
            Some(path) => History::start(path, Arc::clone(&outbox)).map(|(history, thread)| (history, Some(thread)))?,
        };
        let EngineConfig { payload_events, last_look, sent_logs, .. } = config;
        let wishes = Wishes { payload_events, last_look, sent_logs, tutorial_pause, patience, history, leftovers };
        let core = Core::new(clock, name_process, outbox, recorder, reader, wishes, last_session);
        let core = Arc::new(core);
        // Unbounded: its only sender is the face, which a full channel must not block.
        let (commands, queue) = unbounded();
        let control = Control::new(Arc::clone(&core), config.settings, probe);
        let control = spawn("control".to_owned(), move || control.run(&queue))?;
        Ok(Self {
            commands: Some(commands),
            events,
            core,
            next_socket: AtomicU64::new(1),
            control: Some(control),
            recorder: recorder_thread,
            reader: reader_thread,
            saves,
            sweep,
            history: history_thread,
            removals,
            _temporary: temporary,
        })
    }

    /// A new identity for a listener or a client.
    #[must_use]
    pub fn new_socket(&self) -> SocketId {
        SocketId(self.next_socket.fetch_add(1, Ordering::Relaxed))
    }

    /// Never blocks.
    pub fn send(&self, command: Command) {
        // Without a journal there is no answer to wait for.
        if self.reader.is_some() && matches!(command, Command::SaveJournal(_)) {
            self.saves.expect();
        }
        if let Some(commands) = &self.commands
            && commands.send(command).is_err()
        {
            tracing::error!("the control thread has ended");
        }
    }

    #[must_use]
    pub fn events(&self) -> &Receiver<Event> {
        &self.events
    }

    /// Call before draining [`Self::events`]: the next event wakes again.
    pub fn acknowledge_wake(&self) {
        self.core.outbox.acknowledge();
    }

    /// Whether a [`Command::SaveJournal`] was sent that no event has answered yet. The face is woken when this changes
    /// to false, with the event waiting. Dropping the engine meanwhile cancels the save and leaves what was at its
    /// path.
    #[must_use]
    pub fn is_saving_journal(&self) -> bool {
        self.saves.is_under_way()
    }

    /// Processor time that this program has taken so far, on all its threads; zero where the system doesn't say.
    #[must_use]
    pub fn processor_time() -> Duration {
        clock::processor_time()
    }

    /// What became of the journal's rows; it goes on telling once the engine has ended.
    #[must_use]
    pub fn removals(&self) -> &Arc<Removals> {
        &self.removals
    }

    /// Runs work that may block for long (a dialog, standard input) on a named thread that nobody joins.
    pub fn run_detached(&self, name: &str, work: impl FnOnce() + Send + 'static) {
        if let Err(failure) = spawn_foreign(name, work) {
            self.core.outbox.send(Event::Failed { socket: None, session: None, failure });
        }
    }

    /// Has the descriptors that the program was started with, but for its standard streams, stay with it: no program that
    /// it starts gets them. To be called first of all; without it they are adopted all the same.
    pub fn keep_inherited() {
        net::keep_inherited(&store::descriptor::open_numbers());
    }

    /// The sockets that a service manager passed to this process; one that is no socket is left out.
    #[must_use]
    pub fn inherited_sockets() -> Vec<InheritedSocket> {
        net::inherited()
    }

    /// Whether an endpoint is the very socket that standard input is, so that nothing but the socket's own thread may read
    /// it.
    #[must_use]
    pub fn is_standard_input(endpoint: &Endpoint) -> bool {
        matches!(endpoint, Endpoint::Descriptor(name) if net::is_standard_input(name))
    }

    /// This machine's network interfaces, in the system's order.
    ///
    /// # Errors
    /// The system doesn't tell.
    pub fn interfaces() -> Result<Vec<NetworkInterface>, Failure> {
        net::interfaces().map_err(|error| Failure::io(Operation::ListInterfaces, "", &error))
    }

    /// The sockets in TIME_WAIT that are in the way of a TCP listener at this endpoint. Blocks while its name is looked
    /// up, where it has one.
    ///
    /// # Errors
    /// The name is not found, or the system doesn't tell.
    pub fn sockets_in_time_wait(target: &Target) -> Result<Vec<WaitingSocket>, Failure> {
        advice::in_time_wait(target)
    }

    /// Stops everything as dropping does; returns what it had to say until then.
    #[must_use]
    pub fn stop(self) -> Vec<Event> {
        let (events, core) = (self.events.clone(), Arc::clone(&self.core));
        drop(self);
        events.try_iter().chain(core.outbox.take_late()).collect()
    }

    /// Whether a file can be sent, before anybody is connected to for it. Opens and closes it.
    ///
    /// # Errors
    /// Not found, not readable, or neither a regular file nor, where the mode can send one, a folder.
    pub fn check_source(path: &Path, mode: SendMode) -> Result<(), Failure> {
        match mode {
            SendMode::Verified if store::tree::is_folder(path) => store::tree::Tree::check(path),
            _ => store::source::Source::open(path).map(drop),
        }
    }

    /// Whether files can be received into a folder, before anybody is asked to send one. Creates nothing.
    ///
    /// # Errors
    /// The folder is missing, is not a folder, or can't be written into.
    pub fn check_inbox(folder: &Path) -> Result<(), Failure> {
        store::inbox::Inbox::open(folder).map(drop)
    }

    /// What a path is to browsers: a folder if there is one, else a file.
    #[must_use]
    pub fn site_at(path: PathBuf) -> BrowserContent {
        store::site::content_at(path)
    }

    /// Whether what browsers are to be shown can be read, before anybody is invited to look at it.
    ///
    /// # Errors
    /// The file or folder is missing, is the other of the two, or can't be read.
    pub fn check_site(content: &BrowserContent) -> Result<(), Failure> {
        store::site::Site::open(content).map(drop)
    }

    /// Copies a journal that need not be this engine's. Blocks; `cancelled` ends it.
    ///
    /// # Errors
    /// The journal can't be read, the copy can't be written, or it was cancelled; what was there is then still
    /// there.
    pub fn export_journal(journal: &Path, request: &SaveRequest, cancelled: Arc<AtomicBool>) -> Result<Saved, Failure> {
        let mut reader = JournalReader::open(journal)?;
        reader.cancel_saves_by(cancelled);
        saves::save(&mut reader, request, &[Encoding::Utf8])
    }

    /// Counts what crossed in a journal that need not be this engine's. Blocks; `cancelled` ends it.
    ///
    /// # Errors
    /// The journal can't be read, or it was cancelled.
    pub fn count_messages(
        journal: &Path,
        request: StatisticsRequest,
        cancelled: &AtomicBool,
    ) -> Result<Statistics, Failure> {
        reader::count_messages(journal, request, cancelled)
    }

    /// Whether a file is no capture, but a journal or another program's database.
    #[must_use]
    pub fn may_be_journal(path: &Path) -> bool {
        store::capture::may_be_journal(path)
    }

    /// Makes a journal of a capture, pcap or pcapng, where no file is yet. Blocks; `cancelled` ends it.
    ///
    /// # Errors
    /// The capture can't be read or is damaged, the journal can't be written, or it was cancelled; there is none then.
    pub fn import_capture(capture: &Path, journal: &Path, cancelled: &AtomicBool) -> Result<Imported, Failure> {
        importing::import(capture, journal, cancelled)
    }

    /// Reads a small file; call it before the window is there.
    #[must_use]
    pub fn load_settings(path: &Path) -> (Settings, Vec<Damage>) {
        store::settings::load(path)
    }

    /// Reads the list of past transfers, oldest first; call it before the window is there.
    #[must_use]
    pub fn load_past_transfers(path: &Path) -> (Vec<PastTransfer>, Vec<Damage>) {
        store::past_transfers::load(path)
    }

    /// Where this system keeps what a program remembers; `None` where it has no such place.
    #[must_use]
    pub fn past_transfers_path() -> Option<PathBuf> {
        store::past_transfers::default_path()
    }

    /// Where this system keeps what a program only saves time with; `None` where it has no such place.
    #[must_use]
    pub fn sent_logs_path() -> Option<PathBuf> {
        store::sent_log::default_path()
    }

    /// The person's home folder, as the environment has it; `None` where the system names none.
    #[must_use]
    pub fn home_folder() -> Option<PathBuf> {
        store::home::folder()
    }

    /// Where temporary journals lie.
    #[must_use]
    pub fn temporary_folder() -> PathBuf {
        store::temporary::folder()
    }

    /// Where this system keeps a program's settings; `None` where it has no such place.
    #[must_use]
    pub fn settings_path() -> Option<PathBuf> {
        store::settings::default_path()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.core.outbox.close();
        self.core.recorder.hurry();
        self.commands.take();
        join(self.control.take());
        self.core.history.stop();
        self.core.leftovers.stop();
        self.core.reader.stop();
        join(self.reader.take());
        self.saves.stop();
        // Alone: the last connection to a journal copies the log into the file, and of two that close at once neither does.
        self.core.recorder.stop();
        join(self.recorder.take());
        join(self.sweep.take());
        join(self.history.take());
    }
}

fn join(thread: Option<JoinHandle<()>>) {
    if let Some(thread) = thread
        && thread.join().is_err()
    {
        tracing::error!("a thread panicked");
    }
}

#[cfg(test)]
mod tests;

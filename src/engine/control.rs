//! The thread that carries out commands. It blocks on no stream and no file; a full datagram buffer or journal holds it up
//! for a moment.

mod files;
mod opening;
mod settings;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::Receiver;
use parking_lot::Mutex;

use super::core::{Core, spawn};
use super::file_connection::FileConnection;
use super::opening::Opening;
use super::send_queue::Outgoing;
use super::session::Session;
use super::socket_control::SocketControl;
use super::stop::Stop;
use super::{addressing, client, groups, inspecting, listener};
use crate::codec::encoding::Encoding;
use crate::model::{
    Cause, CloseReason, Command, ConnectSpec, Event, Facility, Failure, Hint, ListenSpec, Operation, Protocol,
    Recipients, Respond, Role, SendMode, SessionId, SocketId,
};
use crate::net;

/// A listener's or client's own thread.
struct Running {
    control: Arc<SocketControl>,
    thread: JoinHandle<()>,
    role: Role,
    /// How a client connected.
    spec: Option<ConnectSpec>,
    /// Connections beside a client's own, which carry files.
    beside: Vec<FileConnection>,
}

impl Running {
    /// Why its sessions end when all does.
    fn end_reason(&self) -> CloseReason {
        match self.role {
            Role::Server => CloseReason::Stopped,
            Role::Client => CloseReason::Local,
        }
    }

    fn is_over(&self) -> bool {
        self.thread.is_finished() && self.beside.iter().all(FileConnection::is_over)
    }

    /// Waits for all of its threads.
    fn join(self) {
        drop(self.beside);
        join(self.thread);
    }
}

pub(super) struct Control {
    core: Arc<Core>,
    settings: Option<PathBuf>,
    /// As [`super::Surroundings::probe`].
    probe: fn(&Facility) -> Option<Failure>,
    running: HashMap<SocketId, Running>,
    /// Writes settings in order, one at a time, off this thread.
    saving: Option<JoinHandle<()>>,
    /// A journal that the face waits for.
    opening: Opening,
    /// Copy files.
    splits: Vec<JoinHandle<()>>,
    /// Requested when all is to end.
    closing: Arc<Stop>,
}

impl Control {
    pub(super) fn new(core: Arc<Core>, settings: Option<PathBuf>, probe: fn(&Facility) -> Option<Failure>) -> Self {
        Self {
            core,
            settings,
            probe,
            running: HashMap::new(),
            saving: None,
            opening: Opening::default(),
            splits: Vec::new(),
            closing: Arc::default(),
        }
    }

    /// Carries out commands until their sender is gone, then stops everything and joins it.
    pub(super) fn run(mut self, commands: &Receiver<Command>) {
        while let Ok(command) = commands.recv() {
            self.carry_out(command);
        }
        self.closing.request(CloseReason::Stopped);
        for running in self.running.values() {
            self.stop(running, running.end_reason());
        }
        self.opening.cancel();
        for (_, running) in self.running.drain() {
            running.join();
        }
        self.splits.into_iter().chain(self.saving).chain(self.opening.into_thread()).for_each(join);
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Listen { socket, spec } => self.listen(socket, *spec),
            Command::Connect { socket, spec } => self.connect(socket, *spec),
            Command::StopListening { socket } => self.stop_socket(socket, CloseReason::Stopped),
            Command::Disconnect { socket } => self.stop_socket(socket, CloseReason::Local),
            Command::Close { session } => self.close(session, CloseReason::Local),
            Command::Reset { session } => self.close(session, CloseReason::LocalReset),
            Command::FinishSending { session } => {
                // One that is gone already has finished.
                if let Some(session) = self.core.session(session) {
                    self.queue(&session, Outgoing::Finish);
                }
            }
            Command::Send { socket, to, bytes } => self.send(socket, to, bytes),
            Command::SendFiles { socket, to, paths, mode: SendMode::Verified } => {
                self.send_verified_files(socket, to, &paths);
            }
            Command::SendFiles { socket, to, paths, mode } => {
                let is_to_all = to == Recipients::All;
                for session in self.recipients(socket, to) {
                    if !is_to_all || session.takes_messages() {
                        self.queue_files(&session, &paths, mode);
                    }
                }
            }
            Command::CancelTransfer { transfer } => self.core.cancel_transfer(transfer),
            Command::CancelTransfers { socket } => self.cancel_transfers(socket),
            Command::PauseTransfer { transfer, paused } => self.core.with_reins(transfer, |reins| reins.pause(paused)),
            Command::AnswerTransfer { transfer, permission } => {
                self.core.with_reins(transfer, |reins| reins.permit(permission));
            }
            Command::MoveSplit { socket, path, head, at } => self.move_split(socket, path, head, at),
            Command::SetReceive { socket, receive, admission } => {
                if let Some(running) = self.running.get(&socket) {
                    *running.control.receive.write() = (receive, admission);
                }
            }
            Command::SetRespond { socket, respond } => {
                if let Some(running) = self.running.get(&socket) {
                    *running.control.respond.write() = respond;
                }
            }
            Command::SetBrowser { socket, browser } => {
                if let Some(running) = self.running.get(&socket) {
                    *running.control.browser.write() = browser;
                }
            }
            Command::OpenInBrowser { socket, url } => self.open_in_browser(socket, url),
            Command::OpenFolder { socket, path } => self.open_folder(socket, path),
            Command::Inspect { socket, session } => {
                self.with_open(socket, session, |control, session| inspecting::inspect(&self.core, control, session));
            }
            Command::InspectRoundTrip { socket, session } => {
                self.with_open(socket, Some(session), |control, session| {
                    inspecting::inspect_round_trip(&self.core, control, session);
                });
            }
            Command::SetOption { socket, session, option, value } => {
                self.with_open(socket, session, |control, session| {
                    inspecting::set_option(&self.core, control, session, option, &value);
                });
            }
            Command::JoinGroup { socket, group } => {
                self.with_open(socket, self.own_session(socket), |control, session| {
                    groups::join(&self.core, control, session, &group);
                });
            }
            Command::LeaveGroup { socket, group } => {
                self.with_open(socket, self.own_session(socket), |control, session| {
                    groups::leave(&self.core, control, session, &group);
                });
            }
            Command::ListInterfaces => {
                // Without an answer a face shows none, and takes addresses as they are typed.
                let all = net::interfaces().inspect_err(|error| tracing::debug!(%error, "no interfaces"));
                self.core.outbox.send(Event::Interfaces(all.unwrap_or_default().into()));
            }
            Command::Probe { facility } => {
                let missing = (self.probe)(&facility);
                self.core.outbox.send(Event::Probed { facility, missing });
            }
            Command::ReadPage(request) => self.core.reader.page(request),
            Command::CountMessages(request) => self.core.reader.count(request),
            Command::SetFilterEncodings(labels) => {
                let encodings = labels.iter().filter_map(|label| Encoding::from_label(label)).collect();
                self.core.reader.encodings(encodings);
            }
            Command::SetColorRules(rules) => self.core.reader.color_rules(rules),
            Command::ReadConversation(request) => self.core.reader.conversation(request),
            Command::LoadRow { number } => self.core.reader.row(number),
            Command::Find(request) => self.core.reader.find(request),
            Command::CancelFind => self.core.reader.cancel_find(),
            Command::MarkRow { number, note, opened: true } => self.core.reader.mark(number, note),
            Command::MarkRow { number, note, opened: false } => self.core.recorder.mark(number, note),
            Command::ClearJournal => self.core.recorder.clear(),
            Command::Retain(retention) => self.core.recorder.retain(retention),
            Command::OpenJournal { path } => self.opening.start(&self.core, path),
            Command::CloseJournal => {
                self.opening.cancel();
                self.core.reader.close();
            }
            Command::DiscardRecording { path } => self.core.leftovers.discard(path),
            Command::SaveJournal(request) => self.core.reader.save(request),
            Command::ForgetPastTransfers => self.core.history.clear(),
            Command::SaveSettings(settings) => self.save_settings(*settings),
        }
    }

    fn listen(&mut self, socket: SocketId, spec: ListenSpec) {
        let (receive, respond) = ((spec.receive.clone(), spec.admission), spec.respond.clone());
        let control = SocketControl::new(socket, &spec.target, receive, respond, spec.stay_half_open)
            .map(|control| control.with_browser(spec.browser.clone()));
        let subject = spec.target.endpoint.to_string();
        self.start(socket, Role::Server, &subject, control, None, move |core, control| {
            listener::run(core, control, &spec);
        });
    }

    fn connect(&mut self, socket: SocketId, spec: ConnectSpec) {
        let receive = (spec.receive.clone(), spec.admission);
        let control = SocketControl::new(socket, &spec.target, receive, Respond::Nothing, spec.stay_half_open)
            .map(|control| control.for_purpose(spec.purpose));
        let subject = spec.target.endpoint.to_string();
        self.start(socket, Role::Client, &subject, control, Some(spec.clone()), move |core, control| {
            client::run(core, control, &spec);
        });
    }

    fn start(
        &mut self,
        socket: SocketId,
        role: Role,
        subject: &str,
        control: std::io::Result<SocketControl>,
        spec: Option<ConnectSpec>,
        work: impl FnOnce(&Arc<Core>, &Arc<SocketControl>) + Send + 'static,
    ) {
        // Those that have ended hold descriptors and stacks until they are joined.
        for (_, ended) in self.running.extract_if(|_, running| running.is_over()) {
            ended.join();
        }
        let control = match control {
            Ok(control) => Arc::new(control),
            Err(error) => {
                let failure = Failure::io(Operation::Open, subject, &error).with_hint(Hint::RaiseDescriptorLimit);
                return self.could_not_start(socket, role, failure);
            }
        };
        // What ran under this id before lets go of its port first, on the new thread: this one doesn't wait.
        if let Some(before) = self.running.get(&socket) {
            self.stop(before, before.end_reason());
        }
        let before = Arc::new(Mutex::new(self.running.remove(&socket)));
        let (core, for_thread) = (Arc::clone(&self.core), Arc::clone(&control));
        let to_join = Arc::clone(&before);
        let name = if role == Role::Server { "listen" } else { "connect" };
        let thread = spawn(format!("{name}-{}", socket.0), move || {
            let before = to_join.lock().take();
            if let Some(before) = before {
                before.join();
            }
            work(&core, &for_thread);
        });
        match thread {
            Ok(thread) => _ = self.running.insert(socket, Running { control, thread, role, spec, beside: Vec::new() }),
            Err(failure) => {
                if let Some(before) = before.lock().take() {
                    self.running.insert(socket, before);
                }
                self.could_not_start(socket, role, failure);
            }
        }
    }

    /// The face hears the end of what never began.
    fn could_not_start(&self, socket: SocketId, role: Role, failure: Failure) {
        self.core.fail(socket, None, failure);
        self.core.outbox.send(match role {
            Role::Server => Event::StoppedListening { socket },
            Role::Client => Event::Disconnected { socket },
        });
    }

    fn stop_socket(&self, socket: SocketId, reason: CloseReason) {
        if let Some(running) = self.running.get(&socket) {
            self.stop(running, reason);
        }
    }

    fn stop(&self, running: &Running, reason: CloseReason) {
        running.control.stop(reason);
        for connection in &running.beside {
            connection.stop(reason);
        }
        self.core.stop_sessions_of(running.control.id, reason);
    }

    fn close(&self, session: SessionId, reason: CloseReason) {
        // One that is gone already is what was asked for.
        let Some(session) = self.core.session(session) else { return };
        // Only TCP knows a reset.
        let is_tcp = session.info.protocol == Protocol::Tcp;
        let reason = if reason == CloseReason::LocalReset && !is_tcp { CloseReason::Local } else { reason };
        session.request_stop(reason);
        if session.is_shared_datagram() {
            session.conclude(&self.core, reason);
        }
    }

    fn session(&self, id: SessionId) -> Option<Arc<Session>> {
        let session = self.core.session(id);
        if session.is_none() {
            let failure = Failure::new(Operation::Send, format_args!("#{id}"), Cause::NoSuchSession);
            self.core.outbox.send(Event::Failed { socket: None, session: Some(id), failure });
        }
        session
    }

    /// Calls `then` unless the listener, client or session is gone: its end has been told.
    fn with_open(
        &self,
        socket: SocketId,
        session: Option<SessionId>,
        then: impl FnOnce(&SocketControl, Option<&Session>),
    ) {
        let Some(running) = self.running.get(&socket) else { return };
        let found = session.and_then(|session| self.core.session(session));
        if found.is_some() == session.is_some() {
            then(&running.control, found.as_deref());
        }
    }

    /// A client's own session; `None` for a listener, whose socket is not that of a session.
    fn own_session(&self, socket: SocketId) -> Option<SessionId> {
        let sessions = self.core.sessions_of(socket);
        let own = sessions.iter().find(|session| session.info.role == Role::Client && !session.is_shared_datagram());
        own.map(|session| session.info.id)
    }

    fn recipients(&self, socket: SocketId, to: Recipients) -> Vec<Arc<Session>> {
        match to {
            Recipients::All => self.core.sessions_of(socket),
            Recipients::Sessions(ids) => ids.into_iter().filter_map(|id| self.session(id)).collect(),
            // Messages go there by themselves, and files need a stream.
            Recipients::Addresses(_) => Vec::new(),
        }
    }

    fn send(&self, socket: SocketId, to: Recipients, bytes: Vec<u8>) {
        // One copy for all of them.
        let bytes: Arc<[u8]> = bytes.into();
        let control = self.running.get(&socket).map(|running| &*running.control);
        let to = match (to, control) {
            (Recipients::Addresses(addresses), Some(control)) => {
                return addressing::send_to_addresses(&self.core, control, addresses, bytes);
            }
            (to, _) => to,
        };
        let is_to_all = to == Recipients::All;
        let mut recipients = self.recipients(socket, to);
        // Browsers keep connections beside a WebSocket, on which nothing can be said to them.
        if is_to_all && recipients.iter().any(|session| session.takes_messages()) {
            recipients.retain(|session| session.takes_messages());
        }
        if recipients.is_empty() {
            // Without a socket there is no address.
            let subject = control.map(SocketControl::endpoint).unwrap_or_default();
            let failure = Failure::new(Operation::Send, subject, Cause::NoSuchSession);
            self.core.outbox.send(Event::Failed { socket: Some(socket), session: None, failure });
        }
        addressing::send_to_sessions(&self.core, control, recipients, &bytes);
    }

    fn queue(&self, session: &Arc<Session>, item: Outgoing) {
        if let Err(failure) = session.enqueue(&self.core, item) {
            self.core.fail(session.info.socket, Some(session), failure);
        }
    }
}

fn join(thread: JoinHandle<()>) {
    let name = thread.thread().name().unwrap_or_default().to_owned();
    if thread.join().is_err() {
        tracing::error!(name, "a thread panicked");
    }
}

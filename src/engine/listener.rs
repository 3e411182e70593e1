//! The thread of one stream listener: accepts, and starts a thread for each connection.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::browsing::Answering;
use super::core::{Core, spawn};
use super::peers::Peers;
use super::session::Session;
use super::socket_control::{ListeningSocket, SocketControl};
use super::speech::Speech;
use super::{advice, datagrams, groups, inspecting, resolving, stream_receiver};
use crate::codec::decode::Decoder;
use crate::model::{
    Cause, CloseReason, ConnectSpec, Endpoint, Event, Failure, Life, ListenSpec, Notice, Operation, OptionValue, Peer,
    Protocol, Purpose, ReceiveMode, Role, SessionInfo, SocketOption, Target, UnixName,
};
use crate::net::{self, Accepted, Listener, Listening, Stream};
use crate::proto::browser::Hosts;
use crate::store::identity::FileIdentity;
use crate::store::inbox::Inbox;
use crate::store::site::Site;
use crate::store::socket_file;

/// How long a listener that waits for its address rests between two tries.
const ADDRESS_WAIT: Duration = Duration::from_millis(250);

/// How long accepting rests after a failed call: without descriptors the listener stays readable and would spin.
const REST: Duration = Duration::from_millis(100);

/// Binds, listens and serves until told to stop. Blocks for the listener's whole life.
pub(super) fn run(core: &Arc<Core>, control: &Arc<SocketControl>, spec: &ListenSpec) {
    if let Err(failure) = serve(core, control, spec) {
        core.fail(control.id, None, advice::explain(failure, &spec.target, Role::Server));
    }
    core.outbox.send(Event::StoppedListening { socket: control.id });
}

fn serve(core: &Arc<Core>, control: &Arc<SocketControl>, spec: &ListenSpec) -> Result<(), Failure> {
    let asked = &spec.target.endpoint;
    if spec.receive != ReceiveMode::Show && !asked.protocol().is_stream() {
        return Err(Failure::new(Operation::Open, asked, Cause::NotAStream));
    }
    if let Some(folder) = spec.receive.folder() {
        Inbox::open(folder)?;
    }
    if let Some(browser) = &spec.browser {
        if !asked.protocol().is_stream() {
            return Err(Failure::new(Operation::Open, asked, Cause::NotAStream));
        }
        Site::open(browser)?;
    }
    let Some(listening) = open(core, control, spec)? else { return Ok(()) };
    // The file that a Unix socket made, to be removed with it.
    let path = asked.unix_name().and_then(UnixName::path);
    let bound_file = path.and_then(|path| Some((path, FileIdentity::of(path)?)));
    let local = listening.local().map_err(|error| Failure::io(Operation::Bind, asked, &error))?;
    let endpoint = asked.opened(listening.protocol(), listening.carried(), &local);
    let endpoint = advice::named_endpoint(endpoint);
    check_adopted(core, control, asked, &endpoint, &spec.receive)?;
    let mut workers = Workers { core, control, running: Vec::new(), lacks_threads: false };
    // The socket is closed before the sessions are: nobody gets into a queue that is never served.
    match listening {
        Listening::Connections(listener) => {
            let listener = Arc::new(listener);
            announce(core, control, &endpoint, ListeningSocket::Connections(Arc::clone(&listener)));
            accept_all(core, control, spec, &listener, &endpoint, &mut workers);
            close(core, control);
        }
        Listening::Datagrams(socket) => {
            groups::join_first(control, &socket.inspect(Role::Server, endpoint.protocol()))?;
            let socket = Arc::new(socket);
            // Before anybody hears that it listens, and sends over it.
            let peers = Peers::new(control.id, Role::Server, &endpoint, local.clone(), Arc::clone(&socket));
            let peers = Arc::new(peers);
            control.show_peers(Arc::clone(&peers));
            let sharing = sharing_port(control, &local);
            announce(core, control, &endpoint, ListeningSocket::Datagrams(Arc::clone(&socket)));
            groups::tell_first(core, control, &local);
            if let Some(others) = sharing {
                core.notice(control.id, None, Notice::PortShared { others });
            }
            datagrams::serve(core, control, socket, peers, spec.once);
            close(core, control);
        }
    }
    if let Some((path, identity)) = bound_file
        && let Err(failure) = socket_file::remove_own(path, identity)
    {
        core.fail(control.id, None, failure);
    }
    if control.stop.is_requested() {
        core.stop_sessions_of(control.id, CloseReason::Stopped);
    }
    workers.join();
    core.life(control.id, None, Life::StoppedListening { endpoint: endpoint.to_string() });
    Ok(())
}

/// Lets go of the listener's own socket.
fn close(core: &Core, control: &SocketControl) {
    if core.last_look {
        inspecting::inspect(core, control, None);
    }
    control.close_listening();
}

/// Tells that the socket listens, and what became of its options.
fn announce(core: &Core, control: &SocketControl, endpoint: &Endpoint, socket: ListeningSocket) {
    control.show_listening(socket, endpoint.protocol());
    core.life(control.id, None, Life::Listening { endpoint: endpoint.to_string() });
    core.outbox.send(Event::Listening { socket: control.id, endpoint: endpoint.clone() });
    let answers = control.with_listening(|socket| socket.answers(&control.options)).unwrap_or_default();
    inspecting::tell_answers(core, control, None, answers);
}

/// The options that a listener was started with, where what it accepts doesn't have them by itself: in the kernel's TCP a
/// connection is a copy of its listener, over Unix sockets and vsock a new socket.
fn not_inherited(control: &SocketControl, endpoint: &Endpoint, role: Role) -> Vec<(SocketOption, OptionValue)> {
    let is_new = endpoint.protocol().is_unix() || endpoint.protocol() == Protocol::Vsock;
    let asked =
        control.options.iter().filter(|(option, _)| role == Role::Server && is_new && option.is_of_connections());
    asked.map(|(option, value)| (option, value.clone())).collect()
}

/// How many other datagram sockets share the port, and with it the datagrams. Asked before anybody hears that this one
/// listens: whoever comes to share it after that is told so in its place.
fn sharing_port(control: &SocketControl, local: &Peer) -> Option<u64> {
    let Peer::Ip(address) = local else { return None };
    // Nobody says what was set on one that was passed.
    let is_passed = matches!(control.asked, Endpoint::Descriptor(_));
    let is_on = |option| control.options.switch(option) == Some(true);
    let may_share = is_passed || is_on(SocketOption::ReuseAddress) || is_on(SocketOption::ReusePort);
    may_share.then(|| advice::sharing(*address, &control.options)).filter(|others| *others > 0)
}

/// What a descriptor is, is known only now: told, and held against what is wanted of it.
///
/// # Errors
/// [`Cause::NotAStream`] where files are to be received and none can be; [`Cause::NotUdp`] where groups are to be
/// joined.
pub(super) fn check_adopted(
    core: &Core,
    control: &SocketControl,
    asked: &Endpoint,
    opened: &Endpoint,
    receive: &ReceiveMode,
) -> Result<(), Failure> {
    let Endpoint::Descriptor(_) = asked else { return Ok(()) };
    if *receive != ReceiveMode::Show && !opened.protocol().is_stream() {
        return Err(Failure::new(Operation::Open, opened, Cause::NotAStream));
    }
    if let Some(group) = control.groups.first()
        && opened.protocol() != Protocol::Udp
    {
        return Err(Failure::new(Operation::Join, group, Cause::NotUdp));
    }
    let notice = Notice::Adopted { descriptor: asked.to_string(), endpoint: opened.to_string() };
    core.notice(control.id, None, notice);
    Ok(())
}

/// The bound socket; `None` when told to stop meanwhile. A Unix socket's stale file is removed first.
fn open(core: &Arc<Core>, control: &SocketControl, spec: &ListenSpec) -> Result<Option<Listening>, Failure> {
    let Target { endpoint, options, .. } = &spec.target;
    let deadline = Instant::now() + ConnectSpec::TIMEOUT;
    let Some(candidates) = resolving::candidates(core, control, &spec.target, deadline)? else { return Ok(None) };
    let mut waiting = false;
    loop {
        match net::listen(endpoint, &candidates, options) {
            Err(Failure { cause: Cause::AddressInUse, .. }) if let Some(path) = stale_file(endpoint) => {
                socket_file::remove_socket(path)?;
                core.notice(control.id, None, Notice::StaleSocketRemoved);
            }
            Err(Failure { cause: Cause::AddressInUse, subject, .. }) if spec.wait_for_address => {
                if !std::mem::replace(&mut waiting, true) {
                    // Of several addresses the one that failed.
                    let named = subject.parse::<Endpoint>().unwrap_or_else(|_| endpoint.clone());
                    core.notice(control.id, None, advice::waits_for(&named, options));
                }
                if control.stop.wait(ADDRESS_WAIT) {
                    return Ok(None);
                }
            }
            result => return result.map(Some),
        }
    }
}

/// The file of a Unix socket that has gone. Anything else in its place is somebody's and stays.
fn stale_file(endpoint: &Endpoint) -> Option<&Path> {
    let path = endpoint.unix_name()?.path()?;
    (socket_file::is_socket(path) == Some(true) && !net::unix_answers(path)).then_some(path)
}

fn accept_all(
    core: &Arc<Core>,
    control: &Arc<SocketControl>,
    spec: &ListenSpec,
    listener: &Listener,
    endpoint: &Endpoint,
    workers: &mut Workers<'_>,
) {
    let mut paused = false;
    loop {
        match listener.accept(&control.wake) {
            Ok(Accepted::Woken) => return,
            Ok(Accepted::Vanished) => {}
            Ok(Accepted::Stream(stream, peer)) => {
                if std::mem::take(&mut paused) {
                    core.notice(control.id, None, Notice::AcceptingResumed);
                }
                workers.start(stream, peer, endpoint);
                if spec.once {
                    return;
                }
            }
            Err(error) => {
                let failure = Failure::io(Operation::Accept, endpoint, &error);
                if failure.cause != Cause::OutOfDescriptors {
                    core.fail(control.id, None, failure);
                } else if !std::mem::replace(&mut paused, true) {
                    core.notice(control.id, None, Notice::AcceptingPaused);
                }
                if control.stop.wait(REST) {
                    return;
                }
            }
        }
    }
}

/// The threads of a listener's connections.
struct Workers<'a> {
    core: &'a Arc<Core>,
    control: &'a Arc<SocketControl>,
    running: Vec<JoinHandle<()>>,
    /// That no thread could be started was told.
    lacks_threads: bool,
}

impl Workers<'_> {
    /// Serves a connection. While no thread can be started for it (EAGAIN, pthread_create(3)), it waits for one, and who
    /// comes after it waits to be accepted.
    fn start(&mut self, stream: Stream, peer: Peer, endpoint: &Endpoint) {
        let (core, control) = (self.core, self.control);
        let session = open_session(core, control, Role::Server, endpoint, peer, stream);
        let Some((session, stream)) = session else { return };
        while let Err(failure) = self.start_thread(&session, &stream) {
            if !std::mem::replace(&mut self.lacks_threads, true) {
                let failure = Failure { operation: Operation::Accept, subject: endpoint.to_string(), ..failure };
                core.fail(control.id, None, failure);
            }
            if control.stop.wait(REST) || session.stop.is_requested() {
                session.request_stop(control.stop.reason().unwrap_or(CloseReason::Stopped));
                // What is to be stopped takes no time, nor a thread of its own.
                return stream_receiver::run(&session, core, control, stream);
            }
        }
        if std::mem::take(&mut self.lacks_threads) {
            core.notice(control.id, None, Notice::AcceptingResumed);
        }
        // Handles of threads that have ended, now and then: as many as have been running since the last time.
        if self.running.len().is_power_of_two() {
            self.running.retain(|thread| !thread.is_finished());
        }
    }

    fn start_thread(&mut self, session: &Arc<Session>, stream: &Arc<Stream>) -> Result<(), Failure> {
        let name = format!("session-{}", session.info.id);
        let (core, control) = (Arc::clone(self.core), Arc::clone(self.control));
        let (session, stream) = (Arc::clone(session), Arc::clone(stream));
        self.running.push(spawn(name, move || stream_receiver::run(&session, &core, &control, stream))?);
        Ok(())
    }

    fn join(self) {
        for thread in self.running {
            if thread.join().is_err() {
                tracing::error!("a session's thread panicked");
            }
        }
    }
}

/// Makes and announces the session of a connection. `None` only when told to stop in the same moment.
pub(super) fn open_session(
    core: &Arc<Core>,
    control: &SocketControl,
    role: Role,
    endpoint: &Endpoint,
    peer: Peer,
    stream: Stream,
) -> Option<(Arc<Session>, Arc<Stream>)> {
    if control.stop.is_requested() {
        return None;
    }
    let stream = Arc::new(stream);
    let local = stream.local();
    let content = control.browser.read().clone().filter(|_| endpoint.protocol().is_stream());
    let browser = content.map(|content| Answering { content, hosts: Hosts::of(&control.asked, endpoint) });
    let process = stream.peer_process().map(core.name_process);
    let info = SessionInfo {
        id: core.next_session(),
        socket: control.id,
        role,
        purpose: control.purpose,
        protocol: endpoint.protocol(),
        decoder: if browser.is_some() { Decoder::Http } else { endpoint.decoder(&local) },
        peer,
        local,
        process,
        since_wall_ns: core.clock.wall_ns(),
    };
    let session = Arc::new(Session::for_stream(info, Arc::clone(&stream), browser));
    if control.purpose != Purpose::Talk {
        session.set_speech(Speech::Files);
    }
    // Whoever hears of the session finds it as the listener is now: no change comes between.
    let given = control.given();
    let mut refused = inspecting::catch_up(&session, &not_inherited(control, endpoint, role));
    refused.extend(inspecting::catch_up(&session, &given));
    session.announce(core);
    drop(given);
    for failure in refused {
        core.fail(control.id, Some(&session), failure);
    }
    // A stop that came between the look above and the announcement has not seen this session.
    if control.stop.is_requested() {
        session.request_stop(control.stop.reason().unwrap_or(CloseReason::Stopped));
    }
    Some((session, stream))
}

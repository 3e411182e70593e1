//! The thread of one stream listener: accepts, and starts a thread for each connection.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::clock::wall_ns;
use super::core::{Core, spawn};
use super::session::Session;
use super::socket_control::SocketControl;
use super::{advice, datagrams, resolving, stream_receiver};
use crate::model::{
    Cause, CloseReason, ConnectSpec, Endpoint, Event, Failure, Life, ListenSpec, Notice, Operation, Peer, Protocol,
    Role, SessionInfo, UnixName,
};
use crate::net::{self, Accepted, Listener, Stream};
use crate::store::inbox::Inbox;
use crate::store::socket_file::{self, FileIdentity};

/// How long accepting rests after a failed call: without descriptors the listener stays readable and would spin.
const REST: Duration = Duration::from_millis(100);

/// Binds, listens and serves until told to stop. Blocks for the listener's whole life.
pub(super) fn run(core: &Arc<Core>, control: &Arc<SocketControl>, spec: &ListenSpec) {
    let result = match &spec.target.endpoint {
        Endpoint::Udp(_) => datagrams::serve(core, control, spec),
        Endpoint::Tcp(_) | Endpoint::UnixStream(_) => serve(core, control, spec),
    };
    if let Err(failure) = result {
        core.fail(control.id, None, advice::explain(failure, &spec.target.endpoint));
    }
    core.outbox.send(Event::StoppedListening { socket: control.id });
}

fn serve(core: &Arc<Core>, control: &Arc<SocketControl>, spec: &ListenSpec) -> Result<(), Failure> {
    let Some((listener, bound_file)) = open(core, control, spec)? else { return Ok(()) };
    let endpoint = &spec.target.endpoint;
    let local = listener.local().map_err(|error| Failure::io(Operation::Listen, endpoint, &error))?;
    let endpoint = bound_endpoint(endpoint, local);
    core.life(control.id, None, Life::Listening { endpoint: endpoint.to_string() });
    core.outbox.send(Event::Listening { socket: control.id, endpoint: endpoint.clone() });

    let mut workers = Workers { core, control, running: Vec::new() };
    accept_all(core, control, spec, &listener, &endpoint, &mut workers);
    // Closed before the sessions are: nobody gets into a queue that is never served.
    drop(listener);
    if let Some((path, identity)) = bound_file
        && let Err(failure) = socket_file::remove_own(&path, identity)
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

/// The file that a Unix listener made, to be removed with it.
type BoundFile = (PathBuf, FileIdentity);

/// The listener and its file; `None` when told to stop meanwhile.
fn open(
    core: &Arc<Core>,
    control: &SocketControl,
    spec: &ListenSpec,
) -> Result<Option<(Listener, Option<BoundFile>)>, Failure> {
    if let Some(folder) = spec.receive.folder() {
        Inbox::open(folder)?;
    }
    let options = &spec.target.options;
    match &spec.target.endpoint {
        Endpoint::Tcp(address) | Endpoint::Udp(address) => {
            let deadline = Instant::now() + ConnectSpec::TIMEOUT;
            let Some(candidates) = resolving::resolve(core, control, address, deadline)? else { return Ok(None) };
            Ok(Some((net::listen_tcp(&candidates, options)?, None)))
        }
        Endpoint::UnixStream(name) => {
            let listener = match net::listen_unix(name, options) {
                Err(failure) if failure.cause == Cause::AddressInUse && is_stale(name) => {
                    if let UnixName::Path(path) = name {
                        socket_file::remove_socket(path)?;
                    }
                    core.notice(control.id, None, Notice::StaleSocketRemoved);
                    net::listen_unix(name, options)
                }
                result => result,
            }?;
            let file = name.path().and_then(|path| Some((path.to_owned(), FileIdentity::of(path)?)));
            Ok(Some((listener, file)))
        }
    }
}

/// A socket's file that nobody listens behind. Anything else in its place is somebody's file and stays.
fn is_stale(name: &UnixName) -> bool {
    let UnixName::Path(path) = name else { return false };
    socket_file::is_socket(path) == Some(true) && !net::unix_accepts(path)
}

/// The endpoint with the port that port 0 became and the address that a name stood for.
pub(super) fn bound_endpoint(asked: &Endpoint, local: Peer) -> Endpoint {
    match (asked, local) {
        (Endpoint::Tcp(_), Peer::Ip(address)) => Endpoint::Tcp(address.into()),
        (Endpoint::Udp(_), Peer::Ip(address)) => Endpoint::Udp(address.into()),
        (asked, _) => asked.clone(),
    }
}

/// Where a session's own end is, as rows write it; empty where it has no name.
pub(super) fn place(protocol: Protocol, local: &Peer) -> String {
    Endpoint::of(protocol, local).map(|endpoint| endpoint.to_string()).unwrap_or_default()
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
                workers.start(stream, peer, endpoint.protocol());
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
}

impl Workers<'_> {
    fn start(&mut self, stream: Stream, peer: Peer, protocol: Protocol) {
        let (core, control) = (Arc::clone(self.core), Arc::clone(self.control));
        let session = open_session(&core, &control, Role::Server, protocol, peer, stream);
        let Some((session, stream)) = session else { return };
        let name = format!("session-{}", session.info.id);
        let (for_thread, core_for_thread) = (Arc::clone(&session), Arc::clone(&core));
        match spawn(name, move || stream_receiver::run(&for_thread, &core_for_thread, &control, stream)) {
            Ok(thread) => self.running.push(thread),
            Err(failure) => {
                core.fail(session.info.socket, Some(&session), failure);
                session.request_stop(CloseReason::Error);
                session.conclude(&core, CloseReason::Error);
            }
        }
        // Handles of threads that have ended, now and then: as many as have been running since the last time.
        if self.running.len().is_power_of_two() {
            self.running.retain(|thread| !thread.is_finished());
        }
    }

    fn join(self) {
        for thread in self.running {
            if thread.join().is_err() {
                tracing::error!("a session's thread panicked");
            }
        }
    }
}

/// Makes and announces the session of a connected stream. `None` only when told to stop in the same moment.
pub(super) fn open_session(
    core: &Arc<Core>,
    control: &SocketControl,
    role: Role,
    protocol: Protocol,
    peer: Peer,
    stream: Stream,
) -> Option<(Arc<Session>, Arc<Stream>)> {
    if control.stop.is_requested() {
        return None;
    }
    let stream = Arc::new(stream);
    let local = stream.local();
    let life = match role {
        Role::Server => Life::Accepted { local: place(protocol, &local) },
        Role::Client => Life::Connected { local: place(protocol, &local) },
    };
    let info = SessionInfo {
        id: core.next_session(),
        socket: control.id,
        role,
        protocol,
        peer,
        local,
        since_wall_ns: wall_ns(),
    };
    let session = Arc::new(Session::for_stream(info, Arc::clone(&stream)));
    session.announce(core, life);
    // A stop that came between the look above and the announcement has not seen this session.
    if control.stop.is_requested() {
        session.request_stop(control.stop.reason().unwrap_or(CloseReason::Stopped));
    }
    Some((session, stream))
}

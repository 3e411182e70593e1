//! A client's connections beside the one that talks, which carry verified files and nothing else.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use super::core::{Core, spawn};
use super::send_queue::Outgoing;
use super::session::Session;
use super::socket_control::SocketControl;
use super::{advice, client, transfer};
use crate::model::{
    Cause, CloseReason, ConnectSpec, Failure, Hint, Operation, Purpose, Respond, Role, SendMode, SocketId,
};

/// One such connection, on a thread of its own. Dropping it ends the connection and joins the thread.
pub(super) struct FileConnection {
    control: Arc<SocketControl>,
    /// Once it is open.
    session: Arc<OnceLock<Arc<Session>>>,
    thread: Option<JoinHandle<()>>,
}

impl FileConnection {
    /// Sends files and ends the connection. Where there comes to be none, each file is told of it, on behalf of `session`.
    ///
    /// # Errors
    /// Out of descriptors, or no thread can be started.
    pub(super) fn send(
        core: &Arc<Core>,
        session: &Arc<Session>,
        spec: &ConnectSpec,
        paths: Vec<PathBuf>,
    ) -> Result<Self, Failure> {
        let (core, session, socket) = (Arc::clone(core), Arc::clone(session), session.info.socket);
        Self::start(socket, spec, Purpose::SendsFiles, move |control, spec, opened| {
            send(&core, control, spec, &session, &paths, opened);
        })
    }

    /// Lets the other side send files, until this is dropped.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(super) fn receive(core: &Arc<Core>, socket: SocketId, spec: &ConnectSpec) -> Result<Self, Failure> {
        let core = Arc::clone(core);
        Self::start(socket, spec, Purpose::ReceivesFiles, move |control, spec, opened| {
            if let Err(failure) = client::connect(&core, control, spec, opened)
                && !control.stop.is_requested()
            {
                core.fail(socket, None, advice::explain(failure, &spec.target, Role::Client));
            }
        })
    }

    fn start(
        socket: SocketId,
        like: &ConnectSpec,
        purpose: Purpose,
        work: impl FnOnce(&Arc<SocketControl>, &ConnectSpec, &dyn Fn(&Arc<Session>)) + Send + 'static,
    ) -> Result<Self, Failure> {
        // The port is that of the connection which talks.
        let spec = ConnectSpec { purpose, local_port: None, reconnect: None, ..like.clone() };
        let receive = (spec.receive.clone(), spec.admission);
        let control = SocketControl::new(socket, &spec.target, receive, Respond::Nothing, true)
            .map_err(|error| {
                let failure = Failure::io(Operation::Open, &spec.target.endpoint, &error);
                failure.with_hint(Hint::RaiseDescriptorLimit)
            })?
            .for_purpose(purpose);
        let control = Arc::new(control);
        let session = Arc::new(OnceLock::new());
        let (for_thread, place) = (Arc::clone(&control), Arc::clone(&session));
        let thread = spawn(format!("files-{}", socket.0), move || {
            work(&for_thread, &spec, &|session| {
                // It is opened once.
                let _ = place.set(Arc::clone(session));
                if for_thread.stop.is_requested() {
                    session.request_stop(CloseReason::Local);
                }
            });
        })?;
        Ok(Self { control, session, thread: Some(thread) })
    }

    pub(super) fn is_over(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// What it is for is not wanted any more, unless it is open by now.
    pub(super) fn give_up_connecting(&self) {
        if self.session.get().is_none() {
            self.control.stop(CloseReason::Local);
        }
    }

    /// Ends the connection, or making it.
    pub(super) fn stop(&self, reason: CloseReason) {
        self.control.stop(reason);
        if let Some(session) = self.session.get() {
            session.request_stop(reason);
        }
    }
}

impl Drop for FileConnection {
    fn drop(&mut self) {
        self.stop(CloseReason::Local);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of a file connection panicked");
        }
    }
}

fn send(
    core: &Arc<Core>,
    control: &Arc<SocketControl>,
    spec: &ConnectSpec,
    on_behalf: &Arc<Session>,
    paths: &[PathBuf],
    opened: &dyn Fn(&Arc<Session>),
) {
    let mut is_open = false;
    let connected = client::connect(core, control, spec, |session| {
        is_open = true;
        let files = paths.iter().map(|path| Outgoing::File { path: path.clone(), mode: SendMode::Verified });
        for item in files.chain([Outgoing::Finish]) {
            if let Err(failure) = session.enqueue(core, item) {
                core.fail(control.id, Some(session), failure);
            }
        }
        // Who cancels before this ends the connection, and later all that is queued by now.
        opened(session);
    });
    if is_open {
        return;
    }
    let cause = connected.as_ref().err().map_or(Cause::Cancelled, |failure| failure.cause.clone());
    for path in paths {
        transfer::refuse(on_behalf, core, path, SendMode::Verified, cause.clone());
    }
    if let Err(failure) = connected {
        core.fail(control.id, None, advice::explain(failure, &spec.target, Role::Client));
    }
}

//! Files to send: over which connection each goes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::Control;
use crate::engine::core::spawn;
use crate::engine::file_connection::FileConnection;
use crate::engine::send_queue::Outgoing;
use crate::engine::session::Session;
use crate::engine::transfer;
use crate::model::{Cause, Endpoint, Purpose, Recipients, Role, SendMode, SocketId, StreamHead};

impl Control {
    pub(super) fn queue_files(&self, session: &Arc<Session>, paths: &[PathBuf], mode: SendMode) {
        for path in paths {
            self.queue(session, Outgoing::File { path: path.clone(), mode });
        }
    }

    pub(super) fn send_verified_files(&mut self, socket: SocketId, to: Recipients, paths: &[PathBuf]) {
        let is_to_all = to == Recipients::All;
        let mut recipients = self.recipients(socket, to);
        if is_to_all && recipients.iter().any(|session| session.takes_files()) {
            recipients.retain(|session| session.takes_files());
        } else if is_to_all {
            // Nothing more goes over what was opened for other files, either way.
            let is_for_these = |session: &Session| match session.info.purpose {
                Purpose::Talk => true,
                Purpose::SendsFiles => !session.has_asked_to_finish(),
                Purpose::ReceivesFiles => false,
            };
            recipients.retain(|session| is_for_these(session));
        }
        for session in recipients {
            if session.takes_files() || session.info.purpose == Purpose::SendsFiles {
                self.queue_files(&session, paths, SendMode::Verified);
            } else if session.info.role == Role::Client {
                self.send_beside(&session, paths);
            } else {
                self.send_to_receiver(&session, paths);
            }
        }
    }

    pub(super) fn cancel_transfers(&self, socket: SocketId) {
        if let Some(running) = self.running.get(&socket) {
            running.beside.iter().for_each(FileConnection::give_up_connecting);
        }
        let receiving = self.core.receiving();
        for session in self.core.sessions_of(socket) {
            session.cancels.cancel_queued(Cause::Cancelled);
            session.cancels.refuse_offers(receiving.contains(&session.info.id), Instant::now());
        }
        self.core.cancel_transfers_of(socket);
    }

    /// A client's files go over a connection like its own.
    fn send_beside(&mut self, session: &Arc<Session>, paths: &[PathBuf]) {
        let refuse = |cause: &Cause| {
            for path in paths {
                transfer::refuse(session, &self.core, path, SendMode::Verified, cause.clone());
            }
        };
        let Some(running) = self.running.get_mut(&session.info.socket) else { return refuse(&Cause::NoSuchSession) };
        let Some(spec) = &running.spec else { return refuse(&Cause::NoSuchSession) };
        if !session.info.protocol.is_stream() {
            return refuse(&Cause::NotAStream);
        }
        // Nobody can be connected to again by a descriptor.
        if matches!(spec.target.endpoint, Endpoint::Descriptor(_)) {
            return refuse(&Cause::NotFirst);
        }
        match FileConnection::send(&self.core, session, spec, paths.to_vec()) {
            Ok(connection) => {
                running.beside.retain(|connection| !connection.is_over());
                running.beside.push(connection);
            }
            Err(failure) => refuse(&failure.cause),
        }
    }

    /// A listener's files go to whoever opened a connection for them, as the same peer did.
    fn send_to_receiver(&self, session: &Arc<Session>, paths: &[PathBuf]) {
        let like = &session.info;
        let mut same: Vec<_> = self.core.sessions_of(like.socket);
        same.retain(|other| other.takes_files() && other.info.is_same_peer(like));
        match same.into_iter().max_by_key(|other| other.info.id) {
            Some(receiver) => self.queue_files(&receiver, paths, SendMode::Verified),
            None => {
                for path in paths {
                    transfer::refuse(session, &self.core, path, SendMode::Verified, Cause::NoReceiver);
                }
            }
        }
    }

    /// On a thread of its own: the file may be a large one.
    pub(super) fn move_split(&mut self, socket: SocketId, path: PathBuf, head: StreamHead, at: usize) {
        for ended in self.splits.extract_if(.., |split| split.is_finished()) {
            super::join(ended);
        }
        let (core, closing) = (Arc::clone(&self.core), Arc::clone(&self.closing));
        let split = spawn("split".to_owned(), move || match transfer::split(&path, &head, at, &closing) {
            Ok(notice) => core.notice(socket, None, notice),
            Err(failure) => core.fail(socket, None, failure),
        });
        match split {
            Ok(split) => self.splits.push(split),
            Err(failure) => self.core.fail(socket, None, failure),
        }
    }
}

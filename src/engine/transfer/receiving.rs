//! One connection's bytes on their way into a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::meter::Meter;
use super::{conclude, describe};
use crate::codec::file_name::SafeName;
use crate::engine::core::Core;
use crate::engine::session::{PeerEnd, Session};
use crate::model::{
    Cause, Direction, Event, Failure, Operation, Outcome, ReceiveMode, SendMode, TransferId, TransferInfo,
};
use crate::proto::plain_file::{Begin, PlainReceiver, Way};
use crate::store::inbox::{Inbox, Incoming};

pub(in crate::engine) struct Receiving<'a> {
    core: &'a Core,
    session: &'a Arc<Session>,
    inbox: Inbox,
    receiver: PlainReceiver,
    way: Way,
    file: Option<File>,
}

struct File {
    incoming: Incoming,
    info: TransferInfo,
    meter: Meter,
    mode: SendMode,
    cancelled: Arc<AtomicBool>,
    failure: Option<Failure>,
}

impl<'a> Receiving<'a> {
    /// `None` where bytes are shown and not kept as a file.
    ///
    /// # Errors
    /// The folder can't be used.
    pub(in crate::engine) fn begin(
        mode: &ReceiveMode,
        session: &'a Arc<Session>,
        core: &'a Core,
    ) -> Result<Option<Self>, Failure> {
        let (Some(way), Some(folder)) = (Way::of(mode), mode.folder()) else { return Ok(None) };
        let inbox = Inbox::open(folder)?;
        Ok(Some(Self { core, session, inbox, receiver: PlainReceiver::new(way), way, file: None }))
    }

    /// The most bytes that the next receive call should ask for.
    pub(in crate::engine) fn receive_max(&self) -> usize {
        self.receiver.receive_max().unwrap_or(usize::MAX)
    }

    /// Takes what one receive call returned.
    ///
    /// # Errors
    /// The file can't be written, or the user cancelled: the stream is to be closed, nothing more is taken.
    pub(in crate::engine) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let received = self.receiver.handle_bytes(bytes);
        if let Some(begin) = received.begin {
            let as_tutorial = received.content.is_empty();
            self.file = Some(self.create(begin, as_tutorial)?);
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let subject = || file.info.path.display().to_string();
        if let Some(failure) = &file.failure {
            return Err(failure.clone());
        }
        let result = if file.cancelled.load(Ordering::Acquire) {
            Err(Failure::new(Operation::WriteFile, subject(), Cause::Cancelled))
        } else {
            file.incoming.write(received.content)
        };
        if let Err(failure) = result {
            file.failure = Some(failure.clone());
            return Err(failure);
        }
        if let Some(progress) = file.meter.add(received.content.len() as u64, Instant::now()) {
            self.core.outbox.send(Event::TransferProgress { transfer: file.info.id, progress });
        }
        Ok(())
    }

    /// The stream has ended: the file gets its name, or stays as incomplete.
    pub(in crate::engine) fn end(mut self, end: PeerEnd) {
        if self.file.is_none() && end == PeerEnd::Eof && self.way == Way::Raw {
            // A plain sender's empty file: all of the connection's bytes are none.
            let begin = Begin { name: SafeName::new(PlainReceiver::UNNAMED.as_bytes()), notice: None };
            match self.create(begin, false) {
                Ok(file) => self.file = Some(file),
                Err(failure) => self.core.fail(self.session.info.socket, Some(self.session), failure),
            }
        }
        let Some(file) = self.file.take() else { return };
        let File { incoming, info, meter, mode, cancelled, failure } = file;
        let in_order = end == PeerEnd::Eof && failure.is_none() && !cancelled.load(Ordering::Acquire);
        let (outcome, path, failure) = if in_order {
            match incoming.finish() {
                Ok(path) => (Outcome::Unverified, path, None),
                Err((failure, path)) => (Outcome::Incomplete, path, Some(failure)),
            }
        } else {
            (Outcome::Incomplete, incoming.abandon(), failure)
        };
        conclude(self.core, self.session, &info, &path, &meter, mode, outcome, failure);
    }

    fn create(&self, begin: Begin, as_tutorial: bool) -> Result<File, Failure> {
        let Begin { name, notice } = begin;
        if let Some(notice) = notice {
            self.core.notice(self.session.info.socket, Some(self.session), notice);
        }
        let incoming = match self.inbox.create(&name) {
            Ok(incoming) => incoming,
            Err(failure) => {
                self.refuse(name.as_sent().to_owned(), Path::new(name.as_str()), &failure);
                return Err(failure);
            }
        };
        let (id, cancelled) = self.core.begin_transfer();
        let info = describe(self.session, id, Direction::In, name.as_sent().to_owned(), &incoming.path(), None);
        self.core.outbox.send(Event::TransferStarted(info.clone()));
        let meter = Meter::new(None, Instant::now());
        let mode = if as_tutorial { SendMode::Tutorial } else { SendMode::Raw };
        Ok(File { incoming, info, meter, mode, cancelled, failure: None })
    }

    /// A file that could not be begun is told like one that ended.
    fn refuse(&self, name: String, path: &Path, failure: &Failure) {
        let (id, _): (TransferId, _) = self.core.begin_transfer();
        let path: PathBuf = path.to_owned();
        let info = describe(self.session, id, Direction::In, name, &path, None);
        self.core.outbox.send(Event::TransferStarted(info.clone()));
        let meter = Meter::new(None, Instant::now());
        conclude(self.core, self.session, &info, &path, &meter, SendMode::Raw, Outcome::Refused, Some(failure.clone()));
    }
}

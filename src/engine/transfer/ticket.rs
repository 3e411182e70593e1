//! One file's identity and progress, told when it begins and when it ends.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::meter::Meter;
use crate::engine::core::Core;
use crate::engine::session::Session;
use crate::engine::stop::Stop;
use crate::model::{Direction, Event, Failure, Outcome, RowBody, SendMode, TransferInfo};

pub(super) struct Ticket<'a> {
    core: &'a Core,
    session: &'a Arc<Session>,
    pub(super) info: TransferInfo,
    mode: SendMode,
    meter: Meter,
    cancelled: Arc<Stop>,
}

impl<'a> Ticket<'a> {
    pub(super) fn begin(
        core: &'a Core,
        session: &'a Arc<Session>,
        direction: Direction,
        mode: SendMode,
        name: String,
        path: &Path,
        size: Option<u64>,
    ) -> Self {
        let (id, cancelled) = core.begin_transfer(session, direction);
        let info = TransferInfo { id, session: session.info.id, direction, name, path: path.to_owned(), size };
        core.outbox.send(Event::TransferStarted(info.clone()));
        Self { core, session, info, mode, meter: Meter::new(size, Instant::now()), cancelled }
    }

    /// Requested when the user cancels this file.
    pub(super) fn cancelled(&self) -> &Stop {
        &self.cancelled
    }

    pub(super) fn done(&self) -> u64 {
        self.meter.done()
    }

    /// So much of it is at the other side already.
    pub(super) fn begin_at(&mut self, done: u64) {
        self.meter.begin_at(done, Instant::now());
    }

    /// Counts bytes and tells of them now and then.
    pub(super) fn add(&mut self, bytes: u64) {
        match self.meter.add(bytes, Instant::now()) {
            Some(progress) => {
                self.core.outbox.send(Event::TransferProgress { transfer: self.info.id, progress });
            }
            None => self.core.outbox.touch(),
        }
    }

    /// Tells of a file that waits, once a second; call it more often than that.
    pub(super) fn idle(&mut self) {
        if let Some(progress) = self.meter.idle(Instant::now()) {
            self.core.outbox.send(Event::TransferProgress { transfer: self.info.id, progress });
        }
    }

    /// Records and tells how the file ended, and where it lies now.
    pub(super) fn conclude(self, outcome: Outcome, path: &Path, failure: Option<Failure>) {
        let Self { core, session, info, mode, meter, .. } = self;
        core.end_transfer(info.id);
        if let Some(failure) = &failure {
            core.record(session.info.socket, Some(session), RowBody::Failed { failure: failure.clone() });
        }
        let body = RowBody::File {
            direction: info.direction,
            name: info.name,
            path: path.display().to_string(),
            size: meter.done(),
            duration_ns: u64::try_from(meter.elapsed().as_nanos()).unwrap_or(u64::MAX),
            outcome,
            mode,
        };
        core.record(session.info.socket, Some(session), body);
        core.outbox.send(Event::TransferProgress { transfer: info.id, progress: meter.progress() });
        let size = meter.done();
        let path = path.to_owned();
        core.outbox.send(Event::TransferEnded { transfer: info.id, outcome, path, size, failure });
    }
}

//! One file's identity and progress, and what is told of it.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::select;

use super::meter::{Meter, STALL_REPORT};
use super::reins::Reins;
use crate::codec::prefix_hash::Hash;
use crate::engine::core::Core;
use crate::engine::session::Session;
use crate::engine::stop::Stop;
use crate::model::{
    Direction, Event, Failure, Outcome, PastTransfer, Permission, RowBody, SendMode, StreamHead, TransferEnd,
    TransferInfo,
};

/// A file of no more bytes than these is reported on only where it takes its time.
const TOLD_BY_ITS_END: u64 = 64 << 10;

pub(super) struct Ticket<'a> {
    core: &'a Core,
    session: &'a Arc<Session>,
    pub(super) info: TransferInfo,
    meter: Meter,
    reins: Arc<Reins>,
    /// As it was told last.
    is_paused: bool,
    is_announced: bool,
    head: Option<StreamHead>,
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
        let (id, reins) = core.begin_transfer(session, direction, mode);
        let (socket, peer, path) = (session.info.socket, session.peer.clone(), path.to_owned());
        let info = TransferInfo { id, socket, session: session.info.id, peer, direction, mode, name, path, size };
        let meter = Meter::new(size, Instant::now());
        Self { core, session, info, meter, reins, is_paused: false, is_announced: false, head: None }
    }

    /// Tells that there is this file, if nobody was told. What is told of it later does so too: one of ten thousand small
    /// files need not be told of twice.
    pub(super) fn announce(&mut self) {
        if !std::mem::replace(&mut self.is_announced, true) {
            self.core.outbox.send(Event::TransferStarted(self.info.clone()));
        }
    }

    fn tell(&mut self, event: Event) {
        self.announce();
        self.core.outbox.send(event);
    }

    /// Requested when the user cancels this file.
    pub(super) fn cancelled(&self) -> &Stop {
        self.reins.cancelled()
    }

    /// Whether the user has it rest; the change is told here.
    pub(super) fn is_paused(&mut self) -> bool {
        let is_paused = self.reins.is_paused();
        if std::mem::replace(&mut self.is_paused, is_paused) != is_paused {
            self.tell(Event::TransferPaused { transfer: self.info.id, paused: is_paused });
        }
        is_paused
    }

    /// Waits for a second, or until something is asked of the file or the session; tells of a file that waits.
    pub(super) fn rest(&mut self) {
        select! {
            recv(self.reins.changed()) -> _ => {}
            recv(self.reins.cancelled().requested()) -> _ => {}
            recv(self.session.stop.requested()) -> _ => {}
            default(STALL_REPORT) => self.idle(),
        }
    }

    /// The same until there is an answer; `each_second` is called meanwhile and may end it. `None`: there is none.
    pub(super) fn ask<E>(&mut self, mut each_second: impl FnMut() -> Result<(), E>) -> Result<Option<Permission>, E> {
        self.tell(Event::TransferAsks { transfer: self.info.id });
        loop {
            if let Some(permission) = self.reins.permission() {
                return Ok(Some(permission));
            }
            if self.cancelled().is_requested() || self.session.stop.is_requested() {
                return Ok(None);
            }
            each_second()?;
            self.rest();
        }
    }

    /// Becomes ready when something but a cancel is asked of the file.
    pub(super) fn changed(&self) -> crossbeam_channel::Receiver<()> {
        self.reins.changed().clone()
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
                self.tell(Event::TransferProgress { transfer: self.info.id, progress });
            }
            None => self.core.outbox.touch(),
        }
    }

    /// Tells of a file that waits, once a second; call it more often than that.
    pub(super) fn idle(&mut self) {
        if let Some(progress) = self.meter.idle(Instant::now()) {
            self.tell(Event::TransferProgress { transfer: self.info.id, progress });
        }
    }

    /// Both sides have the same bytes.
    pub(super) fn verified(self, path: &Path, hash: &Hash) {
        self.end(Outcome::Verified, path, Some(*hash), None);
    }

    /// A plain sender has ended in order, having begun like this.
    pub(super) fn unverified(mut self, path: &Path, head: StreamHead) {
        self.head = Some(head);
        self.end(Outcome::Unverified, path, None, None);
    }

    /// Records and tells how the file ended, and where it lies now.
    pub(super) fn conclude(self, outcome: Outcome, path: &Path, failure: Option<Failure>) {
        self.end(outcome, path, None, failure);
    }

    fn end(mut self, outcome: Outcome, path: &Path, hash: Option<Hash>, failure: Option<Failure>) {
        self.announce();
        let Self { core, session, info, meter, head, .. } = self;
        core.end_transfer(info.id);
        if let Some(failure) = &failure {
            core.record(session.info.socket, Some(session), RowBody::Failed { failure: failure.clone() });
        }
        let ended_ns = core.clock.wall_ns();
        let end = TransferEnd { outcome, path: path.to_owned(), size: meter.done(), hash, failure, head, ended_ns };
        core.history.add(|| PastTransfer::new(&info, &end));
        if core.recorder.is_on() {
            let body = RowBody::File {
                direction: info.direction,
                name: info.name,
                path: path.display().to_string(),
                size: end.size,
                duration_ns: u64::try_from(meter.elapsed().as_nanos()).unwrap_or(u64::MAX),
                outcome,
                mode: info.mode,
                hash: hash.map(|hash| blake3::Hash::from(hash).to_hex().to_string()),
            };
            core.record(session.info.socket, Some(session), body);
        }
        // Small files come by the thousand, and the end of one says all.
        if meter.has_reported() || meter.done() > TOLD_BY_ITS_END {
            core.outbox.send(Event::TransferProgress { transfer: info.id, progress: meter.progress() });
        }
        core.outbox.send(Event::TransferEnded { transfer: info.id, end });
    }
}

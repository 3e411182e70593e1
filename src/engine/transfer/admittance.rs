//! Which files may come in.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::ticket::Ticket;
use crate::engine::session::Session;
use crate::engine::socket_control::SocketControl;
use crate::model::{Admission, Cause, Permission};

/// Decides about the files of one connection, as its socket's user has it.
pub(in crate::engine) struct Admittance<'a> {
    session: &'a Arc<Session>,
    control: &'a SocketControl,
    rules: Admission,
    /// The user takes all that come over this connection.
    accepts_all: bool,
}

impl<'a> Admittance<'a> {
    pub(in crate::engine) fn new(session: &'a Arc<Session>, control: &'a SocketControl, rules: Admission) -> Self {
        Self { session, control, rules, accepts_all: false }
    }

    /// Whether somebody is asked about the next file.
    pub(super) fn asks(&self) -> bool {
        self.rules.ask && !self.accepts_all && !self.session.info.peer.is_this_machine()
    }

    /// Counts a file in, once whoever has to be asked has taken it; `size` where its sender tells it. Blocks until there is
    /// an answer, and calls `each_second` meanwhile.
    ///
    /// # Errors
    /// Of `each_second`; the inner one says why the file is not taken.
    pub(super) fn admit<E>(
        &mut self,
        ticket: &mut Ticket<'_>,
        size: Option<u64>,
        each_second: impl FnMut() -> Result<(), E>,
    ) -> Result<Result<(), Cause>, E> {
        if let Err(cause) = self.check(size.unwrap_or(0)) {
            return Ok(Err(cause));
        }
        if self.asks() {
            match ticket.ask(each_second)? {
                Some(Permission::Accept) => {}
                Some(Permission::AcceptAll) => self.accepts_all = true,
                Some(Permission::Decline) => return Ok(Err(Cause::Declined)),
                None => return Ok(Err(Cause::Cancelled)),
            }
        }
        Ok(self.count_in())
    }

    /// Counts a file or folder in about which nobody has to be asked.
    ///
    /// # Errors
    /// There were enough of them.
    pub(super) fn count_in(&self) -> Result<(), Cause> {
        let most = self.rules.most.unwrap_or(u64::MAX);
        let counted = self.control.files.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |files| {
            (files < most).then(|| files.saturating_add(1))
        });
        counted.map(drop).map_err(|_| Cause::EnoughFiles { files: most })
    }

    /// # Errors
    /// A file of so many bytes is not taken.
    pub(super) fn check(&self, bytes: u64) -> Result<(), Cause> {
        match self.rules.largest {
            Some(largest) if bytes > largest => Err(Cause::OverTheLimit { bytes: largest }),
            _ => Ok(()),
        }
    }
}

//! What is offered, and whether and where it is taken.

use std::path::Path;
use std::time::Instant;

use super::{DEPTH_MAX, File, Over, Place, SMALL, VerifiedReceiving, say};
use crate::codec::file_name::SafeName;
use crate::codec::prefix_hash::Hash;
use crate::engine::session::Offered;
use crate::engine::transfer::ticket::Ticket;
use crate::engine::transfer::verified::writing::Writing;
use crate::model::{CancelReason, Cause, Direction, Failure, Notice, Operation, Outcome, SendMode};
use crate::proto::transfer::{Kind, Offer, WORKING_EVERY};
use crate::store::inbox::{Inbox, Partial, Sent};

impl<'a> VerifiedReceiving<'a> {
    pub(super) fn offered(&mut self, offer: &Offer) -> Result<(), Over> {
        let offered = self.session.cancels.offered(Instant::now());
        if offered == Offered::FirstRefused {
            self.core.notice(self.session.info.socket, Some(self.session), Notice::OffersRefused);
        }
        if offered != Offered::Taken {
            // Sent before the sender knew: as if it had not been.
            self.settle();
            self.receiver.cancel(offer.key, CancelReason::AllStopped, "");
            return Ok(());
        }
        let (folders, name) = match offer.name.rsplit_once('/') {
            Some((folders, name)) => (folders, name),
            None => ("", offer.name.as_str()),
        };
        let safe = SafeName::new(name.as_bytes());
        if offer.kind == Kind::Folder && !self.admittance.asks() {
            return self.offered_folder(offer, folders, &safe);
        }
        let mut ticket = self.ticket(offer);
        if !offer.eager || self.admittance.asks() {
            self.settle();
            ticket.announce();
        }
        let (mut ticket, inbox) = match self.admit(ticket, offer)? {
            Ok(ticket) => match self.folder(folders) {
                Ok(inbox) => (ticket, inbox),
                Err(failure) => return self.refused(offer, ticket, failure),
            },
            Err((ticket, failure)) => return self.refused(offer, ticket, failure),
        };
        if offer.kind == Kind::Folder {
            return match inbox.enter(&safe) {
                Ok(entered) => {
                    self.receiver.commit(offer.key);
                    ticket.conclude(Outcome::Verified, entered.path(), None);
                    Ok(())
                }
                Err(failure) => self.refused(offer, ticket, failure),
            };
        }
        let sent = Sent { name: &offer.name, size: offer.size, modified_ns: offer.modified_ns };
        // Of an eager one, and of one without a byte, it shows at its end.
        let may_be_there = !offer.eager && offer.size > 0;
        if may_be_there && let Some(arrived) = inbox.arrived(&safe, sent) {
            let ((offset, hash), path) = (arrived.prefix(), arrived.path());
            ticket.begin_at(offset);
            self.file = Some(File { key: offer.key, ticket, path, place: Place::There(Box::new(arrived)) });
            self.receiver.accept(offset, hash);
            return Ok(());
        }
        let mut partial = match inbox.resume(&safe, sent) {
            Ok(partial) => partial,
            Err(failure) => return self.refused(offer, ticket, failure),
        };
        let (offset, hash) = match self.prepare(&mut partial, &ticket, offer.eager) {
            Ok(Ok(prefix)) => prefix,
            Err(over) => {
                gone(ticket);
                return Err(over);
            }
            Ok(Err(failure)) => {
                let _ = partial.abandon();
                return self.refused(offer, ticket, failure);
            }
        };
        if safe.is_changed() {
            let to = safe.as_str().to_owned();
            let notice = Notice::NameChanged { from: name.to_owned(), to };
            self.core.notice(self.session.info.socket, Some(self.session), notice);
        }
        let path = partial.path();
        ticket.begin_at(offset);
        let place = match place_for(partial, offer.size) {
            Ok(place) => place,
            Err(failure) => return self.refused(offer, ticket, failure),
        };
        self.file = Some(File { key: offer.key, ticket, path, place });
        self.receiver.accept(offset, hash);
        self.receiver.handle_busy(Instant::now());
        Ok(())
    }

    /// One about which nobody is asked: told of only where it can't be made.
    fn offered_folder(&mut self, offer: &Offer, folders: &str, name: &SafeName) -> Result<(), Over> {
        let counted = self.admittance.count_in();
        let made = counted
            .map_err(|cause| Failure::new(Operation::CreateFile, &offer.name, cause))
            .and_then(|()| self.folder(folders)?.enter(name));
        match made {
            Ok(_) => self.receiver.commit(offer.key),
            Err(failure) => return self.refused(offer, self.ticket(offer), failure),
        }
        Ok(())
    }

    fn ticket(&self, offer: &Offer) -> Ticket<'a> {
        let (name, size) = (offer.name.clone(), Some(offer.size));
        let folder = self.inbox.as_ref().map_or(Path::new(""), Inbox::path);
        let path = folder.join(SafeName::new(offer.name.as_bytes()).as_str());
        Ticket::begin(self.core, self.session, Direction::In, SendMode::Verified, name, &path, size)
    }

    /// Whether the file may come in; the sender is told that this side is there while somebody is asked.
    fn admit(
        &mut self,
        mut ticket: Ticket<'a>,
        offer: &Offer,
    ) -> Result<Result<Ticket<'a>, (Ticket<'a>, Failure)>, Over> {
        let mut said = Instant::now();
        let (receiver, session, stream) = (&mut self.receiver, self.session, self.stream);
        let admitted = self.admittance.admit(&mut ticket, Some(offer.size), || {
            if said.elapsed() < WORKING_EVERY {
                return Ok(());
            }
            said = Instant::now();
            let mut out = Vec::new();
            receiver.working();
            receiver.poll_output(&mut out);
            say(receiver, session, stream, &out)
        });
        Ok(match admitted {
            Ok(Ok(())) => Ok(ticket),
            Err(over) => {
                gone(ticket);
                return Err(over);
            }
            Ok(Err(cause)) => {
                let failure = Failure::new(Operation::CreateFile, ticket.info.path.display(), cause);
                Err((ticket, failure))
            }
        })
    }

    fn refused(&mut self, offer: &Offer, ticket: Ticket<'a>, failure: Failure) -> Result<(), Over> {
        self.settle();
        self.receiver.cancel(offer.key, self.reason_for(&failure), "");
        let path = ticket.info.path.clone();
        ticket.conclude(Outcome::Refused, &path, Some(failure));
        Ok(())
    }

    /// What is here of the file, with room for the rest.
    fn prepare(
        &mut self,
        partial: &mut Partial,
        ticket: &Ticket<'_>,
        from_the_start: bool,
    ) -> Result<Result<(u64, Hash), Failure>, Over> {
        loop {
            if ticket.cancelled().is_requested() || self.session.stop.is_requested() {
                return Ok(Err(Failure::new(Operation::ReadFile, partial.path().display(), Cause::Cancelled)));
            }
            match partial.recover() {
                Ok(true) => self.say_working()?,
                Ok(false) => break,
                Err(failure) => return Ok(Err(failure)),
            }
        }
        let prefix = if from_the_start { (0, Hash::default()) } else { partial.prefix() };
        Ok(partial.begin(prefix.0).map(|()| prefix))
    }

    /// The folder that an offered name lies in.
    fn folder(&mut self, folders: &str) -> Result<Inbox, Failure> {
        let Some(root) = &self.inbox else {
            // Who receives none has said so, and is offered none.
            return Err(Failure::new(Operation::CreateFile, folders, Cause::NotReceiving));
        };
        if folders.is_empty() {
            return Ok(root.clone());
        }
        if let Some((_, inbox)) = self.entered.as_ref().filter(|(entered, _)| entered == folders) {
            return Ok(inbox.clone());
        }
        let mut inbox = root.clone();
        let components: Vec<_> = folders.split('/').filter(|component| !component.is_empty()).collect();
        if components.len() > DEPTH_MAX {
            return Err(Failure::new(Operation::CreateFile, inbox.path().display(), Cause::PathTooLong));
        }
        for component in components {
            inbox = inbox.enter(&SafeName::new(component.as_bytes()))?;
        }
        self.entered = Some((folders.to_owned(), inbox.clone()));
        Ok(inbox)
    }
}

/// Where a file of this size is written.
pub(super) fn place_for(partial: Partial, size: u64) -> Result<Place, Failure> {
    if size <= SMALL {
        return Ok(Place::Here(Box::new(partial)));
    }
    Writing::start(partial).map(|writing| Place::Thread(writing, Vec::new()))
}

/// The sender has gone before anything of the file was taken.
fn gone(ticket: Ticket<'_>) {
    let path = ticket.info.path.clone();
    let failure = Failure::new(Operation::Receive, path.display(), Cause::ConnectionReset);
    ticket.conclude(Outcome::Refused, &path, Some(failure));
}

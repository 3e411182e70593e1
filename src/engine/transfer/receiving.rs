//! One connection's bytes on their way into files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::admittance::Admittance;
use super::plain_receiving::PlainReceiving;
use super::verified::VerifiedReceiving;
use crate::engine::core::Core;
use crate::engine::session::{PeerEnd, Session};
use crate::model::{Failure, ReceiveMode};
use crate::net::Stream;
use crate::proto::plain_file::Way;
use crate::proto::transfer::First;
use crate::store::inbox::Inbox;

pub(in crate::engine) struct Receiving<'a> {
    core: &'a Core,
    session: &'a Arc<Session>,
    stream: &'a Stream,
    /// When whoever speaks now connected.
    connected: Instant,
    sender: Sender<'a>,
}

/// What [`Sender::Unknown`] has, until it is known who takes it over.
struct Waiting<'a> {
    inbox: Inbox,
    admittance: Admittance<'a>,
}

enum Sender<'a> {
    /// These are the first bytes, too few to tell.
    Unknown {
        /// `None` only while it is taken over.
        waiting: Option<Box<Waiting<'a>>>,
        first: Vec<u8>,
    },
    Plain(Box<PlainReceiving<'a>>),
    Verified(Box<VerifiedReceiving<'a>>),
}

impl<'a> Receiving<'a> {
    /// `None` where bytes are shown and not kept as a file. The other side connected just now.
    ///
    /// # Errors
    /// The folder can't be used.
    pub(in crate::engine) fn begin(
        mode: &ReceiveMode,
        session: &'a Arc<Session>,
        core: &'a Core,
        stream: &'a Stream,
        admittance: Admittance<'a>,
    ) -> Result<Option<Self>, Failure> {
        let connected = Instant::now();
        let Some(folder) = mode.folder() else { return Ok(None) };
        let Some(way) = Way::of(mode) else {
            // Found out before anybody offers a file.
            Inbox::open(folder)?;
            return Ok(None);
        };
        let inbox = Inbox::open(folder)?;
        let sender = match way {
            Way::Auto => Sender::Unknown { waiting: Some(Box::new(Waiting { inbox, admittance })), first: Vec::new() },
            Way::Raw | Way::Tutorial => {
                Sender::Plain(Box::new(PlainReceiving::new(way, inbox, session, core, admittance)))
            }
        };
        Ok(Some(Self { core, session, stream, connected, sender }))
    }

    /// For somebody who connected at that time and began with the magic, which is to be handed in. With a folder it receives.
    ///
    /// # Errors
    /// The folder can't be used.
    pub(in crate::engine) fn answer(
        folder: Option<&PathBuf>,
        connected: Instant,
        session: &'a Arc<Session>,
        core: &'a Core,
        stream: &'a Stream,
        admittance: Admittance<'a>,
    ) -> Result<Self, Failure> {
        let inbox = folder.map(|folder| Inbox::open(folder)).transpose()?;
        let verified = VerifiedReceiving::answer(connected, session, core, stream, inbox, admittance);
        Ok(Self { core, session, stream, connected, sender: Sender::Verified(Box::new(verified)) })
    }

    /// For a connection that this side made to receive files over; says so to the other.
    ///
    /// # Errors
    /// The folder can't be used.
    pub(in crate::engine) fn call(
        folder: &Path,
        session: &'a Arc<Session>,
        core: &'a Core,
        stream: &'a Stream,
        admittance: Admittance<'a>,
    ) -> Result<Self, Failure> {
        let verified = VerifiedReceiving::call(session, core, stream, Inbox::open(folder)?, admittance);
        Ok(Self { core, session, stream, connected: Instant::now(), sender: Sender::Verified(Box::new(verified)) })
    }

    /// Says what is said before anything comes. False as [`Self::bytes`].
    pub(in crate::engine) fn greet(&mut self) -> bool {
        match &mut self.sender {
            Sender::Verified(verified) => verified.say_hello(),
            Sender::Unknown { .. } | Sender::Plain(_) => true,
        }
    }

    /// The most bytes that the next receive call should ask for.
    pub(in crate::engine) fn receive_max(&self) -> usize {
        match &self.sender {
            Sender::Unknown { .. } => PlainReceiving::FIRST_MAX,
            Sender::Plain(plain) => plain.receive_max(),
            Sender::Verified(_) => usize::MAX,
        }
    }

    /// Takes what one receive call put at the start of the buffer, which another may take the place of. False when a file
    /// can't be written, or the user cancelled, or the sender can't be worked with: the stream is to be closed, and the
    /// file's end tells why.
    pub(in crate::engine) fn bytes(&mut self, buffer: &mut Vec<u8>, len: usize) -> bool {
        match &mut self.sender {
            Sender::Unknown { first, .. } => {
                first.extend_from_slice(&buffer[..len]);
                match First::of(first) {
                    First::Undecided => true,
                    who => self.is_known_as(who),
                }
            }
            Sender::Plain(plain) => plain.bytes(&buffer[..len]),
            Sender::Verified(verified) => verified.bytes(buffer, len),
        }
    }

    /// What came first is that of a program that speaks the protocol, or of any other. False as [`Self::bytes`].
    fn is_known_as(&mut self, who: First) -> bool {
        let Sender::Unknown { waiting, first } = &mut self.sender else { return true };
        let Some(waiting) = waiting.take() else { return false };
        let Waiting { inbox, admittance } = *waiting;
        let mut first = std::mem::take(first);
        let (session, core) = (self.session, self.core);
        if who == First::Speaks {
            let inbox = Some(inbox);
            let mut verified = VerifiedReceiving::answer(self.connected, session, core, self.stream, inbox, admittance);
            let len = first.len();
            let goes_on = verified.bytes(&mut first, len);
            self.sender = Sender::Verified(Box::new(verified));
            goes_on
        } else {
            let mut plain = PlainReceiving::new(Way::Auto, inbox, session, core, admittance);
            let goes_on = plain.bytes(&first);
            self.sender = Sender::Plain(Box::new(plain));
            goes_on
        }
    }

    /// Whether a file, or what comes before it, is on its way: then [`Self::idle`] is to be called about once a second while
    /// nothing comes.
    pub(in crate::engine) fn is_under_way(&self) -> bool {
        match &self.sender {
            Sender::Unknown { first, .. } => !first.is_empty(),
            Sender::Plain(plain) => plain.is_under_way(),
            Sender::Verified(verified) => verified.waits(),
        }
    }

    /// False as [`Self::bytes`].
    pub(in crate::engine) fn idle(&mut self) -> bool {
        match &mut self.sender {
            // Who takes longer for the magic than for all of the hello isn't about to say it.
            Sender::Unknown { first, .. }
                if !first.is_empty() && self.connected.elapsed() >= self.core.patience.hello =>
            {
                self.is_known_as(First::Plain)
            }
            Sender::Unknown { .. } => true,
            Sender::Plain(plain) => {
                plain.idle();
                true
            }
            Sender::Verified(verified) => verified.idle(),
        }
    }

    /// The stream has ended: a file gets its name, or stays as incomplete. False when something came that is not kept
    /// whole.
    pub(in crate::engine) fn end(self, end: PeerEnd) -> bool {
        match self.sender {
            Sender::Unknown { waiting: Some(waiting), first } => {
                let Waiting { inbox, admittance } = *waiting;
                let mut plain = PlainReceiving::new(Way::Auto, inbox, self.session, self.core, admittance);
                (first.is_empty() || plain.bytes(&first)) && plain.end(end)
            }
            Sender::Unknown { waiting: None, .. } => true,
            Sender::Plain(plain) => plain.end(end),
            Sender::Verified(verified) => verified.end(end),
        }
    }
}

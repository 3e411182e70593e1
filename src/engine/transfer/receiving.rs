//! One connection's bytes on their way into files.

use std::sync::Arc;

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
    sender: Sender<'a>,
}

enum Sender<'a> {
    /// These are the first bytes, too few to tell.
    Unknown {
        inbox: Inbox,
        first: Vec<u8>,
    },
    Plain(PlainReceiving<'a>),
    Verified(VerifiedReceiving<'a>),
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
        stream: &'a Stream,
    ) -> Result<Option<Self>, Failure> {
        let (Some(way), Some(folder)) = (Way::of(mode), mode.folder()) else { return Ok(None) };
        let inbox = Inbox::open(folder)?;
        let sender = match way {
            Way::Auto => Sender::Unknown { inbox, first: Vec::new() },
            Way::Raw | Way::Tutorial => Sender::Plain(PlainReceiving::new(way, inbox, session, core)),
        };
        Ok(Some(Self { core, session, stream, sender }))
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
            Sender::Unknown { inbox, first } => {
                first.extend_from_slice(&buffer[..len]);
                let inbox = inbox.clone();
                let mut first = std::mem::take(first);
                self.sender = match First::of(&first) {
                    First::Undecided => Sender::Unknown { inbox, first },
                    First::Plain => {
                        let mut plain = PlainReceiving::new(Way::Auto, inbox, self.session, self.core);
                        let goes_on = plain.bytes(&first);
                        self.sender = Sender::Plain(plain);
                        return goes_on;
                    }
                    First::Speaks => {
                        let mut verified = VerifiedReceiving::new(self.session, self.core, self.stream, inbox);
                        let len = first.len();
                        let goes_on = verified.bytes(&mut first, len);
                        self.sender = Sender::Verified(verified);
                        return goes_on;
                    }
                };
                true
            }
            Sender::Plain(plain) => plain.bytes(&buffer[..len]),
            Sender::Verified(verified) => verified.bytes(buffer, len),
        }
    }

    /// Whether anything has begun; from then on [`Self::idle`] is to be called about once a second while nothing comes.
    pub(in crate::engine) fn is_under_way(&self) -> bool {
        match &self.sender {
            Sender::Unknown { .. } => false,
            Sender::Plain(plain) => plain.is_under_way(),
            Sender::Verified(_) => true,
        }
    }

    /// False as [`Self::bytes`].
    pub(in crate::engine) fn idle(&mut self) -> bool {
        match &mut self.sender {
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
            Sender::Unknown { inbox, first } => {
                let mut plain = PlainReceiving::new(Way::Auto, inbox, self.session, self.core);
                (first.is_empty() || plain.bytes(&first)) && plain.end(end)
            }
            Sender::Plain(plain) => plain.end(end),
            Sender::Verified(verified) => verified.end(end),
        }
    }
}

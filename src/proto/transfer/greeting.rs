//! The first bytes of both sides.

use std::time::Instant;

use super::frame::{Frame, HELLO, Hello};
use super::frame_reader::{Fault, FrameReader, Item};
use super::{Deadline, MAGIC, Patience, VERSIONS};

/// What this side does with files on this connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Sends,
    Receives,
}

/// What both sides keep to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    pub version: u16,
    /// This side's.
    pub role: Role,
}

/// Why the two can't send each other files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misunderstanding {
    /// The other side speaks another protocol.
    NotSpoken,
    /// It speaks these versions.
    Version {
        lowest: u16,
        highest: u16,
    },
    /// Both sides want to do the same.
    SameRole,
    Fault(Fault),
}

impl From<Fault> for Misunderstanding {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What the first bytes of a connection are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// Too few to tell.
    Undecided,
    /// Of a program that doesn't speak this protocol.
    Plain,
    /// Of one that does.
    Speaks,
}

impl First {
    /// `bytes` are all that came so far.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let known = bytes.len().min(MAGIC.len());
        match bytes[..known] == MAGIC[..known] {
            false => Self::Plain,
            true if known < MAGIC.len() => Self::Undecided,
            true => Self::Speaks,
        }
    }
}

/// The side that connected.
#[derive(Debug)]
pub struct Caller {
    role: Role,
    hearing: Hearing,
}

/// The side that was connected to.
#[derive(Debug)]
pub struct Answerer {
    /// `None`: whatever the caller leaves.
    role: Option<Role>,
    hearing: Hearing,
}

impl Caller {
    /// `now` is when the connection was made.
    #[must_use]
    pub fn new(role: Role, now: Instant) -> Self {
        Self::patient(role, now, Patience::default())
    }

    /// As [`Self::new`], with another patience.
    #[must_use]
    pub fn patient(role: Role, now: Instant, patience: Patience) -> Self {
        Self { role, hearing: Hearing::new(now, patience) }
    }

    /// What to send first.
    #[must_use]
    pub fn greeting(&self) -> Vec<u8> {
        hello(Hello {
            lowest: *VERSIONS.start(),
            highest: *VERSIONS.end(),
            features: 0,
            receives: self.role == Role::Receives,
        })
    }

    /// Takes bytes, which came `now`, up to the end of the answer; `None` while there is more to come.
    ///
    /// # Errors
    /// The connection is of no use for files, or the answer takes too long.
    pub fn handle(&mut self, bytes: &mut &[u8], now: Instant) -> Result<Option<Agreed>, Misunderstanding> {
        let Some(answer) = self.hearing.hear(bytes, now)? else { return Ok(None) };
        if answer.lowest != answer.highest || !VERSIONS.contains(&answer.lowest) {
            return Err(Misunderstanding::Version { lowest: answer.lowest, highest: answer.highest });
        }
        if answer.receives == (self.role == Role::Receives) {
            return Err(Misunderstanding::SameRole);
        }
        Ok(Some(Agreed { version: answer.lowest, role: self.role }))
    }

    /// When the answer has to be there; no byte that comes moves it.
    #[must_use]
    pub fn poll_timeout(&self) -> Instant {
        self.hearing.deadline.until()
    }
}

impl Answerer {
    /// `now` is when the connection was made. `role` is all that this side would do, if not both.
    #[must_use]
    pub fn new(role: Option<Role>, now: Instant) -> Self {
        Self::patient(role, now, Patience::default())
    }

    /// As [`Self::new`], with another patience.
    #[must_use]
    pub fn patient(role: Option<Role>, now: Instant, patience: Patience) -> Self {
        Self { role, hearing: Hearing::new(now, patience) }
    }

    /// Takes bytes, which came `now`, the magic first, up to the end of the caller's hello; `None` while there is more to
    /// come. With the answer to send, also when the two don't understand each other.
    pub fn handle(&mut self, bytes: &mut &[u8], now: Instant) -> Option<(Vec<u8>, Result<Agreed, Misunderstanding>)> {
        let call = match self.hearing.hear(bytes, now) {
            Ok(Some(call)) => call,
            Ok(None) => return None,
            Err(problem) => return Some((Vec::new(), Err(problem))),
        };
        let role = if call.receives { Role::Sends } else { Role::Receives };
        let (lowest, highest) = (*VERSIONS.start(), *VERSIONS.end());
        let answer =
            |lowest, highest, role| hello(Hello { lowest, highest, features: 0, receives: role == Role::Receives });
        if call.lowest > highest || call.highest < lowest || call.lowest > call.highest {
            let problem = Misunderstanding::Version { lowest: call.lowest, highest: call.highest };
            return Some((answer(lowest, highest, role), Err(problem)));
        }
        let version = highest.min(call.highest);
        match self.role {
            Some(own) if own != role => Some((answer(version, version, own), Err(Misunderstanding::SameRole))),
            _ => Some((answer(version, version, role), Ok(Agreed { version, role }))),
        }
    }

    /// As [`Caller::poll_timeout`].
    #[must_use]
    pub fn poll_timeout(&self) -> Instant {
        self.hearing.deadline.until()
    }
}

fn hello(hello: Hello) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    Frame::Hello(hello).write(&mut bytes);
    bytes
}

/// Waits for the other side's magic and hello.
#[derive(Debug)]
struct Hearing {
    /// Bytes of the magic that came.
    magic: usize,
    reader: FrameReader,
    deadline: Deadline,
}

impl Hearing {
    fn new(now: Instant, patience: Patience) -> Self {
        Self { magic: 0, reader: FrameReader::default(), deadline: Deadline::new(now, patience.hello) }
    }

    fn hear(&mut self, bytes: &mut &[u8], now: Instant) -> Result<Option<Hello>, Misunderstanding> {
        match self.take(bytes)? {
            None if now >= self.deadline.until() => Err(Misunderstanding::NotSpoken),
            hello => Ok(hello),
        }
    }

    fn take(&mut self, bytes: &mut &[u8]) -> Result<Option<Hello>, Misunderstanding> {
        while self.magic < MAGIC.len() {
            let Some((first, rest)) = bytes.split_first() else { return Ok(None) };
            if *first != MAGIC[self.magic] {
                return Err(Misunderstanding::NotSpoken);
            }
            self.magic += 1;
            *bytes = rest;
        }
        // Of what is none, nothing is read.
        if !self.reader.is_within_frame() && bytes.first().is_some_and(|kind| *kind != HELLO) {
            return Err(Misunderstanding::NotSpoken);
        }
        match self.reader.next(bytes)? {
            None => Ok(None),
            Some(Item::Frame(Frame::Hello(hello))) => Ok(Some(hello)),
            Some(_) => Err(Misunderstanding::NotSpoken),
        }
    }
}

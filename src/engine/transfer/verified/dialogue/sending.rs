//! One file after the other, from its offer to its last byte.

use std::io;
use std::path::Path;
use std::time::Instant;

use crossbeam_channel::{never, select};

use super::{Answer, Dialogue, EAGER_MAX, OUT_MAX, Open, Over, random_key};
use crate::codec::prefix_hash::{GROUP, Hash, PrefixHasher};
use crate::engine::transfer::meter::STALL_REPORT;
use crate::engine::transfer::ticket::Ticket;
use crate::engine::transfer::unsent;
use crate::engine::transfer::verified::reading::{Read, Reading};
use crate::engine::transfer::verified::{PIECE, reason_for};
use crate::model::{Cause, Direction, Failure, Operation, Outcome, SendMode};
use crate::proto::transfer::{DATA_HEADER, Kind, Offer, TransferKey};
use crate::store::sent_log::SentLog;
use crate::store::source::Source;
use crate::store::tree::{Found, Tree};

impl Dialogue<'_> {
    /// There is nothing to send for now: sends what was kept back to go out with more.
    ///
    /// # Errors
    /// As [`Dialogue::listen_to`].
    pub(in crate::engine) fn say_what_waits(&mut self) -> Result<(), io::Error> {
        self.say_heard();
        self.flush().or_else(|over| self.end(over))
    }

    pub(super) fn send_folder(&mut self, folder: &Path, number: u64) -> Result<(), Over> {
        for found in Tree::new(folder) {
            if self.session.stop.is_requested() {
                return Err(Over::Stopped);
            }
            self.wait_to_offer()?;
            if let Some(cause) = self.session.cancels.of(number) {
                self.has_missed = true;
                // The rest of it is one thing that was not sent.
                let failure = Failure::new(Operation::Send, folder.display(), cause);
                unsent(self.session, self.core, folder, SendMode::Verified, failure);
                return Ok(());
            }
            match found {
                Ok(Found::File { path, name }) => self.send_file(&path, Some(name), number)?,
                Ok(Found::Folder { name }) => self.offer_folder(name)?,
                Err((path, failure)) => unsent(self.session, self.core, &path, SendMode::Verified, failure),
            }
        }
        Ok(())
    }

    fn wait_to_offer(&mut self) -> Result<(), Over> {
        while !self.sender.can_offer() {
            self.listen(None)?;
        }
        Ok(())
    }

    /// What becomes of it shows with the files that are in it. There has to be room to offer it.
    fn offer_folder(&mut self, name: String) -> Result<(), Over> {
        let key = random_key();
        let offer = Offer { key, kind: Kind::Folder, eager: false, size: 0, modified_ns: None, name };
        self.is_unheard = true;
        self.sender.offer(offer, Instant::now());
        if self.out.len() >= OUT_MAX { self.flush() } else { Ok(()) }
    }

    /// `name` is what the receiver is to call it, where that is not the file's own; `number` the place in the queue.
    pub(super) fn send_file(&mut self, path: &Path, name: Option<String>, number: u64) -> Result<(), Over> {
        self.wait_to_offer()?;
        let refuse = |failure| unsent(self.session, self.core, path, SendMode::Verified, failure);
        let source = match Source::open(path) {
            Ok(source) => source,
            Err(failure) => {
                refuse(failure);
                return Ok(());
            }
        };
        let name = name.unwrap_or_else(|| source.name().to_owned());
        let key = random_key();
        let offer = Offer {
            key,
            kind: Kind::File,
            eager: source.size() <= EAGER_MAX,
            size: source.size(),
            modified_ns: source.modified_ns(),
            name: name.clone(),
        };
        let size = Some(source.size());
        let mut ticket = Ticket::begin(self.core, self.session, Direction::Out, SendMode::Verified, name, path, size);
        // It may have waited for the greeting or for room; who cancels from here on finds the ticket.
        if let Some(cause) = self.session.cancels.of(number) {
            let failure = Failure::new(Operation::Send, path.display(), cause);
            ticket.conclude(Outcome::Refused, path, Some(failure));
            return Ok(());
        }
        if !offer.eager {
            ticket.announce();
        }
        self.is_unheard = true;
        self.open.insert(key, Open { ticket, log: None, hash: Hash::default() });
        if offer.eager {
            return self.send_small(key, offer, source);
        }
        let sent = self.send_large(key, offer, source);
        self.answer = None;
        sent
    }

    /// Offer, content and end in one go.
    fn send_small(&mut self, key: TransferKey, offer: Offer, mut source: Source) -> Result<(), Over> {
        let len = usize::try_from(offer.size).unwrap_or(usize::MAX);
        let mut content = vec![0; len];
        let mut filled = 0;
        let begun = Instant::now();
        let read = loop {
            match source.read(&mut content[filled..]) {
                Ok(0) => break source.check_unchanged(),
                Ok(read) => filled += read,
                Err(failure) => break Err(failure),
            }
        };
        if let Err(failure) = read {
            // Nothing was said of it.
            self.conclude(key, Outcome::Incomplete, Some(failure));
            return Ok(());
        }
        let now = Instant::now();
        if now.duration_since(begun) >= STALL_REPORT {
            // Who answers for the files before this one was not heard meanwhile.
            self.sender.handle_busy(now);
        }
        self.sender.offer(offer, now);
        self.sender.poll_output(&mut self.out);
        if let Some(header) = self.sender.data(u32::try_from(len).unwrap_or(u32::MAX)).filter(|_| len > 0) {
            self.out.extend_from_slice(&header);
            self.out.extend_from_slice(&content);
        }
        let hash = *blake3::hash(&content).as_bytes();
        self.sender.end(hash);
        self.sender.poll_output(&mut self.out);
        if let Some(open) = self.open.get_mut(&key) {
            open.ticket.add(len as u64);
            open.hash = hash;
        }
        if self.out.len() >= OUT_MAX { self.flush() } else { Ok(()) }
    }

    fn send_large(&mut self, key: TransferKey, offer: Offer, mut source: Source) -> Result<(), Over> {
        let path = source.path().to_owned();
        let mut log = self.core.sent_logs.as_deref().and_then(|folder| SentLog::open(folder, &source));
        self.sender.offer(offer, Instant::now());
        let mut hasher = PrefixHasher::default();
        loop {
            self.give_up_cancelled();
            if !self.is_open(key) {
                return self.flush();
            }
            match self.answer.take() {
                None => self.listen(Some(key))?,
                Some(Answer::Begin) => break,
                Some(Answer::Compare { offset, hash }) => {
                    let same = match self.compare(key, &mut source, log.as_mut(), offset, hash) {
                        Ok(same) => same,
                        Err(Ok(failure)) => return self.give_up(key, &failure),
                        Err(Err(over)) => return Err(over),
                    };
                    if !self.is_open(key) {
                        return self.flush();
                    }
                    let is_same = same.is_some();
                    hasher = same.unwrap_or_default();
                    self.sender.begin(is_same);
                    break;
                }
            }
        }
        if let Err(failure) = source.go_to(hasher.len()) {
            return self.give_up(key, &failure);
        }
        if let Some(log) = &mut log {
            log.cut(hasher.groups().len());
        }
        if let Some(open) = self.open.get_mut(&key) {
            open.ticket.begin_at(hasher.len());
        }
        let reading = match Reading::start(source, hasher, log) {
            Ok(reading) => reading,
            Err(failure) => return self.give_up(key, &failure),
        };
        self.pieces(key, &path, &reading)
    }

    /// Sends what is read, until the file or the receiver's patience ends.
    fn pieces(&mut self, key: TransferKey, path: &Path, reading: &Reading) -> Result<(), Over> {
        loop {
            self.flush()?;
            let Some(open) = self.open.get_mut(&key) else { return self.flush() };
            let (changed, is_paused) = (open.ticket.changed(), open.ticket.is_paused());
            let cancelled = open.ticket.cancelled().requested().clone();
            // Paused, or waiting for a disk: where it reads, something went out just now.
            self.say_working()?;
            let nothing = never();
            let read = select! {
                recv(if is_paused { &nothing } else { reading.next() }) -> read => Some(read),
                recv(self.feed) -> bytes => { self.hear(bytes.ok())?; None }
                recv(changed) -> _ => None,
                recv(cancelled) -> _ => None,
                recv(self.session.stop.requested()) -> _ => return Err(Over::Stopped),
                default(STALL_REPORT) => { self.idle(key)?; None }
            };
            self.give_up_cancelled();
            if !self.is_open(key) {
                return self.flush();
            }
            match read {
                None => {}
                Some(Ok(Read::Piece(mut piece))) => {
                    let len = piece.len() - DATA_HEADER;
                    let Some(header) = self.sender.data(u32::try_from(len).unwrap_or(u32::MAX)) else { return Ok(()) };
                    piece[..DATA_HEADER].copy_from_slice(&header);
                    self.write(&piece, Some(key))?;
                    if let Some(open) = self.open.get_mut(&key) {
                        open.ticket.add(len as u64);
                    }
                    reading.recycle(piece);
                }
                Some(Ok(Read::Whole { hash, log })) => {
                    if let Some(open) = self.open.get_mut(&key) {
                        (open.log, open.hash) = (log, hash);
                    }
                    self.sender.end(hash);
                    return self.flush();
                }
                Some(Ok(Read::Failed(failure))) => return self.give_up(key, &failure),
                Some(Err(_)) => {
                    let failure = Failure::new(Operation::ReadFile, path.display(), Cause::Cancelled);
                    return self.give_up(key, &failure);
                }
            }
        }
    }

    /// The hasher of the file's first `offset` bytes if they have this hash. What the log knows isn't read, unless it says
    /// that they have another: what the receiver holds is not to be lost by a log that is wrong. Nor is the rest read of a
    /// file that is given up meanwhile.
    fn compare(
        &mut self,
        key: TransferKey,
        source: &mut Source,
        log: Option<&mut SentLog>,
        offset: u64,
        hash: Hash,
    ) -> Result<Option<PrefixHasher>, Result<Failure, Over>> {
        let groups = usize::try_from(offset / GROUP).unwrap_or(usize::MAX);
        let known = log.as_ref().map_or(&[][..], |log| log.groups());
        let known = known[..known.len().min(groups)].to_vec();
        if let Some(log) = log.filter(|_| !known.is_empty()) {
            let hasher = self.hash_to(key, source, PrefixHasher::resume(known), offset)?;
            if hasher.as_ref().is_none_or(|hasher| hasher.finish() == Some(hash)) {
                return Ok(hasher);
            }
            log.cut(0);
        }
        let hasher = self.hash_to(key, source, PrefixHasher::default(), offset)?;
        Ok(hasher.filter(|hasher| hasher.finish() == Some(hash)))
    }

    /// Goes on with what of a file was hashed. `None` if the file is given up meanwhile.
    fn hash_to(
        &mut self,
        key: TransferKey,
        source: &mut Source,
        mut hasher: PrefixHasher,
        offset: u64,
    ) -> Result<Option<PrefixHasher>, Result<Failure, Over>> {
        source.go_to(hasher.len()).map_err(Ok)?;
        let mut piece = vec![0; PIECE];
        while hasher.len() < offset {
            let room = usize::try_from(offset - hasher.len()).unwrap_or(PIECE).min(PIECE);
            let read = source.read(&mut piece[..room]).map_err(Ok)?;
            hasher.update(&piece[..read]);
            self.look_up().map_err(Err)?;
            if !self.is_open(key) {
                return Ok(None);
            }
        }
        Ok(Some(hasher))
    }

    /// Gives up the file on the stream, for a reason at this side.
    fn give_up(&mut self, key: TransferKey, failure: &Failure) -> Result<(), Over> {
        // Its words would tell of this machine's folders.
        self.sender.cancel(key, reason_for(failure), "");
        self.conclude(key, Outcome::Incomplete, Some(failure.clone()));
        self.flush()
    }
}

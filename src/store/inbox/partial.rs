use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::arrivals::Found;
use super::finishing::{Synced, finish_all};
use super::{Finished, Inbox, Incoming, Unfinished, numbers};
use crate::codec::file_name::SafeName;
use crate::codec::prefix_hash::{GROUP, HASH_LEN, Hash, PrefixHasher};
use crate::model::{Cause, Failure, Operation};
use crate::store::prefix_log::PrefixLog;

/// Fewer whole groups than these have no hash of their own, and are soon sent again.
const GROUPS_MIN: usize = 2;

/// What a sender says of a file. Two offers that say the same are of the same file until their bytes differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent<'a> {
    /// The sender's own name for it, folders and all.
    pub name: &'a str,
    /// Bytes.
    pub size: u64,
    /// Nanoseconds since 1970, UTC.
    pub modified_ns: Option<i64>,
}

/// A file that is being received and whose hash is known: when it breaks off, whoever is sent it again goes on with it, in
/// another process too. While this lives, no other process takes it up.
#[derive(Debug)]
pub struct Partial {
    incoming: Incoming,
    id: Hash,
    size: u64,
    modified: Option<SystemTime>,
    hasher: PrefixHasher,
    /// How far it is to be read before its prefix is known.
    unread: u64,
    /// Whether it is known that nothing is there.
    is_empty: bool,
    /// Whether there is room for all that is not there yet, and nothing beyond what is.
    has_room: bool,
    /// With its name.
    log: Option<(PrefixLog, String)>,
}

impl Inbox {
    /// Goes on with what there is of this file, or begins it, as `<name>.<8 hex digits>.incomplete`. Reads a few MB at most;
    /// see [`Partial::recover`] for the rest.
    ///
    /// # Errors
    /// What the system says of the folder.
    pub fn resume(&self, name: &SafeName, sent: Sent<'_>) -> Result<Partial, Failure> {
        let id = sent.id();
        let mut taken = io::Error::from(io::ErrorKind::AlreadyExists);
        for number in numbers() {
            let temporary = temporary_name(name.as_str(), &id, number);
            match self.open_locked(&temporary) {
                Ok((file, is_new)) => {
                    let log = log_name(&id, number);
                    let incoming = Incoming::new(self.clone(), file, name.clone(), temporary);
                    return Partial::open(incoming, &id, sent, log, is_new);
                }
                // Another session receives the same file, or somebody else has the name.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = error,
                Err(error) => return Err(self.failure(Operation::CreateFile, &temporary, &error)),
            }
        }
        Err(self.failure(Operation::CreateFile, name.as_str(), &taken))
    }

    /// True if the file is new.
    fn open_locked(&self, name: &str) -> io::Result<(File, bool)> {
        let (file, is_new) = match self.folder.create_new(name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => (self.folder.open_own(name)?, false),
            file => (file?, true),
        };
        self.folder.lock(name, &file)?;
        Ok((file, is_new))
    }
}

impl Sent<'_> {
    pub(super) fn id(&self) -> Hash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.size.to_be_bytes());
        hasher.update(&self.modified_ns.unwrap_or(i64::MIN).to_be_bytes());
        hasher.update(self.name.as_bytes());
        *hasher.finalize().as_bytes()
    }
}

impl Partial {
    fn open(incoming: Incoming, id: &Hash, sent: Sent<'_>, log: String, is_new: bool) -> Result<Self, Failure> {
        let mut partial = Self {
            incoming,
            id: *id,
            size: sent.size,
            modified: sent.modified_ns.and_then(time),
            hasher: PrefixHasher::default(),
            unread: 0,
            is_empty: is_new,
            has_room: false,
            log: None,
        };
        if sent.size <= GROUPS_MIN as u64 * GROUP {
            return Ok(partial);
        }
        let folder = &partial.incoming.inbox.folder;
        let file = &partial.incoming.file;
        match identity(id, file).and_then(|of| PrefixLog::open(folder, &log, &of, Some(file))) {
            Ok((opened, groups)) => {
                partial.log = Some((opened, log));
                partial.take_up(groups).map_err(|error| partial.failed(Operation::ReadFile, &error))?;
            }
            // It only saves time.
            Err(error) => tracing::debug!(%error, log, "the log of a partial file"),
        }
        Ok(partial)
    }

    /// Believes the log if the last two groups are what it says: a file that was cut, or that lost what the disk had not
    /// got yet, shows there. One that another program changed has no values in it.
    fn take_up(&mut self, mut groups: Vec<Hash>) -> io::Result<()> {
        let there = self.incoming.file.metadata()?.len().min(self.size);
        let whole = usize::try_from(there / GROUP).unwrap_or(usize::MAX);
        groups.truncate(whole);
        if whole < GROUPS_MIN {
            return Ok(());
        }
        if groups.len() >= GROUPS_MIN {
            let known = groups.len() - GROUPS_MIN;
            let mut check = PrefixHasher::resume(groups[..known].to_vec());
            self.incoming.file.seek(SeekFrom::Start(known as u64 * GROUP))?;
            for _ in known..groups.len() {
                self.read_group(&mut check)?;
            }
            if check.finish() == PrefixHasher::resume(groups.clone()).finish() {
                self.hasher = PrefixHasher::resume(groups);
                return Ok(());
            }
        }
        // Nothing of it was checked: what is read takes its place.
        if let Some((log, _)) = &mut self.log {
            log.cut(0)?;
        }
        self.unread = whole as u64 * GROUP;
        Ok(())
    }

    fn read_group(&self, hasher: &mut PrefixHasher) -> io::Result<()> {
        let mut group = vec![0; usize::try_from(GROUP).unwrap_or(usize::MAX)];
        (&self.incoming.file).read_exact(&mut group)?;
        hasher.update(&group);
        Ok(())
    }

    /// Reads 2 MiB of what there is, where nothing else tells its hash: where the log is gone, or the machine was started anew
    /// before the log was on the disk. False once there is nothing left to read.
    ///
    /// # Errors
    /// It can't be read.
    pub fn recover(&mut self) -> Result<bool, Failure> {
        if self.hasher.len() >= self.unread {
            return Ok(false);
        }
        let mut hasher = std::mem::take(&mut self.hasher);
        let at = SeekFrom::Start(hasher.len());
        let read = (&self.incoming.file).seek(at).and_then(|_| self.read_group(&mut hasher));
        self.hasher = hasher;
        read.map_err(|error| self.failed(Operation::ReadFile, &error))?;
        Ok(self.hasher.len() < self.unread)
    }

    /// How far the file is here already, and the hash of that part.
    #[must_use]
    pub fn prefix(&self) -> (u64, Hash) {
        match self.hasher.finish() {
            Some(hash) if !self.hasher.is_empty() => (self.hasher.len(), hash),
            _ => (0, [0; HASH_LEN]),
        }
    }

    /// Where it lies while it is incomplete.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.incoming.path()
    }

    /// Keeps the first `offset` bytes, all of [`Self::prefix`] or none, and takes the room for the rest.
    ///
    /// # Errors
    /// There is no room, or the file may not be so large.
    pub fn begin(&mut self, offset: u64) -> Result<(), Failure> {
        if offset == self.hasher.len() && self.has_room {
            return Ok(());
        }
        if offset != self.hasher.len() {
            self.hasher = PrefixHasher::default();
        }
        let (offset, groups) = (self.hasher.len(), self.hasher.groups().len());
        self.on_log(|log, _| log.tell().and_then(|()| log.cut(groups)));
        let begun = (|| {
            let file = &mut self.incoming.file;
            if !std::mem::take(&mut self.is_empty) {
                file.set_len(offset)?;
                file.seek(SeekFrom::Start(offset))?;
            }
            self.incoming.inbox.folder.make_room(file, offset, self.size)
        })();
        self.has_room = begun.is_ok();
        begun.map_err(|error| self.failed(Operation::WriteFile, &error))
    }

    /// Writes all of the bytes. Blocks while the file system does, now and then until what came is on the disk.
    ///
    /// # Errors
    /// What the system says, a full disk above all.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.on_log(|log, _| log.tell());
        self.incoming.write(bytes)?;
        self.hasher.update(bytes);
        self.on_log(|log, hasher| log.record(hasher.groups()));
        if self.log.as_ref().is_some_and(|(log, _)| log.is_sync_due()) {
            // A failure is told once per file, and not again at its end: fsync(2).
            let synced = self.incoming.file.sync_data();
            synced.map_err(|error| self.failed(Operation::WriteFile, &error))?;
            self.on_log(|log, _| log.sync());
        }
        Ok(())
    }

    /// A log that can't be written is none any more: it only saves time.
    fn on_log(&mut self, act: impl FnOnce(&mut PrefixLog, &PrefixHasher) -> io::Result<()>) {
        if let Some((log, name)) = &mut self.log
            && let Err(error) = act(log, &self.hasher)
        {
            tracing::debug!(%error, name, "the log of a partial file");
            remove_log(&self.incoming.inbox, self.log.take());
        }
    }

    /// Compares the hash, waits until the bytes are on the disk, and gives the file its name as [`Incoming::finish`] does,
    /// on the disk too. Returns where it lies.
    ///
    /// # Errors
    /// With the path at which it lies as incomplete; nothing is left of a file with another hash.
    pub fn finish(self, hash: &Hash) -> Finished {
        finish_all(vec![(self, *hash)], || ()).remove(0)
    }

    /// The first step of [`finish_all`].
    pub(super) fn sync(mut self, hash: &Hash) -> Result<Synced, Box<Unfinished>> {
        if self.hasher.finish().as_ref() != Some(hash) {
            let path = self.incoming.path();
            let failure = Failure::new(Operation::FinishFile, path.display(), Cause::Damaged);
            self.discard();
            return Err(Box::new(Unfinished { failure, path }));
        }
        let Incoming { inbox, name, .. } = &self.incoming;
        let arrivals = inbox.arrivals.as_ref();
        let there = arrivals.and_then(|arrivals| arrivals.take(&self.id, Some(hash), &inbox.folder, name, self.size));
        if there.is_some() {
            return Ok(self.synced(*hash, there));
        }
        self.on_log(|log, _| log.tell());
        // Some file systems let nobody set it: FAT and network mounts of another user. The bytes are right all the same.
        if let Some(modified) = self.modified
            && let Err(error) = self.incoming.file.set_modified(modified)
        {
            tracing::debug!(%error, path = %self.incoming.path().display(), "the time of a file");
        }
        if let Err(error) = self.incoming.file.sync_all() {
            let failure = self.failed(Operation::FinishFile, &error);
            return Err(Box::new(Unfinished { failure, path: self.abandon() }));
        }
        Ok(self.synced(*hash, None))
    }

    fn synced(self, hash: Hash, there: Option<Found>) -> Synced {
        let Self { incoming, log, id, .. } = self;
        Synced { incoming, log, id, hash, there }
    }

    /// Keeps what came for whoever sends it again, and gives back the room for the rest. Returns where it lies. Nothing is
    /// left of a file of which nothing came.
    pub fn abandon(mut self) -> PathBuf {
        let path = self.incoming.path();
        self.on_log(|log, _| log.tell());
        let len = self.incoming.file.metadata().map_or(0, |metadata| metadata.len());
        if len == 0 {
            self.discard();
        } else if let Err(error) = self.incoming.file.set_len(len) {
            tracing::debug!(%error, path = %path.display(), "room that was taken");
        }
        path
    }

    /// Removes it; what somebody else put in its place stays.
    pub fn discard(self) {
        let inbox = self.incoming.inbox.clone();
        self.incoming.discard();
        remove_log(&inbox, self.log);
    }

    fn failed(&self, operation: Operation, error: &io::Error) -> Failure {
        self.incoming.inbox.failure(operation, &self.incoming.temporary, error)
    }
}

pub(super) fn remove_log(inbox: &Inbox, log: Option<(PrefixLog, String)>) {
    if let Some((_, name)) = log
        && let Err(error) = inbox.folder.remove(&name)
    {
        tracing::debug!(%error, name, "the log of a partial file");
    }
}

/// Stands for this file, by its number, with what the sender says of it.
#[cfg(unix)]
fn identity(id: &Hash, file: &File) -> io::Result<Hash> {
    use std::os::unix::fs::MetadataExt;
    let number = file.metadata()?.ino().to_be_bytes();
    Ok(*blake3::Hasher::new().update(id).update(&number).finalize().as_bytes())
}

#[cfg(not(unix))]
fn identity(id: &Hash, _file: &File) -> io::Result<Hash> {
    Ok(*id)
}

fn temporary_name(name: &str, id: &Hash, number: u32) -> String {
    super::incomplete_name(&format!("{name}.{}", hex(&id[..4])), number)
}

fn log_name(id: &Hash, number: u32) -> String {
    format!(".{}-{number}.sockeye", hex(&id[..8]))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn time(nanoseconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_nanos(nanoseconds.unsigned_abs());
    match nanoseconds {
        0.. => SystemTime::UNIX_EPOCH.checked_add(distance),
        _ => SystemTime::UNIX_EPOCH.checked_sub(distance),
    }
}

#[cfg(all(test, unix))]
mod tests;

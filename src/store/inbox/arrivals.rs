//! Notes of what arrived while its sender may not know that it did, so that it is found to be here when it is offered again.
//!
//! Each connection writes its own, into one file in the folder that it receives into, and removes that once the sender has
//! said that it heard of all. A file of notes is [`MAGIC`], then a record of [`RECORD`] bytes for each file that came: written
//! before it gets its name, and written over with that afterwards. A kill in between leaves a note by which it is found all
//! the same. One that came to nothing says so by its last byte.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;

use super::finishing::{Named, Synced};
use super::numbers::{IN_ORDER, random};
use super::{Finished, Inbox, Partial, Sent, Unfinished};
use crate::codec::file_name::SafeName;
use crate::codec::prefix_hash::{HASH_LEN, Hash};
use crate::model::{Cause, Failure, Operation};
use crate::store::folder::{Folder, Status};

const MAGIC: [u8; 8] = *b"sock\0ar1";
const PREFIX: &str = ".arrived-";
const SUFFIX: &str = ".sockeye";

/// An identity and a hash, seven numbers of 8 bytes.
const RECORD: usize = 2 * HASH_LEN + 7 * size_of::<u64>();

/// Notes that nobody came back for within this time are removed, and the oldest files of them where there are more.
const KEPT: Duration = Duration::from_secs(14 * 24 * 3600);
const FILES_MAX: usize = 32;

/// The most notes of one connection, and of all earlier ones together: of more files it isn't known that they came.
const NOTES_MAX: usize = 1 << 15;

/// How much later than its note a file may have got its name, in seconds.
const NAMED_WITHIN: i64 = 3;

/// What is known of a file that got its name, or was about to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Note {
    /// Stands for what the sender said of it.
    id: Hash,
    hash: Hash,
    inode: u64,
    modified: (i64, i64),
    /// When it was changed last at the latest, its getting its name included.
    changed: (i64, i64),
    /// What tells its name apart from others of that name; 0 while that isn't known.
    number: u32,
    counts: bool,
}

impl Note {
    fn bytes(&self) -> [u8; RECORD] {
        let mut bytes = [0; RECORD];
        let (hashes, numbers) = bytes.split_at_mut(2 * HASH_LEN);
        hashes[..HASH_LEN].copy_from_slice(&self.id);
        hashes[HASH_LEN..].copy_from_slice(&self.hash);
        let times = [self.modified.0, self.modified.1, self.changed.0, self.changed.1].map(i64::cast_unsigned);
        let values = [self.inode].into_iter().chain(times).chain([self.number.into(), self.counts.into()]);
        for (place, value) in numbers.as_chunks_mut::<8>().0.iter_mut().zip(values) {
            *place = value.to_be_bytes();
        }
        bytes
    }

    fn parse(bytes: &[u8; RECORD]) -> Option<Self> {
        let (id, rest) = bytes.split_first_chunk()?;
        let (hash, rest) = rest.split_first_chunk()?;
        let (values, _) = rest.as_chunks::<8>();
        let value = |at: usize| values.get(at).copied().map(u64::from_be_bytes);
        let time = |at: usize| Some((value(at)?.cast_signed(), value(at + 1)?.cast_signed()));
        Some(Self {
            id: *id,
            hash: *hash,
            inode: value(0)?,
            modified: time(1)?,
            changed: time(3)?,
            number: u32::try_from(value(5)?).ok()?,
            counts: value(6)? == 1,
        })
    }

    /// The file's name and what the system knows of it, if it is there and nobody touched it since.
    fn find(&self, folder: &Folder, name: &SafeName, size: u64) -> Option<(String, Status)> {
        let numbers = match self.number {
            0 => 1..=IN_ORDER,
            number => number..=number,
        };
        for number in numbers {
            let name = if number == 1 { name.clone() } else { name.numbered(number) };
            let status = match folder.status(name.as_str()) {
                Ok(status) => status,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
                Err(_) => continue,
            };
            let is_untouched =
                status.size == size && status.modified == self.modified && status.changed <= self.changed;
            if status.inode == self.inode {
                return is_untouched.then(|| (name.as_str().to_owned(), status));
            }
        }
        None
    }
}

/// A file that is here, by a note.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) name: String,
    hash: Hash,
    status: Status,
    place: Place,
}

/// The file of notes and the place in it.
type Place = (usize, u64);

/// What one connection notes, and what earlier ones did.
#[derive(Debug)]
pub(super) struct Arrivals {
    folder: Arc<Folder>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Of this connection, with its name; `None` before there is something to note.
    own: Option<(File, String)>,
    notes: usize,
    /// It can't be written: nothing more is noted.
    has_failed: bool,
    earlier: Option<Earlier>,
}

#[derive(Debug, Default)]
struct Earlier {
    files: Vec<NotesFile>,
    notes: HashMap<Hash, Vec<(Note, Place)>>,
    /// What is of no more use once the sender has heard of all.
    used: Vec<Place>,
}

/// A file of an earlier connection, as it was when it was read.
#[derive(Debug)]
struct NotesFile {
    name: String,
    /// Of the notes that count.
    count: usize,
    /// Bytes. It is longer now where that connection goes on.
    len: u64,
}

impl Arrivals {
    pub(super) fn new(folder: Arc<Folder>) -> Arc<Self> {
        Arc::new(Self { folder, state: Mutex::default() })
    }

    /// What earlier connections brought of the file that stands for this, where it lies untouched in a folder under this name
    /// or one with a number; with this hash, where that is known. Each is found once.
    pub(super) fn take(
        &self,
        id: &Hash,
        hash: Option<&Hash>,
        folder: &Folder,
        name: &SafeName,
        size: u64,
    ) -> Option<Found> {
        let mut state = self.state.lock();
        let earlier = state.earlier.get_or_insert_with(|| Earlier::read(&self.folder));
        let notes = earlier.notes.get_mut(id)?;
        let mut at = 0;
        while let Some((note, place)) = notes.get(at).copied() {
            if hash.is_some_and(|hash| note.hash != *hash) {
                at += 1;
                continue;
            }
            notes.remove(at);
            match note.find(folder, name, size) {
                Some((name, status)) => return Some(Found { name, hash: note.hash, status, place }),
                None => earlier.used.push(place),
            }
        }
        None
    }

    /// It was kept for what was sent again.
    pub(super) fn used(&self, found: &Found) {
        if let Some(earlier) = &mut self.state.lock().earlier {
            earlier.used.push(found.place);
        }
    }

    /// Nor is it what its sender has by now, of whichever connection.
    fn strike_out(&self, found: &Found) {
        self.used(found);
        let (file, at) = found.place;
        let state = self.state.lock();
        let name = state.earlier.as_ref().and_then(|earlier| earlier.files.get(file)).map(|file| &file.name);
        if let Some(name) = name {
            strike_out(&self.folder, name, [at]);
        }
    }

    /// The sender has heard of all that came over this connection.
    pub(super) fn forget(&self) {
        let mut state = self.state.lock();
        if let Some((_locked, name)) = state.own.take() {
            state.notes = 0;
            remove(&self.folder, &name);
        }
        if let Some(earlier) = &mut state.earlier {
            earlier.forget_used(&self.folder);
        }
    }

    /// Writes notes behind those before. Where they lie; `None` if they can't be kept.
    fn append(&self, notes: &[u8]) -> Option<u64> {
        let mut state = self.state.lock();
        let State { own, notes: count, has_failed, .. } = &mut *state;
        let more = notes.len() / RECORD;
        if *has_failed || *count + more > NOTES_MAX {
            return None;
        }
        let at = (MAGIC.len() + *count * RECORD) as u64;
        let written = (|| {
            let (file, _) = match own {
                Some(own) => own,
                None => own.insert(create(&self.folder)?),
            };
            write_at(file, at, notes)
        })();
        if let Err(error) = written {
            tracing::debug!(%error, "notes of files that arrived");
            *has_failed = true;
            return None;
        }
        *count += more;
        Some(at)
    }

    /// Writes over notes, and waits until all are on the disk.
    fn replace(&self, at: u64, notes: &[u8]) {
        let mut state = self.state.lock();
        let Some((file, _)) = &mut state.own else { return };
        if let Err(error) = write_at(file, at, notes).and_then(|()| file.sync_data()) {
            tracing::debug!(%error, "notes of files that arrived");
            state.has_failed = true;
        }
    }
}

fn create(folder: &Folder) -> io::Result<(File, String)> {
    let name = format!("{PREFIX}{:08x}{:08x}{SUFFIX}", random(), random());
    let mut file = folder.create_new(&name)?;
    folder.lock(&name, &file)?;
    file.write_all(&MAGIC)?;
    folder.sync()?;
    Ok((file, name))
}

fn write_at(file: &mut File, at: u64, bytes: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(at))?;
    file.write_all(bytes)
}

fn remove(folder: &Folder, name: &str) {
    if let Err(error) = folder.remove(name) {
        tracing::debug!(%error, name, "notes of files that arrived");
    }
}

/// Removes notes that no connection writes any more.
fn remove_unused(folder: &Folder, name: &str, file: &File) {
    if folder.lock(name, file).is_ok() {
        remove(folder, name);
    }
}

impl Earlier {
    /// The newest notes first. Removes those that are too old or too many.
    fn read(folder: &Folder) -> Self {
        let names = folder.names().unwrap_or_default();
        let names = names.iter().filter_map(|name| name.to_str());
        let is_ours = |name: &&str| name.starts_with(PREFIX) && name.ends_with(SUFFIX);
        let opened = |name: &str| {
            let file = folder.open_own(name).ok()?;
            let modified = file.metadata().and_then(|metadata| metadata.modified()).ok()?;
            Some((modified, name.to_owned(), file))
        };
        let mut files: Vec<_> = names.filter(is_ours).filter_map(opened).collect();
        files.sort_by_key(|(modified, ..)| std::cmp::Reverse(*modified));
        let mut earlier = Self::default();
        let mut room = NOTES_MAX;
        for (number, (modified, name, file)) in files.into_iter().enumerate() {
            let is_old = SystemTime::now().duration_since(modified).is_ok_and(|age| age > KEPT);
            if is_old || number >= FILES_MAX || !earlier.take_in(&name, &file, &mut room) {
                remove_unused(folder, &name, &file);
            }
        }
        earlier
    }

    /// False if nothing in it counts.
    fn take_in(&mut self, name: &str, file: &File, room: &mut usize) -> bool {
        let mut content = Vec::new();
        let most = MAGIC.len() + *room * RECORD;
        if file.take(most as u64).read_to_end(&mut content).is_err() {
            return false;
        }
        let Some(records) = content.strip_prefix(&MAGIC) else { return false };
        let mut count = 0;
        for (number, record) in records.as_chunks::<RECORD>().0.iter().enumerate() {
            if let Some(note) = Note::parse(record).filter(|note| note.counts) {
                let place = (self.files.len(), (MAGIC.len() + number * RECORD) as u64);
                self.notes.entry(note.id).or_default().push((note, place));
                count += 1;
            }
        }
        *room -= records.len() / RECORD;
        if count > 0 {
            self.files.push(NotesFile { name: name.to_owned(), count, len: content.len() as u64 });
        }
        // Those that found no room are there for the next connection.
        count > 0 || *room == 0
    }

    fn forget_used(&mut self, folder: &Folder) {
        let mut used = std::mem::take(&mut self.used);
        used.sort_unstable();
        for places in used.chunk_by(|a, b| a.0 == b.0) {
            let Some(notes) = places.first().and_then(|(file, _)| self.files.get_mut(*file)) else { continue };
            notes.count = notes.count.saturating_sub(places.len());
            if notes.count > 0 || !notes.is_removed(folder) {
                strike_out(folder, &notes.name, places.iter().map(|(_, at)| *at));
            }
        }
    }
}

impl NotesFile {
    /// Removes it, unless somebody writes it or has since it was read.
    fn is_removed(&self, folder: &Folder) -> bool {
        let Ok(file) = folder.open_own(&self.name) else { return false };
        let is_last =
            folder.lock(&self.name, &file).is_ok() && file.metadata().is_ok_and(|metadata| metadata.len() == self.len);
        if is_last {
            remove(folder, &self.name);
        }
        is_last
    }
}

/// Has notes of a file not count any more.
fn strike_out(folder: &Folder, name: &str, places: impl IntoIterator<Item = u64>) {
    let Ok(mut file) = folder.open_own(name) else { return };
    for at in places {
        if let Err(error) = write_at(&mut file, at + RECORD as u64 - 1, &[0]) {
            tracing::debug!(%error, name, "notes of files that arrived");
        }
    }
}

/// Notes of files on the way to their names.
pub(super) struct Noting {
    arrivals: Option<Arc<Arrivals>>,
    at: u64,
    /// With each file's place among all.
    notes: Vec<(usize, Note)>,
}

impl Noting {
    /// Of those that came over one connection.
    pub(super) fn before<E>(files: &[Result<Synced, E>]) -> Self {
        let arrivals = files.iter().flatten().find_map(|file| file.incoming.inbox.arrivals.clone());
        let note = |(at, file): (usize, &Result<Synced, E>)| {
            let file = file.as_ref().ok().filter(|file| file.there.is_none())?;
            let status = Folder::status_of(&file.incoming.file).ok()?;
            let changed = (status.changed.0.saturating_add(NAMED_WITHIN), status.changed.1);
            let (inode, modified) = (status.inode, status.modified);
            let note = Note { id: file.id, hash: file.hash, inode, modified, changed, number: 0, counts: true };
            Some((at, note))
        };
        let notes: Vec<_> = match &arrivals {
            Some(_) => files.iter().enumerate().filter_map(note).collect(),
            None => Vec::new(),
        };
        let mut noting = Self { arrivals, at: 0, notes };
        let at = noting.arrivals.as_ref().filter(|_| !noting.notes.is_empty());
        match at.and_then(|arrivals| arrivals.append(&noting.bytes())) {
            Some(at) => noting.at = at,
            None => noting.notes.clear(),
        }
        noting
    }

    /// How it went.
    pub(super) fn after<E>(mut self, named: &[Result<Named, E>]) {
        for (at, note) in &mut self.notes {
            let named = named.get(*at).and_then(|named| named.as_ref().ok());
            match named.and_then(|named| Some((named.number?, named.status()?))) {
                Some((number, status)) => (note.number, note.changed) = (number, status.changed),
                None => note.counts = named.is_some(),
            }
        }
        if let Some(arrivals) = self.arrivals.as_ref().filter(|_| !self.notes.is_empty()) {
            arrivals.replace(self.at, &self.bytes());
        }
    }

    fn bytes(&self) -> Vec<u8> {
        self.notes.iter().flat_map(|(_, note)| note.bytes()).collect()
    }
}

/// A file that an earlier connection brought and whose sender may not know that it arrived.
#[derive(Debug)]
pub struct Arrived {
    inbox: Inbox,
    name: SafeName,
    sent_name: String,
    size: u64,
    modified_ns: Option<i64>,
    found: Found,
}

impl Inbox {
    /// As it is, and with notes of what arrives, until [`Inbox::forget_arrivals`]: for one connection, with the folders in it.
    #[must_use]
    pub fn with_notes(mut self) -> Self {
        self.arrivals = Some(Arrivals::new(Arc::clone(&self.folder)));
        self
    }

    /// The file that is offered, if a connection before this one has brought it, nobody has touched it since, and the sender
    /// was not heard to know of it.
    #[must_use]
    pub fn arrived(&self, name: &SafeName, sent: Sent<'_>) -> Option<Arrived> {
        let found = self.arrivals.as_ref()?.take(&sent.id(), None, &self.folder, name, sent.size)?;
        Some(Arrived {
            inbox: self.clone(),
            name: name.clone(),
            sent_name: sent.name.to_owned(),
            size: sent.size,
            modified_ns: sent.modified_ns,
            found,
        })
    }

    /// The sender knows of all that arrived over this connection: what comes again is sent a second time on purpose.
    pub fn forget_arrivals(&self) {
        if let Some(arrivals) = &self.arrivals {
            arrivals.forget();
        }
    }
}

impl Arrived {
    /// Its size, and the hash of all of it.
    #[must_use]
    pub fn prefix(&self) -> (u64, Hash) {
        (self.size, self.found.hash)
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.inbox.path_of(&self.found.name)
    }

    /// What the sender has is another file.
    ///
    /// # Errors
    /// As [`Inbox::resume`].
    pub fn begin_another(self) -> Result<Partial, Failure> {
        if let Some(arrivals) = &self.inbox.arrivals {
            arrivals.strike_out(&self.found);
        }
        let sent = Sent { name: &self.sent_name, size: self.size, modified_ns: self.modified_ns };
        self.inbox.resume(&self.name, sent)
    }

    /// Waits until its name is on the disk: nothing says that it was. Returns where it lies.
    ///
    /// # Errors
    /// The sender has another hash, somebody touched the file meanwhile, or what the system says.
    pub fn finish(self, hash: &Hash) -> Finished {
        let path = self.path();
        let failed = |failure| Err(Box::new(Unfinished { failure, path: path.clone() }));
        if self.found.hash != *hash {
            return failed(Failure::new(Operation::FinishFile, path.display(), Cause::Damaged));
        }
        let folder = &self.inbox.folder;
        let synced = match folder.status(&self.found.name) {
            Ok(status) if status == self.found.status => folder.sync(),
            Ok(_) => Err(io::ErrorKind::NotFound.into()),
            Err(error) => Err(error),
        };
        if let Err(error) = synced {
            return failed(self.inbox.failure(Operation::FinishFile, &self.found.name, &error));
        }
        if let Some(arrivals) = &self.inbox.arrivals {
            arrivals.used(&self.found);
        }
        Ok(path)
    }
}

#[cfg(all(test, unix))]
mod tests;

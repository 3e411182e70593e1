//! The end of files whose bytes are all there: on the disk, then under their names, then these on the disk.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::arrivals::{Found, Noting};
use super::partial::remove_log;
use super::{Finished, Inbox, Incoming, Partial, Unfinished};
use crate::codec::prefix_hash::Hash;
use crate::model::{Failure, Operation};
use crate::store::advice::advise;
use crate::store::folder::{Folder, Status};
use crate::store::prefix_log::PrefixLog;

/// [`Partial::finish`] of many files, each with its hash; what became of each, in their order. A disk has less to do than
/// with one after the other: it writes what it knows of files and of names once for many of them. Calls `after_each` after
/// each file or folder for which that was waited, twice for a file.
#[must_use]
pub fn finish_all(files: Vec<(Partial, Hash)>, mut after_each: impl FnMut()) -> Vec<Finished> {
    let mut sync = |(file, hash): (Partial, Hash)| {
        let synced = file.sync(&hash);
        after_each();
        synced
    };
    let synced: Vec<_> = files.into_iter().map(&mut sync).collect();
    let notes = Noting::before(&synced);
    let named: Vec<_> = synced.into_iter().map(|file| file.and_then(Synced::rename)).collect();
    notes.after(&named);
    let mut folders = SyncedFolders::default();
    named
        .into_iter()
        .map(|file| {
            let file = file?;
            let synced = folders.sync(&file.inbox.folder);
            after_each();
            file.after(synced)
        })
        .collect()
}

/// A file whose bytes are on the disk.
pub(super) struct Synced {
    pub(super) incoming: Incoming,
    pub(super) log: Option<(PrefixLog, String)>,
    pub(super) id: Hash,
    pub(super) hash: Hash,
    /// The same, which arrived before.
    pub(super) there: Option<Found>,
}

/// One that has its name too, which may not be on the disk yet.
pub(super) struct Named {
    path: PathBuf,
    pub(super) inbox: Inbox,
    /// That of its name; `None` of one that was there.
    pub(super) number: Option<u32>,
}

impl Synced {
    pub(super) fn rename(self) -> Result<Named, Box<Unfinished>> {
        let inbox = self.incoming.inbox.clone();
        let (path, number) = match &self.there {
            Some(found) => {
                self.incoming.discard();
                if let Some(arrivals) = &inbox.arrivals {
                    arrivals.used(found);
                }
                (inbox.path_of(&found.name), None)
            }
            None => self.incoming.rename().map(|(path, number)| (path, Some(number)))?,
        };
        // Not before: without its name, the file is gone on with.
        remove_log(&inbox, self.log);
        Ok(Named { path, inbox, number })
    }
}

impl Named {
    /// What the system knows of it by now.
    pub(super) fn status(&self) -> Option<Status> {
        self.inbox.folder.status(self.path.file_name()?.to_str()?).ok()
    }

    /// After its folder was written to the disk, or was not.
    pub(super) fn after(self, synced: io::Result<()>) -> Finished {
        match synced {
            Ok(()) => Ok(self.path),
            // It is there, and may not be after a power cut.
            Err(error) => {
                let failure = advise(Failure::io(Operation::FinishFile, self.path.display(), &error));
                Err(Box::new(Unfinished { failure, path: self.path }))
            }
        }
    }
}

/// The folder that was written to the disk last, and how that went: its files follow each other.
#[derive(Default)]
struct SyncedFolders {
    last: Option<(Arc<Folder>, io::Result<()>)>,
}

impl SyncedFolders {
    fn sync(&mut self, folder: &Arc<Folder>) -> io::Result<()> {
        if !self.last.as_ref().is_some_and(|(last, _)| Arc::ptr_eq(last, folder)) {
            self.last = Some((Arc::clone(folder), folder.sync()));
        }
        match &self.last {
            Some((_, Err(error))) => {
                Err(error.raw_os_error().map_or(error.kind().into(), io::Error::from_raw_os_error))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::codec::file_name::SafeName;
    use crate::model::Cause;
    use crate::store::inbox::Sent;

    #[test]
    fn many_files_are_finished_together_and_one_that_fails_leaves_the_others_be() {
        let place = tempfile::tempdir().unwrap();
        let inbox = Inbox::open(place.path()).unwrap();
        let below = inbox.enter(&SafeName::new(b"below")).unwrap();
        let begun = |inbox: &Inbox, name: &str, bytes: &[u8]| {
            let sent = Sent { name, size: bytes.len() as u64, modified_ns: None };
            let mut partial = inbox.resume(&SafeName::new(name.as_bytes()), sent).unwrap();
            partial.begin(0).unwrap();
            partial.write(bytes).unwrap();
            (partial, *blake3::hash(bytes).as_bytes())
        };
        let mut files = vec![begun(&inbox, "a", b"1"), begun(&below, "b", b"2"), begun(&inbox, "c", b"3")];
        files[1].1 = [0; 32];
        // The same name again, from another sender.
        files.push(begun(&inbox, "a", b"44"));
        let mut waits = 0;
        let ends = finish_all(files, || waits += 1);
        assert_eq!(waits, 4 + 3, "for each file, and for the folder of each that has its name");
        let named: Vec<_> = ends.iter().map(|end| end.as_ref().ok().map(|path| fs::read(path).unwrap())).collect();
        assert_eq!(named, [Some(b"1".to_vec()), None, Some(b"3".to_vec()), Some(b"44".to_vec())]);
        assert!(matches!(&ends[1], Err(unfinished) if unfinished.failure.cause == Cause::Damaged));
        assert_eq!(ends[3].as_ref().unwrap().file_name().unwrap(), "a (2)");
        assert_eq!(fs::read_dir(place.path().join("below")).unwrap().count(), 0);
    }
}

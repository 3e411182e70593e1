use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use super::{Finished, Inbox, Unfinished, numbers};
use crate::codec::file_name::SafeName;
use crate::model::{Failure, Operation};

/// A file that is being received. Until [`Incoming::finish`] its name says that it is incomplete; dropping it leaves it
/// so, as [`Incoming::abandon`] does.
#[derive(Debug)]
pub struct Incoming {
    pub(super) inbox: Inbox,
    pub(super) file: File,
    pub(super) name: SafeName,
    pub(super) temporary: String,
    written: u64,
}

impl Incoming {
    pub(super) fn new(inbox: Inbox, file: File, name: SafeName, temporary: String) -> Self {
        Self { inbox, file, name, temporary, written: 0 }
    }

    /// Where it lies while it is incomplete.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.inbox.path_of(&self.temporary)
    }

    /// Writes all of the bytes. Blocks while the file system does.
    ///
    /// # Errors
    /// What the system says, a full disk above all; [`Incoming::written`] then has what went in before.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), Failure> {
        while !bytes.is_empty() {
            let error = match self.file.write(bytes) {
                Ok(0) => io::ErrorKind::WriteZero.into(),
                Ok(written) => {
                    self.written += written as u64;
                    bytes = &bytes[written..];
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => error,
            };
            return Err(self.inbox.failure(Operation::WriteFile, &self.temporary, &error));
        }
        Ok(())
    }

    /// Bytes written.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Gives the file its name, or the first of `name (2).txt`, `name (3).txt`, … that nothing in the folder has. Names
    /// that differ only in letter case or in Unicode's form count as the same, since on other systems they are. Where a
    /// thousand are taken the number is one by chance. Returns where it lies.
    /// The bytes are with the system then; whether they are on the disk yet is up to it, as for any copied file.
    ///
    /// # Errors
    /// With the path at which it still lies as incomplete.
    pub fn finish(self) -> Finished {
        self.rename().map(|(path, _)| path)
    }

    /// As [`Incoming::finish`], of a copy that nobody misses: one that can't have its name is removed.
    ///
    /// # Errors
    /// As [`Incoming::finish`].
    pub fn finish_or_discard(self) -> Result<PathBuf, Failure> {
        match self.rename() {
            Ok((path, _)) => Ok(path),
            Err(unfinished) => {
                self.discard();
                Err(unfinished.failure)
            }
        }
    }

    /// With the number that its name has.
    pub(super) fn rename(&self) -> Result<(PathBuf, u32), Box<Unfinished>> {
        let failed = |name: &str, error: &io::Error| {
            let failure = self.inbox.failure(Operation::FinishFile, name, error);
            Box::new(Unfinished { failure, path: self.path() })
        };
        let folder = &self.inbox.folder;
        match folder.is_same(&self.temporary, &self.file) {
            Ok(true) => {}
            // Somebody moved it away; what stands in its place is not what was received.
            Ok(false) => return Err(failed(&self.temporary, &io::ErrorKind::NotFound.into())),
            Err(error) => return Err(failed(&self.temporary, &error)),
        }
        let mut names = self.inbox.names.lock();
        names.refresh(folder).map_err(|error| failed(self.name.as_str(), &error))?;
        for number in numbers() {
            let name = if number == 1 { self.name.clone() } else { self.name.numbered(number) };
            if names.has(name.as_str()) {
                continue;
            }
            match folder.move_to_new(&self.temporary, name.as_str()) {
                Ok(()) => {
                    names.add(name.as_str());
                    return Ok((self.inbox.path_of(name.as_str()), number));
                }
                // It came into being since the folder was read.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => names.add(name.as_str()),
                Err(error) => return Err(failed(name.as_str(), &error)),
            }
        }
        Err(failed(self.name.as_str(), &io::ErrorKind::AlreadyExists.into()))
    }

    /// Leaves the file as it is, an empty one too: that nothing came is worth seeing, and its name says that it is
    /// incomplete. Returns where it lies.
    #[must_use]
    pub fn abandon(self) -> PathBuf {
        self.path()
    }

    /// Removes it; what somebody else put in its place stays.
    pub fn discard(self) {
        let folder = &self.inbox.folder;
        let removed = folder.is_same(&self.temporary, &self.file).and_then(|is_same| match is_same {
            true => folder.remove(&self.temporary),
            false => Ok(()),
        });
        if let Err(error) = removed {
            tracing::debug!(%error, temporary = self.temporary, "an incomplete file");
        }
    }
}

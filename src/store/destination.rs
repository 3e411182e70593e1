//! What the user named for a copy to go to.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::advice::file_failure;
use super::outlet::Outlet;
use super::replacement::Replacement;
use crate::model::{Cause, Failure, Hint, Operation};

/// Where a copy is written to.
#[derive(Debug)]
pub(super) enum Destination {
    /// A file, or nothing yet: what is there stays until the commit.
    File(Replacement),
    /// What others read from as it is written.
    Outlet(Outlet),
}

impl Destination {
    /// Opens what is there, which may wait for somebody to read from it until the flag is set.
    ///
    /// # Errors
    /// What the system says; [`Cause::NotARegularFile`] for what can't be written to, nor may be replaced: block devices,
    /// Unix sockets.
    pub(super) fn open(path: &Path, cancelled: &Arc<AtomicBool>) -> Result<Self, Failure> {
        let opened = Outlet::at(path, cancelled);
        match opened.map_err(|error| file_failure(Operation::OpenFile, path.display(), &error))? {
            Some(outlet) => Ok(Self::Outlet(outlet)),
            None => Self::file(path).map(Self::File),
        }
    }

    /// What is to be a file in any case.
    ///
    /// # Errors
    /// What the system says of the folder; [`Cause::NotARegularFile`] where something else is.
    pub(super) fn file(path: &Path) -> Result<Replacement, Failure> {
        Replacement::create(path).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput => {
                let failure = Failure::new(Operation::CreateFile, path.display(), Cause::NotARegularFile);
                failure.with_hint(Hint::ChooseAFile)
            }
            _ => file_failure(Operation::CreateFile, path.display(), &error),
        })
    }

    /// Ends a copy that is whole.
    ///
    /// # Errors
    /// As [`Replacement::commit`].
    pub(super) fn commit(self) -> io::Result<()> {
        match self {
            Self::File(file) => file.commit(),
            Self::Outlet(mut outlet) => outlet.flush(),
        }
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.file().write(bytes),
            Self::Outlet(outlet) => outlet.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.file().flush(),
            Self::Outlet(outlet) => outlet.flush(),
        }
    }
}

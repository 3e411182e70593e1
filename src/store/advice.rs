//! Failures of file system calls, with what to do about them.

use std::fmt;
use std::io;
use std::path::Path;

use super::missing;
use crate::model::{Cause, Failure, Hint, Operation};

/// A failed call on a file, with the hint that goes with its cause.
pub(super) fn file_failure(operation: Operation, subject: impl fmt::Display, error: &io::Error) -> Failure {
    advise(Failure::io(operation, subject, error))
}

/// Adds the hint that the cause suggests; one that is there stays.
pub(super) fn advise(failure: Failure) -> Failure {
    let hint = match &failure.cause {
        _ if failure.hint.is_some() => None,
        Cause::StorageFull => Some(Hint::FreeSpace),
        Cause::PermissionDenied => Some(Hint::CheckRights),
        Cause::PathTooLong => Some(Hint::ShortenThePath),
        Cause::NotFound => missing::on_the_way(Path::new(&failure.subject)),
        Cause::IsDirectory | Cause::NotAJournal | Cause::JournalTables => Some(Hint::ChooseAFile),
        Cause::NotADirectory => missing::on_the_way(Path::new(&failure.subject)).or(Some(Hint::ChooseAFolder)),
        Cause::OutOfDescriptors => Some(Hint::RaiseDescriptorLimit),
        Cause::OutOfMemory => Some(Hint::FreeMemory),
        Cause::ReadOnlyStorage => Some(Hint::ChooseAnotherPlace),
        Cause::DeviceFault => Some(Hint::CheckTheDevice),
        Cause::LinkLoop => Some(Hint::CheckTheLinks),
        _ => None,
    };
    match hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use nix::errno::Errno;

    use super::*;

    #[test]
    fn what_no_right_would_help_has_other_advice() {
        for (errno, cause, hint) in [
            (Errno::EACCES, Cause::PermissionDenied, Hint::CheckRights),
            (Errno::EROFS, Cause::ReadOnlyStorage, Hint::ChooseAnotherPlace),
            (Errno::EIO, Cause::DeviceFault, Hint::CheckTheDevice),
            (Errno::ENOMEM, Cause::OutOfMemory, Hint::FreeMemory),
        ] {
            let failure = file_failure(Operation::CreateFile, "a", &errno.into());
            assert_eq!((failure.cause, failure.hint), (cause, Some(hint)), "{errno}");
        }
    }

    #[test]
    fn links_that_lead_round_in_a_circle_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let [here, there] = ["here", "there"].map(|name| folder.path().join(name));
        symlink(&here, &there).unwrap();
        symlink(&there, &here).unwrap();
        let failure = file_failure(Operation::OpenFile, here.display(), &fs::read(&here).unwrap_err());
        assert_eq!((failure.cause, failure.hint), (Cause::LinkLoop, Some(Hint::CheckTheLinks)));
    }
}

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
        Cause::IsDirectory => Some(Hint::ChooseAFile),
        Cause::NotADirectory => missing::on_the_way(Path::new(&failure.subject)).or(Some(Hint::ChooseAFolder)),
        Cause::OutOfDescriptors => Some(Hint::RaiseDescriptorLimit),
        _ => None,
    };
    match hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}

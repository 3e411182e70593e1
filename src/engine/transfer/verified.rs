//! Files that are verified: what `proto` decides, carried out over a stream and a folder, with reading, writing and hashing
//! on threads beside those of the stream.

mod dialogue;
mod incoming;
mod reading;
mod writing;

pub(in crate::engine) use dialogue::Dialogue;
pub(super) use incoming::VerifiedReceiving;

use crate::model::{CancelReason, Cause, Failure};
use crate::proto::transfer::DATA_MAX;

/// Bytes of a piece on its way between a stream and a file: those of the largest frame of data.
const PIECE: usize = DATA_MAX as usize;

/// Pieces on their way between two threads: enough that neither waits for the other's every step.
const PIECES: usize = 4;

/// What the other side is told of a failure at this one.
fn reason_for(failure: &Failure) -> CancelReason {
    match failure.cause {
        Cause::StorageFull | Cause::FileTooLarge => CancelReason::NoRoom,
        Cause::Damaged => CancelReason::Mismatch,
        Cause::SourceChanged => CancelReason::Changed,
        Cause::Cancelled => CancelReason::Stopped,
        Cause::Declined => CancelReason::Declined,
        Cause::OverTheLimit { .. } | Cause::EnoughFiles { .. } => CancelReason::Limit,
        _ => CancelReason::Storage,
    }
}

//! Files on their way: bytes between `net` and `store`, decisions from `proto`, one row of the journal each.

mod meter;
mod receiving;
mod sending;

pub(super) use receiving::Receiving;
pub(super) use sending::send;

use std::path::Path;

use super::core::Core;
use super::session::Session;
use crate::model::{Direction, Event, Failure, Outcome, RowBody, SendMode, TransferInfo};

/// Records and tells how a file ended.
fn conclude(
    core: &Core,
    session: &Session,
    info: &TransferInfo,
    path: &Path,
    meter: &meter::Meter,
    mode: SendMode,
    outcome: Outcome,
    failure: Option<Failure>,
) {
    core.end_transfer(info.id);
    if let Some(failure) = &failure {
        core.record(session.info.socket, Some(session), RowBody::Failed { failure: failure.clone() });
    }
    let body = RowBody::File {
        direction: info.direction,
        name: info.name.clone(),
        path: path.display().to_string(),
        size: meter.done(),
        duration_ns: u64::try_from(meter.elapsed().as_nanos()).unwrap_or(u64::MAX),
        outcome,
        mode,
    };
    core.record(session.info.socket, Some(session), body);
    core.outbox.send(Event::TransferProgress { transfer: info.id, progress: meter.progress() });
    core.outbox.send(Event::TransferEnded {
        transfer: info.id,
        outcome,
        path: path.to_owned(),
        size: meter.done(),
        failure,
    });
}

/// What stands in a row and a list for a file in either direction.
fn describe(
    session: &Session,
    id: crate::model::TransferId,
    direction: Direction,
    name: String,
    path: &Path,
    size: Option<u64>,
) -> TransferInfo {
    TransferInfo { id, session: session.info.id, direction, name, path: path.to_owned(), size }
}

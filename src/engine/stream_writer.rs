//! The thread that sends on one stream.

use std::io;
use std::sync::Arc;

use crossbeam_channel::select;

use super::core::Core;
use super::send_queue::{Outgoing, WriterSeat};
use super::session::Session;
use super::transfer;
use crate::model::{Cause, CloseReason, Failure, Operation};
use crate::net::Stream;

/// Sends what is queued until nothing follows, the session stops, or a call fails. What is then still queued is told.
pub(super) fn run(session: &Arc<Session>, core: &Core, stream: &Stream, seat: &WriterSeat) {
    while let Some(item) = next(session, seat) {
        let is_last = match item {
            Outgoing::Message(bytes) => match session.write_queued(core, stream, &bytes) {
                Ok(()) => false,
                // Told to stop: what is still reserved is reported as not sent.
                Err(None) => true,
                Err(Some(error)) => {
                    give_up(session, core, &error);
                    true
                }
            },
            Outgoing::File { path, mode } => match transfer::send(session, core, stream, &path, mode) {
                Ok(()) => false,
                Err(error) => {
                    // The file's own end has told it.
                    session.request_stop(reason_for(session, &Cause::from(&error)));
                    true
                }
            },
            Outgoing::Finish => {
                // An automatic answer may be half out.
                let _gate = session.hold_gate();
                session.finish_sending(core, stream);
                false
            }
            Outgoing::End => true,
        };
        // Both directions are over. A file that is sent the tutorial's way finishes by itself.
        if is_last || session.has_finished_sending() && session.peer_end().is_some() {
            break;
        }
    }
    for item in seat.queue.try_iter() {
        // Bytes of messages stay reserved and are told by the session's conclusion.
        if let Outgoing::File { path, mode } = item {
            let cause = if session.stop.is_requested() { Cause::Cancelled } else { Cause::BrokenPipe };
            transfer::refuse(session, core, &path, mode, cause);
        }
    }
}

/// Blocks for the next thing to do; `None` when told to stop. What was queued before an orderly stop still goes out; a
/// file is too long for that.
fn next(session: &Session, seat: &WriterSeat) -> Option<Outgoing> {
    let item = select! {
        recv(seat.queue) -> item => item.ok()?,
        recv(session.stop.requested()) -> _ => seat.queue.try_recv().ok()?,
    };
    if !session.stop.is_requested() {
        return Some(item);
    }
    match item {
        Outgoing::Message(_) | Outgoing::Finish if !session.stop.is_urgent() => Some(item),
        // Kept for the report of what was not sent.
        Outgoing::File { .. } => {
            session.put_back(item);
            None
        }
        _ => None,
    }
}

/// A send failed, so the connection is of no more use: the receiving thread concludes it.
pub(super) fn give_up(session: &Session, core: &Core, error: &io::Error) {
    let failure = Failure::io(Operation::Send, &session.peer, error);
    let reason = reason_for(session, &failure.cause);
    core.fail(session.info.socket, Some(session), failure);
    session.request_stop(reason);
}

fn reason_for(session: &Session, cause: &Cause) -> CloseReason {
    match cause {
        // After this side has finished, the call fails by that and not by the peer.
        Cause::BrokenPipe if session.has_finished_sending() => CloseReason::Error,
        Cause::ConnectionReset | Cause::BrokenPipe | Cause::NotConnected => CloseReason::Reset,
        _ => CloseReason::Error,
    }
}

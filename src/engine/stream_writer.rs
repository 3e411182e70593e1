//! The thread that sends on one stream.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{after, never, select};

use super::core::Core;
use super::send_queue::{Outgoing, WriterSeat};
use super::session::Session;
use super::transfer::{self, Dialogue};
use crate::model::{Cause, CloseReason, Failure, Operation, SendMode};
use crate::net::Stream;

/// How often the silence of a receiver of verified files is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Sends what is queued until nothing follows, the session stops, or a call fails. What is then still queued is told.
pub(super) fn run(session: &Arc<Session>, core: &Core, stream: &Stream, seat: &WriterSeat) {
    let mut dialogue: Option<Dialogue<'_>> = None;
    let mut files = 0;
    while let Some(item) = next(session, seat, &mut dialogue) {
        if let Outgoing::File { path, mode } = &item {
            files += 1;
            if let Some(cause) = session.cancels.of(files) {
                transfer::refuse(session, core, path, *mode, cause);
                continue;
            }
        }
        let is_last = match item {
            Outgoing::Message(_) if dialogue.is_some() => {
                let failure = Failure::new(Operation::Send, &session.peer, Cause::FilesOnly);
                core.fail(session.info.socket, Some(session), failure);
                false
            }
            Outgoing::File { path, mode } if dialogue.is_some() && mode != SendMode::Verified => {
                transfer::refuse(session, core, &path, mode, Cause::FilesOnly);
                false
            }
            Outgoing::File { path, mode: SendMode::Verified } => {
                if dialogue.is_none() {
                    match Dialogue::begin(session, core, stream) {
                        Ok(begun) => dialogue = Some(begun),
                        Err(cause) => transfer::refuse(session, core, &path, SendMode::Verified, cause),
                    }
                }
                let sent = dialogue.as_mut().map_or(Ok(()), |dialogue| dialogue.send(&path, files));
                sent.is_err_and(|error| {
                    dialogue = None;
                    session.request_stop(reason_for(session, &Cause::from(&error)));
                    true
                })
            }
            Outgoing::Message(bytes) => match session.write_queued(core, stream, &bytes) {
                Ok(()) => false,
                // Told to stop: what is still reserved is reported as not sent.
                Err(None) => true,
                Err(Some(error)) => {
                    give_up(session, core, &error);
                    true
                }
            },
            Outgoing::File { path, mode } => match transfer::send(session, core, stream, &path, mode, files) {
                Ok(()) => false,
                Err(error) => {
                    // The file's own end has told it.
                    session.request_stop(reason_for(session, &Cause::from(&error)));
                    true
                }
            },
            Outgoing::Finish | Outgoing::End if let Some(dialogue) = dialogue.take() => {
                match dialogue.finish() {
                    Ok(()) => session.finish_sending(core, stream),
                    Err(error) => session.request_stop(reason_for(session, &Cause::from(&error))),
                }
                matches!(item, Outgoing::End)
            }
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
    if let Some(dialogue) = dialogue {
        dialogue.stop();
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
fn next(session: &Session, seat: &WriterSeat, dialogue: &mut Option<Dialogue<'_>>) -> Option<Outgoing> {
    let over = |error: io::Error| session.request_stop(reason_for(session, &Cause::from(&error)));
    let item = loop {
        // Small files wait for company, and there is none.
        if seat.queue.is_empty()
            && let Some(waiting) = dialogue
            && let Err(error) = waiting.say_what_waits()
        {
            *dialogue = None;
            over(error);
        }
        let feed = dialogue.as_ref().filter(|dialogue| dialogue.is_waiting()).map(|dialogue| dialogue.feed().clone());
        let is_waiting = feed.is_some();
        let heard = select! {
            recv(seat.queue) -> item => break item.ok()?,
            recv(session.stop.requested()) -> _ => break seat.queue.try_recv().ok()?,
            recv(feed.unwrap_or_else(never)) -> bytes => Some(bytes.ok()),
            recv(if is_waiting { after(LOOK) } else { never() }) -> _ => None,
        };
        let Some(waiting) = dialogue else { continue };
        let result = match heard {
            Some(bytes) => waiting.listen_to(bytes),
            None => waiting.look_at_the_time(),
        };
        if let Err(error) = result {
            *dialogue = None;
            over(error);
        }
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

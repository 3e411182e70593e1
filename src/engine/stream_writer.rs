//! The thread that sends on one stream.

use crossbeam_channel::select;

use super::core::Core;
use super::session::{Outgoing, Session, WriterSeat};
use super::transfer;
use crate::model::{Cause, CloseReason, Failure, Operation};
use crate::net::Stream;

/// Sends what is queued until nothing follows, the session stops, or a call fails.
pub(super) fn run(session: &std::sync::Arc<Session>, core: &Core, stream: &Stream, seat: &WriterSeat) {
    loop {
        let item = select! {
            recv(seat.queue) -> item => item,
            // What was queued before an orderly stop still goes out; a file is too long for that.
            recv(session.stop.requested()) -> _ => match seat.queue.try_recv() {
                Ok(item) if !session.stop.is_urgent() => Ok(item),
                _ => return,
            },
        };
        match item {
            Ok(Outgoing::Message(bytes)) => {
                let result = session.write(core, stream, &bytes);
                match result {
                    Ok(()) => session.traffic.release(bytes.len() as u64),
                    // Told to stop: what is still counted as queued is reported as not sent.
                    Err(None) => return,
                    Err(Some(error)) => {
                        session.traffic.release(bytes.len() as u64);
                        return give_up(session, core, &error);
                    }
                }
            }
            Ok(Outgoing::File { path, mode }) => {
                if let Err(error) = transfer::send(session, core, stream, &path, mode) {
                    return give_up(session, core, &error);
                }
            }
            Ok(Outgoing::Finish) => session.finish_sending(core, stream),
            Ok(Outgoing::End) | Err(_) => return,
        }
        // Both directions are over. A file that is sent the tutorial's way finishes by itself.
        if session.has_finished_sending() && session.peer_end().is_some() {
            return;
        }
    }
}

/// A send failed, so the connection is of no more use: the receiving thread concludes it.
fn give_up(session: &Session, core: &Core, error: &std::io::Error) {
    let failure = Failure::io(Operation::Send, &session.peer, error);
    let reason = match failure.cause {
        Cause::ConnectionReset | Cause::BrokenPipe | Cause::NotConnected => CloseReason::Reset,
        _ => CloseReason::Error,
    };
    core.fail(session.info.socket, Some(session), failure);
    session.request_stop(reason);
}

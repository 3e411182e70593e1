//! Options as the kernel has them, and the live state of sockets. Nothing here blocks: the control thread does it.

use std::sync::Arc;

use super::core::Core;
use super::session::Session;
use super::socket_control::SocketControl;
use crate::model::{Event, Failure, Life, OptionAnswer, OptionValue, RowBody, SocketOption};
use crate::net::OpenSocket;

/// Tells what the kernel made of the options that were asked for. Once a socket is there, and after each change.
pub(super) fn tell_answers(
    core: &Core,
    control: &SocketControl,
    session: Option<&Session>,
    answers: Vec<OptionAnswer>,
) {
    if answers.is_empty() {
        return;
    }
    for OptionAnswer { option, asked, answer } in &answers {
        let life = Life::OptionSet {
            option: option.name().to_owned(),
            asked: asked.to_string(),
            answer: answer.as_ref().map(ToString::to_string),
        };
        core.life(control.id, session, life);
    }
    let session = session.map(|session| session.info.id);
    core.outbox.send(Event::OptionsAnswered { socket: control.id, session, answers });
}

/// As [`tell_answers`], for a client that has just connected.
pub(super) fn tell_client_answers(core: &Core, control: &SocketControl, session: &Session) {
    let answers = session.with_socket(|socket| socket.answers(&control.options)).unwrap_or_default();
    tell_answers(core, control, Some(session), answers);
}

/// Looks at a session's socket, or at the listener's own. One that is closed has no state, and nothing is told.
pub(super) fn inspect(core: &Core, control: &SocketControl, session: Option<&Session>) {
    if let Some(state) = with_socket(control, session, |socket| socket.state()) {
        let session = session.map(|session| session.info.id);
        core.outbox.send(Event::Inspected { socket: control.id, session, state: Arc::new(state) });
    }
}

/// As [`inspect`], for the round-trip time of a session's connection alone.
pub(super) fn inspect_round_trip(core: &Core, control: &SocketControl, session: Option<&Session>) {
    if let Some(session) = session
        && let Some(rtt) = session.with_socket(|socket| socket.round_trip())
    {
        let (socket, session) = (control.id, session.info.id);
        core.outbox.send(Event::RoundTripInspected { socket, session, rtt });
    }
}

/// Changes an option of a session's socket, or of the listener's own and of its open connections.
pub(super) fn set_option(
    core: &Core,
    control: &SocketControl,
    session: Option<&Session>,
    option: SocketOption,
    value: &OptionValue,
) {
    let changed: Option<Result<OptionAnswer, Failure>> =
        with_socket(control, session, |socket| socket.change(option, value));
    match changed {
        Some(Ok(answer)) => {
            tell_answers(core, control, session, vec![answer]);
            if session.is_none() && option.is_of_connections() && control.accepts_connections() {
                set_for_connections(core, control, option, value);
            }
        }
        Some(Err(failure)) => core.fail(control.id, session, failure),
        // Closed meanwhile, which has been told.
        None => {}
    }
}

/// Refusals of one change that a face is told; the journal has all.
const REFUSALS_MAX: usize = 16;

/// Changes an option of each connection that is open: half a dozen system calls for each, and none that blocks.
fn set_for_connections(core: &Core, control: &SocketControl, option: SocketOption, value: &OptionValue) {
    // First: a connection that is being accepted is given it before it is announced, or is among the sessions already.
    control.give_to_accepted(option, value.clone());
    let mut sessions = core.sessions_of(control.id);
    sessions.sort_unstable_by_key(|session| session.info.id);
    let mut refusals = 0;
    for session in sessions {
        match session.with_socket(|socket| socket.change(option, value)) {
            Some(Ok(answer)) => tell_answers(core, control, Some(&session), vec![answer]),
            Some(Err(failure)) if refusals < REFUSALS_MAX => {
                refusals += 1;
                core.fail(control.id, Some(&session), failure);
            }
            Some(Err(failure)) => core.record(control.id, Some(&session), RowBody::Failed { failure }),
            // Closed meanwhile, which has been told.
            None => {}
        }
    }
}

/// Gives a connection that has just been accepted what its listener was given while it listened: one that waited in the
/// queue inherited what the listener had before. Returns what was refused.
pub(super) fn catch_up(session: &Session, given: &[(SocketOption, OptionValue)]) -> Vec<Failure> {
    let give = |(option, value): &(SocketOption, OptionValue)| {
        session.with_socket(|socket| socket.change(*option, value)).and_then(Result::err)
    };
    given.iter().filter_map(give).collect()
}

/// Looks at a session's socket, or at the listener's own; `None` where it is closed.
pub(super) fn with_socket<T>(
    control: &SocketControl,
    session: Option<&Session>,
    look: impl FnOnce(OpenSocket<'_>) -> T,
) -> Option<T> {
    match session {
        Some(session) => session.with_socket(look),
        None => control.with_listening(look),
    }
}

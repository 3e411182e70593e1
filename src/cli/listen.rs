//! `listen` and `receive`.

use std::time::Instant;

use super::console::{Console, Ending, Turn};
use crate::engine::Engine;
use crate::model::{BrowserContent, Command, Event, ListenSpec};

/// Listens until a signal, until the listener stops by itself, or until it fails.
pub(super) fn run(console: &mut Console, spec: ListenSpec) -> Ending {
    // Before anybody is invited to send into it.
    if let Some(Err(failure)) = spec.receive.folder().map(|folder| Engine::check_inbox(folder)) {
        console.tell_failure(&failure);
        return Ending::Failed;
    }
    if let Some(Err(failure)) = spec.browser.as_ref().map(Engine::check_site) {
        console.tell_failure(&failure);
        return Ending::Failed;
    }
    let shows_browsers = spec.browser.is_some();
    let socket = console.engine().new_socket();
    console.engine().send(Command::Listen { socket, spec: Box::new(spec) });
    // What was asked for has not happened where a signal comes before.
    let mut listening = false;
    let mut deadline = None;
    loop {
        match console.next(deadline) {
            Turn::Event(Event::Listening { endpoint, .. }) => {
                listening = true;
                if let Some(url) = BrowserContent::url(&endpoint).filter(|_| shows_browsers) {
                    console.tell_url(&url);
                }
            }
            Turn::Event(Event::StoppedListening { .. }) | Turn::Deadline => return Ending::failed_if(!listening),
            // Once it listens, a failure is one session's or passes; before, nothing is there to go on with.
            Turn::Event(Event::Failed { socket: Some(_), session: None, .. }) if !listening => return Ending::Failed,
            Turn::Interrupted => {
                console.engine().send(Command::StopListening { socket });
                deadline = Some(Instant::now() + Console::GRACE);
            }
            Turn::Event(_) | Turn::Input(_) => {}
        }
    }
}

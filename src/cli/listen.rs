//! `listen` and `receive`.

use std::time::Instant;

use super::commands::Commands;
use super::console::{Console, Ending, Turn};
use super::report::Fact;
use super::request::ListenTask;
use super::standard_input::{self, Chunk};
use crate::engine::Engine;
use crate::model::{BrowserContent, Command, Event, Failure, Operation, Recipients, Role};

/// Listens until a signal or a command, until the listener stops by itself, or until it fails.
pub(super) fn run(console: &mut Console, task: ListenTask) -> Ending {
    let ListenTask { spec, commands } = task;
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
    let mut commands = commands.then(|| Commands::new(socket, Role::Server, &spec.target.endpoint, false));
    console.engine().send(Command::Listen { socket, spec: Box::new(spec) });
    // What was asked for has not happened where a signal comes before.
    let mut listening = false;
    let mut failed = false;
    let mut input = None;
    let mut deadline = None;
    loop {
        let turn = console.next_with_input(input.as_ref(), deadline);
        if let (Some(commands), Turn::Event(event)) = (&mut commands, &turn) {
            commands.observe(event);
        }
        let is_over = match turn {
            Turn::Event(Event::Listening { endpoint, .. }) => {
                listening = true;
                if let Some(url) = BrowserContent::url(&endpoint).filter(|_| shows_browsers) {
                    console.tell(&Fact::ForBrowsers { url: &url });
                }
                input = commands.is_some().then(|| standard_input::read(console.engine()));
                false
            }
            Turn::Event(Event::StoppedListening { .. }) | Turn::Deadline => {
                failed |= commands.is_some_and(|commands| commands.failed());
                return Ending::failed_if(!listening || failed);
            }
            // Once it listens, a failure is one session's or passes; before, nothing is there to go on with.
            Turn::Event(Event::Failed { socket: Some(_), session: None, .. }) if !listening => return Ending::Failed,
            Turn::Input(chunk) => {
                let done = commands.as_mut().map(|commands| commands.carry_out(&chunk, &Recipients::All, console));
                if let Chunk::Failed(error) = &chunk {
                    console.tell_failure(&Failure::io(Operation::ReadFile, "-", error));
                    failed = true;
                }
                if !matches!(chunk, Chunk::Bytes(_)) {
                    input = None;
                }
                done.is_some_and(|done| done.quit)
            }
            Turn::Interrupted => true,
            Turn::Event(_) => false,
        };
        if is_over {
            input = None;
            console.engine().send(Command::StopListening { socket });
            deadline = Some(Instant::now() + Console::GRACE);
        }
    }
}

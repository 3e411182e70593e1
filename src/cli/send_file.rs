//! `send-file`: a connection for each plain file, because nothing marks the border between two; one for all verified ones.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::console::{Console, Ending, Turn};
use super::request::SendFilesTask;
use crate::engine::Engine;
use crate::model::{
    CloseReason, Command, ConnectSpec, Event, Failure, Outcome, Purpose, Recipients, SendMode, Target, TransferEnd,
};

/// How long a peer may take to close after it was told that all is sent. A slow one still gets every byte; it is then
/// not known whether it read them.
const PEER_CLOSE_WAIT: Duration = Duration::from_secs(5);

/// Sends one file after the other; plain ones stop at the first that can't be sent. Unless all can be read, no connection is made.
pub(super) fn run(console: &mut Console, task: SendFilesTask) -> Ending {
    let SendFilesTask { target, files, mode } = task;
    let unreadable: Vec<Failure> = files.iter().filter_map(|file| Engine::check_source(file, mode).err()).collect();
    if !unreadable.is_empty() {
        for failure in &unreadable {
            console.tell_failure(failure);
        }
        return Ending::Failed;
    }
    if mode == SendMode::Verified {
        return send(console, &target, files, mode);
    }
    for file in files {
        if send(console, &target, vec![file], mode) == Ending::Failed {
            return Ending::Failed;
        }
    }
    Ending::Done
}

/// Sends files over one connection.
fn send(console: &mut Console, target: &Target, files: Vec<PathBuf>, mode: SendMode) -> Ending {
    let socket = console.engine().new_socket();
    // A peer that has nothing to say may finish sending first, and still wants the file.
    let purpose = if mode == SendMode::Verified { Purpose::SendsFiles } else { Purpose::Talk };
    let spec = ConnectSpec { stay_half_open: true, purpose, ..ConnectSpec::new(target.clone()) };
    console.engine().send(Command::Connect { socket, spec: Box::new(spec) });
    let mut unended = files.len();
    let mut waiting = Some(files);
    let mut session = None;
    let mut failed = false;
    let mut deadline = None;
    let mut stopping = false;
    loop {
        let turn = console.next(deadline);
        match turn {
            Turn::Event(Event::Opened { info, .. }) => {
                session = Some(info.id);
                let paths = waiting.take().unwrap_or_default();
                console.engine().send(Command::SendFiles { socket, to: Recipients::All, paths, mode });
                // Nobody knows how many files are in a folder. All that was asked for is sent before the end.
                if mode == SendMode::Verified {
                    console.engine().send(Command::FinishSending { session: info.id });
                }
            }
            Turn::Event(Event::TransferEnded { end, .. }) if mode == SendMode::Verified => {
                failed |= end.outcome != Outcome::Verified;
            }
            Turn::Event(Event::FinishedSending { .. }) if mode == SendMode::Verified => {
                unended = 0;
                deadline = Some(Instant::now() + PEER_CLOSE_WAIT);
            }
            Turn::Event(Event::TransferEnded { end: TransferEnd { outcome, .. }, .. }) => {
                unended = unended.saturating_sub(1);
                failed |= outcome != Outcome::HandedOver;
                if unended > 0 {
                    continue;
                }
                deadline = Some(Instant::now() + PEER_CLOSE_WAIT);
                let finishes = outcome == Outcome::HandedOver && mode == SendMode::Raw;
                if let Some(session) = session.filter(|_| finishes) {
                    console.engine().send(Command::FinishSending { session });
                }
            }
            Turn::Event(Event::Closed { reason, .. }) => {
                failed |= unended > 0 || matches!(reason, CloseReason::Reset | CloseReason::Error);
            }
            Turn::Event(Event::Failed { socket: Some(_), .. }) => failed = true,
            Turn::Event(Event::Disconnected { .. }) => return Ending::failed_if(failed),
            Turn::Deadline if stopping => return Ending::failed_if(failed),
            Turn::Deadline | Turn::Interrupted => {
                failed |= unended > 0;
                stopping = true;
                deadline = Some(Instant::now() + Console::GRACE);
                console.engine().send(Command::Disconnect { socket });
            }
            Turn::Event(_) | Turn::Input(_) => {}
        }
    }
}

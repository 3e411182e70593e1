//! A file that is written to while it is sent, which arrives as neither what it was nor what it is.

use std::fs;
use std::path::Path;

use sockeye::model::{
    CancelReason, Cause, Command, Direction, Event, Outcome, ReceiveMode, Recipients, SendMode, SocketId, TransferId,
};

use crate::hand::end_of;
use crate::harness::{Harness, noise};

const LEN: usize = 64 << 20;

fn started(h: &mut Harness, direction: Direction) -> TransferId {
    h.wait("a start", |event| match event {
        Event::TransferStarted(info) if info.direction == direction => Some(info.id),
        _ => None,
    })
}

/// Sends it and has it rest; `None` if it was through before.
fn resting(h: &mut Harness, socket: SocketId, path: &Path) -> Option<[TransferId; 2]> {
    let (paths, mode) = (vec![path.to_owned()], SendMode::Verified);
    h.engine.send(Command::SendFiles { socket, to: Recipients::All, paths, mode });
    let out = started(h, Direction::Out);
    h.engine.send(Command::PauseTransfer { transfer: out, paused: true });
    let rests = h.wait("its rest", |event| match event {
        Event::TransferPaused { transfer, .. } if *transfer == out => Some(true),
        Event::TransferEnded { transfer, .. } if *transfer == out => Some(false),
        _ => None,
    });
    let comes = started(h, Direction::In);
    rests.then_some([out, comes])
}

#[test]
fn a_source_that_is_overwritten_while_it_rests_is_given_up_by_both_sides() {
    let [from, into] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let mut h = Harness::new();
    let receive = ReceiveMode::Verified { into: into.path().to_owned() };
    let (_, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = receive);
    let (client, _) = h.connect(&endpoint);
    let mut content = noise(LEN);
    // On a busy machine one may be through before it is told to rest.
    let (name, [out, comes]) = (0..10)
        .find_map(|attempt| {
            let name = format!("{attempt}.bin");
            let path = from.path().join(&name);
            fs::write(&path, &content).unwrap();
            resting(&mut h, client, &path).map(|ids| (name, ids))
        })
        .expect("one that rests");
    content.iter_mut().for_each(|byte| *byte = !*byte);
    fs::write(from.path().join(&name), &content).unwrap();
    h.engine.send(Command::PauseTransfer { transfer: out, paused: false });

    let end = end_of(&mut h, out);
    assert_eq!((end.outcome, end.failure.unwrap().cause), (Outcome::Incomplete, Cause::SourceChanged));
    let end = end_of(&mut h, comes);
    let cause = Cause::GivenUpByPeer { why: CancelReason::Changed, words: String::new() };
    assert_eq!((end.outcome, end.failure.unwrap().cause), (Outcome::Incomplete, cause));
    assert!(!into.path().join(&name).exists(), "it has no name of a whole file");
}

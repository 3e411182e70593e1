use std::io::Read as _;
use std::net::TcpListener;

use super::*;
use crate::engine::tests::{DEADLINE, waited};
use crate::engine::{Engine, EngineConfig, JournalPlace};
use crate::model::{Command, ConnectSpec, Event};

#[test]
fn a_file_that_was_cancelled_before_it_began_does_not_begin() {
    let peer = TcpListener::bind("127.0.0.1:0").unwrap();
    let engine = Engine::start(EngineConfig::new(JournalPlace::Nowhere)).unwrap();
    let target = format!("tcp://{}", peer.local_addr().unwrap()).parse().unwrap();
    let spec = Box::new(ConnectSpec::new(target));
    engine.send(Command::Connect { socket: engine.new_socket(), spec });
    let id = waited(&engine, |event| match event {
        Event::Opened { info, .. } => Some(info.id),
        _ => None,
    });
    let session = engine.core.session(id).unwrap();
    let stream = session.stream().unwrap();
    let folder = tempfile::tempdir().unwrap();

    // As its writer calls it for the first and the second file, all being cancelled while the first is opened.
    let mut outcomes = Vec::new();
    for (number, name) in [(1, "cancelled"), (2, "next")] {
        session.cancels.file_comes();
        if number == 1 {
            session.cancels.cancel_queued(Cause::Cancelled);
        }
        let path = folder.path().join(name);
        std::fs::write(&path, name).unwrap();
        send(&session, &engine.core, &stream, &path, SendMode::Raw, number).unwrap();
        outcomes.push(waited(&engine, |event| match event {
            Event::TransferEnded { end, .. } => Some((end.outcome, end.failure.map(|failure| failure.cause))),
            _ => None,
        }));
    }
    assert_eq!(outcomes, [(Outcome::Refused, Some(Cause::Cancelled)), (Outcome::HandedOver, None)]);
    let (mut files, _) = peer.accept().unwrap();
    files.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut came = [0; 4];
    files.read_exact(&mut came).unwrap();
    assert_eq!(&came, b"next");
}

//! The other side of verified files keeps silent, at each stage: nobody waits for it longer than is meant.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use sockeye::model::{Cause, Event, Failure, Outcome, ReceiveMode, SendMode, TransferFault};
use sockeye::proto::transfer::{
    DATA_MAX, Frame, Kind, MAGIC, Offer, Patience, ReceiveStep, Receiver, Role, Sender, TransferKey, data_header,
};

use crate::hand::{Hand, client_sends, end_of, file, started};
use crate::harness::{DEADLINE, Harness, port};

/// Long enough for what this side of a test says in between, on a busy machine too, and short enough to be waited for.
const SHORT: Duration = Duration::from_secs(3);

/// Of which no test sees the end.
const LONG: Duration = Duration::from_secs(3600);

const HELLO: Patience = Patience { hello: SHORT, idle: LONG };
const IDLE: Patience = Patience { hello: LONG, idle: SHORT };

fn is_idle(failure: &Failure) -> bool {
    failure.cause == Cause::ProtocolBroken { fault: TransferFault::Idle }
}

#[test]
fn a_receiver_that_does_not_greet_is_named() {
    let from = tempfile::tempdir().unwrap();
    let path = file(from.path(), "small.txt");
    let mut h = Harness::that_waits(HELLO);
    let (_, _talk, mut files) = client_sends(&mut h, &path);
    let answer = files.hear_greeting(Role::Receives);
    files.stream.write_all(&answer[..answer.len() - 1]).unwrap();
    let id = started(&mut h, "small.txt");
    let end = end_of(&mut h, id);
    assert_eq!((end.outcome, end.failure.unwrap().cause), (Outcome::Refused, Cause::NotVerifying));
}

/// Up to where a receiver is heard.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Offered,
    Accepted,
    Sent,
    AnswerBegun,
}

#[test]
fn a_sender_waits_only_so_long_for_its_receiver() {
    for stage in [Stage::Offered, Stage::Accepted, Stage::Sent, Stage::AnswerBegun] {
        let from = tempfile::tempdir().unwrap();
        let path = file(from.path(), "file");
        if matches!(stage, Stage::Offered | Stage::Accepted) {
            File::options().write(true).open(&path).unwrap().set_len(1 << 30).unwrap();
        }
        let mut h = Harness::that_waits(IDLE);
        let (_, _talk, mut files) = client_sends(&mut h, &path);
        let answer = files.hear_greeting(Role::Receives);
        files.stream.write_all(&answer).unwrap();
        let mut receiver = Receiver::new(Instant::now());
        let key = files.received(&mut receiver, |step, key| {
            let is_reached = match stage {
                Stage::Offered | Stage::Accepted => matches!(step, ReceiveStep::Offered(_)),
                Stage::Sent | Stage::AnswerBegun => matches!(step, ReceiveStep::End { .. }),
            };
            is_reached.then_some(key)
        });
        let key = key.unwrap();
        match stage {
            Stage::Offered | Stage::Sent => {}
            Stage::Accepted => files.say(|out| Frame::Accept { key, offset: 0, hash: [0; 32] }.write(out)),
            Stage::AnswerBegun => files.say(|out| {
                Frame::Commit { key }.write(out);
                out.pop();
            }),
        }
        let id = started(&mut h, "file");
        let end = end_of(&mut h, id);
        assert!(end.outcome == Outcome::Incomplete && is_idle(&end.failure.unwrap()), "{stage:?}");
    }
}

#[test]
fn a_receiver_waits_only_so_long_for_its_sender() {
    let into = tempfile::tempdir().unwrap();
    let mut h = Harness::that_waits(IDLE);
    let receive = ReceiveMode::Verified { into: into.path().to_owned() };
    let (_, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = receive);
    let key = TransferKey([1; 16]);
    let offer = Offer { key, kind: Kind::File, eager: false, size: 1 << 20, modified_ns: None, name: "file".into() };

    // In an offer.
    let mut files = Hand::call(&endpoint, Role::Sends);
    files.say(|out| {
        Frame::Offer(offer.clone()).write(out);
        out.pop();
    });
    let failure = h.failed();
    assert!(is_idle(&failure), "{failure:?}");

    // After its answer, and within the data.
    for begins in [false, true] {
        let mut files = Hand::call(&endpoint, Role::Sends);
        let mut sender = Sender::new(Instant::now());
        sender.offer(offer.clone(), Instant::now());
        files.say(|out| sender.poll_output(out));
        let id = started(&mut h, "file");
        files.answered(&mut sender);
        if begins {
            files.say(|out| {
                sender.poll_output(out);
                out.extend(data_header(DATA_MAX));
                out.push(0);
            });
        }
        let end = end_of(&mut h, id);
        assert!(end.outcome == Outcome::Incomplete && is_idle(&end.failure.unwrap()), "{begins}");
    }
    assert!(!into.path().join("file").exists());
}

#[test]
fn a_receiver_waits_only_so_long_for_its_sender_to_read() {
    let into = tempfile::tempdir().unwrap();
    let mut h = Harness::that_waits(IDLE);
    let receive = ReceiveMode::Verified { into: into.path().to_owned() };
    let (_, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = receive);
    let mut files = Hand::call(&endpoint, Role::Sends);
    files.stream.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
    // Each is answered, until no answer finds room any more.
    let mut offers = (0_u128..).map(|number| {
        let (key, kind, name) = (TransferKey(number.to_be_bytes()), Kind::Folder, "folder".to_owned());
        let mut frame = Vec::new();
        Frame::Offer(Offer { key, kind, eager: false, size: 0, modified_ns: None, name }).write(&mut frame);
        frame
    });
    let (begun, mut out) = (Instant::now(), Vec::new());
    loop {
        assert!(begun.elapsed() < DEADLINE, "it is waited for");
        if out.is_empty() {
            out = offers.by_ref().take(100).flatten().collect();
        }
        match files.stream.write(&out) {
            Ok(written) => drop(out.drain(..written)),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
    }
    let failure = h.failed();
    assert!(is_idle(&failure), "{failure:?}");
}

#[test]
fn who_connects_has_only_so_long_for_its_hello() {
    let into = tempfile::tempdir().unwrap();
    let mut h = Harness::that_waits(HELLO);
    let receive = ReceiveMode::Verified { into: into.path().to_owned() };
    let (_, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = receive);
    let mut peer = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
    peer.set_read_timeout(Some(DEADLINE)).unwrap();
    peer.write_all(&[&MAGIC[..], &[1, 1, 0]].concat()).unwrap();
    assert_eq!(h.failed().cause, Cause::NotVerifying);
    // It is reset, or ended.
    assert!(!matches!(peer.read(&mut [0]), Ok(1..)));
}

#[test]
fn who_is_called_for_files_has_only_so_long_for_its_hello() {
    let into = tempfile::tempdir().unwrap();
    let mut h = Harness::that_waits(HELLO);
    let peer = TcpListener::bind("127.0.0.1:0").unwrap();
    let receive = ReceiveMode::Verified { into: into.path().to_owned() };
    h.connect_with(&format!("tcp://{}", peer.local_addr().unwrap()), |spec| spec.receive = receive);
    let _talk = peer.accept().unwrap();
    let _files = peer.accept().unwrap();
    assert_eq!(h.failed().cause, Cause::NotVerifying);
}

#[test]
fn a_few_bytes_of_the_magic_are_a_plain_file_once_the_time_for_it_is_over() {
    for len in [1, MAGIC.len() - 1] {
        let into = tempfile::tempdir().unwrap();
        let mut h = Harness::that_waits(HELLO);
        let receive = ReceiveMode::Auto { into: into.path().to_owned() };
        let (_, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = receive);
        let mut peer = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
        peer.write_all(&MAGIC[..len]).unwrap();
        // It says nothing more, and is shown.
        let (id, mode) = h.wait("a start", |event| match event {
            Event::TransferStarted(info) => Some((info.id, info.mode)),
            _ => None,
        });
        assert_ne!(mode, SendMode::Verified);
        peer.write_all(b"!").unwrap();
        drop(peer);
        let end = end_of(&mut h, id);
        assert_eq!(fs::read(&end.path).unwrap(), [&MAGIC[..len], b"!"].concat());
    }
}

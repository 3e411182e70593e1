//! Verified files whose connection breaks off, and one that comes byte by byte, from another side that a test leads.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sockeye::codec::prefix_hash::GROUP;
use sockeye::model::{Endpoint, Event, Outcome, ReceiveMode};
use sockeye::proto::transfer::{
    Caller, DATA_MAX, Frame, Kind, MAGIC, Offer, ReceiveStep, Receiver, Role, SendStep, Sender, TransferKey,
};
use sockeye::store::sent_log::SentLog;
use sockeye::store::source::Source;

use crate::hand::{Hand, client_sends, end_of, started};
use crate::harness::{DEADLINE, Harness, noise, port, until};

fn receiver(h: &mut Harness, into: &Path) -> Endpoint {
    let receive = ReceiveMode::Verified { into: into.to_owned() };
    h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = receive).1
}

fn offer(number: u8, content: &[u8], eager: bool) -> Offer {
    let (key, size) = (TransferKey([number; 16]), content.len() as u64);
    Offer { key, kind: Kind::File, eager, size, modified_ns: Some(1), name: "file".into() }
}

/// The frames of so much of the file.
fn frames(sender: &mut Sender, content: &[u8], out: &mut Vec<u8>) {
    sender.poll_output(out);
    for piece in content.chunks(DATA_MAX as usize) {
        out.extend(sender.data(u32::try_from(piece.len()).unwrap()).unwrap());
        out.extend_from_slice(piece);
    }
}

#[test]
fn after_a_reset_within_a_file_the_same_process_goes_on_where_it_was() {
    let into = tempfile::tempdir().unwrap();
    let mut h = Harness::new();
    let endpoint = receiver(&mut h, into.path());
    let content = noise(20 << 20);
    let half = 11 << 20;

    let mut files = Hand::call(&endpoint, Role::Sends);
    let mut sender = Sender::new(Instant::now());
    sender.offer(offer(1, &content, false), Instant::now());
    files.say(|out| sender.poll_output(out));
    let id = started(&mut h, "file");
    assert!(matches!(files.answered(&mut sender), SendStep::Begin { .. }));
    files.say(|out| frames(&mut sender, &content[..half], out));
    until("the first half", || {
        let mut sizes = fs::read_dir(into.path()).unwrap().filter_map(|entry| entry.ok()?.metadata().ok());
        sizes.any(|metadata| metadata.len() == half as u64)
    });
    socket2::SockRef::from(&files.stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(files);
    assert_eq!(end_of(&mut h, id).outcome, Outcome::Incomplete);
    assert!(!into.path().join("file").exists());

    let mut files = Hand::call(&endpoint, Role::Sends);
    let mut sender = Sender::new(Instant::now());
    sender.offer(offer(2, &content, false), Instant::now());
    files.say(|out| sender.poll_output(out));
    let at = 10 << 20;
    assert_eq!(at as u64 % GROUP, 0, "whole groups are known");
    let (key, hash) = (TransferKey([2; 16]), *blake3::hash(&content[..at]).as_bytes());
    assert_eq!(files.answered(&mut sender), SendStep::Compare { key, offset: at as u64, hash });
    assert!(sender.begin(true));
    files.say(|out| {
        frames(&mut sender, &content[at..], out);
        assert!(sender.end(*blake3::hash(&content).as_bytes()));
        sender.poll_output(out);
    });
    assert_eq!(files.answered(&mut sender), SendStep::Committed { key });
    assert!(fs::read(into.path().join("file")).unwrap() == content);
}

#[test]
fn a_senders_log_that_is_wrong_costs_a_look_at_the_file_and_no_byte_of_what_the_receiver_has() {
    let [from, logs] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let (path, content) = (from.path().join("file"), noise(5 << 20));
    fs::write(&path, &content).unwrap();
    SentLog::open(logs.path(), &Source::open(&path).unwrap()).unwrap().record(&[[7; 32]; 2]);
    let mut h = Harness::with(|config| config.sent_logs = Some(logs.path().to_owned()));
    let (_, _talk, mut files) = client_sends(&mut h, &path);
    let answer = files.hear_greeting(Role::Receives);
    files.stream.write_all(&answer).unwrap();
    let offered = |step: &ReceiveStep<'_>, _| match step {
        ReceiveStep::Offered(offer) => Some(offer.clone()),
        _ => None,
    };
    let offer = files.received(&mut Receiver::new(Instant::now()), offered).unwrap();

    let at = 2 * GROUP;
    let mut receiver = Receiver::new(Instant::now());
    let mut frame = Vec::new();
    Frame::Offer(offer.clone()).write(&mut frame);
    assert_eq!(receiver.handle(&mut frame.as_slice(), Instant::now()), Ok(Some(ReceiveStep::Offered(offer))));
    receiver.accept(at, *blake3::hash(&content[..usize::try_from(at).unwrap()]).as_bytes());
    files.say(|out| receiver.poll_output(out));
    let begun = |step: &ReceiveStep<'_>, _| match step {
        ReceiveStep::Begin { offset } => Some(*offset),
        _ => None,
    };
    assert_eq!(files.received(&mut receiver, begun), Some(at));
}

#[test]
fn a_file_that_comes_byte_by_byte_is_kept() {
    let into = tempfile::tempdir().unwrap();
    let mut h = Harness::new();
    let endpoint = receiver(&mut h, into.path());
    let content = noise(300);
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut sender = Sender::new(Instant::now());
    sender.offer(offer(1, &content, true), Instant::now());
    let mut bytes = Caller::new(Role::Sends, Instant::now()).greeting();
    frames(&mut sender, &content, &mut bytes);
    assert!(sender.end(*blake3::hash(&content).as_bytes()));
    sender.poll_output(&mut bytes);
    let traffic = h.wait("a session", |event| match event {
        Event::Opened { traffic, .. } => Some(Arc::clone(traffic)),
        _ => None,
    });
    // A moment's silence within the magic would make a plain program of it.
    stream.write_all(&bytes[..MAGIC.len()]).unwrap();
    for (before, byte) in bytes.iter().enumerate().skip(MAGIC.len()) {
        // Each comes with a read of its own.
        until("the byte before", || traffic.received() == before as u64);
        stream.write_all(&[*byte]).unwrap();
    }
    // The answer to the greeting is as long as that.
    let mut answer = Caller::new(Role::Sends, Instant::now()).greeting();
    stream.read_exact(&mut answer).unwrap();
    assert!(answer.starts_with(&MAGIC));
    let mut files = Hand::new(stream);
    assert_eq!(files.answered(&mut sender), SendStep::Committed { key: TransferKey([1; 16]) });
    assert_eq!(fs::read(into.path().join("file")).unwrap(), content);
}

//! Verified files with another side that this test leads frame by frame: one that keeps silent, or doesn't obey.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sockeye::model::{
    CancelReason, Cause, Command, Endpoint, Event, Notice, Outcome, Purpose, ReceiveMode, Recipients, SendMode,
    SocketId, TransferEnd, TransferId,
};
use sockeye::proto::transfer::{
    Answerer, Caller, Kind, Offer, ReceiveStep, Receiver, Role, SendStep, Sender, TransferKey,
};

use crate::harness::{DEADLINE, Harness, port};

/// The other side's end of a connection over which files go.
struct Hand {
    stream: TcpStream,
    /// What it has read and not looked at.
    heard: Vec<u8>,
}

impl Hand {
    fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        Self { stream, heard: Vec::new() }
    }

    /// Waits for bytes; false at the end of the stream.
    fn read(&mut self) -> bool {
        let mut buffer = [0; 4096];
        let read = self.stream.read(&mut buffer).unwrap();
        self.heard.extend_from_slice(&buffer[..read]);
        read > 0
    }

    /// The greeting of the one who connected, and the answer to it.
    fn hear_greeting(&mut self, role: Role) -> Vec<u8> {
        let mut answerer = Answerer::new(Some(role), Instant::now());
        loop {
            assert!(self.read(), "gone");
            let heard = std::mem::take(&mut self.heard);
            if let Some((answer, agreed)) = answerer.handle(&mut heard.as_slice(), Instant::now()) {
                agreed.unwrap();
                return answer;
            }
        }
    }

    fn call(endpoint: &Endpoint, role: Role) -> Self {
        let mut hand = Self::new(TcpStream::connect(("127.0.0.1", port(endpoint))).unwrap());
        let mut caller = Caller::new(role, Instant::now());
        hand.stream.write_all(&caller.greeting()).unwrap();
        loop {
            assert!(hand.read(), "gone");
            let heard = std::mem::take(&mut hand.heard);
            let mut rest = heard.as_slice();
            if caller.handle(&mut rest, Instant::now()).unwrap().is_some() {
                hand.heard = rest.to_vec();
                return hand;
            }
        }
    }

    /// What the one who receives has to do next; `None` at the end of the stream.
    fn received<T>(
        &mut self,
        receiver: &mut Receiver,
        mut pick: impl FnMut(&ReceiveStep<'_>, TransferKey) -> Option<T>,
    ) -> Option<T> {
        let mut key = TransferKey([0; 16]);
        loop {
            let heard = std::mem::take(&mut self.heard);
            let mut rest = heard.as_slice();
            while let Some(step) = receiver.handle(&mut rest, Instant::now()).unwrap() {
                if let ReceiveStep::Offered(offer) = &step {
                    key = offer.key;
                    // Nothing is said of it: what is small needs no word to come.
                    receiver.accept(0, [0; 32]);
                }
                if let Some(picked) = pick(&step, key) {
                    self.heard = rest.to_vec();
                    return Some(picked);
                }
            }
            if !self.read() {
                return None;
            }
        }
    }

    fn say(&mut self, out: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = Vec::new();
        out(&mut bytes);
        self.stream.write_all(&bytes).unwrap();
    }

    /// Offers a small file with its content, and waits for what is said of it.
    fn send_small(&mut self, sender: &mut Sender, number: u8) -> SendStep {
        let (key, content) = (TransferKey([number; 16]), [number]);
        let name = format!("{number}.txt");
        let offer = Offer { key, kind: Kind::File, eager: true, size: 1, modified_ns: None, name };
        sender.offer(offer, Instant::now());
        self.say(|out| {
            sender.poll_output(out);
            out.extend_from_slice(&sender.data(1).unwrap());
            out.extend_from_slice(&content);
            assert!(sender.end(*blake3::hash(&content).as_bytes()));
            sender.poll_output(out);
        });
        self.answered(sender)
    }

    fn answered(&mut self, sender: &mut Sender) -> SendStep {
        loop {
            let heard = std::mem::take(&mut self.heard);
            let mut rest = heard.as_slice();
            if let Some(step) = sender.handle(&mut rest, Instant::now()).unwrap() {
                self.heard = rest.to_vec();
                return step;
            }
            assert!(self.read(), "gone");
        }
    }
}

fn file(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, b"few bytes").unwrap();
    path
}

fn send(h: &Harness, socket: SocketId, path: &Path) {
    let paths = vec![path.to_owned()];
    h.engine.send(Command::SendFiles { socket, to: Recipients::All, paths, mode: SendMode::Verified });
}

/// A client that sends this file, what it talks over at the other side, and the connection for the file, not greeted yet.
fn client_sends(h: &mut Harness, path: &Path) -> (SocketId, TcpStream, Hand) {
    let peer = TcpListener::bind("127.0.0.1:0").unwrap();
    let (client, _) = h.connect_with(&format!("tcp://{}", peer.local_addr().unwrap()), |_| {});
    let (talk, _) = peer.accept().unwrap();
    talk.set_read_timeout(Some(DEADLINE)).unwrap();
    send(h, client, path);
    let (files, _) = peer.accept().unwrap();
    (client, talk, Hand::new(files))
}

fn started(h: &mut Harness, name: &str) -> TransferId {
    h.wait("a start", |event| match event {
        Event::TransferStarted(info) if info.name == name => Some(info.id),
        _ => None,
    })
}

fn end_of(h: &mut Harness, id: TransferId) -> TransferEnd {
    h.wait("an end", |event| match event {
        Event::TransferEnded { transfer, end } if *transfer == id => Some(end.clone()),
        _ => None,
    })
}

fn is_cancelled(end: &TransferEnd, outcome: Outcome) -> bool {
    end.outcome == outcome && end.failure.as_ref().is_some_and(|failure| failure.cause == Cause::Cancelled)
}

#[test]
fn a_small_file_that_nobody_answers_for_is_shown() {
    let from = tempfile::tempdir().unwrap();
    let path = file(from.path(), "small.txt");
    let mut h = Harness::new();
    let (_, _talk, mut files) = client_sends(&mut h, &path);
    let answer = files.hear_greeting(Role::Receives);
    files.stream.write_all(&answer).unwrap();
    let id = started(&mut h, "small.txt");
    drop(files);
    assert_eq!(end_of(&mut h, id).outcome, Outcome::Incomplete);
}

#[test]
fn a_small_file_that_a_listener_sends_and_nobody_answers_for_is_shown() {
    let from = tempfile::tempdir().unwrap();
    let path = file(from.path(), "small.txt");
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
    // As one does whose user is asked and doesn't answer.
    let files = Hand::call(&endpoint, Role::Receives);
    h.wait("a receiver", |event| {
        matches!(event, Event::CarriesFiles { purpose: Purpose::SendsFiles, .. }).then_some(())
    });
    send(&h, server, &path);
    let id = started(&mut h, "small.txt");
    drop(files);
    assert_eq!(end_of(&mut h, id).outcome, Outcome::Incomplete);
}

#[test]
fn a_file_that_waits_for_the_greeting_is_cancelled_with_all() {
    let from = tempfile::tempdir().unwrap();
    let path = file(from.path(), "small.txt");
    let mut h = Harness::new();
    let (client, mut talk, mut files) = client_sends(&mut h, &path);
    let answer = files.hear_greeting(Role::Receives);
    h.engine.send(Command::CancelTransfers { socket: client });
    // Commands are carried out one after the other.
    h.send(client, b"!");
    talk.read_exact(&mut [0]).unwrap();
    files.stream.write_all(&answer).unwrap();
    let id = started(&mut h, "small.txt");
    let end = end_of(&mut h, id);
    assert!(is_cancelled(&end, Outcome::Refused), "{end:?}");
    let mut receiver = Receiver::new(Instant::now());
    let offered = |step: &ReceiveStep<'_>, _| matches!(step, ReceiveStep::Offered(_)).then_some(());
    assert_eq!(files.received(&mut receiver, offered), None);
    assert!(receiver.is_over(), "there was nothing else");
}

#[test]
fn a_small_file_that_waits_for_its_answer_is_cancelled_alone_and_with_all() {
    for all in [false, true] {
        let from = tempfile::tempdir().unwrap();
        let path = file(from.path(), "small.txt");
        let mut h = Harness::new();
        let (client, _talk, mut files) = client_sends(&mut h, &path);
        let answer = files.hear_greeting(Role::Receives);
        files.stream.write_all(&answer).unwrap();
        let id = started(&mut h, "small.txt");
        h.engine.send(match all {
            false => Command::CancelTransfer { transfer: id },
            true => Command::CancelTransfers { socket: client },
        });
        let end = end_of(&mut h, id);
        assert!(is_cancelled(&end, Outcome::Incomplete), "{end:?}");
        // The receiver is told, which has it all, and nothing is left to wait for.
        let mut receiver = Receiver::new(Instant::now());
        let given_up = |step: &ReceiveStep<'_>, offered| match step {
            ReceiveStep::Cancelled { key, reason, .. } => Some((*key == offered, *reason)),
            _ => None,
        };
        assert_eq!(files.received(&mut receiver, given_up), Some((true, CancelReason::Stopped)));
        assert_eq!(files.received(&mut receiver, |_, _| None::<()>), None);
    }
}

/// What a listener says to who goes on offering after it cancelled all, and to somebody who had offered nothing by then;
/// none if that took as long as a pause takes after which it looks at offers again.
fn offers_after_all_was_cancelled(h: &mut Harness, into: &Path) -> Option<[SendStep; 4]> {
    let receive = ReceiveMode::Verified { into: into.to_owned() };
    let (server, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = receive);
    let [mut stubborn, mut other] = [(); 2].map(|()| Hand::call(&endpoint, Role::Sends));
    let [mut sender, mut others] = [(); 2].map(|()| Sender::new(Instant::now()));
    let key = TransferKey([200; 16]);
    let long = Offer { key, kind: Kind::File, eager: false, size: 1000, modified_ns: None, name: "long".into() };
    sender.offer(long, Instant::now());
    stubborn.say(|out| sender.poll_output(out));
    assert_eq!(stubborn.answered(&mut sender), SendStep::Begin { key });
    let cancelled = Instant::now();
    h.engine.send(Command::CancelTransfers { socket: server });
    assert_eq!(stubborn.answered(&mut sender), refused(200));
    let [one, two] = [1, 2].map(|number| stubborn.send_small(&mut sender, number));
    let others = other.send_small(&mut others, 3);
    let three = stubborn.send_small(&mut sender, 4);
    (cancelled.elapsed() < Duration::from_secs(2)).then_some([one, two, others, three])
}

fn refused(number: u8) -> SendStep {
    SendStep::Cancelled { key: TransferKey([number; 16]), reason: CancelReason::AllStopped, words: String::new() }
}

#[test]
fn who_sends_on_after_all_was_cancelled_is_refused_and_nobody_else() {
    let mut attempts = (0..10).map(|_| {
        let into = tempfile::tempdir().unwrap();
        let mut h = Harness::new();
        offers_after_all_was_cancelled(&mut h, into.path()).map(|said| (h, into, said))
    });
    let (mut h, into, said) = attempts.find_map(|attempt| attempt).expect("a machine that isn't that busy");
    assert_eq!(said, [refused(1), refused(2), SendStep::Committed { key: TransferKey([3; 16]) }, refused(4)]);
    h.noticed(&Notice::OffersRefused);
    let again = h.take(|event| matches!(event, Event::Noticed { notice: Notice::OffersRefused, .. }));
    assert!(again.is_none(), "told once");
    let names: Vec<_> = std::fs::read_dir(into.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.contains(&"3.txt".into()) && !names.contains(&"1.txt".into()), "{names:?}");
}

#[test]
fn a_small_file_that_nothing_follows_goes_out_before_it_is_shown_to_wait() {
    let from = tempfile::tempdir().unwrap();
    let path = file(from.path(), "small.txt");
    // On a busy machine one may be shown before it is read here, and one that waits for company always is.
    let goes_at_once = (0..10).any(|_| {
        let mut h = Harness::new();
        let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
        let mut files = Hand::call(&endpoint, Role::Receives);
        h.wait("a receiver", |event| {
            matches!(event, Event::CarriesFiles { purpose: Purpose::SendsFiles, .. }).then_some(())
        });
        send(&h, server, &path);
        let mut receiver = Receiver::new(Instant::now());
        let ended = |step: &ReceiveStep<'_>, _| matches!(step, ReceiveStep::End { .. }).then_some(());
        files.received(&mut receiver, ended).unwrap();
        h.take(|event| matches!(event, Event::TransferStarted(_))).is_none()
    });
    assert!(goes_at_once);
}

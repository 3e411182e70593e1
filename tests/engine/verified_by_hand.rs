//! Verified files with another side that this test leads frame by frame: one that keeps silent, or doesn't obey.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use sockeye::model::{CancelReason, Command, Event, Notice, Outcome, Purpose, ReceiveMode};
use sockeye::proto::transfer::{Kind, Offer, ReceiveStep, Receiver, Role, SendStep, Sender, TransferKey};

use crate::hand::{Hand, client_sends, end_of, file, is_cancelled, send, started};
use crate::harness::Harness;

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

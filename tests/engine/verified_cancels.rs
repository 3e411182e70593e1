//! What the user gives up at once, whatever the other side and the disk are at.

use std::fs::{self, File};
use std::io::Write as _;
use std::net::TcpStream;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use sockeye::model::{CancelReason, Cause, Command, Event, Outcome, ReceiveMode, SocketId, TransferId};
use sockeye::proto::transfer::{Frame, Kind, Offer, ReceiveStep, Receiver, Role, Sender, TransferKey};

use crate::hand::{Hand, client_sends, end_of, is_cancelled, started};
use crate::harness::Harness;

/// Takes far longer to read than any test waits.
const ENDLESS: u64 = 4 << 40;

fn sparse(path: &Path, len: u64) -> PathBuf {
    let file = File::options().write(true).create_new(true).mode(0o600).open(path).unwrap();
    file.set_len(len).unwrap();
    path.to_owned()
}

/// A client on its way to send a large file, up to where its offer is there.
fn offered(h: &mut Harness, path: &Path) -> (SocketId, TransferId, Hand, TransferKey, TcpStream) {
    let (client, talk, mut files) = client_sends(h, path);
    let answer = files.hear_greeting(Role::Receives);
    files.stream.write_all(&answer).unwrap();
    let id = started(h, path.file_name().unwrap().to_str().unwrap());
    let mut receiver = Receiver::new(Instant::now());
    let offer = |step: &ReceiveStep<'_>, key| matches!(step, ReceiveStep::Offered(_)).then_some(key);
    let key = files.received(&mut receiver, offer).unwrap();
    (client, id, files, key, talk)
}

#[test]
fn a_file_is_cancelled_while_its_receiver_says_that_it_works_and_reads_nothing() {
    let from = tempfile::tempdir().unwrap();
    let path = sparse(&from.path().join("large"), 1 << 30);
    let mut h = Harness::new();
    let (_, id, mut files, key, _talk) = offered(&mut h, &path);
    files.say(|out| {
        Frame::Accept { key, offset: 0, hash: [0; 32] }.write(out);
        Frame::Working.write(out);
    });
    let mut last = 0;
    h.wait("a stall", |event| match event {
        Event::TransferProgress { transfer, progress } if *transfer == id => {
            (std::mem::replace(&mut last, progress.done) == progress.done && last > 0).then_some(())
        }
        _ => None,
    });
    files.say(|out| Frame::Working.write(out));
    h.engine.send(Command::CancelTransfer { transfer: id });
    let end = end_of(&mut h, id);
    assert!(is_cancelled(&end, Outcome::Incomplete), "{end:?}");

    // Once it reads on it learns where the data ends.
    let mut receiver = Receiver::new(Instant::now());
    let offer = Offer { key, kind: Kind::File, eager: false, size: 1 << 30, modified_ns: None, name: "large".into() };
    let mut frame = Vec::new();
    Frame::Offer(offer).write(&mut frame);
    assert!(receiver.handle(&mut frame.as_slice(), Instant::now()).unwrap().is_some());
    receiver.accept(0, [0; 32]);
    let given_up = |step: &ReceiveStep<'_>, _| match step {
        ReceiveStep::Cancelled { key, reason, .. } => Some((*key, *reason)),
        _ => None,
    };
    assert_eq!(files.received(&mut receiver, given_up), Some((key, CancelReason::Stopped)));
}

/// Who gives a file up while it is compared.
#[derive(Clone, Copy, PartialEq)]
enum Who {
    User,
    Receiver,
    Stop,
}

#[test]
fn a_file_is_given_up_while_its_beginning_is_compared() {
    for who in [Who::User, Who::Receiver, Who::Stop] {
        let from = tempfile::tempdir().unwrap();
        let path = sparse(&from.path().join("large"), ENDLESS);
        let mut h = Harness::new();
        let (client, id, mut files, key, _talk) = offered(&mut h, &path);
        files.say(|out| Frame::Accept { key, offset: ENDLESS, hash: [1; 32] }.write(out));
        match who {
            Who::User => h.engine.send(Command::CancelTransfer { transfer: id }),
            Who::Receiver => {
                let (reason, words) = (CancelReason::Stopped, String::new());
                files.say(|out| Frame::Cancel { key, reason, words }.write(out));
            }
            Who::Stop => h.engine.send(Command::Disconnect { socket: client }),
        }
        let end = end_of(&mut h, id);
        match who {
            Who::User | Who::Stop => assert!(is_cancelled(&end, Outcome::Incomplete), "{end:?}"),
            Who::Receiver => {
                let why = CancelReason::Stopped;
                let cause = Cause::GivenUpByPeer { why, words: String::new() };
                assert_eq!(end.failure.unwrap().cause, cause);
            }
        }
    }
}

#[test]
fn a_file_is_given_up_while_what_is_here_of_it_is_read() {
    for is_stopped in [false, true] {
        let into = tempfile::tempdir().unwrap();
        let mut h = Harness::new();
        let receive = ReceiveMode::Verified { into: into.path().to_owned() };
        let (server, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = receive);
        let partial = sparse(&into.path().join(partial_name("large", ENDLESS)), ENDLESS - 1);
        let mut files = Hand::call(&endpoint, Role::Sends);
        let mut sender = Sender::new(Instant::now());
        let key = TransferKey([7; 16]);
        let offer =
            Offer { key, kind: Kind::File, eager: false, size: ENDLESS, modified_ns: None, name: "large".into() };
        sender.offer(offer, Instant::now());
        files.say(|out| sender.poll_output(out));
        let id = started(&mut h, "large");
        h.engine.send(match is_stopped {
            false => Command::CancelTransfer { transfer: id },
            true => Command::StopListening { socket: server },
        });
        let end = end_of(&mut h, id);
        assert!(is_cancelled(&end, Outcome::Refused), "{end:?}");
        assert_eq!(fs::metadata(&partial).unwrap().len(), ENDLESS - 1, "it is kept for the next time");
        let names = fs::read_dir(into.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert!(names.filter(|name| !name.starts_with('.')).eq([partial.file_name().unwrap().to_str().unwrap()]));
    }
}

/// What a file is called while it is incomplete, by the rule that the program's own documents give.
fn partial_name(name: &str, size: u64) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&size.to_be_bytes()).update(&i64::MIN.to_be_bytes()).update(name.as_bytes());
    format!("{name}.{}.incomplete", &hasher.finalize().to_hex()[..8])
}

//! Verified files that arrived and whose senders didn't hear of it, and what comes when they are sent again.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use sockeye::model::{Endpoint, Outcome, ReceiveMode};
use sockeye::proto::transfer::{DATA_MAX, Kind, Offer, Role, SendStep, Sender, TransferKey};

use crate::hand::{Hand, end_of, started};
use crate::harness::{Harness, noise, until};

/// One file, offered over one connection after the other.
struct Sending<'a> {
    endpoint: &'a Endpoint,
    eager: bool,
    content: Vec<u8>,
    number: u8,
}

impl Sending<'_> {
    fn connect(&self) -> (Hand, Sender) {
        (Hand::call(self.endpoint, Role::Sends), Sender::new(Instant::now()))
    }

    /// How far the receiver says that it has it, with the hash of that.
    fn offer(&mut self, files: &mut Hand, sender: &mut Sender) -> (u64, [u8; 32]) {
        self.number += 1;
        let (key, size) = (TransferKey([self.number; 16]), self.content.len() as u64);
        let name = "file".to_owned();
        let offer = Offer { key, kind: Kind::File, eager: self.eager, size, modified_ns: Some(1), name };
        sender.offer(offer, Instant::now());
        files.say(|out| sender.poll_output(out));
        if self.eager {
            return (0, [0; 32]);
        }
        match files.answered(sender) {
            SendStep::Begin { .. } => (0, [0; 32]),
            SendStep::Compare { offset, hash, .. } => (offset, hash),
            step => panic!("{step:?}"),
        }
    }

    fn send_from(&self, files: &mut Hand, sender: &mut Sender, offset: u64) {
        files.say(|out| {
            sender.poll_output(out);
            for piece in self.content[usize::try_from(offset).unwrap()..].chunks(DATA_MAX as usize) {
                out.extend(sender.data(u32::try_from(piece.len()).unwrap()).unwrap());
                out.extend_from_slice(piece);
            }
            assert!(sender.end(*blake3::hash(&self.content).as_bytes()));
            sender.poll_output(out);
        });
    }

    fn is_committed(&self, files: &mut Hand, sender: &mut Sender) {
        assert_eq!(files.answered(sender), SendStep::Committed { key: TransferKey([self.number; 16]) });
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| !name.starts_with(".arrived-"));
    names.sort();
    names
}

#[test]
fn a_file_whose_commit_was_lost_is_not_sent_again_and_lies_there_once() {
    for (len, eager) in [(5_000_000, false), (100_000, false), (1000, true), (0, true)] {
        let into = tempfile::tempdir().unwrap();
        let mut h = Harness::new();
        let receive = ReceiveMode::Verified { into: into.path().to_owned() };
        let (_, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = receive);
        let path = into.path().join("file");
        let mut sending = Sending { endpoint: &endpoint, eager, content: noise(len), number: 0 };
        let hash = *blake3::hash(&sending.content).as_bytes();

        let (mut files, mut sender) = sending.connect();
        assert_eq!(sending.offer(&mut files, &mut sender).0, 0);
        sending.send_from(&mut files, &mut sender, 0);
        let id = started(&mut h, "file");
        assert_eq!(end_of(&mut h, id).path, path);
        socket2::SockRef::from(&files.stream).set_linger(Some(Duration::ZERO)).unwrap();
        drop(files);

        let (mut files, mut sender) = sending.connect();
        let (offset, held) = sending.offer(&mut files, &mut sender);
        if !eager {
            assert_eq!((offset, held), (len as u64, hash), "all of it is here");
            assert!(sender.begin(true));
        }
        sending.send_from(&mut files, &mut sender, offset);
        let id = started(&mut h, "file");
        sending.is_committed(&mut files, &mut sender);
        let end = end_of(&mut h, id);
        assert_eq!(
            (end.outcome, end.path, end.size, end.hash),
            (Outcome::Verified, path.clone(), len as u64, Some(hash))
        );
        assert_eq!(names(into.path()), ["file"]);

        // Over the same connection it is sent on purpose.
        assert_eq!(sending.offer(&mut files, &mut sender).0, 0);
        sending.send_from(&mut files, &mut sender, 0);
        sending.is_committed(&mut files, &mut sender);
        assert_eq!(names(into.path()), ["file", "file (2)"]);
        assert!(sender.heard());
        files.say(|out| sender.poll_output(out));
        until("what was kept for it to go", || fs::read_dir(into.path()).unwrap().count() == 2);
        drop(files);

        // And once it was heard to have arrived.
        let (mut files, mut sender) = sending.connect();
        assert_eq!(sending.offer(&mut files, &mut sender).0, 0);
        sending.send_from(&mut files, &mut sender, 0);
        sending.is_committed(&mut files, &mut sender);
        assert_eq!(names(into.path()), ["file", "file (2)", "file (3)"]);
    }
}

#[test]
fn who_offers_another_file_as_the_one_that_arrived_replaces_nothing() {
    for len in [5_000_000, 100_000] {
        let into = tempfile::tempdir().unwrap();
        let mut h = Harness::new();
        let receive = ReceiveMode::Verified { into: into.path().to_owned() };
        let (_, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = receive);
        let mut sending = Sending { endpoint: &endpoint, eager: false, content: noise(len), number: 0 };
        let first = sending.content.clone();
        let (mut files, mut sender) = sending.connect();
        sending.offer(&mut files, &mut sender);
        sending.send_from(&mut files, &mut sender, 0);
        sending.is_committed(&mut files, &mut sender);
        drop(files);

        // One that says to have the same, and then another hash.
        let (mut files, mut sender) = sending.connect();
        assert_eq!(sending.offer(&mut files, &mut sender).0, len as u64);
        assert!(sender.begin(true));
        sending.content.reverse();
        sending.send_from(&mut files, &mut sender, len as u64);
        assert!(matches!(files.answered(&mut sender), SendStep::Cancelled { .. }));
        drop(files);
        assert_eq!(names(into.path()), ["file"]);

        let (mut files, mut sender) = sending.connect();
        assert_eq!(sending.offer(&mut files, &mut sender).0, len as u64);
        assert!(sender.begin(false));
        sending.send_from(&mut files, &mut sender, 0);
        sending.is_committed(&mut files, &mut sender);
        assert_eq!(names(into.path()), ["file", "file (2)"]);
        assert!(fs::read(into.path().join("file")).unwrap() == first);
        assert!(fs::read(into.path().join("file (2)")).unwrap() == sending.content);
    }
}

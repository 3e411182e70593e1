//! The other side of verified files, which a test leads frame by frame: one that keeps silent, or doesn't obey.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Instant;

use sockeye::model::{
    Cause, Command, Endpoint, Event, Outcome, Recipients, SendMode, SocketId, TransferEnd, TransferId,
};
use sockeye::proto::transfer::{
    Answerer, Caller, Kind, Offer, ReceiveStep, Receiver, Role, SendStep, Sender, TransferKey,
};

use crate::harness::{DEADLINE, Harness, port};

/// The other side's end of a connection over which files go.
pub(crate) struct Hand {
    pub(crate) stream: TcpStream,
    /// What it has read and not looked at.
    heard: Vec<u8>,
}

impl Hand {
    pub(crate) fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        Self { stream, heard: Vec::new() }
    }

    /// Waits for bytes; false at the end of the stream.
    pub(crate) fn read(&mut self) -> bool {
        let mut buffer = [0; 4096];
        let read = self.stream.read(&mut buffer).unwrap();
        self.heard.extend_from_slice(&buffer[..read]);
        read > 0
    }

    /// The greeting of the one who connected, and the answer to it.
    pub(crate) fn hear_greeting(&mut self, role: Role) -> Vec<u8> {
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

    pub(crate) fn call(endpoint: &Endpoint, role: Role) -> Self {
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
    pub(crate) fn received<T>(
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

    pub(crate) fn say(&mut self, out: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = Vec::new();
        out(&mut bytes);
        self.stream.write_all(&bytes).unwrap();
    }

    /// Offers a small file with its content, and waits for what is said of it.
    pub(crate) fn send_small(&mut self, sender: &mut Sender, number: u8) -> SendStep {
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

    pub(crate) fn answered(&mut self, sender: &mut Sender) -> SendStep {
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

pub(crate) fn file(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, b"few bytes").unwrap();
    path
}

pub(crate) fn send(h: &Harness, socket: SocketId, path: &Path) {
    let paths = vec![path.to_owned()];
    h.engine.send(Command::SendFiles { socket, to: Recipients::All, paths, mode: SendMode::Verified });
}

/// A client that sends this file, what it talks over at the other side, and the connection for the file, not greeted yet.
pub(crate) fn client_sends(h: &mut Harness, path: &Path) -> (SocketId, TcpStream, Hand) {
    let peer = TcpListener::bind("127.0.0.1:0").unwrap();
    let (client, _) = h.connect_with(&format!("tcp://{}", peer.local_addr().unwrap()), |_| {});
    let (talk, _) = peer.accept().unwrap();
    talk.set_read_timeout(Some(DEADLINE)).unwrap();
    send(h, client, path);
    let (files, _) = peer.accept().unwrap();
    (client, talk, Hand::new(files))
}

pub(crate) fn started(h: &mut Harness, name: &str) -> TransferId {
    h.wait("a start", |event| match event {
        Event::TransferStarted(info) if info.name == name => Some(info.id),
        _ => None,
    })
}

pub(crate) fn end_of(h: &mut Harness, id: TransferId) -> TransferEnd {
    h.wait("an end", |event| match event {
        Event::TransferEnded { transfer, end } if *transfer == id => Some(end.clone()),
        _ => None,
    })
}

pub(crate) fn is_cancelled(end: &TransferEnd, outcome: Outcome) -> bool {
    end.outcome == outcome && end.failure.as_ref().is_some_and(|failure| failure.cause == Cause::Cancelled)
}

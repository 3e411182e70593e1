//! The border between name and content of a plain sender's stream, moved after the file has come.

use std::fs;
use std::io::Write as _;
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};

use sockeye::model::{Cause, Command, Event, Failure, Notice, Operation, Outcome, ReceiveMode, SocketId, StreamHead};

use crate::harness::{Harness, noise, port};

/// How a file came from a peer that sends these pieces one by one: where it lies, and how its stream began.
fn received(h: &mut Harness, mode: ReceiveMode, pieces: &[&[u8]]) -> (SocketId, PathBuf, StreamHead) {
    let (server, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = mode);
    let mut peer = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
    let (first, rest) = pieces.split_first().unwrap();
    peer.write_all(first).unwrap();
    h.wait("a start", |event| matches!(event, Event::TransferStarted(_)).then_some(()));
    rest.iter().for_each(|piece| peer.write_all(piece).unwrap());
    peer.shutdown(Shutdown::Write).unwrap();
    let end = h.wait("an end", |event| match event {
        Event::TransferEnded { end, .. } => Some(end.clone()),
        _ => None,
    });
    assert_eq!(end.outcome, Outcome::Unverified);
    (server, end.path, end.head.unwrap())
}

fn split(h: &mut Harness, socket: SocketId, path: &Path, head: &StreamHead, at: usize) -> Result<PathBuf, Failure> {
    h.engine.send(Command::MoveSplit { socket, path: path.to_owned(), head: head.clone(), at });
    h.wait("an answer", |event| match event {
        Event::Noticed { notice: Notice::SplitMoved { path, size }, .. } => {
            assert_eq!(fs::metadata(path).unwrap().len(), *size);
            Some(Ok(PathBuf::from(path)))
        }
        Event::Failed { failure, .. } => Some(Err(failure.clone())),
        _ => None,
    })
}

#[test]
fn name_and_content_that_came_together_are_parted() {
    let into = tempfile::tempdir().unwrap();
    let [tutorial, auto] =
        [ReceiveMode::Tutorial { into: into.path().to_owned() }, ReceiveMode::Auto { into: into.path().to_owned() }];
    let large = [&b"a.txt\n"[..], &noise(3 << 20)].concat();
    for (mode, sent, at, name) in [
        (&tutorial, &b"a.txt\nline\n"[..], 5, "a.txt"),
        (&auto, &large, 5, "a (2).txt"),
        // What reads like one name was taken for one.
        (&tutorial, b"b.txthello", 5, "b.txt"),
        (&tutorial, "报告.docx内容".as_bytes(), 11, "报告.docx"),
        (&tutorial, b"../../c.txt!", 11, "c.txt"),
    ] {
        let mut h = Harness::new();
        // Never more in one receive than a name may take: the rest comes later.
        let (socket, path, head) = received(&mut h, mode.clone(), &[sent]);
        assert_eq!(head.bytes, sent[..sent.len().min(StreamHead::MAX)]);
        let before = fs::read(&path).unwrap();
        let parted = split(&mut h, socket, &path, &head, at).unwrap();
        assert_eq!(parted, into.path().join(name));
        assert!(fs::read(&parted).unwrap() == sent[at..], "{name}");
        assert!(fs::read(&path).unwrap() == before, "the file from before stays");
    }
}

#[test]
fn a_name_that_came_in_pieces_is_put_together_and_one_that_was_none_taken_back() {
    let into = tempfile::tempdir().unwrap();
    let mode = ReceiveMode::Tutorial { into: into.path().to_owned() };
    let mut h = Harness::new();
    let (socket, path, head) = received(&mut h, mode, &[b"move_in", b"fo7.txtcontent"]);
    assert_eq!((path.as_path(), head.name_len), (into.path().join("move_in").as_path(), 7));
    let parted = split(&mut h, socket, &path, &head, 14).unwrap();
    assert_eq!((parted.clone(), fs::read(parted).unwrap()), (into.path().join("move_info7.txt"), b"content".to_vec()));
    let whole = split(&mut h, socket, &path, &head, 0).unwrap();
    assert_eq!(whole, into.path().join("received.bin"));
    assert_eq!(fs::read(whole).unwrap(), b"move_info7.txtcontent");
    // Beyond all that is known is as far as it goes.
    let empty = split(&mut h, socket, &path, &head, usize::MAX).unwrap();
    assert_eq!(fs::read(empty).unwrap(), b"");
}

#[test]
fn a_file_that_is_another_by_now_is_left_alone() {
    let into = tempfile::tempdir().unwrap();
    let mode = ReceiveMode::Tutorial { into: into.path().to_owned() };
    let mut h = Harness::new();
    let (socket, path, head) = received(&mut h, mode, &[b"a.txt\nline\n"]);
    for (content, cause) in [
        (Some(&b"a.txt\nlime\n"[..]), Cause::SourceChanged),
        (Some(b"a"), Cause::SourceChanged),
        (None, Cause::NotFound),
    ] {
        match content {
            Some(content) => fs::write(&path, content).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let failure = split(&mut h, socket, &path, &head, 5).unwrap_err();
        assert_eq!(failure.cause, cause);
        assert!([Operation::ReadFile, Operation::OpenFile].contains(&failure.operation));
        let left: Vec<_> = fs::read_dir(into.path()).unwrap().collect();
        assert_eq!(left.len(), usize::from(content.is_some()), "nothing new: {left:?}");
    }
}

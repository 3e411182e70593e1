//! Verified files beside a conversation: both ways, paused, cancelled, limited, and where nobody takes them.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sockeye::model::{
    Admission, CancelReason, Cause, Command, Direction, Event, Outcome, Purpose, ReceiveMode, Recipients, SendMode,
    SessionInfo, SocketId, TransferEnd, TransferId,
};

use crate::harness::{Harness, noise, until};

fn file(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A file that takes hardly any room, with something to tell apart at both its ends.
fn sparse(folder: &Path, name: &str, len: u64) -> PathBuf {
    let path = folder.join(name);
    let file = File::create(&path).unwrap();
    file.set_len(len).unwrap();
    let ends = noise(1 << 20);
    file.write_all_at(&ends, 0).unwrap();
    file.write_all_at(&ends, len - ends.len() as u64).unwrap();
    path
}

/// Whether two files hold the same, which need not fit into memory.
fn are_equal(one: &Path, other: &Path) -> bool {
    let [mut one, mut other] = [one, other].map(|path| BufReader::with_capacity(1 << 20, File::open(path).unwrap()));
    loop {
        let (ours, theirs) = (one.fill_buf().unwrap(), other.fill_buf().unwrap());
        if ours != theirs {
            return false;
        }
        let len = ours.len();
        if len == 0 {
            return true;
        }
        one.consume(len);
        other.consume(len);
    }
}

fn send(h: &Harness, socket: SocketId, to: Recipients, paths: &[PathBuf]) {
    let paths = paths.to_vec();
    h.engine.send(Command::SendFiles { socket, to, paths, mode: SendMode::Verified });
}

/// The end of a transfer in this direction.
fn ended(h: &mut Harness, direction: Direction) -> TransferEnd {
    let id = h.wait("a start", |event| match event {
        Event::TransferStarted(info) if info.direction == direction => Some(info.id),
        _ => None,
    });
    end_of(h, id)
}

fn end_of(h: &mut Harness, id: TransferId) -> TransferEnd {
    h.wait("an end", |event| match event {
        Event::TransferEnded { transfer, end } if *transfer == id => Some(end.clone()),
        _ => None,
    })
}

/// How long nothing may move of a file that is synced in the end.
const SYNCING: Duration = Duration::from_secs(120);

/// Those of the next file that either side tells of.
fn both_started(h: &mut Harness) -> [(Direction, TransferId); 2] {
    [(); 2].map(|()| {
        h.wait("a start", |event| match event {
            Event::TransferStarted(info) => Some((info.direction, info.id)),
            _ => None,
        })
    })
}

/// As [`end_of`], however long it takes, as long as something moves.
fn end_of_a_large(h: &mut Harness, id: TransferId) -> TransferEnd {
    let mut done = 0;
    loop {
        let next = h.wait_as_long_as(SYNCING, "progress", |event| match event {
            Event::TransferProgress { transfer, progress } if *transfer == id && progress.done > done => {
                done = progress.done;
                Some(None)
            }
            Event::TransferEnded { transfer, end } if *transfer == id => Some(Some(end.clone())),
            _ => None,
        });
        if let Some(end) = next {
            return end;
        }
    }
}

fn opened_for(h: &mut Harness, socket: SocketId, purpose: Purpose) -> SessionInfo {
    h.wait("a session", |event| match event {
        Event::Opened { info, .. } if info.socket == socket && info.purpose == purpose => Some(info.clone()),
        _ => None,
    })
}

fn said(h: &mut Harness, wanted: &[u8]) {
    let mut heard = Vec::new();
    while heard.len() < wanted.len() {
        heard.extend(h.wait("bytes", |event| match event {
            Event::Received { bytes, .. } => Some(bytes.clone()),
            _ => None,
        }));
    }
    assert_eq!(heard, wanted);
}

/// A listener that keeps verified files in `into`, and a client that has said something to it.
fn talking(h: &mut Harness, into: &Path, admission: Admission) -> (SocketId, SocketId, SessionInfo) {
    let receive = ReceiveMode::Verified { into: into.to_owned() };
    let (server, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| {
        (spec.receive, spec.admission) = (receive, admission);
    });
    let (client, session) = h.connect(&endpoint);
    h.send(client, "你好".as_bytes());
    said(h, "你好".as_bytes());
    (server, client, session)
}

fn talker() -> Harness {
    Harness::with(|config| config.payload_events = true)
}

#[test]
fn a_client_that_talks_sends_its_files_beside_and_goes_on_talking() {
    let [from, into] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut h = talker();
    let (server, client, session) = talking(&mut h, into.path(), Admission::default());
    let contents = [noise(3 << 20), Vec::new(), noise(100)];
    let names = ["大.bin", "empty", "small.txt"];
    let paths: Vec<_> = names.iter().zip(&contents).map(|(name, bytes)| file(from.path(), name, bytes)).collect();
    send(&h, client, Recipients::Sessions(vec![session.id]), &paths);
    for _ in 0..3 {
        for direction in [Direction::Out, Direction::In] {
            let end = ended(&mut h, direction);
            assert_eq!((end.outcome, &end.failure), (Outcome::Verified, &None));
            let content = std::fs::read(&end.path).unwrap();
            assert_eq!(end.hash, Some(*blake3::hash(&content).as_bytes()), "{direction:?}");
        }
    }
    for (name, bytes) in names.iter().zip(&contents) {
        assert!(std::fs::read(into.path().join(name)).unwrap() == *bytes, "{name}");
    }
    let beside = opened_for(&mut h, client, Purpose::SendsFiles);
    h.closed(beside.id);
    h.send(client, b"still here");
    said(&mut h, b"still here");
    h.send(server, b"and there");
    said(&mut h, b"and there");
}

#[test]
fn a_listener_sends_to_a_client_that_receives_files_beside_its_talk() {
    let [from, into] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let path = file(from.path(), "to the client.bin", &noise(2 << 20));
    let mut h = talker();
    let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
    let receive = ReceiveMode::Verified { into: into.path().to_owned() };
    let (client, talks) = h.connect_with(&endpoint.to_string(), |spec| spec.receive = receive);
    assert_eq!(talks.purpose, Purpose::Talk);
    let at_server = h.opened(server);
    // Both sides know of each other what the connection is for.
    h.wait("a receiver", |event| {
        matches!(event, Event::CarriesFiles { purpose: Purpose::SendsFiles, .. }).then_some(())
    });
    // To the session that talks: the same peer's other one is meant.
    for to in [Recipients::Sessions(vec![at_server.id]), Recipients::All] {
        send(&h, server, to, std::slice::from_ref(&path));
        for direction in [Direction::Out, Direction::In] {
            assert_eq!(ended(&mut h, direction).outcome, Outcome::Verified);
        }
    }
    for name in ["to the client.bin", "to the client (2).bin"] {
        assert!(std::fs::read(into.path().join(name)).unwrap() == std::fs::read(&path).unwrap(), "{name}");
    }
    h.send(client, b"talk");
    said(&mut h, b"talk");
    // The one that talks takes the other along.
    h.engine.send(Command::Close { session: talks.id });
    let beside = opened_for(&mut h, client, Purpose::ReceivesFiles);
    h.closed(beside.id);
}

#[test]
fn who_takes_no_verified_files_says_so_and_goes_on_talking() {
    let from = tempfile::tempdir().unwrap();
    let path = file(from.path(), "a.bin", b"content");
    let mut h = talker();
    let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
    let (client, _) = h.connect(&endpoint);
    h.opened(server);
    send(&h, client, Recipients::All, std::slice::from_ref(&path));
    let end = ended(&mut h, Direction::Out);
    assert_eq!((end.outcome, end.failure.unwrap().cause), (Outcome::Refused, Cause::NotVerifying));
    assert_eq!(h.failed().cause, Cause::NotReceiving, "the listener's user learns what to choose");
    send(&h, server, Recipients::All, std::slice::from_ref(&path));
    let end = ended(&mut h, Direction::Out);
    assert_eq!((end.outcome, end.failure.unwrap().cause), (Outcome::Refused, Cause::NoReceiver));
    h.send(client, b"talk");
    said(&mut h, b"talk");
}

#[test]
fn bytes_that_begin_like_the_magic_are_shown_in_the_end() {
    use std::io::Write;
    let mut h = talker();
    let (_, endpoint) = h.listen("tcp://127.0.0.1:0");
    let mut peer = std::net::TcpStream::connect(("127.0.0.1", crate::harness::port(&endpoint))).unwrap();
    peer.write_all(b"\xff").unwrap();
    said(&mut h, b"\xff");
    peer.write_all(b"SOCK\0\r\n").unwrap();
    said(&mut h, b"SOCK\0\r\n");
    let mut other = std::net::TcpStream::connect(("127.0.0.1", crate::harness::port(&endpoint))).unwrap();
    other.write_all(b"\xffSOCK\0\r?").unwrap();
    said(&mut h, b"\xffSOCK\0\r?");
}

#[test]
fn either_side_lets_a_file_rest_and_go_on() {
    let from = tempfile::tempdir().unwrap();
    // So large that it rests before it is through.
    let path = sparse(from.path(), "large.bin", 256 << 20);
    for direction in [Direction::Out, Direction::In] {
        let rests = || {
            let into = tempfile::tempdir().unwrap();
            let mut h = talker();
            let (_, client, _) = talking(&mut h, into.path(), Admission::default());
            send(&h, client, Recipients::All, std::slice::from_ref(&path));
            let ids = both_started(&mut h);
            let (_, id) = ids.into_iter().find(|(of, _)| *of == direction).unwrap();
            h.engine.send(Command::PauseTransfer { transfer: id, paused: true });
            let rests = h.wait_as_long_as(SYNCING, "rest", |event| match event {
                Event::TransferPaused { transfer, paused: true } if *transfer == id => Some(true),
                Event::TransferEnded { transfer, .. } if *transfer == id => Some(false),
                _ => None,
            });
            if !rests {
                return false;
            }
            // Nothing moves any more, which is told once a second.
            let stands = h.wait("standing still", |event| match event {
                Event::TransferProgress { transfer, progress } if *transfer == id && progress.rate == 0 => Some(true),
                Event::TransferEnded { transfer, .. } if *transfer == id => Some(false),
                _ => None,
            });
            if !stands {
                return false;
            }
            h.engine.send(Command::PauseTransfer { transfer: id, paused: false });
            h.wait("going on", |event| match event {
                Event::TransferPaused { transfer, paused: false } if *transfer == id => Some(()),
                _ => None,
            });
            for (of, id) in ids {
                let end = end_of_a_large(&mut h, id);
                assert_eq!(end.outcome, Outcome::Verified, "{direction:?}");
                assert!(of == Direction::Out || are_equal(&path, &end.path), "{direction:?}");
            }
            true
        };
        // On a busy machine one may be through before it is told to rest.
        assert!((0..10).any(|_| rests()), "{direction:?}: through each time");
    }
}

#[test]
fn a_file_that_either_side_cancels_does_not_stop_the_next() {
    let from = tempfile::tempdir().unwrap();
    // So large, and sparse, that it is cancelled before it is through. Its receiver takes as much room at once.
    let paths = [sparse(from.path(), "large.bin", 2 << 30), file(from.path(), "next.bin", b"next")];
    for direction in [Direction::Out, Direction::In] {
        let is_cancelled = || {
            let into = tempfile::tempdir().unwrap();
            let mut h = talker();
            let (_, client, _) = talking(&mut h, into.path(), Admission::default());
            send(&h, client, Recipients::All, &paths);
            let mut ids = both_started(&mut h);
            ids.sort_by_key(|(of, _)| *of != direction);
            let [own, other] = ids.map(|(_, id)| id);
            // Before anything is taken of it, a file that is cancelled is a refused one.
            let moves = h.wait("bytes of it", |event| match event {
                Event::TransferProgress { transfer, progress } if *transfer == own && progress.done > 0 => Some(true),
                Event::TransferEnded { transfer, .. } if *transfer == own => Some(false),
                _ => None,
            });
            if !moves {
                return false;
            }
            h.engine.send(Command::CancelTransfer { transfer: own });
            let ends = [own, other].map(|id| end_of_a_large(&mut h, id));
            if ends.iter().any(|end| end.outcome == Outcome::Verified) {
                return false;
            }
            let by_peer = Cause::GivenUpByPeer { why: CancelReason::Stopped, words: String::new() };
            for (end, cause) in ends.into_iter().zip([Cause::Cancelled, by_peer]) {
                assert_eq!((end.outcome, end.failure.unwrap().cause), (Outcome::Incomplete, cause), "{direction:?}");
            }
            for direction in [Direction::Out, Direction::In] {
                assert_eq!(ended(&mut h, direction).outcome, Outcome::Verified);
            }
            true
        };
        // On a busy machine it may be through before it is told.
        assert!((0..10).any(|_| is_cancelled()), "{direction:?}: through each time");
    }
}

#[test]
fn limits_hold_for_each_file_and_for_all_of_them() {
    let [from, into] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut h = talker();
    let admission = Admission { largest: Some(1000), most: Some(2), ..Admission::default() };
    let (_, client, _) = talking(&mut h, into.path(), admission);
    let paths: Vec<_> = [("a", 1000), ("large", 1001), ("b", 1), ("c", 1)]
        .map(|(name, len)| file(from.path(), name, &noise(len)))
        .to_vec();
    send(&h, client, Recipients::All, &paths);
    let limit = Cause::GivenUpByPeer { why: CancelReason::Limit, words: String::new() };
    for (out, own) in [
        (None, None),
        (Some(limit.clone()), Some(Cause::OverTheLimit { bytes: 1000 })),
        (None, None),
        (Some(limit), Some(Cause::EnoughFiles { files: 2 })),
    ] {
        for (direction, cause) in [(Direction::Out, out), (Direction::In, own)] {
            let end = ended(&mut h, direction);
            let outcome = if cause.is_none() { Outcome::Verified } else { Outcome::Refused };
            assert_eq!((end.outcome, end.failure.map(|failure| failure.cause)), (outcome, cause), "{direction:?}");
        }
    }
    // What tells that the sender may not know goes once it does.
    until("nothing else to be left", || {
        let entries = std::fs::read_dir(into.path()).unwrap();
        let mut kept: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        kept.sort();
        kept == ["a", "b"]
    });
}

#[test]
fn a_folder_arrives_with_all_that_is_in_it_but_what_can_not_be_kept() {
    let [from, into] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let top = from.path().join("照片");
    // Deeper than a receiver lets another machine's folders lie in each other.
    let deepest = format!("a{}", "/d".repeat(64));
    for folder in [&deepest, "deep/er", "empty"] {
        std::fs::create_dir_all(top.join(folder)).unwrap();
    }
    let large = noise(3 << 20);
    let names = [format!("{deepest}/1.txt"), format!("{deepest}/2.txt"), "deep/er/三.txt".into(), "large.bin".into()];
    for (name, content) in names.iter().zip([b"1", b"2", b"3", large.as_slice()]) {
        file(&top, name, content);
    }
    let mut h = talker();
    let (_, client, _) = talking(&mut h, into.path(), Admission::default());
    send(&h, client, Recipients::All, std::slice::from_ref(&top));
    let mut ends = std::collections::BTreeMap::new();
    for _ in &names {
        let (id, name) = h.wait("a start", |event| match event {
            Event::TransferStarted(info) if info.direction == Direction::Out => Some((info.id, info.name.clone())),
            _ => None,
        });
        ends.insert(name, end_of(&mut h, id).outcome);
    }
    let expected = names.map(|name| {
        let is_kept = !name.starts_with(&deepest);
        (format!("照片/{name}"), if is_kept { Outcome::Verified } else { Outcome::Incomplete })
    });
    assert_eq!(ends, expected.into());
    assert!(std::fs::read(into.path().join("照片/large.bin")).unwrap() == large);
    assert_eq!(std::fs::read(into.path().join("照片/deep/er/三.txt")).unwrap(), b"3");
    assert!(into.path().join("照片/empty").is_dir());
}

//! Files, raw and the tutorial's way, in both directions.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use sockeye::model::{
    Cause, CloseReason, Command, Direction, Event, Filter, Hint, Notice, Operation, Outcome, ReceiveMode, Recipients,
    RowBody, SendMode, SocketId,
};

use crate::harness::{Harness, noise, port, until};
use crate::support::within_the_pause;

fn send_file(h: &Harness, socket: SocketId, path: &Path, mode: SendMode) {
    let paths = vec![path.to_owned()];
    h.engine.send(Command::SendFiles { socket, to: Recipients::All, paths, mode });
}

fn file(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn a_raw_file_between_two_of_us_is_one_row_on_each_side() {
    let [from, into] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let bytes = noise(10 << 20);
    let path = file(from.path(), "a.bin", &bytes);
    let mut h = Harness::new();
    let receive = ReceiveMode::Raw { into: into.path().to_owned() };
    let (server, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = receive);
    let (client, at_client) = h.connect(&endpoint);
    let at_server = h.opened(server);
    send_file(&h, client, &path, SendMode::Raw);
    let (outcome, _, size, failure) = h.transfer_ended();
    assert_eq!((outcome, size, failure), (Outcome::HandedOver, bytes.len() as u64, None));
    h.engine.send(Command::FinishSending { session: at_client.id });
    let (outcome, received, size, failure) = h.transfer_ended();
    assert_eq!((outcome, size, failure), (Outcome::Unverified, bytes.len() as u64, None));
    assert_eq!(received, into.path().join("received.bin"));
    assert!(std::fs::read(received).unwrap() == bytes);
    for session in [at_client.id, at_server.id] {
        let filter = Filter { session: Some(session), ..Filter::default() };
        let is_file = |row: &sockeye::model::PageRow| matches!(row.body, RowBody::File { .. });
        let rows = h.rows(&filter, |rows| rows.iter().any(is_file));
        assert_eq!(rows.iter().filter(|row| is_file(row)).count(), 1);
        assert!(!rows.iter().any(|row| matches!(row.body, RowBody::Data { .. })), "no copy of its bytes");
    }
}

#[test]
fn the_tutorials_way_in_both_directions() {
    let [from, into] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (from, into) = (&from, &into);
    let transfer = |name: &str, len: usize| {
        let bytes = noise(len);
        let path = file(from.path(), name, &bytes);
        let once = |server_sends| {
            let mut h = Harness::that_sends_slowly();
            let receive = ReceiveMode::Tutorial { into: into.path().to_owned() };
            let show = ReceiveMode::Show;
            let (at_server, at_client) = if server_sends { (show, receive) } else { (receive, show) };
            let (server, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = at_server);
            let (client, _) = h.connect_with(&endpoint.to_string(), |spec| spec.receive = at_client);
            h.opened(server);
            send_file(&h, if server_sends { server } else { client }, &path, SendMode::Tutorial);
            let mut outcomes = [h.transfer_ended(), h.transfer_ended()];
            outcomes.sort_by_key(|(outcome, ..)| *outcome == Outcome::HandedOver);
            let [(received, place, size, _), (sent, _, _, failure)] = outcomes;
            assert_eq!((received, sent, failure), (Outcome::Unverified, Outcome::HandedOver, None), "{name}");
            let content = std::fs::read(&place).unwrap();
            std::fs::remove_file(&place).unwrap();
            if place != into.path().join(name) {
                return false;
            }
            assert_eq!(size, len as u64);
            assert!(content == bytes);
            if len > 40_960 {
                h.wait("a warning", |event| {
                    matches!(event, Event::Noticed { notice: Notice::LongForTutorial { .. }, .. }).then_some(())
                });
            }
            true
        };
        for server_sends in [false, true] {
            within_the_pause(|| once(server_sends));
        }
    };
    let files = [("空.txt", 0), ("一.txt", 1), ("move_info7.txt", 40_961), ("大 文件.bin", 3 << 20)];
    std::thread::scope(|scope| {
        for (name, len) in files {
            scope.spawn(move || transfer(name, len));
        }
    });
}

#[test]
fn the_end_tells_whether_the_peer_read_it_all() {
    let from = tempfile::tempdir().unwrap();
    let path = file(from.path(), "a.bin", &noise(200_000));
    for reads_all in [true, false] {
        let mut h = Harness::new();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (client, info) = h.connect_with(&format!("tcp://{}", listener.local_addr().unwrap()), |_| {});
        let (mut peer, _) = listener.accept().unwrap();
        send_file(&h, client, &path, SendMode::Tutorial);
        let mut name = [0; 5];
        peer.read_exact(&mut name).unwrap();
        assert_eq!(&name, b"a.bin");
        let mut bytes = vec![0; if reads_all { 200_000 } else { 1000 }];
        peer.read_exact(&mut bytes).unwrap();
        if reads_all {
            assert_eq!(peer.read(&mut [0]).unwrap(), 0, "the sender finishes");
        } else {
            h.wait("all handed over", |event| matches!(event, Event::FinishedSending { .. }).then_some(()));
        }
        drop(peer);
        let (outcome, _, _, failure) = h.transfer_ended();
        let closed = h.closed(info.id);
        if reads_all {
            assert_eq!((outcome, failure, closed), (Outcome::HandedOver, None, CloseReason::Eof));
        } else {
            assert_eq!(outcome, Outcome::Incomplete);
            assert_eq!(failure.unwrap().cause, Cause::ConnectionReset);
            assert_eq!(closed, CloseReason::Reset);
        }
    }
}

#[test]
fn hostile_names_stay_inside_and_replace_nothing() {
    let into = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    file(into.path(), "mine.txt", b"mine");
    std::os::unix::fs::symlink(outside.path().join("target"), into.path().join("link.txt")).unwrap();
    let mut h = Harness::new();
    let receive = ReceiveMode::Tutorial { into: into.path().to_owned() };
    let (server, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = receive);
    for (name, kept) in [
        ("../../escape.txt", "escape.txt"),
        ("/etc/passwd", "passwd"),
        ("C:\\Windows\\win.ini", "win.ini"),
        ("mine.txt", "mine (2).txt"),
        ("link.txt", "link (2).txt"),
        ("..", "unnamed"),
        ("CON", "_CON"),
    ] {
        let mut peer = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
        h.opened(server);
        peer.write_all(name.as_bytes()).unwrap();
        // The name was a receive of its own when the transfer has started.
        h.wait("a start", |event| matches!(event, Event::TransferStarted(info) if info.name == name).then_some(()));
        peer.write_all(b"theirs").unwrap();
        peer.shutdown(Shutdown::Write).unwrap();
        let (outcome, path, ..) = h.transfer_ended();
        assert_eq!((outcome, path.as_path()), (Outcome::Unverified, into.path().join(kept).as_path()), "{name}");
        assert_eq!(std::fs::read(path).unwrap(), b"theirs");
    }
    assert_eq!(std::fs::read(into.path().join("mine.txt")).unwrap(), b"mine");
    assert!(!outside.path().join("target").exists(), "a link is not followed");
}

#[test]
fn an_interrupted_file_is_kept_and_labelled() {
    let into = tempfile::tempdir().unwrap();
    let mut h = Harness::new();
    let receive = ReceiveMode::Tutorial { into: into.path().to_owned() };
    let (_, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = receive);
    let mut peer = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
    peer.write_all(b"half.txt").unwrap();
    h.wait("a start", |event| matches!(event, Event::TransferStarted(_)).then_some(()));
    peer.write_all(b"only the first").unwrap();
    socket2::SockRef::from(&peer).set_linger(Some(std::time::Duration::ZERO)).unwrap();
    drop(peer);
    let (outcome, path, ..) = h.transfer_ended();
    assert_eq!(outcome, Outcome::Incomplete);
    assert_eq!(path, into.path().join("half.txt.incomplete"));
    assert!(b"only the first".starts_with(&std::fs::read(path).unwrap()));
    assert!(!into.path().join("half.txt").exists());
}

#[test]
fn a_cancel_ends_a_file_on_either_side() {
    let [from, into] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let path = from.path().join("sparse.bin");
    std::fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    for cancel in [Direction::In, Direction::Out] {
        let mut h = Harness::new();
        let receive = ReceiveMode::Tutorial { into: into.path().to_owned() };
        let (server, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = receive);
        let (client, _) = h.connect(&endpoint);
        h.opened(server);
        send_file(&h, client, &path, SendMode::Tutorial);
        let transfer = h.wait("a start", |event| match event {
            Event::TransferStarted(info) if info.direction == cancel => Some(info.id),
            _ => None,
        });
        h.wait("progress", |event| {
            matches!(event, Event::TransferProgress { transfer: of, .. } if *of == transfer).then_some(())
        });
        h.engine.send(Command::CancelTransfer { transfer });
        for (outcome, ..) in [h.transfer_ended(), h.transfer_ended()] {
            assert_eq!(outcome, Outcome::Incomplete);
        }
    }
}

#[test]
fn what_can_not_be_sent_leaves_the_connection_as_it_was() {
    let from = tempfile::tempdir().unwrap();
    let fifo = from.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
    let (client, _) = h.connect(&endpoint);
    let at_server = h.opened(server);
    for (path, cause) in [
        (from.path().join("missing"), Some(Cause::NotFound)),
        (from.path().to_owned(), Some(Cause::IsDirectory)),
        (fifo, None),
    ] {
        send_file(&h, client, &path, SendMode::Raw);
        let (outcome, _, size, failure) = h.transfer_ended();
        let failure = failure.unwrap();
        assert_eq!((outcome, size, failure.subject), (Outcome::Refused, 0, path.display().to_string()));
        if let Some(cause) = cause {
            assert_eq!(failure.cause, cause);
        } else {
            assert_eq!(failure.hint, Some(Hint::ChooseAFile));
        }
    }
    h.send(client, b"still fine");
    assert_eq!(h.bytes(at_server.id, Direction::In, 10), b"still fine");
}

#[test]
fn a_file_that_shrinks_half_way_is_not_said_to_be_sent() {
    let from = tempfile::tempdir().unwrap();
    let path = from.path().join("shrinks.bin");
    let source = std::fs::File::create(&path).unwrap();
    source.set_len(1 << 40).unwrap();
    let mut h = Harness::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (client, _) = h.connect_with(&format!("tcp://{}", listener.local_addr().unwrap()), |_| {});
    let (mut peer, _) = listener.accept().unwrap();
    send_file(&h, client, &path, SendMode::Raw);
    let mut buffer = vec![0; 1 << 20];
    peer.read_exact(&mut buffer).unwrap();
    source.set_len(2 << 20).unwrap();
    let reader = std::thread::spawn(move || while peer.read(&mut buffer).is_ok_and(|len| len > 0) {});
    let (outcome, _, _, failure) = h.transfer_ended();
    assert_eq!((outcome, failure.unwrap().cause), (Outcome::Incomplete, Cause::SourceChanged));
    drop(h);
    reader.join().unwrap();
}

/// Another name, one more, none, other rights: its bytes are what they were.
#[test]
fn a_file_whose_name_or_rights_change_half_way_arrives_whole() {
    use std::os::unix::fs::PermissionsExt;
    // Far more than buffers hold.
    const LEN: u64 = 64 << 20;
    let changes: [fn(&Path); 4] = [
        |path| std::fs::remove_file(path).unwrap(),
        |path| std::fs::rename(path, path.with_extension("renamed")).unwrap(),
        |path| std::fs::hard_link(path, path.with_extension("linked")).unwrap(),
        |path| std::fs::set_permissions(path, PermissionsExt::from_mode(0o400)).unwrap(),
    ];
    for mode in [SendMode::Raw, SendMode::Tutorial] {
        for change in changes {
            let from = tempfile::tempdir().unwrap();
            let path = from.path().join("a.bin");
            std::fs::File::create(&path).unwrap().set_len(LEN).unwrap();
            let mut h = Harness::new();
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let (client, session) = h.connect_with(&format!("tcp://{}", listener.local_addr().unwrap()), |_| {});
            let (mut peer, _) = listener.accept().unwrap();
            send_file(&h, client, &path, mode);
            let name = if mode == SendMode::Tutorial { "a.bin" } else { "" };
            peer.read_exact(&mut vec![0; name.len() + (1 << 20)]).unwrap();
            change(&path);
            let reader = std::thread::spawn(move || std::io::copy(&mut peer, &mut std::io::sink()));
            let (outcome, _, size, failure) = h.transfer_ended();
            assert_eq!((outcome, size, failure), (Outcome::HandedOver, LEN, None), "{mode:?}");
            h.engine.send(Command::FinishSending { session: session.id });
            let rest = reader.join().unwrap().expect("an end of file, no reset");
            assert_eq!(rest, LEN - (1 << 20));
        }
    }
}

#[test]
fn every_queued_file_has_an_end_that_is_told() {
    let [from, into] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let paths: Vec<_> = ["a.txt", "b.txt", "c.txt"].map(|name| file(from.path(), name, b"bytes")).into();
    let mut h = Harness::new();
    let receive = ReceiveMode::Tutorial { into: into.path().to_owned() };
    let (_, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = receive);
    let (client, _) = h.connect(&endpoint);
    let command = Command::SendFiles { socket: client, to: Recipients::All, paths, mode: SendMode::Tutorial };
    h.engine.send(command);
    let mut outcomes: Vec<_> = (0..4).map(|_| h.transfer_ended()).map(|(outcome, ..)| outcome.name()).collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["handed-over", "refused", "refused", "unverified"], "one connection carries one such file");
}

#[test]
fn a_cancel_reaches_a_file_that_stands_still() {
    let [from, into] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let path = file(from.path(), "a.txt", b"bytes");
    let started = |h: &mut Harness| {
        h.wait("a start", |event| match event {
            Event::TransferStarted(info) => Some(info.id),
            _ => None,
        })
    };
    // A sender that says no more.
    let mut h = Harness::new();
    let receive = ReceiveMode::Tutorial { into: into.path().to_owned() };
    let (_, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = receive);
    let mut peer = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
    peer.write_all(b"half.txt").unwrap();
    let transfer = started(&mut h);
    h.engine.send(Command::CancelTransfer { transfer });
    let (outcome, _, _, failure) = h.transfer_ended();
    assert_eq!((outcome, failure.map(|failure| failure.cause)), (Outcome::Incomplete, Some(Cause::Cancelled)));
    // A receiver that never ends its side.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (client, _) = h.connect_with(&format!("tcp://{}", listener.local_addr().unwrap()), |_| {});
    let (peer, _) = listener.accept().unwrap();
    send_file(&h, client, &path, SendMode::Tutorial);
    let transfer = started(&mut h);
    h.wait("all handed over", |event| matches!(event, Event::FinishedSending { .. }).then_some(()));
    h.engine.send(Command::CancelTransfer { transfer });
    assert_eq!(h.transfer_ended().0, Outcome::HandedOver);
    drop(peer);
}

#[test]
fn a_file_that_breaks_off_ends_with_a_reset() {
    let from = tempfile::tempdir().unwrap();
    let path = from.path().join("sparse.bin");
    std::fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    for mode in [SendMode::Raw, SendMode::Tutorial] {
        let mut h = Harness::new();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (client, info) = h.connect_with(&format!("tcp://{}", listener.local_addr().unwrap()), |_| {});
        let (mut peer, _) = listener.accept().unwrap();
        send_file(&h, client, &path, mode);
        let mut buffer = vec![0; 1 << 20];
        peer.read_exact(&mut buffer).unwrap();
        h.engine.send(Command::Disconnect { socket: client });
        let end = loop {
            match peer.read(&mut buffer) {
                Ok(0) => break None,
                Ok(_) => {}
                Err(error) => break Some(error.kind()),
            }
        };
        assert_eq!(end, Some(std::io::ErrorKind::ConnectionReset), "an end of file would say that this was all");
        h.closed(info.id);
    }
}

#[test]
fn a_file_that_can_not_be_kept_is_not_taken_for_received() {
    let into = tempfile::tempdir().unwrap();
    let mut h = Harness::new();
    let receive = ReceiveMode::Tutorial { into: into.path().to_owned() };
    let (server, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = receive);
    let mut peer = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
    let session = h.opened(server);
    peer.write_all(b"a.bin").unwrap();
    let incomplete = into.path().join("a.bin.incomplete");
    until("the file has begun", || incomplete.exists());
    std::fs::remove_file(incomplete).unwrap();
    peer.write_all(b"content").unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    let (outcome, _, _, failure) = h.transfer_ended();
    let failure = failure.unwrap();
    assert_eq!((outcome, failure.operation), (Outcome::Incomplete, Operation::FinishFile));
    assert_eq!(failure.cause, Cause::NotFound);
    assert_eq!(h.closed(session.id), CloseReason::Error);
    assert_eq!(peer.read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

/// Whether this process has the folder open.
#[cfg(target_os = "linux")]
fn has_open(folder: &Path) -> bool {
    let open = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    open.filter_map(|entry| std::fs::read_link(entry.path()).ok()).any(|path| path == folder)
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_can_not_be_begun_is_refused_with_a_reset() {
    for is_raw in [true, false] {
        let place = tempfile::tempdir().unwrap();
        let into = place.path().canonicalize().unwrap().join("into");
        std::fs::create_dir(&into).unwrap();
        let receive =
            if is_raw { ReceiveMode::Raw { into: into.clone() } } else { ReceiveMode::Tutorial { into: into.clone() } };
        let mut h = Harness::new();
        let (_, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = receive);
        let mut peer = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
        until("a receiver", || has_open(&into));
        std::fs::remove_dir(&into).unwrap();
        if is_raw {
            // An empty file.
            peer.shutdown(Shutdown::Write).unwrap();
        } else {
            peer.write_all(b"a.bin").unwrap();
        }
        let (outcome, _, _, failure) = h.transfer_ended();
        assert_eq!((outcome, failure.unwrap().cause), (Outcome::Refused, Cause::NotFound));
        assert_eq!(peer.read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    }
}

#[test]
fn a_receiver_that_stops_half_way_says_so_by_a_reset() {
    let into = tempfile::tempdir().unwrap();
    let mut h = Harness::new();
    let receive = ReceiveMode::Tutorial { into: into.path().to_owned() };
    let (server, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = receive);
    let mut peer = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
    peer.write_all(b"half.txt").unwrap();
    h.wait("a start", |event| matches!(event, Event::TransferStarted(_)).then_some(()));
    h.engine.send(Command::StopListening { socket: server });
    assert_eq!(h.transfer_ended().0, Outcome::Incomplete);
    assert_eq!(peer.read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn a_file_that_stalls_goes_on_telling_so_in_both_directions() {
    let [from, into] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let path = file(from.path(), "a.bin", &noise(32 << 20));
    let mut h = Harness::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (client, _) = h.connect_with(&format!("tcp://{}", listener.local_addr().unwrap()), |_| {});
    let (peer_that_does_not_read, _) = listener.accept().unwrap();
    let receive = ReceiveMode::Raw { into: into.path().to_owned() };
    let (_, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = receive);
    let mut peer_that_stops = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();

    send_file(&h, client, &path, SendMode::Raw);
    peer_that_stops.write_all(b"begun").unwrap();
    for direction in [Direction::Out, Direction::In] {
        let id = h.wait("a transfer", |event| match event {
            Event::TransferStarted(info) if info.direction == direction => Some(info.id),
            _ => None,
        });
        let mut stalled = || {
            h.wait("a stall", |event| match event {
                Event::TransferProgress { transfer, progress } if *transfer == id && progress.is_stalled() => {
                    Some(*progress)
                }
                _ => None,
            })
        };
        let (first, second) = (stalled(), stalled());
        assert_eq!((first.done, first.left()), (second.done, None));
        assert!(second.elapsed > first.elapsed && second.done > 0, "{direction:?} {second:?}");
    }
    // It was a stall, not an end.
    peer_that_stops.write_all(b" and ended").unwrap();
    peer_that_stops.shutdown(Shutdown::Write).unwrap();
    let (outcome, received, ..) = h.transfer_ended();
    assert_eq!(outcome, Outcome::Unverified);
    assert_eq!(std::fs::read(received).unwrap(), b"begun and ended");
    drop(peer_that_does_not_read);
}

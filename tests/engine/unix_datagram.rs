//! Unix datagram sockets: named peers kept apart, senders without a name, full queues, and what is left of them.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;

use sockeye::model::{
    Call, Cause, Command, Condition, Direction, Event, Filter, Hint, Life, Notice, Peer, Recipients, Respond, RowBody,
    SessionInfo, SocketId, UnixName,
};
use tempfile::tempdir;

use crate::harness::{DEADLINE, Harness};
use crate::support::in_own_network;

fn endpoint(path: &Path) -> String {
    format!("unix-dgram:{}", path.display())
}

fn peer(path: &Path) -> UnixDatagram {
    let peer = UnixDatagram::bind(path).unwrap();
    peer.set_read_timeout(Some(DEADLINE)).unwrap();
    peer
}

fn heard(peer: &UnixDatagram) -> Vec<u8> {
    let mut buffer = [0; 64];
    let len = peer.recv(&mut buffer).unwrap();
    buffer[..len].to_vec()
}

fn process_of(info: &SessionInfo) -> Option<u32> {
    info.process.as_ref().and_then(|process| process.pid)
}

#[test]
fn each_named_peer_is_a_session_and_is_answered_alone() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("s");
    let mut h = Harness::new();
    let (server, told) = h.listen(&endpoint(&path));
    assert_eq!(told.to_string(), endpoint(&path));
    let names = [folder.path().join("a"), folder.path().join("b")];
    let peers = [peer(&names[0]), peer(&names[1])];
    let mut sessions = Vec::new();
    for (peer, name) in peers.iter().zip(&names) {
        peer.send_to("你好".as_bytes(), &path).unwrap();
        let info = h.opened(server);
        assert_eq!(info.peer, Peer::Unix(UnixName::Path(name.clone())));
        assert_eq!(process_of(&info), Some(std::process::id()));
        sessions.push(info.id);
    }
    let one = Recipients::Sessions(vec![sessions[1]]);
    h.engine.send(Command::Send { socket: server, to: one, bytes: b"second".to_vec() });
    h.send(server, b"all");
    assert_eq!(heard(&peers[0]), b"all");
    assert_eq!(heard(&peers[1]), b"second");
    assert_eq!(heard(&peers[1]), b"all");
    // The first peer's next one belongs to its session.
    peers[0].send_to(b"again", &path).unwrap();
    assert_eq!(h.bytes(sessions[0], Direction::In, 11), "你好again".as_bytes());
    let rows = h.rows(&Filter { session: Some(sessions[0]), ..Filter::default() }, |rows| !rows.is_empty());
    let RowBody::Life(Life::Accepted { process: Some(process), .. }) = &rows[0].body else { panic!("{:?}", rows[0]) };
    assert_eq!(process.pid, Some(std::process::id()));
    let inward = Filter { session: Some(sessions[0]), direction: Some(Direction::In), ..Filter::default() };
    let rows = h.rows(&inward, |rows| rows.len() == 2);
    assert!(rows.iter().all(|row| row.stamp.kernel_ns.is_some()), "{rows:?}");
}

#[test]
fn a_sender_without_a_name_is_shown_and_can_not_be_answered() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("s");
    let mut h = Harness::new();
    let (server, _) = h.listen_with(&endpoint(&path), |spec| spec.respond = Respond::Echo);
    let sender = UnixDatagram::unbound().unwrap();
    sender.send_to(b"who am I", &path).unwrap();
    sender.send_to(b"still me", &path).unwrap();
    let info = h.opened(server);
    assert_eq!(info.peer, Peer::Unix(UnixName::Unnamed));
    assert_eq!(process_of(&info), Some(std::process::id()), "the kernel tells who it is all the same");
    assert_eq!(h.bytes(info.id, Direction::In, 16), b"who am Istill me");
    h.wait("a notice", |event| matches!(event, Event::Noticed { notice: Notice::SenderUnnamed, .. }).then_some(()));
    assert!(h.take(|event| matches!(event, Event::Failed { .. })).is_none(), "an echo is not even tried");
    h.send(server, b"answer");
    let failure = h.failed();
    assert_eq!((failure.cause, failure.hint), (Cause::NoReturnAddress, Some(Hint::SenderMustBind)));
}

fn client(h: &mut Harness, endpoint: &str, connected: bool) -> (SocketId, SessionInfo) {
    h.connect_with(endpoint, |spec| spec.connected = connected)
}

#[test]
fn a_client_has_a_name_of_its_own_and_leaves_nothing_behind() {
    for connected in [true, false] {
        let folder = tempdir().unwrap();
        let path = folder.path().join("theirs");
        let server = peer(&path);
        let mut h = Harness::new();
        let (socket, info) = client(&mut h, &endpoint(&path), connected);
        let Peer::Unix(UnixName::Abstract(name)) = &info.local else { panic!("{info:?}") };
        h.send(socket, b"ping");
        let mut buffer = [0; 64];
        let (len, from) = server.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..len], from.as_abstract_name()), (&b"ping"[..], Some(name.as_slice())));
        server.send_to_addr(b"pong", &from).unwrap();
        assert_eq!(h.bytes(info.id, Direction::In, 4), b"pong");
        let stranger = peer(&folder.path().join("stranger"));
        let heard = stranger.send_to_addr(b"psst", &SocketAddr::from_abstract_name(name).unwrap());
        assert_eq!(heard.is_ok(), !connected, "a connected socket hears its peer only");
        drop(h);
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "the peers' own: {left:?}");
    }
}

/// A client's session opens before anybody has answered.
#[test]
fn who_answers_a_client_is_told_once_it_has() {
    for connected in [true, false] {
        let folder = tempdir().unwrap();
        let path = folder.path().join("theirs");
        let server = peer(&path);
        let mut h = Harness::new();
        let (_, info) = client(&mut h, &endpoint(&path), connected);
        assert_eq!(info.process, None);
        let Peer::Unix(UnixName::Abstract(name)) = &info.local else { panic!("{info:?}") };
        let client = SocketAddr::from_abstract_name(name).unwrap();
        for message in [b"one", b"two"] {
            server.send_to_addr(message, &client).unwrap();
        }
        let (session, process) = h.wait("the process", |event| match event {
            Event::Noticed { session, notice: Notice::PeerKnown { process }, .. } => Some((*session, process.clone())),
            _ => None,
        });
        assert_eq!((session, process.pid), (Some(info.id), Some(std::process::id())), "connected: {connected}");
        assert!(process.name.is_some(), "{process:?}");
        // Before what it sent, and once.
        let rows = h.rows(&Filter { session: Some(info.id), ..Filter::default() }, |rows| rows.len() == 4);
        let is_known = |body: &RowBody| matches!(body, RowBody::Notice { notice: Notice::PeerKnown { .. } });
        assert_eq!(rows.iter().map(|row| is_known(&row.body)).collect::<Vec<_>>(), [false, true, false, false]);
    }
}

#[test]
fn both_roles_of_this_program_converse_and_the_file_goes_with_the_server() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("s");
    let abstract_name = format!("unix-dgram:@sockeye-dgram-{}", std::process::id());
    for endpoint in [endpoint(&path), abstract_name] {
        let mut h = Harness::new();
        let (server, told) = h.listen(&endpoint);
        let (socket, at_client) = h.connect(&told);
        h.send(socket, b"");
        let at_server = h.opened(server);
        assert_eq!(at_server.peer, at_client.local);
        h.send(socket, "你好".as_bytes());
        h.send(server, "不好".as_bytes());
        assert_eq!(h.bytes(at_client.id, Direction::In, 6), "不好".as_bytes());
        let inward = Filter { session: Some(at_server.id), direction: Some(Direction::In), ..Filter::default() };
        let rows = h.rows(&inward, |rows| rows.len() == 2);
        assert_eq!(rows.iter().map(|row| row.len).collect::<Vec<_>>(), [0, 6], "an empty datagram is one, and no end");
        let outward = Filter { session: Some(at_client.id), direction: Some(Direction::Out), ..Filter::default() };
        let rows = h.rows(&outward, |rows| rows.len() == 2);
        assert!(rows.iter().all(|row| matches!(row.body, RowBody::Data { call: Call::Send, .. })), "{rows:?}");
    }
    assert!(!path.exists());
}

#[test]
fn what_is_longer_than_the_receive_size_is_cut_and_told() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("s");
    let mut h = Harness::new();
    let (server, _) = h.listen(&format!("{}?recvsize=4", endpoint(&path)));
    peer(&folder.path().join("c")).send_to(b"12345678", &path).unwrap();
    let session = h.opened(server).id;
    h.wait("the notice", |event| {
        matches!(event, Event::Noticed { notice: Notice::Truncated { kept: 4 }, .. }).then_some(())
    });
    assert_eq!(h.bytes(session, Direction::In, 4), b"1234");
}

#[test]
fn a_long_datagram_arrives_whole_and_one_that_is_too_long_not_at_all() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("s");
    let mut h = Harness::new();
    let (server, told) = h.listen(&endpoint(&path));
    let (socket, at_client) = h.connect(&told);
    let long = crate::harness::noise(150_000);
    h.send(socket, &long);
    let session = h.opened(server).id;
    assert_eq!(h.bytes(session, Direction::In, long.len()), long);
    h.send(socket, &vec![0; 4 << 20]);
    let failure = h.failed();
    assert_eq!((failure.cause, failure.hint), (Cause::MessageTooLong, Some(Hint::RaiseSendBuffer)));
    h.send(socket, b"fits");
    assert_eq!(h.bytes(session, Direction::In, long.len() + 4)[long.len()..], *b"fits");
    let refused = Filter { session: Some(at_client.id), condition: Some(Condition::Error), ..Filter::default() };
    assert_eq!(h.rows(&refused, |rows| !rows.is_empty()).len(), 1);
}

#[test]
fn a_receiver_that_does_not_read_is_told_by_its_full_queue() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("theirs");
    let deaf = peer(&path);
    for connected in [true, false] {
        let mut h = Harness::with(|config| config.payload_events = true);
        let (socket, _) = client(&mut h, &endpoint(&path), connected);
        // More than net.unix.max_dgram_qlen allows on any system, or the test would take minutes.
        let failure = (0..2000).find_map(|_| {
            h.send(socket, b"x");
            h.wait("an outcome", |event| match event {
                Event::Failed { failure, .. } => Some(Some(failure.clone())),
                Event::Sent { .. } => Some(None),
                _ => None,
            })
        });
        let failure = failure.expect("a queue without end");
        assert_eq!((failure.cause, failure.hint), (Cause::PeerQueueFull, Some(Hint::WaitForTheReceiver)));
        drop(h);
        deaf.set_nonblocking(true).unwrap();
        while deaf.recv(&mut [0; 8]).is_ok() {}
        deaf.set_nonblocking(false).unwrap();
    }
}

#[test]
fn a_receiver_that_has_gone_refuses() {
    in_own_network("unix_datagram::a_receiver_that_has_gone_refuses", || {
        let folder = tempdir().unwrap();
        let path = folder.path().join("theirs");
        let gone = peer(&path);
        let mut h = Harness::new();
        let (socket, _) = client(&mut h, &endpoint(&path), false);
        drop(gone);
        h.send(socket, b"x");
        let failure = h.failed();
        assert_eq!((failure.cause, failure.hint), (Cause::StaleSocket, Some(Hint::StartTheServerAtTheName)));
        let again = peer_after_removal(&path);
        h.send(socket, b"back");
        assert_eq!(heard(&again), b"back", "an unconnected socket goes on");
    });
}

fn peer_after_removal(path: &Path) -> UnixDatagram {
    std::fs::remove_file(path).unwrap();
    peer(path)
}

#[test]
fn a_stale_file_is_taken_over_and_one_in_use_is_not_whatever_its_type() {
    in_own_network("unix_datagram::a_stale_file_is_taken_over_and_one_in_use_is_not_whatever_its_type", || {
        let folder = tempdir().unwrap();
        let path = folder.path().join("s");
        drop(UnixDatagram::bind(&path).unwrap());
        assert!(path.exists(), "a Unix socket's file outlives it");
        let mut h = Harness::new();
        h.begin_connect(&endpoint(&path), |_| {});
        let failure = h.failed();
        assert_eq!((failure.cause, failure.hint), (Cause::StaleSocket, Some(Hint::StartTheServerAtTheName)));
        let (first, _) = h.listen(&endpoint(&path));
        h.wait("a notice", |event| {
            matches!(event, Event::Noticed { notice: Notice::StaleSocketRemoved, .. }).then_some(())
        });
        for scheme in ["unix", "unix-dgram", "unix-seqpacket"] {
            let second = h.engine.new_socket();
            h.listen_as(second, &format!("{scheme}:{}", path.display()), |_| {});
            assert_eq!(h.failed().cause, Cause::AddressInUse, "{scheme}");
            h.stopped(second);
        }
        peer(&folder.path().join("c")).send_to(b"alive", &path).unwrap();
        let session = h.opened(first).id;
        assert_eq!(h.bytes(session, Direction::In, 5), b"alive");
        for scheme in ["unix", "unix-seqpacket"] {
            h.begin_connect(&format!("{scheme}:{}", path.display()), |_| {});
            let failure = h.failed();
            assert_eq!((failure.cause, failure.hint), (Cause::OtherSocketType, Some(Hint::ChooseAnotherProtocol)));
        }
    });
}

#[test]
fn a_file_in_the_sockets_place_is_left_alone() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "mine").unwrap();
    for scheme in ["unix-dgram", "unix-seqpacket"] {
        let mut h = Harness::new();
        let server = h.engine.new_socket();
        h.listen_as(server, &format!("{scheme}:{}", path.display()), |_| {});
        let failure = h.failed();
        assert_eq!((failure.cause, failure.hint), (Cause::NotASocket, Some(Hint::RemoveTheFile)));
        h.begin_connect(&format!("{scheme}:{}", path.display()), |_| {});
        let failure = h.failed();
        assert_eq!((failure.cause, failure.hint), (Cause::NoSocketThere, Some(Hint::CheckThePath)));
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
}

#[test]
fn files_need_a_stream() {
    let mut h = Harness::new();
    let name = format!("unix-dgram:@sockeye-dgram-files-{}", std::process::id());
    let (_server, told) = h.listen(&name);
    let (socket, _) = h.connect(&told);
    let paths = vec!["/etc/hostname".into()];
    h.engine.send(Command::SendFiles { socket, to: Recipients::All, paths, mode: Default::default() });
    assert_eq!(h.failed().cause, Cause::NotAStream);
}

//! Unix stream sockets and the files that they leave.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};

use sockeye::model::{Cause, Direction, Event, Hint, Notice, Respond};

use crate::harness::Harness;
use crate::support::in_own_network;

#[test]
fn a_conversation_over_a_path_and_over_an_abstract_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.sock");
    let abstract_name = format!("unix:@sockeye-test-{}", std::process::id());
    for endpoint in [format!("unix:{}", path.display()), abstract_name] {
        let mut h = Harness::new();
        let (server, endpoint) = h.listen(&endpoint);
        let (client, at_client) = h.connect(&endpoint);
        let at_server = h.opened(server);
        h.send(client, "你好".as_bytes());
        h.send(server, "不好".as_bytes());
        assert_eq!(h.bytes(at_server.id, Direction::In, 6), "你好".as_bytes());
        assert_eq!(h.bytes(at_client.id, Direction::In, 6), "不好".as_bytes());
        assert_eq!(at_client.peer.to_string(), endpoint.to_string().trim_start_matches("unix:"));
    }
    assert!(!path.exists(), "the listener takes its file with it");
}

#[test]
fn a_failure_of_a_peer_without_a_name_tells_the_listeners_address() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.sock");
    let mut h = Harness::new();
    let (server, listening) = h.listen_with(&format!("unix:{}", path.display()), |spec| spec.stay_half_open = true);
    let peer = UnixStream::connect(&path).unwrap();
    h.opened(server);
    // It hears nothing any more either, and its connection stays.
    peer.shutdown(Shutdown::Both).unwrap();
    h.wait("its end", |event| matches!(event, Event::PeerFinished { .. }).then_some(()));
    h.send(server, b"answer");
    let failure = h.failed();
    assert_eq!((failure.cause, failure.subject), (Cause::BrokenPipe, listening.to_string()));
}

#[test]
fn a_stale_file_is_taken_over_and_a_live_one_is_not() {
    in_own_network("unix::a_stale_file_is_taken_over_and_a_live_one_is_not", || {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.sock");
        let endpoint = format!("unix:{}", path.display());
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "a Unix socket's file outlives it");
        let mut h = Harness::new();
        let client = h.begin_connect(&endpoint, |_| {});
        let failure = h.failed();
        assert_eq!((failure.cause, failure.hint), (Cause::StaleSocket, Some(Hint::StartTheServerAtTheName)));
        h.wait("the end", |event| matches!(event, Event::Disconnected { socket } if *socket == client).then_some(()));

        let (first, _) = h.listen_with(&endpoint, |spec| spec.respond = Respond::Echo);
        h.wait("a notice", |event| {
            matches!(event, Event::Noticed { notice: Notice::StaleSocketRemoved, .. }).then_some(())
        });
        let second = h.engine.new_socket();
        h.listen_as(second, &endpoint, |_| {});
        assert_eq!(h.failed().cause, Cause::AddressInUse);
        h.stopped(second);
        let mut peer = UnixStream::connect(&path).unwrap();
        h.opened(first);
        peer.write_all(b"alive").unwrap();
        let mut heard = [0; 5];
        peer.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"alive");
        let second = h.take(|event| matches!(event, Event::Opened { .. }));
        assert!(second.is_none(), "looking whether somebody listens is no connection: {second:?}");
    });
}

#[test]
fn another_file_in_the_sockets_place_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "mine").unwrap();
    let endpoint = format!("unix:{}", path.display());
    let mut h = Harness::new();
    let server = h.engine.new_socket();
    h.listen_as(server, &endpoint, |_| {});
    let failure = h.failed();
    assert_eq!((failure.cause, failure.hint), (Cause::NotASocket, Some(Hint::RemoveTheFile)));
    h.begin_connect(&endpoint, |_| {});
    let failure = h.failed();
    assert_eq!((failure.cause, failure.hint), (Cause::NoSocketThere, Some(Hint::CheckThePath)));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
}

#[test]
fn a_listener_removes_its_own_file_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.sock");
    let mut h = Harness::new();
    let (server, _) = h.listen(&format!("unix:{}", path.display()));
    std::fs::remove_file(&path).unwrap();
    let _other = UnixListener::bind(&path).unwrap();
    h.engine.send(sockeye::model::Command::StopListening { socket: server });
    h.stopped(server);
    assert!(path.exists(), "another program's socket stands there now");
}

#[test]
fn a_listener_that_takes_nobody_is_not_stale() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.sock");
    let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    socket.bind(&socket2::SockAddr::unix(&path).unwrap()).unwrap();
    socket.listen(0).unwrap();
    let _queued = UnixStream::connect(&path).unwrap();
    let mut h = Harness::new();
    let server = h.engine.new_socket();
    h.listen_as(server, &format!("unix:{}", path.display()), |_| {});
    assert_eq!(h.failed().cause, Cause::AddressInUse);
    h.stopped(server);
}

#[test]
fn a_socket_that_is_bound_and_does_not_listen_yet_is_not_stale() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.sock");
    let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    socket.bind(&socket2::SockAddr::unix(&path).unwrap()).unwrap();
    let mut h = Harness::new();
    for scheme in ["unix", "unix-dgram", "unix-seqpacket"] {
        let server = h.engine.new_socket();
        h.listen_as(server, &format!("{scheme}:{}", path.display()), |_| {});
        assert_eq!(h.failed().cause, Cause::AddressInUse, "{scheme}");
        h.stopped(server);
    }
    assert!(path.exists());
}

#[test]
fn a_path_has_107_bytes_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let room = 107 - folder.path().as_os_str().len() - 1;
    for scheme in ["unix", "unix-dgram", "unix-seqpacket"] {
        let longest = format!("{scheme}:{}", folder.path().join("x".repeat(room)).display());
        let mut h = Harness::new();
        let (_server, told) = h.listen(&longest);
        assert_eq!(told.to_string(), longest);
        h.connect(&told);
        let error = format!("{longest}x").parse::<sockeye::model::Target>().unwrap_err();
        assert_eq!(error, sockeye::model::EndpointError::PathTooLong { len: 108 });
    }
}

#[test]
fn an_abstract_name_never_goes_stale_and_a_file_outlives_a_killed_socket() {
    in_own_network("unix::an_abstract_name_never_goes_stale_and_a_file_outlives_a_killed_socket", || {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.sock");
        let name = format!("\0sockeye-unix-stale-{}", std::process::id());
        for (scheme, kind) in [
            ("unix", socket2::Type::STREAM),
            ("unix-dgram", socket2::Type::DGRAM),
            ("unix-seqpacket", socket2::Type::SEQPACKET),
        ] {
            for bound in [path.as_os_str().to_owned(), name.clone().into()] {
                let socket = socket2::Socket::new(socket2::Domain::UNIX, kind, None).unwrap();
                socket.bind(&socket2::SockAddr::unix(&bound).unwrap()).unwrap();
            }
            let mut h = Harness::new();
            h.listen(&format!("{scheme}:{}", name.replace('\0', "@")));
            let is_removal = |event: &Event| matches!(event, Event::Noticed { notice: Notice::StaleSocketRemoved, .. });
            assert!(h.take(is_removal).is_none(), "{scheme}: nothing was left to remove");
            assert!(path.exists(), "{scheme}: the file is there although its socket is closed");
            let (server, _) = h.listen(&format!("{scheme}:{}", path.display()));
            h.wait("the removal", |event| is_removal(event).then_some(()));
            h.engine.send(sockeye::model::Command::StopListening { socket: server });
            h.stopped(server);
            assert!(!path.exists());
        }
    });
}

#[test]
fn who_connected_and_who_listens_is_known_on_both_sides() {
    let mut h = Harness::new();
    let name = format!("unix:@sockeye-who-{}", std::process::id());
    let (server, told) = h.listen(&name);
    let (_client, at_client) = h.connect(&told);
    let at_server = h.opened(server);
    for info in [at_client, at_server] {
        let process = info.process.expect("a process");
        assert_eq!(process.pid, Some(std::process::id()));
        assert_eq!(process.uid, nix::unistd::getuid().as_raw());
        assert_eq!(process.gid, nix::unistd::getgid().as_raw());
        assert!(process.name.is_some_and(|name| !name.is_empty()));
    }
    let (_server, told) = h.listen("tcp://127.0.0.1:0");
    assert_eq!(h.connect(&told).1.process, None, "TCP doesn't tell");
}

#[test]
fn descriptors_that_a_peer_sends_along_are_not_kept() {
    use std::os::fd::AsRawFd;

    use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};

    let mut h = Harness::new();
    let name = format!("sockeye-rights-{}", std::process::id());
    let (server, _) = h.listen(&format!("unix:@{name}"));
    let address =
        <std::os::unix::net::SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(&name).unwrap();
    let peer = UnixStream::connect_addr(&address).unwrap();
    let session = h.opened(server).id;
    let (mut watch, sent) = std::io::pipe().unwrap();
    for _ in 0..3 {
        let descriptors = [sent.as_raw_fd()];
        let rights = [ControlMessage::ScmRights(&descriptors)];
        let bytes = [std::io::IoSlice::new(b"x")];
        sendmsg::<()>(peer.as_raw_fd(), &bytes, &rights, MsgFlags::empty(), None).unwrap();
    }
    assert_eq!(h.bytes(session, Direction::In, 3), b"xxx");
    drop(sent);
    // Only when no copy of the writing end is left anywhere.
    assert_eq!(watch.read(&mut [0]).unwrap(), 0);
}

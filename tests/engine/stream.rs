//! TCP: listen, connect, send, finish, reset, stop.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use sockeye::model::{
    Cause, CloseReason, Command, Direction, Event, Filter, Hint, Life, Notice, Operation, ReceiveMode, Recipients,
    Respond, RowBody, SendMode, SessionId, TcpState,
};

use crate::harness::{DEADLINE, Harness, noise, port, until};
use crate::support::within_a_second;
use crate::support::{in_own_network, ip, put_over, set_up};

const HELLO: &str = "你好";
const NO: &str = "不好";

#[test]
fn a_server_and_its_client_in_one_engine_say_hello() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
    assert_ne!(port(&endpoint), 0);
    let (client, at_client) = h.connect(&endpoint);
    let at_server = h.opened(server);
    assert_eq!(at_server.peer, at_client.local);
    assert_eq!(at_server.local, at_client.peer);

    h.send(client, NO.as_bytes());
    // Two threads have their rows recorded: the order of what they do at once is not the order of its times.
    assert_eq!(h.bytes(at_server.id, Direction::In, NO.len()), NO.as_bytes());
    h.send(server, HELLO.as_bytes());
    for (session, direction, text) in [
        (at_client.id, Direction::In, HELLO),
        (at_server.id, Direction::Out, HELLO),
        (at_client.id, Direction::Out, NO),
    ] {
        assert_eq!(h.bytes(session, direction, text.len()), text.as_bytes());
    }

    h.engine.send(Command::Disconnect { socket: client });
    assert_eq!(h.closed(at_client.id), CloseReason::Local);
    assert_eq!(h.closed(at_server.id), CloseReason::Eof);
    let filter = Filter { session: Some(at_server.id), ..Filter::default() };
    let rows = h.rows(&filter, |rows| rows.len() >= 5);
    let lives: Vec<_> = rows
        .iter()
        .filter_map(|row| match &row.body {
            RowBody::Life(life) => Some(life.clone()),
            _ => None,
        })
        .collect();
    let (local, peer) = (endpoint.to_string(), format!("tcp://{}", at_server.peer));
    let eof = CloseReason::Eof;
    let accepted = Life::Accepted { local, peer, process: None };
    assert_eq!(lives, [accepted, Life::PeerFinished, Life::Closed { reason: eof }]);
    assert!(rows.windows(2).all(|pair| pair[0].stamp.mono_ns <= pair[1].stamp.mono_ns), "in order of time");
    let received = rows.iter().find(|row| matches!(row.body, RowBody::Data { direction: Direction::In, .. })).unwrap();
    let kernel = received.stamp.kernel_ns.expect("Linux tells when bytes came");
    assert!(kernel <= received.stamp.wall_ns && kernel > at_server.since_wall_ns - 1_000_000_000);
}

#[test]
fn a_tcp_conversation_over_ipv6() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("tcp://[::1]:0");
    let (client, at_client) = h.connect(&endpoint);
    let at_server = h.opened(server);
    assert_eq!(at_server.peer, at_client.local);
    assert!(at_server.peer.to_string().starts_with("[::1]:"), "{}", at_server.peer);
    h.send(client, NO.as_bytes());
    assert_eq!(h.bytes(at_server.id, Direction::In, NO.len()), NO.as_bytes());
    h.send(server, HELLO.as_bytes());
    assert_eq!(h.bytes(at_client.id, Direction::In, HELLO.len()), HELLO.as_bytes());
}

#[test]
fn conversations_over_link_local_addresses_have_their_interface() {
    in_own_network("stream::conversations_over_link_local_addresses_have_their_interface", || {
        ip(&["link", "add", "d0", "type", "veth", "peer", "name", "d1"]);
        set_up(&["d0", "d1"]);
        ip(&["address", "add", "fe80::9/64", "dev", "d0", "nodad"]);
        for scheme in ["tcp", "udp"] {
            let mut h = Harness::new();
            let (server, endpoint) = h.listen(&format!("{scheme}://[fe80::9%d0]:0"));
            let there = format!("{scheme}://[fe80::9%d0]:{}", port(&endpoint));
            let (client, at_client) = h.connect_with(&there, |_| {});
            h.send(client, NO.as_bytes());
            let at_server = h.opened(server);
            assert_eq!(at_server.peer, at_client.local);
            let shown = at_server.peer.to_string();
            assert!(shown.starts_with("[fe80::9%d0]:"), "by its interface's name: {shown}");
            assert_eq!(format!("{scheme}://{}", at_client.peer), there);
            assert_eq!(h.bytes(at_server.id, Direction::In, NO.len()), NO.as_bytes());
            h.send(server, HELLO.as_bytes());
            assert_eq!(h.bytes(at_client.id, Direction::In, HELLO.len()), HELLO.as_bytes());
            // What it is bound to, as it is shown, leads there as well.
            let (_, again) = h.connect(&endpoint);
            assert_eq!(again.peer, at_client.peer);
        }
    });
}

#[test]
fn to_one_to_several_to_all() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
    let mut peers = Vec::new();
    let mut sessions = Vec::new();
    for _ in 0..3 {
        peers.push(TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap());
        sessions.push(h.opened(server).id);
    }
    let send = |to, bytes: &[u8]| h.engine.send(Command::Send { socket: server, to, bytes: bytes.to_vec() });
    send(Recipients::Sessions(vec![sessions[1]]), b"one ");
    send(Recipients::Sessions(vec![sessions[0], sessions[2]]), b"several ");
    send(Recipients::All, b"all");
    h.engine.send(Command::StopListening { socket: server });
    let heard: Vec<_> = peers
        .iter_mut()
        .map(|peer| {
            let mut text = String::new();
            peer.read_to_string(&mut text).map(|_| text)
        })
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(heard, ["several all", "one all", "several all"]);
}

#[test]
fn finishing_leaves_the_other_way_open() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.stay_half_open = true);
    let (client, at_client) = h.connect(&endpoint);
    let at_server = h.opened(server);
    h.send(client, b"question");
    h.engine.send(Command::FinishSending { session: at_client.id });
    h.wait("the client's end", |event| {
        matches!(event, Event::PeerFinished { session } if *session == at_server.id).then_some(())
    });
    h.send(server, b"answer");
    assert_eq!(h.bytes(at_client.id, Direction::In, 6), b"answer");
    h.send(client, b"too late");
    assert_eq!(h.failed().cause, sockeye::model::Cause::BrokenPipe);
    h.engine.send(Command::FinishSending { session: at_server.id });
    assert_eq!(h.closed(at_server.id), CloseReason::Eof);
    assert_eq!(h.closed(at_client.id), CloseReason::Eof);
}

#[test]
fn what_waits_is_sent_before_a_finished_peer_is_let_go() {
    let mut h = Harness::new();
    let reply = noise(3 << 20);
    let respond = Respond::Reply(reply.clone());
    let (_, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.respond = respond);
    let mut peer = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
    peer.write_all(b"?").unwrap();
    peer.shutdown(std::net::Shutdown::Write).unwrap();
    let mut heard = Vec::new();
    peer.read_to_end(&mut heard).unwrap();
    assert!(heard == reply, "{} of {} bytes", heard.len(), reply.len());
}

#[test]
fn a_reset_is_a_reset_on_both_sides() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
    let (_, at_client) = h.connect(&endpoint);
    let at_server = h.opened(server);
    h.engine.send(Command::Reset { session: at_client.id });
    assert_eq!(h.closed(at_client.id), CloseReason::LocalReset);
    assert_eq!(h.closed(at_server.id), CloseReason::Reset);
}

#[test]
fn a_message_of_several_megabytes_arrives_whole() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
    let (client, at_client) = h.connect(&endpoint);
    let at_server = h.opened(server);
    let message = noise(5_000_001);
    h.send(client, &message);
    assert!(h.bytes(at_server.id, Direction::In, message.len()) == message);
    assert!(h.bytes(at_client.id, Direction::Out, message.len()) == message);
}

#[test]
fn an_echo_gives_every_byte_back() {
    let mut h = Harness::new();
    let (_, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.respond = Respond::Echo);
    let message = noise(4 << 20);
    let peer = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
    let heard = std::thread::scope(|scope| {
        let mut reading = peer.try_clone().unwrap();
        let reader = scope.spawn(move || {
            let mut heard = Vec::new();
            reading.read_to_end(&mut heard).unwrap();
            heard
        });
        (&peer).write_all(&message).unwrap();
        peer.shutdown(std::net::Shutdown::Write).unwrap();
        reader.join().unwrap()
    });
    assert!(heard == message);
}

#[test]
fn listening_again_on_the_same_port_at_once() {
    in_own_network("stream::listening_again_on_the_same_port_at_once", || {
        let mut h = Harness::new();
        let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
        let peer = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
        h.opened(server);
        // This side closes first, so that its end of the connection stays in TIME_WAIT.
        h.engine.send(Command::StopListening { socket: server });
        h.listen_as(server, &endpoint.to_string(), |_| {});
        h.stopped(server);
        assert_eq!(h.listening(server), endpoint);
        drop(peer);
        h.connect(&endpoint);
        h.opened(server);
    });
}

/// The server ends before its client does: what is left of the connection is nobody's, and not in TIME_WAIT yet.
#[test]
fn a_connection_that_its_peer_has_not_closed_keeps_the_port_and_is_explained() {
    in_own_network("stream::a_connection_that_its_peer_has_not_closed_keeps_the_port_and_is_explained", || {
        let mut h = Harness::new();
        let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
        let mut peer = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
        let peer_address = peer.local_addr().unwrap().to_string();
        h.opened(server);
        h.engine.send(Command::StopListening { socket: server });
        h.stopped(server);
        assert_eq!(peer.read(&mut [0]).unwrap(), 0);
        h.listen_as(server, &format!("{endpoint}?reuseaddr=0"), |_| {});
        let failure = h.failed();
        assert_eq!(failure.cause, Cause::AddressInUse);
        let Some(Hint::PortInTimeWait { sockets, more: 0, reuse: false }) = failure.hint else { panic!("{failure:?}") };
        let [waiting] = &sockets[..] else { panic!("{sockets:?}") };
        assert_eq!((waiting.local.clone(), waiting.peer.clone()), (endpoint.address(), peer_address.clone()));
        // The acknowledgement of this side's end may be on its way.
        assert!(matches!(waiting.state, TcpState::FinWait1 | TcpState::FinWait2), "{waiting:?}");
        let listed = sockeye::engine::Engine::sockets_in_time_wait(&endpoint.to_string().parse().unwrap()).unwrap();
        assert_eq!(listed.iter().map(|socket| &socket.peer).collect::<Vec<_>>(), [&peer_address]);
        h.stopped(server);
        h.listen_as(server, &format!("{endpoint}?reuseaddr=1"), |_| {});
        assert_eq!(h.listening(server), endpoint, "the same cure");
    });
}

/// Linux lets a listener in where connections in TIME_WAIT are, if both it and theirs have SO_REUSEADDR.
#[test]
fn without_reuse_address_a_closed_connection_keeps_the_port() {
    crate::support::in_own_network("stream::without_reuse_address_a_closed_connection_keeps_the_port", || {
        for (before, cured_at_once) in [(1, true), (0, false)] {
            let mut h = Harness::new();
            let (server, endpoint) = h.listen(&format!("tcp://127.0.0.1:0?reuseaddr={before}"));
            let mut peer = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
            let peer_address = peer.local_addr().unwrap().to_string();
            h.opened(server);
            h.engine.send(Command::StopListening { socket: server });
            h.stopped(server);
            // Only who closes first waits; and a program that another test starts just now may hold a copy of the socket.
            assert_eq!(peer.read(&mut [0]).unwrap(), 0);
            drop(peer);
            // The peer's end may be on its way. TIME_WAIT is 6 in proc(5)'s table.
            let ours = format!(":{:04X}", port(&endpoint));
            until("TIME_WAIT", || {
                let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
                let mut rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
                rows.any(|fields| fields[1].ends_with(&ours) && fields[3] == "06")
            });
            h.listen_as(server, &format!("{endpoint}?reuseaddr=0"), |_| {});
            let failure = h.failed();
            assert_eq!(failure.cause, sockeye::model::Cause::AddressInUse);
            let Some(Hint::PortInTimeWait { sockets, more: 0, reuse: false }) = failure.hint else {
                panic!("{failure:?}")
            };
            let [waiting] = &sockets[..] else { panic!("{sockets:?}") };
            assert_eq!((waiting.local.clone(), waiting.peer.clone()), (endpoint.address(), peer_address));
            assert!(waiting.seconds.is_some_and(|seconds| (1..=60).contains(&seconds)), "{:?}", waiting.seconds);
            h.stopped(server);
            if !cured_at_once {
                h.listen_as(server, &endpoint.to_string(), |_| {});
                let failure = h.failed();
                assert!(matches!(failure.hint, Some(Hint::PortInTimeWait { reuse: true, .. })), "{failure:?}");
                h.stopped(server);
            }
            h.listen_as(server, &format!("{endpoint}?reuseaddr=1"), |spec| spec.wait_for_address = true);
            if cured_at_once {
                assert_eq!(h.listening(server), endpoint);
            } else {
                h.wait("what is waited for", |event| match event {
                    Event::Noticed {
                        notice: Notice::WaitingForAddress { owner: None, seconds: Some(1..=60) }, ..
                    } => Some(()),
                    _ => None,
                });
                h.engine.send(Command::StopListening { socket: server });
                h.stopped(server);
            }
        }
    });
}

#[test]
fn a_listener_waits_for_its_address_where_it_was_told_to() {
    let mut h = Harness::new();
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap();
    let server = h.engine.new_socket();
    h.listen_as(server, &format!("tcp://{address}"), |spec| spec.wait_for_address = true);
    let owner = h.wait("who has it", |event| match event {
        Event::Noticed { notice: Notice::WaitingForAddress { owner, seconds: None }, .. } => owner.clone(),
        _ => None,
    });
    assert_eq!(owner.pid, std::process::id());
    drop(holder);
    assert_eq!(h.listening(server).address(), address.to_string());
}

#[test]
fn once_ends_with_the_first_session() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.once = true);
    let (client, _) = h.connect(&endpoint);
    h.opened(server);
    h.engine.send(Command::Disconnect { socket: client });
    h.stopped(server);
    until("nobody listens any more", || TcpStream::connect(("127.0.0.1", port(&endpoint))).is_err());
}

#[test]
fn closing_one_and_stopping_take_effect_within_a_second_under_full_flood() {
    within_a_second(|| {
        let mut h = Harness::new();
        let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
        let port = port(&endpoint);
        let took = std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(move || {
                    let mut peer = TcpStream::connect(("127.0.0.1", port)).unwrap();
                    let block = vec![7; 1 << 16];
                    // Until the listener closes.
                    while peer.write_all(&block).is_ok() {}
                });
            }
            let sessions: Vec<_> = (0..4).map(|_| h.opened(server).id).collect();
            h.wait("rows", |event| matches!(event, Event::Recorded { total } if *total > 200).then_some(()));
            let asked = Instant::now();
            h.engine.send(Command::Close { session: sessions[0] });
            h.wait("its end", |event| match event {
                Event::Closed { session, .. } if *session == sessions[0] => Some(()),
                _ => None,
            });
            let closing = asked.elapsed();
            let asked = Instant::now();
            h.engine.send(Command::StopListening { socket: server });
            h.stopped(server);
            closing.max(asked.elapsed())
        });
        until("nothing is left bound", || TcpListener::bind(("127.0.0.1", port)).is_ok());
        took
    });
}

#[test]
fn dropping_the_engine_ends_everything_within_a_second_under_full_flood() {
    within_a_second(|| {
        let mut h = Harness::new();
        let (server, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.respond = Respond::Echo);
        let port = port(&endpoint);
        let took = std::thread::scope(|scope| {
            scope.spawn(move || {
                let mut peer = TcpStream::connect(("127.0.0.1", port)).unwrap();
                // It never reads, so that the echo blocks in a send.
                while peer.write_all(&[7; 1 << 16]).is_ok() {}
            });
            h.opened(server);
            h.wait("rows", |event| matches!(event, Event::Recorded { total } if *total > 10).then_some(()));
            let asked = Instant::now();
            drop(h);
            asked.elapsed()
        });
        until("nothing is left bound", || TcpListener::bind(("127.0.0.1", port)).is_ok());
        took
    });
}

/// In a process of its own, which has no other tests' threads.
#[test]
fn every_thread_ends_with_the_engine() {
    in_own_network("stream::every_thread_ends_with_the_engine", || {
        let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
        let before = threads();
        let [from, into] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let file = from.path().join("long.bin");
        std::fs::File::create(&file).unwrap().set_len(8 << 30).unwrap();
        let mut h = Harness::new();
        let receive = ReceiveMode::Verified { into: into.path().to_owned() };
        let (server, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = receive);
        let (client, _) = h.connect(&endpoint);
        h.opened(server);
        h.listen("udp://127.0.0.1:0");
        let (to, paths, mode) = (Recipients::All, vec![file], SendMode::Verified);
        h.engine.send(Command::SendFiles { socket: client, to, paths, mode });
        h.wait("progress", |event| matches!(event, Event::TransferProgress { .. }).then_some(()));
        assert!(threads() >= before + 8, "those of the engine, of sockets and of the file: {}", threads() - before);
        drop(h);
        // One that was joined may be in the list for a moment yet.
        until("no thread is left", || threads() == before);
    });
}

#[test]
fn a_client_comes_back_by_itself() {
    in_own_network("stream::a_client_comes_back_by_itself", || {
        let mut h = Harness::new();
        let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
        let (client, first) = h.connect_with(&endpoint.to_string(), |spec| {
            spec.reconnect = Some(Duration::from_millis(20));
        });
        h.opened(server);
        h.engine.send(Command::StopListening { socket: server });
        h.stopped(server);
        h.closed(first.id);
        h.wait("a retry", |event| {
            matches!(event, Event::ReconnectingIn { socket, .. } if *socket == client).then_some(())
        });
        h.listen_as(server, &endpoint.to_string(), |_| {});
        h.listening(server);
        let second = h.opened(client);
        assert!(second.id > first.id);
        h.engine.send(Command::Disconnect { socket: client });
        h.wait("the end", |event| matches!(event, Event::Disconnected { socket } if *socket == client).then_some(()));
    });
}

#[test]
fn a_name_is_tried_at_all_of_its_addresses() {
    let mut h = Harness::new();
    // localhost is ::1 first on most systems, and nobody listens there.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (_, info) = h.connect_with(&format!("tcp://localhost:{port}"), |_| {});
    assert_eq!(info.peer.to_string(), format!("127.0.0.1:{port}"));
}

/// The first address never answers and the second refuses.
#[test]
fn of_a_names_addresses_the_one_that_answers_is_chosen_and_shown() {
    in_own_network("stream::of_a_names_addresses_the_one_that_answers_is_chosen_and_shown", || {
        let listener = TcpListener::bind("127.0.0.4:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let _deaf = deaf_listener(&format!("127.0.0.2:{port}"));
        let hosts = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(hosts.path(), "127.0.0.2 many.test\n127.0.0.3 many.test\n127.0.0.4 many.test\n").unwrap();
        put_over(hosts.path(), "/etc/hosts");

        let mut h = Harness::new();
        let (client, info) = h.connect_with(&format!("tcp://many.test:{port}"), |_| {});
        let all = [2, 3, 4].map(|number| format!("127.0.0.{number}:{port}"));
        assert_eq!(info.peer.to_string(), all[2]);
        let found = h.wait("its addresses", |event| match event {
            Event::Resolved { socket, candidates } if *socket == client => Some(candidates.clone()),
            _ => None,
        });
        assert_eq!(found, all);
        for address in &all {
            let attempt = h.wait("an attempt", |event| match event {
                Event::Connecting { socket, attempt } if *socket == client => Some(attempt.clone()),
                _ => None,
            });
            assert_eq!(attempt, format!("tcp://{address}"));
        }
        let rows = h.rows(&Filter::default(), |rows| rows.len() >= 4);
        let connected = rows.iter().find(|row| matches!(row.body, RowBody::Life(Life::Connected { .. }))).unwrap();
        assert_eq!(connected.peer, all[2]);
    });
}

#[test]
fn a_local_address_and_port_can_be_chosen() {
    in_own_network("stream::a_local_address_and_port_can_be_chosen", || {
        let mut h = Harness::new();
        let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
        // A port that is free now; the kernel doesn't hand it to another soon.
        let free = TcpListener::bind("127.0.0.7:0").unwrap().local_addr().unwrap().port();
        let (_, info) = h.connect_with(&endpoint.to_string(), |spec| {
            spec.local_host = Some("127.0.0.7".to_owned());
            spec.local_port = Some(free);
        });
        assert_eq!(info.local.to_string(), format!("127.0.0.7:{free}"));
        assert_eq!(h.opened(server).peer, info.local);

        // What is in use then is this end's port, not the one to connect to.
        let holder = TcpListener::bind("127.0.0.7:0").unwrap();
        let held = holder.local_addr().unwrap();
        h.begin_connect("tcp://127.0.0.1:9", |spec| {
            spec.local_host = Some(held.ip().to_string());
            spec.local_port = Some(held.port());
        });
        let failure = h.failed();
        assert_eq!((failure.operation, failure.subject), (Operation::Bind, format!("tcp://{held}")));
        let Some(Hint::PortHeldBy { owner }) = failure.hint else { panic!("{:?}", failure.hint) };
        assert_eq!(owner.pid, std::process::id());
    });
}

/// A listener whose queue is full drops SYNs: a connection to it stays under way.
fn deaf_listener(address: &str) -> (socket2::Socket, Vec<TcpStream>, u16) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&address.parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let mut queued = Vec::new();
    loop {
        match TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
            Ok(stream) => queued.push(stream),
            // There is room for one: a busy machine takes its time.
            Err(_) if queued.is_empty() => {}
            Err(_) => break,
        }
    }
    (socket, queued, address.port())
}

#[test]
fn connecting_ends_by_its_time_out_or_a_cancel() {
    let mut h = Harness::new();
    let (_socket, _queued, port) = deaf_listener("127.0.0.1:0");
    let endpoint = format!("tcp://127.0.0.1:{port}");
    let disconnected = |h: &mut Harness, client| {
        h.wait("the end", |event| matches!(event, Event::Disconnected { socket } if *socket == client).then_some(()));
    };
    let client = h.begin_connect(&endpoint, |spec| spec.timeout = Duration::from_millis(50));
    assert_eq!(h.failed().cause, sockeye::model::Cause::TimedOut);
    disconnected(&mut h, client);

    within_a_second(|| {
        let client = h.begin_connect(&endpoint, |spec| spec.timeout = DEADLINE);
        let attempt =
            |event: &Event| matches!(event, Event::Connecting { socket, .. } if *socket == client).then_some(());
        h.wait("an attempt", attempt);
        let asked = Instant::now();
        h.engine.send(Command::Disconnect { socket: client });
        disconnected(&mut h, client);
        asked.elapsed()
    });
}

#[test]
fn a_peer_that_never_reads_fills_the_queue_and_no_more() {
    within_a_second(|| {
        let mut h = Harness::new();
        let (server, endpoint) = h.listen("tcp://127.0.0.1:0");
        let peer = TcpStream::connect(("127.0.0.1", port(&endpoint))).unwrap();
        let session: SessionId = h.opened(server).id;
        let block = vec![1; 16 << 20];
        // The system's own buffers take some of the first.
        for _ in 0..6 {
            h.send(server, &block);
        }
        assert_eq!(h.failed().cause, sockeye::model::Cause::QueueFull);
        let asked = Instant::now();
        h.engine.send(Command::Close { session });
        h.closed(session);
        let took = asked.elapsed();
        drop(peer);
        took
    });
}

#[test]
fn what_is_asked_for_after_finishing_is_refused_and_breaks_nothing() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.stay_half_open = true);
    let (client, at_client) = h.connect(&endpoint);
    let at_server = h.opened(server);
    let message = noise(8 << 20);
    h.send(client, &message);
    h.engine.send(Command::FinishSending { session: at_client.id });
    h.send(client, b"too late");
    assert_eq!(h.failed().cause, sockeye::model::Cause::BrokenPipe);
    assert!(h.bytes(at_server.id, Direction::In, message.len()) == message);
    h.send(server, b"answer");
    assert_eq!(h.bytes(at_client.id, Direction::In, 6), b"answer", "the other way is still open");
}

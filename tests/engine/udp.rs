//! Datagrams: peers kept apart, empty ones, cut ones, refusals, and the sum of a flood.

use std::net::UdpSocket;
use std::time::Instant;

use sockeye::model::{
    Cause, CloseReason, Command, Direction, Event, Filter, Hint, Life, Notice, Operation, Recipients, Respond, RowBody,
};

use crate::harness::{DEADLINE, Harness, port};
use crate::support::{in_own_network, ip, within_a_second};

fn peer() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    socket
}

fn received(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = [0; 2048];
    let len = socket.recv(&mut buffer).unwrap();
    buffer[..len].to_vec()
}

#[test]
fn each_peer_is_a_session_and_is_answered_alone() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("udp://127.0.0.1:0");
    let peers = [peer(), peer()];
    let mut sessions = Vec::new();
    for socket in &peers {
        socket.send_to("你好".as_bytes(), ("127.0.0.1", port(&endpoint))).unwrap();
        let info = h.opened(server);
        assert_eq!(info.peer.to_string(), socket.local_addr().unwrap().to_string());
        sessions.push(info.id);
    }
    let one = Recipients::Sessions(vec![sessions[1]]);
    h.engine.send(Command::Send { socket: server, to: one, bytes: b"second".to_vec() });
    h.send(server, b"all");
    assert_eq!(received(&peers[0]), b"all");
    assert_eq!([received(&peers[1]), received(&peers[1])], [&b"second"[..], b"all"]);
    assert_eq!(h.bytes(sessions[0], Direction::In, 6), "你好".as_bytes());

    h.engine.send(Command::Close { session: sessions[0] });
    assert_eq!(h.closed(sessions[0]), CloseReason::Local);
    peers[0].send_to(b"again", ("127.0.0.1", port(&endpoint))).unwrap();
    assert!(h.opened(server).id > sessions[1], "a peer that writes again is a new session");
}

/// connect(2) gives a datagram socket one peer; without it nothing is connected.
#[test]
fn a_client_is_called_connected_only_where_it_is() {
    let mut h = Harness::new();
    let (_, endpoint) = h.listen("udp://127.0.0.1:0");
    for connected in [true, false] {
        let (socket, info) = h.connect_with(&endpoint.to_string(), |spec| spec.connected = connected);
        let filter = Filter { socket: Some(socket), session: Some(info.id), ..Filter::default() };
        let rows = h.rows(&filter, |rows| !rows.is_empty());
        let (local, peer) = (format!("udp://{}", info.local), endpoint.to_string());
        let life =
            if connected { Life::Connected { local, peer, process: None } } else { Life::Opened { local, peer } };
        assert_eq!(rows[0].body, RowBody::Life(life));
    }
}

#[test]
fn datagrams_over_ipv6() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("udp://[::1]:0");
    let (client, at_client) = h.connect(&endpoint);
    h.send(client, "你好".as_bytes());
    let at_server = h.opened(server);
    assert_eq!(at_server.peer, at_client.local);
    assert!(at_server.peer.to_string().starts_with("[::1]:"), "{}", at_server.peer);
    assert_eq!(h.bytes(at_server.id, Direction::In, 6), "你好".as_bytes());
    h.send(server, b"back");
    assert_eq!(h.bytes(at_client.id, Direction::In, 4), b"back");
}

/// A peer that is connected to one of a machine's addresses hears nothing that comes from another one.
#[test]
fn a_listener_at_all_addresses_answers_from_the_one_that_was_asked() {
    in_own_network("udp::a_listener_at_all_addresses_answers_from_the_one_that_was_asked", || {
        ip(&["address", "add", "fd00::8/128", "dev", "lo", "nodad"]);
        ip(&["address", "add", "10.0.0.8/32", "dev", "lo"]);
        let own = [("127.0.0.1", "127.0.0.1"), ("127.0.0.1", "127.0.0.2"), ("127.0.0.1", "10.0.0.8")];
        let own_v6 = [("::1", "::1"), ("::1", "fd00::8")];
        for (bound, peers) in [
            ("udp://0.0.0.0:0", &own[..]),
            ("udp://[::]:0?v6only=1", &own_v6),
            ("udp://[::]:0?v6only=0", &[&own[..], &own_v6].concat()),
        ] {
            let mut h = Harness::new();
            let (server, endpoint) = h.listen_with(bound, |spec| spec.respond = Respond::Echo);
            let peers: Vec<UdpSocket> = peers
                .iter()
                .map(|(from, to)| {
                    let peer = UdpSocket::bind((*from, 0)).unwrap();
                    peer.set_read_timeout(Some(DEADLINE)).unwrap();
                    peer.connect((*to, port(&endpoint))).unwrap();
                    peer
                })
                .collect();
            for peer in &peers {
                peer.send(b"asked").unwrap();
                assert_eq!(received(peer), b"asked", "{bound}, {peer:?}");
            }
            // Later and unasked likewise, each from its own.
            h.send(server, b"to all");
            for peer in &peers {
                assert_eq!(received(peer), b"to all", "{bound}, {peer:?}");
            }
            // That nobody is there any more is heard, too.
            let gone = peers[0].local_addr().unwrap();
            drop(peers);
            h.send(server, b"to nobody");
            let failure = h.wait("a refusal", |event| match event {
                Event::Failed { failure, .. } if failure.subject == gone.to_string() => Some(failure.clone()),
                _ => None,
            });
            assert_eq!((failure.operation, failure.cause), (Operation::Receive, Cause::Refused));
        }
    });
}

/// The machine moved, or an address was but lent.
#[test]
fn where_the_address_that_was_asked_is_gone_the_system_chooses_another() {
    in_own_network("udp::where_the_address_that_was_asked_is_gone_the_system_chooses_another", || {
        let mut h = Harness::new();
        let (server, endpoint) = h.listen("udp://0.0.0.0:0");
        let peer = peer();
        ip(&["address", "add", "10.0.0.8/32", "dev", "lo"]);
        peer.send_to(b"asked", ("10.0.0.8", port(&endpoint))).unwrap();
        h.opened(server);
        ip(&["address", "del", "10.0.0.8/32", "dev", "lo"]);
        h.send(server, b"from elsewhere");
        assert_eq!(received(&peer), b"from elsewhere");
    });
}

#[test]
fn an_empty_datagram_is_a_row_and_not_an_end() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen_with("udp://127.0.0.1:0", |spec| spec.respond = Respond::Echo);
    let socket = peer();
    socket.connect(("127.0.0.1", port(&endpoint))).unwrap();
    socket.send(b"").unwrap();
    assert_eq!(received(&socket), b"");
    socket.send(b"more").unwrap();
    assert_eq!(received(&socket), b"more");
    let session = h.opened(server).id;
    let filter = Filter { session: Some(session), direction: Some(Direction::In), ..Filter::default() };
    let rows = h.rows(&filter, |rows| rows.len() >= 2);
    assert_eq!(rows.iter().map(|row| row.len).collect::<Vec<_>>(), [0, 4]);
}

#[test]
fn a_datagram_that_is_cut_says_so() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("udp://127.0.0.1:0?recvsize=4");
    let socket = peer();
    socket.send_to(b"12345", ("127.0.0.1", port(&endpoint))).unwrap();
    let session = h.opened(server).id;
    let filter = Filter { session: Some(session), direction: Some(Direction::In), ..Filter::default() };
    let rows = h.rows(&filter, |rows| !rows.is_empty());
    assert_eq!(rows[0].preview, b"1234");
    assert!(matches!(rows[0].body, RowBody::Data { truncated: true, .. }));
    h.wait("a notice", |event| {
        matches!(event, Event::Noticed { notice: Notice::Truncated { kept: 4 }, .. }).then_some(())
    });
}

#[test]
fn a_connected_client_hears_that_nobody_listens_and_goes_on() {
    in_own_network("udp::a_connected_client_hears_that_nobody_listens_and_goes_on", || {
        let mut h = Harness::new();
        let closed = peer().local_addr().unwrap();
        let (client, info) = h.connect_with(&format!("udp://{closed}"), |_| {});
        h.send(client, b"anybody?");
        let failure = h.failed();
        assert_eq!((failure.cause, failure.hint), (Cause::Refused, Some(Hint::StartTheServer)));
        let socket = UdpSocket::bind(closed).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        h.send(client, b"still here");
        assert_eq!(received(&socket), b"still here");
        h.engine.send(Command::Disconnect { socket: client });
        assert_eq!(h.closed(info.id), CloseReason::Local);
    });
}

#[test]
fn an_unconnected_client_hears_everybody_and_keeps_them_apart() {
    let mut h = Harness::new();
    let socket = peer();
    let (client, info) =
        h.connect_with(&format!("udp://{}", socket.local_addr().unwrap()), |spec| spec.connected = false);
    h.send(client, b"question");
    let mut buffer = [0; 64];
    let (len, client_address) = socket.recv_from(&mut buffer).unwrap();
    assert_eq!(&buffer[..len], b"question");
    let stranger = peer();
    let to = ("127.0.0.1", client_address.port());
    stranger.send_to(b"stranger", to).unwrap();
    let other = h.opened(client);
    assert_eq!(other.peer.to_string(), stranger.local_addr().unwrap().to_string());
    socket.send_to(b"answer", to).unwrap();
    assert_eq!(h.bytes(info.id, Direction::In, 6), b"answer");
    assert_eq!(h.bytes(other.id, Direction::In, 8), b"stranger");

    h.engine.send(Command::Close { session: other.id });
    assert_eq!(h.closed(other.id), CloseReason::Local);
    h.engine.send(Command::Send { socket: client, to: Recipients::Sessions(vec![info.id]), bytes: b"on".to_vec() });
    assert_eq!(received(&socket), b"on", "the client's own session goes on");
    h.engine.send(Command::Close { session: info.id });
    assert_eq!(h.closed(info.id), CloseReason::Local);
    h.wait("the end", |event| matches!(event, Event::Disconnected { .. }).then_some(()));
}

/// ICMP's answer names the address that the datagram was for: an unconnected socket has several.
#[test]
fn an_unconnected_socket_hears_where_nobody_listens() {
    in_own_network("udp::an_unconnected_socket_hears_where_nobody_listens", || {
        for any in ["127.0.0.1:0", "[::]:0"] {
            let mut h = Harness::new();
            let (server, endpoint) = h.listen(&format!("udp://{any}"));
            let (open, closed) = (peer(), peer().local_addr().unwrap());
            let addresses = vec![closed.into(), open.local_addr().unwrap().into()];
            h.engine.send(Command::Send { socket: server, to: Recipients::Addresses(addresses), bytes: b"x".to_vec() });
            let (session, failure) = h.wait("a failure", |event| match event {
                Event::Failed { session, failure, .. } => Some((*session, failure.clone())),
                _ => None,
            });
            assert_eq!((failure.cause, failure.hint), (Cause::Refused, Some(Hint::StartTheServer)));
            assert_eq!((failure.operation, failure.subject), (Operation::Receive, closed.to_string()));
            assert_eq!(received(&open), b"x", "{any}: the other one has it");
            let [first, second] = [h.opened(server), h.opened(server)];
            assert_eq!((session, first.peer.to_string()), (Some(first.id), closed.to_string()));

            // What is sent next is not taken for what was refused.
            h.engine.send(Command::Send {
                socket: server,
                to: Recipients::Sessions(vec![second.id]),
                bytes: b"y".to_vec(),
            });
            assert_eq!(received(&open), b"y");
            open.send_to(b"z", ("127.0.0.1", port(&endpoint))).unwrap();
            assert_eq!(h.bytes(second.id, Direction::In, 1), b"z", "{any}: its answer is its session's");
        }
    });
}

#[test]
fn a_second_socket_on_the_port_is_told_that_it_takes_the_traffic() {
    let mut h = Harness::new();
    let (first, endpoint) = h.listen("udp://127.0.0.1:0?reuseaddr=1");
    let (second, _) = h.listen(&format!("{endpoint}?reuseaddr=1"));
    h.noticed(&Notice::PortShared { others: 1 });
    let socket = peer();
    socket.send_to(b"whose?", ("127.0.0.1", port(&endpoint))).unwrap();
    assert_eq!(h.opened(second).peer.to_string(), socket.local_addr().unwrap().to_string(), "the last one has it");
    h.engine.send(Command::StopListening { socket: first });
    h.stopped(first);
    assert!(h.take(|event| matches!(event, Event::Opened { info, .. } if info.socket == first)).is_none());

    let third = h.engine.new_socket();
    h.listen_as(third, &endpoint.to_string(), |_| {});
    assert_eq!(h.failed().cause, Cause::AddressInUse, "without the option nothing is shared");
}

#[test]
fn a_port_is_shared_also_by_another_option_and_by_a_socket_that_was_passed() {
    let mut h = Harness::new();
    let (_, endpoint) = h.listen("udp://127.0.0.1:0?reuseport=1");
    h.listen(&format!("{endpoint}?reuseport=1"));
    h.noticed(&Notice::PortShared { others: 1 });

    let (_, endpoint) = h.listen("udp://127.0.0.1:0?reuseaddr=1");
    let passed = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).unwrap();
    passed.set_reuse_address(true).unwrap();
    passed.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], port(&endpoint))).into()).unwrap();
    passed.set_cloexec(false).unwrap();
    h.listen(&format!("fd://{}", std::os::fd::AsRawFd::as_raw_fd(&passed)));
    h.noticed(&Notice::PortShared { others: 1 });
}

#[test]
fn too_long_a_datagram_is_refused_with_the_limit() {
    let mut h = Harness::new();
    let peer = peer();
    let (client, info) = h.connect_with(&format!("udp://{}", peer.local_addr().unwrap()), |_| {});
    h.send(client, &vec![0; 65_508]);
    let failure = h.failed();
    assert_eq!(
        (failure.cause, failure.hint),
        (Cause::MessageTooLong, Some(Hint::DatagramMax { v6: false, bytes: 65_507 }))
    );
    h.send(client, &vec![0; 65_507]);
    assert_eq!(h.bytes(info.id, Direction::Out, 65_507).len(), 65_507, "one byte less goes");
    h.engine.send(Command::Disconnect { socket: client });
    assert_eq!(h.closed(info.id), CloseReason::Local);
}

#[test]
fn received_and_dropped_are_what_was_sent() {
    within_a_second(|| {
        let mut h = Harness::new();
        let (server, endpoint) = h.listen("udp://127.0.0.1:0?rcvbuf=4K");
        let socket = peer();
        socket.connect(("127.0.0.1", port(&endpoint))).unwrap();
        let sent = 50_000_u64;
        for _ in 0..sent {
            socket.send(&[9; 64]).unwrap();
        }
        let session = h.opened(server).id;
        let asked = Instant::now();
        h.engine.send(Command::StopListening { socket: server });
        assert_eq!(h.closed(session), CloseReason::Stopped);
        h.stopped(server);
        let took = asked.elapsed();
        let mut dropped = 0;
        while let Some(Event::Noticed { notice: Notice::Dropped { datagrams }, .. }) = next_notice(&mut h) {
            dropped = datagrams;
        }
        let filter = Filter { session: Some(session), direction: Some(Direction::In), ..Filter::default() };
        let deadline = Instant::now() + DEADLINE;
        loop {
            let received = h.page(&filter).matches;
            if received + dropped == sent {
                break;
            }
            assert!(Instant::now() < deadline, "{received} received + {dropped} dropped != {sent} sent");
        }
        assert!(dropped > 0, "a buffer of 4 KiB can't hold such a flood");
        took
    });
}

/// The next notice of drops among the events that have come until the listener stopped.
fn next_notice(h: &mut Harness) -> Option<Event> {
    h.take(|event| matches!(event, Event::Noticed { notice: Notice::Dropped { .. }, .. }))
}

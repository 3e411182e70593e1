//! Datagrams: peers kept apart, empty ones, cut ones, refusals, and the sum of a flood.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use sockeye::model::{
    Cause, CloseReason, Command, Direction, Event, Filter, Hint, Notice, Recipients, Respond, RowBody,
};

use crate::harness::{DEADLINE, Harness, port};

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
}

#[test]
fn an_unconnected_client_hears_everybody() {
    let mut h = Harness::new();
    let socket = peer();
    let (client, info) =
        h.connect_with(&format!("udp://{}", socket.local_addr().unwrap()), |spec| spec.connected = false);
    h.send(client, b"question");
    let mut buffer = [0; 64];
    let (len, client_address) = socket.recv_from(&mut buffer).unwrap();
    assert_eq!(&buffer[..len], b"question");
    let stranger = peer();
    stranger.send_to(b"answer", ("127.0.0.1", client_address.port())).unwrap();
    let filter = Filter { session: Some(info.id), direction: Some(Direction::In), ..Filter::default() };
    let rows = h.rows(&filter, |rows| !rows.is_empty());
    assert_eq!(rows[0].peer, stranger.local_addr().unwrap().to_string());
}

#[test]
fn too_long_a_datagram_is_refused_with_the_limit() {
    let mut h = Harness::new();
    let (client, info) = h.connect_with(&format!("udp://{}", peer().local_addr().unwrap()), |_| {});
    h.send(client, &vec![0; 65_508]);
    let failure = h.failed();
    assert_eq!((failure.cause, failure.hint), (Cause::MessageTooLong, Some(Hint::DatagramMax)));
    h.engine.send(Command::Disconnect { socket: client });
    assert_eq!(h.closed(info.id), CloseReason::Local);
}

#[test]
fn received_and_dropped_are_what_was_sent() {
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
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
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
}

/// The next notice of drops among the events that have come until the listener stopped.
fn next_notice(h: &mut Harness) -> Option<Event> {
    h.take(|event| matches!(event, Event::Noticed { notice: Notice::Dropped { .. }, .. }))
}

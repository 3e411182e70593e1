//! Answers to browsers: pages, files and WebSockets over real sockets, and the rows that they leave.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use sockeye::codec::decode::Decoder;
use sockeye::model::{
    BrowserContent, Cause, CloseReason, Command, Direction, Event, Exchange, Filter, Notice, Operation, Recipients,
    Respond, RowBody, SendMode, SessionId, SocketId,
};

use crate::harness::{DEADLINE, Harness, noise, port};

fn page(text: &str) -> BrowserContent {
    BrowserContent::Page(text.to_owned())
}

fn listen(harness: &mut Harness, content: BrowserContent, respond: Respond) -> (SocketId, u16) {
    let (socket, endpoint) = harness.listen_with("tcp://127.0.0.1:0", |spec| {
        spec.browser = Some(content);
        spec.respond = respond;
    });
    (socket, port(&endpoint))
}

fn connect(harness: &mut Harness, socket: SocketId, port: u16) -> (TcpStream, SessionId) {
    let peer = TcpStream::connect(("127.0.0.1", port)).unwrap();
    peer.set_read_timeout(Some(DEADLINE)).unwrap();
    let info = harness.opened(socket);
    assert_eq!(info.decoder, Decoder::Http);
    (peer, info.id)
}

fn get(peer: &mut TcpStream, target: &str) {
    // One call: `write!` would make one of each part, and the other end may read between two.
    peer.write_all(format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).unwrap();
}

/// A head, with the empty line after it.
fn head(peer: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.extend(exactly(peer, 1));
    }
    String::from_utf8(bytes).unwrap()
}

fn exactly(peer: &mut TcpStream, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    peer.read_exact(&mut bytes).unwrap();
    bytes
}

fn body(peer: &mut TcpStream) -> Vec<u8> {
    let head = head(peer);
    let len = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
    exactly(peer, len.parse().unwrap())
}

fn upgrade(harness: &mut Harness, peer: &mut TcpStream) -> (u64, u64) {
    let request = "GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    peer.write_all(request.as_bytes()).unwrap();
    assert!(head(peer).contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    harness.wait("the upgrade", |event| match event {
        Event::Upgraded { received, sent, .. } => Some((*received, *sent)),
        _ => None,
    })
}

#[test]
fn an_answered_request_is_its_bytes_and_a_line() {
    let mut harness = Harness::new();
    let (socket, port) = listen(&mut harness, page("<h1>你好"), Respond::Nothing);
    let (mut peer, session) = connect(&mut harness, socket, port);
    get(&mut peer, "/?a=1");
    assert_eq!(body(&mut peer), "<h1>你好".as_bytes());
    let exchange = Exchange { method: "GET".to_owned(), target: "/?a=1".to_owned(), status: 200, bytes: 10 };
    harness.noticed(&Notice::Answered(exchange.clone()));

    let of_session = Filter { session: Some(session), ..Filter::default() };
    let told = RowBody::Notice { notice: Notice::Answered(exchange) };
    let rows = harness.rows(&of_session, |rows| rows.iter().any(|row| row.body == told));
    let data: Vec<_> = rows
        .iter()
        .filter_map(|row| match row.body {
            RowBody::Data { direction, .. } => Some((direction, String::from_utf8_lossy(&row.preview).into_owned())),
            _ => None,
        })
        .collect();
    assert_eq!(data[0], (Direction::In, "GET /?a=1 HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned()));
    assert!(data[1].0 == Direction::Out && data[1].1.starts_with("HTTP/1.1 200 OK\r\n"), "{data:?}");
    assert_eq!(data[2], (Direction::Out, "<h1>你好".to_owned()));

    // The same connection takes the next request; what it is shown from now on counts for new ones.
    harness.engine.send(Command::SetBrowser { socket, browser: Some(page("new")) });
    // Commands are carried out in their order: once this one is refused, the one before it holds.
    harness.send(socket, b"lost");
    assert_eq!(harness.failed().cause, Cause::ToABrowser);
    get(&mut peer, "/");
    assert_eq!(body(&mut peer), "<h1>你好".as_bytes());
    let (mut later, _) = connect(&mut harness, socket, port);
    get(&mut later, "/");
    assert_eq!(body(&mut later), b"new");
}

#[test]
fn a_foreign_name_for_a_loopback_listener_is_refused_and_told() {
    let foreign = "GET /?a=1 HTTP/1.1\r\nHost: attacker.example\r\nConnection: close\r\n\r\n";
    for (endpoint, status) in [("tcp://127.0.0.1:0", 421), ("tcp://localhost:0", 421), ("tcp://0.0.0.0:0", 200)] {
        let mut harness = Harness::new();
        let (socket, bound) = harness.listen_with(endpoint, |spec| spec.browser = Some(page("the secret")));
        let host = if endpoint.contains("localhost") { bound.host().unwrap().host.clone() } else { "127.0.0.1".into() };
        let mut peer = TcpStream::connect((host.as_str(), port(&bound))).unwrap();
        peer.set_read_timeout(Some(DEADLINE)).unwrap();
        let session = harness.opened(socket).id;
        peer.write_all(foreign.as_bytes()).unwrap();
        let mut answer = String::new();
        peer.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{endpoint}: {answer}");
        assert_eq!(answer.contains("the secret"), status == 200, "{endpoint}: {answer}");
        let of_session = Filter { session: Some(session), ..Filter::default() };
        harness.rows(&of_session, |rows| {
            rows.iter().any(|row| match &row.body {
                RowBody::Notice { notice: Notice::Answered(exchange) } => {
                    (exchange.target.as_str(), exchange.status) == ("/?a=1", status)
                }
                _ => false,
            })
        });
    }
}

#[test]
fn a_web_socket_is_opened_by_no_foreign_page() {
    let mut harness = Harness::new();
    let (socket, port) = listen(&mut harness, page("x"), Respond::Nothing);
    for (host, origin, status) in [
        (format!("localhost:{port}"), "", 101),
        (format!("127.0.0.1:{port}"), "Origin: http://localhost:3000\r\n", 101),
        (format!("127.0.0.1:{port}"), "Origin: http://attacker.example\r\n", 403),
        (format!("attacker.example:{port}"), "", 421),
    ] {
        let (mut peer, _) = connect(&mut harness, socket, port);
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {host}\r\n{origin}Upgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        peer.write_all(request.as_bytes()).unwrap();
        assert!(head(&mut peer).starts_with(&format!("HTTP/1.1 {status} ")), "{host} {origin}");
    }
}

#[test]
fn messages_go_to_web_sockets_and_not_between_answers() {
    let mut harness = Harness::new();
    let (socket, port) = listen(&mut harness, page("x"), Respond::Nothing);
    let (mut browsing, http) = connect(&mut harness, socket, port);
    harness.send(socket, b"lost");
    assert_eq!(harness.failed().cause, Cause::ToABrowser);

    let (mut chatting, session) = connect(&mut harness, socket, port);
    let (received, sent) = upgrade(&mut harness, &mut chatting);
    assert!(received > 100 && sent > 100, "{received} {sent}");
    harness.send(socket, "你好".as_bytes());
    assert_eq!(
        exactly(&mut chatting, 8),
        "\u{81}\u{6}".chars().map(|c| c as u8).chain("你好".bytes()).collect::<Vec<_>>()
    );
    harness.engine.send(Command::Send { socket, to: Recipients::Sessions(vec![session]), bytes: vec![0xff] });
    assert_eq!(exactly(&mut chatting, 3), [0x82, 1, 0xff]);
    let failed = harness.take(|event| matches!(event, Event::Failed { .. }));
    assert!(failed.is_none(), "all are those who can be told: {failed:?}");

    let paths = vec!["/etc/hostname".into()];
    let to = Recipients::Sessions(vec![session]);
    harness.engine.send(Command::SendFiles { socket, to, paths, mode: SendMode::Raw });
    assert_eq!(harness.failed().cause, Cause::ToABrowser);
    let to = Recipients::Sessions(vec![http]);
    harness.engine.send(Command::Send { socket, to, bytes: b"x".to_vec() });
    assert_eq!(harness.failed().cause, Cause::ToABrowser);
    // Nothing of all that came between the answers.
    get(&mut browsing, "/");
    assert!(head(&mut browsing).starts_with("HTTP/1.1 200 "));
}

#[test]
fn web_socket_messages_get_the_automatic_reply() {
    for (respond, expected) in [
        (Respond::Echo, &b"\x81\x05Hello"[..]),
        (Respond::Reply(b"yes".to_vec()), b"\x81\x03yes"),
        (Respond::Reply(vec![0xff]), b"\x82\x01\xff"),
    ] {
        let mut harness = Harness::new();
        let (socket, port) = listen(&mut harness, page("x"), respond);
        let (mut peer, session) = connect(&mut harness, socket, port);
        upgrade(&mut harness, &mut peer);
        // Two fragments and a ping between them: RFC 6455, section 5.5.2.
        peer.write_all(b"\x01\x83\0\0\0\0Hel\x89\x81\0\0\0\0p\x80\x82\0\0\0\0lo").unwrap();
        assert_eq!(exactly(&mut peer, 3), b"\x8a\x01p");
        assert_eq!(exactly(&mut peer, expected.len()), expected);
        peer.write_all(b"\x88\x85\0\0\0\0\x03\xe8bye").unwrap();
        assert_eq!(exactly(&mut peer, 7), b"\x88\x05\x03\xe8bye");
        harness.noticed(&Notice::WebSocketClosed { code: 1000, reason: "bye".to_owned(), by_peer: true });
        assert_eq!(peer.read(&mut [0; 9]).unwrap(), 0);
        drop(peer);
        assert_eq!(harness.closed(session), CloseReason::Eof);
    }
}

#[test]
fn a_web_socket_is_told_that_listening_ends() {
    let mut harness = Harness::new();
    let (socket, port) = listen(&mut harness, page("x"), Respond::Nothing);
    let (mut peer, session) = connect(&mut harness, socket, port);
    upgrade(&mut harness, &mut peer);
    harness.engine.send(Command::StopListening { socket });
    assert_eq!(exactly(&mut peer, 4), b"\x88\x02\x03\xe9");
    assert_eq!(harness.closed(session), CloseReason::Stopped);
}

#[test]
fn files_cross_in_pieces_and_a_broken_one_is_no_whole_one() {
    let folder = tempfile::tempdir().unwrap();
    let content = noise(32 << 20);
    fs::write(folder.path().join("big"), &content).unwrap();
    let mut harness = Harness::new();
    let (socket, port) = listen(&mut harness, BrowserContent::Folder(folder.path().to_owned()), Respond::Nothing);
    let (mut peer, _) = connect(&mut harness, socket, port);
    get(&mut peer, "/big");
    assert!(body(&mut peer) == content, "it came as it lies there");
    write!(peer, "GET /big HTTP/1.1\r\nHost: localhost\r\nRange: bytes=20000000-20099999\r\n\r\n").unwrap();
    assert!(body(&mut peer) == content[20_000_000..20_100_000]);

    // Far more than buffers hold, and sparse.
    let huge = fs::File::create(folder.path().join("huge")).unwrap();
    huge.set_len(256 << 20).unwrap();
    get(&mut peer, "/huge");
    head(&mut peer);
    huge.set_len(0).unwrap();
    let error = peer.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let failure = harness.failed();
    assert_eq!((failure.operation, failure.cause), (Operation::ReadFile, Cause::SourceChanged));
}

#[test]
fn a_refused_peer_that_stays_is_left_after_a_while() {
    let mut harness = Harness::new();
    let (socket, port) = listen(&mut harness, page("x"), Respond::Nothing);
    let (mut peer, session) = connect(&mut harness, socket, port);
    peer.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").unwrap();
    let mut answer = String::new();
    peer.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    assert_eq!(harness.closed(session), CloseReason::Local);
}

#[test]
fn what_can_not_be_shown_is_told_before_anybody_is_invited() {
    let mut harness = Harness::new();
    let socket = harness.engine.new_socket();
    harness.listen_as(socket, "tcp://127.0.0.1:0", |spec| {
        spec.browser = Some(BrowserContent::Folder("/no/such/folder".into()));
    });
    assert_eq!(harness.failed().cause, Cause::NotFound);
    harness.stopped(socket);
    harness.listen_as(socket, "udp://127.0.0.1:0", |spec| spec.browser = Some(page("x")));
    assert_eq!(harness.failed().cause, Cause::NotAStream);
    harness.stopped(socket);
}

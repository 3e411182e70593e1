//! Unix seqpacket sockets: connections that keep the borders of messages.

use std::io::Read;
use std::net::Shutdown;

use socket2::{Domain, SockAddr, Socket, Type};
use sockeye::model::{
    Call, Cause, CloseReason, Command, Direction, Event, Filter, Hint, Notice, PageRow, Recipients, Respond, RowBody,
    SessionId,
};

use crate::harness::{DEADLINE, Harness, noise};

/// A name that no other test has.
fn endpoint(what: &str) -> String {
    format!("unix-seqpacket:@sockeye-seq-{what}-{}", std::process::id())
}

fn address(endpoint: &str) -> SockAddr {
    SockAddr::unix(endpoint.replace("unix-seqpacket:@", "\0")).unwrap()
}

fn connected(endpoint: &str) -> Socket {
    let socket = Socket::new(Domain::UNIX, Type::SEQPACKET, None).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    socket.connect(&address(endpoint)).unwrap();
    socket
}

/// The next message, empty at the end.
fn heard(mut socket: &Socket) -> Vec<u8> {
    let mut buffer = vec![0; 1 << 20];
    let len = socket.read(&mut buffer).unwrap();
    buffer.truncate(len);
    buffer
}

fn rows(h: &mut Harness, session: SessionId, direction: Direction, count: usize) -> Vec<PageRow> {
    let filter = Filter { session: Some(session), direction: Some(direction), ..Filter::default() };
    h.rows(&filter, |rows| rows.len() >= count)
}

#[test]
fn every_message_is_one_row_also_an_empty_one_which_is_no_end() {
    let mut h = Harness::new();
    let endpoint = endpoint("borders");
    let (server, told) = h.listen(&endpoint);
    assert_eq!(told.to_string(), endpoint);
    let peer = connected(&endpoint);
    for message in [&b"one"[..], b"", b"three", b""] {
        peer.send(message).unwrap();
    }
    let info = h.opened(server);
    assert_eq!(info.process.and_then(|process| process.pid), Some(std::process::id()));
    let shown = rows(&mut h, info.id, Direction::In, 4);
    let cut = |row: &PageRow| match &row.body {
        RowBody::Data { call: Call::RecvMsg, truncated, .. } => (row.preview.clone(), *truncated),
        other => panic!("{other:?}"),
    };
    let expected = ["one", "", "three", ""].map(|text| (text.as_bytes().to_vec(), false));
    assert_eq!(shown.iter().map(cut).collect::<Vec<_>>(), expected);
    assert!(shown.iter().all(|row| row.stamp.kernel_ns.is_some() && row.stream_offset == 0 && row.context.is_empty()));

    for message in [&b"four"[..], b"", b"six"] {
        h.send(server, message);
        assert_eq!(heard(&peer), message);
    }
    let calls = rows(&mut h, info.id, Direction::Out, 3);
    assert!(calls.iter().all(|row| matches!(row.body, RowBody::Data { call: Call::SendMsg, .. })), "{calls:?}");
    drop(peer);
    assert_eq!(h.closed(info.id), CloseReason::Eof);
}

#[test]
fn either_side_finishes_sending_and_still_receives() {
    let mut h = Harness::new();
    let endpoint = endpoint("half");
    let (server, _) = h.listen_with(&endpoint, |spec| spec.stay_half_open = true);
    let peer = connected(&endpoint);
    let session = h.opened(server).id;
    peer.send(b"question").unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    h.wait("the peer's end", |event| matches!(event, Event::PeerFinished { .. }).then_some(()));
    h.send(server, b"answer");
    assert_eq!(heard(&peer), b"answer");
    h.engine.send(Command::FinishSending { session });
    assert_eq!(heard(&peer), b"");
    assert_eq!(h.closed(session), CloseReason::Eof);
}

#[test]
fn a_client_disconnects_and_a_listener_stops_while_it_waits() {
    let mut h = Harness::new();
    let endpoint = endpoint("ends");
    let (server, told) = h.listen(&endpoint);
    let (client, at_client) = h.connect(&told);
    let at_server = h.opened(server);
    assert_eq!(format!("unix-seqpacket:{}", at_client.peer), endpoint);
    h.send(client, b"last");
    h.engine.send(Command::Disconnect { socket: client });
    assert_eq!(h.closed(at_client.id), CloseReason::Local);
    assert_eq!(h.closed(at_server.id), CloseReason::Eof);
    assert_eq!(rows(&mut h, at_server.id, Direction::In, 1)[0].preview, b"last");

    let peer = connected(&endpoint);
    let session = h.opened(server).id;
    h.engine.send(Command::StopListening { socket: server });
    assert_eq!(h.closed(session), CloseReason::Stopped);
    assert_eq!(heard(&peer), b"");
    h.stopped(server);
}

#[test]
fn a_message_longer_than_the_receive_size_is_cut_and_told() {
    let mut h = Harness::new();
    let endpoint = endpoint("cut");
    let (server, _) = h.listen_with(&format!("{endpoint}?recvsize=4"), |spec| spec.respond = Respond::Echo);
    let peer = connected(&endpoint);
    let session = h.opened(server).id;
    peer.send(b"12345678").unwrap();
    h.wait("the notice", |event| {
        matches!(event, Event::Noticed { notice: Notice::Truncated { kept: 4 }, .. }).then_some(())
    });
    assert_eq!(heard(&peer), b"1234", "what was kept is what is echoed");
    peer.send(b"next").unwrap();
    let shown = rows(&mut h, session, Direction::In, 2);
    let truncated = |row: &PageRow| matches!(row.body, RowBody::Data { truncated: true, .. });
    assert_eq!(shown.iter().map(truncated).collect::<Vec<_>>(), [true, false]);
    assert_eq!(shown[1].preview, b"next");
}

#[test]
fn a_message_that_is_too_long_is_told_and_nothing_of_it_sent() {
    let mut h = Harness::new();
    let endpoint = endpoint("long");
    let (server, _) = h.listen(&endpoint);
    let peer = connected(&endpoint);
    let info = h.opened(server);
    h.send(server, &vec![0; 4 << 20]);
    let failure = h.failed();
    assert_eq!((failure.cause, failure.hint), (Cause::MessageTooLong, Some(Hint::RaiseSendBuffer)));
    let long = noise(150_000);
    h.send(server, &long);
    assert_eq!(heard(&peer), long, "the connection goes on, and a long message is one piece");
    assert_eq!(rows(&mut h, info.id, Direction::Out, 1).len(), 1);
    peer.send(&long).unwrap();
    assert_eq!(h.bytes(info.id, Direction::In, long.len()), long);
}

#[test]
fn a_peer_that_leaves_something_unread_resets() {
    let mut h = Harness::new();
    let endpoint = endpoint("reset");
    let (server, _) = h.listen_with(&endpoint, |spec| spec.respond = Respond::Reply(b"unread".to_vec()));
    let peer = connected(&endpoint);
    let session = h.opened(server).id;
    peer.send(b"x").unwrap();
    rows(&mut h, session, Direction::Out, 1);
    drop(peer);
    assert_eq!(h.closed(session), CloseReason::Reset);
}

#[test]
fn files_need_a_stream() {
    let mut h = Harness::new();
    let endpoint = endpoint("files");
    let (server, _) = h.listen(&endpoint);
    let peer = connected(&endpoint);
    let session = h.opened(server).id;
    let paths = vec!["/etc/hostname".into()];
    h.engine.send(Command::SendFiles { socket: server, to: Recipients::All, paths, mode: Default::default() });
    assert_eq!(h.failed().cause, Cause::NotAStream);
    peer.send(b"still open").unwrap();
    assert_eq!(h.bytes(session, Direction::In, 10), b"still open");

    let folder = tempfile::tempdir().unwrap();
    let receiver = h.engine.new_socket();
    h.listen_as(receiver, &format!("{endpoint}-2"), |spec| {
        spec.receive = sockeye::model::ReceiveMode::Raw { into: folder.path().to_owned() };
    });
    assert_eq!(h.failed().cause, Cause::NotAStream);
}

//! The four shapes of UDP: one to one, one to many, many to one, many to many.

use std::net::UdpSocket;

use socket2::{Domain, Socket, Type};
use sockeye::model::{
    Call, Cause, Command, Direction, Event, Filter, HostPort, Notice, Operation, Recipients, Respond, RowBody, SocketId,
};

use crate::harness::{DEADLINE, Harness, port};
use crate::support::{in_own_network, ip, kernel_has};

fn machine() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    socket
}

fn address(socket: &UdpSocket) -> HostPort {
    socket.local_addr().unwrap().into()
}

fn send(h: &Harness, socket: SocketId, to: Vec<HostPort>, bytes: &[u8]) {
    h.engine.send(Command::Send { socket, to: Recipients::Addresses(to), bytes: bytes.to_vec() });
}

#[test]
fn one_to_one() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen_with("udp://127.0.0.1:0", |spec| spec.respond = Respond::Echo);
    let (client, info) = h.connect(&endpoint);
    h.send(client, "你好".as_bytes());
    assert_eq!(h.bytes(info.id, Direction::In, 6), "你好".as_bytes());
    assert_eq!(h.opened(server).peer, info.local);
}

#[test]
fn one_to_many() {
    let mut h = Harness::new();
    let many = [machine(), machine(), machine()];
    let (client, own) = h.connect_with(&format!("udp://{}", address(&many[0])), |spec| spec.connected = false);
    send(&h, client, many.iter().map(address).collect(), b"all");

    let mut buffer = [0; 8];
    for socket in &many {
        let (len, from) = socket.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..len], b"all");
        socket.send_to(b"heard", from).unwrap();
    }

    let sessions = [own.clone(), h.opened(client), h.opened(client)];
    for (session, socket) in sessions.iter().zip(&many) {
        assert_eq!(session.peer.to_string(), address(socket).to_string());
        assert_eq!(h.bytes(session.id, Direction::Out, 3), b"all");
        assert_eq!(h.bytes(session.id, Direction::In, 5), b"heard", "who answers is told apart");
    }
    let filter = Filter { direction: Some(Direction::Out), ..Filter::default() };
    let rows = h.rows(&filter, |rows| rows.len() >= 3);
    let sent = |row: &&sockeye::model::PageRow| matches!(row.body, RowBody::Data { call: Call::SendTo, .. });
    assert_eq!(rows.iter().filter(sent).count(), 3, "a row for each sendto");
}

#[test]
fn many_to_one() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("udp://127.0.0.1:0");
    let many = [machine(), machine(), machine()];
    for (number, socket) in many.iter().enumerate() {
        socket.send_to(&[number as u8], ("127.0.0.1", port(&endpoint))).unwrap();
        let info = h.opened(server);
        assert_eq!(h.bytes(info.id, Direction::In, 1), [number as u8]);
        let answer = Recipients::Sessions(vec![info.id]);
        h.engine.send(Command::Send { socket: server, to: answer, bytes: vec![number as u8 + 10] });
    }
    let mut buffer = [0; 8];
    for (number, socket) in many.iter().enumerate() {
        assert_eq!((socket.recv(&mut buffer).unwrap(), buffer[0]), (1, number as u8 + 10), "each has its own answer");
    }
}

#[test]
fn many_to_many() {
    in_own_network("udp_shapes::many_to_many", || {
        ip(&["link", "set", "lo", "multicast", "on"]);
        let mut h = Harness::new();
        let members: Vec<_> = (0..3)
            .map(|_| {
                let socket = h.engine.new_socket();
                h.listen_as(socket, "udp://0.0.0.0:5000?reuseaddr=1&mif=lo&join=239.1.2.3@lo", |_| {});
                h.listening(socket);
                socket
            })
            .collect();
        for (number, member) in members.iter().enumerate() {
            send(&h, *member, vec![HostPort::new("239.1.2.3", 5000)], &[number as u8; 4]);
        }
        // They share one address: a sender is known by what it sent.
        let filter = Filter { direction: Some(Direction::In), ..Filter::default() };
        let rows = h.rows(&filter, |rows| rows.len() >= 9);
        for member in members {
            let mut heard: Vec<u8> = rows.iter().filter(|row| row.socket == member).map(|row| row.preview[0]).collect();
            heard.sort_unstable();
            assert_eq!(heard, [0, 1, 2], "each hears all of them");
        }
    });
}

#[test]
fn a_connected_client_has_one_peer() {
    let mut h = Harness::new();
    let (client, info) = h.connect_with(&format!("udp://{}", address(&machine())), |_| {});
    send(&h, client, vec![address(&machine())], b"x");
    let failure = h.failed();
    assert_eq!((failure.cause, failure.subject), (Cause::ConnectedToOne, info.peer.to_string()));
}

#[test]
fn streams_have_no_addresses_to_send_to_and_no_groups() {
    let mut h = Harness::new();
    let (_, endpoint) = h.listen("tcp://127.0.0.1:0");
    let (client, _) = h.connect(&endpoint);
    send(&h, client, vec![address(&machine())], b"x");
    assert_eq!(h.failed().cause, Cause::NotUdp);
    h.engine.send(Command::JoinGroup { socket: client, group: "239.1.2.3".parse().unwrap() });
    let failure = h.failed();
    assert_eq!((failure.operation, failure.cause), (Operation::Join, Cause::NotUdp));
}

#[test]
fn what_shares_the_port_with_an_open_one_is_counted() {
    in_own_network("udp_shapes::what_shares_the_port_with_an_open_one_is_counted", || {
        let mut h = Harness::new();
        let (_, endpoint) = h.listen("udp://0.0.0.0:0?reuseaddr=1");
        let (_, _) = h.listen(&format!("udp://127.0.0.1:{}?reuseaddr=1", port(&endpoint)));
        h.noticed(&Notice::PortShared { others: 1 });
        let listening = |event: &Event| matches!(event, Event::Noticed { notice: Notice::PortShared { .. }, .. });
        assert!(h.take(listening).is_none(), "the first shares with nobody");
    });
}

fn is_told_of_sharing(event: &Event) -> bool {
    matches!(event, Event::Noticed { notice: Notice::PortShared { .. }, .. })
}

/// The kernel prefers a socket of IPv4 for what comes over IPv4, whichever was bound last.
#[test]
fn a_socket_of_both_families_shares_its_port_with_those_of_ipv4() {
    in_own_network("udp_shapes::a_socket_of_both_families_shares_its_port_with_those_of_ipv4", || {
        let mut h = Harness::new();
        let (four, endpoint) = h.listen("udp://0.0.0.0:0?reuseaddr=1");
        let port = port(&endpoint);
        let (six, _) = h.listen(&format!("udp://[::]:{port}?reuseaddr=1&v6only=1"));
        h.engine.send(Command::StopListening { socket: six });
        h.stopped(six);
        assert!(h.take(is_told_of_sharing).is_none(), "for IPv6 alone it shares nothing");

        h.listen(&format!("udp://[::]:{port}?reuseaddr=1&v6only=0"));
        h.noticed(&Notice::PortShared { others: 1 });
        let socket = machine();
        socket.send_to(b"whose?", ("127.0.0.1", port)).unwrap();
        assert_eq!(h.opened(four).peer.to_string(), socket.local_addr().unwrap().to_string());
    });
}

#[test]
fn a_port_of_udp_lite_is_another_than_udps() {
    let has_it = Socket::new(Domain::IPV4, Type::DGRAM, Some(136.into())).is_ok();
    if !kernel_has(has_it, "UDP-Lite") {
        return;
    }
    let mut h = Harness::new();
    let (_, udp) = h.listen("udp://127.0.0.1:0?reuseaddr=1");
    let lite = format!("udp://127.0.0.1:{}?proto=udplite", port(&udp));
    let sharing = format!("{lite}&reuseaddr=1");
    let (first, _) = h.listen(&sharing);
    let (client, _) = h.connect_with(&lite, |_| {});
    h.send(client, b"x");
    // By then all has been told of its start.
    h.opened(first);
    assert!(h.take(is_told_of_sharing).is_none(), "a socket of UDP has nothing of it");
    h.listen(&sharing);
    h.noticed(&Notice::PortShared { others: 1 });
}

//! Messages to names, over UDP sockets that are not connected.

use std::net::UdpSocket;

use sockeye::model::{
    Cause, Command, Direction, Failure, Filter, Hint, HostPort, Operation, PageRow, Recipients, RowBody, SocketId,
};

use crate::harness::{DEADLINE, Harness, port};
use crate::resolving::silent_name_server;
use crate::support::{in_own_network, put_over, without_names};

fn machine(address: &str) -> UdpSocket {
    let socket = UdpSocket::bind(address).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    socket
}

fn at(socket: &UdpSocket, host: &str) -> HostPort {
    HostPort::new(host, socket.local_addr().unwrap().port())
}

fn send(h: &Harness, socket: SocketId, to: &[HostPort], bytes: &[u8]) {
    h.engine.send(Command::Send { socket, to: Recipients::Addresses(to.to_vec()), bytes: bytes.to_vec() });
}

fn next(socket: &UdpSocket) -> String {
    let mut buffer = [0; 64];
    let len = socket.recv(&mut buffer).expect("a datagram");
    String::from_utf8_lossy(&buffer[..len]).into_owned()
}

/// What was sent to whom, as the journal has it.
fn sent(h: &mut Harness, count: usize) -> Vec<String> {
    let filter = Filter { direction: Some(Direction::Out), ..Filter::default() };
    let is_data = |row: &&PageRow| matches!(row.body, RowBody::Data { .. });
    let rows = h.rows(&filter, |rows| rows.iter().filter(is_data).count() >= count);
    rows.iter().filter(is_data).map(|row| row.peer.clone()).collect()
}

#[test]
fn a_name_stands_for_an_address_that_the_socket_can_send_to() {
    in_own_network("udp_names::a_name_stands_for_an_address_that_the_socket_can_send_to", || {
        let hosts = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(hosts.path(), "::1 both.test six.test\n127.0.0.1 both.test four.test\n").unwrap();
        put_over(hosts.path(), "/etc/hosts");
        let [four, six] = ["127.0.0.1:0", "[::1]:0"].map(machine);
        for (server, name, reached) in [
            ("udp://127.0.0.1:0", "both.test", &four),
            ("udp://[::1]:0", "both.test", &six),
            ("udp://[::]:0?v6only=1", "both.test", &six),
            ("udp://[::]:0?v6only=0", "four.test", &four),
            ("udp://[::]:0?v6only=0", "six.test", &six),
        ] {
            let mut h = Harness::new();
            let (server, _) = h.listen(server);
            send(&h, server, &[at(reached, name)], name.as_bytes());
            assert_eq!(next(reached), name);
            assert_eq!(h.opened(server).peer.to_string(), reached.local_addr().unwrap().to_string());
        }
        for (server, name) in [
            ("udp://127.0.0.1:0", "six.test"),
            ("udp://[::1]:0", "four.test"),
            ("udp://[::]:0?v6only=1", "four.test"),
            ("udp://127.0.0.1:0", "::1"),
            ("udp://[::]:0?v6only=1", "127.0.0.1"),
        ] {
            let mut h = Harness::new();
            let (server, _) = h.listen(server);
            let address = at(&four, name);
            send(&h, server, std::slice::from_ref(&address), b"x");
            let failure = Failure::new(Operation::Send, address, Cause::OtherFamily).with_hint(Hint::SentToNobody);
            assert_eq!(h.failed(), failure);
        }
    });
}

#[test]
fn an_unconnected_client_sends_to_names_beside_its_peer() {
    let mut h = Harness::new();
    let [own, other] = ["127.0.0.1:0", "127.0.0.1:0"].map(machine);
    let (client, _) = h.connect_with(&format!("udp://{}", at(&own, "127.0.0.1")), |spec| spec.connected = false);
    send(&h, client, &[at(&own, "localhost"), at(&other, "localhost")], b"both");
    assert_eq!([next(&own), next(&other)], ["both", "both"]);
    assert_eq!(h.opened(client).peer.to_string(), at(&other, "127.0.0.1").to_string(), "its own peer has one already");
}

#[test]
fn one_address_that_is_not_found_keeps_the_message_from_everybody() {
    in_own_network("udp_names::one_address_that_is_not_found_keeps_the_message_from_everybody", || {
        without_names();
        let mut h = Harness::new();
        let (server, _) = h.listen("udp://127.0.0.1:0");
        let peers = [machine("127.0.0.1:0"), machine("127.0.0.1:0")];
        let good = [at(&peers[0], "127.0.0.1"), at(&peers[1], "localhost")];
        let bad = [
            (HostPort::new("no-such-host.invalid", 9), Operation::Resolve, "no-such-host.invalid", Cause::NoSuchHost),
            (HostPort::new("::1", 9), Operation::Send, "[::1]:9", Cause::OtherFamily),
            (HostPort::new("fe80::1%nosuch", 9), Operation::Resolve, "fe80::1%nosuch", Cause::NoSuchDevice),
        ];
        for (address, operation, subject, cause) in bad {
            send(&h, server, &[&good[..1], &[address], &good[1..]].concat(), b"to nobody");
            assert_eq!(h.failed(), Failure::new(operation, subject, cause).with_hint(Hint::SentToNobody));
        }
        send(&h, server, &good, b"found");
        for peer in &peers {
            assert_eq!(next(peer), "found");
        }
        assert_eq!(sent(&mut h, 2).len(), 2);
    });
}

/// A message to a name has a thread to be started and a name to be looked up before it, one to a number has not.
#[test]
fn messages_leave_in_the_order_in_which_they_were_asked_for() {
    let mut h = Harness::new();
    let (server, endpoint) = h.listen("udp://127.0.0.1:0");
    let peer = machine("127.0.0.1:0");
    peer.send_to(b"hello", ("127.0.0.1", port(&endpoint))).unwrap();
    let session = h.opened(server);
    const ROUNDS: usize = 40;
    for round in 0..ROUNDS {
        send(&h, server, &[at(&peer, "localhost")], format!("{round} to the name").as_bytes());
        send(&h, server, &[at(&peer, "127.0.0.1")], format!("{round} to the number").as_bytes());
        h.send(server, format!("{round} to all").as_bytes());
        let to = Recipients::Sessions(vec![session.id]);
        h.engine.send(Command::Send { socket: server, to, bytes: format!("{round} to the session").into_bytes() });
    }
    for round in 0..ROUNDS {
        for to in ["name", "number"] {
            assert_eq!(next(&peer), format!("{round} to the {to}"));
        }
        assert_eq!(next(&peer), format!("{round} to all"));
        assert_eq!(next(&peer), format!("{round} to the session"));
    }
}

/// The name server hears the question and says nothing.
#[test]
fn a_look_up_that_takes_long_holds_up_its_own_socket_s_messages_alone() {
    in_own_network("udp_names::a_look_up_that_takes_long_holds_up_its_own_socket_s_messages_alone", || {
        let name_server = silent_name_server();
        let mut h = Harness::new();
        let (server, endpoint) = h.listen("udp://127.0.0.1:0");
        let (other, _) = h.listen("udp://127.0.0.1:0");
        let peer = machine("127.0.0.1:0");
        let slow = [HostPort::new("slow.test", 9), HostPort::new("10.0.0.1", 9)];
        send(&h, server, &slow, b"slow");
        name_server.recv(&mut [0; 512]).expect("the question");

        send(&h, other, &[at(&peer, "127.0.0.1")], b"from another socket");
        assert_eq!(next(&peer), "from another socket", "the control thread goes on");
        peer.send_to(b"hello", ("127.0.0.1", port(&endpoint))).unwrap();
        let session = h.opened(server);
        assert_eq!(h.bytes(session.id, Direction::In, 5), b"hello", "and so does receiving");

        h.send(server, b"waits");
        send(&h, server, &[at(&peer, "127.0.0.1")], b"waits too");
        h.engine.send(Command::StopListening { socket: server });
        for (subject, bytes) in
            [("slow.test:9, 10.0.0.1:9", 4), (&session.peer.to_string(), 5), (&session.peer.to_string(), 9)]
        {
            assert_eq!(h.failed(), Failure::new(Operation::Send, subject, Cause::Unsent { bytes }));
        }
        h.stopped(server);
        assert_eq!(sent(&mut h, 1), [peer.local_addr().unwrap().to_string()], "that of the other socket");
    });
}

#[test]
fn a_name_is_nothing_that_a_connected_socket_sends_to() {
    let mut h = Harness::new();
    let peer = machine("127.0.0.1:0");
    let (client, info) = h.connect_with(&format!("udp://{}", at(&peer, "127.0.0.1")), |_| {});
    send(&h, client, &[at(&peer, "localhost")], b"x");
    let failure = Failure::new(Operation::Send, info.peer, Cause::ConnectedToOne).with_hint(Hint::DontConnect);
    assert_eq!(h.failed(), failure);
}

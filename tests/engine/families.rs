//! One listener for both families, clients that go to either, and what else goes over the sockets of IP.

use std::net::UdpSocket;

use sockeye::model::{
    Cause, Command, Direction, Hint, HostPort, Operation, Protocol, Recipients, Respond, SocketOption,
};

use crate::harness::{DEADLINE, Harness, port};
use crate::support::{in_own_network, kernel_has, put_over};

/// A name leads a client to whichever family is listened at, and to a listener of both.
#[test]
fn a_client_by_name_goes_to_the_family_that_listens() {
    in_own_network("families::a_client_by_name_goes_to_the_family_that_listens", || {
        let hosts = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(hosts.path(), "::1 both.test\n127.0.0.1 both.test\n").unwrap();
        put_over(hosts.path(), "/etc/hosts");
        for (listens, reached) in [("127.0.0.1:0", "127.0.0.1:"), ("[::1]:0", "[::1]:"), ("[::]:0?v6only=0", "[::1]:")]
        {
            let mut h = Harness::new();
            let (server, endpoint) = h.listen(&format!("tcp://{listens}"));
            let (client, info) = h.connect_with(&format!("tcp://both.test:{}", port(&endpoint)), |_| {});
            assert_eq!(info.peer.to_string(), format!("{reached}{}", port(&endpoint)), "{listens}");
            let accepted = h.opened(server).id;
            h.send(client, b"question");
            assert_eq!(h.bytes(accepted, Direction::In, 8), b"question");
            h.send(server, b"answer");
            assert_eq!(h.bytes(info.id, Direction::In, 6), b"answer");
        }
    });
}

/// ICMP has a protocol of its own for each family, and nobody answers one in the other's packets: of a name, those addresses
/// are taken that can answer, whichever the resolver has first.
#[test]
fn a_ping_by_name_goes_to_the_family_of_its_protocol() {
    in_own_network("families::a_ping_by_name_goes_to_the_family_of_its_protocol", || {
        let hosts = tempfile::NamedTempFile::new().unwrap();
        let names = "::1 both.test six.test\n127.0.0.1 both.test four.test\n";
        std::fs::write(hosts.path(), names).unwrap();
        put_over(hosts.path(), "/etc/hosts");
        for (protocol, address, other) in [("icmp", "127.0.0.1", "six.test"), ("ipv6-icmp", "::1", "four.test")] {
            let mut h = Harness::new();
            for connected in [true, false] {
                let endpoint = format!("raw://both.test?proto={protocol}");
                let (_, info) = h.connect_with(&endpoint, |spec| spec.connected = connected);
                assert_eq!(info.peer.to_string(), address, "{endpoint}");
            }
            let (_, bound) = h.listen(&format!("raw://both.test?proto={protocol}"));
            let bracketed = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
            assert_eq!(bound.to_string(), format!("raw://{bracketed}?proto={protocol}"));

            h.begin_connect(&format!("raw://{other}?proto={protocol}"), |_| {});
            let failure = h.failed();
            assert_eq!((failure.operation, failure.subject.as_str()), (Operation::Resolve, other));
            assert_eq!((failure.cause, failure.hint), (Cause::OtherFamily, Some(Hint::ChooseAnotherFamily)));
        }
        // Any other protocol goes over both.
        let mut h = Harness::new();
        let (_, info) = h.connect_with("raw://four.test?proto=253", |_| {});
        assert_eq!(info.peer.to_string(), "127.0.0.1");
        let (_, info) = h.connect_with("raw://six.test?proto=253", |_| {});
        assert_eq!(info.peer.to_string(), "::1");
    });
}

/// A datagram socket of IPv6 that is bound to no address sends to both families, and hears both.
#[test]
fn one_client_s_datagrams_go_to_both_families() {
    let mut h = Harness::new();
    let (_, both) = h.listen_with("udp://[::]:0?v6only=0", |spec| spec.respond = Respond::Echo);
    let four = UdpSocket::bind("127.0.0.1:0").unwrap();
    four.set_read_timeout(Some(DEADLINE)).unwrap();
    let (client, own) = h.connect_with(&format!("udp://[::1]:{}", port(&both)), |spec| spec.connected = false);
    h.send(client, b"over six");
    assert_eq!(h.bytes(own.id, Direction::In, 8), b"over six", "echoed");

    let to = vec![HostPort::from(four.local_addr().unwrap())];
    h.engine.send(Command::Send { socket: client, to: Recipients::Addresses(to), bytes: b"over four".to_vec() });
    let mut buffer = [0; 16];
    let (len, from) = four.recv_from(&mut buffer).unwrap();
    assert_eq!((&buffer[..len], from.is_ipv4()), (&b"over four"[..], true));
    four.send_to(b"heard", from).unwrap();
    let other = h.wait("the session with the other family", |event| match event {
        sockeye::model::Event::Opened { info, .. } if info.socket == client && info.id != own.id => Some(info.clone()),
        _ => None,
    });
    assert_eq!(other.peer.to_string(), four.local_addr().unwrap().to_string(), "as people know it");
    assert_eq!(h.bytes(other.id, Direction::In, 5), b"heard");
}

#[test]
fn udp_lite_goes_both_ways() {
    const UDP_LITE: i32 = 136;
    for (host, domain) in [("127.0.0.1", socket2::Domain::IPV4), ("[::1]", socket2::Domain::IPV6)] {
        let opened = socket2::Socket::new(domain, socket2::Type::DGRAM, Some(UDP_LITE.into()));
        if !kernel_has(opened.is_ok(), "UDP-Lite") {
            return;
        }
        let mut h = Harness::new();
        let (server, endpoint) = h.listen(&format!("udp://{host}:0?proto=udplite"));
        let answers = h.answers(server, None);
        assert_eq!(answers[0].option, SocketOption::IpProtocol);
        assert_eq!(answers[0].answer.as_ref().map(ToString::to_string).as_deref(), Some("udplite"));
        let (client, at_client) = h.connect_with(&format!("{endpoint}?proto=136"), |_| {});
        h.send(client, "你好".as_bytes());
        let at_server = h.opened(server);
        assert_eq!((at_server.protocol, &at_server.peer), (Protocol::Udp, &at_client.local));
        assert_eq!(h.bytes(at_server.id, Direction::In, 6), "你好".as_bytes());
        h.send(server, b"back");
        assert_eq!(h.bytes(at_client.id, Direction::In, 4), b"back");
    }
}

//! Networks in which a connection can't come about, each made for its test.

#![cfg(target_os = "linux")]

mod support;

use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use support::{Run, Sockeye, in_own_network, ip, run, set_up, sockeye};

fn choose_ports(range: &str) {
    std::fs::write("/proc/sys/net/ipv4/ip_local_port_range", range).expect("the network is the test's own");
}

/// That the run failed for want of a port that the system chooses, of which `parts` are told beside the way out.
fn expect_used_up(run: &Run, operation: &str, endpoint: &str, parts: &[&str]) {
    run.expect_code(1);
    let error = run.one("error");
    assert_eq!((&error["operation"], &error["endpoint"]), (&operation.into(), &endpoint.into()));
    assert_eq!(error["message"], "every ephemeral port is in use");
    let hint = error["hint"].as_str().expect("a hint");
    for part in parts.iter().chain(&["ports 40001 to 40002", "sysctl -w net.ipv4.ip_local_port_range"]) {
        assert!(hint.contains(part), "{part} in {hint}");
    }
    assert!(run.all("opened").is_empty() && run.all("listening").is_empty());
}

fn expect_listening(endpoint: &str) {
    let (server, bound) = Sockeye::listen(&["listen", endpoint]);
    assert!(["40001", "40002"].iter().any(|port| bound.ends_with(port)), "{bound}");
    server.interrupt().expect_code(0);
}

/// Closes a connection so that its port is free at once.
fn reset(connection: Option<TcpStream>) {
    let connection = connection.expect("a connection");
    socket2::SockRef::from(&connection).set_linger(Some(Duration::ZERO)).expect("SO_LINGER");
    drop(connection);
}

#[test]
fn no_host_and_no_network_there() {
    in_own_network("no_host_and_no_network_there", || {
        ip(&["route", "add", "unreachable", "10.9.9.0/24"]);
        // 10.9.9.0/24 has a route that says so; of 10.9.8.0/24 no route knows.
        for (address, message) in [("10.9.9.9:9", "host unreachable"), ("10.9.8.9:9", "network unreachable")] {
            for scheme in ["tcp", "udp"] {
                let endpoint = format!("{scheme}://{address}");
                let run = run(&["connect", &endpoint, "--send", "x"]);
                run.expect_code(1);
                let error = run.one("error");
                assert_eq!((&error["operation"], &error["endpoint"]), (&"connect".into(), &endpoint.as_str().into()));
                assert_eq!(error["message"], message);
                assert_eq!(error["hint"], "Check the address and the network.");
                assert!(run.all("opened").is_empty());
                run.summary();

                let output = sockeye(&["connect", &endpoint, "--send", "x"]).output().expect("it runs");
                let words = String::from_utf8_lossy(&output.stderr).into_owned();
                assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{words}");
                for part in ["connect", address, message, "Check the address and the network."] {
                    assert!(words.contains(part), "{part} in {words}");
                }
            }
        }
    });
}

/// With one port to choose from, the system gives the socket the very port that it connects to.
#[test]
fn a_port_that_nobody_holds_does_not_answer_itself() {
    in_own_network("a_port_that_nobody_holds_does_not_answer_itself", || {
        choose_ports("40001 40001");
        let run = run(&["connect", "tcp://127.0.0.1:40001", "--send", "x"]);
        run.expect_code(1);
        let error = run.one("error");
        assert_eq!((&error["operation"], &error["message"]), (&"connect".into(), &"connection refused".into()));
        assert!(run.all("opened").is_empty());
        std::net::TcpListener::bind("127.0.0.1:40001").expect("nothing holds the port");
    });
}

#[test]
fn without_an_ephemeral_port_tcp_says_so_and_goes_on_once_one_is_free() {
    in_own_network("without_an_ephemeral_port_tcp_says_so_and_goes_on_once_one_is_free", || {
        choose_ports("40001 40002");
        for host in ["127.0.0.1", "[::1]"] {
            let [server, other] =
                [9001, 9002].map(|port| TcpListener::bind(format!("{host}:{port}")).expect("a server"));
            let endpoint = format!("tcp://{}", server.local_addr().expect("an address"));
            let mut held: Vec<_> =
                (0..2).map(|_| TcpStream::connect(server.local_addr().expect("an address")).expect("a port")).collect();

            expect_used_up(&run(&["connect", &endpoint, "--send", "x"]), "connect", &endpoint, &["choose a port"]);
            let any = format!("tcp://{host}:0");
            expect_used_up(&run(&["listen", &any]), "bind", &any, &["Close some connections"]);
            // Of a connection it is the pair of addresses that has to be its own.
            let to_other = format!("tcp://{}", other.local_addr().expect("an address"));
            run(&["connect", &to_other, "--send", "x", "--wait", "0"]).expect_code(0);

            reset(held.pop());
            run(&["connect", &endpoint, "--send", "x", "--wait", "0"]).expect_code(0);
        }
    });
}

#[test]
fn listening_on_port_0_works_again_once_one_is_free() {
    in_own_network("listening_on_port_0_works_again_once_one_is_free", || {
        choose_ports("40001 40002");
        let first = TcpListener::bind("127.0.0.1:40001").expect("a port");
        let second = TcpListener::bind("127.0.0.1:40002").expect("a port");
        expect_used_up(&run(&["listen", "tcp://127.0.0.1:0"]), "bind", "tcp://127.0.0.1:0", &[]);
        drop(first);
        expect_listening("tcp://127.0.0.1:0");
        drop(second);
    });
}

#[test]
fn ports_that_connections_keep_after_their_end_are_told_as_such() {
    in_own_network("ports_that_connections_keep_after_their_end_are_told_as_such", || {
        choose_ports("40001 40002");
        // By default a new connection over the loopback interface takes a waiting port after a second.
        std::fs::write("/proc/sys/net/ipv4/tcp_tw_reuse", "0").expect("the network is the test's own");
        let server = TcpListener::bind("127.0.0.1:9001").expect("a server");
        let _held = TcpStream::connect("127.0.0.1:9001").expect("a port");
        let _accepted = server.accept().expect("the first");
        let over = TcpStream::connect("127.0.0.1:9001").expect("the other port");
        let (mut accepted, _) = server.accept().expect("the second");
        // Who closes first keeps the port.
        drop(over);
        assert_eq!(std::io::Read::read(&mut accepted, &mut [0; 8]).expect("the end"), 0);
        drop(accepted);
        let endpoint = "tcp://127.0.0.1:9001";
        let used_up = run(&["connect", endpoint, "--send", "x"]);
        expect_used_up(&used_up, "connect", endpoint, &["1 of them", "TIME_WAIT", "tcp_tw_reuse=1"]);
    });
}

#[test]
fn without_an_ephemeral_port_udp_says_so_and_goes_on_once_one_is_free() {
    in_own_network("without_an_ephemeral_port_udp_says_so_and_goes_on_once_one_is_free", || {
        choose_ports("40001 40002");
        let peer = UdpSocket::bind("127.0.0.1:9001").expect("a peer");
        let mut held: Vec<_> = (0..2).map(|_| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a port")).collect();
        let endpoint = "udp://127.0.0.1:9001";
        // A client's socket is bound before it is connected.
        expect_used_up(&run(&["connect", endpoint, "--send", "x"]), "bind", "udp://0.0.0.0:0", &["choose a port"]);
        expect_used_up(&run(&["listen", "udp://127.0.0.1:0"]), "bind", "udp://127.0.0.1:0", &[]);
        held.pop();
        run(&["connect", endpoint, "--send", "x", "--wait", "0"]).expect_code(0);
        assert_eq!(peer.recv(&mut [0; 8]).expect("a datagram"), 1);
        expect_listening("udp://127.0.0.1:0");
    });
}

#[test]
fn a_person_reads_that_the_ports_are_used_up() {
    in_own_network("a_person_reads_that_the_ports_are_used_up", || {
        choose_ports("40001 40001");
        let _server = TcpListener::bind("127.0.0.1:9001").expect("a server");
        let _held = TcpStream::connect("127.0.0.1:9001").expect("a port");
        for (language, parts) in [
            ("C.UTF-8", ["tcp://127.0.0.1:9001: every ephemeral port is in use", "sysctl"]),
            ("zh_CN.UTF-8", ["tcp://127.0.0.1:9001：临时端口已全部被占用", "扩大范围"]),
        ] {
            let mut command = sockeye(&["connect", "tcp://127.0.0.1:9001", "--send", "x"]);
            let output = command.env("LC_ALL", language).output().expect("it runs");
            let words = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{words}");
            for part in parts {
                assert!(words.contains(part), "{part} in {words}");
            }
        }
    });
}

#[test]
fn a_link_local_address_without_a_scope_is_told_which_there_are() {
    in_own_network("a_link_local_address_without_a_scope_is_told_which_there_are", || {
        ip(&["link", "add", "d0", "type", "veth", "peer", "name", "d1"]);
        set_up(&["d0", "d1"]);
        for scheme in ["tcp", "udp"] {
            let run = run(&["connect", &format!("{scheme}://[fe80::7]:9"), "--send", "x"]);
            let error = run.expect_error(1, "connect");
            assert_eq!(error["message"], "a link-local address without a scope says not on which network");
            let hint = error["hint"].as_str().expect("a hint");
            assert!(hint.contains("fe80::7%d0") && hint.contains("fe80::7%d1"), "{hint}");
        }
    });
}

/// The listener before never learns of it, so the one after has to be told.
#[test]
fn a_port_of_udp_that_is_shared_is_told() {
    for option in ["reuseaddr=1", "reuseport=1"] {
        let (_first, endpoint) = Sockeye::listen(&["listen", &format!("udp://127.0.0.1:0?{option}")]);
        let mut second = Sockeye::start(&["listen", &format!("{endpoint}?{option}")]);
        let notice = second.expect_where("the notice", |event| event["notice"] == "port-shared");
        assert!(notice["message"].as_str().is_some_and(|words| words.contains("have this port too")), "{notice}");
        second.interrupt().expect_code(0);
    }
}

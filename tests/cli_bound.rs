//! `connect` from a local address and port, or without a connection.

#![cfg(unix)]

mod support;

use std::net::UdpSocket;

use support::{PATIENCE, Sockeye, in_own_network, ip, run, set_up, without_names};

#[test]
fn a_client_comes_from_the_address_and_port_that_were_asked_for() {
    in_own_network("a_client_comes_from_the_address_and_port_that_were_asked_for", || {
        let (server, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--once"]);
        run(&["connect", &endpoint, "--bind", "127.0.0.7:9001", "--send", "x", "--wait", "0"]).expect_code(0);
        assert_eq!(server.finish().one("opened")["peer"], "tcp://127.0.0.7:9001");

        let peer = UdpSocket::bind("127.0.0.1:0").expect("a port");
        peer.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        let endpoint = format!("udp://{}", peer.local_addr().expect("an address"));
        let from = |local: &str| {
            run(&["connect", &endpoint, "--bind", local, "--send", "x", "--wait", "0"]).expect_code(0);
            peer.recv_from(&mut [0; 8]).expect("a datagram").1
        };
        assert_eq!(from("127.0.0.6").ip().to_string(), "127.0.0.6");
        assert_eq!(from(":9001").to_string(), "127.0.0.1:9001");
    });
}

#[test]
fn a_local_address_that_can_t_be_is_told() {
    for (arguments, parts) in [
        (["connect", "tcp://127.0.0.1:9", "--bind", "::1"], &["::1", "both have to be of IPv4"][..]),
        (["connect", "udp://[::1]:9", "--bind", "127.0.0.1:5"], &["127.0.0.1", "both of IPv6"]),
        (["connect", "tcp://127.0.0.1:9", "--bind", "localhost"], &["localhost", "in numbers"]),
        (["connect", "tcp://127.0.0.1:9", "--bind", ":70000"], &["70000"]),
        (["connect", "unix:/nowhere", "--bind", "127.0.0.1"], &["Only TCP, UDP and RDS"]),
    ] {
        let run = run(&arguments);
        let error = run.expect_error(2, "usage");
        assert_eq!(error["argument"], "--bind");
        for part in parts {
            assert!(error["message"].as_str().is_some_and(|message| message.contains(part)), "{part} in {error}");
        }
    }
    let failed = run(&["connect", "tcp://127.0.0.1:9", "--bind", "192.0.2.1", "--send", "x"]);
    let error = failed.expect_error(1, "bind");
    assert_eq!(error["message"], "this machine does not have that address");
}

/// So its family is no mistake of the arguments.
#[test]
fn what_a_name_stands_for_is_known_later() {
    in_own_network("what_a_name_stands_for_is_known_later", || {
        without_names();
        let failed = run(&["connect", "tcp://ip4.localhost.invalid:9", "--bind", "127.0.0.1", "--send", "x"]);
        assert_eq!(failed.expect_error(1, "resolve")["message"], "no such host");
    });
}

#[test]
fn a_link_local_address_is_bound_with_its_interface() {
    in_own_network("a_link_local_address_is_bound_with_its_interface", || {
        ip(&["link", "add", "d0", "type", "veth", "peer", "name", "d1"]);
        set_up(&["d0", "d1"]);
        for address in ["fe80::9/64", "fe80::8/64"] {
            ip(&["address", "add", address, "dev", "d0", "nodad"]);
        }
        let (server, endpoint) = Sockeye::listen(&["listen", "tcp://[fe80::9%d0]:0", "--once"]);
        assert!(endpoint.starts_with("tcp://[fe80::9%d0]:"), "{endpoint}");
        run(&["connect", &endpoint, "--bind", "fe80::8%d0", "--send", "x", "--wait", "0"]).expect_code(0);
        let run = server.finish();
        assert!(run.one("opened")["peer"].as_str().is_some_and(|peer| peer.contains("fe80::8")), "{:?}", run.events);
        let (raw, endpoint_of_raw) = Sockeye::listen(&["listen", "raw://[fe80::9%d0]?proto=253"]);
        assert_eq!(endpoint_of_raw, "raw://[fe80::9%d0]?proto=253");
        raw.interrupt().expect_code(0);
        let failed = support::run(&["connect", &endpoint, "--bind", "fe80::8%nosuch", "--send", "x"]);
        let error = failed.expect_error(1, "bind");
        assert_eq!(error["message"], "no such interface or device");
    });
}

#[test]
fn without_a_connection_whoever_answers_is_heard() {
    let peer = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let other = UdpSocket::bind("127.0.0.1:0").expect("a port");
    peer.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let endpoint = format!("udp://{}", peer.local_addr().expect("an address"));
    let mut client = Sockeye::start(&["connect", &endpoint, "--unconnected", "--send", "who?", "--wait", "20000"]);
    let (_, from) = peer.recv_from(&mut [0; 8]).expect("the endpoint has it");
    other.send_to(b"me", from).expect("it is sent");
    client.expect("received");
    let run = client.interrupt();
    assert_eq!(run.expect_code(0).received(), b"me");
    let stranger = format!("udp://{}", other.local_addr().expect("an address"));
    assert!(run.all("opened").iter().any(|opened| opened["peer"] == stranger), "{:?}", run.events);

    let run = support::run(&["connect", "tcp://127.0.0.1:9", "--unconnected"]);
    assert_eq!(run.expect_error(2, "usage")["argument"], "--unconnected");
}

#[test]
fn nothing_is_at_port_0() {
    for endpoint in ["udp://127.0.0.1:0", "tcp://127.0.0.1:0"] {
        let run = run(&["connect", endpoint, "--send", "x"]);
        let error = run.expect_error(2, "usage");
        assert!(error["message"].as_str().is_some_and(|message| message.contains("1 to 65535")), "{error}");
    }
}

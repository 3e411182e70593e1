//! Programs that are written down join groups and send to them, with this program or a bare socket as the other end.

#![cfg(target_os = "linux")]

mod support;

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::time::Instant;

use nix::net::if_::if_nametoindex;
use socket2::{Domain, Socket, Type};
use support::{
    PATIENCE, Sockeye, Written, ask, exists, in_own_network, ip, kernel_has, port_of, require, require_tool, run,
    set_up, within_the_wait,
};

/// A network card with two addresses of each family, and a wire to another one that has none.
fn card() {
    ip(&["link", "set", "lo", "multicast", "on"]);
    ip(&["link", "add", "d0", "type", "veth", "peer", "name", "d1"]);
    for address in ["10.9.0.1/24", "10.9.0.2/24"] {
        ip(&["address", "add", address, "dev", "d0"]);
    }
    // The one that the system would make for its link is there a second later only.
    for address in ["fd00::1/64", "fd00::2/64", "fe80::9/64"] {
        ip(&["address", "add", address, "dev", "d0", "nodad"]);
    }
    set_up(&["d1", "d0"]);
    ip(&["route", "add", "239.0.0.0/8", "dev", "d0"]);
}

/// Sends from this address of the card.
fn say(from: &str, group: &str, port: u16, text: &str) {
    let index = if_nametoindex("d0").expect("the card is there");
    let socket = |domain| Socket::new(domain, Type::DGRAM, None).expect("a socket");
    let (socket, from, to): (_, SocketAddr, SocketAddr) = if group.contains(':') {
        let to = SocketAddrV6::new(group.parse().expect("a group"), port, 0, index);
        (socket(Domain::IPV6), format!("[{from}]:0").parse().expect("an address"), to.into())
    } else {
        let (socket, address) = (socket(Domain::IPV4), from.parse::<Ipv4Addr>().expect("an address"));
        socket.set_multicast_if_v4(&address).expect("the card");
        (socket, SocketAddr::new(address.into(), 0), format!("{group}:{port}").parse().expect("a group"))
    };
    socket.bind(&from.into()).expect("the address is the card's");
    UdpSocket::from(socket).send_to(text.as_bytes(), to).expect("it is sent");
}

#[test]
fn python_joins_groups() {
    if !require_tool("python3") {
        return;
    }
    in_own_network("python_joins_groups", || {
        card();
        for (query, group) in [
            ("join=239.1.1.1@d0", "239.1.1.1"),
            ("join=239.1.1.1@10.9.0.1", "239.1.1.1"),
            ("join=239.1.1.1", "239.1.1.1"),
            ("join=239.1.1.2@lo,239.1.1.1@d0", "239.1.1.1"),
        ] {
            let mut server = Written::python(&[&format!("udp://0.0.0.0:0?{query}"), "--listen"]);
            let port = server.port();
            // A group that another socket of this machine has joined doesn't arrive.
            let other = UdpSocket::bind("0.0.0.0:0").expect("a socket");
            other.join_multicast_v4(&Ipv4Addr::new(239, 9, 9, 9), &Ipv4Addr::new(10, 9, 0, 1)).expect("it joins");
            say("10.9.0.1", "239.9.9.9", port, "somebody else's");
            let to = format!("udp://{group}:{port}?mif=d0");
            run(&["connect", &to, "--send", "to the group", "--wait", "0"]).expect_code(0);
            server.has_told("to the group");
            assert!(!String::from_utf8_lossy(&server.process.stdout).contains("somebody"), "{query}");
        }
        for (query, group) in [
            ("join=ff02::77@d0", "[ff02::77%d0]"),
            ("join=ff02::77@fd00::2", "[ff02::77%d0]"),
            ("join=239.1.1.1@d0,ff02::77@d0", "239.1.1.1"),
        ] {
            let mut server = Written::python(&[&format!("udp://[::]:0?{query}"), "--listen"]);
            let to = format!("udp://{group}:{}", server.port());
            run(&["connect", &to, "--send", "to the group", "--wait", "0"]).expect_code(0);
            server.has_told("to the group");
        }
    });
}

/// A server at all addresses answers from the one that was asked: a client that is connected hears no other. The route
/// would have it answer 10.9.0.1 from 10.9.0.1, and 127.0.0.1 from 127.0.0.1.
#[test]
fn python_answers_from_the_address_that_was_asked() {
    if !require_tool("python3") {
        return;
    }
    in_own_network("python_answers_from_the_address_that_was_asked", || {
        card();
        let v4 = [("127.0.0.2", "127.0.0.1"), ("10.9.0.2", "10.9.0.1"), ("10.9.0.2", "127.0.0.1")];
        let v6 = [("[fd00::2]", "fd00::1"), ("[::1]", "::1"), ("[fe80::9%d0]", "fe80::9%d0")];
        for (endpoint, asked) in [("udp://0.0.0.0:0", &v4[..]), ("udp://[::]:0", &[v4, v6].concat())] {
            for options in ["", "?proto=udplite"] {
                let has_it = || exists(nix::libc::AF_INET, Type::DGRAM, 136);
                if !options.is_empty() && !kernel_has(has_it(), "UDP-Lite") {
                    continue;
                }
                let arguments = [&format!("{endpoint}{options}"), "--listen", "--send", "welcome ", "--echo"];
                let mut server = Written::python(&arguments);
                let port = server.port();
                for (address, from) in asked {
                    let there = format!("udp://{address}:{port}{options}");
                    let run = ask(&["connect", &there, "--bind", from, "--send", "from there"], b"from there");
                    let heard = run.expect_code(0).received();
                    assert_eq!(heard, b"welcome from there", "{endpoint}, {address} asked from {from}");
                }
            }
        }
        // What is everybody's is no address to answer from.
        let mut server = Written::python(&["udp://[::]:0", "--listen", "--echo"]);
        let port = server.port();
        for (everybody, options) in [("10.9.0.255", "?broadcast=1"), ("[ff02::1%d0]", "")] {
            let there = format!("udp://{everybody}:{port}{options}");
            let run = ask(&["connect", &there, "--unconnected", "--send", "all of you"], b"all of you");
            // By both ends of the wire, where it is the link's.
            assert!(run.received().starts_with(b"all of you"), "{everybody}");
        }
    });
}

#[test]
fn python_hears_one_source_of_a_group() {
    if !require_tool("python3") {
        return;
    }
    in_own_network("python_hears_one_source_of_a_group", || {
        card();
        for (endpoint, group, other, source) in [
            ("udp://0.0.0.0:0?join=232.1.1.1@d0/10.9.0.2", "232.1.1.1", "10.9.0.1", "10.9.0.2"),
            ("udp://0.0.0.0:0?join=232.1.1.1@10.9.0.1/10.9.0.2", "232.1.1.1", "10.9.0.1", "10.9.0.2"),
            ("udp://[::]:0?join=ff3e::1@d0/fd00::2", "ff3e::1", "fd00::1", "fd00::2"),
        ] {
            let mut server = Written::python(&[endpoint, "--listen"]);
            let port = server.port();
            say(other, group, port, "another");
            say(source, group, port, "the source");
            server.has_told("the source");
            assert!(!String::from_utf8_lossy(&server.process.stdout).contains("another"), "{endpoint}");
        }
    });
}

#[test]
fn python_sends_to_groups() {
    if !require_tool("python3") {
        return;
    }
    in_own_network("python_sends_to_groups", || {
        card();
        let index = if_nametoindex("d0").expect("the card is there");
        for (bound, join, group, mif, from) in [
            ("0.0.0.0", "239.7.7.7@d0", "239.7.7.7", "d0", "10.9.0.1"),
            ("0.0.0.0", "239.7.7.7@d0", "239.7.7.7", "10.9.0.2", "10.9.0.2"),
            ("0.0.0.0", "239.7.7.7@d0", "239.7.7.7", &index.to_string(), "10.9.0.1"),
            ("0.0.0.0", "239.7.7.7@lo", "239.7.7.7", "lo", "127.0.0.1"),
            ("[::]", "ff02::77@d0", "[ff02::77]", "d0", "fe80::"),
            ("[::]", "ff02::77@d0", "[ff02::77]", &index.to_string(), "fe80::"),
        ] {
            let (mut server, endpoint) =
                Sockeye::listen(&["listen", &format!("udp://{bound}:0?join={join}"), "--echo"]);
            let to = format!("udp://{group}:{}?mif={mif}&mttl=3&mloop=1", port_of(&endpoint));
            // Who answers is not the group: a socket that is connected to it would hear nobody.
            Written::patient_python(&[&to, "--unconnected", "--send", "who is there?"]).once_it_told("who is there?");
            let opened = server.expect("opened")["peer"].to_string();
            assert!(opened.contains(from), "{to}: {opened}");
            server.interrupt().expect_code(0);
        }
        // Nobody on this machine hears what is not looped back.
        let (server, endpoint) = Sockeye::listen(&["listen", "udp://0.0.0.0:0?join=239.7.7.7@d0", "--echo"]);
        let to = format!("udp://239.7.7.7:{}?mif=d0&mloop=0", port_of(&endpoint));
        assert!(Written::python(&[&to, "--unconnected", "--send", "who?"]).finish().stdout.is_empty());
        assert!(server.interrupt().all("received").is_empty());
    });
}

#[test]
fn python_sends_to_many_addresses_at_once() {
    if !require_tool("python3") {
        return;
    }
    let mut listeners = [(); 3].map(|()| Sockeye::listen(&["listen", "udp://127.0.0.1:0", "--echo"]));
    let [first, second, third] = [0, 1, 2].map(|index| port_of(&listeners[index].1));
    let to = format!("127.0.0.1:{second},localhost:{third}");
    let endpoint = format!("udp://127.0.0.1:{first}");
    let arguments = [endpoint.as_str(), "--to", &to, "--bind", "127.0.0.2", "--send", "to all of you"];
    let mut client = Written::patient_python(&arguments);
    for port in [first, second, third] {
        client.has_told(&format!("('127.0.0.1', {port}) to all of you"));
    }
    client.interrupt();
    for (listener, _) in &mut listeners {
        let peer = listener.expect("opened")["peer"].to_string();
        assert!(peer.contains("127.0.0.2"), "{peer}");
        assert_eq!(listener.expect("received")["bytes"], 13);
    }
    // Where one is not found, for an IPv4 socket here, nobody is sent anything.
    let client = Written::python(&[&endpoint, "--to", "[::1]:9", "--send", "never"]);
    let finished = client.process.finish();
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert!(finished.stderr.contains("gaierror"), "{}", finished.stderr);
    for (listener, _) in listeners {
        assert_eq!(listener.interrupt().received(), b"to all of you");
    }
}

#[test]
fn a_server_of_python_sends_to_addresses_and_greets_nobody() {
    if !require_tool("python3") {
        return;
    }
    let (mut listener, at) = Sockeye::listen(&["listen", "udp://127.0.0.1:0", "--echo", "--once"]);
    let to = format!("127.0.0.1:{}", port_of(&at));
    let arguments = ["udp://127.0.0.1:0", "--listen", "--to", &to, "--send", "to you", "--reply", "answered"];
    let mut server = Written::python(&arguments);
    let there = server.reached_at("udp://127.0.0.1:PORT");
    assert_eq!(listener.expect("received")["bytes"], 6);
    listener.finish().expect_code(0);
    let stranger = ask(&["connect", &there, "--send", "hello"], b"answered");
    assert_eq!(stranger.received(), b"answered", "and no greeting");
}

#[test]
fn an_ipv6_socket_of_python_sends_to_ipv4_too() {
    if !require_tool("python3") || !require(UdpSocket::bind("[::1]:0").is_ok(), "IPv6") {
        return;
    }
    let (mut v6, at) = Sockeye::listen(&["listen", "udp://[::1]:0"]);
    let (mut v4, to) = Sockeye::listen(&["listen", "udp://127.0.0.1:0", "--echo"]);
    let to = format!("127.0.0.1:{}", port_of(&to));
    Written::patient_python(&[&at, "--to", &to, "--send", "to both"]).once_it_told("to both");
    for listener in [&mut v6, &mut v4] {
        assert_eq!(listener.expect("received")["bytes"], 7);
    }
}

/// By the interface and with the time to live that are asked for, also where the socket's own family is the other one.
#[test]
fn an_ipv6_socket_of_python_sends_to_ipv4_groups_too() {
    if !require_tool("python3") {
        return;
    }
    in_own_network("an_ipv6_socket_of_python_sends_to_ipv4_groups_too", || {
        card();
        let (mut link, _) = Sockeye::listen(&["listen", "packet://lo?proto=0x0800"]);
        let (mut server, _) = Sockeye::listen(&["listen", "udp://0.0.0.0:7001?join=239.7.7.7@lo", "--echo"]);
        // The routing table would have it leave by the card.
        let endpoint = "udp://[::1]:9?mif=lo&mttl=3";
        let client = Written::patient_python(&[endpoint, "--to", "239.7.7.7:7001", "--send", "to the group"]);
        client.once_it_told("to the group");
        assert_eq!(server.expect("received")["bytes"], 12);
        let text: String = "to the group".bytes().map(|byte| format!("{byte:02x}")).collect();
        let heard =
            link.expect_where("the question", |event| event["hex"].as_str().is_some_and(|hex| hex.ends_with(&text)));
        let hex = heard["hex"].as_str().expect("hex is a text");
        // From 127.0.0.1 to 239.7.7.7, RFC 791, section 3.1.
        assert_eq!((&hex[16..18], &hex[24..40]), ("03", "7f000001ef070707"), "{hex}");
    });
}

#[test]
fn socat_joins_groups_and_sends_to_them() {
    if !require_tool("socat") {
        return;
    }
    in_own_network("socat_joins_groups_and_sends_to_them", || {
        card();
        for (endpoint, to) in [
            ("udp://0.0.0.0:7001?join=239.1.1.1@d0", "udp://239.1.1.1:7001?mif=d0"),
            ("udp://0.0.0.0:7002?join=239.1.1.1@10.9.0.1,239.1.1.2", "udp://239.1.1.2:7002?mif=d0"),
            ("udp://[::]:7003?join=ff02::77@d0", "udp://[ff02::77%d0]:7003"),
        ] {
            let mut server = Written::shell("socat", &[endpoint, "--listen", "--reply", "ok"]);
            // It doesn't say when it listens.
            let deadline = Instant::now() + PATIENCE;
            let mut told = String::new();
            while !told.contains("to the group") {
                assert!(Instant::now() < deadline, "nobody hears: {}", server.text);
                run(&["connect", to, "--send", "to the group\n", "--wait", "100"]).expect_code(0);
                told = server.process.errors_so_far();
            }
            server.end();
        }
        within_the_wait(|| {
            let (mut server, endpoint) = Sockeye::listen(&["listen", "udp://0.0.0.0:0?join=239.7.7.7@lo", "--echo"]);
            let to = format!("udp://239.7.7.7:{}?mif=127.0.0.1", port_of(&endpoint));
            let client = Written::shell("socat", &[&to, "--unconnected", "--send", "who is there?"]);
            let heard = client.finish().stdout;
            if heard != b"who is there?" {
                return Err(heard.escape_ascii().to_string());
            }
            assert_eq!(server.expect("received")["bytes"], 13);
            Ok(())
        });
    });
}

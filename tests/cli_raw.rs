//! Raw IP sockets: pings seen, sent and answered, by the kernel and by Python.

#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::io::ErrorKind;
use std::net::UdpSocket;

use socket2::{Domain, Protocol, Socket, Type};
use support::{Process, Sockeye, in_own_network, ip, require, require_tool, run};

/// Whether this user may open raw sockets.
fn allowed() -> bool {
    let opened = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4));
    let denied = opened.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied);
    require(!denied, "the right to open raw sockets (CAP_NET_RAW)")
}

#[test]
fn the_kernel_answers_a_ping() {
    if !allowed() {
        return;
    }
    // A socket that is not connected hears its own request come by on the loopback interface.
    let run = run(&["connect", "raw://127.0.0.1?proto=icmp", "--send", "id=4660 seq=7 hello"]);
    run.expect_code(0);
    let seen: Vec<_> = run.all("received").iter().map(|event| event["decoded"].clone()).collect();
    assert!(seen.contains(&"echo reply id=4660 seq=7, 5 bytes · 127.0.0.1 → 127.0.0.1".into()), "{seen:?}");
}

#[test]
fn the_kernel_answers_a_ping_over_ipv6() {
    if !allowed() {
        return;
    }
    let run = run(&["connect", "raw://[::1]?proto=ipv6-icmp", "--send", "id=9 seq=3 hello"]);
    run.expect_code(0);
    let seen: Vec<_> = run.all("received").iter().map(|event| event["decoded"].clone()).collect();
    assert!(seen.contains(&"echo reply id=9 seq=3, 5 bytes".into()), "{seen:?}");
    let peers: Vec<_> = run.all("opened").iter().map(|event| event["peer"].clone()).collect();
    assert_eq!(peers, ["raw://[::1]"]);
}

#[test]
fn a_listener_hears_each_host_apart() {
    in_own_network("a_listener_hears_each_host_apart", || {
        let (mut sockeye, endpoint) = Sockeye::listen(&["listen", "raw://127.0.0.9?proto=253"]);
        assert_eq!(endpoint, "raw://127.0.0.9?proto=253");
        for (source, text) in [([127, 0, 0, 1], "first"), ([127, 0, 0, 2], "second")] {
            let peer = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(253))).expect("a socket");
            peer.bind(&std::net::SocketAddr::from((source, 0)).into()).expect("an address of this machine");
            let to = std::net::SocketAddr::from(([127, 0, 0, 9], 0));
            peer.send_to(text.as_bytes(), &to.into()).expect("it is sent");
            let opened = sockeye.expect("opened");
            let [a, b, c, d] = source;
            assert_eq!(opened["peer"], format!("raw://{a}.{b}.{c}.{d}"));
            let received = sockeye.expect("received");
            assert_eq!(received["session"], opened["session"]);
            let hex = received["hex"].as_str().expect("hex");
            assert!(hex.ends_with(&text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>()), "{hex}");
        }
        let run = sockeye.interrupt();
        assert_eq!(run.summary()["received"], 2);
    });
}

/// Python's socket module as the other end, as the tutorial names it: AF_INET, SOCK_RAW, a protocol.
#[test]
fn python_is_heard_and_answered() {
    if !allowed() || !require_tool("python3") {
        return;
    }
    let (sockeye, _) = Sockeye::listen(&["listen", "raw://127.0.0.8?proto=253", "--reply", "pong"]);
    let program = "import socket\n\
        s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 253)\n\
        s.settimeout(10)\n\
        s.bind(('127.0.0.7', 0))\n\
        s.sendto(b'ping', ('127.0.0.8', 0))\n\
        print(s.recv(1024)[20:].decode())\n";
    let python = Process::run("python3", &["-c", program]).finish();
    assert_eq!(String::from_utf8_lossy(&python.stdout).trim(), "pong", "{}", python.stderr);
    sockeye.interrupt().expect_code(0);
}

/// Two addresses, so that neither hears what it sends itself.
#[test]
fn python_is_heard_and_answered_over_ipv6() {
    if !require_tool("python3") {
        return;
    }
    in_own_network("python_is_heard_and_answered_over_ipv6", || {
        for address in ["fd00::7/128", "fd00::8/128"] {
            ip(&["address", "add", address, "dev", "lo", "nodad"]);
        }
        let (mut sockeye, endpoint) = Sockeye::listen(&["listen", "raw://[fd00::8]?proto=253", "--reply", "pong"]);
        assert_eq!(endpoint, "raw://[fd00::8]?proto=253");
        let program = "import socket\n\
            s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 253)\n\
            s.settimeout(20)\n\
            s.bind(('fd00::7', 0))\n\
            s.sendto(b'ping', ('fd00::8', 0))\n\
            print(*s.recvfrom(1024))\n";
        let python = Process::run("python3", &["-c", program]).finish();
        // Without the header, unlike IPv4.
        let told = String::from_utf8_lossy(&python.stdout).into_owned();
        assert_eq!(told.trim(), "b'pong' ('fd00::8', 0, 0, 0)", "{}", python.stderr);
        assert_eq!(sockeye.expect("opened")["peer"], "raw://[fd00::7]");
        assert_eq!(sockeye.expect("received")["hex"], "70696e67");
        sockeye.interrupt().expect_code(0);
    });
}

#[test]
fn what_can_t_be_right_is_refused_before_a_socket_is_opened() {
    for (endpoint, word) in [
        ("raw://127.0.0.1", "proto"),
        ("raw://127.0.0.1?proto=nonsense", "nonsense"),
        ("raw://127.0.0.1?proto=256", "from 1 to 255"),
        ("raw://127.0.0.1?proto=0", "from 1 to 255"),
        ("raw://[::1]?proto=0", "from 1 to 255"),
        ("raw://?proto=icmp", "address"),
    ] {
        let run = run(&["connect", endpoint, "--send", "x"]);
        run.expect_code(2);
        let message = run.one("error")["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains(word), "{endpoint}: {message}");
    }
}

/// The kernel has no words for it: "bad address", or "invalid argument" over IPv6.
#[test]
fn a_message_without_an_icmp_header_is_not_sent() {
    if !allowed() {
        return;
    }
    for (endpoint, message) in [
        ("raw://127.0.0.1?proto=icmp", "08"),
        ("raw://[::1]?proto=ipv6-icmp", "80"),
        ("raw://[::1]?proto=ipv6-icmp", "8000"),
    ] {
        let run = run(&["connect", endpoint, "--send-hex", message, "--wait", "0"]);
        let error = run.expect_error(1, "send");
        assert_eq!(error["message"], "the message is too short for its protocol", "{error}");
        assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("at least 8 bytes")), "{error}");
    }
}

/// As [`a_message_without_an_icmp_header_is_not_sent`], over a socket for pings, which takes a right of its own.
#[test]
fn a_ping_without_its_header_is_not_sent() {
    in_own_network("a_ping_without_its_header_is_not_sent", || {
        fs::write("/proc/sys/net/ipv4/ping_group_range", "0 0").expect("the network is the test's");
        let run = run(&["connect", "udp://127.0.0.1:7?proto=icmp", "--send-hex", "08000000000000", "--wait", "0"]);
        let error = run.expect_error(1, "send");
        assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("at least 8 bytes")), "{error}");
    });
}

#[test]
fn a_ping_has_no_files() {
    let run = run(&["receive", "raw://127.0.0.1?proto=icmp", "--into", "."]);
    run.expect_code(2);
    // And an ordinary socket is none the worse for it.
    UdpSocket::bind("127.0.0.1:0").expect("a port");
}

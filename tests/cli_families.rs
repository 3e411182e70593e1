//! Families that not every kernel has: CAN, RDS, vsock. Where one is missing, what would bring it is said.

#![cfg(target_os = "linux")]

mod support;

use socket2::{Domain, Protocol, Socket, Type};
use support::{Run, Sockeye, ask, kernel_has, run, sockeye};

fn exists(family: i32, kind: Type, protocol: i32) -> bool {
    Socket::new(Domain::from(family), kind, Some(Protocol::from(protocol))).is_ok()
}

#[track_caller]
fn lacks_module(run: &Run, module: &str) {
    let error = run.expect_error(1, "open");
    assert_eq!(error["message"], "this system does not support that kind of address", "{error}");
    assert!(error["hint"].as_str().is_some_and(|hint| hint.contains(&format!("modprobe {module}"))), "{error}");
}

/// The words for an interface or a device that is not there.
#[track_caller]
fn lacks_device(run: &Run, operation: &str) {
    let error = run.expect_error(1, operation);
    assert_eq!(error["message"], "no such interface or device", "{error}");
}

#[test]
fn can_frames() {
    for (endpoint, family, module, operation) in [
        ("can://sockeye-none", (Type::RAW, nix::libc::CAN_RAW), "can-raw", "bind"),
        ("can-bcm://sockeye-none", (Type::DGRAM, nix::libc::CAN_BCM), "can-bcm", "connect"),
    ] {
        let exists = exists(nix::libc::AF_CAN, family.0, family.1);
        for run in [run(&["listen", endpoint]), run(&["connect", endpoint, "--send-hex", "00"])] {
            if exists {
                lacks_device(&run, operation);
            } else {
                lacks_module(&run, module);
            }
            assert_eq!(run.one("error")["endpoint"], endpoint);
        }
    }
}

#[test]
fn a_frame_is_read_before_a_socket_is_opened() {
    for (frame, word) in [("123", "#"), ("123#1", "digit"), ("800#11", "7FF"), ("123#112233445566778899", "8")] {
        let run = run(&["connect", "can://vcan0", "--send", frame]);
        run.expect_code(2);
        let message = run.one("error")["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains(word), "{frame}: {message}");
    }
}

#[test]
fn a_message_for_the_broadcast_manager_is_read_before_a_socket_is_opened() {
    for (text, word) in [
        ("123#11", "TX_SETUP"),
        ("TX_SETUP ival1=soon 123#11", "100ms"),
        ("TX_SETUP every=10ms 123#11", "ival1="),
        ("TX_DELETE", "id=123"),
        ("TX_SEND 123#1", "digit"),
        ("TX_SETUP 123#11 123##1AA", "CAN FD"),
    ] {
        let run = run(&["connect", "can-bcm://vcan0", "--send", text]);
        run.expect_code(2);
        let message = run.one("error")["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains(word), "{text}: {message}");
    }
    // One that can be read gets as far as the socket.
    let run = run(&["connect", "can-bcm://sockeye-none", "--send", "TX_SETUP ival2=100ms 123#11"]);
    if exists(nix::libc::AF_CAN, Type::DGRAM, nix::libc::CAN_BCM) {
        lacks_device(&run, "connect");
    } else {
        lacks_module(&run, "can-bcm");
    }
}

#[test]
fn reliable_datagrams() {
    // A kernel that has RDS is one for tests that nobody could run so far.
    if exists(nix::libc::AF_RDS, Type::SEQPACKET, 0) {
        let (sockeye, endpoint) = Sockeye::listen(&["listen", "rds://127.0.0.1:0"]);
        run(&["connect", &endpoint, "--send", "x", "--wait", "200"]).expect_code(0);
        assert_eq!(sockeye.interrupt().summary()["received"], 1);
    } else {
        lacks_module(&run(&["listen", "rds://127.0.0.1:0"]), "rds_tcp");
        lacks_module(&run(&["connect", "rds://127.0.0.1:9", "--send", "x"]), "rds_tcp");
    }
}

#[test]
fn virtual_machines() {
    if !exists(nix::libc::AF_VSOCK, Type::STREAM, 0) {
        lacks_module(&run(&["listen", "vsock://any:0"]), "vsock");
        return;
    }
    let (sockeye, endpoint) = Sockeye::listen(&["listen", "vsock://any:0", "--echo"]);
    let port = endpoint.rsplit(':').next().expect("a port");
    assert!(endpoint.starts_with("vsock://any:") && port != "0", "{endpoint}");
    // Bound twice, the port is in use.
    let error = run(&["listen", &endpoint]);
    assert_eq!(error.expect_error(1, "bind")["message"], "address already in use");
    // This machine reaches itself where the kernel has vsock_loopback.
    let local = format!("vsock://local:{port}");
    let client = ask(&["connect", &local, "--send", "ping"], b"ping");
    if kernel_has(!client.all("opened").is_empty(), "loopback of vsock, so nothing crosses") {
        assert_eq!(client.received(), b"ping");
    } else {
        client.expect_error(1, "connect");
    }
    sockeye.interrupt().expect_code(0);
}

#[test]
fn addresses_that_can_t_be_connected_to() {
    for (endpoint, english, chinese) in [
        ("vsock://any:9", "host, local or", "host、local"),
        ("vsock://host:0", "1 to 4294967294", "1 到 4294967294"),
        ("udp://127.0.0.1:0", "1 to 65535", "1 到 65535"),
    ] {
        for verb in ["connect", "code"] {
            let words = |language| {
                let output =
                    sockeye(&[verb, endpoint, "--send", "x"]).env("LC_ALL", language).output().expect("it runs");
                assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{verb} {endpoint}");
                String::from_utf8_lossy(&output.stderr).into_owned()
            };
            let (english_words, chinese_words) = (words("C.UTF-8"), words("zh_CN.UTF-8"));
            assert!(english_words.contains(english), "{english_words}");
            assert!(chinese_words.contains(chinese), "{chinese_words}");
        }
    }
}

#[test]
fn addresses_that_can_t_be_right() {
    for (endpoint, word) in [
        ("can://", "interface"),
        ("can://far-too-long-a-name", "15"),
        ("vsock://any", "port"),
        ("vsock://nowhere:1", "nowhere"),
        ("vsock://any:4294967296", "4294967294"),
        ("rds://127.0.0.1", "port"),
    ] {
        let run = run(&["listen", endpoint]);
        run.expect_code(2);
        let message = run.one("error")["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.to_lowercase().contains(word), "{endpoint}: {message}");
    }
}

//! Frames of a link on the command line, with Python at the other end of the wire.

#![cfg(target_os = "linux")]

mod support;

use std::process::Command;

use support::{Sockeye, Written, ask, in_own_network, ip, require_tool, set_up};

/// Two cards with a wire between them.
fn wire() {
    ip(&["link", "add", "d0", "address", "02:00:00:00:00:0a", "type", "veth", "peer", "name", "d1"]);
    ip(&["link", "set", "d1", "address", "02:00:00:00:00:0b"]);
    set_up(&["d0", "d1"]);
}

#[test]
fn python_over_a_link() {
    if !require_tool("python3") {
        return;
    }
    in_own_network("python_over_a_link", || {
        wire();
        let (mut sockeye, endpoint) = Sockeye::listen(&["listen", "packet://d1?proto=0x88b5", "--echo"]);
        assert_eq!(endpoint, "packet://d1?proto=0x88b5");
        for to in ["", "02:00:00:00:00:0b%"] {
            let client = Written::patient_python(&[&format!("packet://{to}d0?proto=0x88b5"), "--send", "你好"]);
            let shown = client.once_it_told("你好");
            assert!(shown.contains("('d0', 34997, "), "{to}: {shown}");
            assert_eq!(sockeye.expect("received")["hex"], "e4bda0e5a5bd");
        }
        let run_of_ours = sockeye.interrupt();
        assert_eq!(run_of_ours.one("opened")["peer"], "packet://02:00:00:00:00:0a%d1?proto=0x88b5");

        let mut server = Written::python(&["packet://d1?proto=all", "--listen", "--send", "welcome ", "--reply", "ok"]);
        server.listening();
        for to in ["", "02:00:00:00:00:0b%"] {
            let endpoint = format!("packet://{to}d0?proto=0x88b5");
            let run = ask(&["connect", &endpoint, "--send", "who is there?"], b"ok");
            let heard = String::from_utf8_lossy(&run.expect_code(0).received()).into_owned();
            assert!(heard.ends_with("ok"), "{to}: {heard}");
        }
        server.has_told("who is there?");
    });
}

#[test]
fn a_socket_of_a_link_is_adopted() {
    /// Becomes the program with a bound socket in the place of descriptor 3.
    const PASS: &str = "import os, socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
if sys.argv[1] == 'bound':
    s.bind(('d1', 0x88b5))
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.execv(sys.argv[2], sys.argv[2:])";
    if !require_tool("python3") {
        return;
    }
    in_own_network("a_socket_of_a_link_is_adopted", || {
        wire();
        let passed = |how: &str| {
            let mut command = Command::new("python3");
            command.args(["-c", PASS, how, env!("CARGO_BIN_EXE_sockeye"), "listen", "fd://3", "--echo", "--json"]);
            command.env("LANG", "C.UTF-8").env_remove("LC_ALL").env_remove("LANGUAGE");
            Sockeye::watch(command)
        };
        let mut server = passed("bound");
        assert_eq!(server.listening(), "packet://02:00:00:00:00:0b%d1?proto=0x88b5");
        let client = ask(&["connect", "packet://d0?proto=0x88b5", "--send", "ping"], b"ping");
        assert_eq!(client.expect_code(0).received(), b"ping");
        assert_eq!(server.expect("received")["hex"], "70696e67");
        server.interrupt().expect_code(0);
        passed("unbound").finish().expect_error(1, "adopt");
    });
}

//! Programs that are written down for a descriptor run with sockets of each kind in its place, this program at the other
//! end.

#![cfg(target_os = "linux")]

mod support;

use std::io::Write;
use std::net::TcpListener;
use std::process::Command;

use support::{Sockeye, Written, ask, code, require_tool};

const TEXT: &str = "你好 \"it's\" 100%\\\n";

/// Python that becomes the program in its argument, with the socket that `opened` evaluates to as descriptor 3.
fn with_socket(opened: &str, arguments: &[&str]) -> Written {
    let text = code(arguments);
    let pass = format!(
        "import os, socket, sys
passed = {opened}
os.dup2(passed.fileno(), 3)
os.set_inheritable(3, True)
os.environ['LISTEN_FDNAMES'] = 'web'
os.execvp('python3', ['python3', '-c', sys.argv[1]])"
    );
    let mut command = Command::new("env");
    command.args(["--default-signal=INT", "python3", "-c", &pass, &text]).env("PYTHONIOENCODING", "utf-8");
    Written::start(command, text)
}

/// A listener.
const LISTENER: &str = "socket.create_server(('127.0.0.1', 0))";

/// A socket of the type that is bound, to say it in Python.
fn bound(kind: &str) -> String {
    format!("(s := socket.socket(socket.AF_INET, socket.{kind})).bind(('127.0.0.1', 0)) or s")
}

/// A socket that is connected to where Sockeye listens.
fn connected(kind: &str, listens_at: &str) -> String {
    let port = listens_at.rsplit(':').next().expect("a port");
    format!("(s := socket.socket(socket.AF_INET, socket.{kind})).connect(('127.0.0.1', {port})) or s")
}

#[test]
fn python_adopts_a_descriptor() {
    if !require_tool("python3") {
        return;
    }
    for (opened, there) in [
        (LISTENER.to_owned(), "tcp://127.0.0.1:PORT"),
        // It is bound, and nobody has called listen(2).
        (bound("SOCK_STREAM"), "tcp://127.0.0.1:PORT"),
        (bound("SOCK_DGRAM"), "udp://127.0.0.1:PORT"),
    ] {
        for endpoint in ["fd://3", "fd://web"] {
            let mut server = with_socket(&opened, &[endpoint, "--listen", "--echo"]);
            let there = server.reached_at(there);
            for _ in 0..2 {
                let run = ask(&["connect", &there, "--send", TEXT], TEXT.as_bytes());
                assert_eq!(run.expect_code(0).received(), TEXT.as_bytes(), "{opened}");
            }
            server.has_told(TEXT.trim_end());
        }
        let mut server = with_socket(&opened, &["fd://3", "--listen", "--send", "welcome ", "--reply", "好的"]);
        let there = server.reached_at(there);
        let answer = "welcome 好的".as_bytes();
        let run = ask(&["connect", &there, "--send", "x"], answer);
        assert_eq!(run.expect_code(0).received(), answer, "{opened}");
    }
}

#[test]
fn python_adopts_a_descriptor_that_is_connected() {
    if !require_tool("python3") {
        return;
    }
    for (kind, endpoint) in [("SOCK_STREAM", "tcp://127.0.0.1:0"), ("SOCK_DGRAM", "udp://127.0.0.1:0")] {
        let (mut sockeye, at) = Sockeye::listen(&["listen", endpoint, "--echo"]);
        let client = with_socket(&connected(kind, &at), &["fd://3", "--send", TEXT]);
        let shown = String::from_utf8_lossy(&client.finish().stdout).into_owned();
        assert_eq!(shown, format!("{TEXT}\n"), "{kind}");
        assert_eq!(sockeye.expect("received")["bytes"], TEXT.len());
    }
    // Without a message it shows what comes, until the peer closes.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let at = listener.local_addr().expect("an address").to_string();
    let client = with_socket(&connected("SOCK_STREAM", &at), &["fd://3"]);
    let (mut accepted, _) = listener.accept().expect("the client");
    accepted.write_all(b"bye").expect("the client reads");
    drop(accepted);
    assert_eq!(client.finish().stdout, b"bye\n");
    // No bytes are a datagram too.
    let (mut sockeye, at) = Sockeye::listen(&["listen", "udp://127.0.0.1:0", "--reply", "got it"]);
    let client = with_socket(&connected("SOCK_DGRAM", &at), &["fd://3", "--send", ""]);
    assert_eq!(client.finish().stdout, b"got it\n");
    assert_eq!(sockeye.expect("received")["bytes"], 0);
}

#[test]
fn python_answers_with_nothing_where_that_is_something() {
    if !require_tool("python3") {
        return;
    }
    let mut server = with_socket(&bound("SOCK_DGRAM"), &["fd://3", "--listen", "--reply", ""]);
    let there = server.reached_at("udp://127.0.0.1:PORT");
    let run = ask(&["connect", &there, "--send", "x"], b"");
    assert_eq!(run.one("received")["bytes"], 0);
    server.has_told("x");
}

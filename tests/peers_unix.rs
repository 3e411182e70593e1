//! Python and socat at the other end of Unix datagram and seqpacket sockets, and the descriptors that they send along.

#![cfg(target_os = "linux")]

mod support;

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use support::{Process, Sockeye, require_tool};
use tempfile::tempdir;

/// A program of the standard library's `socket`, with arguments in `sys.argv[1:]`.
fn python(program: &str, arguments: &[&str]) -> Process {
    Process::run("python3", &[&["-c", program], arguments].concat())
}

fn expect_done(process: Process) -> String {
    let finished = process.finish();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    String::from_utf8(finished.stdout).expect("UTF-8")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

const DGRAM_CLIENT: &str = "
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[2])
for message in (b'', '\\u4f60\\u597d'.encode()):
    s.sendto(message, sys.argv[1])
    answer, server = s.recvfrom(1024)
    assert (answer, server) == (message, sys.argv[1]), (answer, server)
";

const DGRAM_SERVER: &str = "
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('ready', flush=True)
question, client = s.recvfrom(1024)
s.sendto(question.upper(), client)
print(client)
";

#[test]
fn python_datagrams_both_roles() {
    if !require_tool("python3") {
        return;
    }
    let folder = tempdir().expect("a folder");
    let path = folder.path().join("s");
    let (mut sockeye, _) = Sockeye::listen(&["listen", &format!("unix-dgram:{}", path.display()), "--echo"]);
    for name in ["a", "b"] {
        let own = folder.path().join(name);
        let peer = python(DGRAM_CLIENT, &[text(&path), text(&own)]);
        let id = peer.id();
        let opened = sockeye.expect("opened");
        assert_eq!(opened["peer"], format!("unix-dgram:{}", own.display()));
        assert_eq!((&opened["pid"], &opened["uid"]), (&id.into(), &nix::unistd::getuid().as_raw().into()));
        expect_done(peer);
    }
    let run = sockeye.interrupt();
    assert_eq!((&run.summary()["received"], &run.summary()["dropped"]), (&4.into(), &0.into()));
    assert!(!path.exists());

    let mut server = python(DGRAM_SERVER, &[text(&path)]);
    server.read_until("the socket", |bytes| bytes == b"ready\n");
    let run = support::ask(&["connect", &format!("unix-dgram:{}", path.display()), "--send", "ping"], b"PING");
    assert_eq!(run.expect_code(0).received(), b"PING");
    // Who answers, the kernel tells with the answer.
    let known = run.all("notice").into_iter().find(|notice| notice["notice"] == "peer-known").expect("a process");
    let process = &known["process"];
    assert_eq!((&process["pid"], &process["uid"]), (&server.id().into(), &nix::unistd::getuid().as_raw().into()));
    assert!(process["process"].as_str().is_some_and(|name| name.contains("python")), "{known}");
    let client = expect_done(server);
    assert!(client.starts_with("ready\nb'\\x00"), "an abstract name of its own: {client}");
}

const SEQPACKET_CLIENT: &str = "
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(sys.argv[1])
for message in (b'one', b'', b'three' * 20000):
    s.send(message)
assert s.recv(1 << 20) == b'one'
assert s.recv(1 << 20) == b''
assert s.recv(1 << 20) == b'three' * 20000
s.shutdown(socket.SHUT_WR)
assert s.recv(1 << 20) == b''
";

const SEQPACKET_SERVER: &str = "
import socket, sys
l = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
l.bind(sys.argv[1])
l.listen()
print('ready', flush=True)
s, _ = l.accept()
while message := s.recv(1 << 20):
    s.send(b'<' + message + b'>')
";

#[test]
fn python_messages_both_roles() {
    if !require_tool("python3") {
        return;
    }
    let folder = tempdir().expect("a folder");
    let path = folder.path().join("s");
    let endpoint = format!("unix-seqpacket:{}", path.display());
    let (mut sockeye, told) = Sockeye::listen(&["listen", &endpoint, "--echo", "--once"]);
    assert_eq!(told, endpoint);
    let peer = python(SEQPACKET_CLIENT, &[text(&path)]);
    let opened = sockeye.expect("opened");
    assert_eq!(opened["pid"], peer.id());
    assert!(opened["process"].as_str().is_some_and(|name| name.contains("python")), "{opened}");
    expect_done(peer);
    let run = sockeye.finish();
    run.expect_code(0);
    let lengths: Vec<&Value> = run.all("received").into_iter().map(|event| &event["bytes"]).collect();
    assert_eq!(lengths, [3, 0, 100_000]);
    assert_eq!(run.one("closed")["reason"], "eof");

    let mut server = python(SEQPACKET_SERVER, &[text(&path)]);
    server.read_until("the socket", |bytes| bytes == b"ready\n");
    // Joined to standard input, whose end is a half-close.
    let mut client = Process::start(support::sockeye(&["connect", &endpoint]));
    client.write("你好".as_bytes());
    client.read_until("an answer", |bytes| bytes == "<你好>".as_bytes());
    let finished = client.finish();
    assert_eq!((finished.code, finished.stdout.as_slice()), (Some(0), "<你好>".as_bytes()), "{}", finished.stderr);
    expect_done(server);
}

#[test]
fn socat_datagrams_and_messages() {
    if !require_tool("socat") {
        return;
    }
    let folder = tempdir().expect("a folder");
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    let (mut sockeye, _) = Sockeye::listen(&["listen", &format!("unix-dgram:{}", ours.display()), "--echo"]);
    // Without a name: shown, and not answered.
    let mut socat = Process::run("socat", &["-u", "-", &format!("UNIX-SENDTO:{}", ours.display())]);
    socat.write(b"anybody there?");
    expect_done(socat);
    let opened = sockeye.expect("opened");
    assert_eq!(opened["peer"], "unix-dgram:");
    assert_eq!(sockeye.expect("notice")["notice"], "sender-unnamed");
    assert_eq!(sockeye.expect("received")["bytes"], 14);
    // With one.
    let address = format!("UNIX-SENDTO:{},bind={}", ours.display(), theirs.display());
    let mut socat = Process::run("socat", &["-", &address]);
    socat.write("你好".as_bytes());
    socat.read_until("the echo", |bytes| bytes == "你好".as_bytes());
    drop(socat);
    let run = sockeye.interrupt();
    run.expect_code(0);
    assert!(run.all("error").is_empty(), "{:#?}", run.events);

    let endpoint = format!("unix-seqpacket:{}", ours.display());
    let (sockeye, _) = Sockeye::listen(&["listen", &endpoint, "--reply", "pong", "--once"]);
    let mut socat = Process::run("socat", &["-t10", "-", &format!("UNIX-CONNECT:{},type=5,shut-down", ours.display())]);
    socat.write(b"ping");
    assert_eq!(expect_done(socat), "pong");
    assert_eq!(sockeye.finish().expect_code(0).received(), b"ping");

    std::fs::remove_file(&theirs).ok();
    let arguments = ["-t10", "-d", "-d", &format!("UNIX-RECVFROM:{}", theirs.display()), "SYSTEM:cat"];
    let mut socat = Process::run("socat", &arguments);
    socat.read_errors_until("receiving on");
    let endpoint = format!("unix-dgram:{}", theirs.display());
    let run = support::ask(&["connect", &endpoint, "--send", "back and forth"], b"back and forth");
    assert_eq!(run.expect_code(0).received(), b"back and forth");
}

/// Sends a file, a socket and a pipe along with a byte, as often as it is told.
const SENDER: &str = "
import os, socket, sys
kind = {'unix': socket.SOCK_STREAM, 'unix-dgram': socket.SOCK_DGRAM, 'unix-seqpacket': socket.SOCK_SEQPACKET}
s = socket.socket(socket.AF_UNIX, kind[sys.argv[1]])
s.connect(sys.argv[2])
file = open(sys.argv[3])
reader, writer = os.pipe()
for _ in range(int(sys.argv[4])):
    socket.send_fds(s, [b'x'], [file.fileno(), s.fileno(), reader])
os.close(reader)
s.send(b'end')
";

fn open_descriptors(process: u32) -> usize {
    std::fs::read_dir(format!("/proc/{process}/fd")).expect("it runs").count()
}

#[test]
fn descriptors_that_come_along_are_told_and_none_is_kept() {
    if !require_tool("python3") {
        return;
    }
    const MESSAGES: usize = 1000;
    let folder = tempdir().expect("a folder");
    let file = support::write(folder.path(), "sent along.txt", b"mine");
    for scheme in ["unix", "unix-dgram", "unix-seqpacket"] {
        let path = folder.path().join(scheme);
        let (mut sockeye, _) = Sockeye::listen(&["listen", &format!("{scheme}:{}", path.display())]);
        let send = |count: usize| python(SENDER, &[scheme, text(&path), text(&file), &count.to_string()]);
        let is_end = |event: &Value| {
            event["event"] == "received" && event["hex"].as_str().is_some_and(|hex| hex.ends_with("656e64"))
        };
        // The first connection may open what stays: it is part of the measure.
        for count in [1, MESSAGES] {
            let before = open_descriptors(sockeye.id());
            let peer = send(count);
            sockeye.expect_where("the end", is_end);
            expect_done(peer);
            if scheme != "unix-dgram" {
                sockeye.expect("closed");
            }
            assert_eq!(open_descriptors(sockeye.id()), before, "{scheme}");
        }
        let run = sockeye.interrupt();
        run.expect_code(0);
        let notices: Vec<&Value> =
            run.all("notice").into_iter().filter(|notice| notice["notice"] == "descriptors-closed").collect();
        assert_eq!(notices.len(), MESSAGES + 1, "{scheme}");
        for notice in [notices[0], notices[MESSAGES]] {
            let told: Vec<_> = notice["descriptors"].as_array().expect("a list").iter().collect();
            let kinds: Vec<_> = told.iter().map(|one| one["kind"].as_str().expect("a kind")).collect();
            assert_eq!(kinds, ["file", "socket", "pipe"]);
            assert_eq!(told[0]["target"], text(&file));
            assert!(told[2]["target"].as_str().expect("a target").starts_with("pipe:["), "{notice}");
            assert!(notice["message"].as_str().expect("words").contains(text(&file)), "{notice}");
        }
    }
}

/// Sends as many descriptors as one message carries, then none.
const FLOOD: &str = "
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.connect(sys.argv[1])
socket.send_fds(s, [b'many'], [0] * 253)
assert s.recv(4) == b'many'
s.send(b'none')
assert s.recv(4) == b'none'
";

#[test]
fn descriptors_beyond_the_limit_are_told_to_be_lost_and_the_others_closed() {
    if !require_tool("python3") {
        return;
    }
    let folder = tempdir().expect("a folder");
    let path = folder.path().join("s");
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 60; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_sockeye")]);
    command.args(["listen", &format!("unix:{}", path.display()), "--echo", "--json"]).env("LANG", "C.UTF-8");
    let mut sockeye = Sockeye::watch(command);
    sockeye.listening();
    let before = open_descriptors(sockeye.id());
    for _ in 0..3 {
        let peer = python(FLOOD, &[text(&path)]);
        let told = sockeye.expect_where("the notice", |event| event["notice"] == "descriptors-closed");
        let count = told["descriptors"].as_array().expect("a list").len();
        assert!((1..60).contains(&count), "{count}");
        sockeye.expect_where("the loss", |event| event["notice"] == "descriptors-lost");
        expect_done(peer);
        sockeye.expect("closed");
        assert_eq!(open_descriptors(sockeye.id()), before);
    }
}

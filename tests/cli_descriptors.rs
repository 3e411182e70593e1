//! Sockets that the program is started with: `fd://`, by number and by the names of systemd's socket activation.

#![cfg(target_os = "linux")]

mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Command;

use support::{PATIENCE, Process, Sockeye, in_own_network, require_tool, sockeye};

/// Sockeye with this as its standard input, as inetd starts a server.
fn with_input(arguments: &[&str], input: impl Into<OwnedFd>) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$@\" 3<&0", "sh", env!("CARGO_BIN_EXE_sockeye")]).args(arguments).arg("--json");
    command.env("LANG", "C.UTF-8").env_remove("LC_ALL").env_remove("LANGUAGE");
    command.stdin(input.into());
    command
}

#[test]
fn a_listening_socket_is_served_also_as_standard_input() {
    for descriptor in ["fd://3", "fd://0"] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
        let address = listener.local_addr().expect("an address");
        let arguments = ["listen", descriptor, "--echo", "--once"];
        let mut sockeye = Sockeye::watch_with_own_input(with_input(&arguments, listener));
        assert_eq!(sockeye.listening(), format!("tcp://{address}"));
        let notice = sockeye.expect("notice");
        assert_eq!((&notice["notice"], &notice["descriptor"]), (&"adopted".into(), &descriptor.into()));
        let mut peer = TcpStream::connect(address).expect("it listens");
        peer.write_all(b"ping").expect("it is sent");
        peer.shutdown(Shutdown::Write).expect("it is open");
        let mut answer = Vec::new();
        peer.read_to_end(&mut answer).expect("an answer");
        assert_eq!(answer, b"ping");
        let ours = format!("tcp://{}", peer.local_addr().expect("an address"));
        assert_eq!(sockeye.finish().expect_code(0).one("opened")["peer"], ours);
    }
}

/// What the program starts, a browser or a file manager, would hold the port after its end.
#[test]
fn what_was_passed_stays_with_the_program_alone() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let mut sockeye = Sockeye::watch_with_own_input(with_input(&["listen", "fd://3"], listener));
    sockeye.listening();
    for (number, stays) in [(0, false), (3, true)] {
        let told = std::fs::read_to_string(format!("/proc/{}/fdinfo/{number}", sockeye.id())).expect("it is open");
        let flags = told.lines().find_map(|line| line.strip_prefix("flags:")).expect("proc_pid_fdinfo(5) has them");
        let flags = i32::from_str_radix(flags.trim(), 8).expect("an octal number");
        assert_eq!(flags & nix::libc::O_CLOEXEC != 0, stays, "{number}: {flags:o}");
    }
    sockeye.interrupt().expect_code(0);
}

#[test]
fn files_arrive_over_a_socket_that_was_passed() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let address = listener.local_addr().expect("an address");
    let into = folder.path().to_str().expect("UTF-8");
    let arguments = ["receive", "fd://3", "--into", into, "--protocol", "raw", "--once"];
    let mut sockeye = Sockeye::watch_with_own_input(with_input(&arguments, listener));
    sockeye.listening();
    TcpStream::connect(address).and_then(|mut peer| peer.write_all(b"content")).expect("it is sent");
    let run = sockeye.finish();
    let path = run.expect_code(0).one("file")["path"].as_str().expect("a path").to_owned();
    assert_eq!(std::fs::read(path).expect("the file"), b"content");
}

#[test]
fn a_connected_socket_is_conversed_over() {
    let (ours, mut theirs) = UnixStream::pair().expect("two sockets");
    theirs.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    theirs.write_all(b"hello").expect("it is sent");
    let sockeye = Sockeye::watch_with_own_input(with_input(&["connect", "fd://3", "--send", "ping"], ours));
    let mut heard = Vec::new();
    let mut answer = [0; 4];
    theirs.read_exact(&mut answer).expect("a message");
    theirs.write_all(b"pong").expect("it is sent");
    theirs.shutdown(Shutdown::Write).expect("it is open");
    theirs.read_to_end(&mut heard).expect("the end");
    let run = sockeye.finish();
    assert_eq!(run.expect_code(0).received(), b"hellopong");
    assert_eq!(&answer, b"ping");
    let opened = run.one("opened");
    assert_eq!((&opened["peer"], &opened["pid"]), (&"unix:".into(), &std::process::id().into()));
}

/// As inetd(8) starts a server: what the peer sends is the socket's, whole, and nothing of it goes back.
#[test]
fn a_socket_that_is_standard_input_is_read_once() {
    for descriptor in ["fd://0", "fd://3"] {
        let (ours, mut theirs) = UnixStream::pair().expect("two sockets");
        theirs.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        let mut sockeye = Sockeye::watch_with_own_input(with_input(&["connect", descriptor], ours));
        let sent: Vec<u8> = (b'a'..=b'z').collect();
        for piece in sent.chunks(1) {
            theirs.write_all(piece).expect("it is sent");
            assert!(sockeye.hears(piece), "{descriptor}");
        }
        theirs.shutdown(Shutdown::Write).expect("it is open");
        let mut back = Vec::new();
        theirs.read_to_end(&mut back).expect("the end");
        assert_eq!(back, b"", "{descriptor}");
        assert_eq!(sockeye.finish().expect_code(0).received(), sent, "{descriptor}");
    }
}

#[test]
fn standard_input_beside_a_socket_that_was_passed_is_sent() {
    let (ours, mut theirs) = UnixStream::pair().expect("two sockets");
    theirs.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let mut command = Command::new("sh");
    command.args(["-c", "exec 3<&0; printf typed | \"$@\"", "sh", env!("CARGO_BIN_EXE_sockeye"), "connect", "fd://3"]);
    command.arg("--json").stdin(OwnedFd::from(ours));
    let sockeye = Sockeye::watch_with_own_input(command);
    let mut heard = Vec::new();
    theirs.read_to_end(&mut heard).expect("the end");
    assert_eq!(heard, b"typed");
    drop(theirs);
    sockeye.finish().expect_code(0);
}

#[test]
fn datagrams_end_after_a_quiet_moment() {
    let (ours, peer) = (UdpSocket::bind("127.0.0.1:0"), UdpSocket::bind("127.0.0.1:0"));
    let (ours, peer) = (ours.expect("a socket"), peer.expect("a socket"));
    ours.connect(peer.local_addr().expect("an address")).expect("it is connected");
    let run = Sockeye::watch_with_own_input(with_input(&["connect", "fd://3", "--send", "x"], ours)).finish();
    run.expect_code(0);
    let mut heard = [0; 8];
    assert_eq!(peer.recv(&mut heard).expect("a datagram"), 1);
}

#[test]
fn what_can_not_be_used_is_told_in_words() {
    let listener = || TcpListener::bind("127.0.0.1:0").expect("a socket");
    let file = || std::fs::File::open("/dev/null").expect("a file");
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().to_str().expect("UTF-8");
    let opened = || std::fs::File::open(folder.path()).expect("a folder");
    let pipe = || std::io::pipe().expect("a pipe").0;
    let cases: [(&[&str], OwnedFd, &str, &str); 8] = [
        (&["connect", "fd://3"], listener().into(), "the socket listens", "as a server"),
        (&["listen", "fd://3"], UnixStream::pair().expect("two").0.into(), "the socket is connected", "as a client"),
        (&["listen", "fd://3"], file().into(), "the descriptor is not a socket", "It is a device /dev/null"),
        (&["connect", "fd://3"], opened().into(), "the descriptor is not a socket", place),
        (&["connect", "fd://3"], pipe().into(), "the descriptor is not a socket", "It is a pipe pipe:["),
        (&["listen", "fd://0"], file().into(), "the descriptor is not a socket", ""),
        (&["listen", "fd://99"], listener().into(), "no such descriptor is open", "not closed on exec"),
        (&["listen", "fd://web"], listener().into(), "LISTEN_FDNAMES has no such name", "None was passed"),
    ];
    for (arguments, input, message, hint) in cases {
        let run = Sockeye::watch_with_own_input(with_input(arguments, input)).finish();
        run.expect_code(1);
        let error = run.one("error");
        assert_eq!((&error["operation"], &error["endpoint"]), (&"adopt".into(), &arguments[1].into()));
        assert_eq!(error["message"], message);
        assert!(error["hint"].as_str().unwrap_or_default().contains(hint), "{error}");
    }
}

/// What systemd does: binds, passes, names, and becomes the program.
const MANAGER: &str = "
import os, socket, sys
tcp = socket.socket(); tcp.bind(('127.0.0.1', 0)); tcp.listen()
udp = socket.socket(type=socket.SOCK_DGRAM); udp.bind(('127.0.0.1', 0))
high = [os.dup(s.fileno()) for s in (tcp, udp)]
for number, descriptor in enumerate(high, 3):
    if descriptor != number:
        os.dup2(descriptor, number)
    os.set_inheritable(number, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='2', LISTEN_FDNAMES='web:log')
os.execv(sys.argv[1], sys.argv[1:])
";

#[test]
fn what_a_service_manager_passed_is_found_by_number_and_by_name() {
    if !require_tool("python3") {
        return;
    }
    for (endpoint, scheme) in [("fd://3", "tcp"), ("fd://web", "tcp"), ("fd://4", "udp"), ("fd://log", "udp")] {
        let mut command = Command::new("python3");
        command.args(["-c", MANAGER, env!("CARGO_BIN_EXE_sockeye"), "listen", endpoint, "--echo", "--once", "--json"]);
        command.env("LANG", "C.UTF-8").env_remove("LC_ALL").env_remove("LANGUAGE");
        let mut sockeye = Sockeye::watch(command);
        let told = sockeye.listening();
        let address = told.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://")).expect(&told);
        let mut heard = [0; 4];
        if scheme == "tcp" {
            let mut peer = TcpStream::connect(address).expect("it listens");
            peer.write_all(b"ping").expect("it is sent");
            peer.read_exact(&mut heard).expect("an answer");
        } else {
            let peer = UdpSocket::bind("127.0.0.1:0").expect("a socket");
            peer.set_read_timeout(Some(PATIENCE)).expect("a time-out");
            peer.send_to(b"ping", address).expect("it is sent");
            peer.recv(&mut heard).expect("an answer");
        }
        assert_eq!(&heard, b"ping");
        let run = sockeye.finish();
        assert_eq!(run.expect_code(0).one("notice")["descriptor"], endpoint);
    }
}

/// The line of the README, with systemd's own program.
#[test]
fn systemd_hands_its_socket_over_by_name() {
    if !require_tool("systemd-socket-activate") {
        return;
    }
    in_own_network("systemd_hands_its_socket_over_by_name", || {
        let inner = sockeye(&["listen", "fd://web", "--echo", "--once", "--json"]);
        let mut command = Command::new("systemd-socket-activate");
        command.args(["-l", "9000", "--fdname=web"]).arg(inner.get_program()).args(inner.get_args());
        let mut process = Process::start(command);
        process.read_errors_until("Listening on");
        // The program starts with the first connection.
        let mut peer = TcpStream::connect("127.0.0.1:9000").expect("it listens");
        peer.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        peer.write_all(b"ping").expect("it is sent");
        let mut answer = [0; 4];
        peer.read_exact(&mut answer).expect("an answer");
        assert_eq!(&answer, b"ping");
        drop(peer);
        let finished = process.finish();
        let told = String::from_utf8_lossy(&finished.stdout).into_owned();
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        assert!(told.starts_with("{\"event\":\"listening\",\"endpoint\":\"tcp://[::]:9000\"}\n"), "{told}");
        assert!(told.contains("\"descriptor\":\"fd://web\""), "{told}");
    });
}

#[test]
fn names_for_another_process_do_not_count() {
    let mut command = sockeye(&["listen", "fd://web"]);
    command.env("LISTEN_PID", "1").env("LISTEN_FDS", "1").env("LISTEN_FDNAMES", "web");
    let finished = Process::start(command).finish();
    assert_eq!(finished.code, Some(1));
    for part in ["LISTEN_FDNAMES has no such name", "None was passed", "LISTEN_PID"] {
        assert!(finished.stderr.contains(part), "{part} in {}", finished.stderr);
    }
}

#[test]
fn a_name_that_was_not_passed_is_told_with_those_that_were() {
    if !require_tool("python3") {
        return;
    }
    let mut command = Command::new("python3");
    command.args(["-c", MANAGER, env!("CARGO_BIN_EXE_sockeye"), "listen", "fd://wep", "--json"]);
    command.env("LANG", "C.UTF-8").env_remove("LC_ALL").env_remove("LANGUAGE");
    let run = Sockeye::watch(command).finish();
    let error = run.expect_error(1, "adopt");
    assert_eq!(error["message"], "LISTEN_FDNAMES has no such name");
    assert_eq!(error["hint"], "Passed to this program are web, log.");
}

//! Programs that are written down for a descriptor run with sockets of each kind in its place, this program at the other
//! end.

#![cfg(target_os = "linux")]

mod support;

use std::io::Write;
use std::net::TcpListener;
use std::process::Command;

use socket2::Type;
use support::{
    Sockeye, Written, ask, code, exists, in_own_network, ip, mptcp_count, patient, port_of, require, require_tool, run,
    set_up,
};

const TEXT: &str = "你好 \"it's\" 100%\\\n";

/// Python that becomes the program that is written for the arguments, with the socket that `opened` evaluates to as
/// descriptor 3.
fn with_socket(opened: &str, arguments: &[&str]) -> Written {
    running(opened, code(arguments))
}

/// As [`with_socket`], for a client that is ended by [`Written::once_it_told`].
fn patient_with_socket(opened: &str, arguments: &[&str]) -> Written {
    running(opened, patient(&code(arguments)))
}

fn running(opened: &str, text: String) -> Written {
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
        let client = patient_with_socket(&connected(kind, &at), &["fd://3", "--send", TEXT]);
        assert_eq!(client.once_it_told(&format!("{TEXT}\n")), format!("{TEXT}\n"), "{kind}");
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
    let client = patient_with_socket(&connected("SOCK_DGRAM", &at), &["fd://3", "--send", ""]);
    assert_eq!(client.once_it_told("got it\n"), "got it\n");
    assert_eq!(sockeye.expect("received")["bytes"], 0);
}

/// Families and types other than TCP and UDP over IPv4: Unix sockets of each type, TCP over IPv6.
#[test]
fn python_adopts_a_descriptor_of_any_family() {
    if !require_tool("python3") {
        return;
    }
    let place = |kind: &str| format!("sockeye-adopted-{kind}-{}", std::process::id());
    let unix = |kind: &str, scheme: &str| {
        let opened = format!("(s := socket.socket(socket.AF_UNIX, socket.{kind})).bind('\\0{}') or s", place(kind));
        (opened, format!("{scheme}:@{}", place(kind)))
    };
    let mut adopted =
        vec![unix("SOCK_STREAM", "unix"), unix("SOCK_DGRAM", "unix-dgram"), unix("SOCK_SEQPACKET", "unix-seqpacket")];
    if require(TcpListener::bind("[::1]:0").is_ok(), "IPv6") {
        let opened = "socket.create_server(('::1', 0), family=socket.AF_INET6)";
        adopted.push((opened.to_owned(), "tcp://[::1]:PORT".to_owned()));
    }
    for (opened, there) in adopted {
        let mut server = with_socket(&opened, &["fd://3", "--listen", "--echo"]);
        let at = server.reached_at(&there);
        for _ in 0..2 {
            let run = ask(&["connect", &at, "--send", TEXT], TEXT.as_bytes());
            assert_eq!(run.expect_code(0).received(), TEXT.as_bytes(), "{opened}");
        }
        server.has_told(TEXT.trim_end());
        server.interrupt();
        // As a client, connected to what Sockeye answers.
        let (mut sockeye, at) = Sockeye::listen(&["listen", &there.replace("PORT", "0"), "--echo"]);
        let (call, autobind, address) = if there.starts_with("tcp") {
            let port = at.rsplit(':').next().expect("a port");
            ("socket.AF_INET6, socket.SOCK_STREAM".to_owned(), "", format!("('::1', {port})"))
        } else {
            let kind = opened.split("socket.").nth(3).and_then(|rest| rest.split(')').next()).expect("a type");
            // A datagram's sender is answered at its name.
            let autobind = if kind == "SOCK_DGRAM" { "s.bind('') or " } else { "" };
            (format!("socket.AF_UNIX, socket.{kind}"), autobind, format!("'\\0{}'", place(kind)))
        };
        let connected = format!("(s := socket.socket({call})) and ({autobind}s.connect({address})) or s");
        let client = patient_with_socket(&connected, &["fd://3", "--send", TEXT]);
        assert_eq!(client.once_it_told(&format!("{TEXT}\n")), format!("{TEXT}\n"), "{connected}");
        assert_eq!(sockeye.expect("received")["bytes"], TEXT.len());
        sockeye.interrupt().expect_code(0);
    }
}

/// A raw socket hears the header before each packet, and over a loopback what it answers itself.
#[test]
fn python_adopts_a_raw_socket() {
    if !require_tool("python3") {
        return;
    }
    in_own_network("python_adopts_a_raw_socket", || {
        let opened = "(s := socket.socket(socket.AF_INET, socket.SOCK_RAW, 253)).bind(('127.0.0.1', 0)) or s";
        let mut server = with_socket(opened, &["fd://3", "--listen", "--echo"]);
        server.listening();
        let (there, count) = ("raw://127.0.0.1?proto=253", |bytes: &[u8]| {
            ["first", "second"].map(|word| String::from_utf8_lossy(bytes).matches(word).count())
        });
        // Its own packet, which comes by, and the answer.
        let asked = |question: &str| {
            let mut client = Sockeye::start(&["connect", there, "--send", question, "--wait", "20000"]);
            for _ in 0..2 {
                client.expect("received");
            }
            client.interrupt().expect_code(0).received()
        };
        for question in ["first", "second"] {
            let heard = asked(question);
            // The echo is of header and all.
            assert!(count(&heard).contains(&2), "{}", heard.escape_ascii());
        }
        server.process.read_until("all answers", |bytes| count(bytes).iter().sum::<usize>() >= 4);
        assert_eq!(count(&server.interrupt().stdout), [2, 2]);
        let mut server = with_socket(opened, &["fd://3", "--listen", "--reply", "pong"]);
        server.listening();
        let pongs = |bytes: &[u8]| String::from_utf8_lossy(bytes).matches("pong").count();
        for question in ["first", "second"] {
            let heard = asked(question);
            assert_eq!(pongs(&heard), 1, "{}", heard.escape_ascii());
        }
        server.process.read_until("all answers", |bytes| pongs(bytes) >= 2);
        assert_eq!(pongs(&server.interrupt().stdout), 2, "it answers no answer");
    });
}

/// A raw socket that is connected converses as a client.
#[test]
fn python_adopts_a_raw_socket_that_is_connected() {
    if !require_tool("python3") {
        return;
    }
    in_own_network("python_adopts_a_raw_socket_that_is_connected", || {
        for (family, own, there) in [("AF_INET", "127.0.0.2", "127.0.0.1"), ("AF_INET6", "::1", "::1")] {
            let host = if there.contains(':') { format!("[{there}]") } else { there.to_owned() };
            let (mut sockeye, _) = Sockeye::listen(&["listen", &format!("raw://{host}?proto=253"), "--reply", "pong"]);
            let opened = format!(
                "(s := socket.socket(socket.{family}, socket.SOCK_RAW, 253)) and (s.bind(('{own}', 0)) or \
                 s.connect(('{there}', 253))) or s"
            );
            let client = patient_with_socket(&opened, &["fd://3", "--send", "ping"]);
            let told = client.once_it_told("pong\n");
            assert!(told.ends_with("pong\n"), "{told}");
            // The header comes before it, over IPv4.
            sockeye.expect_where("the question", |event| {
                event["event"] == "received" && event["hex"].as_str().is_some_and(|hex| hex.ends_with("70696e67"))
            });
        }
    });
}

/// One that hears frames of all kinds would hear those that leave by its card, too.
#[test]
fn python_adopts_a_socket_of_a_link() {
    if !require_tool("python3") {
        return;
    }
    in_own_network("python_adopts_a_socket_of_a_link", || {
        ip(&["link", "add", "d0", "address", "02:00:00:00:00:0a", "type", "veth", "peer", "name", "d1"]);
        ip(&["link", "set", "d1", "address", "02:00:00:00:00:0b"]);
        set_up(&["d0", "d1"]);
        for kind in ["0x88b5", "3"] {
            let opened =
                format!("(s := socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)).bind(('d1', {kind})) or s");
            let mut server = with_socket(&opened, &["fd://3", "--listen", "--send", "welcome ", "--echo"]);
            server.listening();
            let leaves = ["connect", "packet://02:00:00:00:00:0a%d1?proto=0x88b5", "--send", "leaves", "--wait", "0"];
            run(&leaves).expect_code(0);
            // The card is greeted once.
            for (question, answer) in [("first", "welcome first"), ("second", "second")] {
                let there = "packet://02:00:00:00:00:0b%d0?proto=0x88b5";
                let run = ask(&["connect", there, "--send", question], question.as_bytes());
                assert_eq!(run.expect_code(0).received(), answer.as_bytes());
                server.has_told(question);
            }
            let told = String::from_utf8_lossy(&server.interrupt().stdout).into_owned();
            assert_eq!(["first", "second"].map(|word| told.matches(word).count()), [1, 1], "{told}");
            assert!(!told.contains("leaves"), "{told}");
        }
    });
}

#[test]
fn python_adopts_a_descriptor_of_mptcp() {
    let opened = "socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)";
    let has_mptcp = || require(exists(nix::libc::AF_INET, Type::STREAM, 262), "MPTCP in this kernel");
    if !require_tool("python3") || !has_mptcp() {
        return;
    }
    in_own_network("python_adopts_a_descriptor_of_mptcp", || {
        let bound = format!("(s := {opened}).bind(('127.0.0.1', 0)) or s");
        let mut server = with_socket(&bound, &["fd://3", "--listen", "--echo"]);
        let there = server.reached_at("tcp://127.0.0.1:PORT?proto=mptcp");
        let run = ask(&["connect", &there, "--send", TEXT], TEXT.as_bytes());
        assert_eq!(run.expect_code(0).received(), TEXT.as_bytes());
        server.has_told(TEXT.trim_end());
        let accepted = mptcp_count("MPCapableACKRX");
        assert_eq!(accepted, 1, "it was MPTCP on both sides");
        let (mut sockeye, at) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0?proto=mptcp", "--echo"]);
        let connected = format!("(s := {opened}).connect(('127.0.0.1', {})) or s", port_of(&at));
        let client = patient_with_socket(&connected, &["fd://3", "--send", TEXT]);
        assert_eq!(client.once_it_told(&format!("{TEXT}\n")), format!("{TEXT}\n"));
        assert_eq!(sockeye.expect("received")["bytes"], TEXT.len());
        assert_eq!(mptcp_count("MPCapableACKRX"), 2);
    });
}

/// A socket that is passed may be of both families, whose options it then has; a raw one of IPv6 is of one.
#[test]
fn python_sets_on_a_descriptor_what_its_families_have() {
    if !require_tool("python3") {
        return;
    }
    in_own_network("python_sets_on_a_descriptor_what_its_families_have", || {
        let of_both = "socket.create_server(('::', 0), family=socket.AF_INET6, dualstack_ipv6=True)";
        let of_one = "(s := socket.socket(socket.AF_INET6, socket.SOCK_RAW, 253)).bind(('::1', 0)) or s";
        for (opened, has_both) in [(of_both, true), (of_one, false)] {
            let told = "print(server.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS), \
                server.getsockopt(socket.IPPROTO_IP, socket.IP_TTL) if server.type != socket.SOCK_RAW else 0)\n";
            let text = code(&["fd://3?ttl=9", "--listen"]);
            let listens = text.lines().find(|line| line.contains("\"listening on\"")).expect("it says so").to_owned();
            let indent = &listens[..listens.len() - listens.trim_start().len()];
            let mut server = running(opened, text.replace(&listens, &format!("{indent}{told}{listens}")));
            let told = server.listening();
            assert!(told.starts_with(if has_both { "9 9\n" } else { "9 0\n" }), "{told}");
        }
    });
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

//! Programs that are written down run, each with this program as the other end, in both roles.

#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::path::Path;

use socket2::{Domain, SockAddr, Socket, Type};
use support::{
    Process, Sockeye, Written, ask, exists, has_ipv6, has_vsock_loopback, in_own_network, ip, kernel_has, mptcp_count,
    refusing_udp, require, require_tool, run, set_up, sockeye,
};
use tempfile::{TempDir, tempdir};

const TEXT: &str = "你好 \"it's\" 100%\\\n";

/// What a client that was written for Python does to our echo: the message out, its echo back and shown.
#[track_caller]
fn python_client(endpoint: &str, extra: &str) {
    let (mut sockeye, bound) = Sockeye::listen(&["listen", endpoint, "--echo"]);
    Written::patient_python(&[&format!("{bound}{extra}"), "--send", TEXT]).once_it_told(TEXT.trim_end());
    assert_eq!(sockeye.expect("received")["bytes"], TEXT.len());
    let run = sockeye.interrupt();
    assert_eq!(run.received(), TEXT.as_bytes(), "{endpoint}");
}

/// What our client hears of a server that was written for Python: an echo, and an answer of the server's own. `there` is
/// where it is reached; `PORT` in it stands for the port that it says.
#[track_caller]
fn python_server(endpoint: &str, there: &str) {
    let mut server = Written::python(&[endpoint, "--listen", "--echo"]);
    let at = server.reached_at(there);
    for _ in 0..2 {
        let run = ask(&["connect", &at, "--send", TEXT], TEXT.as_bytes());
        assert_eq!(run.expect_code(0).received(), TEXT.as_bytes(), "{endpoint}");
    }
    server.has_told(TEXT.trim_end());
    drop(server);
    let mut server = Written::python(&[endpoint, "--listen", "--send", "welcome ", "--reply", "好的"]);
    let at = server.reached_at(there);
    let answer = "welcome 好的".as_bytes();
    let run = ask(&["connect", &at, "--send", "x"], answer);
    assert_eq!(run.expect_code(0).received(), answer, "{endpoint}");
    server.has_told("x");
}

#[test]
fn python_over_tcp() {
    if !require_tool("python3") {
        return;
    }
    python_client("tcp://127.0.0.1:0", "?rcvbuf=64K&sndbuf=64K&keepalive=1&nodelay=0&recvsize=1024");
    python_server("tcp://127.0.0.1:0?backlog=5", "tcp://127.0.0.1:PORT");
    python_server("tcp://localhost:0", "tcp://localhost:PORT");
    if require(has_ipv6(), "IPv6") {
        python_client("tcp://[::1]:0", "");
        python_server("tcp://[::1]:0", "tcp://[::1]:PORT");
        // One socket for both.
        python_server("tcp://[::]:0", "tcp://127.0.0.1:PORT");
    }
}

#[test]
fn python_at_an_address_of_one_link() {
    if !require_tool("python3") {
        return;
    }
    in_own_network("python_at_an_address_of_one_link", || {
        ip(&["link", "add", "d0", "type", "veth", "peer", "name", "d1"]);
        set_up(&["d0", "d1"]);
        for address in ["fe80::9/64", "fe80::8/64"] {
            ip(&["address", "add", address, "dev", "d0", "nodad"]);
        }
        for scheme in ["tcp", "udp"] {
            python_client(&format!("{scheme}://[fe80::9%d0]:0"), "");
            python_server(&format!("{scheme}://[fe80::9%d0]:0"), &format!("{scheme}://[fe80::9%d0]:PORT"));
            // From another address of the link.
            let (mut sockeye, endpoint) = Sockeye::listen(&["listen", &format!("{scheme}://[fe80::9%d0]:0"), "--echo"]);
            Written::patient_python(&[&endpoint, "--bind", "fe80::8%d0", "--send", "from there"])
                .once_it_told("from there");
            let peer = sockeye.expect("opened")["peer"].to_string();
            assert!(peer.contains("[fe80::8%d0]:"), "{peer}");
        }
    });
}

#[test]
fn python_goes_on_to_the_address_that_answers() {
    if !require_tool("python3") {
        return;
    }
    // Where localhost is ::1 as well, nobody is there.
    let (sockeye, bound) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--echo"]);
    let client = Written::patient_python(&[&bound.replace("127.0.0.1", "localhost"), "--send", "by name"]);
    assert_eq!(client.once_it_told("by name\n"), "by name\n");
    sockeye.interrupt().expect_code(0);
}

#[test]
fn python_over_udp() {
    if !require_tool("python3") {
        return;
    }
    python_client("udp://127.0.0.1:0", "?broadcast=1");
    python_server("udp://127.0.0.1:0", "udp://127.0.0.1:PORT");
    python_server("udp://localhost:0?recvsize=2048", "udp://localhost:PORT");
    if require(has_ipv6(), "IPv6") {
        python_client("udp://[::1]:0", "");
        python_server("udp://[::1]:0", "udp://[::1]:PORT");
    }
    // Nothing is a datagram as well.
    let (mut sockeye, bound) = Sockeye::listen(&["listen", "udp://127.0.0.1:0", "--reply", "got it"]);
    Written::patient_python(&[&bound, "--send", ""]).once_it_told("got it\n");
    assert_eq!(sockeye.expect("received")["bytes"], 0);
}

#[test]
fn python_over_udp_hears_that_nobody_is_there_only_where_it_is_connected() {
    if !require_tool("python3") {
        return;
    }
    let (_held, nobody) = refusing_udp();
    for (extra, code) in [(&[][..], Some(1)), (&["--unconnected"][..], Some(0))] {
        let endpoint = format!("udp://{nobody}");
        let client = Written::python(&[&[endpoint.as_str(), "--send", "x"], extra].concat());
        let finished = client.process.finish();
        assert_eq!(finished.code, code, "{}\n{}", client.text, finished.stderr);
        assert_eq!(finished.stderr.contains("ConnectionRefusedError"), code == Some(1), "{}", finished.stderr);
    }
    let (mut sockeye, bound) = Sockeye::listen(&["listen", "udp://127.0.0.1:0", "--echo"]);
    let named = bound.replace("127.0.0.1", "localhost");
    for endpoint in [bound, named] {
        Written::patient_python(&[&endpoint, "--send", "to you", "--unconnected"]).once_it_told("to you");
        sockeye.expect("received");
    }
}

fn folder() -> TempDir {
    tempdir().expect("a folder")
}

fn at(folder: &Path, name: &str) -> String {
    format!("unix:{}", folder.join(name).display())
}

#[test]
fn python_over_unix_sockets() {
    if !require_tool("python3") {
        return;
    }
    let folder = folder();
    let hostile = at(folder.path(), "it's \"quoted\" \\ 你好\n%s.sock");
    let name = format!("unix:@sockeye-{}-0\"'\\", std::process::id());
    for endpoint in [&at(folder.path(), "plain.sock"), &hostile, &name] {
        python_client(endpoint, "");
        python_server(endpoint, endpoint);
    }
    // What the last server, which was killed, has left there is in nobody's way.
    assert!(folder.path().join("plain.sock").exists());
    python_server(&at(folder.path(), "plain.sock"), &at(folder.path(), "plain.sock"));
    // One that is told to end takes it away.
    let mut server = Written::python(&[&at(folder.path(), "plain.sock"), "--listen"]);
    server.listening();
    server.interrupt();
    assert!(!folder.path().join("plain.sock").exists());
    // A file of somebody else's is.
    fs::write(folder.path().join("file"), "precious").expect("a file");
    let server = Written::python(&[&at(folder.path(), "file"), "--listen"]);
    let finished = server.process.finish();
    assert_eq!(finished.code, Some(1));
    assert!(finished.stderr.contains("Address already in use"), "{}", finished.stderr);
    assert_eq!(fs::read(folder.path().join("file")).expect("it is there"), b"precious");
}

/// As the program itself: what somebody has bound stays where it is, whether it listens or not, and hears nothing.
#[test]
fn python_leaves_what_others_have_bound_alone() {
    if !require_tool("python3") {
        return;
    }
    let folder = folder();
    let path = folder.path().join("s.sock");
    let is_in_the_way = |of: &str| {
        for scheme in ["unix", "unix-dgram", "unix-seqpacket"] {
            let endpoint = at(folder.path(), "s.sock").replacen("unix", scheme, 1);
            let finished = Written::python(&[&endpoint, "--listen"]).process.finish();
            assert_eq!(finished.code, Some(1), "{endpoint}, {of}");
            assert!(finished.stderr.contains("Address already in use"), "{}", finished.stderr);
            assert!(path.exists(), "{endpoint}, {of}");
        }
    };
    for (kind, listens, of) in [
        (Type::STREAM, false, "bound"),
        (Type::SEQPACKET, false, "bound, with borders"),
        (Type::DGRAM, false, "datagrams"),
        (Type::STREAM, true, "listening, its queue full"),
    ] {
        let socket = Socket::new(Domain::UNIX, kind, None).expect("a socket");
        let address = SockAddr::unix(&path).expect("a short path");
        socket.bind(&address).expect("nobody has it");
        let waiting = Socket::new(Domain::UNIX, kind, None).expect("a socket");
        if listens {
            socket.listen(0).expect("it is bound");
            waiting.connect(&address).expect("one may wait");
        }
        is_in_the_way(of);
        if listens {
            socket.accept().expect("the one that waits");
            socket.set_nonblocking(true).expect("a socket");
            assert!(socket.accept().is_err(), "and nobody else has come");
        }
        fs::remove_file(&path).expect("it is there");
    }
}

#[test]
fn python_takes_away_at_its_end_what_it_has_made_and_nothing_else() {
    if !require_tool("python3") {
        return;
    }
    let folder = folder();
    let path = folder.path().join("s.sock");
    for scheme in ["unix", "unix-dgram", "unix-seqpacket"] {
        for another in [true, false] {
            let mut server = Written::python(&[&at(folder.path(), "s.sock").replacen("unix", scheme, 1), "--listen"]);
            server.listening();
            fs::remove_file(&path).expect("the server's");
            let other = another.then(|| std::os::unix::net::UnixListener::bind(&path).expect("a free path"));
            let finished = server.interrupt();
            assert!(!finished.stderr.contains("Traceback"), "{}", finished.stderr);
            assert_eq!(path.exists(), other.is_some(), "{scheme}");
            if other.is_some() {
                fs::remove_file(&path).expect("the other's");
            }
        }
    }
}

#[test]
fn python_over_unix_sockets_that_keep_borders() {
    if !require_tool("python3") {
        return;
    }
    let folder = folder();
    for scheme in ["unix-dgram", "unix-seqpacket"] {
        let path = at(folder.path(), &format!("{scheme}'s 你好.sock")).replacen("unix", scheme, 1);
        let name = format!("{scheme}:@sockeye-{}", std::process::id());
        for endpoint in [&path, &name] {
            python_client(endpoint, "");
            python_server(endpoint, endpoint);
        }
    }
}

#[test]
fn python_over_several_paths_at_once() {
    const MPTCP: i32 = 262;
    // The README claims it, so that it is a matter of `CI=true` too.
    let has_mptcp = || require(exists(nix::libc::AF_INET, Type::STREAM, MPTCP), "MPTCP in this kernel");
    if !require_tool("python3") || !has_mptcp() {
        return;
    }
    // Where nobody else counts.
    in_own_network("python_over_several_paths_at_once", || {
        let hosts: &[_] = if require(has_ipv6(), "IPv6") { &["127.0.0.1", "[::1]"] } else { &["127.0.0.1"] };
        for host in hosts {
            python_client(&format!("tcp://{host}:0?proto=mptcp"), "?proto=mptcp");
            python_server(&format!("tcp://{host}:0?proto=mptcp"), &format!("tcp://{host}:PORT?proto=mptcp"));
        }
        let counts = ["MPCapableACKRX", "MPCapableFallbackACK"].map(mptcp_count);
        assert!(counts[0] >= 2 * hosts.len() as u64 && counts[1] == 0, "{counts:?}");
    });
}

#[test]
fn python_over_udp_lite() {
    const UDP_LITE: i32 = 136;
    let has_it = || kernel_has(exists(nix::libc::AF_INET, Type::DGRAM, UDP_LITE), "UDP-Lite");
    if !require_tool("python3") || !has_it() {
        return;
    }
    python_client("udp://127.0.0.1:0?proto=udplite", "?proto=udplite");
    python_server("udp://127.0.0.1:0?proto=udplite", "udp://127.0.0.1:PORT?proto=udplite");
    if require(has_ipv6(), "IPv6") {
        python_client("udp://[::1]:0?proto=udplite", "?proto=udplite");
        python_server("udp://[::1]:0?proto=udplite", "udp://[::1]:PORT?proto=udplite");
    }
}

#[test]
fn python_with_many_options() {
    if !require_tool("python3") {
        return;
    }
    let many =
        "?reuseport=1&keepidle=5&keepintvl=5&keepcnt=3&usertimeout=5000&linger=1&maxseg=1000&ttl=9&tos=0x10&priority=3";
    python_client("tcp://127.0.0.1:0", &format!("{many}&quickack=1&congestion=reno&device=lo"));
    python_server(&format!("tcp://127.0.0.1:0{many}&fastopen=5"), "tcp://127.0.0.1:PORT");
    if require(has_ipv6(), "IPv6") {
        python_client("tcp://[::1]:0", many);
        python_server(&format!("tcp://localhost:0{many}"), "tcp://localhost:PORT");
    }
}

#[test]
fn python_sends_a_ping_and_sees_its_reply() {
    const ANSWERS: &str = "/proc/sys/net/ipv4/icmp_echo_ignore_all";
    const ANSWERS_V6: &str = "/proc/sys/net/ipv6/icmp/echo_ignore_all";
    if !require_tool("python3") {
        return;
    }
    in_own_network("python_sends_a_ping_and_sees_its_reply", || {
        for (endpoint, request, reply, setting) in
            [("raw://127.0.0.1?proto=icmp", 8, 0, ANSWERS), ("raw://[::1]?proto=icmpv6", 128, 129, ANSWERS_V6)]
        {
            // The request itself crosses the loopback too.
            let mut client = Written::patient_python(&[endpoint, "--send", PING]);
            client.process.read_until("request and reply", |shown| {
                let bytes = unescaped(shown);
                has_ping(&bytes, request) && has_ping(&bytes, reply)
            });
            client.interrupt();
            fs::write(setting, "1").expect("the network is the test's own");
            let bytes = unescaped(&Written::python(&[endpoint, "--send", PING]).finish().stdout);
            assert!(has_ping(&bytes, request) && !has_ping(&bytes, reply), "{endpoint}: {}", bytes.escape_ascii());
        }
    });
}

const PING: &str = "id=4660 seq=7 hello ping";

/// Whether [`PING`] is among what was shown, as a message of this ICMP type.
fn has_ping(shown: &[u8], kind: u8) -> bool {
    let message = b"\x12\x34\x00\x07hello ping";
    let has_kind = |at: usize| at >= 4 && shown[at - 4] == kind && shown[at - 3] == 0;
    shown.windows(message.len()).enumerate().any(|(at, window)| window == message && has_kind(at))
}

/// What Python's `backslashreplace` has written, as the bytes that it was; none of them was a backslash.
fn unescaped(shown: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(shown);
    let mut parts = text.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).expect("two hex digits"));
        bytes.extend(rest.as_bytes());
    }
    bytes
}

/// A protocol that nobody else uses: ours hears Python's, and Python's server ours.
#[test]
fn python_over_raw_ip() {
    if !require_tool("python3") {
        return;
    }
    in_own_network("python_over_raw_ip", || {
        for endpoint in ["raw://127.0.0.1?proto=253", "raw://[::1]?proto=253"] {
            let (mut sockeye, _) = Sockeye::listen(&["listen", endpoint]);
            Written::python(&[endpoint, "--send", "one of many"]).finish();
            sockeye.expect_where("the packet", |event| {
                event["hex"].as_str().is_some_and(|hex| hex.ends_with("6f6e65206f66206d616e79"))
            });
            drop(sockeye);
            let mut server = Written::python(&[endpoint, "--listen"]);
            server.listening();
            run(&["connect", endpoint, "--send", "of ours", "--wait", "0"]).expect_code(0);
            server.has_told("of ours");
        }
    });
}

/// One asks and the other answers, in either role.
#[test]
fn python_converses_over_raw_ip() {
    if !require_tool("python3") {
        return;
    }
    in_own_network("python_converses_over_raw_ip", || {
        for endpoint in ["raw://127.0.0.1?proto=253", "raw://[::1]?proto=253"] {
            let (mut sockeye, _) = Sockeye::listen(&["listen", endpoint, "--reply", "pong"]);
            let told = Written::patient_python(&[endpoint, "--send", "ping"]).once_it_told("pong\n");
            assert_eq!(told.matches("pong").count(), 1, "{endpoint}: {told}");
            sockeye.expect_where("the question", |event| {
                event["event"] == "received" && event["hex"].as_str().is_some_and(|hex| hex.ends_with("70696e67"))
            });
            sockeye.interrupt().expect_code(0);
            let mut server = Written::python(&[endpoint, "--listen", "--send", "welcome ", "--reply", "pong"]);
            server.listening();
            let run = ask(&["connect", endpoint, "--send", "ping"], b"pong");
            let heard = String::from_utf8_lossy(&run.expect_code(0).received()).into_owned();
            assert!(heard.contains("welcome ") && heard.ends_with("pong"), "{endpoint}: {heard}");
            server.has_told("ping");
            server.interrupt();
        }
    });
}

/// What a server answers over a loopback arrives at itself: each question is answered once, and no answer is.
#[test]
fn python_does_not_answer_itself() {
    if !require_tool("python3") {
        return;
    }
    in_own_network("python_does_not_answer_itself", || {
        for endpoint in [
            "raw://127.0.0.1?proto=253",
            "raw://0.0.0.0?proto=253",
            "raw://[::1]?proto=253",
            "raw://[::]?proto=253",
            "packet://lo?proto=0x88b5",
        ] {
            let to = endpoint.replace("0.0.0.0", "127.0.0.1").replace("[::]", "[::1]");
            for (respond, answer) in [(&["--echo"][..], None), (&["--reply", "pong"], Some("pong"))] {
                let mut server = Written::python(&[&[endpoint, "--listen"], respond].concat());
                server.listening();
                for question in ["first", "second", "third"] {
                    run(&["connect", &to, "--send", question, "--wait", "0"]).expect_code(0);
                }
                // Each question is heard once, and each answer.
                let counts = |bytes: &[u8]| {
                    let text = String::from_utf8_lossy(bytes).into_owned();
                    ["first", "second", "third", "pong"].map(|word| text.matches(word).count())
                };
                let expected = if answer.is_some() { [1, 1, 1, 3] } else { [2, 2, 2, 0] };
                let all = expected.iter().sum::<usize>();
                server.process.read_until("all answers", |bytes| counts(bytes).iter().sum::<usize>() >= all);
                let finished = server.interrupt();
                assert_eq!(counts(&finished.stdout), expected, "{endpoint} {respond:?}");
            }
        }
        // Its own address is among those that it sends to.
        let own = "127.0.0.1:9001".to_owned();
        let mut server =
            Written::python(&[&format!("udp://{own}"), "--listen", "--echo", "--to", &own, "--send", "to myself"]);
        let count = |bytes: &[u8]| String::from_utf8_lossy(bytes).matches("to myself").count();
        server.process.read_until("question and answer", |bytes| count(bytes) >= 2);
        assert_eq!(count(&server.interrupt().stdout), 2);
    });
}

#[test]
fn python_over_vsock() {
    if !require_tool("python3") || !kernel_has(exists(nix::libc::AF_VSOCK, Type::STREAM, 0), "vsock") {
        return;
    }
    let mut server = Written::python(&["vsock://any:0", "--listen", "--echo"]);
    let told = server.listening();
    let port = told.trim_end().strip_prefix("listening on (4294967295, ").and_then(|rest| rest.strip_suffix(')'));
    let port = port.unwrap_or_else(|| panic!("no port in {told}"));
    // It really has the port: for this program it is in use.
    let refused = run(&["listen", &format!("vsock://any:{port}")]);
    assert_eq!(refused.expect_error(1, "bind")["message"], "address already in use");
    // And the other way round.
    let (sockeye, bound) = Sockeye::listen(&["listen", "vsock://any:0"]);
    let second = Written::python(&[&bound, "--listen"]).process.finish();
    assert_eq!(second.code, Some(1));
    assert!(second.stderr.contains("Address already in use"), "{}", second.stderr);
    drop((server, sockeye));
    if has_vsock_loopback() {
        python_server("vsock://any:0", "vsock://local:PORT");
        let (mut sockeye, bound) = Sockeye::listen(&["listen", "vsock://any:0", "--echo"]);
        Written::patient_python(&[&bound.replace("any", "local"), "--send", TEXT]).once_it_told(TEXT.trim_end());
        assert_eq!(sockeye.expect("received")["bytes"], TEXT.len());
    } else {
        // Nobody is there, for a client of either kind.
        let nowhere = "vsock://local:9";
        let client = Written::python(&[nowhere, "--send", "x"]).process.finish();
        assert_eq!(client.code, Some(1), "{}", client.stderr);
        assert!(client.stderr.contains("Error: [Errno "), "{}", client.stderr);
        run(&["connect", nowhere, "--send", "x"]).expect_error(1, "connect");
    }
}

/// Families that this kernel lacks: Python is told the same as this program.
#[test]
fn python_without_the_family() {
    if !require_tool("python3") {
        return;
    }
    for (endpoint, message, family) in
        [("can://vcan0", "123#DEADBEEF", nix::libc::AF_CAN), ("rds://127.0.0.1:9", "x", nix::libc::AF_RDS)]
    {
        if exists(family, if family == nix::libc::AF_CAN { Type::RAW } else { Type::SEQPACKET }, 1) {
            continue;
        }
        for role in [&["--send", message][..], &["--listen", "--echo"]] {
            let program = Written::python(&[&[endpoint], role].concat());
            let finished = program.process.finish();
            assert_eq!(finished.code, Some(1), "{}", program.text);
            assert!(
                finished.stderr.contains("[Errno 97]") || finished.stderr.contains("[Errno 93]"),
                "{}",
                finished.stderr
            );
        }
    }
}

#[test]
fn what_a_tool_can_t_do_is_said() {
    for (arguments, words) in [
        (&["tcp://127.0.0.1:9", "--listen", "--as", "curl"][..], "never listens"),
        (&["can://vcan0", "--as", "socat"], "no sockets of this kind"),
        (&["tcp://127.0.0.1:9", "--listen", "--echo", "--as", "netcat"], "answers nothing by itself"),
        (&["tcp://127.0.0.1:9", "--send-hex", "00ff", "--as", "curl"], "FF"),
        (&["udp://127.0.0.1:9", "--send", "", "--as", "netcat"], "empty"),
        (&["raw://127.0.0.1?proto=253", "--listen", "--echo", "--as", "socat"], "its own answers"),
        (&["tcp://[::]:9?ttl=9", "--listen", "--as", "netcat"], "no way to set ttl"),
        (&["udp://127.0.0.1:9", "--to", "127.0.0.1:10", "--as", "socat"], "sends to one address"),
    ] {
        let finished = Process::start(sockeye(&[&["code"], arguments].concat())).finish();
        assert_eq!(finished.code, Some(1), "{arguments:?}");
        assert!(finished.stderr.contains(words), "{arguments:?}: {}", finished.stderr);
        assert!(finished.stdout.is_empty(), "{arguments:?}");
    }
    for arguments in [
        &["tcp://127.0.0.1:9", "--echo"][..],
        &["tcp://127.0.0.1:9", "--listen", "--echo", "--reply", "x"],
        &["127.0.0.1:9"],
        &["tcp://127.0.0.1:9", "--as", "perl"],
        &["tcp://127.0.0.1:9", "--to", "127.0.0.1:10"],
        &["tcp://127.0.0.1:9", "--listen", "--bind", "127.0.0.1"],
    ] {
        let finished = Process::start(sockeye(&[&["code"], arguments].concat())).finish();
        assert_eq!(finished.code, Some(2), "{arguments:?}: {}", finished.stderr);
    }
}

//! Lines for netcat, socat and curl run, each with this program as the other end, in both roles.

#![cfg(target_os = "linux")]

mod support;

use std::ops::Range;
use std::path::Path;
use std::time::Instant;

use socket2::Type;
use support::{
    PATIENCE, Process, Sockeye, Written, ask, exists, has_ipv6, has_vsock_loopback, in_own_network, ip, kernel_has,
    mptcp_count, require, require_tool, run, set_up, within_the_wait,
};
use tempfile::{TempDir, tempdir};

const TEXT: &str = "你好 \"it's\" 100%\\\n";

const MPTCP: i32 = 262;
const UDP_LITE: i32 = 136;

fn folder() -> TempDir {
    tempdir().expect("a folder")
}

fn at(folder: &Path, name: &str) -> String {
    format!("unix:{}", folder.join(name).display())
}

/// Where a header has its type of service and its time to live, and the one after it the port that it comes from, in digits
/// of hex (RFC 791, section 3.1; RFC 8200, section 3).
const HEADERS: [(&str, &str, [Range<usize>; 3]); 2] =
    [("127.0.0.1", "0x0800", [2..4, 16..18, 40..44]), ("[::1]", "0x86dd", [1..3, 14..16, 80..84])];

/// One socket for both families has an option of each: what peers of either are sent has it in its header.
#[test]
fn a_socket_for_both_families_has_the_options_of_both() {
    if !require_tool("python3") || !require_tool("socat") {
        return;
    }
    in_own_network("a_socket_for_both_families_has_the_options_of_both", || {
        for (tool, scheme) in [("python", "tcp"), ("python", "udp"), ("socat", "tcp"), ("socat", "udp")] {
            for (peer, ether_type, [tos, ttl, source]) in HEADERS {
                let (mut link, _) = Sockeye::listen(&["listen", &format!("packet://lo?proto={ether_type}")]);
                let endpoint = format!("{scheme}://[::]:9001?ttl=9&tos=0x10");
                let arguments = [endpoint.as_str(), "--listen", "--echo"];
                let server =
                    if tool == "python" { Written::python(&arguments) } else { Written::shell(tool, &arguments) };
                is_answered(&server, &format!("{scheme}://{peer}:9001"), "both", "both");
                server.end();
                let echo = link.expect_where("the echo", |event| {
                    let hex = event["hex"].as_str().unwrap_or_default();
                    hex.ends_with("626f7468") && hex[source.clone()] == format!("{:04x}", 9001)
                });
                let hex = echo["hex"].as_str().expect("hex is a text");
                assert_eq!((&hex[tos], &hex[ttl]), ("10", "09"), "{tool} {scheme} {peer}: {hex}");
            }
        }
    });
}

/// Connects to what may not listen yet, until somebody answers; the answer is expected to be this one. A datagram's answer
/// may be lost: socat ends half a second after it has heard one, by when a busy machine may not have run what answers.
#[track_caller]
fn is_answered(server: &Written, endpoint: &str, message: &str, answer: &str) {
    let deadline = Instant::now() + 3 * PATIENCE;
    // Of a stream, more may come after a pause.
    let wait = if endpoint.contains("udp") || endpoint.contains("dgram") { "3000" } else { "20000" };
    loop {
        let mut client = Sockeye::start(&["connect", endpoint, "--send", message, "--wait", wait]);
        client.hears(answer.as_bytes());
        let run = client.interrupt();
        if run.code == Some(0) && !run.received().is_empty() || Instant::now() > deadline {
            return assert_eq!(run.received(), answer.as_bytes(), "{}", server.text);
        }
    }
}

/// A client's line against our echo.
#[track_caller]
fn shell_client(tool: &str, endpoint: &str, message: &str) {
    shell_client_with(tool, endpoint, "", message);
}

/// As [`shell_client`], with options.
#[track_caller]
fn shell_client_with(tool: &str, endpoint: &str, options: &str, message: &str) {
    within_the_wait(|| {
        let (mut sockeye, bound) = Sockeye::listen(&["listen", &format!("{endpoint}{options}"), "--echo"]);
        let bound = bound.split('?').next().expect("what is before it");
        let client = Written::shell(tool, &[&format!("{bound}{options}"), "--send", message]);
        let text = client.text.clone();
        let finished = client.process.finish();
        if finished.stdout != message.as_bytes() {
            return Err(format!("{text}: {}\n{}", finished.stdout.escape_ascii(), finished.stderr));
        }
        // curl calls it a failure that its time is up.
        assert_eq!(finished.code, Some(if tool == "curl" { 28 } else { 0 }), "{text}: {}", finished.stderr);
        assert_eq!(sockeye.expect("received")["bytes"], message.len());
        Ok(())
    });
}

/// Sends to a server's line that may not listen yet, until it shows what it got.
fn is_shown(server: &mut Written, endpoint: &str, message: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !String::from_utf8_lossy(&server.process.stdout).contains(message) {
        assert!(Instant::now() < deadline, "nobody listens: {}", server.text);
        // Over datagrams nobody says that nobody is there; what is there shows at once.
        let run = run(&["connect", endpoint, "--send", message, "--wait", "200"]);
        if run.code == Some(0) && run.all("error").is_empty() {
            server.has_told(message);
        }
    }
}

/// Asks a server's line that may not listen yet and answers the first peer alone.
#[track_caller]
fn is_greeted(server: &Written, endpoint: &str, greeting: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let run = ask(&["connect", endpoint, "--send", "x"], greeting.as_bytes());
        if run.code == Some(0) && run.all("error").is_empty() || Instant::now() > deadline {
            return assert_eq!(run.received(), greeting.as_bytes(), "{}", server.text);
        }
    }
}

#[test]
fn netcat_lines_connect() {
    if !require_tool("nc") {
        return;
    }
    let folder = folder();
    shell_client("netcat", "tcp://127.0.0.1:0", TEXT);
    shell_client("netcat", "udp://127.0.0.1:0", TEXT);
    // All that a pipe hands over in one piece is one datagram.
    shell_client("netcat", "udp://127.0.0.1:0", &"x".repeat(4096));
    shell_client("netcat", &at(folder.path(), "it's a \"path\""), TEXT);
    shell_client("netcat", &format!("unix:@sockeye-nc-{}", std::process::id()), TEXT);
    shell_client("netcat", &at(folder.path(), "datagrams").replacen("unix", "unix-dgram", 1), TEXT);
    if require(has_ipv6(), "IPv6") {
        shell_client("netcat", "tcp://[::1]:0", TEXT);
        shell_client("netcat", "udp://[::1]:0", TEXT);
    }
}

#[test]
fn netcat_lines_listen() {
    in_own_network("netcat_lines_listen", || {
        if !require_tool("nc") {
            return;
        }
        let endpoint = "tcp://127.0.0.1:9001".to_owned();
        let server = Written::shell("netcat", &[&endpoint, "--listen", "--send", TEXT]);
        is_answered(&server, &endpoint, "x", TEXT);
        let folder = folder();
        let datagrams = |name: &str| at(folder.path(), name).replacen("unix", "unix-dgram", 1);
        let mut endpoints =
            vec![at(folder.path(), "nc.sock"), "udp://127.0.0.1:9002".to_owned(), datagrams("it's a \"place\"")];
        let mut greeting = vec!["udp://127.0.0.1:9003".to_owned(), datagrams("greets")];
        if require(has_ipv6(), "IPv6") {
            endpoints.extend(["tcp://[::1]:9002".to_owned(), "udp://[::1]:9002".to_owned()]);
            greeting.push("udp://[::1]:9003".to_owned());
        }
        for endpoint in endpoints {
            let mut server = Written::shell("netcat", &[&endpoint, "--listen"]);
            // It shows what comes from one after the other.
            for message in ["first", "second"] {
                is_shown(&mut server, &endpoint, message);
            }
        }
        for endpoint in greeting {
            let server = Written::shell("netcat", &[&endpoint, "--listen", "--send", TEXT]);
            is_greeted(&server, &endpoint, TEXT);
        }
    });
}

/// The options that netcat has a flag for, as the other end and the kernel see them.
#[test]
fn netcat_lines_set_options() {
    in_own_network("netcat_lines_set_options", || {
        if !require_tool("nc") || !require_tool("ss") {
            return;
        }
        let query = "?ttl=9&tos=0x10";
        for (host, ether_type, [tos, ttl, from]) in HEADERS {
            for scheme in ["tcp", "udp"] {
                let (mut link, _) = Sockeye::listen(&["listen", &format!("packet://lo?proto={ether_type}")]);
                let mut expect_header = |what: &str, port: Range<usize>| {
                    let packet = link.expect_where(what, |event| {
                        let hex = event["hex"].as_str().unwrap_or_default();
                        hex.ends_with("6f7074696f6e73") && hex[port.clone()] == format!("{:04x}", 9001)
                    });
                    let hex = packet["hex"].as_str().expect("hex is a text");
                    assert_eq!((&hex[tos.clone()], &hex[ttl.clone()]), ("10", "09"), "{what}, {scheme} {host}: {hex}");
                };
                let endpoint = format!("{scheme}://{host}:9001");
                let (mut sockeye, _) = Sockeye::listen(&["listen", &endpoint]);
                Written::shell("netcat", &[&format!("{endpoint}{query}"), "--send", "options"]).finish();
                assert_eq!(sockeye.expect("received")["bytes"], 7);
                // The port that a packet goes to is behind the one that it comes from.
                expect_header("what it says as a client", from.end..from.end + 4);
                sockeye.interrupt().expect_code(0);
                let server =
                    Written::shell("netcat", &[&format!("{endpoint}{query}"), "--listen", "--send", "options"]);
                is_greeted(&server, &endpoint, "options");
                expect_header("what it says as a server", from.clone());
                server.end();
            }
        }
        // The kernel gives twice what is asked for, socket(7).
        let has_buffers = |filter: &[&str]| {
            let deadline = Instant::now() + PATIENCE;
            loop {
                let told = Process::run("ss", &[&["-Hanmt"], filter].concat()).finish();
                let told = String::from_utf8_lossy(&told.stdout).into_owned();
                if told.contains(",rb131072,") && told.contains(",tb65536,") {
                    return;
                }
                assert!(Instant::now() < deadline, "{told}");
            }
        };
        let sized = "tcp://127.0.0.1:9002?rcvbuf=64K&sndbuf=32K";
        let server = Written::shell("netcat", &[sized, "--listen"]);
        has_buffers(&["state", "listening", "sport", "=", ":9002"]);
        server.end();
        let (_sockeye, _) = Sockeye::listen(&["listen", "tcp://127.0.0.1:9002"]);
        let _client = Written::shell("netcat", &[sized]);
        has_buffers(&["state", "established", "dport", "=", ":9002"]);
        // Whom a broadcast goes to hears it; the system refuses one that nobody allowed.
        ip(&["address", "add", "10.9.0.1/24", "dev", "lo"]);
        let (mut sockeye, _) = Sockeye::listen(&["listen", "udp://0.0.0.0:9003"]);
        let refused = Written::shell("netcat", &["udp://10.9.0.255:9003", "--send", "to all"]).process.finish();
        assert_ne!(refused.code, Some(0), "{}", refused.stderr);
        Written::shell("netcat", &["udp://10.9.0.255:9003?broadcast=1", "--send", "to all"]).finish();
        assert_eq!(sockeye.expect("received")["bytes"], 6);
        assert_eq!(sockeye.interrupt().all("received").len(), 1);
    });
}

/// Shells' lines take an address of one link with the link's name.
#[test]
fn lines_at_an_address_of_one_link() {
    in_own_network("lines_at_an_address_of_one_link", || {
        ip(&["link", "add", "d0", "type", "veth", "peer", "name", "d1"]);
        set_up(&["d0", "d1"]);
        ip(&["address", "add", "fe80::9/64", "dev", "d0", "nodad"]);
        for (tool, program) in [("netcat", "nc"), ("socat", "socat"), ("curl", "curl")] {
            if require_tool(program) {
                shell_client(tool, "tcp://[fe80::9%d0]:0", TEXT);
            }
            if tool != "curl" && require_tool(program) {
                let endpoint = "tcp://[fe80::9%d0]:9001";
                let mut server = Written::shell(tool, &[endpoint, "--listen"]);
                is_shown(&mut server, endpoint, "over a link");
                server.end();
            }
        }
    });
}

#[test]
fn socat_lines_connect() {
    if !require_tool("socat") {
        return;
    }
    let folder = folder();
    shell_client("socat", "tcp://127.0.0.1:0", TEXT);
    shell_client("socat", "udp://127.0.0.1:0", TEXT);
    shell_client("socat", "udp://127.0.0.1:0", &"x".repeat(4096));
    shell_client("socat", &at(folder.path(), "it's, a: \"path\"!!"), TEXT);
    shell_client("socat", &format!("unix:@sockeye-socat-{}", std::process::id()), TEXT);
    shell_client("socat", &at(folder.path(), "messages").replacen("unix", "unix-seqpacket", 1), TEXT);
    if require(has_ipv6(), "IPv6") {
        shell_client("socat", "tcp://[::1]:0", TEXT);
        shell_client("socat", "udp://[::1]:0", TEXT);
    }
    let (mut sockeye, bound) = Sockeye::listen(&["listen", "udp://127.0.0.1:0"]);
    Written::shell("socat", &[&bound, "--send", ""]).finish();
    assert_eq!(sockeye.expect("received")["bytes"], 0);
}

#[test]
fn socat_lines_listen() {
    in_own_network("socat_lines_listen", || {
        if !require_tool("socat") {
            return;
        }
        let folder = folder();
        let mut endpoints = vec![
            "tcp://127.0.0.1:9001".to_owned(),
            "udp://127.0.0.1:9001".to_owned(),
            at(folder.path(), "it's, a: \"path\"!!"),
            at(folder.path(), "datagrams").replacen("unix", "unix-dgram", 1),
            at(folder.path(), "messages").replacen("unix", "unix-seqpacket", 1),
        ];
        if require(has_ipv6(), "IPv6") {
            endpoints.push("tcp://[::1]:9001".to_owned());
            endpoints.push("udp://[::1]:9001".to_owned());
        }
        for endpoint in endpoints {
            let mut server = Written::shell("socat", &[&endpoint, "--listen", "--echo"]);
            is_answered(&server, &endpoint, TEXT, TEXT);
            server.process.read_errors_until(TEXT.trim_end());
            server.end();
            let server = Written::shell("socat", &[&endpoint, "--listen", "--reply", TEXT]);
            is_answered(&server, &endpoint, "x", TEXT);
            server.end();
        }
        let endpoint = "tcp://127.0.0.1:9002";
        let server = Written::shell("socat", &[endpoint, "--listen", "--send", "welcome ", "--reply", TEXT]);
        is_answered(&server, endpoint, "x", &format!("welcome {TEXT}"));
    });
}

/// Kinds of sockets that socat opens by their protocol's number.
#[test]
fn socat_lines_over_other_protocols() {
    if !require_tool("socat") {
        return;
    }
    in_own_network("socat_lines_over_other_protocols", || {
        let hosts = if require(has_ipv6(), "IPv6") { &["127.0.0.1", "[::1]"][..] } else { &["127.0.0.1"] };
        let converses = |scheme: &str, options: &str| {
            for host in hosts {
                shell_client_with("socat", &format!("{scheme}://{host}:9001"), options, TEXT);
                let endpoint = format!("{scheme}://{host}:9001{options}");
                let mut server = Written::shell("socat", &[&endpoint, "--listen", "--echo"]);
                is_answered(&server, &endpoint, TEXT, TEXT);
                server.process.read_errors_until(TEXT.trim_end());
                server.end();
            }
        };
        if require(exists(nix::libc::AF_INET, Type::STREAM, MPTCP), "MPTCP in this kernel") {
            let before = mptcp_count("MPCapableACKRX");
            converses("tcp", "?proto=mptcp");
            // It was MPTCP on both sides, each time.
            assert!(mptcp_count("MPCapableACKRX") >= before + 2 * hosts.len() as u64);
            assert_eq!(mptcp_count("MPCapableFallbackACK"), 0);
        }
        if kernel_has(exists(nix::libc::AF_INET, Type::DGRAM, UDP_LITE), "UDP-Lite") {
            converses("udp", "?proto=udplite");
        }
        for host in hosts {
            let endpoint = format!("raw://{host}?proto=253");
            let (mut sockeye, _) = Sockeye::listen(&["listen", &endpoint, "--reply", "pong"]);
            within_the_wait(|| {
                let client = Written::shell("socat", &[&endpoint, "--send", "one of many"]);
                sockeye.expect_where("the packet", |event| {
                    event["hex"].as_str().is_some_and(|hex| hex.ends_with("6f6e65206f66206d616e79"))
                });
                let heard = client.finish().stdout;
                if heard.ends_with(b"pong") { Ok(()) } else { Err(heard.escape_ascii().to_string()) }
            });
            sockeye.interrupt().expect_code(0);
            let mut server = Written::shell("socat", &[&endpoint, "--listen"]);
            hears_raw_ip(&server, if host.contains(':') { "/proc/net/raw6" } else { "/proc/net/raw" });
            is_shown(&mut server, &endpoint, "of ours");
            server.end();
        }
    });
}

/// Waits for the one raw socket of its family in this network: what is sent to none is lost without a word.
fn hears_raw_ip(server: &Written, table: &str) {
    let deadline = Instant::now() + PATIENCE;
    while std::fs::read_to_string(table).expect("the kernel's sockets").lines().count() < 2 {
        assert!(Instant::now() < deadline, "nobody listens: {}", server.text);
        std::thread::yield_now();
    }
}

/// Over vsock it has the port; bytes cross where the kernel has the loopback of vsock.
#[test]
fn socat_lines_over_vsock() {
    if !require_tool("socat") || !kernel_has(exists(nix::libc::AF_VSOCK, Type::STREAM, 0), "vsock") {
        return;
    }
    let (sockeye, bound) = Sockeye::listen(&["listen", "vsock://any:0"]);
    let refused = Written::shell("socat", &[&bound, "--listen"]).process.finish();
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("Address already in use"), "{}", refused.stderr);
    if has_vsock_loopback() {
        drop(sockeye);
        shell_client("socat", &bound.replace("any", "local"), TEXT);
        let server = Written::shell("socat", &[&bound, "--listen", "--echo"]);
        is_answered(&server, &bound.replace("any", "local"), TEXT, TEXT);
    }
}

#[test]
fn curl_lines_connect() {
    if !require_tool("curl") {
        return;
    }
    shell_client("curl", "tcp://127.0.0.1:0", TEXT);
    shell_client("curl", "tcp://127.0.0.1:0?nodelay=0", "GET / HTTP/1.0\r\n\r\n");
    if require(has_ipv6(), "IPv6") {
        shell_client("curl", "tcp://[::1]:0", TEXT);
    }
}

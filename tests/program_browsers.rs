//! Programs that are written down answer browsers as this program does.

#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use sockeye::model::{BrowserRequest, Exchange, Program, Recipe, Role, Target};
use support::{
    PATIENCE, Process, Sockeye, Written, has_ipv6, noise, patient, port_of, require, require_tool, run, sockeye,
    within_the_wait, write,
};
use tempfile::{TempDir, tempdir};

/// A folder to show, beside something that is not to be shown.
fn site() -> (TempDir, PathBuf) {
    let place = tempdir().expect("a folder");
    let site = place.path().join("it's a \"site\" 你好");
    fs::create_dir_all(site.join("sub")).expect("folders");
    fs::create_dir_all(site.join("with index")).expect("folders");
    write(&site, "a.html", b"<p>hello");
    write(&site, "big.bin", &noise(3 << 20));
    write(&site, "empty.txt", b"");
    write(&site.join("sub"), "你好 & <1>.txt", "好".as_bytes());
    write(&site.join("with index"), "index.html", b"<p>index");
    write(&site, ".env", b"secret");
    write(place.path(), "secret", b"secret");
    for (target, link) in [("../secret", "link"), ("sub", "way")] {
        std::os::unix::fs::symlink(target, site.join(link)).expect("a link");
    }
    (place, site)
}

/// Status, type and body, as curl gets them.
#[derive(PartialEq)]
struct Answer {
    status: String,
    kind: String,
    body: Vec<u8>,
}

fn get(url: &str, arguments: &[&str]) -> Answer {
    let mut command = Command::new("curl");
    command.args([
        "-sS",
        "--path-as-is",
        "--noproxy",
        "*",
        "--max-time",
        "15",
        "-w",
        "\n%{http_code}\n%{content_type}",
    ]);
    command.args(arguments).arg(url);
    let finished = Process::start(command).finish();
    assert_eq!(finished.code, Some(0), "{url} {arguments:?}: {}", finished.stderr);
    let mut parts = finished.stdout.rsplitn(3, |byte| *byte == b'\n');
    let mut text = || String::from_utf8_lossy(parts.next().expect("curl says it")).into_owned();
    let (kind, status) = (text(), text());
    Answer { status, kind, body: parts.next().expect("a body").to_vec() }
}

/// Asks this program and the one that was written down for the same.
fn compare(shown: &[&str], same: &[(&str, &[&str])], refused: &[&str]) {
    let listen = [&["listen", "tcp://127.0.0.1:0"], shown].concat();
    let (ours, endpoint) = Sockeye::listen(&listen);
    let mut server = Written::python(&[&["tcp://127.0.0.1:0", "--listen"], shown].concat());
    let ports = [port_of(&endpoint), server.port()];
    for (path, arguments) in same {
        let [expected, answer] = ports.map(|port| get(&format!("http://127.0.0.1:{port}{path}"), arguments));
        assert_eq!((&answer.status, &answer.kind), (&expected.status, &expected.kind), "{path}");
        assert!(answer.body == expected.body, "{path}: {}", String::from_utf8_lossy(&answer.body));
    }
    for path in refused {
        for answer in ports.map(|port| get(&format!("http://127.0.0.1:{port}{path}"), &[])) {
            assert!(answer.status.starts_with('4') && !answer.body.starts_with(b"secret"), "{path}: {}", answer.status);
        }
    }
    // What no browser sends is refused too, and what is sent beside it doesn't cut the answer off.
    let at = format!("tcp://127.0.0.1:{}", ports[1]);
    for (request, status) in [
        ("hello\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "200"),
        ("PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody", "405"),
    ] {
        let answer = run(&["connect", &at, "--send", request, "--wait", "20000"]);
        let answer = String::from_utf8_lossy(&answer.expect_code(0).received()).into_owned();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
    }
    server.has_told("PUT / HTTP/1.1");
    server.interrupt();
    ours.interrupt().expect_code(0);
}

#[test]
fn python_shows_a_page() {
    if !require_tool("python3") || !require_tool("curl") {
        return;
    }
    for page in ["<h1>你好 \"it's\" \\", "no page but 100 % text\n"] {
        compare(
            &["--page", page],
            &[("/", &[]), ("/?x=1", &[]), ("/index.html", &[]), ("/", &["-I", "-o", "/dev/null"])],
            &["/a.html", "/..", "/%00"],
        );
    }
}

#[test]
fn python_shows_a_file() {
    if !require_tool("python3") || !require_tool("curl") {
        return;
    }
    let (_place, site) = site();
    let show = |name: &str, paths: &[&str]| {
        let path = site.join(name);
        let same: Vec<_> = paths.iter().map(|path| (*path, &[][..])).collect();
        compare(&["--serve", path.to_str().expect("UTF-8")], &same, &["/none", "/../secret", "/.env", "/sub/"]);
    };
    show("big.bin", &["/", "/big.bin"]);
    show("empty.txt", &["/", "/empty.txt"]);
    show("sub/你好 & <1>.txt", &["/", "/%E4%BD%A0%E5%A5%BD%20&%20%3C1%3E.txt"]);
}

#[test]
fn python_shows_a_folder_and_nothing_else() {
    if !require_tool("python3") || !require_tool("curl") {
        return;
    }
    let (_place, site) = site();
    let path = site.to_str().expect("UTF-8");
    compare(
        &["--serve", path],
        &[
            ("/a.html", &[]),
            ("/big.bin", &[]),
            ("/empty.txt", &[]),
            ("/a.html", &["-I", "-o", "/dev/null"]),
            ("/sub/%E4%BD%A0%E5%A5%BD%20&%20%3C1%3E.txt", &[]),
            ("/with%20index/", &[]),
            ("/with%20index", &["-L"]),
        ],
        &[
            "/none",
            "/a.html/",
            "/.env",
            "/link",
            "/way/",
            "/../secret",
            "/sub/../../secret",
            "/%2e%2e/secret",
            "/..%2fsecret",
            "/%2fetc/passwd",
            "/%00",
        ],
    );
    let mut server = Written::python(&["tcp://127.0.0.1:0", "--listen", "--serve", path]);
    let url = format!("http://127.0.0.1:{}", server.port());
    let listed = |path: &str| String::from_utf8(get(&format!("{url}{path}"), &["-L"]).body).expect("UTF-8");
    let (root, sub) = (listed("/"), listed("/sub"));
    for name in ["a.html", "big.bin", "sub/", "with%20index/"] {
        assert!(root.contains(&format!("href=\"{name}\"")), "{name} in {root}");
    }
    assert!(!root.contains(".env") && !root.contains("link") && !root.contains("way"), "{root}");
    let link = "href=\"%E4%BD%A0%E5%A5%BD%20%26%20%3C1%3E.txt\">你好 &amp; &lt;1&gt;.txt<";
    assert!(sub.contains(link), "{sub}");
}

#[test]
fn python_shows_browsers_something_over_a_unix_socket() {
    if !require_tool("python3") || !require_tool("curl") {
        return;
    }
    let folder = tempdir().expect("a folder");
    let socket: &Path = &folder.path().join("web.sock");
    let socket = socket.to_str().expect("UTF-8");
    let mut server = Written::python(&[&format!("unix:{socket}"), "--listen", "--page", "over a file"]);
    server.listening();
    let answer = get("http://localhost/", &["--unix-socket", socket]);
    assert_eq!((answer.status.as_str(), answer.body.as_slice()), ("200", b"over a file".as_slice()));
}

/// Names, as `Host` has them, that a listener at a loopback address answers to and that it doesn't.
const HOSTS: [(&str, bool); 18] = [
    ("localhost", true),
    ("LocalHost.:1", true),
    ("app.localhost:9000", true),
    ("localhost:", true),
    ("127.9.9.9:80", true),
    ("[::1]:80", true),
    ("[::ffff:127.0.0.1]", true),
    ("attacker.example", false),
    ("localhost.attacker.example:80", false),
    ("127.0.0.1.attacker.example", false),
    ("10.0.0.1", false),
    ("0.0.0.0", false),
    ("[::]", false),
    ("[127.0.0.1]", false),
    ("::1", false),
    ("localhost:80x", false),
    ("localhost@attacker.example", false),
    (".", false),
];

/// All that is answered to a request after which the connection ends.
fn answer_to(port: u16, request: &[u8]) -> String {
    let mut peer =
        ["127.0.0.1", "::1"].iter().find_map(|host| TcpStream::connect((*host, port)).ok()).expect("it listens");
    peer.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    peer.write_all(request).expect("it is sent");
    let mut answer = Vec::new();
    peer.read_to_end(&mut answer).expect("the end");
    String::from_utf8(answer).expect("text")
}

#[test]
fn python_answers_to_the_hosts_that_this_program_answers_to() {
    if !require_tool("python3") {
        return;
    }
    let status = |port: u16, host: &str| {
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        answer_to(port, request.as_bytes()).split(' ').nth(1).expect("a status").to_owned()
    };
    for address in ["127.0.0.1:0", "localhost:0"] {
        let endpoint = format!("tcp://{address}");
        let (ours, bound) = Sockeye::listen(&["listen", &endpoint, "--page", "x"]);
        let mut server = Written::python(&[&endpoint, "--listen", "--page", "x"]);
        let ports = [port_of(&bound), server.port()];
        for (host, is_own) in HOSTS {
            let expected = if is_own { "200" } else { "421" };
            assert_eq!(ports.map(|port| status(port, host)), [expected; 2], "{host}");
        }
        drop(ours);
    }
    // Others may reach it, under names that nobody here knows.
    let mut server = Written::python(&["tcp://0.0.0.0:0", "--listen", "--page", "x"]);
    assert_eq!(status(server.port(), "attacker.example"), "200");
}

/// The client that is a test of this program's WebSockets, too.
#[test]
fn python_echoes_what_comes_over_a_web_socket() {
    if !require_tool("python3") {
        return;
    }
    let mut server = Written::python(&["tcp://127.0.0.1:0", "--listen", "--page", "x", "--echo"]);
    let port = server.port();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/websocket_client.py");
    let mut client = Command::new("python3");
    client.args([script, &port.to_string()]).env("PYTHONIOENCODING", "utf-8");
    let finished = Process::start(client).finish();
    let said = String::from_utf8(finished.stdout).expect("UTF-8");
    assert_eq!(finished.code, Some(0), "{said}{}", finished.stderr);
    let expected = "HTTP/1.1 101 Switching Protocols\n0x81 你好\n0x8a ping\n0x81 one message\nsizes\n0x88 1007\n";
    assert_eq!(said, expected);
    server.has_told("one message");

    let asks = |more: &str| {
        format!(
            "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n{more}\r\n"
        )
    };
    let (version, key) = ("Sec-WebSocket-Version: 13\r\n", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    for (more, status) in [
        (format!("{version}{key}Origin: http://attacker.example\r\n"), "403"),
        (format!("{version}{key}Origin: null\r\n"), "403"),
        (key.to_owned(), "426"),
        (version.to_owned(), "400"),
        (format!("{version}Sec-WebSocket-Key: short\r\n"), "400"),
    ] {
        let answer = answer_to(port, asks(&more).as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{more}: {answer}");
    }
}

#[test]
fn python_greets_a_web_socket_and_ends_one_that_breaks_the_rules() {
    if !require_tool("python3") {
        return;
    }
    let mut server =
        Written::python(&["tcp://127.0.0.1:0", "--listen", "--page", "x", "--send", "你好", "--reply", "ok"]);
    let port = server.port();
    let mask = [0; 4];
    let long = [&[0x82, 0xff][..], &(1_u64 << 21).to_be_bytes(), &mask].concat();
    let frames: [(&[u8], &[u8]); 8] = [
        // A text message, and the end of it.
        (&[&[0x81, 0x81][..], &mask, b"x", &[0x88, 0x82], &mask, &[3, 0xe8]].concat(), b"\x81\x02ok\x88\x02\x03\xe8"),
        // Not masked, reserved bits, reserved opcodes, fragments of what has none, nothing begun, one within another.
        (b"\x81\x01x", b"\x88\x02\x03\xea"),
        (&[&[0xc1, 0x80][..], &mask].concat(), b"\x88\x02\x03\xea"),
        (&[&[0x83, 0x80][..], &mask].concat(), b"\x88\x02\x03\xea"),
        (&[&[0x09, 0x80][..], &mask].concat(), b"\x88\x02\x03\xea"),
        (&[&[0x80, 0x80][..], &mask].concat(), b"\x88\x02\x03\xea"),
        (&[&[0x01, 0x80][..], &mask, &[0x81, 0x80], &mask].concat(), b"\x88\x02\x03\xea"),
        (&long, b"\x88\x02\x03\xf1"),
    ];
    for (sent, expected) in frames {
        let mut peer = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        peer.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        let request = "GET / HTTP/1.1\r\nHost: [::1]\r\nOrigin: http://localhost:1\r\nConnection: Upgrade\r\n\
            Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        peer.write_all(request.as_bytes()).expect("it is sent");
        let greeted = b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x06\xe4\xbd\xa0\xe5\xa5\xbd";
        let mut heard = Vec::new();
        while !heard.ends_with(greeted) {
            let mut byte = [0];
            peer.read_exact(&mut byte).expect("the greeting");
            heard.push(byte[0]);
        }
        peer.write_all(sent).expect("it is sent");
        let mut heard = Vec::new();
        peer.read_to_end(&mut heard).expect("the end");
        assert_eq!(heard, expected, "{sent:x?}");
    }
}

/// The other end of a listener that answers browsers: what a session had answered last is asked for again.
fn other_end(program: Program, endpoint: &str, last: Option<&Exchange>) -> Written {
    let target = endpoint.parse::<Target>().expect("an endpoint");
    let request = BrowserRequest::again(last);
    let message = request.to_bytes(&target.endpoint);
    let recipe = Recipe { message: Some(&message), request: Some(&request), ..Recipe::new(Role::Client, &target) };
    let text = program.write(&recipe).expect("it can");
    if program == Program::Python {
        return Written::python_of(patient(&text));
    }
    let mut command = Command::new("sh");
    command.args(["-c", &text]);
    Written::start(command, text)
}

fn exchange(method: &str, target: &str, status: u16) -> Exchange {
    Exchange { method: method.to_owned(), target: target.to_owned(), status, bytes: 0 }
}

/// What the other end got, of each tool. Some of them show the head of the answer before it.
#[track_caller]
fn expect_at_the_other_end(endpoint: &str, last: Option<&Exchange>, content: &[u8]) {
    for program in Program::ALL {
        let tool = program.name().replace("netcat", "nc").replace("python", "python3");
        if !require_tool(&tool) {
            continue;
        }
        within_the_wait(|| {
            let client = other_end(program, endpoint, last);
            let text = client.text.clone();
            let heard = client.finish().stdout;
            // Python ends what it shows with a line of its own.
            let shown = heard.strip_suffix(b"\n").filter(|_| program == Program::Python).unwrap_or(&heard);
            let is_whole = match program {
                Program::Curl => shown == content,
                _ => shown.starts_with(b"HTTP/1.1 200 OK\r\n") && shown.ends_with(content),
            };
            if is_whole { Ok(()) } else { Err(format!("{text}{}", heard.escape_ascii())) }
        });
    }
}

#[test]
fn the_other_end_asks_for_a_page() {
    let page = "<h1>你好 \"it's\" 100 %\n";
    for address in ["tcp://127.0.0.1:0", "tcp://[::1]:0", "tcp://localhost:0"] {
        if address.contains("::1") && !require(has_ipv6(), "IPv6") {
            continue;
        }
        let (sockeye, endpoint) = Sockeye::listen(&["listen", address, "--page", page]);
        expect_at_the_other_end(&endpoint, None, page.as_bytes());
        expect_at_the_other_end(&endpoint, Some(&exchange("GET", "/index.html?a=[b]&{c}", 200)), page.as_bytes());
        sockeye.interrupt().expect_code(0);
    }
    let folder = tempdir().expect("a folder");
    for endpoint in [
        format!("unix:{}", folder.path().join("it's a \"socket\"").display()),
        format!("unix:@sockeye-page-{}", std::process::id()),
    ] {
        let (sockeye, endpoint) = Sockeye::listen(&["listen", &endpoint, "--page", page]);
        expect_at_the_other_end(&endpoint, None, page.as_bytes());
        sockeye.interrupt().expect_code(0);
    }
}

#[test]
fn the_other_end_asks_for_a_file_and_for_one_in_a_folder() {
    let (_place, site) = site();
    let path = site.to_str().expect("UTF-8");
    let file = site.join("sub/你好 & <1>.txt");
    let (sockeye, endpoint) =
        Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--serve", file.to_str().expect("UTF-8")]);
    expect_at_the_other_end(&endpoint, None, "好".as_bytes());
    sockeye.interrupt().expect_code(0);
    let (sockeye, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--serve", path]);
    expect_at_the_other_end(&endpoint, Some(&exchange("GET", "/a.html", 200)), b"<p>hello");
    let name = "/sub/%E4%BD%A0%E5%A5%BD%20&%20%3C1%3E.txt";
    expect_at_the_other_end(&endpoint, Some(&exchange("GET", name, 200)), "好".as_bytes());
    sockeye.interrupt().expect_code(0);
}

/// All of it, of a file that no socket takes at once; and its head alone.
#[test]
fn curl_at_the_other_end_gets_all_or_the_head() {
    if !require_tool("curl") {
        return;
    }
    let (_place, site) = site();
    let path = site.to_str().expect("UTF-8");
    let (sockeye, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--serve", path]);
    let heard = |method: &str, target: &str| {
        other_end(Program::Curl, &endpoint, Some(&exchange(method, target, 200))).finish().stdout
    };
    assert!(heard("GET", "/big.bin") == noise(3 << 20));
    let head = String::from_utf8(heard("HEAD", "/big.bin")).expect("text");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("\r\nContent-Length: 3145728\r\n"), "{head}");
    assert!(head.ends_with("\r\n\r\n"), "{head}");
    // Dots are not resolved beforehand.
    let refused = String::from_utf8(heard("GET", "/sub/../a.html")).expect("text");
    assert!(refused.contains("400 Bad Request"), "{refused}");
    sockeye.interrupt().expect_code(0);
}

#[test]
fn the_other_end_opens_a_web_socket() {
    let opened = exchange("GET", "/chat", 101);
    // RFC 6455, section 1.3, and a frame of text.
    let (accepted, frame) = ("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", b"\x81\x0bwho is it?!");
    for program in Program::ALL {
        let tool = program.name().replace("netcat", "nc").replace("python", "python3");
        if !require_tool(&tool) {
            continue;
        }
        within_the_wait(|| {
            let (mut sockeye, endpoint) =
                Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--page", "x", "--commands"]);
            let mut client = other_end(program, &endpoint, Some(&opened));
            assert_eq!(client.text.contains("http://"), program == Program::Curl, "{}", client.text);
            sockeye.expect_where("the upgrade", |event| event["status"] == 101);
            sockeye.write(b"send who is it?!\n");
            let is_complete = |heard: &[u8]| {
                let text = String::from_utf8_lossy(heard).into_owned();
                text.starts_with("HTTP/1.1 101 ") && text.contains(accepted) && text.contains("who is it?!")
            };
            while !is_complete(&client.process.stdout) && client.process.read_more() {}
            let heard = client.process.stdout.clone();
            // Python shows what is no text as an escape.
            let has_frame = program == Program::Python || heard.windows(frame.len()).any(|window| window == frame);
            if !is_complete(&heard) || !has_frame {
                return Err(heard.escape_ascii().to_string());
            }
            sockeye.interrupt().expect_code(0);
            Ok(())
        });
    }
}

#[test]
fn what_can_t_be_shown_is_said() {
    for (arguments, code, words) in [
        (&["tcp://127.0.0.1:9", "--listen", "--page", "x", "--as", "socat"][..], 1, "socat answers no browsers"),
        (&["udp://127.0.0.1:9", "--listen", "--page", "x"], 2, "browsers need a stream"),
        (&["tcp://127.0.0.1:9", "--page", "x"], 2, "--listen"),
    ] {
        let finished = Process::start(sockeye(&[&["code"], arguments].concat())).finish();
        assert_eq!(finished.code, Some(code), "{arguments:?}: {}", finished.stderr);
        assert!(finished.stderr.contains(words), "{arguments:?}: {}", finished.stderr);
    }
}

//! Programs that are written down answer browsers as this program does.

#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::Signal;
use support::{Process, Sockeye, Written, noise, port_of, require_tool, run, sockeye, write};
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
    for (request, status) in [("hello\r\n\r\n", "400"), ("PUT / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody", "405")] {
        let answer = run(&["connect", &at, "--send", request]);
        let answer = String::from_utf8_lossy(&answer.expect_code(0).received()).into_owned();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
    }
    server.has_told("PUT / HTTP/1.1");
    server.process.signal(Signal::SIGINT);
    server.finish();
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

#[test]
fn what_can_t_be_shown_is_said() {
    for (arguments, code, words) in [
        (&["tcp://127.0.0.1:9", "--listen", "--page", "x", "--as", "socat"][..], 1, "socat answers no browsers"),
        (&["tcp://127.0.0.1:9", "--listen", "--page", "x", "--echo"], 1, "WebSocket"),
        (&["udp://127.0.0.1:9", "--listen", "--page", "x"], 2, "browsers need a stream"),
        (&["tcp://127.0.0.1:9", "--page", "x"], 2, "--listen"),
    ] {
        let finished = Process::start(sockeye(&[&["code"], arguments].concat())).finish();
        assert_eq!(finished.code, Some(code), "{arguments:?}: {}", finished.stderr);
        assert!(finished.stderr.contains(words), "{arguments:?}: {}", finished.stderr);
    }
}

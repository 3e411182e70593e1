//! curl and Python as the other end of a listener that answers browsers.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::{Process, Sockeye, noise, port_of, require_tool, run, write};
use tempfile::{TempDir, tempdir};

/// A folder to show, beside something that is not to be shown.
fn site() -> TempDir {
    let place = tempdir().expect("a folder");
    let site = place.path().join("site");
    fs::create_dir_all(site.join("sub")).expect("folders");
    write(&site, "a.html", b"<p>hello");
    write(&site, "big.bin", &noise(3 << 20));
    write(&site.join("sub"), "你好 1.txt", "好".as_bytes());
    write(&site, ".env", b"secret");
    write(place.path(), "secret", b"secret");
    std::os::unix::fs::symlink("../secret", site.join("link")).expect("a link");
    place
}

fn serve(place: &Path) -> (Sockeye, u16) {
    let site = place.join("site");
    let (sockeye, endpoint) =
        Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--echo", "--serve", site.to_str().expect("UTF-8")]);
    let port = port_of(&endpoint);
    (sockeye, port)
}

/// curl's standard output.
fn curl(arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::new("curl");
    command.args(["-sS", "--noproxy", "*", "--max-time", "15"]).args(arguments);
    let finished = Process::start(command).finish();
    assert_eq!(finished.code, Some(0), "{arguments:?}: {}", finished.stderr);
    finished.stdout
}

#[test]
fn curl_gets_what_lies_in_the_folder_and_nothing_else() {
    if !require_tool("curl") {
        return;
    }
    let place = site();
    let (mut sockeye, port) = serve(place.path());
    let url = |path: &str| format!("http://127.0.0.1:{port}{path}");
    assert_eq!(curl(&[&url("/a.html")]), b"<p>hello");
    assert!(curl(&[&url("/big.bin")]) == noise(3 << 20));
    assert_eq!(curl(&[&url("/sub/%E4%BD%A0%E5%A5%BD%201.txt")]), "好".as_bytes());
    assert_eq!(curl(&["-r", "10-14", &url("/big.bin")]), noise(3 << 20)[10..15]);
    let list = String::from_utf8(curl(&["-L", &url("/sub")])).expect("UTF-8");
    assert!(list.contains("href=\"%E4%BD%A0%E5%A5%BD%201.txt\">你好 1.txt<"), "{list}");
    let list = String::from_utf8(curl(&[&url("/")])).expect("UTF-8");
    assert!(list.contains("big.bin") && !list.contains(".env") && !list.contains("link"), "{list}");

    for (path, status) in [
        ("/none", "404"),
        ("/.env", "404"),
        ("/link", "403"),
        ("/../secret", "400"),
        ("/sub/../../secret", "400"),
        ("/%2e%2e/secret", "400"),
        ("/..%2fsecret", "400"),
        ("/%00", "400"),
        ("/sub", "301"),
    ] {
        let answer = curl(&["--path-as-is", "-o", "-", "-w", "%{http_code}", &url(path)]);
        let answer = String::from_utf8(answer).expect("UTF-8");
        assert!(
            answer.ends_with(status) && !answer.contains("secret\n") && answer.contains("<h1>"),
            "{path}: {answer}"
        );
    }
    let head = String::from_utf8(curl(&["-I", &url("/big.bin")])).expect("UTF-8");
    assert!(head.contains("Content-Length: 3145728\r\n"), "{head}");
    for (arguments, status) in [(&["-d", "x=1"][..], "405"), (&["-X", "DELETE"], "405"), (&["--http1.0"], "200")] {
        let url = url("/a.html");
        let arguments: Vec<_> =
            arguments.iter().copied().chain(["-o", "/dev/null", "-w", "%{http_code}", &url]).collect();
        assert_eq!(String::from_utf8_lossy(&curl(&arguments)), status, "{arguments:?}");
    }
    for (name, status) in [("localhost", "200"), ("site.localhost", "200"), ("attacker.example", "421")] {
        let leads_here = format!("{name}:{port}:127.0.0.1");
        let url = format!("http://{name}:{port}/a.html");
        let answer = curl(&["--resolve", &leads_here, "-o", "-", "-w", "%{http_code}", &url]);
        let answer = String::from_utf8(answer).expect("UTF-8");
        assert!(answer.ends_with(status) && answer.contains("<p>hello") == (status == "200"), "{name}: {answer}");
    }
    let posted = sockeye.expect_where("the refused request", |event| event["status"] == 405);
    assert_eq!((posted["event"].as_str(), posted["method"].as_str()), (Some("request"), Some("POST")));
    sockeye.interrupt().expect_code(0);
}

#[test]
fn curl_keeps_its_connection_and_goes_over_a_unix_socket_too() {
    if !require_tool("curl") {
        return;
    }
    let place = site();
    let (mut sockeye, port) = serve(place.path());
    let url = format!("http://127.0.0.1:{port}/a.html");
    assert_eq!(curl(&[&url, &url, &url]), b"<p>hello<p>hello<p>hello");
    for _ in 0..3 {
        assert_eq!(sockeye.expect("request")["session"], 1);
    }
    sockeye.interrupt().expect_code(0);

    let path = place.path().join("socket");
    let path = path.to_str().expect("UTF-8");
    let (sockeye, _) = Sockeye::listen(&["listen", &format!("unix:{path}"), "--page", "你好"]);
    let answer = String::from_utf8(curl(&["-i", "--unix-socket", path, "http://h/"])).expect("UTF-8");
    assert!(answer.contains("\r\nContent-Type: text/plain; charset=utf-8\r\n") && answer.ends_with("你好"), "{answer}");
    sockeye.interrupt().expect_code(0);
}

#[test]
fn pythons_http_client_reads_one_answer_after_the_other() {
    if !require_tool("python3") {
        return;
    }
    let place = site();
    let (sockeye, port) = serve(place.path());
    let program = "import http.client, sys\n\
        c = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]), timeout=20)\n\
        for method, path in [('GET', '/a.html'), ('HEAD', '/big.bin'), ('GET', '/none'), ('GET', '/sub'), ('GET', '/big.bin')]:\n\
        \x20   c.request(method, path)\n\
        \x20   r = c.getresponse()\n\
        \x20   print(r.status, r.reason, len(r.read()), r.will_close)\n\
        c.request('POST', '/', body=iter([b'x'] * 3), encode_chunked=True, headers={'Transfer-Encoding': 'chunked'})\n\
        r = c.getresponse()\n\
        print(r.status, r.will_close)\n";
    let finished = Process::run("python3", &["-c", program, &port.to_string()]).finish();
    let said = String::from_utf8(finished.stdout).expect("UTF-8");
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(finished.code, Some(0), "{said}{}", finished.stderr);
    assert_eq!(lines[0], "200 OK 8 False");
    assert_eq!(lines[1], "200 OK 0 False");
    assert!(lines[2].starts_with("404 Not Found ") && lines[3].starts_with("301 Moved Permanently "), "{said}");
    assert_eq!(lines[4..], ["200 OK 3145728 False", "501 True"]);
    let run = sockeye.interrupt();
    run.expect_code(0);
    assert_eq!(run.all("opened").len(), 1, "one connection for all of them");
}

#[test]
fn a_web_socket_by_hand() {
    if !require_tool("python3") {
        return;
    }
    let place = site();
    let (sockeye, port) = serve(place.path());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/websocket_client.py");
    let mut command = Command::new("python3");
    command.args([script, &port.to_string()]).env("PYTHONIOENCODING", "utf-8");
    let finished = Process::start(command).finish();
    let said = String::from_utf8(finished.stdout).expect("UTF-8");
    assert_eq!(finished.code, Some(0), "{said}{}", finished.stderr);
    let expected = "HTTP/1.1 101 Switching Protocols\n0x81 你好\n0x8a ping\n0x81 one message\nsizes\n0x88 1007\n";
    assert_eq!(said, expected);
    let run = sockeye.interrupt();
    run.expect_code(0);
    let closed =
        run.all("notice").into_iter().find(|notice| notice["notice"] == "web-socket-closed").expect("a notice");
    assert_eq!((closed["code"].as_u64(), closed["by_peer"].as_bool()), (Some(1007), Some(false)));
    let decoded: Vec<_> = run.all("received").into_iter().filter_map(|event| event["decoded"].as_str()).collect();
    assert!(decoded.contains(&"GET /ws HTTP/1.1") && decoded.contains(&"text 你好"), "{decoded:?}");
}

#[test]
fn what_can_not_be_shown_is_bad_from_the_start() {
    let place = site();
    let none = place.path().join("none");
    let none = none.to_str().expect("UTF-8");
    let missing = run(&["listen", "tcp://127.0.0.1:0", "--serve", none]);
    assert_eq!(missing.expect_error(1, "open-file")["path"], none);
    run(&["listen", "udp://127.0.0.1:0", "--page", "x"]).expect_error(2, "usage");
    run(&["listen", "tcp://127.0.0.1:0", "--page", "x", "--serve", none]).expect_code(2);
}

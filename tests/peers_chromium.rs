//! A real browser as the other end: Chromium without a window.

mod support;

use std::process::Command;
use std::time::Duration;

use parking_lot::Mutex;
use support::{Process, Sockeye, port_of, require_tool, write};
use tempfile::{TempDir, tempdir};

/// One at a time: they would take the processor away from each other.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Chromium, which nobody has started for long, takes its time to be there on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// Chromium on a profile of its own, which knows nobody and calls nobody.
fn chromium(profile: &TempDir, arguments: &[&str]) -> Process {
    let mut command = Command::new("chromium");
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
    command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    command.args(["--disable-dev-shm-usage", "--no-proxy-server"]);
    command.arg(format!("--user-data-dir={}", profile.path().display())).args(arguments);
    let mut browser = Process::start(command);
    browser.patience = PATIENCE;
    browser
}

#[test]
fn a_browser_shows_a_folder_with_all_that_its_page_needs() {
    if !require_tool("chromium") {
        return;
    }
    let _alone = ONE_AT_A_TIME.lock();
    let (site, profile) = (tempdir().expect("a folder"), tempdir().expect("a folder"));
    write(
        site.path(),
        "index.html",
        "<!doctype html><meta charset=utf-8><link rel=stylesheet href=s.css><p id=p>你好</p><script src=\"脚本.js\"></script>"
            .as_bytes(),
    );
    write(site.path(), "s.css", b"p { text-indent: 7px }");
    let script = "p.textContent += ' ' + getComputedStyle(p).textIndent + ' ' + document.contentType;";
    write(site.path(), "脚本.js", script.as_bytes());
    let path = site.path().to_str().expect("UTF-8");
    let (sockeye, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--serve", path]);
    let url = format!("http://127.0.0.1:{}/", port_of(&endpoint));
    let finished = chromium(&profile, &["--dump-dom", &url]).finish();
    let shown = String::from_utf8(finished.stdout).expect("UTF-8");
    assert!(shown.contains("<p id=\"p\">你好 7px text/html</p>"), "{shown}\n{}", finished.stderr);
    let run = sockeye.interrupt();
    run.expect_code(0);
    let targets: Vec<_> = run.all("request").into_iter().filter(|event| event["status"] == 200).collect();
    assert_eq!(targets.len(), 3, "{targets:?}");
}

#[test]
fn a_browser_shows_a_file_at_the_root_and_by_its_name() {
    if !require_tool("chromium") {
        return;
    }
    let _alone = ONE_AT_A_TIME.lock();
    let (site, profile) = (tempdir().expect("a folder"), tempdir().expect("a folder"));
    let page = "<!doctype html><meta charset=utf-8><p>你好".as_bytes();
    let path = write(site.path(), "第 1 页.html", page);
    write(site.path(), "beside.html", b"<p>not to be seen");
    let path = path.to_str().expect("UTF-8");
    let (sockeye, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--serve", path]);
    for (target, shown) in [("", "<p>你好</p>"), ("第 1 页.html", "<p>你好</p>"), ("beside.html", "404 Not Found")]
    {
        let url = format!("http://127.0.0.1:{}/{target}", port_of(&endpoint));
        let finished = chromium(&profile, &["--dump-dom", &url]).finish();
        let dom = String::from_utf8(finished.stdout).expect("UTF-8");
        assert!(dom.contains(shown), "{target}: {dom}\n{}", finished.stderr);
    }
    let run = sockeye.interrupt();
    run.expect_code(0);
    let status = |target: &str| {
        let asked = run.all("request").into_iter().find(|event| event["target"] == target);
        asked.map(|event| event["status"].as_u64().expect("a status"))
    };
    let asked = ["/", "/%E7%AC%AC%201%20%E9%A1%B5.html", "/beside.html"].map(status);
    assert_eq!(asked, [Some(200), Some(200), Some(404)], "{:?}", run.events);
}

/// Opens a WebSocket, exchanges messages, and asks for an address that says how it went: a browser that only dumps what
/// it shows does so before that.
const PAGE: &str = "<!doctype html><meta charset=utf-8><p id=p></p><script>
const socket = new WebSocket(`ws://${location.host}/chat`, ['first', 'second']);
socket.binaryType = 'arraybuffer';
socket.onopen = () => { p.textContent += 'open ' + socket.protocol; socket.send('你好'); };
socket.onmessage = event => {
  if (typeof event.data === 'string') {
    p.textContent += ', text ' + event.data;
    socket.send(new Uint8Array(70000).fill(7));
  } else {
    p.textContent += ', binary ' + event.data.byteLength;
    socket.close(3001, '再见');
  }
};
socket.onclose = event => {
  p.textContent += `, closed ${event.code} ${event.reason} ${event.wasClean}`;
  fetch('/result?' + encodeURIComponent(p.textContent));
};
</script>";

#[test]
fn a_browser_talks_over_a_web_socket() {
    if !require_tool("chromium") {
        return;
    }
    let _alone = ONE_AT_A_TIME.lock();
    let profile = tempdir().expect("a folder");
    let (mut sockeye, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--page", PAGE, "--echo"]);
    let url = format!("http://127.0.0.1:{}/", port_of(&endpoint));
    // With that port it stays until it is told to end.
    let browser = chromium(&profile, &["--remote-debugging-port=0", &url]);
    sockeye.wait_as_long_as(PATIENCE);
    let is_result = |event: &serde_json::Value| event["target"].as_str().is_some_and(|to| to.starts_with("/result?"));
    let result = sockeye.expect_where("the result", is_result);
    drop(browser);
    let target = result["target"].as_str().expect("a text");
    let said = sockeye::codec::percent::decode(target.trim_start_matches("/result?")).expect("escapes");
    let said = String::from_utf8(said).expect("UTF-8");
    assert_eq!(said, "open first, text 你好, binary 70000, closed 3001 再见 true");
    let run = sockeye.interrupt();
    let closed =
        run.all("notice").into_iter().find(|notice| notice["notice"] == "web-socket-closed").expect("a notice");
    assert_eq!((closed["code"].as_u64(), closed["reason"].as_str()), (Some(3001), Some("再见")));
}

#[test]
fn a_browser_that_was_led_here_by_a_foreign_name_is_shown_why_not() {
    if !require_tool("chromium") {
        return;
    }
    let _alone = ONE_AT_A_TIME.lock();
    let profile = tempdir().expect("a folder");
    let (sockeye, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--page", "<p>mine"]);
    let port = port_of(&endpoint);
    for (name, shown) in [("localhost", "<p>mine"), ("attacker.example", "<h1>421 Misdirected Request</h1>")] {
        let leads_here = "--host-resolver-rules=MAP * 127.0.0.1";
        let url = format!("http://{name}:{port}/");
        let finished = chromium(&profile, &[leads_here, "--dump-dom", &url]).finish();
        let dom = String::from_utf8(finished.stdout).expect("UTF-8");
        assert!(dom.contains(shown), "{name}: {dom}\n{}", finished.stderr);
    }
    let run = sockeye.interrupt();
    run.expect_code(0);
    let asked = run.all("request");
    assert!(asked.iter().any(|event| event["status"] == 421) && asked.iter().any(|event| event["status"] == 200));
}

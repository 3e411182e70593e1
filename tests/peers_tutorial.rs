//! The tutorial's Python programs, as they stand, with Sockeye as the other end of each.

#![cfg(unix)]

mod support;

use std::fs;

use support::{
    Sockeye, ask, in_own_network, listing, noise, port_of, require_tool, run, tutorial, within_the_pause, write,
};
use tempfile::tempdir;

const HELLO: &str = "你好";
const NOT_WELL: &str = "不好";

/// What the tutorial's server takes of a file at most.
const TUTORIAL_MAX: usize = 40_960;

/// More than any buffer on the way holds.
const LARGE: usize = 100_000_000;

/// The name that the tutorial's client reads from; on this system the backslashes are part of it.
const SOURCE: &str = r"D:\python\day28\move_info7";

fn printed(finished: &support::Finished) -> &str {
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    std::str::from_utf8(&finished.stdout).expect("the programs print UTF-8").trim_end()
}

fn says_hello_to(server: &str, scheme: &str) {
    let folder = tempdir().expect("a folder");
    let server = tutorial(server, 0, folder.path(), &[]);
    let endpoint = format!("{scheme}://127.0.0.1:{}", server.port);
    let run = ask(&["connect", &endpoint, "--send", NOT_WELL], HELLO.as_bytes());
    run.expect_code(0);
    assert_eq!(String::from_utf8(run.received()).expect("UTF-8"), HELLO);
    assert_eq!(run.one("sent")["bytes"], NOT_WELL.len());
    assert_eq!(run.summary()["received"], 1);
    assert_eq!(printed(&server.process.finish()), NOT_WELL);
}

#[test]
fn text_server() {
    if require_tool("python3") {
        says_hello_to("text_server", "tcp");
    }
}

#[test]
fn udp_server() {
    if require_tool("python3") {
        says_hello_to("udp_server", "udp");
    }
}

/// The server closes first, so its port is in `TIME_WAIT` when it starts again: that is what its option is for.
#[test]
fn server_with_reuse_twice_on_one_port() {
    if !require_tool("python3") {
        return;
    }
    // Where nobody else gets the port meanwhile.
    in_own_network("server_with_reuse_twice_on_one_port", || {
        let folder = tempdir().expect("a folder");
        let first = tutorial("reuse_server", 0, folder.path(), &[]);
        let port = first.port;
        let endpoint = format!("tcp://127.0.0.1:{port}");
        run(&["connect", &endpoint, "--send", NOT_WELL, "--wait", "20000"]).expect_code(0);
        assert_eq!(printed(&first.process.finish()), NOT_WELL);

        let mut second = tutorial("reuse_server", port, folder.path(), &[]).process;
        second.read_errors_until(&format!("listening {port}"));
        run(&["connect", &endpoint, "--send", NOT_WELL, "--wait", "20000"]).expect_code(0);
        assert_eq!(printed(&second.finish()), NOT_WELL);
    });
}

fn is_said_hello_by(client: &str, scheme: &str) {
    let folder = tempdir().expect("a folder");
    let bind = format!("{scheme}://127.0.0.1:0");
    let (sockeye, endpoint) = Sockeye::listen(&["listen", &bind, "--reply", HELLO, "--once"]);
    let client = tutorial(client, port_of(&endpoint), folder.path(), &[]);
    assert_eq!(printed(&client.process.finish()), HELLO);
    let run = sockeye.finish();
    run.expect_code(0);
    assert_eq!(String::from_utf8(run.received()).expect("UTF-8"), NOT_WELL);
    assert_eq!(run.one("sent")["bytes"], HELLO.len());
    run.one("closed");
    assert_eq!(run.summary()["dropped"], 0);
}

#[test]
fn text_client() {
    if require_tool("python3") {
        is_said_hello_by("text_client", "tcp");
    }
}

#[test]
fn udp_client() {
    if require_tool("python3") {
        is_said_hello_by("udp_client", "udp");
    }
}

fn sends_file(name: &str, len: usize) {
    within_the_pause(|| sends_file_once(name, len));
}

/// Sends a file to the tutorial's server. What is claimed has to be what happened. False if the server took more than the
/// name for the name.
fn sends_file_once(name: &str, len: usize) -> bool {
    let (ours, theirs) = (tempdir().expect("a folder"), tempdir().expect("a folder"));
    let content = noise(len);
    let path = write(ours.path(), name, &content);
    let server = tutorial("file_server", 0, theirs.path(), &[]);
    let endpoint = format!("tcp://127.0.0.1:{}", server.port);
    let run = run(&["send-file", &endpoint, path.to_str().expect("UTF-8"), "--protocol", "tutorial"]);
    let finished = server.process.finish();
    if !theirs.path().join(name).exists() {
        return false;
    }
    printed(&finished);
    assert_eq!(listing(theirs.path()), [name]);
    let kept = fs::read(theirs.path().join(name)).expect("the server's file");
    assert!(content.starts_with(&kept), "the server kept other bytes");
    let file = run.one("file");
    assert_eq!(file["name"], name);
    if kept.len() == len {
        assert_eq!(file["outcome"], "handed-over", "{:#?}", run.events);
        run.expect_code(0);
    } else {
        assert_eq!(file["outcome"], "incomplete", "the server kept {} of {len}: {:#?}", kept.len(), run.events);
        run.expect_code(1);
    }
    if len > TUTORIAL_MAX {
        assert!(run.all("notice").iter().any(|notice| notice["notice"] == "long-for-tutorial"), "{:#?}", run.events);
    }
    run.summary();
    true
}

#[test]
fn file_server_at_every_size() {
    if !require_tool("python3") {
        return;
    }
    for len in [0, 1, TUTORIAL_MAX, TUTORIAL_MAX + 1] {
        sends_file("move_info7.txt", len);
    }
}

#[test]
fn file_server_with_far_more_than_it_reads() {
    if require_tool("python3") {
        sends_file("move_info7.txt", LARGE);
    }
}

#[test]
fn file_server_with_a_chinese_name() {
    if require_tool("python3") {
        sends_file("移动 信息（七）.txt", 1000);
    }
}

/// Receives from the tutorial's client.
fn receives_file(protocol: &str, name: &str, len: usize) {
    let (ours, theirs) = (tempdir().expect("a folder"), tempdir().expect("a folder"));
    let content = noise(len);
    write(theirs.path(), SOURCE, &content);
    let into = ours.path().to_str().expect("UTF-8");
    let arguments = ["receive", "tcp://127.0.0.1:0", "--into", into, "--protocol", protocol, "--once"];
    let (sockeye, endpoint) = Sockeye::listen(&arguments);
    let client = tutorial("file_client", port_of(&endpoint), theirs.path(), &[("move_info7.txt", name)]);
    printed(&client.process.finish());
    let run = sockeye.finish();
    run.expect_code(0);

    let file = run.one("file");
    assert_eq!((file["name"].as_str(), file["size"].as_u64()), (Some(name), Some(len as u64)), "{file}");
    assert_eq!(file["outcome"], "unverified");
    assert_eq!(listing(ours.path()), [name]);
    assert!(fs::read(ours.path().join(name)).expect("the file") == content, "other bytes arrived");
    run.summary();
}

#[test]
fn file_client_at_every_size() {
    if !require_tool("python3") {
        return;
    }
    for len in [0, 1, TUTORIAL_MAX, TUTORIAL_MAX + 1] {
        receives_file("tutorial", "move_info7.txt", len);
    }
}

#[test]
fn file_client_with_far_more_than_one_read() {
    if require_tool("python3") {
        receives_file("tutorial", "move_info7.txt", LARGE);
    }
}

#[test]
fn file_client_is_recognised() {
    if require_tool("python3") {
        receives_file("auto", "move_info7.txt", 5_000_000);
    }
}

#[test]
fn file_client_with_a_chinese_name() {
    if require_tool("python3") {
        receives_file("auto", "移动 信息（七）.txt", 1000);
    }
}

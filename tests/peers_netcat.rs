//! OpenBSD's nc and nmap's ncat as the other end.

#![cfg(unix)]

mod support;

use std::fs;

use support::{Process, Sockeye, noise, port_of, require_tool, run, sockeye, write};
use tempfile::tempdir;

const FILE_LEN: usize = 10 << 20;

/// An nc that listens, and where.
fn listening_nc(arguments: &[&str]) -> (Process, u16) {
    let arguments: Vec<&str> = ["-v", "-n", "-l"].into_iter().chain(arguments.iter().copied()).collect();
    let mut nc = Process::run("nc", &arguments);
    let words = nc.read_errors_until("istening on");
    let port = words.split_whitespace().last().and_then(|port| port.parse().ok());
    (nc, port.unwrap_or_else(|| panic!("no port in {words}")))
}

#[test]
fn nc_as_client_half_closes() {
    if !require_tool("nc") {
        return;
    }
    let (sockeye, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--echo", "--once"]);
    let mut nc = Process::run("nc", &["-N", "127.0.0.1", &port_of(&endpoint).to_string()]);
    nc.write("你好\n".as_bytes());
    let finished = nc.finish();
    assert_eq!((finished.code, finished.stdout.as_slice()), (Some(0), "你好\n".as_bytes()), "{}", finished.stderr);
    assert_eq!(sockeye.finish().expect_code(0).received(), "你好\n".as_bytes());
}

#[test]
fn nc_as_server_both_ways() {
    if !require_tool("nc") {
        return;
    }
    let (mut nc, port) = listening_nc(&["-N", "127.0.0.1", "0"]);
    let mut client = Process::start(sockeye(&["connect", &format!("tcp://127.0.0.1:{port}")]));
    client.write(b"from us\n");
    nc.read_until("our line", |bytes| bytes == b"from us\n");
    nc.write(b"from them\n");
    client.read_until("their line", |bytes| bytes == b"from them\n");
    // Their end of file ends it, although our standard input stays open.
    nc.close_input();
    assert_eq!(client_code(client), Some(0));
    assert_eq!(nc.finish().code, Some(0));
}

/// The exit status of a client that ends by itself while its standard input is open.
fn client_code(mut client: Process) -> Option<i32> {
    client.read_errors_until("dropped");
    client.finish().code
}

#[test]
fn raw_file_to_nc() {
    if !require_tool("nc") {
        return;
    }
    let folder = tempdir().expect("a folder");
    let content = noise(FILE_LEN);
    let source = write(folder.path(), "big.bin", &content);
    let (nc, port) = listening_nc(&["-N", "127.0.0.1", "0"]);
    let run = {
        let endpoint = format!("tcp://127.0.0.1:{port}");
        let sending = Sockeye::start(&["send-file", &endpoint, source.to_str().expect("UTF-8")]);
        let finished = nc.finish();
        assert!(finished.stdout == content, "{} bytes arrived", finished.stdout.len());
        sending.finish()
    };
    run.expect_code(0);
    assert_eq!(run.one("file")["outcome"], "handed-over");
}

#[test]
fn raw_file_from_ncat() {
    if !require_tool("ncat") {
        return;
    }
    let folder = tempdir().expect("a folder");
    let content = noise(FILE_LEN);
    let into = folder.path().to_str().expect("UTF-8");
    let arguments = ["receive", "tcp://127.0.0.1:0", "--into", into, "--protocol", "raw", "--once"];
    let (sockeye, endpoint) = Sockeye::listen(&arguments);
    let mut ncat = Process::run("ncat", &["--send-only", "127.0.0.1", &port_of(&endpoint).to_string()]);
    ncat.write_all_and_close(content.clone()).join().expect("the writer ends");
    assert_eq!(ncat.finish().code, Some(0));
    let run = sockeye.finish();
    run.expect_code(0);
    let path = run.one("file")["path"].as_str().expect("a path");
    assert!(fs::read(path).expect("the file") == content, "other bytes arrived");
}

#[test]
fn unix_stream_with_nc() {
    if !require_tool("nc") {
        return;
    }
    let folder = tempdir().expect("a folder");
    let path = folder.path().join("nc.sock");
    let endpoint = format!("unix:{}", path.display());
    let (sockeye, _) = Sockeye::listen(&["listen", &endpoint, "--reply", "pong", "--once"]);
    let mut nc = Process::run("nc", &["-N", "-U", path.to_str().expect("UTF-8")]);
    nc.write(b"ping");
    assert_eq!(nc.finish().stdout, b"pong");
    assert_eq!(sockeye.finish().expect_code(0).received(), b"ping");
}

#[test]
fn datagrams_with_nc() {
    if !require_tool("nc") {
        return;
    }
    let (sockeye, endpoint) = Sockeye::listen(&["listen", "udp://127.0.0.1:0", "--reply", "pong", "--once"]);
    let mut nc = Process::run("nc", &["-u", "127.0.0.1", &port_of(&endpoint).to_string()]);
    nc.write(b"ping");
    nc.read_until("the answer", |bytes| bytes == b"pong");
    drop(nc);
    let run = sockeye.finish();
    assert_eq!(run.expect_code(0).received(), b"ping");
    assert_eq!(run.summary()["received"], 1);
}

#[test]
fn an_answer_that_comes_late_is_waited_for() {
    if !require_tool("nc") {
        return;
    }
    let (mut nc, port) = listening_nc(&["127.0.0.1", "0"]);
    let endpoint = format!("tcp://127.0.0.1:{port}");
    let mut client = Sockeye::start(&["connect", &endpoint, "--send", "ping", "--wait", "15000"]);
    nc.read_until("the question", |bytes| bytes == b"ping");
    nc.write(b"pong");
    client.expect("received");
    drop(nc);
    assert_eq!(client.finish().expect_code(0).received(), b"pong");
    // Nothing to wait for: the end comes with the last byte.
    let (nc, port) = listening_nc(&["-N", "127.0.0.1", "0"]);
    run(&["connect", &format!("tcp://127.0.0.1:{port}"), "--send", "ping", "--wait", "0"]).expect_code(0);
    assert_eq!(nc.finish().stdout, b"ping");
}

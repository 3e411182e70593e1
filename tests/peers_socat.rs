//! socat as the other end.

#![cfg(unix)]

mod support;

use std::fs;
use std::path::Path;

use support::{Process, Sockeye, ask, in_own_network, listing, noise, port_of, require_tool, run, sockeye, write};
use tempfile::tempdir;

const FILE_LEN: usize = 10 << 20;

/// A socat that listens, and where.
fn listening_socat(arguments: &[&str]) -> (Process, u16) {
    let arguments: Vec<&str> = ["-d", "-d"].into_iter().chain(arguments.iter().copied()).collect();
    let mut socat = Process::run("socat", &arguments);
    let words = socat.read_errors_until("listening on");
    let line = words.lines().find(|line| line.contains("listening on")).expect("it was read until then");
    let port = line.rsplit(':').next().and_then(|port| port.trim().parse().ok());
    (socat, port.unwrap_or_else(|| panic!("no port in {line}")))
}

#[test]
fn text_both_ways_with_half_close() {
    if !require_tool("socat") {
        return;
    }
    let (mut sockeye, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--reply", "好的\n", "--once"]);
    let address = format!("TCP:127.0.0.1:{},shut-down", port_of(&endpoint));
    let mut socat = Process::run("socat", &["-t10", "-", &address]);
    socat.write("你好\n".as_bytes());
    // Finished, and still answered.
    socat.close_input();
    sockeye.expect("peer-finished");
    let finished = socat.finish();
    assert_eq!((finished.code, finished.stdout.as_slice()), (Some(0), "好的\n".as_bytes()), "{}", finished.stderr);
    let run = sockeye.finish();
    run.expect_code(0);
    assert_eq!(run.received(), "你好\n".as_bytes());
    assert_eq!(run.one("closed")["reason"], "eof");
}

#[test]
fn joined_streams_answer_until_the_peer_closes() {
    if !require_tool("socat") {
        return;
    }
    // `sort` answers nothing before it has read to the end: the answer needs the half-close to arrive.
    let (socat, port) = listening_socat(&["-t10", "TCP-LISTEN:0,bind=127.0.0.1", "SYSTEM:sort"]);
    let mut client = Process::start(sockeye(&["connect", &format!("tcp://127.0.0.1:{port}")]));
    client.write(b"pear\n");
    client.write(b"apple\n");
    let finished = client.finish();
    assert_eq!((finished.code, finished.stdout.as_slice()), (Some(0), &b"apple\npear\n"[..]), "{}", finished.stderr);
    assert_eq!(socat.finish().code, Some(0));
}

#[test]
fn raw_file_to_socat() {
    if !require_tool("socat") {
        return;
    }
    let folder = tempdir().expect("a folder");
    let content = noise(FILE_LEN);
    let source = write(folder.path(), "大 file.bin", &content);
    let target = folder.path().join("arrived");
    let create = format!("CREATE:{}", target.display());
    let (socat, port) = listening_socat(&["-u", "TCP-LISTEN:0,bind=127.0.0.1", &create]);
    let run = run(&["send-file", &format!("tcp://127.0.0.1:{port}"), source.to_str().expect("UTF-8")]);
    run.expect_code(0);
    assert_eq!(socat.finish().code, Some(0));
    let file = run.one("file");
    assert_eq!((file["size"].as_u64(), file["outcome"].as_str()), (Some(FILE_LEN as u64), Some("handed-over")));
    assert!(fs::read(target).expect("the file") == content, "other bytes arrived");
}

#[test]
fn raw_file_from_socat() {
    if !require_tool("socat") {
        return;
    }
    let (ours, theirs) = (tempdir().expect("a folder"), tempdir().expect("a folder"));
    let content = noise(FILE_LEN);
    let source = write(theirs.path(), "big.bin", &content);
    let into = ours.path().to_str().expect("UTF-8");
    let arguments = ["receive", "tcp://127.0.0.1:0", "--into", into, "--protocol", "raw", "--once"];
    let (sockeye, endpoint) = Sockeye::listen(&arguments);
    let open = format!("OPEN:{},rdonly", source.display());
    let socat = Process::run("socat", &["-u", &open, &format!("TCP:127.0.0.1:{}", port_of(&endpoint))]);
    assert_eq!(socat.finish().code, Some(0));
    let run = sockeye.finish();
    run.expect_code(0);
    let file = run.one("file");
    assert_eq!((file["size"].as_u64(), file["outcome"].as_str()), (Some(FILE_LEN as u64), Some("unverified")));
    let path = Path::new(file["path"].as_str().expect("a path"));
    assert_eq!(listing(ours.path()), [path.file_name().expect("a name").to_str().expect("UTF-8")]);
    assert!(fs::read(path).expect("the file") == content, "other bytes arrived");
    assert_eq!(run.summary()["received_bytes"], FILE_LEN);
}

#[test]
fn echo_of_five_megabytes() {
    if !require_tool("socat") {
        return;
    }
    let content = noise(5_000_000);
    let (sockeye, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--echo", "--once", "--quiet"]);
    let address = format!("TCP:127.0.0.1:{},shut-down", port_of(&endpoint));
    let mut socat = Process::run("socat", &["-t10", "-", &address]);
    let writer = socat.write_all_and_close(content.clone());
    let finished = socat.finish();
    writer.join().expect("the writer ends");
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(finished.stdout == content, "{} bytes came back", finished.stdout.len());
    let run = sockeye.finish();
    run.expect_code(0);
    assert!(run.all("received").is_empty() && run.all("sent").is_empty(), "--quiet leaves them out");
    assert_eq!(run.summary()["received_bytes"], content.len());
}

#[test]
fn unix_stream_both_roles() {
    if !require_tool("socat") {
        return;
    }
    let folder = tempdir().expect("a folder");
    let path = folder.path().join("ours.sock");
    let endpoint = format!("unix:{}", path.display());
    let (sockeye, told) = Sockeye::listen(&["listen", &endpoint, "--reply", "pong", "--once"]);
    assert_eq!(told, endpoint);
    let mut socat = Process::run("socat", &["-t10", "-", &format!("UNIX-CONNECT:{},shut-down", path.display())]);
    socat.write(b"ping");
    assert_eq!(socat.finish().stdout, b"pong");
    assert_eq!(sockeye.finish().expect_code(0).received(), b"ping");
    assert!(!path.exists(), "the socket's file is gone with its listener");

    let path = folder.path().join("theirs.sock");
    let arguments = ["-t10", "-d", "-d", &format!("UNIX-LISTEN:{}", path.display()), "SYSTEM:sort"];
    let mut socat = Process::run("socat", &arguments);
    socat.read_errors_until("listening on");
    let mut client = Process::start(support::sockeye(&["connect", &format!("unix:{}", path.display())]));
    client.write(b"b\na\n");
    let finished = client.finish();
    assert_eq!((finished.code, finished.stdout.as_slice()), (Some(0), &b"a\nb\n"[..]), "{}", finished.stderr);
    assert_eq!(socat.finish().code, Some(0));
}

#[test]
fn datagrams_from_socat() {
    if !require_tool("socat") {
        return;
    }
    let (mut sockeye, endpoint) = Sockeye::listen(&["listen", "udp://127.0.0.1:0", "--echo"]);
    let mut socat = Process::run("socat", &["-", &format!("UDP:127.0.0.1:{}", port_of(&endpoint))]);
    socat.write("你好".as_bytes());
    socat.read_until("the echo", |bytes| bytes == "你好".as_bytes());
    drop(socat);
    assert_eq!(sockeye.expect("received")["hex"], "e4bda0e5a5bd");
    let run = sockeye.interrupt();
    run.expect_code(0);
    assert_eq!((&run.summary()["received"], &run.summary()["dropped"]), (&1.into(), &0.into()));
}

#[test]
fn datagrams_to_socat() {
    if !require_tool("socat") {
        return;
    }
    // It names no port for UDP, so that one is chosen.
    in_own_network("datagrams_to_socat", || {
        let arguments = ["-t10", "-d", "-d", "UDP-RECVFROM:9001,bind=127.0.0.1", "SYSTEM:cat"];
        let mut socat = Process::run("socat", &arguments);
        socat.read_errors_until("receiving on");
        let run = ask(&["connect", "udp://127.0.0.1:9001", "--send-hex", "00 FF 0x41"], &[0, 255, 0x41]);
        assert_eq!(run.expect_code(0).received(), [0, 255, 0x41]);
    });
}

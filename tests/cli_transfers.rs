//! Files from peers that break off, lie about names, or are in the way; nothing outside the folder, nothing overwritten.

#![cfg(unix)]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use support::{Run, Sockeye, listing, noise, require_tool, run, sockeye, within_the_pause, write};
use tempfile::{TempDir, tempdir};

fn address(endpoint: &str) -> &str {
    endpoint.split_once("://").expect("a scheme").1
}

/// A receiver of one connection into a folder.
fn receiver(folder: &Path, protocol: &str) -> (Sockeye, TcpStream) {
    let into = folder.to_str().expect("UTF-8");
    let arguments = ["receive", "tcp://127.0.0.1:0", "--into", into, "--protocol", protocol, "--once"];
    let (sockeye, endpoint) = Sockeye::listen(&arguments);
    let peer = TcpStream::connect(address(&endpoint)).expect("somebody listens");
    (sockeye, peer)
}

/// Sends a name and, once it has been read by itself, a content, as the tutorial's client means to.
fn send_as_tutorial(mut peer: &TcpStream, name: &[u8], content: &[u8]) {
    peer.write_all(name).expect("the name is taken");
    wait_until_read(peer);
    peer.write_all(content).expect("the content is taken");
}

/// Waits until the other side's program has taken all that was sent. What is on its way is in this end's send queue until
/// it is acknowledged, and from then on in the other end's receive queue.
fn wait_until_read(peer: &TcpStream) {
    let here = format!(":{:04X}", peer.local_addr().expect("an address").port());
    let there = format!(":{:04X}", peer.peer_addr().expect("an address").port());
    let deadline = std::time::Instant::now() + support::PATIENCE;
    // One after the other: the system doesn't write its table at one moment.
    for (own, other, queue) in [(&here, &there, 0), (&there, &here, 1)] {
        let holds_something = || {
            let table = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
            table.lines().any(|line| {
                let fields: Vec<&str> = line.split_whitespace().collect();
                let [_, local, remote, _, queues, ..] = fields[..] else { return false };
                let len = queues.split(':').nth(queue).unwrap_or_default();
                local.ends_with(own) && remote.ends_with(other) && len.contains(|digit| digit != '0')
            })
        };
        while holds_something() {
            assert!(std::time::Instant::now() < deadline, "nobody reads");
            std::thread::yield_now();
        }
    }
}

fn path_of(run: &Run) -> PathBuf {
    PathBuf::from(run.one("file")["path"].as_str().expect("a path"))
}

#[test]
fn a_peer_that_resets_leaves_an_incomplete_file() {
    let folder = tempdir().expect("a folder");
    let (mut sockeye, peer) = receiver(folder.path(), "raw");
    let content = noise(300_000);
    (&peer).write_all(&content).expect("it is taken");
    sockeye.expect("opened");
    wait_until_read(&peer);
    socket2::SockRef::from(&peer).set_linger(Some(std::time::Duration::ZERO)).expect("an option");
    drop(peer);
    let run = sockeye.finish();
    run.expect_code(1);
    assert_eq!(run.one("file")["outcome"], "incomplete");
    assert_eq!(run.one("closed")["reason"], "reset");
    let path = path_of(&run);
    assert!(path.to_string_lossy().ends_with(".incomplete"), "{}", path.display());
    assert_eq!(listing(folder.path()).len(), 1);
    assert!(fs::read(path).expect("what arrived") == content);
}

#[test]
fn a_sender_that_is_killed_leaves_an_incomplete_file() {
    let (ours, theirs) = (tempdir().expect("a folder"), tempdir().expect("a folder"));
    let into = ours.path().to_str().expect("UTF-8");
    let arguments = ["receive", "tcp://127.0.0.1:0", "--into", into, "--protocol", "raw", "--once"];
    let (mut sockeye, endpoint) = Sockeye::listen(&arguments);
    // Far more than buffers hold, and sparse: it takes no room here.
    let big = theirs.path().join("big.bin");
    fs::File::create(&big).and_then(|file| file.set_len(64 << 30)).expect("a sparse file");
    let mut sender = Sockeye::start(&["send-file", &endpoint, big.to_str().expect("UTF-8")]);
    sockeye.expect("progress");
    sender.kill();
    let run = sockeye.finish();
    // A killed program's system says either that it ended, or, with bytes left unsent, that it broke.
    let file = run.one("file");
    let outcome = file["outcome"].as_str().expect("an outcome");
    let ended = if outcome == "incomplete" { 1 } else { 0 };
    run.expect_code(ended);
    assert!(file["size"].as_u64().is_some_and(|size| size < 64 << 30));
    fs::remove_file(path_of(&run)).expect("it is where it was said to be");
    assert_eq!(listing(ours.path()), [""; 0]);
}

#[test]
fn an_interrupted_receiver_keeps_what_it_has() {
    let folder = tempdir().expect("a folder");
    let (mut sockeye, peer) = receiver(folder.path(), "raw");
    (&peer).write_all(b"half of it").expect("it is taken");
    sockeye.expect("opened");
    wait_until_read(&peer);
    let run = sockeye.interrupt();
    run.expect_code(1);
    assert_eq!(run.one("file")["outcome"], "incomplete");
    assert_eq!(fs::read(path_of(&run)).expect("what arrived"), b"half of it");
    run.summary();
}

/// A peer that takes a little of a file and goes.
#[test]
fn a_receiver_that_leaves_is_told_to_the_sender() {
    let folder = tempdir().expect("a folder");
    let source = write(folder.path(), "big.bin", &noise(8 << 20));
    for protocol in ["raw", "tutorial"] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let endpoint = format!("tcp://{}", listener.local_addr().expect("an address"));
        let sender = Sockeye::start(&["send-file", &endpoint, source.to_str().expect("UTF-8"), "--protocol", protocol]);
        let (mut peer, _) = listener.accept().expect("a connection");
        peer.read_exact(&mut [0; 100]).expect("a beginning");
        drop(peer);
        let run = sender.finish();
        run.expect_code(1);
        assert_eq!(run.one("file")["outcome"], "incomplete", "{protocol}");
        run.summary();
    }
}

/// The bytes were all handed over; that the peer's program never looked at them has to be found out afterwards.
#[test]
fn a_small_file_that_nobody_reads_is_incomplete() {
    let folder = tempdir().expect("a folder");
    let source = write(folder.path(), "small.txt", b"small");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("tcp://{}", listener.local_addr().expect("an address"));
    let mut sender = Sockeye::start(&["send-file", &endpoint, source.to_str().expect("UTF-8")]);
    let (peer, _) = listener.accept().expect("a connection");
    sender.expect("finished-sending");
    drop(peer);
    let run = sender.finish();
    run.expect_code(1);
    assert_eq!(run.one("file")["outcome"], "incomplete");
}

/// A folder to receive into, inside one that must not change.
fn guarded() -> (TempDir, PathBuf) {
    let outside = tempdir().expect("a folder");
    let inside = outside.path().join("inside");
    fs::create_dir(&inside).expect("a folder");
    write(outside.path(), "precious.txt", b"precious");
    (outside, inside)
}

#[test]
fn hostile_names_stay_in_the_folder() {
    let long = "长".repeat(200);
    let absolute = format!("/tmp/sockeye-escape-{}", std::process::id());
    let names: [&[u8]; 14] = [
        b"../../x",
        b"../precious.txt",
        absolute.as_bytes(),
        br"C:\x",
        br"..\precious.txt",
        b"CON",
        b"nul.txt",
        b".",
        b"..",
        b".hidden",
        b"a\x00b",
        b"line\nbreak",
        b"\xff\xfe\x80",
        long.as_bytes(),
    ];
    for name in names {
        let (outside, inside) = guarded();
        let (sockeye, peer) = receiver(&inside, "tutorial");
        send_as_tutorial(&peer, name, b"content");
        drop(peer);
        let run = sockeye.finish();
        let shown = String::from_utf8_lossy(name).into_owned();
        run.expect_code(0);
        assert_eq!(listing(outside.path()), ["inside", "precious.txt"], "{shown:?}");
        assert_eq!(fs::read(outside.path().join("precious.txt")).expect("the file"), b"precious");
        assert!(!Path::new(&absolute).exists());
        let path = path_of(&run);
        assert_eq!(
            path.parent().and_then(|parent| parent.canonicalize().ok()),
            inside.canonicalize().ok(),
            "{shown:?}"
        );
        assert_eq!(listing(&inside).len(), 1, "{shown:?}");
        // What can't be a name is content like the rest.
        assert!(fs::read(&path).expect("the file").ends_with(b"content"), "{shown:?}");
    }
}

#[test]
fn nothing_is_overwritten_and_no_link_followed() {
    let (outside, inside) = guarded();
    write(&inside, "taken.txt", b"mine");
    let elsewhere = outside.path().join("elsewhere.txt");
    std::os::unix::fs::symlink(&elsewhere, inside.join("link.txt")).expect("a link");
    std::os::unix::fs::symlink(outside.path().join("precious.txt"), inside.join("known.txt")).expect("a link");
    let mut paths = Vec::new();
    for name in ["taken.txt", "taken.txt", "link.txt", "known.txt"] {
        let (sockeye, peer) = receiver(&inside, "tutorial");
        send_as_tutorial(&peer, name.as_bytes(), b"theirs");
        drop(peer);
        let run = sockeye.finish();
        run.expect_code(0);
        assert_eq!(run.one("file")["name"], name);
        let path = path_of(&run);
        assert_ne!(path.file_name().and_then(|name| name.to_str()), Some(name));
        assert!(!fs::symlink_metadata(&path).expect("it is there").is_symlink());
        assert_eq!(fs::read(&path).expect("the file"), b"theirs");
        paths.push(path);
    }
    paths.dedup();
    assert_eq!(paths.len(), 4, "each has a name of its own");
    assert_eq!(fs::read(inside.join("taken.txt")).expect("the file"), b"mine");
    assert!(!elsewhere.exists(), "a dangling link was followed");
    assert_eq!(fs::read(outside.path().join("precious.txt")).expect("the file"), b"precious");
    assert_eq!(listing(outside.path()), ["inside", "precious.txt"]);
}

#[test]
fn a_name_that_the_receiver_changed_is_told() {
    let folder = tempdir().expect("a folder");
    let (sockeye, peer) = receiver(folder.path(), "tutorial");
    send_as_tutorial(&peer, b"../../x", b"content");
    drop(peer);
    let run = sockeye.finish();
    assert_eq!(run.one("file")["name"], "../../x", "as it was sent");
    let notice = run.one("notice");
    assert_eq!((&notice["notice"], &notice["from"]), (&"name-changed".into(), &"../../x".into()));
    assert_eq!(listing(folder.path()), [notice["to"].as_str().expect("a name")]);
}

#[test]
fn several_files_take_a_connection_each() {
    within_the_pause(several_files_take_a_connection_each_once);
}

/// False if the receiver took more than a name for the name.
fn several_files_take_a_connection_each_once() -> bool {
    let (ours, theirs) = (tempdir().expect("a folder"), tempdir().expect("a folder"));
    let contents = [noise(100_000), Vec::new(), noise(3)];
    let names = ["一.bin", "二.bin", "三.bin"];
    let paths: Vec<String> = names
        .iter()
        .zip(&contents)
        .map(|(name, content)| write(ours.path(), name, content).to_str().expect("UTF-8").to_owned())
        .collect();
    let into = theirs.path().to_str().expect("UTF-8");
    let arguments = ["receive", "tcp://127.0.0.1:0", "--into", into, "--protocol", "tutorial"];
    let (mut receiver, endpoint) = Sockeye::listen(&arguments);
    let mut arguments = vec!["send-file", endpoint.as_str(), "--protocol", "tutorial"];
    arguments.extend(paths.iter().map(String::as_str));
    let sent = run(&arguments);
    sent.expect_code(0);
    assert_eq!(sent.all("file").len(), 3);
    assert_eq!(sent.all("opened").len(), 3);
    for _ in 0..3 {
        receiver.expect("closed");
    }
    receiver.interrupt().expect_code(0);
    if names.iter().any(|name| !theirs.path().join(name).exists()) {
        return false;
    }
    for (name, content) in names.iter().zip(&contents) {
        assert!(&fs::read(theirs.path().join(name)).expect("the file") == content, "{name}");
    }
    true
}

/// All that was sent has been read when the last of it can't be written: only the way of closing tells the sender.
#[test]
fn a_sender_hears_that_the_last_bytes_were_not_kept() {
    if !require_tool("prlimit") {
        return;
    }
    let (ours, theirs) = (tempdir().expect("a folder"), tempdir().expect("a folder"));
    let source = write(theirs.path(), "last.bin", &noise(5000));
    let into = ours.path().to_str().expect("UTF-8");
    let inner =
        sockeye(&["receive", "tcp://127.0.0.1:0", "--into", into, "--protocol", "tutorial", "--once", "--json"]);
    let mut command = std::process::Command::new("prlimit");
    command.arg("--fsize=4096:4096").arg(inner.get_program()).args(inner.get_args());
    let mut receiver = Sockeye::watch(command);
    let endpoint = receiver.listening();
    let source = source.to_str().expect("UTF-8");
    let sent = run(&["send-file", &endpoint, source, "--protocol", "tutorial"]);
    sent.expect_code(1);
    assert_eq!(sent.one("file")["outcome"], "incomplete");
    let received = receiver.finish();
    received.expect_code(1);
    assert_eq!(received.one("file")["outcome"], "incomplete");
    assert_eq!(received.one("closed")["reason"], "error");
}

#[test]
fn a_full_disk_is_told_and_the_beginning_kept() {
    if !require_tool("prlimit") {
        return;
    }
    // What the limit refuses the system refuses with EFBIG, as a full disk does with ENOSPC.
    let folder = tempdir().expect("a folder");
    let into = folder.path().to_str().expect("UTF-8");
    let inner = sockeye(&["receive", "tcp://127.0.0.1:0", "--into", into, "--protocol", "raw", "--once", "--json"]);
    let mut command = std::process::Command::new("prlimit");
    command.arg("--fsize=100000:100000").arg(inner.get_program()).args(inner.get_args());
    let mut sockeye = Sockeye::watch(command);
    let endpoint = sockeye.listening();
    let mut peer = TcpStream::connect(address(&endpoint)).expect("somebody listens");
    // It is cut off before the end.
    peer.write_all(&noise(4 << 20)).ok();
    drop(peer);
    let run = sockeye.finish();
    run.expect_code(1);
    assert_eq!(run.one("file")["outcome"], "incomplete");
    assert!(run.all("error").iter().any(|error| error["operation"] == "write-file"), "{:#?}", run.events);
    run.summary();
    assert_eq!(listing(folder.path()), ["received.bin.incomplete"]);
    let kept = std::fs::read(folder.path().join("received.bin.incomplete")).expect("the beginning");
    assert!(kept == noise(4 << 20)[..100_000], "{} bytes are kept, or others than came", kept.len());
}

#[test]
fn plain_files_keep_to_the_limits_too() {
    let folder = tempdir().expect("a folder");
    let into = folder.path().to_str().expect("UTF-8");
    let limits = ["--protocol", "raw", "--largest", "4 KiB", "--most", "2"];
    let (mut sockeye, endpoint) =
        Sockeye::listen(&[&["receive", "tcp://127.0.0.1:0", "--into", into], &limits[..]].concat());
    let outcomes = [4096, 4097, 1].map(|len| {
        let mut peer = TcpStream::connect(address(&endpoint)).expect("somebody listens");
        peer.write_all(&noise(len)).expect("it is taken");
        drop(peer);
        sockeye.expect("file")["outcome"].clone()
    });
    assert_eq!(outcomes, ["unverified", "incomplete", "refused"]);
    let run = sockeye.interrupt();
    let errors = run.all("error");
    let says =
        |words: &str| errors.iter().any(|error| error["message"].as_str().is_some_and(|text| text.contains(words)));
    assert!(says("larger than 4.00 KiB") && says("2 files"), "{errors:?}");
    assert_eq!(listing(folder.path()), ["received.bin", "received.bin.incomplete"]);
}

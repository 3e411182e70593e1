//! Programs that keep files: Python's take what this program sends, a file a connection, as `receive` does.

#![cfg(unix)]

mod support;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use sockeye::model::{Program, ReceiveMode, Recipe, Role, Target};
use support::{PATIENCE, Process, Sockeye, Written, code, folder, listing, noise, require_tool, run, sockeye, write};

fn keeper(into: &Path, protocol: &str) -> (Written, String) {
    let into = into.to_str().expect("UTF-8");
    let mut server = Written::python(&["tcp://127.0.0.1:0", "--listen", "--into", into, "--protocol", protocol]);
    let endpoint = server.reached_at("tcp://127.0.0.1:PORT");
    (server, endpoint)
}

/// Waits until so many files are closed.
fn has_kept(server: &mut Written, count: usize) {
    let ends = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().filter(|line| line.contains(" ends ")).count();
    server.process.read_until("the files' ends", |bytes| ends(bytes) >= count);
}

#[test]
fn python_keeps_all_bytes_of_a_connection_as_a_file() {
    if !require_tool("python3") {
        return;
    }
    let (ours, theirs) = (folder(), folder());
    // Far beyond one receive of anybody.
    let contents = [noise(300_000), Vec::new(), noise(5)];
    let (mut server, endpoint) = keeper(theirs.path(), "raw");
    for (count, content) in contents.iter().enumerate() {
        let source = write(ours.path(), "source.bin", content);
        run(&["send-file", &endpoint, source.to_str().expect("UTF-8"), "--protocol", "raw"]).expect_code(0);
        has_kept(&mut server, count + 1);
    }
    let names = ["received (2).bin", "received (3).bin", "received.bin"];
    assert_eq!(listing(theirs.path()), names);
    for (name, content) in ["received.bin", "received (2).bin", "received (3).bin"].iter().zip(&contents) {
        assert!(&fs::read(theirs.path().join(name)).expect("the file") == content, "{name}");
    }
}

#[test]
fn python_keeps_a_file_by_the_name_that_comes_first() {
    if !require_tool("python3") {
        return;
    }
    let (ours, theirs) = (folder(), folder());
    let content = noise(300_000);
    let source = write(ours.path(), "报告 1.docx", &content);
    let (mut server, endpoint) = keeper(theirs.path(), "tutorial");
    let mut count = 0;
    support::within_the_pause(|| {
        run(&["send-file", &endpoint, source.to_str().expect("UTF-8"), "--protocol", "tutorial"]).expect_code(0);
        count += 1;
        has_kept(&mut server, count);
        theirs.path().join("报告 1.docx").exists()
    });
    assert!(fs::read(theirs.path().join("报告 1.docx")).expect("the file") == content);
}

/// A peer that says a name, waits until the file is begun, and sends the content then.
fn says(server: &mut Written, endpoint: &str, name: &[u8], content: &[u8]) {
    let before = server.process.stdout.len();
    let mut peer = TcpStream::connect(endpoint.trim_start_matches("tcp://")).expect("somebody listens");
    peer.write_all(name).expect("it is read");
    server.process.read_until("that it begins", |bytes| {
        String::from_utf8_lossy(&bytes[before..]).lines().any(|line| line.contains(" begins "))
    });
    peer.write_all(content).expect("it is read");
    drop(peer);
    server.process.read_until("that it ends", |bytes| {
        String::from_utf8_lossy(&bytes[before..]).lines().any(|line| line.starts_with("closed "))
    });
}

#[test]
fn python_writes_into_the_folder_alone_and_over_nothing() {
    if !require_tool("python3") {
        return;
    }
    let outer = folder();
    let theirs = outer.path().join("in");
    fs::create_dir(&theirs).expect("a folder");
    write(&theirs, "there.txt", b"precious");
    let outside = write(outer.path(), "outside.txt", b"precious");
    symlink(&outside, theirs.join("link.txt")).expect("a link");
    let (mut server, endpoint) = keeper(&theirs, "tutorial");
    for (name, kept) in [
        (&b"../../outside.txt"[..], "outside.txt"),
        (b"/etc/passwd", "passwd"),
        (b"C:\\Windows\\win.ini", "win.ini"),
        (b"there.txt", "there (2).txt"),
        (b"link.txt", "link (2).txt"),
        (b"..", "unnamed"),
        (b".profile", "_.profile"),
        (b"NUL.txt", "_NUL.txt"),
        (b"a:b?.txt. ", "a_b_.txt"),
        ("\u{202e}gpj.exe".as_bytes(), "_gpj.exe"),
        (b"\xb1\xa8\xb8\xe6.txt", "报告.txt"),
        (b"README", "README"),
        // What can't be a name alone is content.
        (b"a.txt\nline\n", "received.bin"),
        (b"\xff\xfe", "received (2).bin"),
    ] {
        says(&mut server, &endpoint, name, b"content");
        let whole = if kept.starts_with("received") { [name, b"content"].concat() } else { b"content".to_vec() };
        let found = fs::read(theirs.join(kept)).unwrap_or_else(|error| panic!("{kept}: {error}"));
        assert_eq!(found, whole, "{kept}");
    }
    assert_eq!(listing(&theirs).len(), 16);
    assert_eq!(fs::read(theirs.join("there.txt")).expect("it is there"), b"precious");
    assert_eq!(fs::read(&outside).expect("it is there"), b"precious");
    assert_eq!(listing(outer.path()), ["in", "outside.txt"]);
    // As long as a file system lets a name be, and a number finds room.
    let long = [&[b'x'; 251][..], b".txt"].concat();
    for stem in [190, 194] {
        says(&mut server, &endpoint, &long, b"content");
        assert!(listing(&theirs).iter().any(|name| name.len() == stem + 4), "{:?}", listing(&theirs));
    }
}

/// What a client's tab that keeps files is shown as: it asks, and keeps what comes until the listener closes.
#[test]
fn python_s_client_keeps_what_it_is_sent() {
    if !require_tool("python3") {
        return;
    }
    let theirs = folder();
    let (mut sockeye, bound) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--reply", "the content"]);
    let target: Target = bound.parse().expect("an endpoint");
    let receive = ReceiveMode::Raw { into: theirs.path().to_owned() };
    let recipe = Recipe { message: Some(b"a file"), receive: &receive, ..Recipe::new(Role::Client, &target) };
    let text = Program::Python.write(&recipe).expect("Python keeps files");
    let mut command = Command::new("python3");
    command.args(["-c", &text]).env("PYTHONIOENCODING", "utf-8");
    let mut client = Written::start(command, text);
    sockeye.expect("received");
    client.has_told(" begins ");
    sockeye.interrupt().expect_code(0);
    client.finish();
    assert_eq!(fs::read(theirs.path().join("received.bin")).expect("the file"), b"the content");
}

/// Bytes that were kept are there also when the program is told to end.
#[test]
fn what_has_come_is_kept_when_python_is_interrupted() {
    if !require_tool("python3") {
        return;
    }
    let theirs = folder();
    let (mut server, endpoint) = keeper(theirs.path(), "raw");
    let mut peer = TcpStream::connect(endpoint.trim_start_matches("tcp://")).expect("somebody listens");
    peer.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    peer.write_all(b"half of it").expect("it is read");
    server.has_told(" begins ");
    server.interrupt();
    // The system closes what the program had open.
    assert!(matches!(peer.read(&mut [0]), Ok(0) | Err(_)));
    assert!(b"half of it".starts_with(&fs::read(theirs.path().join("received.bin")).expect("the file")));
}

#[test]
fn what_python_does_not_keep_is_said() {
    let into = ["tcp://127.0.0.1:9", "--listen", "--into", "/tmp"];
    for (more, words) in [
        (&["--protocol", "raw", "--as", "netcat"][..], "netcat doesn't keep the files of several connections apart"),
        (&["--protocol", "tutorial", "--as", "socat"], "socat doesn't keep the files of several connections apart"),
        (&["--protocol", "auto"], "Python would need a protocol of Sockeye's own"),
        (&[], "Python would need a protocol of Sockeye's own"),
    ] {
        let finished = Process::start(sockeye(&[&["code"], &into[..], more].concat())).finish();
        assert_eq!(finished.code, Some(1), "{more:?}");
        assert!(finished.stderr.contains(words) && finished.stdout.is_empty(), "{more:?}: {}", finished.stderr);
    }
    for arguments in [
        &["tcp://127.0.0.1:9", "--into", "/tmp"][..],
        &["tcp://127.0.0.1:9", "--listen", "--protocol", "raw"],
        &["tcp://127.0.0.1:9", "--listen", "--into", "/tmp", "--echo"],
        &["udp://127.0.0.1:9", "--listen", "--into", "/tmp"],
    ] {
        let finished = Process::start(sockeye(&[&["code"], arguments].concat())).finish();
        assert_eq!(finished.code, Some(2), "{arguments:?}: {}", finished.stderr);
    }
    let text = code(&[&into[..], &["--protocol", "raw"]].concat());
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}

//! What can't work: an exit status, an error that names operation, place and reason, and nothing changed.

#![cfg(unix)]

mod support;

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::time::Instant;

use serde_json::Value;
use support::{
    PATIENCE, Sockeye, in_own_network, listing, refusing_tcp, refusing_udp, require_tool, rows_of, run, sockeye,
    without_names, write,
};
use tempfile::tempdir;

fn contains(value: &Value, part: &str) -> bool {
    value.as_str().is_some_and(|text| text.contains(part))
}

#[test]
fn a_port_in_use_names_who_holds_it() {
    let held = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("tcp://{}", held.local_addr().expect("an address"));
    let run = run(&["listen", &endpoint]);
    let error = run.expect_error(1, "bind");
    assert_eq!(error["message"], "address already in use");
    assert_eq!(error["endpoint"], endpoint.as_str());
    if cfg!(target_os = "linux") {
        let id = std::process::id().to_string();
        assert!(contains(&error["hint"], &id), "{error} names {id}");
    }
    run.summary();
}

#[test]
fn a_udp_port_in_use_is_not_shared() {
    let held = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("udp://{}", held.local_addr().expect("an address"));
    let run = run(&["listen", &endpoint]);
    assert_eq!(run.expect_error(1, "bind")["message"], "address already in use");
}

#[test]
fn nobody_listens() {
    let (_held, address) = refusing_tcp();
    let endpoint = format!("tcp://{address}");
    let run = run(&["connect", &endpoint, "--send", "x"]);
    let error = run.expect_error(1, "connect");
    assert_eq!((&error["message"], &error["endpoint"]), (&"connection refused".into(), &endpoint.into()));
    assert!(error["hint"].is_string(), "{error}");
    assert!(run.all("opened").is_empty());
}

#[test]
fn nobody_listens_for_a_datagram() {
    let (_held, address) = refusing_udp();
    let run = run(&["connect", &format!("udp://{address}"), "--send", "x"]);
    assert_eq!(run.expect_error(1, "receive")["message"], "connection refused");
}

#[test]
fn no_such_host() {
    in_own_network("no_such_host", || {
        without_names();
        for verb in [&["connect", "tcp://nosuch.invalid:9", "--send", "x"][..], &["listen", "tcp://nosuch.invalid:9"]] {
            let run = run(verb);
            let error = run.expect_error(1, "resolve");
            assert!(contains(&error["endpoint"], "nosuch.invalid"), "{error}");
            assert!(contains(&error["message"], "no such host"), "{error}");
        }
    });
}

#[test]
fn an_address_of_another_machine_can_t_be_bound() {
    // 192.0.2.0/24 is for documentation, RFC 5737.
    let run = run(&["listen", "tcp://192.0.2.1:0"]);
    let error = run.expect_error(1, "bind");
    assert_eq!(error["endpoint"], "tcp://192.0.2.1:0");
}

#[test]
fn bad_usage() {
    for (arguments, part) in [
        (&["listen", "tcp://127.0.0.1:70000"][..], "70000"),
        (&["listen", "tcp://127.0.0.1:x"], "x"),
        (&["listen", "tcp://127.0.0.1"], "port"),
        (&["listen", "tcp://:9000"], "address"),
        (&["listen", "127.0.0.1:9000"], "tcp://"),
        (&["listen", "http://127.0.0.1:9000"], "http"),
        (&["listen", "unix:"], "path"),
        (&["listen", "tcp://127.0.0.1:0?nosuch=1"], "nosuch"),
        (&["listen", "tcp://127.0.0.1:0?rcvbuf=much"], "rcvbuf"),
        (&["listen", "tcp://127.0.0.1:0", "--nosuch"], "--nosuch"),
        (&["listen"], "ENDPOINT"),
        (&["connect", "tcp://127.0.0.1:9", "--send-hex", "0g"], "g"),
        (&["connect", "tcp://127.0.0.1:9", "--send-hex", "abc"], "abc"),
        (&["connect", "tcp://127.0.0.1:9", "--wait", "-1"], "-1"),
        (&["send-file", "udp://127.0.0.1:9", "a.bin"], "stream"),
        (&["listen", "udp://127.0.0.1:0", "--stay-half-open"], "half open"),
        (&["listen", "tcp://127.0.0.1:0", "--stay-half-open", "--page", "x"], "--page"),
        (&["nosuch"], "nosuch"),
    ] {
        let run = run(arguments);
        let error = run.expect_error(2, "usage");
        assert!(contains(&error["message"], part), "{arguments:?}: {error}");
        assert_eq!(run.events.len(), 1, "nothing but the error: {:?}", run.events);

        // For a person the same on standard error, and nothing on standard output.
        let output = sockeye(arguments).output().expect("it runs");
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{words}");
        assert!(words.contains(part), "{arguments:?}: {words}");
    }
}

#[test]
fn an_argument_that_can_t_be_right_does_not_drive_the_terminal() {
    for arguments in [
        &["listen", "tcp://\u{1b}[2J:9000:"][..],
        &["listen", "tcp://127.0.0.1:9?\u{1b}[2J=1"],
        &["listen", "\u{1b}[2J"],
        &["connect", "tcp://127.0.0.1:9", "--send-hex", "\u{1b}[2J"],
        &["connect", "can://can0", "--send", "\u{1b}[2J"],
        &["connect", "udp://127.0.0.1:9", "--to", "\u{1b}[2J:"],
        &["connect", "tcp://127.0.0.1:9", "--bind", "\u{1b}[2J"],
        &["connect", "tcp://127.0.0.1:9", "--wait", "\u{1b}[2J"],
        &["listen", "tcp://127.0.0.1:9", "--\u{1b}[2J"],
        &["code", "tcp://127.0.0.1:9", "--as", "\u{1b}[2J"],
        &["time-wait", "\u{1b}[2J"],
        &["\u{1b}[2J"],
    ] {
        let output = sockeye(arguments).output().expect("it runs");
        let words = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(2), "{words}");
        assert!(words.contains("␛[2J"), "{arguments:?}: {words:?}");
        assert!(!words.contains(|c: char| c.is_control() && c != '\n'), "{arguments:?}: {words:?}");
    }
}

#[test]
fn a_path_too_long_for_a_socket() {
    let folder = tempdir().expect("a folder");
    let room = 108 - folder.path().as_os_str().len() - 1;
    let path = folder.path().join("x".repeat(room));
    assert_eq!(path.as_os_str().len(), 108);
    let run = run(&["listen", &format!("unix:{}", path.display())]);
    let error = run.expect_error(2, "usage");
    assert!(contains(&error["message"], "107") && contains(&error["message"], "108"), "{error}");
    assert_eq!(listing(folder.path()), [""; 0]);
}

/// A listener that must not be connected to, and its endpoint.
fn untouched() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("non-blocking");
    let endpoint = format!("tcp://{}", listener.local_addr().expect("an address"));
    (listener, endpoint)
}

#[test]
fn a_file_that_can_t_be_sent_is_refused_before_anybody_hears_of_it() {
    let folder = tempdir().expect("a folder");
    let good = write(folder.path(), "good.txt", b"good");
    let missing = folder.path().join("missing.txt");
    let dangling = folder.path().join("dangling.txt");
    std::os::unix::fs::symlink("nowhere", &dangling).expect("a link");
    let (listener, endpoint) = untouched();
    for path in [missing.as_path(), folder.path(), &dangling] {
        let (good, path) = (good.to_str().expect("UTF-8"), path.to_str().expect("UTF-8"));
        let run = run(&["send-file", &endpoint, good, path]);
        let error = run.expect_error(1, "open-file");
        assert_eq!(error["path"], path);
        assert!(listener.accept().is_err(), "a connection was made for {path}");
    }
}

#[test]
fn a_folder_that_can_t_be_received_into() {
    let folder = tempdir().expect("a folder");
    let file = write(folder.path(), "file", b"mine");
    let missing = folder.path().join("missing");
    for into in [&file, &missing] {
        let run = run(&["receive", "tcp://127.0.0.1:0", "--into", into.to_str().expect("UTF-8")]);
        run.expect_code(1);
        let error = run.one("error");
        assert!(contains(&error["path"], into.to_str().expect("UTF-8")), "{error}");
        assert!(run.all("listening").is_empty(), "nobody is invited to send");
    }
    assert_eq!(fs::read(&file).expect("the file"), b"mine");
    assert_eq!(listing(folder.path()), ["file"]);
}

#[test]
fn a_journal_that_can_t_be_written() {
    let folder = tempdir().expect("a folder");
    let precious = write(folder.path(), "precious.txt", b"not a journal");
    let nowhere = folder.path().join("missing").join("x.sqlite");
    for journal in [precious.as_path(), nowhere.as_path(), folder.path()] {
        let run = run(&["listen", "tcp://127.0.0.1:0", "--journal", journal.to_str().expect("UTF-8")]);
        run.expect_error(1, "open-journal");
        assert!(run.all("listening").is_empty());
    }
    assert_eq!(fs::read(&precious).expect("the file"), b"not a journal");
    assert_eq!(listing(folder.path()), ["precious.txt"]);
}

#[test]
fn a_journal_on_a_full_disk_says_to_the_end_how_much_it_lacks() {
    if !require_tool("prlimit") {
        return;
    }
    let folder = tempdir().expect("a folder");
    let journal = folder.path().join("x.sqlite");
    let inner = sockeye(&["listen", "udp://127.0.0.1:0", "--json", "--journal", journal.to_str().expect("UTF-8")]);
    let mut command = std::process::Command::new("prlimit");
    command.arg("--fsize=200000:200000").arg(inner.get_program()).args(inner.get_args());
    let mut sockeye = Sockeye::watch(command);
    let endpoint = sockeye.listening();
    let peer = UdpSocket::bind("127.0.0.1:0").expect("a port");
    peer.connect(endpoint.strip_prefix("udp://").expect("an endpoint")).expect("an address");
    let mut sent = 0_u64;
    let mut say = |sockeye: &mut Sockeye, text: &[u8]| {
        peer.send(text).expect("it is there");
        sent += 1;
        sockeye.expect("received");
    };
    while !sockeye.events.iter().any(|event| event["event"] == "notice" && event["notice"] == "recording-paused") {
        say(&mut sockeye, &[b'x'; 10_000]);
    }
    // The next try comes a second later: nothing is told of these before the end, unless they take as long. What is so
    // small may have room then, and recording pauses again.
    for _ in 0..5 {
        say(&mut sockeye, b"y");
    }
    let run = sockeye.interrupt();
    run.expect_code(1);
    let told = |notice: &&&Value| matches!(notice["notice"].as_str(), Some("recording-paused" | "recording-resumed"));
    let notices = run.all("notice");
    let resumed = notices.iter().filter(|notice| notice["notice"] == "recording-resumed").count();
    let errors = run.all("error");
    // One for each pause, the last of which may last to the end.
    let pauses = resumed.max(1)..=resumed + 1;
    assert!(pauses.contains(&errors.len()), "{errors:?} {notices:?}");
    assert!(errors.iter().all(|error| error["operation"] == "write-journal"), "{errors:?}");
    let missed = notices.iter().rfind(told).and_then(|notice| notice["missed"].as_u64()).expect("a count");
    let kept = rows_of(&journal).iter().filter(|row| row["kind"] == "data").count() as u64;
    assert!(kept < sent && kept + missed >= sent, "{kept} of {sent} kept, {missed} missed: {notices:?}");
}

#[test]
fn recording_goes_on_once_a_full_disk_has_room() {
    in_own_network("recording_goes_on_once_a_full_disk_has_room", || {
        let disk = tempdir().expect("a folder");
        let mount = |arguments: &[&str]| {
            let mounted = std::process::Command::new("mount").args(arguments).arg(disk.path()).status();
            assert!(mounted.is_ok_and(|status| status.success()), "{arguments:?}");
        };
        mount(&["-t", "tmpfs", "-o", "size=600k", "tmpfs"]);
        let journal = disk.path().join("x.sqlite");
        let mut sockeye =
            Sockeye::start(&["listen", "udp://127.0.0.1:0", "--journal", journal.to_str().expect("UTF-8")]);
        let endpoint = sockeye.listening();
        let peer = UdpSocket::bind("127.0.0.1:0").expect("a port");
        peer.connect(endpoint.strip_prefix("udp://").expect("an endpoint")).expect("an address");
        let mut sent = 0_u64;
        let mut until = |sockeye: &mut Sockeye, notice: &str| {
            let deadline = Instant::now() + PATIENCE;
            while !sockeye.events.iter().any(|event| event["notice"] == notice) {
                assert!(Instant::now() < deadline, "no {notice}");
                peer.send(&[b'x'; 10_000]).expect("it is there");
                sent += 1;
                sockeye.expect("received");
            }
        };
        until(&mut sockeye, "recording-paused");
        let error = sockeye.events.iter().find(|event| event["event"] == "error").expect("an error");
        assert_eq!(
            (&error["operation"], &error["message"]),
            (&"write-journal".into(), &"no space left".into()),
            "{error}"
        );
        mount(&["-o", "remount,size=64m"]);
        until(&mut sockeye, "recording-resumed");
        let run = sockeye.interrupt();
        run.expect_code(1);

        let rows = rows_of(&journal);
        let place = rows.iter().position(|row| row["notice"]["notice"] == "recording-resumed");
        let place = place.expect("a row that says that some are missing");
        let missed = rows[place]["notice"]["missed"].as_u64().expect("a count");
        let kept = rows.iter().filter(|row| row["kind"] == "data").count() as u64;
        assert!(missed > 0 && kept + missed == sent, "{kept} of {sent} kept, {missed} missed");
        assert!(rows[place..].iter().any(|row| row["kind"] == "data"), "what came then is there");
    });
}

#[test]
fn a_datagram_that_is_too_long() {
    let peer = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("udp://{}", peer.local_addr().expect("an address"));
    let run = run(&["connect", &endpoint, "--send", &"x".repeat(65_508), "--wait", "0"]);
    let error = run.expect_error(1, "send");
    assert!(error["hint"].is_string(), "{error}");
    assert!(run.all("sent").is_empty());
}

#[test]
fn words_for_a_person_name_operation_place_and_reason() {
    let held = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("tcp://{}", held.local_addr().expect("an address"));
    let output = sockeye(&["listen", &endpoint]).output().expect("it runs");
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{words}");
    let address = endpoint.trim_start_matches("tcp://");
    for part in ["bind", address, "address already in use"] {
        assert!(words.contains(part), "{part} in {words}");
    }
    let output = sockeye(&["listen", &endpoint]).env("LC_ALL", "zh_CN.UTF-8").output().expect("it runs");
    assert!(String::from_utf8_lossy(&output.stderr).contains("地址已被占用"), "the system's language");
}

#[test]
fn output_that_nobody_reads_ends_the_run() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let mut command = sockeye(&["listen", "udp://127.0.0.1:0", "--json"]);
    command.stdout(writer).stderr(std::process::Stdio::null());
    let mut child = command.spawn().expect("it runs");
    drop(command);
    let mut lines = std::io::BufReader::new(reader);
    let mut first = String::new();
    std::io::BufRead::read_line(&mut lines, &mut first).expect("the first line");
    let told: Value = serde_json::from_str(&first).expect("JSON");
    drop(lines);
    let address = told["endpoint"].as_str().expect("an endpoint").trim_start_matches("udp://").to_owned();
    let peer = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let deadline = Instant::now() + PATIENCE;
    // More than one: a program that another test starts holds a copy of the reader until it is executed.
    let status = loop {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            break status;
        }
        if Instant::now() > deadline {
            child.kill().expect("it runs");
            panic!("it goes on");
        }
        // It may have ended just now.
        peer.send_to(b"x", &address).ok();
        std::thread::yield_now();
    };
    assert_eq!(status.code(), Some(0));
}

#[test]
fn help_and_version_are_no_mistakes() {
    for arguments in [&["--help"][..], &["--version"], &["connect", "--help"]] {
        let output = sockeye(arguments).output().expect("it runs");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(!output.stdout.is_empty() && output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn options_are_taken_and_the_endpoint_told_without_them() {
    let (sockeye, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0?rcvbuf=1M&nodelay=0&backlog=16"]);
    assert!(endpoint.starts_with("tcp://127.0.0.1:"), "{endpoint}: the query is not part of what is told");
    sockeye.interrupt().expect_code(0);
}

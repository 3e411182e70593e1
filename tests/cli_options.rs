//! Socket options on the command line: what the kernel made of them, and what can't be.

#![cfg(unix)]

mod support;

use std::process::{Command, Stdio};

use serde_json::json;
use sockeye::model::{Protocol, SocketOption};
use support::{Sockeye, require_tool, run, sockeye};

#[test]
fn what_the_kernel_answers_is_an_event_after_the_first() {
    let (mut server, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0?rcvbuf=32K&nodelay=off&proto=tcp"]);
    assert_eq!(server.next(), json!({"event": "option", "name": "proto", "asked": "tcp", "answer": "tcp"}));
    assert_eq!(server.next(), json!({"event": "option", "name": "nodelay", "asked": false, "answer": false}));
    assert_eq!(server.next(), json!({"event": "option", "name": "rcvbuf", "asked": 32768, "answer": 65536}));

    let client = run(&["connect", &format!("{endpoint}?congestion=reno"), "--send", "x"]);
    let told = client.one("option");
    assert_eq!(*told, json!({"event": "option", "name": "congestion", "asked": "reno", "answer": "reno"}));
    server.interrupt().expect_code(0);
}

#[test]
fn without_options_nothing_is_told_of_them() {
    let (server, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--once"]);
    assert!(run(&["connect", &endpoint, "--send", "x"]).all("option").is_empty());
    assert!(server.finish().all("option").is_empty());
}

#[test]
fn people_read_what_was_asked_and_what_is() {
    let (server, endpoint) = Sockeye::listen(&["listen", "tcp://127.0.0.1:0", "--once"]);
    let target = format!("{endpoint}?sndbuf=64K&nodelay=1&dscp=ef");
    let mut client = sockeye(&["connect", &target, "--send", "x"]);
    let output = client.stdin(Stdio::null()).output().expect("the program runs");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains("sndbuf is 131072; asked for 65536"), "{words}");
    assert!(words.contains("nodelay is 1, as asked"), "{words}");
    assert!(words.contains("tos is 184 (EF), as asked"), "{words}");
    server.finish();
}

#[test]
fn an_option_that_the_transport_has_none_of_is_a_wrong_use() {
    for (endpoint, words) in [
        ("udp://127.0.0.1:0?nodelay=1", "udp sockets have no option nodelay"),
        ("unix:/nowhere?ttl=1", "unix sockets have no option ttl"),
        ("tcp://127.0.0.1:0?ttl=0", "ttl can't be “0”; it takes 1 to 255"),
        ("tcp://127.0.0.1:0?ttl=99999999999", "it takes 1 to 255"),
        ("tcp://127.0.0.1:0?dscp=AF14", "dscp can't be “AF14”; it takes 0 to 63, or a class: CS0 to CS7, AF11 to AF43"),
        ("tcp://127.0.0.1:0?tos=256", "it takes 0 to 255, or a class"),
        ("tcp://127.0.0.1:0?maxseg=1", "maxseg can't be “1”; it takes 88 to 32,767 bytes"),
        ("tcp://127.0.0.1:0?linger=70000", "it takes 0 to 65,535 s, or off"),
        ("tcp://127.0.0.1:0?keepidle=0", "it takes 1 to 32,767 s"),
        ("tcp://127.0.0.1:0?usertimeout=3000000000", "it takes 0 to 2,147,483,647 ms"),
        ("tcp://127.0.0.1:0?nodelay=2", "it takes 0 or 1"),
        ("tcp://127.0.0.1:0?device=a/b", "a name of at most 15 letters"),
        ("tcp://127.0.0.1:0?rcvbuf=1&rcvbuf=2", "rcvbuf=1 and rcvbuf=2 set the same option"),
        ("tcp://127.0.0.1:0?dscp=46&tos=3", "dscp=46 and tos=3 set the same option"),
        ("raw://127.0.0.1?proto=icmp&proto=tcp", "proto=icmp and proto=tcp set the same option"),
        ("tcp://127.0.0.1:0?ttl=256", "ttl can't be “256”"),
        ("tcp://127.0.0.1:0?dscp=64", "dscp can't be “64”; it takes 0 to 63"),
        ("tcp://127.0.0.1:0?proto=nonsense", "proto can't be “nonsense”"),
    ] {
        let run = run(&["listen", endpoint]);
        run.expect_code(2);
        let error = run.one("error");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(words)), "{error}");
    }
}

#[test]
fn an_option_of_the_other_side_is_a_wrong_use() {
    for arguments in [
        &["connect", "tcp://127.0.0.1:9?backlog=5", "--send", "x"][..],
        &["connect", "unix:/nowhere?backlog=5"],
        &["connect", "fd://3?backlog=5"],
        &["send-file", "tcp://127.0.0.1:9?backlog=5", "a.bin"],
        &["code", "tcp://127.0.0.1:9?backlog=5"],
    ] {
        let output = sockeye(arguments).output().expect("it runs");
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {words}");
        assert!(words.contains("Only listeners have the option backlog"), "{words}");
    }
    let late = run(&["connect", "fd://3?maxseg=900"]);
    let error = late.expect_error(2, "usage");
    assert!(error["message"].as_str().is_some_and(|message| message.contains("too late for the option maxseg")));
    let listen = sockeye(&["code", "tcp://127.0.0.1:9?backlog=5", "--listen"]).output().expect("it runs");
    assert_eq!(listen.status.code(), Some(0), "a listener has it");
}

#[test]
fn what_the_kernel_refuses_is_an_error_with_the_option() {
    let run = run(&["listen", "tcp://127.0.0.1:0?congestion=nonsense"]);
    run.expect_code(1);
    let error = run.one("error");
    assert_eq!(
        (&error["operation"], &error["endpoint"]),
        (&json!("set-option"), &json!("tcp://127.0.0.1:0?congestion=nonsense"),)
    );
    assert_eq!(error["message"], "nothing on this system has this name");
    assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("tcp_available_congestion_control")), "{error}");
}

#[test]
fn the_readme_lists_every_option() {
    let readme = include_str!("../README.md");
    for option in SocketOption::ALL {
        let (name, mark) = (option.name(), if option.is_live() { "*" } else { "" });
        let listed = readme.matches(&format!("`{name}`{mark}")).count();
        assert!(listed > 0, "`{name}`{mark}");
        assert!(option.is_live() || !readme.contains(&format!("`{name}`*")), "{name} can't be changed in use");
    }
}

/// Needs a network of its own: the server's half is switched off by default.
#[test]
fn with_fast_open_a_known_server_gets_bytes_with_the_request() {
    if !require_tool("unshare") || !require_tool("ip") || !require_tool("nstat") {
        return;
    }
    let script = r#"
        set -e
        trap 'exit 1' TERM
        trap 'kill $server $client 2> /dev/null || true' EXIT
        ip link set lo up
        echo 3 > /proc/sys/net/ipv4/tcp_fastopen
        "$0" listen 'tcp://127.0.0.1:9000?fastopen=5' --echo --json > "$1/listen" &
        server=$!
        until grep -q listening "$1/listen"; do sleep 0.02; done
        for text in first second; do
            "$0" connect 'tcp://127.0.0.1:9000?fastopen=1' --send $text --wait 20000 --json > "$1/$text" < /dev/null &
            client=$!
            until grep -q '"event":"received"' "$1/$text"; do sleep 0.02; done
            kill -INT $client
            wait $client
        done
        kill -INT $server
        wait $server
        nstat -asz TcpExtTCPFastOpenActive
    "#;
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new("timeout");
    command.args([
        "60",
        "unshare",
        "--user",
        "--map-root-user",
        "--net",
        "sh",
        "-c",
        script,
        env!("CARGO_BIN_EXE_sockeye"),
    ]);
    let output = command.arg(folder.path()).output().expect("unshare runs");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    let counted = String::from_utf8_lossy(&output.stdout);
    let active = counted.lines().find_map(|line| line.strip_prefix("TcpExtTCPFastOpenActive"));
    let active = active.and_then(|rest| rest.split_whitespace().next());
    assert_eq!(active, Some("1"), "the second connection, which had the first one's cookie: {counted}");
    let second = std::fs::read_to_string(folder.path().join("second")).expect("the second run's events");
    assert!(second.contains(r#""peer":"tcp://127.0.0.1:9000""#), "{second}");
    assert!(second.contains(r#""hex":"7365636f6e64""#), "its echo: {second}");
}

/// `--help` of whatever takes an endpoint, and `help` alone.
#[test]
fn help_has_every_transport_and_every_option() {
    for arguments in [&["help"][..], &["listen", "--help"], &["connect", "--help"], &["help", "code"]] {
        let output = sockeye(arguments).output().expect("it runs");
        let text = String::from_utf8(output.stdout).expect("it is text");
        let explained = |name: &str| {
            let line = text.lines().find(|line| line.trim_start().split(' ').next() == Some(name));
            line.is_some_and(|line| line.trim_start()[name.len()..].trim().len() > 10)
        };
        for protocol in Protocol::ALL {
            let scheme = format!("{}{}", protocol.scheme(), protocol.separator());
            let line = text.lines().find(|line| line.trim_start().starts_with(&scheme));
            assert!(line.is_some_and(|line| line.contains("  ")), "{arguments:?} has no {scheme}\n{text}");
        }
        for option in SocketOption::ALL {
            assert!(explained(option.name()), "{arguments:?} has no {}\n{text}", option.name());
        }
        let (_, below) = text.split_once("Endpoints:").expect("the endpoints");
        assert!(below.lines().all(|line| line.chars().count() <= 100), "{below}");
    }
}

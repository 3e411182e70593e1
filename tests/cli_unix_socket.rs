//! Unix sockets: what may stand in the way of one, and what is left of it.

#![cfg(unix)]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use support::{Sockeye, listing, run, write};
use tempfile::tempdir;

fn endpoint(path: &Path) -> String {
    format!("unix:{}", path.display())
}

#[test]
fn a_stale_socket_is_taken_over() {
    let folder = tempdir().expect("a folder");
    let path = folder.path().join("x.sock");
    drop(UnixListener::bind(&path).expect("a socket"));
    assert!(path.exists(), "the file outlives its listener");

    // The first line stays the first, although the removal came before it.
    let (mut sockeye, _) = Sockeye::listen(&["listen", &endpoint(&path), "--echo"]);
    assert_eq!(sockeye.expect("notice")["notice"], "stale-socket-removed");
    let mut peer = UnixStream::connect(&path).expect("somebody listens");
    peer.write_all(b"ping").expect("it is sent");
    let mut answer = [0; 4];
    peer.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"ping");
    sockeye.interrupt().expect_code(0);
    assert_eq!(listing(folder.path()), [""; 0], "the file is gone with the listener");
}

#[test]
fn a_live_socket_is_left_alone() {
    let folder = tempdir().expect("a folder");
    let path = folder.path().join("x.sock");
    let live = UnixListener::bind(&path).expect("a socket");
    let run = run(&["listen", &endpoint(&path)]);
    run.expect_code(1);
    let error = run.one("error");
    assert_eq!((&error["operation"], &error["message"]), (&"bind".into(), &"address already in use".into()));
    assert!(fs::symlink_metadata(&path).expect("it is there").file_type().is_socket());
    drop(live);
}

#[test]
fn a_regular_file_is_refused_and_untouched() {
    let folder = tempdir().expect("a folder");
    let path = write(folder.path(), "precious.txt", b"mine");
    for arguments in [&["listen", &endpoint(&path)][..], &["connect", &endpoint(&path), "--send", "x"]] {
        let run = run(arguments);
        run.expect_code(1);
        let error = run.one("error");
        assert!(error["message"].as_str().is_some_and(|message| message.contains("socket")), "{error}");
        assert_eq!(fs::read(&path).expect("the file"), b"mine");
    }
}

#[test]
fn a_link_to_a_stale_socket_is_not_followed() {
    let folder = tempdir().expect("a folder");
    let (real, link) = (folder.path().join("real.sock"), folder.path().join("link.sock"));
    drop(UnixListener::bind(&real).expect("a socket"));
    std::os::unix::fs::symlink(&real, &link).expect("a link");
    run(&["listen", &endpoint(&link)]).expect_code(1);
    assert_eq!(listing(folder.path()), ["link.sock", "real.sock"]);
}

#[test]
fn connecting_to_a_stale_socket_says_so() {
    let folder = tempdir().expect("a folder");
    let path = folder.path().join("x.sock");
    drop(UnixListener::bind(&path).expect("a socket"));
    let run = run(&["connect", &endpoint(&path), "--send", "x"]);
    run.expect_code(1);
    let error = run.one("error");
    assert_eq!(error["operation"], "connect");
    assert_eq!(error["endpoint"], endpoint(&path).as_str());
    assert!(error["hint"].is_string(), "{error}");
    assert!(path.exists(), "only a listener may remove it");
}

#[test]
fn the_longest_path_works() {
    let folder = tempdir().expect("a folder");
    let room = 107 - folder.path().as_os_str().len() - 1;
    let path = folder.path().join("x".repeat(room));
    let (sockeye, told) = Sockeye::listen(&["listen", &endpoint(&path), "--once"]);
    assert_eq!(told, endpoint(&path));
    run(&["connect", &told, "--send", "x", "--wait", "0"]).expect_code(0);
    assert_eq!(sockeye.finish().expect_code(0).received(), b"x");
}

#[test]
#[cfg(target_os = "linux")]
fn an_abstract_name_leaves_no_file() {
    let name = format!("unix:@sockeye-test-{}", std::process::id());
    let (sockeye, told) = Sockeye::listen(&["listen", &name, "--reply", "pong", "--once"]);
    assert_eq!(told, name);
    let client = support::ask(&["connect", &name, "--send", "ping"], b"pong");
    assert_eq!(client.expect_code(0).received(), b"pong");
    assert_eq!(client.one("opened")["peer"], name.as_str());
    assert_eq!(sockeye.finish().expect_code(0).received(), b"ping");
}

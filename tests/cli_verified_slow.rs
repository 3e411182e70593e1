//! Verified files where a disk takes its time, which strace(1) makes of any: the other side hears that this one is at work,
//! and what is told in the end is what lies there.

#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::{PATIENCE, Sockeye, folder, noise, require, require_tool, sockeye, write};

/// Whether other programs may be traced here.
fn can_trace() -> bool {
    require_tool("strace") && {
        let traced = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
        require(traced.is_ok_and(|output| output.status.success()), "the right to trace programs")
    }
}

/// The command, whose calls of that name take so many seconds longer where they are on one of these paths. `which` is
/// strace's: all of them, or some.
fn delayed(command: &Command, call: &str, seconds: f64, which: &str, paths: &[&Path]) -> Command {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "signal=none", "-e", &format!("trace={call}")]);
    strace.args(["-e", &format!("inject={call}:delay_enter={:.0}{which}", seconds * 1e6)]);
    for path in paths {
        strace.arg("-P").arg(path);
    }
    strace.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => strace.env(name, value),
            None => strace.env_remove(name),
        };
    }
    strace
}

fn receive(into: &Path) -> Command {
    sockeye(&["receive", "tcp://127.0.0.1:0", "--into", into.to_str().expect("UTF-8"), "--json"])
}

#[test]
fn a_file_that_has_its_name_is_not_said_to_be_incomplete() {
    if !can_trace() {
        return;
    }
    let [from, into] = [(); 2].map(|()| folder());
    let file = write(from.path(), "large.bin", &noise(2 << 20));
    // That of the folder is the last call for a file.
    let mut receiver = Sockeye::watch(delayed(&receive(into.path()), "fsync", 8.0, "", &[into.path()]));
    let endpoint = receiver.listening();
    let file = file.to_str().expect("UTF-8");
    let mut command = sockeye(&["send-file", &endpoint, file, "--protocol", "verified", "--json"]);
    command.env("XDG_CACHE_HOME", from.path().join("cache"));
    let sender = Sockeye::watch(command);
    let named = into.path().join("large.bin");
    let deadline = Instant::now() + PATIENCE;
    while !named.exists() {
        assert!(Instant::now() < deadline, "it doesn't come");
        std::thread::yield_now();
    }
    // To the program: strace doesn't pass it on.
    let tracer = receiver.id();
    let traced = fs::read_to_string(format!("/proc/{tracer}/task/{tracer}/children")).expect("its children");
    let traced = traced.split_whitespace().next().expect("a child").parse().expect("a number");
    kill(Pid::from_raw(traced), Signal::SIGINT).expect("it runs");
    let run = receiver.finish();
    let told = run.one("file");
    assert_eq!((told["outcome"].as_str(), told["path"].as_str()), (Some("verified"), named.to_str()), "{told}");
    sender.finish();
}

//! Verified files where a disk takes its time, which strace(1) makes of any: the other side hears that this one is at work,
//! and what is told in the end is what lies there.

#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sockeye::proto::transfer::{
    Answerer, Caller, DATA_HEADER, Kind, Offer, ReceiveStep, Receiver, Role, Sender, TransferKey,
};
use support::{PATIENCE, Run, Sockeye, folder, noise, require, require_tool, sockeye, write};

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

/// Ends a program that is traced: strace passes no signal on.
fn interrupt(tracer: Sockeye) -> Run {
    let id = tracer.id();
    let traced = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).expect("its children");
    let traced = traced.split_whitespace().next().expect("a child").parse().expect("a number");
    kill(Pid::from_raw(traced), Signal::SIGINT).expect("it runs");
    tracer.finish()
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
    let run = interrupt(receiver);
    let told = run.one("file");
    assert_eq!((told["outcome"].as_str(), told["path"].as_str()), (Some("verified"), named.to_str()), "{told}");
    sender.finish();
}

/// What frames there are, by their first byte, as `proto/transfer.rs` has it.
const END: u8 = 6;
const COMMIT: u8 = 7;
const WORKING: u8 = 9;

/// The types of the frames that come, up to so many of that one; `heard` came before.
fn frames(stream: &mut TcpStream, mut heard: Vec<u8>, last: u8, count: usize) -> Vec<u8> {
    let mut kinds = Vec::new();
    while kinds.iter().filter(|kind| **kind == last).count() < count {
        let len = heard.get(4..8).map(|len| u32::from_be_bytes(len.try_into().expect("four")) as usize);
        match len.map(|len| DATA_HEADER + len).filter(|len| heard.len() >= *len) {
            Some(len) => {
                kinds.push(heard[0]);
                heard.drain(..len);
            }
            None => assert!(read(stream, &mut heard), "it ends after {kinds:?}"),
        }
    }
    kinds
}

/// False at the end.
fn read(stream: &mut TcpStream, heard: &mut Vec<u8>) -> bool {
    let mut buffer = vec![0; 64 << 10];
    let len = stream.read(&mut buffer).expect("something comes");
    heard.extend_from_slice(&buffer[..len]);
    len > 0
}

#[test]
fn who_sends_small_files_hears_that_a_slow_disk_is_at_work() {
    if !can_trace() {
        return;
    }
    let into = folder();
    let folders = ["a", "b", "c"].map(|name| into.path().join(name));
    folders.iter().for_each(|folder| fs::create_dir(folder).expect("a folder"));
    let paths: Vec<_> = folders.iter().map(PathBuf::as_path).collect();
    let mut receiver = Sockeye::watch(delayed(&receive(into.path()), "fsync", 2.6, "", &paths));
    let endpoint = receiver.listening();
    let mut stream = TcpStream::connect(endpoint.strip_prefix("tcp://").expect("TCP")).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let mut caller = Caller::new(Role::Sends, Instant::now());
    stream.write_all(&caller.greeting()).expect("it is taken");
    let mut heard = Vec::new();
    while caller.handle(&mut std::mem::take(&mut heard).as_slice(), Instant::now()).expect("it agrees").is_none() {
        assert!(read(&mut stream, &mut heard), "gone");
    }

    // In one call, so that they come in one.
    let mut sender = Sender::new(Instant::now());
    let mut out = Vec::new();
    for (number, folder) in (1..).zip(["a", "b", "c"]) {
        let (key, name) = (TransferKey([number; 16]), format!("{folder}/small"));
        let offer = Offer { key, kind: Kind::File, eager: true, size: 1, modified_ns: None, name };
        sender.offer(offer, Instant::now());
        sender.poll_output(&mut out);
        out.extend(sender.data(1).expect("it has begun"));
        out.push(number);
        assert!(sender.end(*blake3::hash(&[number]).as_bytes()));
        sender.poll_output(&mut out);
    }
    stream.write_all(&out).expect("it is taken");
    let kinds = frames(&mut stream, heard, COMMIT, 3);
    assert!(kinds.starts_with(&[WORKING]), "{kinds:?}");
    drop(stream);
    interrupt(receiver);
}

#[test]
fn who_receives_hears_that_the_source_can_not_be_read_for_a_while() {
    if !can_trace() {
        return;
    }
    let from = folder();
    let file = write(from.path(), "large.bin", &noise(5 << 20));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("tcp://{}", listener.local_addr().expect("an address"));
    let mut command =
        sockeye(&["send-file", &endpoint, file.to_str().expect("UTF-8"), "--protocol", "verified", "--json"]);
    command.env("XDG_CACHE_HOME", from.path().join("cache"));
    let sender = Sockeye::watch(delayed(&command, "read", 7.0, ":when=3", &[&file]));
    let (mut stream, _) = listener.accept().expect("it connects");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let mut answerer = Answerer::new(Some(Role::Receives), Instant::now());
    let (mut receiver, mut heard) = (Receiver::new(Instant::now()), Vec::new());
    loop {
        assert!(read(&mut stream, &mut heard), "gone");
        let came = std::mem::take(&mut heard);
        if let Some((answer, agreed)) = answerer.handle(&mut came.as_slice(), Instant::now()) {
            agreed.expect("a role for each");
            stream.write_all(&answer).expect("it is taken");
            break;
        }
    }
    loop {
        assert!(read(&mut stream, &mut heard), "gone");
        let came = std::mem::take(&mut heard);
        if let Ok(Some(ReceiveStep::Offered(_))) = receiver.handle(&mut came.as_slice(), Instant::now()) {
            break;
        }
    }
    receiver.accept(0, [0; 32]);
    let mut out = Vec::new();
    receiver.poll_output(&mut out);
    stream.write_all(&out).expect("it is taken");
    let kinds = frames(&mut stream, heard, END, 1);
    assert!(kinds.contains(&WORKING), "{kinds:?}");
    drop(stream);
    sender.finish();
}

//! Verified files while the system refuses the receiver or the sender a call: any of them, at any place. The file has its name and is whole,
//! or has it not, and the error names it; the connection is in order, and what comes after it arrives.

#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use nix::sys::signal::{Signal, kill};
use nix::sys::statfs::{TMPFS_MAGIC, statfs};
use nix::unistd::Pid;
use sockeye::store::sent_log::SentLog;
use sockeye::store::source::Source;
use support::{PATIENCE, Run, Sockeye, in_own_network, listing, noise, require, require_tool, sockeye, write};
use tempfile::{NamedTempFile, TempDir, tempdir};

/// As many bytes as have a hash of their own in a log.
const GROUP: u64 = 2 << 20;

/// More than what a log is kept for.
const SIZE: usize = 5 << 20;

/// So much of a file is seen to the disk while more of it comes, and is less than this.
const SYNCED: u64 = 64 << 20;
const SYNCED_SIZE: usize = 67 << 20;

/// A file to send, a folder to receive into, and the paths that receiving it touches there.
struct Place {
    from: TempDir,
    into: TempDir,
    file: PathBuf,
    small: PathBuf,
    content: Vec<u8>,
}

impl Place {
    fn new(size: usize) -> Self {
        let [from, into] = [(); 2].map(|()| tempdir().expect("a folder"));
        let content = noise(size);
        let file = write(from.path(), "large.bin", &content);
        let small = write(from.path(), "small.bin", b"small");
        Self { from, into, file, small, content }
    }

    /// What the receiver calls them, by the rules that the program's own documents give.
    fn paths(&self) -> Vec<PathBuf> {
        let temporary = |path: &Path| {
            let metadata = fs::metadata(path).expect("it is there");
            let modified = metadata.modified().expect("a time").duration_since(UNIX_EPOCH).expect("later");
            let name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8");
            let mut hasher = blake3::Hasher::new();
            hasher.update(&metadata.len().to_be_bytes());
            hasher.update(&i64::try_from(modified.as_nanos()).expect("this century").to_be_bytes());
            hasher.update(name.as_bytes());
            let id: String = hasher.finalize().as_bytes()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
            [format!("{name}.{}.incomplete", &id[..8]), format!(".{id}-1.sockeye"), name.to_owned()]
        };
        let names = [&self.file, &self.small].into_iter().flat_map(|path| temporary(path));
        let into = self.into.path();
        names.map(|name| into.join(name)).chain([into.to_owned()]).collect()
    }

    /// Bytes of the large file that are here while it is incomplete.
    fn kept(&self) -> u64 {
        let is_partial = |name: &String| name.starts_with("large.bin.") && name.ends_with(".incomplete");
        let partial = listing(self.into.path()).into_iter().find(is_partial);
        partial.map_or(0, |name| fs::metadata(self.into.path().join(name)).expect("it is there").len())
    }

    fn send(&self, endpoint: &str) -> Run {
        self.send_these(endpoint, &[&self.file, &self.small])
    }

    fn send_these(&self, endpoint: &str, files: &[&Path]) -> Run {
        Sockeye::watch(self.sender(endpoint, files)).finish()
    }

    fn sender(&self, endpoint: &str, files: &[&Path]) -> Command {
        let mut command = sockeye(&["send-file", endpoint, "--protocol", "verified", "--json"]);
        command.args(files).env("XDG_CACHE_HOME", self.cache());
        command
    }

    fn cache(&self) -> PathBuf {
        self.from.path().join("cache")
    }

    /// Where the sender keeps what it needn't hash again.
    fn logs(&self) -> PathBuf {
        self.cache().join("sockeye/sent")
    }

    /// What has a name of its own by now, without what tells that a sender may not know of it.
    fn arrived(&self) -> Vec<String> {
        let mut names = listing(self.into.path());
        names.retain(|name| !name.starts_with(".arrived-"));
        names
    }

    /// Sends so much again, and is told that it is all there.
    fn send_again(&self, files: &[&Path]) -> Run {
        let mut next = Sockeye::watch(self.receive());
        let endpoint = next.listening();
        self.send_these(&endpoint, files).expect_code(0);
        next.expect("closed");
        next.interrupt()
    }

    fn receive(&self) -> Command {
        sockeye(&["receive", "tcp://127.0.0.1:0", "--into", self.into.path().to_str().expect("UTF-8"), "--json"])
    }
}

/// The one process below this one.
fn child(parent: u32) -> String {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).expect("its children");
    children.split_whitespace().next().expect("a child").to_owned()
}

/// Threads and descriptors of a process.
fn resources(child: &str) -> (usize, usize) {
    let count = |what: &str| fs::read_dir(format!("/proc/{child}/{what}")).expect("it runs").count();
    (count("task"), count("fd"))
}

/// Has strace run the command and refuse it such a call; `when` as strace(1) has it. Add the paths that it is about.
fn strace(call: &str, error: &str, when: &str, calls: &Path) -> Command {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-y", "-e", &format!("trace={call}"), "-e", "signal=none"]);
    strace.args(["-e", &format!("inject={call}:error={error}:when={when}"), "-o"]).arg(calls);
    strace
}

/// As it stands in a call, and in one that is relative to its folder.
fn about(strace: &mut Command, path: &Path) {
    strace.arg("-P").arg(path).arg("-P").arg(path.file_name().expect("it has a name"));
}

fn run_by(strace: &mut Command, program: &Command) {
    strace.arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => strace.env(name, value),
            None => strace.env_remove(name),
        };
    }
}

/// The bytes that a call moved on what has this in its path, before one was refused.
fn moved(calls: &str, call: &str, path: &str) -> u64 {
    // One that another thread's was told within: its end says its thread alone.
    let mut open = Vec::new();
    let mut bytes = 0;
    for line in calls.lines().take_while(|line| !line.contains("INJECTED")) {
        let thread = line.split_whitespace().next().unwrap_or_default();
        if line.contains(&format!("{call}(")) && !line.contains(path) {
            continue;
        }
        if line.ends_with("<unfinished ...>") {
            open.push(thread.to_owned());
            continue;
        }
        let is_whole = line.contains(&format!("{call}("));
        let is_rest = line.contains(&format!("<... {call} resumed>")) && open.iter().any(|one| one == thread);
        if is_whole || is_rest {
            open.retain(|one| one != thread);
            bytes += line.rsplit_once("= ").and_then(|(_, moved)| moved.trim().parse::<u64>().ok()).unwrap_or(0);
        }
    }
    bytes
}

/// Whether programs can be traced here.
fn can_trace() -> bool {
    if !require_tool("strace") {
        return false;
    }
    let traced = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    require(traced.is_ok_and(|output| output.status.success()), "the right to trace programs")
}

/// Refuses the receiver the `nth` such call on what the files of this place take, and says how much of a file that doesn't
/// have its name is kept. `None` when there were fewer.
fn refused(place: &Place, call: &str, error: &str, nth: u32) -> Option<u64> {
    let calls = NamedTempFile::new().expect("a file");
    let mut strace = strace(call, error, &nth.to_string(), calls.path());
    // The folder is opened before anything is received, and without it nothing would be.
    for path in place.paths().into_iter().filter(|path| call != "openat" || path != place.into.path()) {
        about(&mut strace, &path);
    }
    run_by(&mut strace, &place.receive());
    let mut receiver = Sockeye::watch(strace);
    let endpoint = receiver.listening();
    let program = child(receiver.id());
    let before = resources(&program);

    place.send(&endpoint);
    let calls = fs::read_to_string(calls.path()).expect("its calls");
    let was_refused = calls.contains("INJECTED");
    let received: Vec<_> = [(); 2].map(|()| receiver.expect("file")).into();
    receiver.expect("closed");
    for (name, content) in [("large.bin", &place.content), ("small.bin", &b"small".to_vec())] {
        let told = received.iter().find(|file| file["name"] == name).expect("it is told of");
        let kept = fs::read(place.into.path().join(name));
        let is_verified = told["outcome"] == "verified";
        assert_eq!(
            kept.is_ok(),
            is_verified || kept.as_ref().is_ok_and(|kept| kept == content),
            "{call} {nth}: {told}"
        );
        assert!(kept.is_err() || kept.is_ok_and(|kept| kept == *content), "{call} {nth}: {name} is not whole");
        if !is_verified {
            let named = |error: &serde_json::Value| error["path"].as_str().is_some_and(|path| path.contains(name));
            let errors: Vec<_> = receiver.events.iter().filter(|event| event["event"] == "error").collect();
            assert!(errors.into_iter().any(named), "{call} {nth}: no error names {name}: {:#?}", receiver.events);
        }
    }

    // Nothing is left of the transfer in the program, and what it kept is gone on with by the next.
    let deadline = Instant::now() + PATIENCE;
    let is_back = || {
        let after = resources(&program);
        after.0 <= before.0 && after.1 <= before.1
    };
    while !is_back() {
        assert!(Instant::now() < deadline, "{call} {nth}: {before:?} became {:?}", resources(&program));
        std::thread::yield_now();
    }
    // strace doesn't pass it on.
    let id = Pid::from_raw(program.parse().expect("a number"));
    kill(id, Signal::SIGINT).expect("it runs");
    receiver.finish();
    let kept = place.kept();
    // By then all of it had come.
    let size = place.content.len() as u64;
    let is_there = place.into.path().join("large.bin").exists();
    assert!(is_there || kept == size || !matches!(call, "fsync" | "renameat2"), "{call} {nth}: {kept} bytes are kept");
    // What the system took is there for who goes on.
    let taken = match call {
        "write" => moved(&calls, call, "/large.bin."),
        "fdatasync" => SYNCED,
        _ => 0,
    };
    assert!(is_there || kept >= taken, "{call} {nth}: {kept} bytes are kept of {taken}");
    let run = place.send_again(&[&place.file, &place.small]);
    let again = run.summary()["received_bytes"].as_u64().expect("a number");
    // One group alone has no hash of its own.
    let has = if kept < 2 * GROUP { 0 } else { kept / GROUP * GROUP };
    assert!(again < size - has + (64 << 10), "{call} {nth}: {again} bytes came, {kept} were kept");
    was_refused.then_some(kept)
}

#[test]
fn any_call_may_fail_at_any_place() {
    if !can_trace() {
        return;
    }
    let folders = statfs(&std::env::temp_dir()).expect("the system tells of it");
    let is_in_memory = folders.filesystem_type() == TMPFS_MAGIC;
    for (call, error) in [
        ("write", "ENOSPC"),
        ("write", "EDQUOT"),
        ("write", "EIO"),
        ("fsync", "EIO"),
        ("fsync", "ENOSPC"),
        ("fsync", "EACCES"),
        ("renameat2", "EACCES"),
        ("renameat2", "ENOSPC"),
        ("renameat2", "EIO"),
        ("openat", "EACCES"),
        ("openat", "ENOSPC"),
        ("openat", "EIO"),
        ("fallocate", "ENOSPC"),
        ("fallocate", "EDQUOT"),
        ("ftruncate", "EIO"),
        ("unlinkat", "EACCES"),
    ] {
        if is_in_memory && call == "fallocate" {
            eprintln!("skipped: {call} {error}, for temporary files are in memory, where no room is reserved");
            continue;
        }
        let kept: Vec<_> = (1..=60).map_while(|nth| refused(&Place::new(SIZE), call, error, nth)).collect();
        assert!(!kept.is_empty() && kept.len() < 60, "{call}: {} calls refused", kept.len());
        // What came before.
        assert!(call != "write" || kept.iter().any(|kept| *kept >= SIZE as u64 / 2), "{call} {error}: {kept:?} bytes");
    }
}

#[test]
fn a_disk_that_fails_while_more_comes_keeps_what_it_has() {
    if !can_trace() {
        return;
    }
    // That of the file, and the two of its log, without which it arrives.
    for (nth, arrives) in [(1, false), (2, true), (3, true)] {
        let place = Place::new(SYNCED_SIZE);
        let kept = refused(&place, "fdatasync", "EIO", nth).expect("one is refused");
        assert_eq!(kept == 0, arrives, "call {nth}: {kept} bytes");
    }
}

/// Refuses the sender the `nth` such call on its files or on what it notes of them. What it doesn't send is named, the other
/// file arrives, and the rest of the first one with the next attempt. `None` when there were fewer calls.
fn refused_to_the_sender(call: &str, error: &str, nth: u32) -> Option<Run> {
    let (place, calls) = (Place::new(SIZE), NamedTempFile::new().expect("a file"));
    drop(SentLog::open(&place.logs(), &Source::open(&place.file).expect("it is there")).expect("a log"));
    let log = place.logs().join(listing(&place.logs()).first().expect("a log"));
    let mut strace = strace(call, error, &nth.to_string(), calls.path());
    for path in [&place.file, &place.small, &log] {
        about(&mut strace, path);
    }
    let mut receiver = Sockeye::watch(place.receive());
    let endpoint = receiver.listening();
    run_by(&mut strace, &place.sender(&endpoint, &[&place.file, &place.small]));
    let run = Sockeye::watch(strace).finish();
    let told = run.all("file");
    // Files are looked at before anything is sent.
    let is_begun = !told.is_empty();
    // What is on its way when the sender ends is kept all the same.
    if is_begun {
        receiver.expect("closed");
    }
    receiver.interrupt();
    let calls = fs::read_to_string(calls.path()).expect("its calls");

    assert!(told.len() == 2 || !is_begun && call == "openat", "{call} {nth}: {told:?}");
    assert!(is_begun || run.all("error").len() == 1, "{call} {nth}: {run:?}");
    let mut missing = Vec::new();
    for (path, content) in [(&place.file, &place.content), (&place.small, &b"small".to_vec())] {
        let name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8");
        let is_verified = told.iter().any(|file| file["name"] == name && file["outcome"] == "verified");
        let kept = fs::read(place.into.path().join(name));
        assert_eq!(kept.is_ok(), is_verified, "{call} {nth}: {name}");
        assert!(kept.is_err() || kept.is_ok_and(|kept| kept == *content), "{call} {nth}: {name} is not whole");
        if !is_verified {
            let named = |error: &&serde_json::Value| error["path"].as_str().is_some_and(|path| path.contains(name));
            assert!(!is_begun || run.all("error").iter().any(named), "{call} {nth}: no error names {name}: {run:?}");
            missing.push(path.as_path());
        }
    }
    run.expect_code(i32::from(!missing.is_empty()));
    // strace counts for each thread by itself, and may refuse one call of each.
    let refusals = calls.matches("INJECTED").count();
    assert!(!is_begun || missing.len() <= refusals, "{call} {nth}: one that fails does not stop the other");
    let kept = place.kept();
    if call == "read" && missing.contains(&place.file.as_path()) {
        let read = moved(&calls, call, "/large.bin");
        assert!(kept >= read, "{call} {nth}: {kept} bytes are kept of {read}");
    }
    if !missing.is_empty() {
        let again = place.send_again(&missing).summary()["received_bytes"].as_u64().expect("a number");
        let has = if kept < 2 * GROUP { 0 } else { kept / GROUP * GROUP };
        assert!(again < SIZE as u64 - has + (64 << 10), "{call} {nth}: {again} bytes came, {kept} were kept");
    }
    assert_eq!(place.arrived(), ["large.bin", "small.bin"], "{call} {nth}");
    // One that it couldn't open is there still.
    assert!(call != "write" || listing(&place.logs()).is_empty(), "{call} {nth}: nothing to go on with is kept");
    (refusals > 0).then_some(run)
}

#[test]
fn any_call_of_the_sender_may_fail_at_any_place() {
    if !can_trace() {
        return;
    }
    for (call, error, at_least, is_fatal) in
        [("openat", "EACCES", 3, true), ("read", "EIO", 5, true), ("write", "ENOSPC", 1, false)]
    {
        let runs: Vec<_> = (1..=60).map_while(|nth| refused_to_the_sender(call, error, nth)).collect();
        assert!((at_least..60).contains(&runs.len()), "{call}: {} calls refused", runs.len());
        let failed = runs.iter().filter(|run| run.all("file").iter().any(|file| file["outcome"] != "verified")).count();
        assert_eq!(failed > 0, is_fatal, "{call}: {failed} failed");
    }
}

#[test]
fn a_folder_that_can_not_be_made_is_named_and_what_is_beside_it_arrives() {
    if !can_trace() {
        return;
    }
    for (call, error, when) in [
        ("mkdirat", "EACCES", "1"),
        ("mkdirat", "ENOSPC", "1+"),
        // The way to its files was not on the disk.
        ("fsync", "EIO", "1"),
    ] {
        let (place, calls) = (Place::new(0), NamedTempFile::new().expect("a file"));
        let folder = place.from.path().join("照片");
        fs::create_dir(&folder).expect("a folder");
        write(&folder, "a.txt", b"content");
        let mut strace = strace(call, error, when, calls.path());
        strace.args(["-e", "trace=mkdirat,fsync"]);
        about(&mut strace, place.into.path());
        about(&mut strace, &place.into.path().join("照片"));
        run_by(&mut strace, &place.receive());
        let mut receiver = Sockeye::watch(strace);
        let endpoint = receiver.listening();
        let program = child(receiver.id());
        let sent = place.send_these(&endpoint, &[&folder, &place.small]);
        receiver.expect("closed");
        kill(Pid::from_raw(program.parse().expect("a number")), Signal::SIGINT).expect("it runs");
        let run = receiver.finish();
        let named = |error: &&serde_json::Value| error["path"].as_str().is_some_and(|path| path.ends_with("照片"));
        assert!(run.all("error").iter().any(named), "{call} {when}: {run:?}");
        let is_made = when == "1";
        let small = sent.all("file").into_iter().find(|file| file["name"] == "small.bin").expect("it is told of");
        assert_eq!(small["outcome"], "verified");
        assert_eq!(place.arrived(), if is_made { &["small.bin", "照片"][..] } else { &["small.bin"] }, "{call} {when}");
        let content = fs::read(place.into.path().join("照片/a.txt"));
        assert_eq!(content.ok().as_deref(), is_made.then_some(&b"content"[..]), "{call} {when}");
        let calls = fs::read_to_string(calls.path()).expect("its calls");
        let made = calls.lines().filter(|line| line.contains("mkdirat(") && line.ends_with("= 0")).count();
        assert_eq!(
            made,
            match (call, is_made) {
                ("fsync", _) => 2,
                (_, true) => 1,
                _ => 0,
            },
            "{call} {when}: {calls}"
        );
        if !is_made {
            place.send_again(&[&folder, &place.small]);
            assert_eq!(fs::read(place.into.path().join("照片/a.txt")).expect("it is there"), b"content");
            assert_eq!(place.arrived(), ["small.bin", "照片"]);
        }
    }
}

#[test]
fn a_file_that_may_not_be_so_large_is_refused_before_it_is_sent() {
    if !require_tool("prlimit") {
        return;
    }
    let place = Place::new(SIZE);
    let receive = place.receive();
    let mut command = Command::new("prlimit");
    command.arg("--fsize=100000:100000").arg(receive.get_program()).args(receive.get_args());
    let mut receiver = Sockeye::watch(command);
    let endpoint = receiver.listening();
    let run = place.send(&endpoint);
    run.expect_code(1);
    let outcomes: Vec<_> = run.all("file").iter().map(|file| file["outcome"].clone()).collect();
    assert_eq!(outcomes, ["incomplete", "verified"]);
    assert!(run.all("error")[0]["message"].as_str().is_some_and(|message| message.contains("no room")), "{run:?}");
    let run = receiver.interrupt();
    assert!(run.summary()["received_bytes"].as_u64().is_some_and(|bytes| bytes < 10_000), "it was not sent: {run:?}");
    assert_eq!(place.arrived(), ["small.bin"]);
    // As what was to come with it did not arrive, it is known when all is sent again.
    place.send_again(&[&place.file, &place.small]);
    assert_eq!(listing(place.into.path()), ["large.bin", "small.bin"]);
}

#[test]
fn a_disk_of_64_kib_takes_what_fits() {
    in_own_network("a_disk_of_64_kib_takes_what_fits", || {
        let place = Place::new(SIZE);
        let into = place.into.path();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(into).status();
        assert!(mounted.is_ok_and(|status| status.success()), "a disk");
        let mut receiver = Sockeye::watch(place.receive());
        let endpoint = receiver.listening();
        let run = place.send(&endpoint);
        run.expect_code(1);
        let outcomes: Vec<_> = run.all("file").iter().map(|file| file["outcome"].clone()).collect();
        assert_eq!(outcomes, ["incomplete", "verified"]);
        receiver.interrupt();
        assert_eq!(place.arrived(), ["small.bin"]);
        let started = SystemTime::now();
        assert!(fs::metadata(into.join("small.bin")).expect("it is there").modified().expect("a time") <= started);
    });
}

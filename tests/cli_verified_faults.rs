//! Verified files while the receiver's system refuses a call: any of them, at any place. The file has its name and is whole,
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
use support::{PATIENCE, Run, Sockeye, in_own_network, listing, noise, require, require_tool, sockeye, write};
use tempfile::{NamedTempFile, TempDir, tempdir};

/// As many bytes as have a hash of their own in a log.
const GROUP: u64 = 2 << 20;

/// More than what a log is kept for.
const SIZE: usize = 5 << 20;

/// A file to send, a folder to receive into, and the paths that receiving it touches there.
struct Place {
    from: TempDir,
    into: TempDir,
    file: PathBuf,
    small: PathBuf,
}

impl Place {
    fn new() -> Self {
        let [from, into] = [(); 2].map(|()| tempdir().expect("a folder"));
        let file = write(from.path(), "large.bin", &noise(SIZE));
        let small = write(from.path(), "small.bin", b"small");
        Self { from, into, file, small }
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

    /// What has a name of its own by now, without what tells that a sender may not know of it.
    fn arrived(&self) -> Vec<String> {
        let mut names = listing(self.into.path());
        names.retain(|name| !name.starts_with(".arrived-"));
        names
    }

    fn send(&self, endpoint: &str) -> Run {
        let mut command = sockeye(&["send-file", endpoint, "--protocol", "verified", "--json"]);
        command.arg(&self.file).arg(&self.small).env("XDG_CACHE_HOME", self.from.path().join("cache"));
        Sockeye::watch(command).finish()
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

/// Refuses the `nth` such call on what the file takes, and says how much of a file that doesn't have its name is kept. `None`
/// when there were fewer.
fn refused(call: &str, error: &str, nth: u32) -> Option<u64> {
    let (place, calls) = (Place::new(), NamedTempFile::new().expect("a file"));
    let receive = place.receive();
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", &format!("trace={call}"), "-e", "signal=none"]);
    strace.args(["-e", &format!("inject={call}:error={error}:when={nth}")]);
    // The folder is opened before anything is received, and without it nothing would be.
    for path in place.paths().into_iter().filter(|path| call != "openat" || path != place.into.path()) {
        strace.arg("-P").arg(&path);
        // As it stands in a call that is relative to the folder.
        strace.arg("-P").arg(path.file_name().expect("it has a name"));
    }
    strace.arg("-o").arg(calls.path()).arg(receive.get_program()).args(receive.get_args());
    let mut receiver = Sockeye::watch(strace);
    let endpoint = receiver.listening();
    let program = child(receiver.id());
    let before = resources(&program);

    place.send(&endpoint);
    let was_refused = fs::read_to_string(calls.path()).expect("its calls").contains("INJECTED");
    let received: Vec<_> = [(); 2].map(|()| receiver.expect("file")).into();
    receiver.expect("closed");
    for (name, content) in [("large.bin", noise(SIZE)), ("small.bin", b"small".to_vec())] {
        let told = received.iter().find(|file| file["name"] == name).expect("it is told of");
        let kept = fs::read(place.into.path().join(name));
        let is_verified = told["outcome"] == "verified";
        assert_eq!(
            kept.is_ok(),
            is_verified || kept.as_ref().is_ok_and(|kept| *kept == content),
            "{call} {nth}: {told}"
        );
        assert!(kept.is_err() || kept.is_ok_and(|kept| kept == content), "{call} {nth}: {name} is not whole");
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
    let is_kept = kept == SIZE as u64 || place.into.path().join("large.bin").exists();
    assert!(is_kept || !matches!(call, "fsync" | "renameat2"), "{call} {nth}: {kept} bytes are kept");
    let mut next = Sockeye::watch(place.receive());
    let endpoint = next.listening();
    place.send(&endpoint).expect_code(0);
    let run = next.interrupt();
    let again = run.summary()["received_bytes"].as_u64().expect("a number");
    // One group alone has no hash of its own.
    let has = if kept < 2 * GROUP { 0 } else { kept / GROUP * GROUP };
    assert!(again < SIZE as u64 - has + (64 << 10), "{call} {nth}: {again} bytes came, {kept} were kept");
    was_refused.then_some(kept)
}

#[test]
fn any_call_may_fail_at_any_place() {
    if !require_tool("strace") {
        return;
    }
    let traced = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    if !require(traced.is_ok_and(|output| output.status.success()), "the right to trace programs") {
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
        let kept: Vec<_> = (1..=60).map_while(|nth| refused(call, error, nth)).collect();
        assert!(!kept.is_empty() && kept.len() < 60, "{call}: {} calls refused", kept.len());
        // What came before.
        assert!(call != "write" || kept.iter().any(|kept| *kept >= SIZE as u64 / 2), "{call} {error}: {kept:?} bytes");
    }
}

#[test]
fn a_file_that_may_not_be_so_large_is_refused_before_it_is_sent() {
    if !require_tool("prlimit") {
        return;
    }
    let place = Place::new();
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
}

#[test]
fn a_disk_of_64_kib_takes_what_fits() {
    in_own_network("a_disk_of_64_kib_takes_what_fits", || {
        let place = Place::new();
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

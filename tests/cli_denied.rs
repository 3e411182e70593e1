//! What the system does not let this user do, or can't do at all: an exit status, and an error that says what would
//! help.

#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use nix::unistd::Uid;
use support::{Recording, Run, Sockeye, in_own_network, lacking_right, listing, require, require_tool, sockeye, write};
use tempfile::{TempDir, tempdir};

const PROGRAM: &str = env!("CARGO_BIN_EXE_sockeye");

/// Becomes "nobody", without any of root's rights.
const AS_NOBODY: [&str; 6] =
    ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"];

/// The program as a user without rights runs it.
enum Unprivileged {
    /// Root ran this test; others may not reach the place where the program was built, but this copy.
    Nobody(TempDir),
    SameUser,
}

impl Unprivileged {
    fn new() -> Option<Self> {
        if !Uid::effective().is_root() {
            return Some(Self::SameUser);
        }
        require_tool("setpriv").then(|| {
            let folder = open_folder(0o755);
            // Not by `fs::copy`: a program that another test starts meanwhile would hold the copy open for writing,
            // and what is open for writing can't be run (ETXTBSY, execve(2)).
            let copied = Command::new("cp").args([Path::new(PROGRAM), folder.path()]).status();
            assert!(copied.is_ok_and(|status| status.success()), "no copy");
            Self::Nobody(folder)
        })
    }

    /// Runs it to its end, started by what `by` names.
    fn run(&self, by: &[&str], arguments: &[&str]) -> Run {
        match self {
            Self::Nobody(folder) => {
                let copy = folder.path().join("sockeye");
                run_by(&[by, &AS_NOBODY, &[copy.to_str().expect("UTF-8")]].concat(), arguments)
            }
            Self::SameUser => run_by(&[by, &[PROGRAM]].concat(), arguments),
        }
    }
}

/// Runs it to its end with `--json`; the last of `words` is the program, those before it start it.
fn run_by(words: &[&str], arguments: &[&str]) -> Run {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).args(arguments).arg("--json");
    Sockeye::watch(command).finish()
}

/// A folder with these rights.
fn open_folder(mode: u32) -> TempDir {
    let folder = tempdir().expect("a folder");
    allow(folder.path(), mode);
    folder
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("rights");
}

#[track_caller]
fn is_denied(run: &Run, operation: &str, endpoint: &str) -> String {
    let error = run.expect_error(1, operation);
    assert_eq!((&error["message"], &error["endpoint"]), (&"permission denied".into(), &endpoint.into()), "{error}");
    assert!(run.all("listening").is_empty() && run.all("opened").is_empty(), "{:?}", run.events);
    error["hint"].as_str().unwrap_or_else(|| panic!("no hint in {error}")).to_owned()
}

/// How a port is bound for which rights are needed: what starts the program, and the endpoint. `None` if there is no
/// way.
fn privileged_port() -> Option<(&'static [&'static str], &'static str)> {
    let start = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").expect("every Linux has it");
    if start.trim().parse::<u16>().expect("a port") > 80 {
        return Some((&[], "tcp://127.0.0.1:80"));
    }
    // In a container every port may be free for all; a network of its own begins with what the kernel does. It has no
    // interface that is up: not even 127.0.0.1 is an address in it, and nobody can reach the others.
    let by: &[&str] = if Uid::effective().is_root() { &["unshare", "--net"] } else { &["unshare", "--user", "--net"] };
    let allowed = Command::new(by[0]).args(&by[1..]).arg("true").status().is_ok_and(|status| status.success());
    require(allowed, "a port that needs rights, or the right to make a network namespace,")
        .then_some((by, "tcp://0.0.0.0:80"))
}

#[test]
fn a_port_that_needs_rights() {
    let Some(((by, endpoint), sockeye)) = privileged_port().zip(Unprivileged::new()) else { return };
    let hint = is_denied(&sockeye.run(by, &["listen", endpoint]), "bind", endpoint);
    assert!(hint.contains("1024"), "{hint}");
}

#[test]
fn a_socket_in_a_folder_that_can_t_be_written() {
    let Some(sockeye) = Unprivileged::new() else { return };
    let folder = open_folder(0o555);
    let endpoint = format!("unix:{}/x.sock", folder.path().display());
    let hint = is_denied(&sockeye.run(&[], &["listen", &endpoint]), "bind", &endpoint);
    assert!(hint.contains("rights"), "{hint}");
    assert_eq!(listing(folder.path()), [""; 0]);
}

#[test]
fn a_file_that_can_t_be_read_and_a_folder_that_can_t_be_written() {
    let Some(sockeye) = Unprivileged::new() else { return };
    let (peer, folder) = (TcpListener::bind("127.0.0.1:0").expect("a port"), open_folder(0o755));
    peer.set_nonblocking(true).expect("non-blocking");
    let endpoint = format!("tcp://{}", peer.local_addr().expect("an address"));
    let locked = write(folder.path(), "locked.txt", b"locked");
    allow(&locked, 0o000);
    let closed = open_folder(0o555);
    let [locked, closed] = [&locked, closed.path()].map(|path| path.to_str().expect("UTF-8"));
    for (arguments, operation, path) in [
        (["send-file", &endpoint, locked].as_slice(), "open-file", locked),
        (&["receive", "tcp://127.0.0.1:0", "--into", closed], "create-file", closed),
    ] {
        let run = sockeye.run(&[], arguments);
        let error = run.expect_error(1, operation);
        assert_eq!((&error["message"], &error["path"]), (&"permission denied".into(), &path.into()), "{error}");
        assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("rights")), "{error}");
    }
    assert!(peer.accept().is_err(), "a connection was made");
}

/// Whether anybody listens behind it can't be found out without the right to connect.
#[test]
fn a_stale_socket_of_somebody_else() {
    let Some(sockeye) = Unprivileged::new() else { return };
    let folder = open_folder(0o755);
    let path = folder.path().join("x.sock");
    drop(UnixListener::bind(&path).expect("a socket"));
    allow(&path, 0o000);
    let endpoint = format!("unix:{}", path.display());
    let run = sockeye.run(&[], &["listen", &endpoint]);
    let error = run.expect_error(1, "bind");
    let hint = error["hint"].as_str().unwrap_or_default();
    assert!(hint.contains("left the file behind") && !hint.contains("port"), "{error}");
    assert!(path.exists());
}

#[test]
fn a_socket_of_somebody_else() {
    let Some(sockeye) = Unprivileged::new() else { return };
    let folder = open_folder(0o755);
    let path = folder.path().join("x.sock");
    let theirs = UnixListener::bind(&path).expect("a socket");
    theirs.set_nonblocking(true).expect("non-blocking");
    allow(&path, 0o000);
    let endpoint = format!("unix:{}", path.display());
    let hint = is_denied(&sockeye.run(&[], &["connect", &endpoint, "--send", "x"]), "connect", &endpoint);
    assert!(hint.contains("rights"), "{hint}");
    assert!(theirs.accept().is_err(), "a connection was made");
}

#[test]
fn a_raw_socket_without_the_right_to_one() {
    let Some(sockeye) = Unprivileged::new() else { return };
    for endpoint in ["raw://127.0.0.1?proto=icmp", "packet://lo?proto=0x88b5"] {
        let hint = is_denied(&sockeye.run(&[], &["listen", endpoint]), "open", endpoint);
        assert!(hint.contains("CAP_NET_RAW"), "{hint}");
    }
}

#[test]
fn a_receive_buffer_beyond_the_systems_limit_is_had_by_root_alone() {
    const ASKED: u64 = 64 << 20;
    let Some(sockeye) = Unprivileged::new() else { return };
    let limit = fs::read_to_string("/proc/sys/net/core/rmem_max").expect("every Linux has it");
    let limit: u64 = limit.trim().parse().expect("bytes");
    let endpoint = "udp://127.0.0.1:9?rcvbuf=64M";
    let has = |run: &Run, bytes: u64| {
        let told = run.all("option");
        assert_eq!((&told[0]["asked"], &told[0]["answer"]), (&ASKED.into(), &(2 * bytes).into()), "{told:?}");
    };
    has(&sockeye.run(&[], &["connect", endpoint, "--send", "x"]), limit.min(ASKED));
    if require(Uid::effective().is_root(), "root") {
        has(&support::run(&["connect", endpoint, "--send", "x"]), ASKED);
    }
}

#[test]
fn an_address_family_that_the_system_lacks() {
    if !require_tool("python3") {
        return;
    }
    let without_ipv6 = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/without_ipv6.py");
    for (endpoint, arguments) in [
        ("tcp://[::1]:0", &["listen", "tcp://[::1]:0"][..]),
        ("udp://[::1]:0", &["listen", "udp://[::1]:0"]),
        ("tcp://[::1]:9", &["connect", "tcp://[::1]:9", "--send", "x"]),
        ("udp://[::1]:9", &["connect", "udp://[::1]:9", "--send", "x"]),
    ] {
        let run = run_by(&["python3", without_ipv6, PROGRAM], arguments);
        // socket(2) fails, before there is anything to bind or connect.
        let error = run.expect_error(1, "open");
        assert_eq!(error["endpoint"], endpoint, "{error}");
        let words = |key: &str| error[key].as_str().unwrap_or_else(|| panic!("no {key} in {error}"));
        assert!(words("message").contains("kind of address"), "{error}");
        assert!(words("hint").contains("127.0.0.1"), "{error}");
    }
}

/// Exports the journal to a folder that can be written; what the program says, and the text.
fn exported(journal: &Path) -> (Option<i32>, String, String) {
    let folder = tempdir().expect("a folder");
    let text = folder.path().join("a.txt");
    let output = sockeye(&["export", "--text"]).arg(journal).arg(&text).output().expect("it runs");
    let words = String::from_utf8(output.stderr).expect("words");
    (output.status.code(), words, fs::read_to_string(text).unwrap_or_default())
}

fn a_journal_in(folder: &Path) -> std::path::PathBuf {
    let mut recording = Recording::default();
    recording.connected(1, "tcp://10.0.0.1:40000", "tcp://10.0.0.2:80");
    recording.sent(1, b"hello");
    // What stands for something else in a URI.
    let journal = folder.join("a b?mode=memory#%41 \u{65e5}.sqlite");
    recording.keep(&journal);
    journal
}

#[track_caller]
fn expect_read(journal: &Path) {
    let (code, words, text) = exported(journal);
    assert!(code == Some(0) && text.contains("hello"), "{code:?} {words} {text}");
}

#[test]
fn a_journal_in_a_folder_that_takes_nothing_new_is_read() {
    lacking_right("dac_override", "a_journal_in_a_folder_that_takes_nothing_new_is_read", || {
        let folder = tempdir().expect("a folder");
        let journal = a_journal_in(folder.path());
        allow(folder.path(), 0o555);
        expect_read(&journal);
        allow(&journal, 0o444);
        expect_read(&journal);
        // Written it can't be, and a log that may have rows is not left out.
        let listens = |journal: &Path| {
            let arguments = ["listen", "tcp://127.0.0.1:0", "--journal", journal.to_str().expect("UTF-8")];
            support::run(&arguments).expect_error(1, "open-journal")["message"].clone()
        };
        assert_eq!(listens(&journal), "permission denied");
        allow(folder.path(), 0o755);
        fs::write(format!("{}-wal", journal.display()), "rows").expect("a log");
        allow(folder.path(), 0o555);
        assert_eq!(exported(&journal).0, Some(1));
        allow(folder.path(), 0o755);
    });
}

/// A journal on a disk of its own that can only be read, in mounts of the test's own.
fn a_journal_that_can_only_be_read() -> (TempDir, std::path::PathBuf) {
    let disk = tempdir().expect("a folder");
    let mount = |arguments: &[&str]| {
        let mounted = Command::new("mount").args(arguments).arg(disk.path()).status();
        assert!(mounted.is_ok_and(|status| status.success()), "{arguments:?}");
    };
    mount(&["-t", "tmpfs", "tmpfs"]);
    let journal = a_journal_in(disk.path());
    mount(&["-o", "remount,ro"]);
    (disk, journal)
}

#[test]
fn a_journal_on_a_disk_that_can_only_be_read_is_read() {
    in_own_network("a_journal_on_a_disk_that_can_only_be_read_is_read", || {
        let (_disk, journal) = a_journal_that_can_only_be_read();
        expect_read(&journal);
    });
}

#[test]
fn nobody_is_advised_to_check_rights_on_a_disk_that_can_only_be_read() {
    in_own_network("nobody_is_advised_to_check_rights_on_a_disk_that_can_only_be_read", || {
        let (disk, journal) = a_journal_that_can_only_be_read();
        let [into, new] = [disk.path().to_owned(), disk.path().join("new.sqlite")];
        let [into, new, journal] = [&into, &new, &journal].map(|path| path.to_str().expect("UTF-8"));
        let socket = format!("unix:{into}/x.sock");
        for (arguments, operation) in [
            (["receive", "tcp://127.0.0.1:0", "--into", into].as_slice(), "create-file"),
            (&["listen", "tcp://127.0.0.1:0", "--journal", new], "open-journal"),
            (&["listen", "tcp://127.0.0.1:0", "--journal", journal], "open-journal"),
            (&["listen", &socket], "bind"),
        ] {
            let run = support::run(arguments);
            let error = run.expect_error(1, operation);
            assert_eq!(error["message"], "read-only file system", "{error}");
            let hint = error["hint"].as_str().unwrap_or_default();
            assert!(hint.contains("another disk") && !hint.contains("rights"), "{error}");
        }
    });
}

#[test]
fn a_system_that_starts_no_more_threads() {
    const REFUSING: [&str; 7] =
        ["-f", "-qq", "-o", "/dev/null", "-e", "trace=clone,clone3", "-einject=clone,clone3:error=EAGAIN"];
    if !require_tool("strace") {
        return;
    }
    let traced = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    if !require(traced.is_ok_and(|output| output.status.success()), "the right to trace programs") {
        return;
    }
    let run = run_by(&[&["strace"], &REFUSING[..], &[PROGRAM]].concat(), &["listen", "tcp://127.0.0.1:0"]);
    let error = run.expect_error(1, "start-thread");
    assert_eq!(error["message"], "no more threads", "{error}");
    assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("ulimit -u")), "{error}");
}

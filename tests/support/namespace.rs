use std::io::Write as _;
use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use tempfile::NamedTempFile;

use super::process::PATIENCE;
use super::tools::{require, require_tool};

/// Set in the process that runs a test once more, in its own network.
const INSIDE: &str = "SOCKEYE_TEST_OWN_NETWORK";

/// What unshare(1) is asked for: with a user namespace, which needs no rights, or without, which root can do where those
/// are switched off. Mounts are the test's own as well.
const WAYS: [&[&str]; 2] = [&["--map-root-user", "--net", "--mount"], &["--net", "--mount"]];

/// A connection that is over stays in TIME_WAIT there. Elsewhere, under load, its last acknowledgement may reach a peer that
/// has just closed, whose reset ends it at once (RFC 1337).
const SET_UP: &str = "ip link set lo up && echo 1 > /proc/sys/net/ipv4/tcp_rfc1337 && exec \"$@\"";

/// Runs a test in a network of its own: nothing but a loopback interface, counters at 0, and rights to change it. The
/// test's executable runs once more for that, with `name` (modules included) as the only test. Where it can't be, says so.
pub(crate) fn in_own_network(name: &str, test: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return test();
    }
    if !require_tool("unshare") || !require_tool("ip") {
        return;
    }
    let inside = |way: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(way).args(["--", "sh", "-c", SET_UP, "sh"]);
        command
    };
    let is_possible = |way: &&&[&str]| inside(way).arg("true").output().is_ok_and(|output| output.status.success());
    let way = WAYS.iter().find(is_possible);
    if !require(way.is_some(), "the right to make a network namespace") {
        return;
    }
    let program = std::env::current_exe().expect("the test's own path");
    let mut command = inside(way.expect("one was found"));
    command.arg(program).args(["--exact", name, "--nocapture"]).env(INSIDE, "1");
    let output = command.output().expect("unshare runs");
    let [told, errors] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success() && told.contains("1 passed"), "{name} in its own network\n{told}\n{errors}");
}

/// Changes the test's own network, by ip(8).
pub(crate) fn ip(arguments: &[&str]) {
    assert!(std::env::var_os(INSIDE).is_some(), "this machine's network is not the test's");
    let output = Command::new("ip").args(arguments).output().expect("ip runs");
    assert!(output.status.success(), "ip {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Sets cards up that have a wire between them, and waits until frames cross it: the system does the last part afterwards.
pub(crate) fn set_up(cards: &[&str]) {
    for card in cards {
        ip(&["link", "set", card, "up"]);
    }
    let is_up = |card: &str| {
        let output = Command::new("ip").args(["-brief", "link", "show", card]).output().expect("ip runs");
        String::from_utf8_lossy(&output.stdout).split_whitespace().nth(1) == Some("UP")
    };
    let deadline = Instant::now() + PATIENCE;
    while !cards.iter().all(|card| is_up(card)) {
        assert!(Instant::now() < deadline, "{cards:?} stay down");
    }
}

/// Puts a file in the place of another, for this test alone.
pub(crate) fn put_over(file: &Path, place: &str) {
    assert!(std::env::var_os(INSIDE).is_some(), "this machine's files are not the test's");
    let output = Command::new("mount").arg("--bind").arg(file).arg(place).output().expect("mount runs");
    assert!(output.status.success(), "{place}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Has every name that this machine's files don't have be one that doesn't exist, for this test alone: its own name server
/// says so at once, where that of the machine may be silent, or not be there.
pub(crate) fn without_names() {
    /// Nobody else is asked: no daemon of this machine, which may be reached past the network, nor a cache.
    const PLACES: [(&str, &str); 3] = [
        ("/etc/resolv.conf", "nameserver 127.0.0.1\n"),
        ("/etc/nsswitch.conf", "hosts: files dns\n"),
        ("/run/nscd/socket", ""),
    ];
    for (place, content) in PLACES.into_iter().filter(|(place, _)| Path::new(place).exists()) {
        // What stays of it once the file is removed is enough for the mount.
        let mut file = NamedTempFile::new().expect("a file");
        file.write_all(content.as_bytes()).expect("room for it");
        put_over(file.path(), place);
    }
    let server = UdpSocket::bind("127.0.0.1:53").expect("the network is the test's own");
    std::thread::spawn(move || {
        let mut message = [0; 512];
        while let Ok((len, from)) = server.recv_from(&mut message) {
            // RFC 1035, section 4.1.1: the question comes back as a response, from who does recursion, with NXDOMAIN.
            message[2] |= 0x80;
            message[3] = 0x83;
            // Who has ended needs no answer.
            server.send_to(&message[..len], from).ok();
        }
    });
}

/// One of the kernel's counts of TCP events in this network, from /proc/net/netstat.
pub(crate) fn tcp_count(name: &str) -> u64 {
    count("TcpExt: ", name)
}

/// One of the counts of MPTCP events, likewise.
pub(crate) fn mptcp_count(name: &str) -> u64 {
    count("MPTcpExt: ", name)
}

fn count(group: &str, name: &str) -> u64 {
    let table = std::fs::read_to_string("/proc/net/netstat").expect("the kernel's counts");
    let mut lines = table.lines().filter_map(|line| line.strip_prefix(group));
    let (names, values) = (lines.next().expect("names"), lines.next().expect("values"));
    let at = names.split(' ').position(|other| other == name).unwrap_or_else(|| panic!("no count {name}"));
    values.split(' ').nth(at).expect("a value for each name").parse().expect("a number")
}

use std::process::Command;
use std::time::Instant;

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
pub(crate) fn put_over(file: &std::path::Path, place: &str) {
    assert!(std::env::var_os(INSIDE).is_some(), "this machine's files are not the test's");
    let output = Command::new("mount").arg("--bind").arg(file).arg(place).output().expect("mount runs");
    assert!(output.status.success(), "{place}: {}", String::from_utf8_lossy(&output.stderr));
}

/// One of the kernel's counts of TCP events in this network, from /proc/net/netstat.
pub(crate) fn tcp_count(name: &str) -> u64 {
    let table = std::fs::read_to_string("/proc/net/netstat").expect("the kernel's counts");
    let mut lines = table.lines().filter_map(|line| line.strip_prefix("TcpExt: "));
    let (names, values) = (lines.next().expect("names"), lines.next().expect("values"));
    let at = names.split(' ').position(|other| other == name).unwrap_or_else(|| panic!("no count {name}"));
    values.split(' ').nth(at).expect("a value for each name").parse().expect("a number")
}

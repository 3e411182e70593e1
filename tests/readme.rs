//! The README claims what a test shows: each test that it names is there, runs, takes the role that it is named for, and
//! has bytes cross.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A test function.
struct Test {
    /// Attributes included.
    text: String,
    /// With that of the functions of its file that it calls, and of those that these call.
    whole: String,
}

/// The functions of a file that are no tests, by name.
fn helpers(file: &str) -> BTreeMap<&str, &str> {
    let mut helpers = BTreeMap::new();
    for (at, _) in file.match_indices("fn ") {
        let line = file[..at].rfind('\n').map_or(0, |end| end + 1);
        let before = &file[line..at];
        let indent = before.len() - before.trim_start().len();
        let is_item = ["", "pub ", "pub(crate) ", "pub(super) "].contains(&before.trim_start());
        let Some((name, _)) = file[at + 3..].split_once(['(', '<']).filter(|_| is_item) else { continue };
        if !file[..line].trim_end().ends_with("#[test]") {
            let end = format!("\n{}}}\n", " ".repeat(indent));
            helpers.insert(name, file[at..].split(&end).next().unwrap_or_default());
        }
    }
    helpers
}

/// A text with those of the functions that it calls.
fn with_callees(text: &str, helpers: &BTreeMap<&str, &str>) -> String {
    let (mut whole, mut seen) = (text.to_owned(), BTreeSet::new());
    loop {
        let is_called = |name: &str| {
            whole.match_indices(name).any(|(at, _)| {
                let is_word = |c: char| c.is_alphanumeric() || c == '_';
                !whole[..at].ends_with(is_word) && whole[at + name.len()..].starts_with('(')
            })
        };
        let called: Vec<_> = helpers.keys().filter(|name| !seen.contains(**name) && is_called(name)).copied().collect();
        if called.is_empty() {
            return whole;
        }
        for name in called {
            seen.insert(name);
            whole.push('\n');
            whole.push_str(helpers[name]);
        }
    }
}

/// All test functions under a folder, by name.
fn tests_in(folder: &Path, tests: &mut BTreeMap<String, Test>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            tests_in(&entry, tests);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let file = fs::read_to_string(&entry).expect("UTF-8");
            let helpers = helpers(&file);
            for test in file.split("#[test]").skip(1) {
                let Some((name, _)) = test.split_once("fn ").and_then(|(_, rest)| rest.split_once('(')) else {
                    continue;
                };
                let end = if test.starts_with("\n    ") { "\n    }\n" } else { "\n}\n" };
                let text = test.split(end).next().unwrap_or_default();
                let test = Test { text: text.to_owned(), whole: with_callees(text, &helpers) };
                tests.insert(name.to_owned(), test);
            }
        }
    }
}

fn all_tests() -> BTreeMap<String, Test> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = BTreeMap::new();
    tests_in(&root.join("src"), &mut tests);
    tests_in(&root.join("tests"), &mut tests);
    tests
}

/// The section of the README about sockets.
fn section() -> String {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(readme).expect("the README");
    let (_, section) = readme.split_once("### Which sockets").expect("the section");
    section.split_once("\n### ").expect("its end").0.to_owned()
}

/// What stands in backquotes and looks like the name of a test.
fn named(text: &str) -> impl Iterator<Item = &str> {
    let is_test = |name: &&str| name.contains('_') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    text.split('`').skip(1).step_by(2).filter(is_test)
}

/// The cells of the table's rows, without its head.
fn rows(section: &str) -> Vec<Vec<&str>> {
    let lines = section.lines().filter(|line| line.starts_with('|')).skip(2);
    lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

#[test]
fn every_test_that_is_named_exists_and_runs() {
    let (tests, section) = (all_tests(), section());
    let named: Vec<_> = named(&section).collect();
    assert!(named.len() > 25, "{named:?}");
    for name in named {
        let test = tests.get(name).unwrap_or_else(|| panic!("no test {name}"));
        assert!(!test.text.contains("#[ignore"), "{name} is not run");
    }
}

/// The cells that are no test's, for there is no such role: no socket of this program's is a browser.
const NO_SUCH_ROLE: [(&str, &str); 1] = [("a browser's, over TCP and Unix stream", "connects")];

/// What a test's text says where this program listens, where it connects, and where bytes cross, in the words of the
/// harnesses. A peer's own connection is none of these.
const LISTENS: [&str; 3] = ["h.listen", "\"listen\"", "= listen(&mut harness"];
const CONNECTS: [&str; 3] = ["h.connect", "\"connect\"", "client(&mut h"];
const CROSSES: [&str; 16] = [
    "h.send(",
    "peer.send(",
    ".send_to(",
    "\"--send\"",
    ".write_all(",
    "h.bytes(",
    "heard(",
    "get(",
    "python_client(",
    "python(",
    "says_hello_to(",
    "is_said_hello_by(",
    "curl(",
    "sendto(",
    "chromium(",
    ".received()",
];

/// What stands in the text of each test of a row, the functions that it calls included: one of these, all of its parts. A
/// test of another socket would show nothing of this one.
const SPOKEN: [(&str, &[&[&str]]); 22] = [
    ("IPv4, TCP", &[&["tcp://127.0.0.1"], &["\"tcp\"", "://127.0.0.1"]]),
    ("IPv6, TCP", &[&["tcp://[::1]"]]),
    ("both at once, TCP and UDP", &[&["://[::]"], &["tcp://both.test"]]),
    ("IPv4, UDP", &[&["udp://127.0.0.1"], &["\"udp\"", "://127.0.0.1"], &["udp://{}", "\"127.0.0.1:0\""]]),
    ("IPv6, UDP", &[&["udp://[::1]"]]),
    ("IPv4, UDP multicast", &[&["udp://", "239."], &["udp://", "232."]]),
    ("IPv6, UDP multicast", &[&["udp://", "ff02::"], &["udp://", "[ff05::"]]),
    ("IPv4, UDP broadcast", &[&["udp://10.9.0.255"]]),
    ("UDP-Lite (`proto=udplite`)", &[&["udp://", "?proto=udplite"]]),
    ("MPTCP (`proto=mptcp`)", &[&["tcp://", "?proto=mptcp"]]),
    ("Unix stream", &[&["\"unix:"]]),
    ("Unix datagram", &[&["\"unix-dgram:"]]),
    ("Unix seqpacket", &[&["\"unix-seqpacket:"]]),
    ("raw IPv4", &[&["raw://127."]]),
    ("raw IPv6", &[&["raw://["]]),
    ("a link's frames (`packet://`)", &[&["packet://"]]),
    ("a browser's, over TCP and Unix stream", &[&["BrowserContent"], &["--page"], &["--serve"]]),
    ("vsock", &[&["vsock://"]]),
    ("CAN, raw frames", &[&["can://"]]),
    ("CAN, broadcast manager", &[&["can-bcm://"]]),
    ("RDS", &[&["rds://"]]),
    (INHERITED, &[&["fd://"]]),
];

/// What lends a socket of another family, and what the table says of rows whose tests do.
const LENDS: &str = "lending(";
const LENT: &str = "on lent sockets";

/// The row of sockets that somebody else has opened, and how a test comes by one. In other rows it would show nothing of
/// what this program opens.
const INHERITED: &str = "an inherited descriptor";
const ADOPTS: [&str; 2] = ["inherited(", "fd://"];

#[test]
fn each_cell_is_a_test_of_that_role_in_which_bytes_cross() {
    let (tests, section) = (all_tests(), section());
    let has = |name: &str, words: &[&str]| words.iter().any(|word| tests[name].text.contains(word));
    let rows = rows(&section);
    assert!(rows.len() > 12, "{rows:?}");
    for row in rows {
        let [socket, platform, listens, connects, peers] = row[..] else { panic!("{row:?} has not all columns") };
        assert!(platform.starts_with("Linux"), "{socket} is run on {platform}");
        for (cell, role) in [(listens, "listens"), (connects, "connects"), (peers, "by a peer")] {
            let has_none = NO_SUCH_ROLE.contains(&(socket, role));
            assert_eq!(cell == "—", has_none, "{socket}, {role}");
            assert!(has_none || named(cell).next().is_some(), "{socket}, {role}: named by no test");
        }
        for (cell, role) in [(listens, &LISTENS[..]), (connects, &CONNECTS)] {
            for name in named(cell) {
                assert!(has(name, role), "{socket}: {name} has not that role");
            }
        }
        for name in [listens, connects, peers].into_iter().flat_map(named) {
            assert!(socket == INHERITED || !has(name, &ADOPTS), "{socket}: {name} is of a descriptor");
            assert!(has(name, &CROSSES), "{socket}: nothing crosses in {name}");
        }
    }
}

#[test]
fn each_cell_is_a_test_of_that_socket() {
    let (tests, section) = (all_tests(), section());
    let rows = rows(&section);
    assert_eq!(rows.iter().map(|row| row[0]).collect::<Vec<_>>(), SPOKEN.map(|(socket, _)| socket));
    for (row, (socket, ways)) in rows.iter().zip(SPOKEN) {
        for name in row[2..].iter().copied().flat_map(named) {
            let whole = &tests[name].whole;
            let is_of_it = ways.iter().any(|parts| parts.iter().all(|part| whole.contains(part)));
            assert!(is_of_it, "{socket}: {name} says none of {ways:?}");
            assert_eq!(whole.contains(LENDS), row[1].contains(LENT), "{socket}: {name}, {}", row[1]);
        }
    }
}

#[test]
fn the_reader_of_tests_follows_what_they_call() {
    let file = "fn of(x: u8) -> u8 {\n    deeper(x)\n}\n\nfn deeper(x: u8) {\n    say(\"raw://\");\n}\n\n#[test]\nfn a() {\n    of(1);\n}\n\nfn roof() {\n    \"tcp://\";\n}\n";
    let helpers = helpers(file);
    assert_eq!(helpers.keys().copied().collect::<Vec<_>>(), ["deeper", "of", "roof"]);
    let whole = with_callees("of(1);", &helpers);
    assert!(whole.contains("raw://") && !whole.contains("tcp://"), "{whole}");
}

#[test]
fn the_packages_for_a_window_are_the_same_wherever_they_are_told() {
    let read = |path: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path);
    let (readme, program, checks) = (read("README.md"), read("src/ui/run.rs"), read(".ci/run"));
    let told: Vec<_> = readme.lines().filter_map(|line| line.strip_prefix("    sudo apt-get install ")).collect();
    let [told] = told[..] else { panic!("one line for a window: {told:?}") };
    let (_, said) = program.split_once("const PACKAGES: &str = \"").expect("what the program says");
    assert_eq!(said.split_once('"').expect("its end").0, told);
    let (_, installed) = checks.split_once("\npackages=(\n").expect("what the checks install");
    let (installed, _) = installed.split_once("\n)\n").expect("its end");
    let lines = installed.lines().filter(|line| !line.trim_start().starts_with('#'));
    let installed: BTreeSet<_> = lines.flat_map(str::split_whitespace).collect();
    let missing: Vec<_> = told.split(' ').filter(|package| !installed.contains(package)).collect();
    assert!(missing.is_empty() && told.split(' ').count() > 5, "{missing:?} of {told}");
}

//! The README claims what a test shows: each test that it names is there, runs, takes the role that it is named for, and
//! has bytes cross.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Names of all test functions under a folder, with their texts, attributes included.
fn tests_in(folder: &Path, tests: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            tests_in(&entry, tests);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&entry).expect("UTF-8");
            for test in text.split("#[test]").skip(1) {
                let name = test.split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
                let end = if test.starts_with("\n    ") { "\n    }\n" } else { "\n}\n" };
                let text = test.split(end).next().unwrap_or_default();
                tests.extend(name.map(|(name, _)| (name.to_owned(), text.to_owned())));
            }
        }
    }
}

fn all_tests() -> BTreeMap<String, String> {
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
        let text = tests.get(name).unwrap_or_else(|| panic!("no test {name}"));
        assert!(!text.contains("#[ignore"), "{name} is not run");
    }
}

/// The cells that are no test's, for there is no such role: no socket of this program's is a browser.
const NO_SUCH_ROLE: [(&str, &str); 1] = [("a browser's, over any stream", "connects")];

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

/// The row of sockets that somebody else has opened, and how a test comes by one. In other rows it would show nothing of
/// what this program opens.
const INHERITED: &str = "an inherited descriptor";
const ADOPTS: [&str; 2] = ["inherited(", "fd://"];

#[test]
fn each_cell_is_a_test_of_that_role_in_which_bytes_cross() {
    let (tests, section) = (all_tests(), section());
    let has = |name: &str, words: &[&str]| words.iter().any(|word| tests[name].contains(word));
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

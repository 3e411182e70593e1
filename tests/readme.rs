//! The README claims what a test shows: each test that it names is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Names of all test functions under a folder.
fn tests_in(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            tests_in(&entry, names);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&entry).expect("UTF-8");
            let after_attributes = text.split("#[test]").skip(1);
            names.extend(after_attributes.filter_map(|rest| {
                let (name, _) = rest.split_once("fn ")?.1.split_once('(')?;
                Some(name.to_owned())
            }));
        }
    }
}

#[test]
fn every_test_in_the_table_of_sockets_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = BTreeSet::new();
    tests_in(&root.join("src"), &mut tests);
    tests_in(&root.join("tests"), &mut tests);
    let readme = fs::read_to_string(root.join("README.md")).expect("the README");
    let (_, section) = readme.split_once("### Which sockets").expect("the section");
    let (section, _) = section.split_once("\n### ").expect("its end");
    let quoted = section.split('`').skip(1).step_by(2);
    let is_test = |name: &&str| name.contains('_') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let named: Vec<_> = quoted.filter(is_test).collect();
    assert!(named.len() > 20, "{named:?}");
    let missing: Vec<_> = named.into_iter().filter(|name| !tests.contains(*name)).collect();
    assert_eq!(missing, [""; 0]);
}

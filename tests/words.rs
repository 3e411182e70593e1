//! Every word of the window exists in every language, and every word that exists is said somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const LANGUAGES: [&str; 2] = ["en", "zh-CN"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// One use of `tr!`: its key and the names of its arguments.
#[derive(Debug)]
struct Use {
    place: String,
    key: String,
    arguments: BTreeSet<String>,
}

/// The text between the parenthesis that `text` begins with and the one that closes it.
fn in_parentheses(text: &str) -> &str {
    let mut depth = 0;
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return &text[1..at];
                }
            }
            _ => {}
        }
    }
    panic!("a parenthesis is not closed: {}", &text[..text.len().min(60)]);
}

/// Splits arguments at the commas that are in no inner parentheses or quotes.
fn arguments(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut quoted, mut escaped, mut begin) = (Vec::new(), 0, false, false, 0);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                parts.push(text[begin..at].trim());
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[begin..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

fn uses() -> Vec<Use> {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let mut uses = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a readable source");
        for (at, _) in text.match_indices("tr!(") {
            let before = text[..at].chars().next_back();
            let line_start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
            let comment = text[line_start..at].trim_start().starts_with("//");
            if comment || before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let line = text[..at].matches('\n').count() + 1;
            let place = format!("{}:{line}", file.strip_prefix(root()).unwrap_or(&file).display());
            let parts = arguments(in_parentheses(&text[at + 3..]));
            let key = parts.get(1).copied().unwrap_or_default();
            let key = key
                .strip_prefix('"')
                .and_then(|key| key.strip_suffix('"'))
                .unwrap_or_else(|| panic!("{place}: the key must be a literal, not {key}"));
            let names = parts[2..].iter().map(|part| part.split('=').next().unwrap_or_default().trim().to_owned());
            uses.push(Use { place: place.clone(), key: key.to_owned(), arguments: names.collect() });
        }
    }
    assert!(uses.len() > 100, "only {} uses were found", uses.len());
    uses
}

/// Key → language → words, read without the crate that the program reads them with.
fn locale() -> BTreeMap<String, BTreeMap<String, String>> {
    let text = fs::read_to_string(root().join("assets/locales/app.yml")).expect("the locale file");
    let mut words: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut key = String::new();
    for (at, line) in text.lines().enumerate() {
        let indented = line.starts_with(' ');
        let Some((name, value)) =
            line.trim().split_once(": ").or_else(|| line.trim().strip_suffix(':').map(|n| (n, "")))
        else {
            assert!(line.trim().is_empty() || line.starts_with('#'), "line {}: {line}", at + 1);
            continue;
        };
        if indented {
            let languages = words.entry(key.clone()).or_default();
            assert!(languages.insert(name.to_owned(), value.to_owned()).is_none(), "{key} has {name} twice");
        } else if name != "_version" {
            assert!(!words.contains_key(name), "{name} is there twice");
            name.clone_into(&mut key);
        }
    }
    words
}

fn placeholders(words: &str) -> BTreeSet<String> {
    words.split("%{").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn no_key_is_missing_and_none_is_unused() {
    let words = locale();
    let uses = uses();
    let used: BTreeSet<_> = uses.iter().map(|one| one.key.as_str()).collect();
    let there: BTreeSet<_> = words.keys().map(String::as_str).collect();
    let missing: Vec<_> = uses
        .iter()
        .filter(|one| !there.contains(&*one.key))
        .map(|one| format!("{} at {}", one.key, one.place))
        .collect();
    let unused: Vec<_> = there.difference(&used).collect();
    assert!(missing.is_empty(), "missing in app.yml: {missing:#?}");
    assert!(unused.is_empty(), "unused in app.yml: {unused:#?}");
}

#[test]
fn every_key_has_every_language_with_the_same_placeholders() {
    let mut faults = Vec::new();
    for (key, languages) in locale() {
        let there: Vec<_> = languages.keys().map(String::as_str).collect();
        if there != LANGUAGES {
            faults.push(format!("{key} has {there:?}"));
            continue;
        }
        if languages.values().any(|words| words.trim_matches('"').is_empty()) {
            faults.push(format!("{key} is empty"));
        }
        if placeholders(&languages["en"]) != placeholders(&languages["zh-CN"]) {
            faults.push(format!("{key} has different placeholders"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_use_gives_what_the_words_ask_for() {
    let words = locale();
    let mut faults = Vec::new();
    for one in uses() {
        let Some(english) = words.get(&one.key).and_then(|languages| languages.get("en")) else { continue };
        let wanted = placeholders(english);
        if wanted != one.arguments {
            faults.push(format!("{}: {} wants {wanted:?}, gets {:?}", one.place, one.key, one.arguments));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_program_finds_the_words() {
    use sockeye::i18n::Language;
    use sockeye::model::{Cause, Failure, Operation};
    let bind = Failure::new(Operation::Bind, "127.0.0.1:9000", Cause::AddressInUse);
    assert_eq!(sockeye::i18n::failure(Language::English, &bind), "bind 127.0.0.1:9000: address already in use");
    assert_eq!(sockeye::i18n::failure(Language::Chinese, &bind), "绑定 127.0.0.1:9000：地址已被占用");
}

//! The floors of the house: imports point down only, and only one floor touches sockets, files and threads each.
//!
//! The compiler knows no such rule within one crate, so this reads the sources.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// Each floor with the floors that it may import.
const FLOORS: [(&str, &[&str]); 9] = [
    ("codec", &[]),
    ("model", &["codec"]),
    ("proto", &["model", "codec"]),
    ("net", &["model", "codec"]),
    ("store", &["model", "codec"]),
    ("engine", &["proto", "net", "store", "model", "codec"]),
    ("i18n", &["model", "codec"]),
    ("ui", &["i18n", "engine", "model", "codec"]),
    ("cli", &["i18n", "engine", "model", "codec"]),
];

/// What only some floors may name, in code that is not a test.
const OWNED: [(&str, &[&str]); 18] = [
    ("std::net", &["net"]),
    ("std::os::unix::net", &["net"]),
    ("socket2", &["net"]),
    ("nix::sys::socket", &["net"]),
    ("rusqlite", &["store"]),
    ("std::fs", &["store"]),
    ("nix::fcntl::open", &["store"]),
    ("directories::", &["store"]),
    (".is_dir()", &["store"]),
    (".is_file()", &["store"]),
    (".exists()", &["store"]),
    ("thread::{Builder", &["engine"]),
    ("thread::Builder", &["engine"]),
    ("thread::spawn", &["engine"]),
    ("thread::scope", &["engine"]),
    // Those below take the time from who calls them.
    ("Instant::now", &["net", "store", "engine", "ui", "cli"]),
    ("SystemTime::now", &["net", "store", "engine", "ui", "cli"]),
    // In such a list the names above would not be seen.
    ("use std::{", &[]),
];

struct Source {
    path: PathBuf,
    floor: String,
    lines: Vec<String>,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(&root).unwrap();
                // `lib.rs` and `main.rs` stand above all floors.
                let Some(floor) = inside.parent().and_then(|parent| parent.iter().next()) else { continue };
                let is_test = inside.with_extension("").iter().any(|part| part == "tests");
                let text = fs::read_to_string(&path).unwrap();
                let lines = if is_test { Vec::new() } else { code(&text) };
                sources.push(Source { floor: floor.to_str().unwrap().to_owned(), lines, path });
            }
        }
    }
    assert!(sources.len() > 50, "the sources were not found");
    sources
}

/// Lines without comments; those of what is only there for tests are empty.
fn code(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut skipped: Option<Skipped> = None;
    for line in text.lines() {
        if line.trim() == "#[cfg(test)]" {
            let indent = line.len() - line.trim_start().len();
            skipped = Some(Skipped { indent, has_begun: false });
        }
        let is_kept = skipped.is_none();
        if skipped.as_mut().is_some_and(|item| item.ends_with(line)) {
            skipped = None;
        }
        let code = line.split("//").next().unwrap_or_default();
        lines.push(if is_kept { code.to_owned() } else { String::new() });
    }
    lines
}

/// An item behind `#[cfg(test)]`, which rustfmt ends with a bracket as far in as it began, or on its only line.
struct Skipped {
    indent: usize,
    has_begun: bool,
}

impl Skipped {
    fn ends_with(&mut self, line: &str) -> bool {
        let trimmed = line.trim();
        if self.has_begun {
            let indent = line.len() - line.trim_start().len();
            return indent == self.indent && trimmed.starts_with(['}', ')', ']']);
        }
        self.has_begun = !trimmed.is_empty() && !trimmed.starts_with(['#', '/']);
        self.has_begun && trimmed.ends_with([';', '}', ','])
    }
}

/// Floors that a line names as `crate::floor` or, in a nested import, `crate::{floor::…, …}`.
fn floors_named(line: &str) -> Vec<String> {
    let mut named = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        let rest = &line[at + "crate::".len()..];
        let parts: Vec<&str> = match rest.strip_prefix('{') {
            Some(list) => list.split(',').map(str::trim).collect(),
            None => vec![rest],
        };
        for part in parts {
            let name: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if FLOORS.iter().any(|(floor, _)| *floor == name) {
                named.push(name);
            }
        }
    }
    named
}

#[test]
fn imports_point_down_only() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some((_, allowed)) = FLOORS.iter().find(|(floor, _)| *floor == source.floor) else {
            wrong.push(format!("{}: no such floor", source.path.display()));
            continue;
        };
        for (number, line) in source.lines.iter().enumerate() {
            for floor in floors_named(line) {
                if floor != source.floor && !allowed.contains(&floor.as_str()) {
                    wrong.push(format!("{}:{}: {} imports {floor}", source.path.display(), number + 1, source.floor));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sockets_files_and_threads_have_one_floor_each() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (number, line) in source.lines.iter().enumerate() {
            for (name, owners) in OWNED {
                if line.contains(name) && !owners.contains(&source.floor.as_str()) {
                    wrong.push(format!("{}:{}: {} names {name}", source.path.display(), number + 1, source.floor));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A control or a text that is given words of its own instead of those of a language.
const WORDS: &str = concat!(
    r#"\.(label|button|heading|small|strong|weak|small_button|checkbox|hint_text|on_hover_text|accessible_name)"#,
    r#"\("[^"]*[A-Za-z]|(RichText|Label|Button|WidgetText)::(new|from)\("[^"]*[A-Za-z]"#
);

/// Of all colours this one alone is the same in every theme.
const COLOUR: &str = r"Color32::(from_|[A-Z])";
const NO_COLOUR: &str = "Color32::TRANSPARENT";

#[test]
fn the_window_s_words_come_from_its_languages_and_its_colours_from_the_theme() {
    let [words, colour] = [WORDS, COLOUR].map(|pattern| Regex::new(pattern).unwrap());
    for wrong in [r#"ui.button("Send")"#, r#"RichText::new("a")"#, r#"edit.hint_text("Port")"#] {
        assert!(words.is_match(wrong), "{wrong}");
    }
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.floor == "ui" && !source.path.ends_with("ui/theme.rs")) {
        for (number, line) in source.lines.iter().enumerate() {
            if words.is_match(line) || colour.is_match(&line.replace(NO_COLOUR, "")) {
                wrong.push(format!("{}:{}: {}", source.path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A margin or a gap that is a number of its own; none at all is no number.
const SPACING: &str = concat!(
    r"(inner|outer)_margin\(\s*\d|\bMargin(::(same|symmetric)\(| \{)|add_space\(\s*\d",
    r"|item_spacing(\.[xy])?( =|,) [^;]*\b[\d.]*[1-9]"
);

#[test]
fn margins_and_gaps_come_from_the_theme() {
    let spacing = Regex::new(SPACING).unwrap();
    for wrong in [
        "frame.inner_margin(12)",
        "inner_margin(egui::Margin::symmetric(8, 4))",
        "inner_margin(Margin { top: 6, ..Default::default() })",
        "ui.add_space(14.0 + ui.spacing().item_spacing.x);",
        "ui.spacing_mut().item_spacing.x = tokens.space_small + 2.0;",
        "ui.spacing_mut().item_spacing = vec2(0.0, 2.0);",
        "std::mem::replace(&mut ui.spacing_mut().item_spacing.y, 2.0)",
    ] {
        assert!(spacing.is_match(wrong), "{wrong}");
    }
    for right in
        ["inner_margin(tokens.edge)", "ui.spacing_mut().item_spacing.y = 0.0;", "ui.add_space((height / 2.0).max(0.0))"]
    {
        assert!(!spacing.is_match(right), "{right}");
    }
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.floor == "ui" && !source.path.ends_with("ui/theme.rs")) {
        for (number, line) in source.lines.iter().enumerate().filter(|(_, line)| spacing.is_match(line)) {
            wrong.push(format!("{}:{}: {}", source.path.display(), number + 1, line.trim()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn unsafe_stays_in_its_one_module() {
    for source in sources() {
        let is_audited = source.path.ends_with("net/sys.rs");
        let has_unsafe = source.lines.iter().any(|line| line.contains("unsafe"));
        assert!(!has_unsafe || is_audited, "{}", source.path.display());
    }
}

/// The file that a transport is, and those that have to know its name, as ARCHITECTURE.md counts them for RDS.
#[test]
fn a_transport_is_one_file_and_lines_in_eight_others() {
    let names = |source: &Source| source.lines.iter().any(|line| line.contains("Rds") || line.trim() == "mod rds;");
    let all = sources();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut own, mut named) = (Vec::new(), Vec::new());
    for source in all.iter().filter(|source| names(source)) {
        let inside = source.path.strip_prefix(root.join("src")).unwrap().to_str().unwrap();
        if inside == "net/rds.rs" { own.push(inside) } else { named.push(inside) }
    }
    let architecture = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let words = architecture.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("is one new file and lines in eight other sources"), "it says something else");
    assert_eq!((own.len(), named.len()), (1, 8), "{named:#?}");
    for path in named {
        assert!(words.contains(&format!("`{path}`")), "{path} is not told of");
    }
}

/// A long one, with some lines to spare, so that a new thread has its line in the table.
const PAGE: usize = 135;

#[test]
fn the_architecture_is_a_page_and_the_recipes_are_found_from_it() {
    let [architecture, readme, recipes] = ["ARCHITECTURE.md", "README.md", "CONTRIBUTING.md"]
        .map(|name| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap());
    assert!(architecture.lines().count() <= PAGE, "{} lines", architecture.lines().count());
    for text in [architecture, readme] {
        assert!(text.contains("](CONTRIBUTING.md)"), "no link to the recipes");
    }
    assert!(recipes.contains("](ARCHITECTURE.md)") && recipes.contains("\n## Recipes\n"));
}

#[test]
fn words_of_one_language_alone_are_where_the_architecture_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let architecture = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let (_, exceptions) = architecture.split_once("**Other languages than English**").expect("they are listed");
    let mut found = 0;
    for source in sources().iter().filter(|source| ["ui", "cli", "engine"].contains(&source.floor.as_str())) {
        let inside = source.path.strip_prefix(root.join("src")).unwrap().to_str().unwrap();
        // A switch between languages has them in the patterns and the values of a `match`.
        let names = |line: &String| line.contains("Language::English") && !line.contains("LanguageChoice::");
        if source.lines.iter().any(names) {
            found += 1;
            assert!(exceptions.contains(&format!("`{inside}`")), "{inside} knows English alone");
        }
    }
    assert!(found >= 3, "{found} found");
}

#[test]
fn the_reader_of_imports_sees_what_it_should() {
    assert_eq!(floors_named("use crate::engine::Engine;"), ["engine"]);
    assert_eq!(floors_named("use crate::{model::Row, net::{self, Wake}};"), ["model", "net"]);
    assert_eq!(floors_named("let x = crate::store::settings::load(path);"), ["store"]);
    assert!(floors_named("use crate::tr;").is_empty());
    assert_eq!(code("use a; // crate::net\n#[cfg(test)]\nuse crate::net;\nuse b;"), ["use a; ", "", "", "use b;"]);
    let nested = "impl A {\n    #[cfg(test)]\n    #[must_use]\n    fn b() {\n        c();\n    }\n    fn d() {}\n}";
    assert_eq!(code(nested), ["impl A {", "", "", "", "", "", "    fn d() {}", "}"]);
}

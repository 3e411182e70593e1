use std::fs;

use proptest::prelude::*;

use super::*;
use crate::model::{
    Cause, ClientTab, ColorRule, ComposerSettings, LanguageChoice, LineEndingChoice, RowColor, SendMode, ServerTab,
    ThemeChoice, TimeMode, WindowPlace,
};

/// Every field differs from its default, so that one which is not read back shows; no `..default()`, so that a new one
/// has to be added here.
fn unusual() -> Settings {
    let composer = ComposerSettings {
        format: "hex".to_owned(),
        encoding: "gbk".to_owned(),
        line_ending: LineEndingChoice::CrLf,
        draft: "two\nlines \"quoted\" '''\"\"\" 你好 \u{7f} \\".to_owned(),
        history: vec!["first".to_owned(), String::new()],
        send_mode: SendMode::Tutorial,
    };
    Settings {
        language: LanguageChoice::Chinese,
        theme: ThemeChoice::Dark,
        zoom: 1.25,
        window: Some(WindowPlace { x: Some(-10.0), y: Some(20.5), width: 1024.0, height: 700.0, maximized: true }),
        follow_end: false,
        show_inspector: false,
        times: TimeMode::SinceLast,
        color_rules: vec![ColorRule { enabled: false, filter: "error or \"".to_owned(), color: RowColor::Blue }],
        show_statistics: true,
        split: 0.25,
        journal_limit: 4_000_000_000,
        snap_length: 128,
        recent: vec!["/tmp/a \"b\".pcapng".to_owned(), "日志.sqlite".to_owned()],
        columns: [("time".to_owned(), 90.0), ("text".to_owned(), 200.5)].into(),
        server: 1,
        client: 3,
        servers: vec![
            ServerTab {
                protocol: "udp".to_owned(),
                address: "::".to_owned(),
                port: "70000".to_owned(),
                options: "nodelay=1".to_owned(),
                respond: "reply".to_owned(),
                reply: "ok".to_owned(),
                browser: "folder".to_owned(),
                page: "<h1>\n你好".to_owned(),
                site: "/srv".to_owned(),
                receive: "auto".to_owned(),
                folder: "/tmp".to_owned(),
                ask_first: false,
                largest_file: "10 MB".to_owned(),
                most_files: "7".to_owned(),
                stay_half_open: true,
                shown_as: "gbk".to_owned(),
                more_open: true,
                composer: composer.clone(),
            },
            ServerTab::default(),
        ],
        clients: vec![ClientTab {
            protocol: "unix".to_owned(),
            address: "/run/x.sock".to_owned(),
            port: String::new(),
            options: "rcvbuf=4M".to_owned(),
            local_host: "127.0.0.2".to_owned(),
            local_port: "1".to_owned(),
            timeout_ms: 1,
            reconnect: true,
            connected: false,
            receive: "tutorial".to_owned(),
            folder: "/var".to_owned(),
            ask_first: false,
            largest_file: "1 GiB".to_owned(),
            most_files: "1".to_owned(),
            stay_half_open: true,
            shown_as: "latin-1".to_owned(),
            more_open: true,
            composer,
        }],
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn keys(damage: &[Damage]) -> Vec<&str> {
    fn key(damage: &Damage) -> &str {
        match damage {
            Damage::Part { key, problem } if !problem.is_empty() => key,
            other => panic!("no damaged part: {other:?}"),
        }
    }
    damage.iter().map(key).collect()
}

#[test]
fn what_was_saved_is_loaded_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new folder/settings.toml");
    for settings in [unusual(), Settings::default()] {
        save(&path, &settings).unwrap();
        assert_eq!(load(&path), (settings, Vec::new()));
    }
    assert_eq!(names(path.parent().unwrap()), ["settings.toml"]);
}

#[test]
fn a_missing_file_is_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(load(&folder.path().join("settings.toml")), (Settings::default(), Vec::new()));
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_folder_in_the_place_of_the_file_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, damage) = load(folder.path());
    let why = Cause::NotARegularFile;
    assert_eq!((settings, damage), (Settings::default(), vec![Damage::Whole(why.clone()), Damage::NotKept(why)]));
    assert!(folder.path().is_dir());
    assert!(save(folder.path(), &Settings::default()).is_err());
}

/// Too long a file, which not even root reads.
fn unreadable(path: &Path) {
    fs::File::create(path).and_then(|file| file.set_len(SIZE_MAX + 1)).unwrap();
}

/// Leaves no name to keep anything aside by.
fn take_all_names_beside(path: &Path) {
    for number in 1..=1000 {
        fs::write(path.with_file_name(format!("settings.damaged-{number}.toml")), "another").unwrap();
    }
}

#[test]
fn a_file_that_can_not_be_read_moves_aside_and_the_next_is_saved_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    for number in 1..=2_usize {
        unreadable(&path);
        assert_eq!(load(&path), (Settings::default(), vec![Damage::Whole(Cause::FileTooLarge)]));
        let aside = path.with_file_name(format!("settings.damaged-{number}.toml"));
        assert_eq!(fs::metadata(aside).unwrap().len(), SIZE_MAX + 1);
        assert_eq!(names(folder.path()).len(), number);
        save(&path, &unusual()).unwrap();
        assert_eq!(load(&path), (unusual(), Vec::new()));
    }
}

#[cfg(unix)]
#[test]
fn of_a_link_what_it_leads_to_stays() {
    let folder = tempfile::tempdir().unwrap();
    let [path, far] = ["settings.toml", "far.toml"].map(|name| folder.path().join(name));
    unreadable(&far);
    std::os::unix::fs::symlink(&far, &path).unwrap();
    assert_eq!(load(&path).1, [Damage::Whole(Cause::FileTooLarge)]);
    save(&path, &unusual()).unwrap();
    assert_eq!(names(folder.path()), ["far.toml", "settings.damaged-1.toml", "settings.toml"]);
    assert_eq!(fs::metadata(folder.path().join("settings.damaged-1.toml")).unwrap().len(), SIZE_MAX + 1);
}

#[test]
fn a_file_that_can_be_kept_nowhere_stays_and_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    take_all_names_beside(&path);
    let not_kept = Damage::NotKept(Cause::AlreadyExists);
    unreadable(&path);
    assert_eq!(load(&path).1, [Damage::Whole(Cause::FileTooLarge), not_kept.clone()]);
    assert_eq!(fs::metadata(&path).unwrap().len(), SIZE_MAX + 1);
    fs::write(&path, "zoom = 0\ntheme = \"dark\"").unwrap();
    let (settings, mut damage) = load(&path);
    assert_eq!((settings.theme, damage.pop()), (ThemeChoice::Dark, Some(not_kept)));
    assert_eq!(keys(&damage), ["zoom"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "zoom = 0\ntheme = \"dark\"");
}

#[test]
fn a_window_keeps_its_size_where_its_position_is_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    let place = WindowPlace { x: None, y: None, width: 900.0, height: 600.0, maximized: false };
    let settings = Settings { window: Some(place), ..Settings::default() };
    save(&path, &settings).unwrap();
    assert_eq!(load(&path), (settings, Vec::new()));
}

#[test]
fn damaged_values_cost_themselves_only_and_the_file_is_kept_aside_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    let text = r#"
language = "klingon"
theme = "dark"
zoom = 9
split = nan
unknown = { deep = [1, 2] }

[window]
x = 1
y = 2
width = "wide"
height = 3
maximized = false

[columns]
peer = 0
text = "wide"
time = 80

[[servers]]
port = 9000
address = "0.0.0.0"
protocol = "sctp"
[servers.composer]
history = ["a", 5, "b"]
format = "hex"
encoding = "klingon"

[[clients]]
timeout_ms = -1
port = "1234"
"#;
    fs::write(&path, text).unwrap();
    let (settings, damage) = load(&path);
    assert_eq!(
        keys(&damage),
        [
            "language",
            "zoom",
            "window.width",
            "split",
            "columns.peer",
            "columns.text",
            "servers.0.protocol",
            "servers.0.port",
            "servers.0.composer.encoding",
            "servers.0.composer.history.1",
            "clients.0.timeout_ms",
        ]
    );
    let mut expected = Settings { theme: ThemeChoice::Dark, ..Settings::default() };
    expected.columns.insert("time".to_owned(), 80.0);
    expected.servers[0].address = "0.0.0.0".to_owned();
    expected.servers[0].composer.history = vec!["a".to_owned(), "b".to_owned()];
    expected.servers[0].composer.format = "hex".to_owned();
    expected.clients[0].port = "1234".to_owned();
    assert_eq!(settings, expected);

    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert_eq!(fs::read_to_string(folder.path().join("settings.damaged-1.toml")).unwrap(), text);
    let _ = load(&path);
    assert_eq!(names(folder.path()), ["settings.damaged-1.toml", "settings.toml"]);
    fs::write(&path, "zoom = 0").unwrap();
    let _ = load(&path);
    assert_eq!(names(folder.path()), ["settings.damaged-1.toml", "settings.damaged-2.toml", "settings.toml"]);
}

#[test]
fn a_line_that_is_no_toml_costs_that_line() {
    for wrong in ["zoom = = 2", "][", "zoom", "draft = \"unclosed", "draft = \"\"\"unclosed", "a = [1,", "[[x"] {
        let text = format!("theme = \"dark\"\n{wrong}\nfollow_end = false\n\n[[clients]]\nport = \"1\"\n");
        let (settings, damage) = parse(text.as_bytes());
        assert_eq!(keys(&damage), ["line 2"], "{wrong}: {damage:?}");
        assert_eq!(settings.theme, ThemeChoice::Dark, "{wrong}");
        assert!(!settings.follow_end, "{wrong}");
        assert_eq!(settings.clients[0].port, "1", "{wrong}");
    }
}

#[test]
fn a_string_of_several_lines_whose_key_is_damaged_costs_that_string() {
    let text = toml::to_string(&unusual()).unwrap();
    for (whole, damaged) in [("page = ", "page  "), ("draft = ", "draft \u{12}"), ("draft = \"", "draft = x")] {
        assert!(text.contains(whole));
        let (settings, damage) = parse(text.replacen(whole, damaged, 1).as_bytes());
        assert_eq!((settings.language, &settings.clients), (unusual().language, &unusual().clients), "{damage:?}");
        assert!(damage.len() <= 3, "{damage:?}");
    }
}

#[test]
fn a_line_that_is_no_unicode_costs_that_line() {
    let (settings, damage) = parse(b"theme = \"dark\"\nlanguage = \"\xff\"\nfollow_end = false\n");
    assert_eq!(keys(&damage), ["line 2"]);
    assert!(settings.theme == ThemeChoice::Dark && !settings.follow_end);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn anything_at_all_is_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let (settings, damage) = parse(&bytes);
        prop_assert!(!damage.is_empty() || bytes.is_ascii() || std::str::from_utf8(&bytes).is_ok());
        prop_assert!((0.5..=3.0).contains(&settings.zoom));
    }

    #[test]
    fn a_byte_changed_anywhere_leaves_most_values(at in any::<prop::sample::Index>(), byte: u8) {
        let saved = toml::to_string(&unusual()).unwrap();
        let mut bytes = saved.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let (settings, _damage) = parse(&bytes);
        let usual = Settings::default();
        // One byte can't reach both the first key and the last tab.
        prop_assert!(settings.language != usual.language || settings.clients != usual.clients);
    }
}

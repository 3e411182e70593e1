//! What survives a restart, what a damaged file costs, and the switches of language and theme.

#[path = "support/app.rs"]
mod app;

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use egui::accesskit::{Role, Toggled};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::engine::Engine;
use sockeye::model::{
    Cause, ClientTab, ComposerSettings, Damage, LanguageChoice, LineEndingChoice, ServerTab, Settings, ThemeChoice,
};

use crate::app::{Window, any_port, heard, listener};

fn click(window: &mut Window, name: &str) {
    window.harness.get_by_label(name).click();
    window.harness.step();
    window.harness.step();
}

fn says(window: &Window, words: &str) -> bool {
    window.harness.query_all_by_role(Role::Label).any(|label| label.value().is_some_and(|said| said.contains(words)))
}

fn restart(file: &Path) -> Window {
    let (settings, damage) = Engine::load_settings(file);
    Window::restart(settings, damage, file.to_owned())
}

/// Runs a test in a process for which this is the system's language.
fn in_language(locale: &str, name: &str, test: impl FnOnce()) {
    const INSIDE: &str = "SOCKEYE_TEST_LANGUAGE";
    if std::env::var(INSIDE).as_deref() == Ok(locale) {
        return test();
    }
    if std::env::var_os(INSIDE).is_some() {
        return;
    }
    let mut command = Command::new(std::env::current_exe().expect("the test's own path"));
    command.args(["--exact", name]).env(INSIDE, locale).env("LC_ALL", locale);
    let output = command.output().expect("it runs");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("1 passed"), "{locale}: {told}");
}

#[test]
fn a_window_that_was_told_no_language_speaks_the_system_s() {
    for (locale, panel, button) in [("zh_CN.UTF-8", "服务端", "开始监听"), ("de_DE.UTF-8", "Server", "Start listening")]
    {
        in_language(locale, "a_window_that_was_told_no_language_speaks_the_system_s", || {
            let mut window = Window::open(Settings::default());
            window.click(panel, button);
        });
    }
}

#[test]
fn the_journals_limit_is_chosen_from_a_menu_and_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("settings.toml");
    let english = Settings { language: LanguageChoice::English, journal_limit: 65_000_000, ..Settings::default() };
    let mut window = Window::restart(english, Vec::new(), file.clone());
    let is_ticked = |window: &mut Window, item: &str| {
        click(window, "File");
        click(window, "Journal on disk");
        window.harness.get_by_label(item).accesskit_node().toggled() == Some(Toggled::True)
    };
    assert!(is_ticked(&mut window, "65 MB"), "it was written by hand");
    click(&mut window, "1 GB");
    window.until("the file", |_| Engine::load_settings(&file).0.journal_limit == 1_000_000_000);
    drop(window);
    let mut window = restart(&file);
    assert!(is_ticked(&mut window, "1 GB"));
    click(&mut window, "No limit");
    window.until("the file", |_| Engine::load_settings(&file).0.journal_limit == 0);
}

#[test]
fn what_is_kept_of_each_call_is_chosen_from_a_menu_and_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("settings.toml");
    let english = Settings { language: LanguageChoice::English, servers: vec![any_port()], ..Settings::default() };
    let mut window = Window::restart(english, Vec::new(), file.clone());
    click(&mut window, "File");
    click(&mut window, "Kept of each call");
    click(&mut window, "64 B");
    window.until("the file", |_| Engine::load_settings(&file).0.snap_length == 64);
    window.listen();
    let mut peer = window.peer();
    peer.write_all(&[b'x'; 100]).expect("sent");
    let text = format!("{}… (the first 64 kept)", "x".repeat(64));
    window.until("its beginning", |window| window.has_row(&["received", "100", &text]));
    window.harness.get_all_by_label(&text).next().expect("the row").click();
    window.harness.step();
    window.until("the inspector", |window| says(window, "64 B kept of 100 B"));
}

#[test]
fn what_was_typed_and_sent_is_there_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("settings.toml");
    let listener = listener();
    let english = Settings { language: LanguageChoice::English, theme: ThemeChoice::Light, ..Settings::default() };
    let mut window = Window::restart(english, Vec::new(), file.clone());
    let mut peer = window.connect_to(&listener);
    window.choose("Client", "Encoding", "GBK");
    window.choose("Client", "Line ending", "+ CRLF");
    window.write("Client", "Message", "你好");
    window.click("Client", "Send");
    assert_eq!(heard(&mut peer, 6), b"\xc4\xe3\xba\xc3\r\n");
    window.write("Client", "Message", "a draft");
    window.choose("Server", "Protocol", "UDP");
    window.write("Server", "Port", "9123");
    window.click("Server", "New server");
    click(&mut window, "Dark");
    let saved = |file: &Path| {
        let (settings, damage) = Engine::load_settings(file);
        assert_eq!(damage, [], "a file is replaced whole");
        (settings.theme == ThemeChoice::Dark).then_some(settings)
    };
    window.until("the file", |_| saved(&file).is_some());
    let settings = saved(&file).expect("settings");
    let client = &settings.clients[0].composer;
    assert_eq!((client.draft.as_str(), &client.history[..]), ("a draft", &["你好".to_owned()][..]));
    assert_eq!(settings.servers.len(), 2);
    drop(window);

    let mut window = restart(&file);
    let port = listener.local_addr().expect("an address").port().to_string();
    for (panel, field, value) in [
        ("Client", "Port", &*port),
        ("Client", "Message", "a draft"),
        ("Client", "Encoding", "GBK"),
        ("Client", "Line ending", "+ CRLF"),
        ("Server", "Protocol", "UDP"),
        // The new tab, which was in front, has the next port.
        ("Server", "Port", "9124"),
    ] {
        assert_eq!(window.value(panel, field), value, "{panel} {field}");
    }
    assert_eq!(window.panel("Server").query_all_by_role(Role::Tab).count(), 2);
    assert!(window.harness.query_by_label("Light").is_some(), "the other theme is offered");
    // The history too: up, from the first line of the draft.
    window.control("Client", "Message").focus();
    window.press(egui::Key::ArrowUp);
    assert_eq!(window.value("Client", "Message"), "你好");
}

#[test]
fn a_width_given_to_a_column_is_there_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("settings.toml");
    let english = Settings { language: LanguageChoice::English, theme: ThemeChoice::Light, ..Settings::default() };
    let mut window = Window::restart(english, Vec::new(), file.clone());
    let width = |window: &Window| {
        window.harness.get_by_role_and_label(Role::Splitter, "Width of Time").accesskit_node().numeric_value()
    };
    let before = width(&window).expect("a width");
    window.harness.get_by_role_and_label(Role::Splitter, "Width of No.").focus();
    window.harness.step();
    window.harness.step();
    for key in [egui::Key::ArrowDown, egui::Key::ArrowRight] {
        window.press(key);
    }
    assert_eq!(width(&window), Some(before + 8.0));
    window.until("the file", |_| !Engine::load_settings(&file).0.columns.is_empty());
    drop(window);
    assert_eq!(width(&restart(&file)), Some(before + 8.0));
}

#[test]
fn a_damaged_file_costs_its_damaged_values_and_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("settings.toml");
    let good = Settings {
        language: LanguageChoice::English,
        servers: vec![ServerTab { port: "9321".to_owned(), ..ServerTab::default() }],
        theme: ThemeChoice::Light,
        ..Settings::default()
    };
    let mut window = Window::restart(good.clone(), Vec::new(), file.clone());
    let engine_has_written = |file: &Path| std::fs::read_to_string(file).unwrap_or_default();
    click(&mut window, "Dark");
    window.until("the file", |_| engine_has_written(&file).contains("dark"));
    drop(window);
    let text = engine_has_written(&file);
    let damaged = text.replacen("zoom = 1.0", "zoom = \"large\"", 1);
    assert_ne!(damaged, text);
    std::fs::write(&file, damaged).expect("a damaged file");

    let mut window = restart(&file);
    assert!(says(&window, "These settings could not be read and take their defaults: zoom."));
    assert_eq!(window.value("Server", "Port"), "9321", "what is right stays");
    click(&mut window, "Dismiss");
    assert!(!says(&window, "could not be read"));
    let kept = std::fs::read_dir(folder.path()).expect("the folder").count();
    assert!(kept >= 2, "the old file is kept aside");
}

#[test]
fn a_file_that_is_none_is_told_with_the_problem() {
    let settings = Settings { language: LanguageChoice::English, theme: ThemeChoice::Light, ..Settings::default() };
    let folder = tempfile::tempdir().expect("a folder");
    let mut window =
        Window::restart(settings, vec![Damage::Whole(Cause::NotToml)], folder.path().join("settings.toml"));
    let kept = "The settings could not be read and take their defaults: it is not TOML. The old file is kept aside.";
    assert!(says(&window, kept));
    click(&mut window, "中文");
    assert!(says(&window, "设置无法读取，已恢复默认值：不是 TOML 格式。旧文件已另存。"));
}

#[test]
fn what_can_not_be_kept_aside_is_not_saved_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("settings.toml");
    let aside = |number| folder.path().join(format!("settings.damaged-{number}.toml"));
    for number in 1..=1000 {
        std::fs::write(aside(number), "of another day").expect("a file");
    }
    let text = "language = \"english\"\ntheme = \"light\"\nzoom = \"large\"\n";
    std::fs::write(&file, text).expect("a damaged file");
    // As long as settings have to rest before they are saved, and again, in the window's own time.
    let change_and_wait = |window: &mut Window| {
        click(window, "Dark");
        for _ in 0..180 {
            window.harness.step();
        }
    };
    let mut window = restart(&file);
    let told =
        "take their defaults: zoom. The old file could not be kept aside: it exists already. It stays as it is, and";
    assert!(says(&window, told));
    change_and_wait(&mut window);
    // What was to be saved is, once the window is gone.
    drop(window);
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), text);

    std::fs::remove_file(aside(7)).expect("it was there");
    let mut window = restart(&file);
    assert!(says(&window, "take their defaults: zoom. The old file is kept aside."));
    change_and_wait(&mut window);
    drop(window);
    assert!(std::fs::read_to_string(&file).expect("the file").contains("dark"));
    assert_eq!(std::fs::read_to_string(aside(7)).expect("a copy"), text);
}

#[test]
fn settings_that_can_not_be_written_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let in_the_way = folder.path().join("a file");
    std::fs::write(&in_the_way, "mine").expect("a file");
    let settings = Settings { language: LanguageChoice::English, theme: ThemeChoice::Light, ..Settings::default() };
    let mut window = Window::restart(settings, Vec::new(), in_the_way.join("settings.toml"));
    click(&mut window, "Dark");
    window.until("the failure", |window| says(window, "save the settings "));
    assert_eq!(std::fs::read(&in_the_way).expect("the file"), b"mine");
}

#[test]
fn tabs_open_with_all_of_their_values() {
    let composer = ComposerSettings {
        format: "hex".to_owned(),
        encoding: "utf-16le".to_owned(),
        line_ending: LineEndingChoice::Lf,
        draft: "e4 bd a0".to_owned(),
        history: vec!["00".to_owned()],
        ..ComposerSettings::default()
    };
    let server = ServerTab {
        options: "backlog=1".to_owned(),
        respond: "reply".to_owned(),
        reply: "ok\\n".to_owned(),
        receive: "raw".to_owned(),
        folder: "/tmp/in".to_owned(),
        composer: composer.clone(),
        ..ServerTab::default()
    };
    let client = ClientTab {
        protocol: "udp".to_owned(),
        address: "::1".to_owned(),
        local_host: "::1".to_owned(),
        local_port: "9999".to_owned(),
        timeout_ms: 250,
        connected: false,
        composer,
        ..ClientTab::default()
    };
    let mut window = Window::with_tabs(server, client);
    for panel in ["Server", "Client"] {
        window.click(panel, "More");
    }
    for (panel, field, value) in [
        ("Server", "Automatic reply", "Fixed text"),
        ("Server", "Reply text", "ok\\n"),
        ("Server", "Incoming data", "Save as a file"),
        ("Server", "Folder", "/tmp/in"),
        ("Server", "Socket options", "backlog=1"),
        ("Server", "Format", "Hex"),
        ("Server", "Message", "e4 bd a0"),
        ("Client", "Protocol", "UDP"),
        ("Client", "Address", "::1"),
        ("Client", "Local address", "::1"),
        ("Client", "Local port", "9999"),
        ("Client", "Time-out (ms)", "250"),
        ("Client", "Encoding", "UTF-16LE"),
        ("Client", "Line ending", "+ LF"),
    ] {
        assert_eq!(window.value(panel, field), value, "{panel} {field}");
    }
    let connected = window.control("Client", "Connected socket");
    assert_eq!(connected.accesskit_node().toggled(), Some(egui::accesskit::Toggled::False));
}

#[test]
fn an_unknown_option_is_told_where_it_stands() {
    let server = ServerTab { options: "speed=fast".to_owned(), ..ServerTab::default() };
    let mut window = Window::with_tabs(server, ClientTab::default());
    window.click("Server", "Start listening");
    assert!(window.shows("Server", "There is no option “speed”"));
    assert!(window.shows("Server", "Not listening"));
}

#[test]
fn the_language_is_switched_there_and_back() {
    let mut window = Window::english();
    window.listen();
    window.until("its row", |window| window.journal().iter().flatten().any(|cell| cell.starts_with("listening on ")));
    window.write("Client", "Message", "kept");
    click(&mut window, "中文");
    let table = window.harness.get_by_role_and_label(Role::Table, "日志");
    assert!(table.query_by_label_contains("监听").is_some(), "rows speak the language of now");
    assert_eq!(window.value("客户端", "消息"), "kept");
    assert!(window.harness.query_by_role_and_label(Role::Table, "日志").is_some());
    assert!(says(&window, "未选择任何行"));
    click(&mut window, "English");
    assert_eq!(window.value("Client", "Message"), "kept");
    assert!(says(&window, "No row chosen"));
}

#[test]
fn the_theme_is_switched_there_and_back() {
    let mut window = Window::english();
    let is_dark = |window: &Window| window.harness.ctx.theme() == egui::Theme::Dark;
    assert!(!is_dark(&window));
    click(&mut window, "Dark");
    assert!(is_dark(&window));
    click(&mut window, "Light");
    assert!(!is_dark(&window));
}

#[test]
fn the_help_menu_tells_shortcuts_and_version() {
    let mut window = Window::english();
    for (item, words) in [("Keyboard shortcuts", "Break the line"), ("About Sockeye", env!("CARGO_PKG_VERSION"))] {
        click(&mut window, "Help");
        click(&mut window, item);
        window.until(item, |window| says(window, words));
        click(&mut window, "Close");
        assert!(!says(&window, words), "{item}");
    }
}

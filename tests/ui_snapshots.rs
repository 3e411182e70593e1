//! Pictures of the whole window, drawn without a screen or a GPU and compared with those in `tests/snapshots`.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test --test ui_snapshots` draws them anew: look at them before they are committed.

#[path = "support/app.rs"]
mod app;
#[path = "support/raster.rs"]
mod raster;

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{SnapshotOptions, SnapshotResults};
use sockeye::model::{ClientTab, LanguageChoice, ServerTab, Settings, ThemeChoice};

use crate::app::Window;
use crate::raster::Raster;

const SIZES: [(u16, u16); 2] = [(1024, 700), (1600, 1000)];
const THEMES: [(&str, ThemeChoice); 2] = [("light", ThemeChoice::Light), ("dark", ThemeChoice::Dark)];

fn open(settings: Settings, (width, height): (u16, u16)) -> Window {
    Window::build(settings, |builder| {
        builder.with_size(egui::vec2(width.into(), height.into())).renderer(Raster::default())
    })
}

fn settings(theme: ThemeChoice, language: LanguageChoice) -> Settings {
    Settings { theme, language, ..Settings::default() }
}

fn shoot(window: &mut Window, name: &str, results: &mut SnapshotResults) {
    window.harness.remove_cursor();
    window.harness.set_render_cursor(false);
    window.harness.step();
    // The rasteriser is the same everywhere; a rounding of the processor's may still change a pixel by a shade.
    let options = SnapshotOptions::new().threshold(1.0).max_failed_pixels(20);
    results.add(window.harness.try_snapshot_options(name, &options));
}

#[test]
fn at_the_start() {
    let mut results = SnapshotResults::new();
    for size in SIZES {
        for (name, theme) in THEMES {
            let mut window = open(settings(theme, LanguageChoice::English), size);
            shoot(&mut window, &format!("start-{name}-{}x{}", size.0, size.1), &mut results);
        }
    }
}

#[test]
fn in_chinese() {
    let mut results = SnapshotResults::new();
    let mut window = open(settings(ThemeChoice::Light, LanguageChoice::Chinese), SIZES[0]);
    shoot(&mut window, "chinese-light-1024x700", &mut results);
}

#[test]
fn with_mistakes_in_the_fields() {
    let mut results = SnapshotResults::new();
    let server = ServerTab { port: "70000".to_owned(), ..ServerTab::default() };
    let mut client = ClientTab { address: String::new(), ..ClientTab::default() };
    client.composer.format = "hex".to_owned();
    client.composer.draft = "e4 bd a".to_owned();
    let settings = Settings {
        servers: vec![server],
        clients: vec![client],
        ..settings(ThemeChoice::Light, LanguageChoice::English)
    };
    let mut window = open(settings, SIZES[0]);
    shoot(&mut window, "mistakes-light-1024x700", &mut results);
}

/// A conversation over a Unix socket, which has no port that changes; what the clocks say is covered.
#[test]
fn in_conversation() {
    let mut results = SnapshotResults::new();
    for size in SIZES {
        for (name, theme) in THEMES {
            let socket = format!("@sockeye-{name}-{}", size.0);
            let server = ServerTab { protocol: "unix".to_owned(), address: socket.clone(), ..ServerTab::default() };
            let client = ClientTab { protocol: "unix".to_owned(), address: socket, ..ClientTab::default() };
            let base = settings(theme, LanguageChoice::English);
            let mut window = open(Settings { servers: vec![server], clients: vec![client], ..base }, size);
            window.click("Server", "Start listening");
            window.until("listening", |window| window.shows("Server", "Listening on"));
            window.click("Client", "Connect");
            window
                .until("connected", |window| window.shows("Client", "Connected") && window.shows("Server", "1 client"));
            for (panel, text, bytes) in [("Client", "不好", "6 B"), ("Server", "你好, Sockeye!", "16 B")] {
                window.write(panel, "Message", text);
                window.click(panel, "Send");
                window.until("the answer", |window| window.shows("Client", bytes));
            }
            window.until("all rows", |window| cell(window, "你好, Sockeye!").is_some_and(|cells| cells == 2));
            let row = window.harness.get_all_by_label("不好").next().expect("a row").rect().center();
            window.harness.hover_at(row);
            window.harness.drag_at(row);
            window.harness.drop_at(row);
            window.until("the chosen row's bytes", |window| {
                window.harness.query_all_by_label_contains("e4 b8 8d").count() > 1
            });
            cover_clocks(&mut window);
            shoot(&mut window, &format!("talk-{name}-{}x{}", size.0, size.1), &mut results);
        }
    }
}

/// How many cells of the journal show this.
fn cell(window: &Window, text: &str) -> Option<usize> {
    Some(window.harness.query_all_by_role(Role::Cell).filter(|cell| label(cell).contains(text)).count())
}

fn label(node: &egui_kittest::Node<'_>) -> String {
    let node = node.accesskit_node();
    node.label().or_else(|| node.value()).unwrap_or_default()
}

fn cover_clocks(window: &mut Window) {
    let is_clock = |text: &str| {
        let digits = text.chars().filter(char::is_ascii_digit).count();
        text.contains(['.', ':']) && digits >= 6 && !text.contains(|c: char| c.is_alphabetic())
    };
    let covers: Vec<egui::Rect> = window
        .harness
        .query_all_by_role(Role::Cell)
        .chain(window.harness.query_all_by_role(Role::Label))
        .filter(|node| is_clock(&label(node)))
        .map(|node| node.rect())
        .collect();
    for cover in covers {
        window.harness.mask(cover);
    }
}

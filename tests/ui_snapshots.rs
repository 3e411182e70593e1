//! Pictures of the whole window, drawn without a screen or a GPU and compared with those in `tests/snapshots`.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test --test ui_snapshots` draws them anew: look at them before they are committed.

#[path = "support/app.rs"]
mod app;
#[path = "support/pictures.rs"]
mod pictures;
#[path = "support/raster.rs"]
mod raster;
#[path = "support/mod.rs"]
mod support;

use std::io::Write as _;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

use egui_kittest::SnapshotResults;
use egui_kittest::kittest::Queryable as _;
use sockeye::model::{ClientTab, LanguageChoice, ServerTab, Settings, ThemeChoice};

use crate::app::Window;
use crate::pictures::{THEMES, shoot};
use crate::support::in_own_network;

const SIZES: [(u16, u16); 2] = [(1024, 700), (1600, 1000)];

fn open(settings: Settings, (width, height): (u16, u16)) -> Window {
    pictures::open(settings, (width.into(), height.into()))
}

fn settings(theme: ThemeChoice, language: LanguageChoice) -> Settings {
    Settings { theme, language, ..Settings::default() }
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
    let mut server = ServerTab { port: "70000".to_owned(), ..ServerTab::default() };
    // The longest words that the lists show.
    server.composer.format = "escapes".to_owned();
    server.composer.encoding = "utf-16le".to_owned();
    server.composer.draft = "A long message. ".repeat(300);
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

#[test]
fn shown_as_code() {
    let mut results = SnapshotResults::new();
    for (name, theme) in THEMES {
        let server = ServerTab { respond: "echo".to_owned(), ..ServerTab::default() };
        let base = settings(theme, LanguageChoice::English);
        let mut window = open(Settings { servers: vec![server], ..base }, SIZES[0]);
        window.control("Server", "Address").focus();
        window.harness.step();
        window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::D);
        window.harness.step();
        window.harness.step();
        shoot(&mut window, &format!("code-{name}-1024x700"), &mut results);
    }
}

/// Conversations with peers outside, over Unix sockets, which have no port that changes. Each step waits for its row: two
/// ends in one window would record the same bytes in either order.
#[test]
fn in_conversation() {
    in_own_network("in_conversation", || {
        let mut results = SnapshotResults::new();
        for size in SIZES {
            for (name, theme) in THEMES {
                let [ours, theirs] = ["ours", "theirs"].map(|whose| format!("sockeye-{whose}-{name}-{}", size.0));
                let listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&theirs).unwrap()).unwrap();
                let server =
                    ServerTab { protocol: "unix".to_owned(), address: format!("@{ours}"), ..ServerTab::default() };
                let client =
                    ClientTab { protocol: "unix".to_owned(), address: format!("@{theirs}"), ..ClientTab::default() };
                let base = settings(theme, LanguageChoice::English);
                let mut window = open(Settings { servers: vec![server], clients: vec![client], ..base }, size);

                window.click("Server", "Start listening");
                until_rows(&mut window, 1);
                let mut peer = UnixStream::connect_addr(&SocketAddr::from_abstract_name(&ours).unwrap()).unwrap();
                until_rows(&mut window, 2);
                peer.write_all("不好".as_bytes()).unwrap();
                until_rows(&mut window, 3);
                window.write("Server", "Message", "你好, Sockeye!");
                window.click("Server", "Send");
                until_rows(&mut window, 4);
                window.click("Client", "Connect");
                let (mut peer, _) = listener.accept().unwrap();
                until_rows(&mut window, 6);
                peer.write_all(b"\x01\x03\x04\x00\x2a\x00\x07\x9b\xf8").unwrap();
                until_rows(&mut window, 7);

                window
                    .until("the last row", |window| window.harness.query_all_by_label_contains("01 03 04").count() > 0);
                window.harness.get_all_by_label("你好, Sockeye!").next().expect("a row").click();
                window.harness.step();
                window.until("the chosen row's bytes", |window| window.harness.query_by_label("Copy").is_some());
                shoot(&mut window, &format!("talk-{name}-{}x{}", size.0, size.1), &mut results);
            }
        }
    });
}

fn until_rows(window: &mut Window, count: usize) {
    let words = format!("{count} row");
    window.until(&words, |window| window.harness.query_all_by_label_contains(&words).next().is_some());
}

//! The window's list of past transfers: of all tabs and of earlier runs, with what can be done about each.

#[path = "support/app.rs"]
mod app;
#[path = "support/mod.rs"]
mod support;

use std::io::Write as _;
use std::path::Path;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::engine::Engine;
use sockeye::model::{ClientTab, ComposerSettings, Outcome, SendMode, ServerTab};
use tempfile::TempDir;

use crate::app::{Window, any_port};
use crate::support::{folder, write};

const LIST: &str = "Past transfers";

fn open_list(window: &mut Window) {
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::H);
    window.harness.step();
    window.harness.step();
}

/// The cells of the list, row by row.
fn listed(window: &Window) -> Vec<Vec<String>> {
    let Some(table) = window.harness.query_by_role_and_label(Role::Table, LIST) else { return Vec::new() };
    let cells = |row: egui_kittest::Node<'_>| {
        row.query_all_by_role(Role::Cell).filter_map(|cell| cell.accesskit_node().label()).collect()
    };
    table.query_all_by_role(Role::Row).map(cells).collect()
}

/// Which way, name, size and how it ended: what is the same in every run.
fn steady(window: &Window) -> Vec<[String; 4]> {
    listed(window).into_iter().map(|row| [1, 2, 3, 5].map(|column| row[column].clone())).collect()
}

fn click(window: &mut Window, name: &str) {
    window.harness.get_by_role_and_label(Role::Button, name).click();
    window.harness.step();
    window.harness.step();
}

fn is_disabled(window: &Window, name: &str) -> bool {
    window.harness.get_by_role_and_label(Role::Button, name).accesskit_node().is_disabled()
}

/// A verified file to the server, and one that the client can't open.
fn with_transfers(from: &TempDir, into: &TempDir, list: &Path) -> Window {
    let path = write(from.path(), "固件.bin", &[7; 100_000]);
    let server = ServerTab { receive: "verified".to_owned(), folder: into.path().display().to_string(), ..any_port() };
    let composer = ComposerSettings { send_mode: SendMode::Verified, ..ComposerSettings::default() };
    let client = ClientTab { composer, ..ClientTab::default() };
    let mut window = Window::remembering(server, client, list.to_owned());
    window.connect();
    let missing = from.path().join("missing.bin");
    for (path, end, panels) in
        [(path, "verified by both sides", &["Client", "Server"][..]), (missing, "refused", &["Client"])]
    {
        window.type_path("Client", &path.display().to_string());
        window.press(Key::Enter);
        window.until(end, |window| panels.iter().all(|panel| window.shows(panel, end)));
    }
    window
}

#[test]
fn files_of_all_tabs_are_listed_and_their_hashes_copied() {
    let [from, into, list] = [folder(), folder(), folder()];
    let mut window = with_transfers(&from, &into, &list.path().join("past.jsonl"));
    // What a tab doesn't show any more is here still.
    window.click("Client", "Hide finished files");
    open_list(&mut window);
    let mut all = steady(&window);
    assert_eq!(
        all.remove(0)[1..],
        ["missing.bin", "0 B", "refused · not found"].map(str::to_owned),
        "the newest first"
    );
    all.sort();
    let verified = |way: &str| [way, "固件.bin", "97.7 KiB", "verified by both sides"].map(str::to_owned);
    assert_eq!(all, [verified("received"), verified("sent")]);

    assert!(is_disabled(&window, "Copy hash") && is_disabled(&window, "Open folder"), "none is chosen");
    // The list has the keyboard from the start.
    window.press(Key::ArrowDown);
    assert!(is_disabled(&window, "Copy hash"), "there is none");
    window.press(Key::End);
    assert!(!is_disabled(&window, "Open folder"));
    window.harness.get_by_role_and_label(Role::Button, "Copy hash").click();
    assert_eq!(window.copied(), blake3::hash(&[7; 100_000]).to_hex().as_str());
    window.harness.get_by_role_and_label(Role::Table, LIST).focus();
    window.harness.step();
    window.harness.event(egui::Event::Copy);
    let copied = window.copied();
    assert!(copied.contains("\t固件.bin\t97.7 KiB\t") && copied.contains("127.0.0.1:"), "{copied}");
    window.press(Key::Escape);
    assert!(listed(&window).is_empty());
}

#[test]
fn the_list_outlives_the_window_until_it_is_cleared() {
    let [from, into, kept] = [folder(), folder(), folder()];
    let list = kept.path().join("past.jsonl");
    let mut window = with_transfers(&from, &into, &list);
    open_list(&mut window);
    let before = listed(&window);
    assert_eq!(before.len(), 3);
    drop(window);
    let outcomes = |path: &Path| {
        let (transfers, damage) = Engine::load_past_transfers(path);
        assert_eq!(damage, []);
        transfers.iter().map(|transfer| transfer.outcome).collect::<Vec<_>>()
    };
    assert_eq!(outcomes(&list), [Outcome::Verified, Outcome::Verified, Outcome::Refused]);

    let mut window = Window::remembering(any_port(), ClientTab::default(), list.clone());
    open_list(&mut window);
    assert_eq!(listed(&window), before);
    click(&mut window, "Clear list");
    assert!(listed(&window).is_empty());
    assert!(window.harness.query_by_label("No file has crossed yet").is_some());
    assert!(is_disabled(&window, "Clear list"));
    drop(window);
    assert_eq!(outcomes(&list), []);
}

#[test]
fn what_runs_when_the_window_closes_is_listed_as_incomplete() {
    let [into, kept] = [folder(), folder()];
    let list = kept.path().join("past.jsonl");
    let server = ServerTab { receive: "raw".to_owned(), folder: into.path().display().to_string(), ..any_port() };
    let mut window = Window::remembering(server, ClientTab::default(), list.clone());
    window.listen();
    let mut peer = window.peer();
    peer.write_all(b"a beginning").expect("a beginning");
    window.until("the start", |window| window.shows("Server", "received.bin"));
    drop(window);
    let (transfers, _) = Engine::load_past_transfers(&list);
    assert_eq!(
        transfers.iter().map(|one| (one.name.as_str(), one.outcome)).collect::<Vec<_>>(),
        [("received.bin", Outcome::Incomplete)]
    );
}

#[test]
fn a_damaged_list_and_a_folder_that_is_gone_are_told() {
    let [from, into, kept] = [folder(), folder(), folder()];
    let list = kept.path().join("past.jsonl");
    drop(with_transfers(&from, &into, &list));
    let mut bytes = std::fs::read(&list).expect("the list");
    bytes.extend_from_slice(b"{\"ended_ns\":17,");
    std::fs::write(&list, &bytes).expect("the list");
    let mut window = Window::remembering(any_port(), ClientTab::default(), list);
    assert!(window.harness.query_by_label_contains("this many lines could not be read: 1").is_some());
    open_list(&mut window);
    assert_eq!(listed(&window).len(), 3);
    drop(into);
    let at = steady(&window).iter().position(|row| row[0] == "received").expect("one that was received");
    window.press(Key::Home);
    for _ in 0..at {
        window.press(Key::ArrowDown);
    }
    click(&mut window, "Open folder");
    window.until("the failure", |window| window.harness.query_by_label_contains(": not found").is_some());
}

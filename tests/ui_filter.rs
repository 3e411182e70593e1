//! The filter's field: what it suggests, and what its words do.

#[path = "support/raster.rs"]
mod raster;
#[path = "support/window.rs"]
mod window;

use std::sync::Arc;

use egui::Key;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::i18n::Language;
use sockeye::model::{Event, Page, PageRow, Protocol, Role, SessionId};

use window::{Rows, Window, open, received, sent, session};

/// Odd rows are received, even ones sent.
fn numbers() -> Window {
    let rows = Rows::new(6, |number| {
        let words = format!("message {number}");
        if number % 2 == 1 { received(number, words.as_bytes()) } else { sent(number, words.as_bytes()) }
    });
    let mut window = Window::new(rows);
    window.sessions.by_id.insert(SessionId(1), session(1, Role::Server, Protocol::Tcp));
    window
}

fn write(harness: &mut Harness<'_, Window>, text: &str) {
    harness.get_by_label("Filter").focus();
    harness.run_ok();
    harness.get_by_label("Filter").type_text(text);
    harness.run_ok();
    harness.run_ok();
}

fn written(harness: &Harness<'_, Window>) -> String {
    harness.get_by_label("Filter").accesskit_node().value().unwrap_or_default()
}

fn has(harness: &Harness<'_, Window>, words: &str) -> bool {
    harness.query_all_by_label_contains(words).next().is_some()
}

#[test]
fn tab_finishes_the_word_and_what_it_asks_for_is_shown() {
    let mut harness = open(numbers());
    write(&mut harness, "ou");
    assert!(has(&harness, "out"), "nothing is suggested");
    harness.key_press(Key::Tab);
    harness.run_ok();
    harness.run_ok();
    assert_eq!(written(&harness), "out ");
    assert!(harness.get_by_label("Filter").is_focused(), "typing goes on");
    assert!(has(&harness, "3 shown") && !has(&harness, "message 1") && has(&harness, "message 2"));
}

#[test]
fn enter_leaves_the_word_as_it_is() {
    let mut harness = open(numbers());
    write(&mut harness, "message 1 ou");
    harness.key_press(Key::Enter);
    harness.run_ok();
    assert_eq!(written(&harness), "message 1 ou");
}

#[test]
fn arrows_choose_among_the_suggestions() {
    let mut harness = open(numbers());
    write(&mut harness, "message le");
    assert!(has(&harness, "len>") && has(&harness, "len<"));
    harness.key_press(Key::ArrowDown);
    harness.run_ok();
    harness.key_press(Key::Tab);
    harness.run_ok();
    assert_eq!(written(&harness), "message len<");
}

#[test]
fn peers_that_there_are_are_suggested_and_taken_by_a_click() {
    let mut harness = open(numbers());
    write(&mut harness, "peer:127");
    assert!(has(&harness, "peer:127.0.0.1:*"));
    harness.query_all_by_label_contains("peer=127.0.0.1:51734").last().expect("the peer").click();
    harness.run_ok();
    harness.run_ok();
    assert_eq!(written(&harness), "peer=127.0.0.1:51734 ");
    assert!(has(&harness, "6 shown"));
}

#[test]
fn the_rows_of_one_peer_alone_are_shown() {
    let rows = Rows::new(4, |number| {
        let port = if number % 2 == 1 { 5173 } else { 51734 };
        PageRow { peer: format!("127.0.0.1:{port}"), ..received(number, format!("message {number}").as_bytes()) }
    });
    let mut harness = open(Window::new(rows));
    harness.get_by_label("message 3").click();
    harness.run_ok();
    harness.get_by_label("message 3").click_secondary();
    harness.run_ok();
    harness.get_by_label("Show only 127.0.0.1:5173").click();
    harness.run_ok();
    harness.run_ok();
    assert_eq!(written(&harness), "peer=127.0.0.1:5173");
    assert!(has(&harness, "2 shown") && has(&harness, "message 1") && !has(&harness, "message 2"));
}

#[test]
fn nothing_is_suggested_between_quotes() {
    let mut harness = open(numbers());
    write(&mut harness, "\"message er");
    assert!(!has(&harness, "failures and warnings"));
    write(&mut harness, "\" er");
    assert!(has(&harness, "failures and warnings"), "after them it is");
}

#[test]
fn conditions_are_combined() {
    let mut harness = open(numbers());
    write(&mut harness, "(\"message 1\" or \"message 2\" or out) not \"message 4\"");
    assert!(has(&harness, "3 shown"));
    for (number, is_shown) in [(1, true), (2, true), (3, false), (4, false), (6, true)] {
        assert_eq!(
            has(&harness, &format!("message {number}␊"))
                || harness.query_by_label(&format!("message {number}")).is_some(),
            is_shown,
            "{number}"
        );
    }
}

#[test]
fn a_scan_says_how_far_it_is() {
    let mut harness = open(numbers());
    harness.state_mut().answers = false;
    write(&mut harness, "message 1");
    assert!(has(&harness, "Searching…") && !has(&harness, "Searching… 0"), "nothing of it has come");
    let filter = harness.state().requests.last().expect("asked for").filter.clone();
    let mut page = Page { filter, total: 60, ..Page::default() };
    for (scanned, complete, english, chinese) in [
        (0, false, "Searching… 0 %", "正在查找… 0%"),
        (17, false, "Searching… 28 %", "正在查找… 28%"),
        (60, true, "0 shown", "显示 0 行"),
    ] {
        (page.scanned, page.complete) = (scanned, complete);
        harness.state_mut().journal.on_event(&Event::Page(Arc::new(page.clone())));
        for (language, words) in [(Language::Chinese, chinese), (Language::English, english)] {
            harness.state_mut().language = language;
            harness.run_ok();
            assert!(has(&harness, words), "{words}");
        }
    }
    assert!(!has(&harness, "Searching…"));
}

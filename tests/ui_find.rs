//! Going from row to row: finding, numbers, times, failures. None of it hides a row.

#[path = "support/app.rs"]
mod app;
#[path = "support/raster.rs"]
mod raster;
#[path = "support/window.rs"]
mod window;

use std::io::Write as _;
use std::net::TcpStream;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::model::{ClientTab, Command, Event, Finding, LanguageChoice, Settings};
use sockeye::ui::panels::journal::Step;

use app::{Window, any_port, heard};
use window::{Rows, received};

/// Rows that say "red 1", "green 2", "red 3", "green 4" among those of the connection's life. Each of this program's rows
/// is 0.4 s later than the one before.
fn colors() -> (Window, TcpStream) {
    let settings = Settings {
        language: LanguageChoice::English,
        servers: vec![any_port()],
        clients: vec![ClientTab::default()],
        ..Settings::default()
    };
    let mut window = Window::build_in(app::steady_surroundings(), settings, |builder| {
        builder.with_size(egui::vec2(1100.0, 1000.0)).allow_missing_glyphs()
    });
    window.listen();
    let mut peer = window.peer();
    for words in ["red 1", "green 2", "red 3", "green 4"] {
        peer.write_all(words.as_bytes()).expect("sent");
        window.until(words, |window| window.has_row(&[words]));
        window.write("Server", "Message", "ok");
        window.click("Server", "Send");
        heard(&mut peer, 2);
    }
    window.until("the last answer", |window| {
        window.journal().iter().filter(|row| row.contains(&"ok".into())).count() == 4
    });
    (window, peer)
}

fn keys(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.harness.key_press_modifiers(modifiers, key);
    window.harness.step();
    window.harness.step();
}

fn type_into(window: &mut Window, field: &str, text: &str) {
    keys(window, Modifiers::COMMAND, Key::A);
    window.harness.get_by_role_and_label(Role::TextInput, field).type_text(text);
    window.harness.step();
}

/// The words of the one row that is selected.
fn selected(window: &Window) -> Vec<String> {
    let table = window.harness.get_by_role_and_label(Role::Table, "Journal");
    let rows: Vec<_> =
        table.query_all_by_role(Role::Row).filter(|row| row.accesskit_node().is_selected() == Some(true)).collect();
    let [row] = &rows[..] else { return Vec::new() };
    row.query_all_by_role(Role::Cell).filter_map(|cell| cell.accesskit_node().label()).collect()
}

fn until_selected(window: &mut Window, words: &str) {
    window.until(words, |window| selected(window).iter().any(|cell| cell == words));
}

fn says(window: &Window, words: &str) -> bool {
    window.harness.query_all_by_role(Role::Label).any(|label| label.value().is_some_and(|said| said.contains(words)))
}

/// The row with the cursor has the keyboard, which the table has given it.
fn rows_have_the_keyboard(window: &Window) -> bool {
    let table = window.harness.get_by_role_and_label(Role::Table, "Journal");
    table.query_all_by_role(Role::Row).any(|row| row.is_focused())
}

#[test]
fn the_cursor_goes_from_match_to_match_and_round_and_hides_nothing() {
    let (mut window, _peer) = colors();
    keys(&mut window, Modifiers::COMMAND, Key::F);
    assert!(window.harness.get_by_role_and_label(Role::TextInput, "Find").is_focused());
    let rows = window.journal().len();
    type_into(&mut window, "Find", "red or \"green 4\"");
    for words in ["red 1", "red 3", "green 4"] {
        window.press(Key::Enter);
        until_selected(&mut window, words);
        assert!(!says(&window, "Went on"), "{words}");
    }
    window.press(Key::Enter);
    until_selected(&mut window, "red 1");
    window.until("the notice", |window| says(window, "Went on from the beginning"));
    keys(&mut window, Modifiers::SHIFT, Key::Enter);
    until_selected(&mut window, "green 4");
    window.until("the notice", |window| says(window, "Went on from the end"));
    assert_eq!(window.journal().len(), rows, "all rows are still there");

    // The keys do it as well, with the bar closed again.
    window.press(Key::Escape);
    assert!(window.harness.query_by_role_and_label(Role::TextInput, "Find").is_none());
    assert!(rows_have_the_keyboard(&window));
    keys(&mut window, Modifiers::SHIFT, Key::F3);
    until_selected(&mut window, "red 3");
    window.press(Key::F3);
    until_selected(&mut window, "green 4");
}

#[test]
fn what_is_not_there_is_told_and_the_cursor_stays() {
    let (mut window, _peer) = colors();
    window.press(Key::F3);
    assert!(window.harness.get_by_role_and_label(Role::TextInput, "Find").is_focused(), "nobody said what to find");
    type_into(&mut window, "Find", "\"red 3\"");
    window.press(Key::Enter);
    until_selected(&mut window, "red 3");
    type_into(&mut window, "Find", "blue");
    window.press(Key::Enter);
    window.until("nothing", |window| says(window, "Nothing found"));
    until_selected(&mut window, "red 3");
    type_into(&mut window, "Find", "hex:4z");
    window.until("the mistake", |window| says(window, "Pairs of hex digits are expected after hex:"));
    assert!(!says(&window, "Nothing found"));
}

#[test]
fn only_rows_that_the_filter_shows_are_found() {
    let (mut window, _peer) = colors();
    window.harness.get_by_label("Filter").focus();
    window.harness.step();
    window.harness.get_by_label("Filter").type_text("green or ok");
    window.until("the filter", |window| window.journal().len() == 6);
    keys(&mut window, Modifiers::COMMAND, Key::F);
    type_into(&mut window, "Find", "red or \"green 4\"");
    window.press(Key::Enter);
    until_selected(&mut window, "green 4");
}

#[test]
fn numbers_and_times_are_gone_to() {
    let (mut window, _peer) = colors();
    keys(&mut window, Modifiers::COMMAND, Key::G);
    assert!(window.harness.get_by_role_and_label(Role::TextInput, "Go to").is_focused());
    let row_of = |window: &Window, words: &str| {
        window.journal().into_iter().find(|row| row.iter().any(|cell| cell == words)).expect("the row")
    };
    let green = row_of(&window, "green 2");
    type_into(&mut window, "Go to", &green[0]);
    window.press(Key::Enter);
    until_selected(&mut window, "green 2");
    let red = row_of(&window, "red 3");
    type_into(&mut window, "Go to", &red[1]);
    window.harness.get_by_label("Go").click();
    until_selected(&mut window, "red 3");
    type_into(&mut window, "Go to", "23:59");
    window.press(Key::Enter);
    window.until("too late", |window| says(window, "No row that is shown is that late"));
    type_into(&mut window, "Go to", "soon");
    window.press(Key::Enter);
    window.until("the mistake", |window| says(window, "A row's number, or a time such as"));
    until_selected(&mut window, "red 3");
}

#[test]
fn failures_are_gone_through() {
    let (mut window, _peer) = colors();
    window.press(Key::F8);
    window.until("none", |window| says(window, "No failures or notices"));
    for _ in 0..2 {
        window.write("Client", "Port", "1");
        window.click("Client", "Connect");
        window.until("a refusal", |window| !window.shows("Client", "Connecting"));
    }
    window.until("two failures", |window| {
        window.journal().iter().filter(|row| row.contains(&"failure".into())).count() == 2
    });
    window.press(Key::F8);
    window.until("the first", |window| selected(window).contains(&"failure".into()));
    let first = selected(&window)[0].clone();
    window.press(Key::F8);
    window.until("the second", |window| selected(window).first().is_some_and(|number| *number != first));
    keys(&mut window, Modifiers::SHIFT, Key::F8);
    window.until("the first again", |window| selected(window).first() == Some(&first));
}

#[test]
fn a_row_among_ten_million_is_near_and_few_pages_are_read() {
    let rows = Rows::new(10_000_000, |number| received(number, format!("message {number}").as_bytes()));
    let mut harness = window::open(window::Window::new(rows));
    harness.state_mut().journal.open_go_to();
    harness.run();
    let before = harness.state().requests.len();
    harness.get_by_role_and_label(Role::TextInput, "Go to").type_text("7,654,321");
    harness.key_press(Key::Enter);
    harness.run_ok();
    harness.run_ok();
    assert_eq!(harness.state().journal.chosen().map(|row| row.number), Some(7_654_321));
    assert!(harness.query_by_label("message 7654321").is_some(), "it is in view");
    let read: usize = harness.state().requests[before..].iter().map(|request| request.count).sum();
    assert!(read <= 3 * 1000, "{read} rows were asked for");
}

#[test]
fn a_search_tells_how_far_it_is_and_can_be_given_up() {
    let rows = Rows::new(100, |number| received(number, format!("message {number}").as_bytes()));
    let mut harness = window::open(window::Window::new(rows));
    harness.state_mut().journal.open_find();
    harness.run();
    harness.get_by_role_and_label(Role::TextInput, "Find").type_text("message");
    harness.run();
    harness.state_mut().answers = false;
    let Some(Command::Find(request)) = harness.state_mut().journal.step(Step::NextMatch) else { panic!("no search") };
    harness.state_mut().event(&Event::Finding { id: request.id, finding: Finding::Looking { done: 25, of: 100 } });
    harness.run_ok();
    assert!(harness.query_by_label_contains("looking… 25 %").is_some());
    harness.get_by_label("Cancel").click();
    harness.run_ok();
    harness.run_ok();
    assert!(harness.state().asked.contains(&Command::CancelFind));
    assert!(harness.query_by_label_contains("looking…").is_none());
    // What was on its way moves nothing.
    harness
        .state_mut()
        .event(&Event::Finding { id: request.id, finding: Finding::Found { number: 50, wrapped: false } });
    harness.run_ok();
    assert_eq!(harness.state().journal.chosen(), None);
}

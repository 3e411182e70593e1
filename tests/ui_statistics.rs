//! Statistics in the window: of what crosses while one looks, by the names that a person hears.

#[path = "support/app.rs"]
mod app;

use std::io::Write as _;

use app::{Window, any_port};
use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::model::{ClientTab, LanguageChoice, ServerTab, Settings, ThemeChoice};

const STATISTICS: &str = "Statistics";

fn toggle(window: &mut Window) {
    window.harness.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::I);
    window.harness.step();
    window.harness.step();
}

fn is_open(window: &Window) -> bool {
    window.harness.query_by_role_and_label(Role::Group, STATISTICS).is_some()
}

/// What a plot says to those who don't see it.
fn plot(window: &Window) -> String {
    let plot = window.panel(STATISTICS).query_by_role(Role::Image).and_then(|plot| plot.accesskit_node().label());
    plot.unwrap_or_default()
}

/// Waits for a plot that says this.
fn until_plot(window: &mut Window, words: &str) {
    window.until(words, |window| plot(window).contains(words));
}

/// A window whose server echoes, with a client connected to it.
fn echoing() -> Window {
    let server = ServerTab { respond: "echo".to_owned(), ..any_port() };
    let mut window = Window::with_tabs(server, ClientTab::default());
    window.connect();
    window
}

fn say(window: &mut Window, text: &str) {
    window.write("Client", "Message", text);
    window.click("Client", "Send");
    // Twice: the server's row, and the client's once it has come back.
    let cell = text.to_owned();
    window.until("the echo", |window| window.journal().iter().filter(|row| row.contains(&cell)).count() >= 4);
}

#[test]
fn rates_follow_what_crosses_while_one_looks() {
    let mut window = echoing();
    assert!(!is_open(&window), "closed unless asked for");
    window.harness.get_by_role_and_label(Role::Button, STATISTICS).click();
    window.harness.step();
    window.harness.step();
    window.until("calm words", |window| window.shows(STATISTICS, "Nothing has crossed yet"));
    say(&mut window, "hello");
    // Rows of what is received and of what is sent come from threads of their own.
    let both_ways = |window: &mut Window, received: &str, sent: &str| {
        window.until(received, |window| plot(window).contains(received) && plot(window).contains(sent));
    };
    both_ways(&mut window, "Bytes a second. Received 2 messages, 10 B, ", "; sent 2 messages, 10 B, ");
    say(&mut window, "and more");
    both_ways(&mut window, "Received 4 messages, 26 B, ", "; sent 4 messages, 26 B, ");
    window.panel(STATISTICS).get_by_role(Role::Image).hover();
    window.until("the column under the pointer", |window| {
        window.harness.query_all_by_role(Role::Label).any(|label| {
            label.accesskit_node().value().is_some_and(|words| words.contains(" to ") && words.contains("\nreceived "))
        })
    });
    window.choose(STATISTICS, "What is plotted", "Messages a second");
    assert!(plot(&window).starts_with("Messages a second. Received 4 messages, "), "{}", plot(&window));
    window.choose(STATISTICS, "What is plotted", "Sizes");
    assert!(plot(&window).contains("Sizes received  p50 5 B, p90 8 B, "), "{}", plot(&window));
    window.choose(STATISTICS, "What is plotted", "Gaps");
    assert!(plot(&window).contains("gaps between sent  p50 "), "{}", plot(&window));
    window.click(STATISTICS, "Log scale");
    window.click(STATISTICS, "Close statistics");
    assert!(!is_open(&window));
    toggle(&mut window);
    until_plot(&mut window, "Gaps. ");
}

#[test]
fn requests_are_paired_with_answers_as_one_says_which_they_are() {
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    window.listen();
    let mut peer = window.peer();
    toggle(&mut window);
    // One after the other: which of two rows comes first is then no matter of luck.
    for (number, request, answer) in [(1, "ask", "answer"), (2, "again", "yes")] {
        peer.write_all(request.as_bytes()).expect("sent");
        window.until("the request", |window| window.has_row(&[request]));
        if number == 1 {
            window.write("Server", "Message", answer);
            window.click("Server", "Send");
            window.until("the answer", |window| window.has_row(&[answer]));
        }
    }
    until_plot(&mut window, "Received 2 messages, 8 B, ");
    window.choose(STATISTICS, "What is plotted", "Answer times");
    until_plot(&mut window, "Answer times. 1 of 1 sent were answered, p50 ");
    window.choose(STATISTICS, "Requests", "What is received");
    until_plot(&mut window, "1 of 2 received were answered, p50 ");
    window.control(STATISTICS, "Copy as CSV").click();
    let csv = window.copied();
    assert!(csv.starts_with("from,to,received,sent\r\n") && csv.ends_with(",0,1\r\n"), "{csv}");
}

#[test]
fn the_table_has_each_session_and_chooses_one() {
    let mut window = echoing();
    toggle(&mut window);
    say(&mut window, "hello");
    until_plot(&mut window, "Received 2 messages, 10 B");
    window.choose(STATISTICS, "What is plotted", "Totals by session");
    let rows = |window: &Window| -> Vec<Vec<String>> {
        let table = window.harness.get_by_role_and_label(Role::Table, "Totals by session");
        let cells = |row: egui_kittest::Node<'_>| {
            row.query_all_by_role(Role::Cell).filter_map(|cell| cell.accesskit_node().label()).collect()
        };
        table.query_all_by_role(Role::Row).map(cells).collect()
    };
    window.until("both directions", |window| rows(window).get(1).is_some_and(|row| row[4] == "5 B"));
    let all = rows(&window);
    assert_eq!(all.len(), 3, "{all:?}");
    assert_eq!(all[0][..3], ["All sessions", "2", "10 B"], "{all:?}");
    assert!(all[1][0].starts_with("#2 127.0.0.1:") && all[1][1] == "1", "{all:?}");
    let first = all[2][0].clone();
    let table = window.harness.get_by_role_and_label(Role::Table, "Totals by session");
    table
        .query_all_by_role(Role::Cell)
        .find(|cell| cell.accesskit_node().label() == Some(first.clone()))
        .expect("it")
        .click();
    window.harness.step();
    window.harness.step();
    window.choose(STATISTICS, "What is plotted", "Bytes a second");
    until_plot(&mut window, "Bytes a second. Received 1 message, 5 B, ");
    window.choose(STATISTICS, "Whose messages", "All sessions");
    until_plot(&mut window, "Received 2 messages, 10 B, ");
}

#[test]
fn they_are_of_the_rows_that_the_filter_shows() {
    let mut window = echoing();
    toggle(&mut window);
    say(&mut window, "hello");
    until_plot(&mut window, "Received 2 messages, 10 B");
    window.harness.get_by_label("Filter").focus();
    window.harness.step();
    window.harness.get_by_label("Filter").type_text("out");
    window.harness.step();
    until_plot(&mut window, "Received 0 messages, 0 B, 0 B/s; sent 2 messages, 10 B, ");
    window.harness.get_by_label("Filter").type_text(" len>100");
    window.harness.step();
    window.until("calm words", |window| window.shows(STATISTICS, "No row that the filter shows carries bytes"));
}

#[test]
fn a_window_that_showed_them_shows_them_again_in_its_language() {
    let settings = Settings {
        language: LanguageChoice::Chinese,
        theme: ThemeChoice::Dark,
        show_statistics: true,
        ..Settings::default()
    };
    let mut window = Window::open(settings);
    window.until("calm words", |window| window.shows("统计", "尚无传输"));
    assert!(window.harness.query_by_label("图表内容").is_some());
}

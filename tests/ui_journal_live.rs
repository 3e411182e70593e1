//! The journal under the panels, filled by a real conversation: filter, follow, copy, clear, and one session alone.

#[path = "support/app.rs"]
mod app;
#[path = "support/mod.rs"]
mod support;

use std::io::Write as _;
use std::net::TcpStream;
use std::process::Command;

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::model::{ClientTab, ServerTab};

use crate::app::{Window, any_port, heard};
use crate::support::in_own_network;

/// A server that has heard a greeting and answered it.
fn conversation() -> (Window, TcpStream) {
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    window.listen();
    let mut peer = window.peer();
    peer.write_all("你好".as_bytes()).expect("sent");
    window.until("the greeting", |window| window.has_row(&["received", "你好"]));
    window.write("Server", "Message", "不好!");
    window.click("Server", "Send");
    window.until("the answer", |window| window.has_row(&["sent", "不好!"]));
    (window, peer)
}

fn click(window: &mut Window, name: &str) {
    window.harness.get_by_label(name).click();
    window.harness.step();
    window.harness.step();
}

fn filter(window: &mut Window, text: &str) {
    window.harness.get_by_label("Filter").focus();
    window.harness.step();
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    window.harness.key_press(Key::Backspace);
    window.harness.step();
    window.harness.get_by_label("Filter").type_text(text);
    window.harness.step();
}

fn says(window: &Window, words: &str) -> bool {
    window.harness.query_all_by_role(Role::Label).any(|label| label.value().is_some_and(|said| said.contains(words)))
}

fn choose_row(window: &mut Window, text: &str) {
    let table = window.harness.get_by_role_and_label(Role::Table, "Journal");
    table.query_all_by_label(text).next().expect("the row").click();
    window.harness.step();
    window.harness.step();
}

#[test]
fn a_filter_narrows_and_a_broken_one_keeps_the_rows() {
    let (mut window, _peer) = conversation();
    filter(&mut window, "in");
    window.until("what came in", |window| window.has_row(&["你好"]) && window.journal().len() == 1);
    assert!(says(&window, "1 shown"));
    filter(&mut window, "hex:e4bd");
    window.until("those bytes", |window| window.has_row(&["你好"]) && window.journal().len() == 1);
    filter(&mut window, "hex:e4b8");
    window.until("other bytes", |window| window.has_row(&["不好!"]) && window.journal().len() == 1);
    window.harness.get_by_label("Filter").type_text(" hex:4z");
    window.until("the mistake", |window| says(window, "Pairs of hex digits are expected after hex:"));
    window.write("Server", "Message", "不!");
    window.click("Server", "Send");
    window
        .until("rows of the filter before it alone", |window| window.has_row(&["不!"]) && window.journal().len() == 2);
    filter(&mut window, "nowhere");
    window.until("nothing", |window| says(window, "0 shown"));
    filter(&mut window, "");
    window.until("all", |window| window.has_row(&["你好"]) && window.has_row(&["不好!"]));
}

#[test]
fn clearing_takes_every_row_and_numbers_go_on() {
    let (mut window, mut peer) = conversation();
    choose_row(&mut window, "你好");
    click(&mut window, "Clear");
    window.until("no rows", |window| says(window, "0 rows") && says(window, "No row chosen"));
    assert!(window.journal().is_empty());
    assert!(window.harness.get_by_label("Clear").accesskit_node().is_disabled(), "there is nothing to clear");
    assert!(window.has_client("received 6 B, sent 7 B"), "the counts are of the connection, not of the journal");
    peer.write_all(b"after").expect("sent");
    window.until("a row after it", |window| window.has_row(&["received", "after"]));
    let number = window.journal()[0][0].parse::<u64>().expect("a number");
    assert!(number > 4, "row {number}");
}

#[test]
fn following_can_be_left_and_taken_up_again() {
    let (mut window, mut peer) = conversation();
    let follows = |window: &Window| window.harness.get_by_label("Follow").accesskit_node().toggled();
    let before = follows(&window);
    click(&mut window, "Follow");
    assert_ne!(follows(&window), before);
    // More rows than the window has room for, one receive each: the answer is awaited.
    for number in 0..40 {
        let line = format!("line {number}");
        peer.write_all(line.as_bytes()).expect("sent");
        let heard = format!("received {} B", 6 + (0..=number).map(|n| format!("line {n}").len()).sum::<usize>());
        window.until("the line", |window| window.has_client(&heard));
    }
    window.until("all recorded", |window| !says(window, " 4 rows") && window.has_row(&["你好"]));
    assert!(!window.has_row(&["line 39"]));
    click(&mut window, "Follow");
    window.until("the newest", |window| window.has_row(&["line 39"]));
    assert!(!window.has_row(&["你好"]));
    assert_eq!(follows(&window), before);
}

#[test]
fn chosen_rows_are_copied_to_the_clipboard() {
    let (mut window, _peer) = conversation();
    choose_row(&mut window, "你好");
    window.harness.event(egui::Event::Copy);
    let row = window.copied();
    assert!(row.contains("\treceived\t6\t你好\te4 bd a0 e5 a5 bd"), "{row}");
    window.until("it says so", |window| says(window, "1 copied"));

    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    window.harness.step();
    window.harness.event(egui::Event::Copy);
    let rows = window.copied();
    assert!(rows.lines().count() >= 4 && rows.contains("你好") && rows.contains("不好!"), "{rows}");
}

#[test]
fn the_bytes_chosen_in_the_inspector_are_copied() {
    let (mut window, _peer) = conversation();
    choose_row(&mut window, "你好");
    click(&mut window, "Copy");
    window.harness.get_by_label("Copy as Python bytes").click();
    assert_eq!(window.copied(), "b'\\xe4\\xbd\\xa0\\xe5\\xa5\\xbd'");
}

#[test]
fn one_session_is_shown_alone_and_all_again() {
    let (mut window, peer) = conversation();
    let mut other = window.peer();
    other.write_all(b"from the other").expect("sent");
    window.until("the other", |window| window.has_row(&["from the other"]));
    let name = other.local_addr().expect("an address").to_string();
    let row = window
        .panel("Server")
        .query_all_by_role(Role::ListItem)
        .find(|row| row.accesskit_node().label().is_some_and(|label| label.starts_with(&name)));
    row.expect("its row").click();
    window.until("it alone", |window| window.has_row(&["from the other"]) && !window.has_row(&["你好"]));
    let chip = window.harness.get_by_label_contains(", Show all sessions");
    chip.click();
    window.until("all", |window| window.has_row(&["from the other"]) && window.has_row(&["你好"]));
    drop(peer);
}

#[test]
fn a_tab_is_shown_alone_in_its_own_encoding() {
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    window.listen();
    let mut peer = window.peer();
    peer.write_all(b"\xc4\xe3\xba\xc3").expect("sent");
    window.until("the bytes", |window| window.has_row(&["received", "c4 e3 ba c3"]));
    assert!(!window.has_row(&["你好"]));
    window.click("Server", "Show only this");
    window.harness.get_by_role_and_label(Role::ComboBox, "Show as").click();
    window.harness.step();
    window.harness.step();
    window.harness.get_by_role_and_label(Role::Button, "GBK").click();
    window.until("as GBK", |window| window.has_row(&["received", "你好", "c4 e3 ba c3"]));
    window.click("Server", "Show everything");
    window.until("still GBK", |window| window.has_row(&["你好"]));
}

#[test]
fn rows_of_a_listener_say_where_it_listens() {
    let server = ServerTab { options: "nodelay=1".to_owned(), ..any_port() };
    let mut window = Window::with_tabs(server, ClientTab::default());
    window.listen();
    let place = format!("127.0.0.1:{}", window.listening_port());
    let listening = format!("listening on tcp://{place}");
    let option = "nodelay is 1";
    window.until("both rows", |window| {
        window.has_row(&[&place, &listening])
            && window
                .journal()
                .iter()
                .any(|row| row.contains(&place) && row.iter().any(|cell| cell.starts_with(option)))
    });
    // What is opened elsewhere later changes nothing about them.
    window.click("Server", "Stop listening");
    window.until("stopped", |window| window.panel("Server").query_by_label("Start listening").is_some());
    window.listen();
    let next = format!("127.0.0.1:{}", window.listening_port());
    window.until("its row", |window| window.has_row(&[&next, &format!("listening on tcp://{next}")]));
    assert!(
        window.has_row(&[&place, &listening])
            && window.has_row(&[&place, &format!("stopped listening on tcp://{place}")])
    );
}

#[test]
fn the_life_of_a_connection_is_in_the_journal() {
    let (mut window, mut peer) = conversation();
    // Bytes left unread would make its end a reset.
    assert_eq!(heard(&mut peer, 7), "不好!".as_bytes());
    drop(peer);
    window.until("its end", |window| {
        let rows = window.journal();
        let has = |words: &str| rows.iter().flatten().any(|cell| cell.contains(words));
        has("listening on ")
            && has("accepted on ")
            && has("peer finished sending")
            && has("closed · both sides had finished")
    });
}

#[test]
fn a_journal_that_can_not_be_written_says_how_much_it_lacks() {
    in_own_network("a_journal_that_can_not_be_written_says_how_much_it_lacks", || {
        let mount = |arguments: &[&str]| {
            let mounted = Command::new("mount").args(arguments).arg(std::env::temp_dir()).status();
            assert!(mounted.is_ok_and(|status| status.success()), "{arguments:?}");
        };
        mount(&["-t", "tmpfs", "-o", "size=600k", "tmpfs"]);
        let mut window = Window::with_tabs(any_port(), ClientTab::default());
        window.listen();
        let mut peer = window.peer();
        let notice = "Not recording, ";
        let says = |window: &Window| window.harness.query_by_label_contains(notice).is_some();
        window.until("the disk is full", |window| {
            peer.write_all(&[b'x'; 10_000]).expect("sent");
            says(window)
        });
        window.write("Server", "Message", "on");
        window.click("Server", "Send");
        assert_eq!(heard(&mut peer, 2), b"on", "the socket goes on");
        mount(&["-o", "remount,size=64m"]);
        filter(&mut window, "recording-resumed");
        window.until("room", |window| {
            peer.write_all(b"y").expect("sent");
            !says(window)
        });
        window.until("a row of it", |window| {
            window.journal().iter().flatten().any(|cell| cell.starts_with("The journal is written again."))
        });
    });
}

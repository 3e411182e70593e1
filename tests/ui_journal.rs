//! The journal and the inspector, driven by the names that a person hears and by keys.

#[path = "support/raster.rs"]
mod raster;
#[path = "support/window.rs"]
mod window;

use std::collections::BTreeMap;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::codec::encoding::Encoding;
use sockeye::i18n::Language;
use sockeye::model::{
    Cause, Direction, Event, Failure, FilterError, FilterProblem, Life, Notice, Operation, Outcome, PageRow, Protocol,
    Role as Side, RowBody, SendMode, SessionId, SocketId, Stamp,
};
use sockeye::ui::action::UiCommand;

use window::{Rows, Window, builder, open, received, row, sent, session};

fn numbered(total: u64) -> Window {
    Window::new(Rows::new(total, |number| received(number, format!("message {number}").as_bytes())))
}

fn conversation() -> Window {
    let rows = Rows::new(6, |number| match number {
        1 => received(1, "你好".as_bytes()),
        2 => sent(2, "不好".as_bytes()),
        3 => received(3, &"你".as_bytes()[..1]),
        4 => PageRow {
            stream_offset: 7,
            context: "你好\u{0}".as_bytes()[..6].iter().copied().chain([0xe4]).collect(),
            ..received(4, &"你".as_bytes()[1..])
        },
        5 => PageRow {
            session: Some(SessionId(2)),
            socket: SocketId(2),
            peer: "127.0.0.1:9000".to_owned(),
            ..sent(5, b"\x00\xff")
        },
        _ => received(6, b"last"),
    });
    Window::new(rows)
}

#[test]
fn what_is_in_view_stays_there_while_older_rows_make_room() {
    let mut harness = open(numbered(1000));
    focus_table(&mut harness);
    press(&mut harness, Key::Home);
    for _ in 0..20 {
        press(&mut harness, Key::PageDown);
    }
    let in_view = |harness: &Harness<'_, Window>| {
        let rows = harness.query_all_by_label_contains("message ");
        rows.filter_map(|cell| cell.accesskit_node().label()).collect::<Vec<_>>()
    };
    let before = in_view(&harness);
    assert!(before.len() > 5 && !before.contains(&"message 1".to_owned()), "{before:?}");
    harness.state_mut().rows.gone = 100;
    harness.state_mut().journal.set_removed(100);
    harness.state_mut().record(1100);
    // Rows that came are asked for a moment later.
    harness.run_ok();
    harness.step();
    harness.run_ok();
    assert!(shows(&harness, "1,000 rows · 100 oldest removed"));
    assert_eq!(in_view(&harness), before);
    assert_eq!(selected_rows(&harness), 1);
    press(&mut harness, Key::Home);
    assert_eq!(in_view(&harness)[0], "message 101");
}

fn press(harness: &mut Harness<'_, Window>, key: Key) {
    harness.key_press(key);
    harness.run_ok();
}

fn focus_table(harness: &mut Harness<'_, Window>) {
    harness.get_by_role_and_label(Role::Table, "Journal").focus();
    harness.run_ok();
}

fn selected_rows(harness: &Harness<'_, Window>) -> usize {
    harness.get_all_by_role(Role::Row).filter(|row| row.accesskit_node().is_selected() == Some(true)).count()
}

fn copy(harness: &mut Harness<'_, Window>) -> String {
    harness.event(egui::Event::Copy);
    harness.run_ok();
    harness.run_ok();
    harness.state_mut().copied.take().expect("nothing was copied")
}

fn shows(harness: &Harness<'_, Window>, text: &str) -> bool {
    harness.query_by_label(text).is_some()
}

#[test]
fn rows_are_read_aloud_cell_by_cell() {
    let harness = open(conversation());
    let table = harness.get_by_role_and_label(Role::Table, "Journal");
    assert_eq!(table.accesskit_node().data().row_count(), Some(6));
    let cell = harness.get_by_label_contains("你好");
    assert_eq!(cell.accesskit_node().role(), Role::Cell);
    for text in ["不好", "e4 b8 8d e5 a5 bd", "tcp #2", "last", "22:13:20.000041"] {
        assert!(harness.query_all_by_label(text).next().is_some(), "{text} is not there");
    }
    assert_eq!(harness.get_all_by_label("sent").count(), 2);
    assert_eq!(harness.get_all_by_label("received").count(), 4);
}

#[test]
fn every_row_tells_session_and_peer_however_narrow() {
    for width in [640.0, 984.0] {
        let mut harness = builder(width, 400.0, egui::Theme::Light)
            .build_ui_state(|ui, window: &mut Window| window.show(ui), conversation());
        harness.run();
        for cell in ["#1 127.0.0.1:51734", "#2 127.0.0.1:9000"] {
            assert!(harness.query_all_by_label(cell).next().is_some(), "{cell} is not there at {width}");
        }
    }
}

/// Texts that begin so, as they were painted, and whether something of them was cut off.
fn painted(harness: &Harness<'_, Window>, beginning: &str) -> Vec<(String, bool)> {
    let texts = harness.output().shapes.iter().filter_map(|clipped| match &clipped.shape {
        egui::Shape::Text(text) => Some((text.galley.text().to_owned(), text.galley.elided)),
        _ => None,
    });
    texts.filter(|(text, _)| text.starts_with(beginning)).collect()
}

#[test]
fn words_take_the_room_of_bytes_and_a_name_gives_way_to_what_became_of_its_file() {
    let window = Window::new(Rows::new(2, |number| match number {
        1 => row(
            1,
            RowBody::File {
                direction: Direction::In,
                name: format!("{}.bin", "long-name-".repeat(12)),
                path: "/in/long".to_owned(),
                size: 4 << 20,
                duration_ns: 1_000_000_000,
                outcome: Outcome::Unverified,
                mode: SendMode::Raw,
                hash: None,
            },
        ),
        _ => {
            row(2, RowBody::Life(Life::Listening { endpoint: "unix:/run/user/1000/some-folder/peer.sock".to_owned() }))
        }
    }));
    let mut harness =
        builder(984.0, 300.0, egui::Theme::Light).build_ui_state(|ui, window: &mut Window| window.show(ui), window);
    harness.run();
    let words = " · ended in order, unverified · 4.00 MiB · 4.00 MiB/s";
    assert_eq!(painted(&harness, " · "), [(words.to_owned(), false)]);
    assert!(painted(&harness, "long-name-")[0].1, "the name alone is cut");
    assert_eq!(painted(&harness, "listening on unix:/run").iter().map(|(_, cut)| *cut).collect::<Vec<_>>(), [false]);
}

/// What the kernel says is in the inspector: beside "since last", which goes by the program's clock, its stamps would
/// make time run backwards.
#[test]
fn times_rise_with_the_numbers() {
    let window = Window::new(Rows::new(2, |number| match number {
        1 => sent(1, b"question"),
        _ => PageRow {
            stamp: Stamp { kernel_ns: Some(sent(1, b"").stamp.wall_ns - 10_000), ..sent(2, b"").stamp },
            ..received(2, b"answer")
        },
    }));
    let harness = open(window);
    assert!(shows(&harness, "22:13:20.000041") && shows(&harness, "22:13:20.000082"));
}

#[test]
fn a_character_over_two_reads_is_shown_with_its_end() {
    let harness = open(conversation());
    let cell = harness.get_by_label("你");
    let row = harness.get_by_label("bd a0");
    assert_eq!(cell.rect().center().y, row.rect().center().y);
}

#[test]
fn another_encoding_changes_the_text_and_not_the_bytes() {
    let mut window = Window::new(Rows::new(1, |number| received(number, b"\xc4\xe3\xba\xc3")));
    window.sessions.selected = Some((SocketId(1), None));
    let mut harness = open(window);
    assert!(!shows(&harness, "你好"));
    harness.get_by_label("Show as").click();
    harness.run_ok();
    harness.get_by_label("GBK").click();
    harness.run_ok();
    let wanted = UiCommand::SetDisplayEncoding(SocketId(1), None, Encoding::Gbk);
    assert!(harness.state().others.contains(&wanted));
    harness.state_mut().sessions.shown_as.choose(SocketId(1), None, Encoding::Gbk);
    harness.run_ok();
    assert!(shows(&harness, "你好") && shows(&harness, "c4 e3 ba c3"));
}

#[test]
fn two_clients_of_one_server_are_read_each_in_its_encoding() {
    let mut window = Window::new(Rows::new(2, |number| match number {
        1 => received(1, b"\xc4\xe3\xba\xc3"),
        _ => PageRow { session: Some(SessionId(3)), ..received(2, "不好".as_bytes()) },
    }));
    let mut third = session(3, Side::Server, Protocol::Tcp);
    third.info.socket = SocketId(1);
    window.sessions.by_id.insert(SessionId(3), third);
    let mut harness = open(window);
    harness.get_by_label("c4 e3 ba c3").click();
    harness.run_ok();
    harness.get_by_role_and_label(Role::ComboBox, "Show #1 as").click();
    harness.run_ok();
    harness.get_by_label("GBK").click();
    harness.run_ok();
    let chosen = harness.state().others.iter().find_map(|action| match action {
        UiCommand::SetDisplayEncoding(socket, session, encoding) => Some((*socket, *session, *encoding)),
        _ => None,
    });
    assert_eq!(chosen, Some((SocketId(1), Some(SessionId(1)), Encoding::Gbk)));
    harness.state_mut().sessions.shown_as.choose(SocketId(1), Some(SessionId(1)), Encoding::Gbk);
    harness.run_ok();
    assert!(shows(&harness, "你好") && shows(&harness, "不好"));
}

#[test]
fn the_newest_row_stays_in_view_until_one_scrolls_up() {
    let mut harness = open(numbered(1000));
    assert!(shows(&harness, "message 1000"));
    harness.state_mut().record(1001);
    harness.run_ok();
    assert!(shows(&harness, "message 1001"));

    let at = harness.get_by_role_and_label(Role::Table, "Journal").rect().center();
    harness.hover_at(at);
    harness.run_ok();
    wheel(&mut harness, 200.0);
    assert!(!harness.state().journal.follow_end());
    harness.state_mut().record(1002);
    harness.run_ok();
    assert!(!shows(&harness, "message 1002"));

    focus_table(&mut harness);
    press(&mut harness, Key::End);
    assert!(harness.state().journal.follow_end() && shows(&harness, "message 1002"));
    harness.get_by_label("Follow").click();
    harness.run_ok();
    assert!(!harness.state().journal.follow_end());
}

fn wheel(harness: &mut Harness<'_, Window>, points: f32) {
    harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::vec2(0.0, points),
        phase: egui::TouchPhase::Move,
        modifiers: Modifiers::NONE,
        source: egui::MouseWheelSource::Unknown,
    });
    for _ in 0..30 {
        harness.step();
    }
    harness.run_ok();
}

#[test]
fn ten_million_rows_scroll_exactly() {
    let mut harness = open(numbered(10_000_000));
    assert!(shows(&harness, "message 10000000"));
    let at = harness.get_by_role_and_label(Role::Table, "Journal").rect().center();
    harness.hover_at(at);
    harness.run_ok();
    let before = top_row(&harness);
    // Not a whole number of rows: a position in `f32` has no room for the rest.
    wheel(&mut harness, 225.0);
    let expected = before - 225.0 / f64::from(sockeye::ui::theme::Tokens::light().row_height);
    assert!((top_row(&harness) - expected).abs() < 0.05, "{} is not {expected}", top_row(&harness));
    focus_table(&mut harness);
    press(&mut harness, Key::Home);
    assert!(shows(&harness, "message 1"));
    press(&mut harness, Key::End);
    assert_eq!(top_row(&harness), before);
}

/// What a screen reader is told of: the rows' nodes are those of their places, but the cursor's goes with its row.
#[test]
fn rows_that_move_on_bring_no_nodes_and_the_one_with_the_cursor_keeps_its_own() {
    let nodes = |harness: &Harness<'_, Window>| -> BTreeMap<usize, _> {
        let rows = harness.get_all_by_role(Role::Row).map(|row| row.accesskit_node());
        rows.map(|node| (node.data().row_index().expect("no index"), node.id())).collect()
    };
    let mut harness = open(numbered(1000));
    focus_table(&mut harness);
    let at = harness.get_by_role_and_label(Role::Table, "Journal").rect().center();
    harness.hover_at(at);
    wheel(&mut harness, 2000.0);
    let before = nodes(&harness);
    let (middle, _) = before.iter().nth(before.len() / 2).expect("no rows");
    harness.get_all_by_label(&format!("message {}", middle + 1)).next().expect("no row").click();
    harness.run_ok();
    let chosen = nodes(&harness)[middle];
    assert_ne!(chosen, before[middle]);
    let told = |harness: &Harness<'_, Window>| {
        let table = harness.get_by_role_and_label(Role::Table, "Journal").accesskit_node();
        table.active_descendant().map(|node| node.id())
    };
    assert_eq!(told(&harness), Some(chosen));

    wheel(&mut harness, 3.0 * sockeye::ui::theme::Tokens::light().row_height);
    let after = nodes(&harness);
    assert_eq!(after[middle], chosen, "it is the same row");
    assert_eq!(told(&harness), Some(chosen));
    assert!(!before.contains_key(after.keys().next().expect("no rows")), "it has scrolled");
    let known = before.values().chain([&chosen]).collect::<Vec<_>>();
    assert!(after.values().all(|node| known.contains(&node)));

    press(&mut harness, Key::ArrowDown);
    let moved = nodes(&harness);
    assert_ne!(moved[middle], chosen, "another row has the cursor");
    assert_eq!(told(&harness), Some(moved[&(middle + 1)]));
}

/// Rows above the view, the hidden part of the first visible one included.
fn top_row(harness: &Harness<'_, Window>) -> f64 {
    let row_height = f64::from(sockeye::ui::theme::Tokens::light().row_height);
    let last =
        harness.get_all_by_role(Role::Row).max_by(|a, b| a.rect().top().total_cmp(&b.rect().top())).expect("no rows");
    let table = harness.get_by_role_and_label(Role::Table, "Journal").rect();
    let index = last.accesskit_node().data().row_index().expect("no index");
    index as f64 - f64::from(last.rect().top() - table.top()) / row_height
}

#[test]
fn pages_are_asked_for_once_and_old_rows_stay_until_they_come() {
    let mut harness = open(numbered(5000));
    harness.state_mut().answers = false;
    harness.state_mut().requests.clear();
    harness.state_mut().record(5001);
    for _ in 0..3 {
        harness.step();
    }
    assert_eq!(harness.state().requests.len(), 1);
    assert!(harness.state().requests[0].from_end);
    assert!(shows(&harness, "message 5000"), "the old page went before the new one came");
    harness.state_mut().answers = true;
    harness.run_ok();
    assert!(shows(&harness, "message 5001"));
    assert_eq!(harness.state().requests.len(), 1);
}

#[test]
fn rows_are_selected_with_ctrl_shift_and_arrows() {
    let mut harness = open(numbered(10));
    harness.get_by_label("message 3").click();
    harness.run_ok();
    assert_eq!(selected_rows(&harness), 1);
    harness.get_by_label("message 6").click_modifiers(Modifiers::SHIFT);
    harness.run_ok();
    assert_eq!(selected_rows(&harness), 4);
    harness.get_by_label("message 4").click_modifiers(Modifiers::COMMAND);
    harness.run_ok();
    assert_eq!(selected_rows(&harness), 3);
    press(&mut harness, Key::ArrowDown);
    assert_eq!(selected_rows(&harness), 1);
    assert_eq!(harness.state().journal.chosen().map(|row| row.number), Some(5));
    harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowDown);
    harness.run_ok();
    assert_eq!(selected_rows(&harness), 2);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run_ok();
    assert_eq!(selected_rows(&harness), 10);
}

#[test]
fn copies_rows_as_lines_beyond_the_page_at_hand() {
    let mut harness = open(numbered(9000));
    focus_table(&mut harness);
    press(&mut harness, Key::Home);
    let line = copy(&mut harness);
    assert_eq!(
        line,
        "1\t22:13:20.000041\t\ttcp #1\t127.0.0.1:51734\treceived\t9\tmessage 1\t6d 65 73 73 61 67 65 20 31"
    );
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run_ok();
    harness.event(egui::Event::Copy);
    for _ in 0..12 {
        harness.step();
    }
    let all = harness.state_mut().copied.take().expect("nothing was copied");
    assert_eq!(all.lines().count(), 9000);
    assert!(all.lines().last().is_some_and(|line| line.contains("message 9000")));
}

#[test]
fn a_copy_whose_rows_can_not_be_read_ends_and_says_so() {
    let mut harness = open(numbered(9000));
    focus_table(&mut harness);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run_ok();
    harness.state_mut().answers = false;
    harness.event(egui::Event::Copy);
    for _ in 0..3 {
        harness.step();
    }
    harness.state_mut().asked.clear();
    let cause = Cause::Other { message: "the journal is damaged".to_owned(), errno: None };
    let failure = Failure::new(Operation::ReadFile, "journal.sqlite", cause);
    harness.state_mut().event(&Event::Failed { socket: None, session: None, failure });
    harness.state_mut().answers = true;
    harness.state_mut().record(9001);
    for _ in 0..3 {
        harness.step();
    }
    assert!(harness.query_by_label_contains("nothing copied: a row could not be read").is_some());
    assert!(shows(&harness, "message 9001"), "the journal stands still");
    assert_eq!(harness.state_mut().copied, None);
}

#[test]
fn copies_the_whole_payload_from_the_menu() {
    let window = Window::new(Rows::new(2, |number| PageRow { len: 2000, ..received(number, b"0123456789") }));
    let mut harness = open(window);
    let row = harness.get_all_by_role(Role::Row).next().expect("no rows").rect().center();
    harness.get_all_by_label("2,000").next().expect("no length").click();
    harness.run_ok();
    harness.hover_at(row);
    harness.get_all_by_label("2,000").next().expect("no length").click_secondary();
    harness.run_ok();
    harness.get_by_label("Copy text").click();
    for _ in 0..6 {
        harness.step();
    }
    let text = harness.state_mut().copied.take().expect("nothing was copied");
    assert_eq!(text, "0123456789".repeat(200));
}

#[test]
fn a_mistake_in_the_filter_is_shown_and_changes_nothing() {
    let mut harness = open(conversation());
    type_filter(&mut harness, "in");
    assert!(shows(&harness, "你好") && !shows(&harness, "不好"));
    assert!(harness.query_by_label_contains("4 shown").is_some());
    type_filter(&mut harness, " hex:4z");
    let words =
        sockeye::i18n::filter_error(Language::English, &FilterError { at: 3..9, problem: FilterProblem::BadHex });
    assert!(shows(&harness, &words), "no words for the mistake");
    assert!(shows(&harness, "你好") && !shows(&harness, "不好"));
}

fn type_filter(harness: &mut Harness<'_, Window>, text: &str) {
    harness.get_by_label("Filter").focus();
    harness.run_ok();
    harness.get_by_label("Filter").type_text(text);
    harness.run_ok();
    harness.run_ok();
}

#[test]
fn the_chosen_row_stays_in_view_when_the_filter_goes() {
    let mut harness = open(Window::new(Rows::new(20_000, |number| {
        if number % 1000 == 7 { sent(number, format!("needle {number}").as_bytes()) } else { received(number, b"hay") }
    })));
    type_filter(&mut harness, "out");
    harness.get_by_label("needle 12007").click();
    harness.run_ok();
    harness.get_by_label("Follow").click();
    harness.run_ok();
    harness.get_by_label("Filter").focus();
    harness.run_ok();
    for _ in 0..3 {
        harness.key_press(Key::Backspace);
    }
    for _ in 0..30 {
        harness.step();
    }
    assert!(shows(&harness, "needle 12007") && !shows(&harness, "needle 13007"));
}

#[test]
fn one_journal_is_filtered_by_what_is_selected() {
    let mut window = conversation();
    window.sessions.selected = Some((SocketId(2), Some(SessionId(2))));
    let mut harness = open(window);
    assert!(!shows(&harness, "你好") && shows(&harness, "00 ff"));
    harness.get_by_label_contains("Only tcp #2").click();
    harness.run_ok();
    harness.run_ok();
    assert!(shows(&harness, "你好"));
}

#[test]
fn losses_that_nobody_told_are_unknown_and_not_zero() {
    let mut window = numbered(1);
    let udp = session(3, Side::Server, Protocol::Udp);
    window.sessions.by_id.insert(SessionId(3), udp);
    let mut harness = open(window);
    assert!(shows(&harness, "drops unknown"));
    let dropped = Notice::Dropped { datagrams: 1200 };
    harness.state_mut().event(&Event::Noticed { socket: Some(SocketId(3)), session: None, notice: dropped });
    harness.run_ok();
    assert!(shows(&harness, "1,200 dropped"));
}

#[test]
fn what_waited_for_the_journal_is_shown_until_it_is_cleared() {
    const ROW: &str = "The journal is written more slowly than bytes come: sockets waited 250 ms for it";
    let held_up = |milliseconds| Notice::HeldUp { milliseconds };
    let rows = Rows::new(1, move |number| row(number, RowBody::Notice { notice: held_up(250) }));
    let mut harness = open(Window::new(rows));
    assert!(harness.query_all_by_label_contains(ROW).next().is_some());
    let is_told = |harness: &Harness<'_, Window>| harness.query_all_by_label_contains("held up").next().is_some();
    assert!(!is_told(&harness));
    for milliseconds in [250, 1000] {
        harness.state_mut().event(&Event::Noticed { socket: None, session: None, notice: held_up(milliseconds) });
    }
    for (language, words) in [(Language::Chinese, "等待日志 1.25 s"), (Language::English, "held up 1.25 s")] {
        harness.state_mut().language = language;
        harness.run_ok();
        assert!(shows(&harness, words), "{words}");
    }
    harness.state_mut().event(&Event::JournalCleared);
    harness.run_ok();
    assert!(!is_told(&harness));
}

#[test]
fn the_inspector_shows_both_clocks_and_copies_what_is_selected() {
    let mut window = conversation();
    window.inspector_height = 260.0;
    let mut harness =
        builder(1200.0, 700.0, egui::Theme::Light).build_ui_state(|ui, window: &mut Window| window.show(ui), window);
    harness.run();
    assert!(shows(&harness, "No row chosen"));
    harness.get_by_label("你好").click();
    harness.run_ok();
    for text in ["recv returned 6", "2026-09-21 22:13:20.000022234", "2026-09-21 22:13:20.000041234"] {
        assert!(shows(&harness, text), "{text} is not there");
    }
    focus_table(&mut harness);
    press(&mut harness, Key::Enter);
    assert!(harness.get_by_role_and_label(Role::Document, "Bytes").is_focused());
    press(&mut harness, Key::Home);
    for _ in 0..2 {
        harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowRight);
    }
    harness.run_ok();
    assert_eq!(copy(&mut harness), "e4 bd a0");
    for (name, text) in [
        ("Copy as text", "你"),
        ("Copy as Python bytes", "b'\\xe4\\xbd\\xa0'"),
        ("Copy as C array", "{ 0xe4, 0xbd, 0xa0 }"),
    ] {
        harness.get_by_label("Copy").click();
        harness.run_ok();
        harness.get_by_label(name).click();
        harness.run_ok();
        assert_eq!(harness.state_mut().copied.take().as_deref(), Some(text));
    }
}

/// A press and a release of the mouse in one frame.
fn click_at(harness: &mut Harness<'_, Window>, pos: egui::Pos2, modifiers: Modifiers) {
    let button = egui::PointerButton::Primary;
    let events = [true, false].map(|pressed| egui::Event::PointerButton { pos, button, pressed, modifiers });
    let before = [egui::Event::ModifiersChanged(modifiers), egui::Event::PointerMoved(pos)];
    harness.input_mut().events.extend(before.into_iter().chain(events));
    harness.run_ok();
    harness.event(egui::Event::ModifiersChanged(Modifiers::NONE));
    harness.run_ok();
}

#[test]
fn bytes_are_selected_with_the_mouse() {
    let mut window = conversation();
    window.inspector_height = 260.0;
    let mut harness =
        builder(1200.0, 700.0, egui::Theme::Light).build_ui_state(|ui, window: &mut Window| window.show(ui), window);
    harness.run();
    harness.get_by_label("你好").click();
    harness.run_ok();
    let view = harness.get_by_role_and_label(Role::Document, "Bytes").rect();
    let selected = |harness: &Harness<'_, Window>| {
        harness.get_by_role_and_label(Role::Document, "Bytes").accesskit_node().value().unwrap_or_default()
    };
    // Where the bytes are drawn is found as a person finds it: by clicking on them.
    let mut places = BTreeMap::new();
    for step in 1..60 {
        let pos = egui::pos2(view.left() + 8.0 * step as f32, view.top() + 8.0);
        click_at(&mut harness, pos, Modifiers::NONE);
        places.entry(selected(&harness)).or_insert(pos);
    }
    let [first, third, last] = ["e4", "a0", "a5"].map(|byte| *places.get(byte).unwrap_or_else(|| panic!("{places:?}")));
    click_at(&mut harness, third, Modifiers::NONE);
    assert_eq!(selected(&harness), "a0");
    click_at(&mut harness, first, Modifiers::SHIFT);
    assert_eq!(selected(&harness), "e4 bd a0", "up to there");

    click_at(&mut harness, last, Modifiers::NONE);
    harness.drag_at(first);
    harness.run_ok();
    harness.hover_at(third);
    harness.run_ok();
    harness.drop_at(third);
    harness.run_ok();
    assert_eq!(selected(&harness), "e4 bd a0");
    assert_eq!(copy(&mut harness), "e4 bd a0");
}

#[test]
fn a_long_payload_comes_whole() {
    let mut window = Window::new(Rows::new(1, |number| PageRow { len: 1 << 20, ..received(number, &[7; 512]) }));
    window.inspector_height = 260.0;
    let mut harness = open(window);
    harness.get_by_label("1,048,576").click();
    harness.run_ok();
    harness.run_ok();
    assert!(shows(&harness, "1,048,576 B"));
    harness.get_by_role_and_label(Role::Document, "Bytes").focus();
    harness.run_ok();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run_ok();
    assert!(shows(&harness, "1,048,576 B selected, 0x0 to 0xfffff"));
}

#[test]
fn an_empty_journal_says_why_and_what_to_do() {
    let says = |harness: &Harness<'_, Window>, words: &str| harness.query_by_label_contains(words).is_some();
    let mut harness = open(numbered(0));
    assert!(says(&harness, "Nothing has happened yet. Start listening or connect."));
    harness.state_mut().record(1);
    harness.run_ok();
    assert!(shows(&harness, "message 1") && !says(&harness, "Nothing has happened yet"));
    type_filter(&mut harness, "out");
    assert!(says(&harness, "No row matches"), "rows there are");
}

#[test]
fn the_headings_tell_which_clock_they_are_of() {
    let mut harness = open(numbered(3));
    for (heading, clock) in [("Time", "wall clock"), ("Since last", "monotonic clock")] {
        assert!(harness.query_by_label_contains(clock).is_none());
        let cell = harness.get_by_role_and_label(Role::ColumnHeader, heading);
        assert!(cell.accesskit_node().data().description().is_some_and(|words| words.contains(clock)));
        cell.hover();
        // A tooltip waits until the pointer rests.
        for _ in 0..60 {
            harness.step();
        }
        assert!(harness.query_by_label_contains(clock).is_some(), "no tooltip at {heading}");
    }
}

fn width_of(harness: &Harness<'_, Window>, column: &str) -> f64 {
    let name = format!("Width of {column}");
    let border = harness.get_by_role_and_label(Role::Splitter, &name);
    border.accesskit_node().numeric_value().expect("a width")
}

#[test]
fn columns_are_resized_by_the_borders_of_their_headings() {
    let mut harness = open(numbered(3));
    let session = |harness: &Harness<'_, Window>| {
        f64::from(harness.get_by_role_and_label(Role::ColumnHeader, "Session").rect().left())
    };
    let (fitting, place) = (width_of(&harness, "Since last"), session(&harness));
    let grip = harness.get_by_role_and_label(Role::Splitter, "Width of Since last").rect().center();
    harness.drag_at(grip);
    harness.run_ok();
    harness.hover_at(grip + egui::vec2(50.0, 0.0));
    harness.run_ok();
    harness.drop_at(grip + egui::vec2(50.0, 0.0));
    harness.run_ok();
    assert_eq!((width_of(&harness, "Since last"), session(&harness)), (fitting + 50.0, place + 50.0));
    assert!(shows(&harness, "message 3"));

    // In one frame: those of this harness are too far apart for a double click.
    let pos = harness.get_by_role_and_label(Role::Splitter, "Width of Since last").rect().center();
    let click = |pressed| egui::Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    harness.hover_at(pos);
    harness.run_ok();
    harness.input_mut().events.extend([true, false, true, false].map(click));
    harness.run_ok();
    assert_eq!(width_of(&harness, "Since last"), fitting, "a double click makes it fit");
}

#[test]
fn columns_are_resized_by_keys() {
    let mut harness = open(numbered(3));
    let fitting = width_of(&harness, "Time");
    harness.get_by_role_and_label(Role::Splitter, "Width of No.").focus();
    harness.run_ok();
    press(&mut harness, Key::ArrowDown);
    assert!(harness.get_by_role_and_label(Role::Splitter, "Width of Time").is_focused());
    press(&mut harness, Key::ArrowRight);
    press(&mut harness, Key::ArrowRight);
    press(&mut harness, Key::ArrowLeft);
    assert_eq!(width_of(&harness, "Time"), fitting + 8.0);
    press(&mut harness, Key::Enter);
    assert_eq!(width_of(&harness, "Time"), fitting);
    press(&mut harness, Key::ArrowUp);
    assert!(harness.get_by_role_and_label(Role::Splitter, "Width of No.").is_focused());
    press(&mut harness, Key::Tab);
    let stops_again = harness.get_all_by_role(Role::Splitter).any(|border| border.is_focused());
    assert!(!stops_again, "one stop for all of them");
}

#[test]
fn speaks_chinese() {
    let mut window = conversation();
    window.language = Language::Chinese;
    let harness = open(window);
    for name in ["筛选", "跟随", "清空", "保存…"] {
        assert!(shows(&harness, name), "{name} is not there");
    }
    assert!(harness.query_by_role_and_label(Role::Table, "日志").is_some());
}

//! What the journal tells of rows beside their bytes, times, marks, notes, colours; and their session as one stream.

#[path = "support/app.rs"]
mod app;
#[path = "support/raster.rs"]
mod raster;
#[path = "support/window.rs"]
mod window;

use std::io::Write as _;
use std::net::TcpStream;
use std::path::PathBuf;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{By, NodeT as _, Queryable as _};
use sockeye::engine::Engine;
use sockeye::model::{
    Call, ClientTab, ColorRule, Direction, Event, LanguageChoice, Row, RowBody, RowColor, SaveRequest, SessionId,
    Settings, SocketId, Stamp, ThemeChoice, TimeMode,
};
use sockeye::store::journal::{JournalReader, JournalWriter};
use sockeye::ui::theme::Tokens;
use sockeye::ui::{Choice, Picker, Wanted};

use app::{Window, any_port};
use window::{Rows, received};

/// A server that heard "one" and "two".
fn talk() -> (Window, TcpStream) {
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    window.listen();
    let mut peer = window.peer();
    for words in ["one", "two"] {
        peer.write_all(words.as_bytes()).expect("sent");
        window.until(words, |window| window.has_row(&[words]));
    }
    (window, peer)
}

fn keys(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.harness.key_press_modifiers(modifiers, key);
    window.harness.step();
    window.harness.step();
}

fn choose_row(window: &mut Window, text: &str) {
    let table = window.harness.get_by_role_and_label(Role::Table, "Journal");
    table.query_all_by_label(text).next().expect("the row").click();
    window.harness.step();
    window.harness.step();
}

/// What is said of the mark of each row that has one, with the row's words.
fn marks(window: &Window) -> Vec<(String, String)> {
    let table = window.harness.get_by_role_and_label(Role::Table, "Journal");
    let of = |row: egui_kittest::Node<'_>| {
        let cells: Vec<_> = row.query_all_by_role(Role::Cell).collect();
        let mark = cells.first()?.accesskit_node().description().filter(|words| words.starts_with("marked"))?;
        let words = ["one", "two"].into_iter().find(|words| row.query(By::new().label(words)).is_some());
        Some((words.unwrap_or_default().to_owned(), mark))
    };
    table.query_all_by_role(Role::Row).filter_map(of).collect()
}

fn mark(words: &str, said: &str) -> (String, String) {
    (words.to_owned(), said.to_owned())
}

/// The row with the cursor has the keyboard, which the table has given it.
fn rows_have_the_keyboard(window: &Window) -> bool {
    let table = window.harness.get_by_role_and_label(Role::Table, "Journal");
    table.query_all_by_role(Role::Row).any(|row| row.is_focused())
}

#[test]
fn rows_are_marked_and_unmarked_and_found_again() {
    let (mut window, _peer) = talk();
    choose_row(&mut window, "one");
    keys(&mut window, Modifiers::COMMAND, Key::B);
    window.until("the mark", |window| marks(window) == [mark("one", "marked")]);
    choose_row(&mut window, "two");
    keys(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::B);
    let field = |window: &Window| {
        window
            .harness
            .query_all_by_role(Role::TextInput)
            .find(egui_kittest::Node::is_focused)
            .and_then(|field| field.accesskit_node().label().filter(|label| label.starts_with("Note on row")))
    };
    let name = field(&window).expect("the keyboard is in the note's field");
    window.harness.get_by_role_and_label(Role::TextInput, &name).type_text("here it breaks");
    window.press(Key::Enter);
    window.until("the note", |window| marks(window) == [mark("one", "marked"), mark("two", "marked, here it breaks")]);
    assert!(rows_have_the_keyboard(&window));

    // From mark to mark, round.
    let chosen = |window: &Window, words: &str| {
        let table = window.harness.get_by_role_and_label(Role::Table, "Journal");
        let mut rows = table.query_all_by_role(Role::Row);
        rows.any(|row| row.accesskit_node().is_selected() == Some(true) && row.query(By::new().label(words)).is_some())
    };
    window.press(Key::F2);
    window.until("the first", |window| chosen(window, "one"));
    keys(&mut window, Modifiers::SHIFT, Key::F2);
    window.until("the second", |window| chosen(window, "two"));

    window.harness.get_by_label("Filter").focus();
    window.harness.step();
    window.harness.get_by_label("Filter").type_text("is:marked ");
    window.until("those that are marked", |window| window.journal().len() == 2);
    keys(&mut window, Modifiers::COMMAND, Key::B);
    window.until("the other", |window| window.journal().len() == 1 && marks(window) == [mark("one", "marked")]);
}

/// Chooses a path in place of a person.
struct Chooses(PathBuf);

impl Picker for Chooses {
    fn pick(&self, _: Option<&eframe::Frame>, _: &str, _: Wanted) -> Choice {
        let path = self.0.clone();
        Box::pin(async { Some(vec![path]) })
    }
}

#[test]
fn rows_of_a_journal_that_was_opened_are_marked_in_its_file() {
    let (mut window, _peer) = talk();
    choose_row(&mut window, "two");
    keys(&mut window, Modifiers::COMMAND, Key::B);
    window.until("the mark", |window| marks(window) == [mark("two", "marked")]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("kept.sqlite");
    for key in [Key::S, Key::O] {
        window.harness.state_mut().as_mut().expect("the app").set_picker(Box::new(Chooses(path.clone())));
        keys(&mut window, Modifiers::COMMAND, key);
        window.until("the file", |_| path.exists());
    }
    window.until("the file's rows", |window| {
        window.harness.query_by_role_and_label(Role::Button, "Back to recording").is_some() && window.has_row(&["one"])
    });
    assert_eq!(marks(&window), [mark("two", "marked")], "they went along");
    choose_row(&mut window, "one");
    keys(&mut window, Modifiers::COMMAND, Key::B);
    window.until("both", |window| marks(window) == [mark("one", "marked"), mark("two", "marked")]);
    window.harness.get_by_role_and_label(Role::Button, "Back to recording").click();
    window.until("what is recorded", |window| marks(window) == [mark("two", "marked")]);
    let mut kept = JournalReader::open(&path).expect("the journal");
    let copy = folder.path().join("kept.jsonl");
    kept.save(&SaveRequest::new(&copy), &[]).expect("saved");
    assert_eq!(std::fs::read_to_string(&copy).expect("lines").matches("\"note\":\"\"").count(), 2);
}

#[test]
fn times_are_shown_as_the_heading_s_menu_says_and_stay_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("settings.toml");
    let english = Settings { language: LanguageChoice::English, servers: vec![any_port()], ..Settings::default() };
    let mut window = Window::restart(english, Vec::new(), file.clone());
    window.listen();
    window.until("a row", |window| !window.journal().is_empty());
    let choose = |window: &mut Window, heading: &str, item: &str| {
        window.harness.get_by_role_and_label(Role::ColumnHeader, heading).click();
        window.harness.step();
        window.harness.step();
        window.harness.get_by_role_and_label(Role::RadioButton, item).click();
        window.harness.step();
        window.harness.step();
    };
    choose(&mut window, "Time", "Since the first row");
    window.until("the start", |window| window.journal()[0][1] == "0.000000");
    window.until("the file", |_| Engine::load_settings(&file).0.times == TimeMode::SinceStart);
    drop(window);
    let (settings, damage) = Engine::load_settings(&file);
    let mut window = Window::restart(settings, damage, file);
    window.listen();
    window.until("the start", |window| window.journal().first().is_some_and(|row| row[1] == "0.000000"));
    choose(&mut window, "Since start", "Time of day");
    window.until("the time of the day", |window| window.journal()[0][1].matches(':').count() == 2);
}

#[test]
fn each_way_to_tell_times_has_its_words() {
    let rows = Rows::new(30, |number| received(number, format!("message {number}").as_bytes()));
    let mut harness = window::open(window::Window::new(rows));
    let third = |harness: &egui_kittest::Harness<'_, window::Window>| {
        let row = harness.query_all_by_role(Role::Row).find(|row| row.query(By::new().label("message 20")).is_some());
        let cells =
            row.map(|row| row.query_all_by_role(Role::Cell).filter_map(|cell| cell.accesskit_node().label()).collect());
        cells.unwrap_or_else(Vec::new)
    };
    assert_eq!(third(&harness)[1..3], ["22:13:20.000824", "+0.000041"]);
    harness.state_mut().journal.show_times(TimeMode::SinceStart);
    harness.run_ok();
    assert_eq!(third(&harness)[1..3], ["0.000783", "+0.000041"]);
    harness.state_mut().journal.show_times(TimeMode::SinceLast);
    harness.run_ok();
    assert_eq!(third(&harness)[1..3], ["+0.000041", "tcp #1"], "once is enough");
    harness.state_mut().event(&Event::JournalCleared);
    harness.run_ok();
}

/// Rows that have this colour behind them, of those in view.
fn colored(window: &Window, color: RowColor) -> usize {
    let fill = Tokens::light().behind_row(color);
    let shapes = &window.harness.output().shapes;
    let is_row = |shape: &&egui::epaint::ClippedShape| match &shape.shape {
        egui::Shape::Rect(rect) => rect.fill == fill && rect.rect.width() > 400.0,
        _ => false,
    };
    shapes.iter().filter(is_row).count()
}

#[test]
fn rows_for_which_a_rule_holds_have_its_colour_and_rules_are_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("settings.toml");
    let settings = Settings {
        language: LanguageChoice::English,
        theme: ThemeChoice::Light,
        servers: vec![any_port()],
        ..Settings::default()
    };
    let mut window = Window::restart(settings, Vec::new(), file.clone());
    window.listen();
    let mut peer = window.peer();
    for words in ["one", "two"] {
        peer.write_all(words.as_bytes()).expect("sent");
        window.until(words, |window| window.has_row(&[words]));
    }
    keys(&mut window, Modifiers::COMMAND, Key::R);
    let press = |window: &mut Window, name: &str| {
        window.harness.get_by_label(name).click();
        window.harness.step();
        window.harness.step();
    };
    press(&mut window, "Add rule");
    let field = window.harness.get_by_role_and_label(Role::TextInput, "Rows of rule 1");
    assert!(field.is_focused());
    assert_eq!(colored(&window, RowColor::Yellow), 0, "an empty rule holds for no row");
    window.harness.get_by_role_and_label(Role::TextInput, "Rows of rule 1").type_text("\"one\" or \"two\"");
    window.until("both rows", |window| colored(window, RowColor::Yellow) == 2);
    press(&mut window, "Add rule");
    window.harness.get_by_role_and_label(Role::TextInput, "Rows of rule 2").type_text("\"two\"");
    press(&mut window, "Move rule 2 up");
    window.until("the first counts", |window| {
        colored(window, RowColor::Red) == 1 && colored(window, RowColor::Yellow) == 1
    });
    press(&mut window, "Rule 1 is on");
    window.until("it is off", |window| colored(window, RowColor::Red) == 0 && colored(window, RowColor::Yellow) == 2);
    press(&mut window, "Remove rule 2");
    window.until("none", |window| colored(window, RowColor::Yellow) == 0);
    window.harness.get_by_role_and_label(Role::TextInput, "Rows of rule 1").focus();
    window.harness.step();
    window.harness.get_by_role_and_label(Role::TextInput, "Rows of rule 1").type_text(" hex:4z");
    window.until("the mistake", |window| {
        let mut labels = window.harness.query_all_by_role(Role::Label);
        labels.any(|label| label.value().is_some_and(|said| said.contains("Pairs of hex digits")))
    });
    window.press(Key::Escape);
    assert!(window.harness.query_by_label("Add rule").is_none());
    let rule = ColorRule { enabled: false, filter: "\"two\" hex:4z".to_owned(), color: RowColor::Red };
    window.until("the file", |_| Engine::load_settings(&file).0.color_rules == [rule.clone()]);
}

/// Direction and words of the conversation's lines that are in view.
fn conversation(window: &Window) -> Vec<(String, String)> {
    let Some(table) = window.harness.query_by_role_and_label(Role::Table, "Conversation") else { return Vec::new() };
    let words = |row: egui_kittest::Node<'_>| {
        let cells: Vec<_> =
            row.query_all_by_role(Role::Cell).filter_map(|cell| cell.accesskit_node().label()).collect();
        let [.., direction, words] = &cells[..] else { return None };
        Some((direction.clone(), words.clone()))
    };
    table.query_all_by_role(Role::Row).filter_map(words).collect()
}

fn press(window: &mut Window, name: &str) {
    window.harness.get_by_role_and_label(Role::Button, name).click();
    window.harness.step();
    window.harness.step();
}

#[test]
fn a_session_is_shown_as_one_stream_both_ways_and_goes_on() {
    let (mut window, mut peer) = talk();
    peer.write_all(b" \xe4\xbd").expect("sent");
    window.until("half of it", |window| window.journal().len() == 5);
    window.write("Server", "Message", "ok");
    window.click("Server", "Send");
    window.until("the answer", |window| window.has_row(&["sent", "ok"]));
    peer.write_all(b"\xa0").expect("sent");
    window.until("the other half", |window| window.has_row(&["received", "你"]));
    choose_row(&mut window, "one");
    keys(&mut window, Modifiers::COMMAND, Key::J);
    let line = |direction: &str, words: &str| (direction.to_owned(), words.to_owned());
    let expected = [line("received", "onetwo "), line("sent", "ok"), line("received", "你")];
    window.until("all of it", |window| conversation(window) == expected);
    let table = window.harness.get_by_role_and_label(Role::Table, "Conversation");
    let chosen = table.query_all_by_role(Role::Row).position(|row| row.is_focused());
    assert_eq!(chosen, Some(0), "the line of the row that was chosen");

    peer.write_all(b"!").expect("sent");
    window.until("what comes", |window| conversation(window).last() == Some(&line("received", "你!")));
    press(&mut window, "As hex");
    let hex = conversation(&window);
    assert!(
        hex[0].1.starts_with("00000000  6f 6e 65 74 77 6f 20 e4  bd") && hex[0].1.ends_with("|onetwo ..|"),
        "{hex:?}"
    );
    assert!(hex[2].1.starts_with("00000009  a0 21 "), "{hex:?}");
    window.harness.get_by_role_and_label(Role::Button, "Copy this part").click();
    let copied = window.copied();
    assert_eq!(copied.lines().count(), 3, "{copied}");
    window.press(Key::Escape);
    assert!(window.harness.query_by_role_and_label(Role::Table, "Conversation").is_none());
}

#[test]
fn a_long_conversation_is_read_in_parts() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("long.sqlite");
    let row = |number: u64| Row {
        stamp: Stamp::default(),
        socket: SocketId(1),
        session: Some(SessionId(1 + number % 2)),
        peer: "127.0.0.1:9000".to_owned(),
        body: RowBody::Data { direction: Direction::In, call: Call::Recv, truncated: false },
        stream_offset: 10 * (number / 2),
        payload: format!("{number:9}\n").into_bytes(),
    };
    let rows: Vec<_> = (0..1200).map(row).collect();
    JournalWriter::create(&path).expect("a journal").append(&rows).expect("rows");
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    window.harness.state_mut().as_mut().expect("the app").set_picker(Box::new(Chooses(path)));
    keys(&mut window, Modifiers::COMMAND, Key::O);
    window.until("the rows", |window| window.has_row(&["1", "        0␊"]));
    choose_row(&mut window, "        0␊");
    keys(&mut window, Modifiers::COMMAND, Key::J);
    let says = |window: &Window, words: &str| {
        let mut labels = window.harness.query_all_by_role(Role::Label);
        labels.any(|label| label.value().is_some_and(|said| said.contains(words)))
    };
    let first = |window: &Window| conversation(window).first().map(|(_, words)| words.trim().to_owned());
    window.until("the first part", |window| says(window, "calls 1 to 512 of") && first(window).as_deref() == Some("0"));
    press(&mut window, "Next part");
    window.until("the second", |window| says(window, "calls 513 to 600 of 600"));
    assert_eq!(first(&window).as_deref(), Some("1024"));
    press(&mut window, "Previous part");
    window.until("the first again", |window| says(window, "calls 1 to 512 of"));
    assert_eq!(conversation(&window).last().map(|(_, words)| words.trim()), Some("1022"), "its end is in view");
    press(&mut window, "Last part");
    window.until("the last", |window| says(window, "calls 89 to 600 of 600"));
    assert_eq!(conversation(&window).last().map(|(_, words)| words.trim()), Some("1198"));
    press(&mut window, "First part");
    window.until("the beginning", |window| first(window).as_deref() == Some("0"));
    window.press(Key::Escape);

    choose_row(&mut window, "        0␊");
    keys(&mut window, Modifiers::NONE, Key::End);
    window.until("the last row", |window| window.has_row(&["     1199␊"]));
    keys(&mut window, Modifiers::COMMAND, Key::J);
    window.until("the part around it", |window| says(window, "calls 344 to 600 of 600"));
    let table = window.harness.get_by_role_and_label(Role::Table, "Conversation");
    let chosen = |row: &egui_kittest::Node<'_>| row.accesskit_node().is_selected() == Some(true);
    let row = table.query_all_by_role(Role::Row).find(chosen).expect("its line is chosen and in view");
    let mut cells = row.query_all_by_role(Role::Cell).filter_map(|cell| cell.accesskit_node().label());
    assert!(cells.any(|cell| cell.trim() == "1199"));
}

//! Pictures of rows that are marked and coloured, and of the bars above them; made up from reports of an engine so that
//! nothing in them depends on the machine. `ui_snapshots.rs` says how they are drawn anew.

#[path = "support/app.rs"]
mod app;
#[path = "support/pictures.rs"]
mod pictures;
#[path = "support/raster.rs"]
mod raster;
#[path = "support/reports.rs"]
mod reports;
#[path = "support/mod.rs"]
mod support;

use egui::accesskit::Role as Widget;
use egui::{Key, Modifiers};
use egui_kittest::SnapshotResults;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::model::{
    ClientTab, Direction, PageRow, Protocol, Role, RowColor, ServerTab, Settings, ThemeChoice, TimeMode,
};

use crate::app::Window;
use crate::pictures::{SIZE, SMALL, chinese, english, open, report, shoot, themed};
use crate::reports::{CLIENT, data, opened, page};
use crate::support::in_own_network;

/// A window with rows of each colour, some of them marked, the second one chosen.
fn talk(settings: Settings, size: (f32, f32)) -> Window {
    let mut window = open(settings, size);
    // Once the engine has answered for its only row, it is not asked again for those that are made up here.
    let [panel, start] = if window.harness.query_by_label("Start listening").is_some() {
        ["Server", "Start listening"]
    } else {
        ["服务端", "开始监听"]
    };
    window.click(panel, start);
    window.until("the listener's row", |window| {
        window.harness.get_by_role(Widget::Table).query_all_by_role(Widget::Row).count() == 1
    });
    let session = opened(2, CLIENT, Role::Client, Protocol::Tcp, "192.0.2.7:502", [33, 24]);
    let row = |number: u64, words: &str, color, note: Option<&str>| {
        let direction = if number.is_multiple_of(2) { Direction::In } else { Direction::Out };
        PageRow { color, note: note.map(str::to_owned), ..data(number, CLIENT, 2, direction, 0, words.as_bytes()) }
    };
    let rows = vec![
        row(1, "GET /temperature", Some(RowColor::Yellow), None),
        row(2, "21.5 °C", Some(RowColor::Green), Some("the first that was right")),
        row(3, "GET /humidity", Some(RowColor::Blue), None),
        row(4, "error 7\r\n", Some(RowColor::Red), Some("")),
        row(5, "GET /pressure", Some(RowColor::Purple), None),
        row(6, "1013 hPa", Some(RowColor::Grey), Some("你好")),
        row(7, "GET /wind", None, None),
    ];
    report(&mut window, [session, page(rows)]);
    let table = window.harness.get_by_role(Widget::Table);
    let cell = table.query_all_by_role(Widget::Cell).find(|cell| cell.accesskit_node().label().as_deref() == Some("7"));
    cell.expect("the row's number").click();
    window.harness.step();
    window.harness.step();
    window
}

fn settings(name: &str) -> Settings {
    let server = ServerTab { protocol: "unix".to_owned(), address: format!("@sockeye-{name}"), ..ServerTab::default() };
    let client = ClientTab { address: "192.0.2.7".to_owned(), port: "502".to_owned(), ..ClientTab::default() };
    english(server, client)
}

#[test]
fn marked_and_coloured_rows_below_each_bar() {
    in_own_network("marked_and_coloured_rows_below_each_bar", || {
        let mut results = SnapshotResults::new();
        for (name, theme, size, modifiers, key) in [
            ("rows-light", ThemeChoice::Light, SIZE, Modifiers::COMMAND, Key::F),
            ("rows-dark", ThemeChoice::Dark, SIZE, Modifiers::COMMAND, Key::G),
            ("rows-chinese", ThemeChoice::Light, SMALL, Modifiers::COMMAND | Modifiers::SHIFT, Key::B),
        ] {
            let settings = themed(&settings(name), theme);
            let settings = match name {
                "rows-chinese" => Settings { times: TimeMode::SinceLast, ..chinese(&settings) },
                _ => settings,
            };
            let mut window = talk(settings, size);
            window.harness.key_press_modifiers(modifiers, key);
            window.harness.step();
            window.harness.step();
            let fields = window.harness.query_all_by_role(Widget::TextInput);
            fields.into_iter().find(egui_kittest::Node::is_focused).expect("the bar's field").type_text("你好");
            window.harness.step();
            window.harness.step();
            shoot(&mut window, name, &mut results);
        }
    });
}

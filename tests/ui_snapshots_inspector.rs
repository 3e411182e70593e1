//! Pictures of the inspector: values under the cursor beside what a row means, and two rows compared; made up from reports
//! of an engine so that nothing in them depends on the machine. `ui_snapshots.rs` says how they are drawn anew.

#[path = "support/app.rs"]
mod app;
#[path = "support/pictures.rs"]
mod pictures;
#[path = "support/raster.rs"]
mod raster;
#[path = "support/reports.rs"]
mod reports;

use egui::accesskit::Role as Widget;
use egui::{Key, Modifiers};
use egui_kittest::SnapshotResults;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::model::{ClientTab, Direction, Protocol, Role, ServerTab, Settings};

use crate::app::Window;
use crate::pictures::{SIZE, SMALL, THEMES, chinese, english, open, report, shoot, themed};
use crate::reports::{CLIENT, data, opened, page};

const REQUEST: &[u8] = b"\0\x01\0\0\0\x06\x11\x03\0\x6b\0\x03";
const ANSWER: &[u8] = b"\0\x01\0\0\0\x09\x11\x03\x06\x02\x2b\0\0\0\x64";
const LATER: &[u8] = b"\0\x02\0\0\0\x0d\x11\x03\x0a\x02\x2c\0\0\x01\x64\0\x07\x9b\xf8";

/// A window in which a client has asked a Modbus device, with the first answer chosen.
fn asked(settings: Settings, size: (f32, f32)) -> Window {
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
    let rows = vec![
        data(1, CLIENT, 2, Direction::Out, 0, REQUEST),
        data(2, CLIENT, 2, Direction::In, 0, ANSWER),
        data(3, CLIENT, 2, Direction::Out, 12, REQUEST),
        data(4, CLIENT, 2, Direction::In, 15, LATER),
    ];
    report(&mut window, [session, page(rows)]);
    choose(&mut window, "2");
    window
}

fn choose(window: &mut Window, number: &str) {
    let table = window.harness.get_by_role(Widget::Table);
    let cell =
        table.query_all_by_role(Widget::Cell).find(|cell| cell.accesskit_node().label().as_deref() == Some(number));
    cell.expect("the row's number").click();
    window.harness.step();
    window.harness.step();
}

fn settings(name: &str) -> Settings {
    let server = ServerTab { protocol: "unix".to_owned(), address: format!("@sockeye-{name}"), ..ServerTab::default() };
    let client = ClientTab { address: "192.0.2.7".to_owned(), port: "502".to_owned(), ..ClientTab::default() };
    english(server, client)
}

#[test]
fn values_under_the_cursor() {
    let mut results = SnapshotResults::new();
    for (name, size) in [("values-light", SIZE), ("values-chinese", SMALL)] {
        let settings = settings(name);
        let is_chinese = name.ends_with("chinese");
        let mut window = asked(if is_chinese { chinese(&settings) } else { settings }, size);
        window.harness.get_by_role_and_label(Widget::Button, if is_chinese { "数值" } else { "Values" }).click();
        window.harness.step();
        window.harness.get_by_role(Widget::Document).focus();
        window.harness.step();
        for _ in 0..9 {
            window.harness.key_press(Key::ArrowRight);
        }
        window.harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowRight);
        window.harness.step();
        window.harness.step();
        shoot(&mut window, name, &mut results);
    }
}

/// By the shortcut, and with the arrow keys to the row beside it.
#[test]
fn two_rows_compared() {
    let mut results = SnapshotResults::new();
    for ((theme_name, theme), size) in THEMES.into_iter().zip([SMALL, SIZE]) {
        let name = format!("compared-{theme_name}");
        let mut window = asked(themed(&settings(&name), theme), size);
        window.harness.key_press_modifiers(Modifiers::COMMAND, Key::M);
        window.harness.step();
        window.harness.step();
        assert!(window.harness.query_by_label("Choose a row to compare with row #2").is_some());
        window.harness.get_by_role(Widget::Table).focus();
        window.harness.step();
        window.harness.key_press(Key::ArrowDown);
        window.harness.key_press(Key::ArrowDown);
        window.harness.step();
        window.harness.step();
        window.harness.key_press_modifiers(Modifiers::ALT, Key::ArrowDown);
        window.harness.step();
        window.harness.step();
        shoot(&mut window, &name, &mut results);
    }
}

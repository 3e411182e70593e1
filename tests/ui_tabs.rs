//! Tabs by keyboard, and what outlives the peer's end of a connection.

#[path = "support/app.rs"]
mod app;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::model::{LanguageChoice, ServerTab, Settings};

use crate::app::Window;

fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.harness.key_press_modifiers(modifiers, key);
    window.harness.step();
    window.harness.step();
}

#[test]
fn tabs_open_turn_and_close_by_keys_in_the_panel_in_use() {
    let mut window = Window::open(Settings {
        language: LanguageChoice::English,
        servers: vec![ServerTab { port: "9000".to_owned(), ..ServerTab::default() }],
        ..Settings::default()
    });
    let tabs = |window: &Window, panel| window.panel(panel).query_all_by_role(Role::Tab).count();
    window.panel("Server").get_by_label("Address").focus();
    window.harness.step();
    press(&mut window, Modifiers::COMMAND, Key::T);
    assert_eq!((tabs(&window, "Server"), tabs(&window, "Client")), (2, 1));
    assert_eq!(window.value("Server", "Port"), "9001", "9000 is another tab's");

    press(&mut window, Modifiers::CTRL, Key::Tab);
    assert_eq!(window.value("Server", "Port"), "9000", "after the last comes the first");
    press(&mut window, Modifiers::CTRL | Modifiers::SHIFT, Key::Tab);
    assert_eq!(window.value("Server", "Port"), "9001");

    press(&mut window, Modifiers::COMMAND, Key::W);
    press(&mut window, Modifiers::COMMAND, Key::W);
    assert_eq!((tabs(&window, "Server"), tabs(&window, "Client")), (1, 1), "the last tab stays");
    assert_eq!(window.value("Server", "Port"), "9000");
}

#[test]
fn two_clients_talk_side_by_side() {
    let mut window = Window::english();
    window.connect();
    let port = window.value("Client", "Port");
    window.click("Client", "New client");
    window.write("Client", "Port", &port);
    window.click("Client", "Connect");
    window.until("the second", |window| window.shows("Server", "2 clients") && window.shows("Client", "Connected"));
    window.write("Client", "Message", "of the second");
    window.click("Client", "Send");
    window.until("what the second says", |window| window.has_client("received 13 B, sent 0 B"));
    assert!(window.has_client("received 0 B, sent 0 B"), "the first says nothing");

    window.panel("Client").get_by_label("Message").focus();
    window.harness.step();
    press(&mut window, Modifiers::CTRL, Key::Tab);
    window.write("Client", "Message", "first");
    window.click("Client", "Send");
    window.until("what the first says", |window| window.has_client("received 5 B, sent 0 B"));
    assert!(window.has_client("received 13 B, sent 0 B"));
    assert_eq!(window.panel("Client").query_all_by_role(Role::Tab).count(), 2);
}

#[test]
fn the_server_can_still_answer_when_the_client_has_finished() {
    let mut window = Window::open(Settings {
        language: LanguageChoice::English,
        servers: vec![ServerTab { port: "0".to_owned(), stay_half_open: true, ..ServerTab::default() }],
        ..Settings::default()
    });
    window.connect();
    window.click("Client", "Finish sending");
    let row_says = |window: &Window, words: &str| {
        window
            .panel("Server")
            .query_all_by_role(Role::ListItem)
            .any(|row| row.accesskit_node().label().is_some_and(|label| label.contains(words)))
    };
    window.until("the end at the server", |window| row_says(window, "peer finished sending"));
    window.write("Server", "Message", "still here");
    window.click("Server", "Send");
    window.until("the answer at the client", |window| window.shows("Client", "10 B"));
    window.until("the count at the server", |window| row_says(window, "sent 10 B, peer finished sending"));
}

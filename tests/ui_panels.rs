//! The two panels over a real engine and real sockets, driven by the names that a person hears and by keys.

#[path = "support/app.rs"]
mod app;

use std::io::Read as _;

use egui::accesskit::Role;
use egui::{Event, ImeEvent, Key, Modifiers};
use egui_kittest::kittest::{By, NodeT as _, Queryable as _};
use sockeye::model::{ClientTab, LanguageChoice, ServerTab, Settings};

use crate::app::{Window, any_port, listener};

#[test]
fn every_control_has_its_name_in_its_panel() {
    let window = Window::english();
    for (panel, names) in [
        (
            "Server",
            &["Protocol", "Address", "Port", "Start listening", "Message", "Format", "Encoding", "Send", "Send file…"]
                [..],
        ),
        ("Client", &["Protocol", "Address", "Port", "Connect", "Message", "Format", "Encoding", "Send", "Send file…"]),
    ] {
        for name in names {
            window.panel(panel).get_by_label(name);
        }
    }
    window.panel("Server").get_by_label("Recipients");
    assert!(window.panel("Client").query_by_label("Recipients").is_none());
}

#[test]
fn the_window_itself_has_a_name() {
    let window = Window::english();
    let root = window.harness.root();
    let root = root.accesskit_node();
    assert_eq!((root.role(), root.label().as_deref()), (Role::Window, Some("Sockeye")));
}

#[test]
fn a_name_finds_its_control_and_no_caption() {
    let server = ServerTab { respond: "reply".to_owned(), receive: "raw".to_owned(), more_open: true, ..any_port() };
    let window = Window::with_tabs(server, ClientTab { more_open: true, ..ClientTab::default() });
    for (panel, names) in [
        ("Server", &["Automatic reply", "Reply text", "Incoming data", "Folder", "Socket options"][..]),
        ("Client", &["Time-out (ms)", "Local address", "Local port", "Incoming data", "Socket options"]),
    ] {
        for name in names {
            assert_ne!(window.control(panel, name).accesskit_node().role(), Role::Label, "{name}");
        }
    }
    let all = window.harness.query_all(By::new().label("Show as").include_labels());
    assert_eq!(all.map(|node| node.accesskit_node().role()).collect::<Vec<_>>(), [Role::ComboBox]);
}

#[test]
fn a_message_crosses_and_the_answer_comes_back() {
    let mut window = Window::english();
    window.connect();
    window.write("Client", "Message", "你好");
    assert!(window.shows("Client", "6 B"), "the live count");
    window.click("Client", "Send");
    assert_eq!(window.value("Client", "Message"), "");
    let row = |window: &Window, words: &str| {
        window
            .panel("Server")
            .query_all_by_role(Role::ListItem)
            .any(|row| row.accesskit_node().label().is_some_and(|label| label.contains(words)))
    };
    window.until("6 bytes at the server", |window| row(window, "received 6 B, sent 0 B"));

    window.write("Server", "Message", "不好!");
    window.press(Key::Enter);
    window.until("7 bytes back", |window| row(window, "received 6 B, sent 7 B"));
    window.until("7 bytes at the client", |window| window.shows("Client", "7 B"));

    window.click("Client", "Disconnect");
    window.until("disconnected", |window| window.panel("Client").query_by_label("Connect").is_some());
    window.click("Server", "Stop listening");
    window.until("stopped", |window| window.panel("Server").query_by_label("Start listening").is_some());
}

#[test]
fn a_client_can_be_disconnected_by_the_server() {
    let mut window = Window::english();
    window.connect();
    let name = window
        .panel("Server")
        .query_all_by_role(Role::Button)
        .filter_map(|button| button.accesskit_node().label())
        .find(|label| label.starts_with("Disconnect 127.0.0.1:"))
        .expect("a button to disconnect");
    window.click("Server", &name);
    window.until("the client noticed", |window| window.panel("Client").query_by_label("Connect").is_some());
}

#[test]
fn bad_fields_are_told_and_change_nothing() {
    let mut window = Window::english();
    for (panel, start) in [("Client", "Connect"), ("Server", "Start listening")] {
        for (address, port, words) in [
            ("127.0.0.1", "70000", "ports go from 0 to 65535"),
            (" ", "9000", "Type an address"),
            ("a b", "9000", "can't be an address"),
            ("tcp://127.0.0.1:many", "9000", "ports go from"),
            ("gopher://127.0.0.1:70", "9000", "There is no protocol"),
        ] {
            window.write(panel, "Port", port);
            window.write(panel, "Address", address);
            window.click(panel, start);
            assert!(window.shows(panel, words), "{panel}, {address}, {port}");
            assert!(window.panel(panel).query_by_label(start).is_some(), "nothing was started");
        }
    }
    assert_eq!(window.journal().len(), 0, "nothing was tried");
}

#[test]
fn a_pasted_endpoint_fills_the_form() {
    let mut window = Window::english();
    window.write("Client", "Address", "udp://[::1]:9001?reuseaddr=1");
    assert_eq!(window.value("Client", "Address"), "::1");
    assert_eq!(window.value("Client", "Port"), "9001");
    assert_eq!(window.value("Client", "Protocol"), "UDP");
}

#[test]
fn another_address_than_loopback_gets_a_note() {
    let mut window = Window::english();
    assert!(!window.shows("Server", "Others on the network"));
    window.write("Server", "Address", "0.0.0.0");
    assert!(window.shows("Server", "Others on the network"));
}

#[test]
fn shift_enter_breaks_the_line_and_enter_without_a_connection_keeps_the_text() {
    let mut window = Window::english();
    window.write("Client", "Message", "one");
    window.harness.key_press_modifiers(Modifiers::SHIFT, Key::Enter);
    window.harness.step();
    window.press(Key::Enter);
    assert_eq!(window.value("Client", "Message"), "one\n");
}

#[test]
fn shift_enter_does_not_send_either_on_a_connection() {
    let mut window = Window::english();
    window.connect();
    window.write("Client", "Message", "one");
    window.harness.key_press_modifiers(Modifiers::SHIFT, Key::Enter);
    window.harness.step();
    window.control("Client", "Message").type_text("two");
    window.harness.step();
    assert_eq!(window.value("Client", "Message"), "one\ntwo");
    window.press(Key::Enter);
    window.until("both lines at once", |window| window.has_client("received 7 B, sent 0 B"));
}

#[test]
fn enter_that_takes_a_candidate_does_not_send() {
    let mut window = Window::english();
    window.connect();
    window.write("Client", "Message", "ni");
    let preedit = ImeEvent::Preedit { text: "你".to_owned(), active_range_chars: None };
    window.harness.event(Event::Ime(preedit));
    // Longer than one key press and what comes of it may be apart.
    for _ in 0..10 {
        window.harness.step();
    }
    window.press(Key::Enter);
    assert_ne!(window.value("Client", "Message"), "", "a candidate is still being chosen");
    window.harness.event(Event::Ime(ImeEvent::Commit("你".to_owned())));
    window.press(Key::Enter);
    assert_eq!(window.value("Client", "Message"), "ni你");
    window.press(Key::Enter);
    assert_eq!(window.value("Client", "Message"), "", "the next Enter sends");
}

#[test]
fn a_composition_that_the_field_was_left_in_keeps_no_key_from_it() {
    let mut window = Window::english();
    window.connect();
    window.write("Client", "Message", "first");
    window.press(Key::Enter);
    for is_told in [true, false] {
        window.write("Client", "Message", "ni");
        let preedit = |text: &str| ImeEvent::Preedit { text: text.to_owned(), active_range_chars: None };
        window.harness.event(Event::Ime(preedit("你")));
        window.harness.step();
        window.harness.get_by_label("Filter").focus();
        window.harness.step();
        assert!(!window.control("Client", "Message").accesskit_node().is_focused());
        // Some systems tell of the end, but only whoever has the keyboard then; X11 doesn't.
        if is_told {
            window.harness.event(Event::Ime(preedit("")));
        }
        window.harness.step();
        window.control("Client", "Message").focus();
        window.harness.step();
        window.press(Key::Enter);
        assert_eq!(window.value("Client", "Message"), "", "Enter sends, told {is_told}");
        window.press(Key::ArrowUp);
        assert_ne!(window.value("Client", "Message"), "", "the arrow recalls, told {is_told}");
    }
}

#[test]
fn the_arrow_keys_go_through_what_was_sent() {
    let mut window = Window::english();
    window.connect();
    for message in ["first", "second"] {
        window.write("Client", "Message", message);
        window.press(Key::Enter);
    }
    window.press(Key::ArrowUp);
    assert_eq!(window.value("Client", "Message"), "second");
    window.press(Key::ArrowUp);
    assert_eq!(window.value("Client", "Message"), "first");
    window.press(Key::ArrowDown);
    window.press(Key::ArrowDown);
    assert_eq!(window.value("Client", "Message"), "");
}

#[test]
fn a_message_of_several_megabytes_is_shown_as_a_summary_and_sent_whole() {
    let mut window = Window::english();
    let mut peer = window.connect_to(&listener());
    let message: String = (0..1 << 18).map(|number| format!("{number:015}\n")).collect();
    window.write("Client", "Message", &message);
    assert!(window.shows("Client", "4.00 MiB"));
    window.click("Client", "Send");
    let mut received = vec![0; message.len()];
    peer.read_exact(&mut received).expect("all of it");
    assert!(received == message.as_bytes());
}

#[test]
fn a_file_goes_by_its_path_into_the_folder_chosen() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("picture.bin");
    let content: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    std::fs::write(&file, &content).expect("a file to send");
    let into = folder.path().join("received here");
    std::fs::create_dir(&into).expect("a folder to receive into");

    let mut window = Window::open(Settings {
        language: LanguageChoice::English,
        servers: vec![ServerTab {
            port: "0".to_owned(),
            receive: "raw".to_owned(),
            // As a file manager copies it.
            folder: format!("file://{}", into.display()).replace(' ', "%20"),
            ..ServerTab::default()
        }],
        clients: vec![ClientTab::default()],
        ..Settings::default()
    });
    window.connect();
    window.click("Client", "How to send files");
    let path = file.display().to_string();
    window.harness.get_by_label("Path of a file").focus();
    window.harness.step();
    window.harness.get_by_label("Path of a file").type_text(&path);
    window.harness.step();
    window.harness.get_by_label("Send it").click();
    window.until("handed over", |window| window.shows("Client", "handed to the system"));
    window.click("Client", "Finish sending");
    window.until("received", |window| window.shows("Server", "ended in order, unverified"));
    let received: Vec<_> = std::fs::read_dir(&into)
        .expect("the folder")
        .map(|entry| std::fs::read(entry.expect("an entry").path()).expect("a file"))
        .collect();
    assert_eq!(received.len(), 1);
    assert!(received[0] == content, "{} bytes arrived", received[0].len());
}

#[test]
fn the_window_speaks_chinese_at_once() {
    let mut window = Window::english();
    window.harness.get_by_label("中文").click();
    window.harness.step();
    window.harness.step();
    window.panel("服务端").get_by_label("开始监听");
    window.panel("客户端").get_by_label("连接");
}

#[test]
fn several_tabs_listen_side_by_side() {
    let mut window = Window::english();
    window.listen();
    let first = window.listening_port();
    window.click("Server", "New server");
    window.listen();
    assert_ne!(window.listening_port(), first);
    assert_eq!(window.panel("Server").query_all_by_role(Role::Tab).count(), 2);
    let _peer = window.peer();
    let port = first.parse::<u16>().expect("a port");
    let _other = std::net::TcpStream::connect(("127.0.0.1", port)).expect("the first listens on");
    window.until("both", |window| {
        window.journal().iter().filter(|row| row.iter().any(|cell| cell.contains("accepted on"))).count() == 2
    });
    assert!(window.shows("Server", "1 client"), "each has its own");
}

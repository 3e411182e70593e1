//! A tab shown as a program: opened, followed, chosen for another tool, copied, closed.

#![cfg(unix)]

#[path = "support/app.rs"]
mod app;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::model::{ClientTab, LanguageChoice, ServerTab, Settings};

use crate::app::{Window, any_port};

/// What the window shows as the program, where it shows any.
fn code(window: &Window) -> Option<String> {
    let field = window.harness.query_by_role_and_label(Role::MultilineTextInput, "Code")?;
    field.accesskit_node().value()
}

fn choose(window: &mut Window, tool: &str) {
    window.harness.get_by_label(tool).click();
    window.harness.step();
    window.harness.step();
}

/// Presses the button; the window has found its size with the frame after the next.
fn show(window: &mut Window, panel: &str, button: &str) {
    window.click(panel, button);
    window.harness.step();
}

#[test]
fn a_client_is_shown_followed_and_copied() {
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    window.click("Client", "More");
    show(&mut window, "Client", "Show as code…");
    assert!(window.harness.query_by_label("Client as code · 127.0.0.1:9000").is_some());
    let text = code(&window).expect("a program");
    assert!(text.contains("client.connect((\"127.0.0.1\", 9000))") && !text.contains("MESSAGE"), "{text}");
    // What is written in the tab stands there at once.
    window.write("Client", "Message", "你好");
    window.write("Client", "Port", "9001");
    let text = code(&window).expect("a program");
    assert!(text.contains("MESSAGE = \"你好\".encode()") && text.contains("9001"), "{text}");
    for (tool, part) in [
        ("netcat", "printf '你好' | nc -w 1 127.0.0.1 9001\n"),
        ("socat", "printf '你好' | socat -T 1 -,ignoreeof TCP:127.0.0.1:9001,tcp-nodelay=1\n"),
        ("curl", "printf '你好' | curl -sN -m 1 telnet://127.0.0.1:9001\n"),
    ] {
        choose(&mut window, tool);
        assert_eq!(code(&window).as_deref(), Some(part));
    }
    window.harness.get_by_role_and_label(Role::Button, "Copy").click();
    assert_eq!(window.copied(), "printf '你好' | curl -sN -m 1 telnet://127.0.0.1:9001\n");
    window.press(Key::Escape);
    assert_eq!(code(&window), None);
}

/// What the menu of the only session's row offers, opened by a right click or by its key.
fn show_other_end(window: &mut Window, by_key: bool) {
    let row = window.panel("Server").get_by_role(Role::ListItem);
    let words = row.accesskit_node().label().expect("a name");
    if by_key {
        row.focus();
        window.harness.step();
        window.harness.key_press_modifiers(Modifiers::SHIFT, Key::F10);
    } else {
        row.click_secondary();
    }
    window.harness.step();
    window.harness.step();
    let item = window.harness.get_by_role_and_label(Role::Button, "Show the other end as code…");
    let menus = std::iter::successors(item.accesskit_node().parent(), egui_kittest::kittest::AccessKitNode::parent);
    let menu = menus.filter_map(|node| node.label()).next().expect("a name of the menu");
    // Above it is the row, which says more.
    assert!(menu.starts_with("127.0.0.1:") && words.starts_with(&format!("{menu}, ")), "{menu} in {words}");
    item.click();
    window.harness.run_steps(3);
}

#[test]
fn the_other_end_of_a_connection_is_shown() {
    let mut window = Window::english();
    window.connect();
    let port = window.listening_port();
    for by_key in [false, true] {
        show_other_end(&mut window, by_key);
        assert!(window.harness.query_by_label_contains("Other end as code · 127.0.0.1:").is_some());
        let text = code(&window).expect("a program");
        assert!(text.contains(&format!("client.connect((\"127.0.0.1\", {port}))")), "{text}");
        choose(&mut window, "netcat");
        assert!(
            code(&window).is_some_and(|text| text.contains(&format!("nc 127.0.0.1 {port}"))),
            "{:?}",
            code(&window)
        );
        window.press(Key::Escape);
        assert_eq!(code(&window), None);
    }
}

#[test]
fn the_other_end_of_a_datagram_socket_says_hello() {
    let server = ServerTab { protocol: "udp".to_owned(), address: "0.0.0.0".to_owned(), ..any_port() };
    let mut window = Window::with_tabs(server, ClientTab::default());
    window.listen();
    let labels = window.panel("Server").query_all_by_role(Role::Label);
    let words = labels.filter_map(|label| label.accesskit_node().value()).find(|words| words.contains("0.0.0.0:"));
    let words = words.expect("the state line");
    let after = words.split_once("0.0.0.0:").expect("an address").1;
    let port: String = after.chars().take_while(char::is_ascii_digit).collect();
    let peer = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    peer.send_to(b"x", format!("127.0.0.1:{port}")).expect("it is sent");
    window.until("the peer", |window| window.has_client("127.0.0.1"));
    show_other_end(&mut window, false);
    let text = code(&window).expect("a program");
    // Bound to every address, the listener is reached at this machine's own.
    assert!(text.contains(&format!("client.connect((\"127.0.0.1\", {port}))")), "{text}");
    assert!(text.contains("MESSAGE = b\"hello\""), "{text}");
}

/// The other end of a browser's connection asks by HTTP for what was asked for last.
#[test]
fn the_other_end_of_a_browser_s_connection_asks_again() {
    let server = ServerTab { browser: "page".to_owned(), page: "<h1>你好".to_owned(), ..any_port() };
    let mut window = Window::with_tabs(server, ClientTab::default());
    window.listen();
    let mut peer = window.peer();
    let port = window.listening_port();
    // Before it has asked for anything, it is about to ask for what is at the root.
    show_other_end(&mut window, false);
    choose(&mut window, "curl");
    let line = format!("curl -sN --noproxy '*' http://127.0.0.1:{port}/\n");
    assert_eq!(code(&window), Some(line));
    std::io::Write::write_all(&mut peer, b"GET /index.html?a HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("a request");
    let line = format!("curl -sN --noproxy '*' 'http://127.0.0.1:{port}/index.html?a'\n");
    window.until("the request", |window| code(window).as_deref() == Some(&line));
    choose(&mut window, "netcat");
    let line = code(&window).expect("a line");
    assert!(line.starts_with("printf 'GET /index.html?a HTTP/1.1\\r\\nHost: 127.0.0.1:"), "{line}");
    choose(&mut window, "Python");
    let text = code(&window).expect("a program");
    assert!(
        text.contains("b\"GET /index.html?a HTTP/1.1\\r\\n\"") && text.contains("client.sendall(MESSAGE)"),
        "{text}"
    );
}

#[test]
fn a_server_follows_its_reply_and_says_what_a_tool_can_t_do() {
    let mut window = Window::with_tabs(ServerTab { more_open: true, ..any_port() }, ClientTab::default());
    show(&mut window, "Server", "Show as code…");
    assert!(code(&window).is_some_and(|text| text.contains("server.listen(4096)") && !text.contains("sendall")));
    window.choose("Server", "Automatic reply", "Fixed text");
    window.write("Server", "Reply text", r"ok\r\n");
    assert!(code(&window).is_some_and(|text| text.contains("REPLY = b\"ok\\r\\n\"")));
    choose(&mut window, "netcat");
    assert_eq!(code(&window), None);
    assert!(window.harness.query_by_label("netcat answers nothing by itself; Python and socat do").is_some());
    assert!(window.harness.get_by_role_and_label(Role::Button, "Copy").accesskit_node().is_disabled());
    choose(&mut window, "Python");
    // What is mistaken in the form is said in place of a program.
    window.write("Server", "Port", "70000");
    assert_eq!(code(&window), None);
    window.write("Server", "Port", "7000");
    assert!(code(&window).is_some_and(|text| text.contains("7000")));
    window.write("Server", "Socket options", "rcvbuf=64K&reuseaddr=0");
    let text = code(&window).expect("a program");
    assert!(text.contains("socket.SO_RCVBUF, 65536)") && text.contains("socket.SO_REUSEADDR, 0)"), "{text}");
    window.harness.get_by_role_and_label(Role::Button, "Close").click();
    window.harness.step();
    window.harness.step();
    assert_eq!(code(&window), None);
}

#[test]
fn a_client_s_recipients_stand_in_its_code() {
    let udp = ClientTab { protocol: "udp".to_owned(), more_open: true, ..ClientTab::default() };
    let mut window = Window::with_tabs(any_port(), udp);
    window.write("Client", "Recipients", "127.0.0.1, localhost:9001");
    window.write("Client", "Message", "hi");
    show(&mut window, "Client", "Show as code…");
    let text = code(&window).expect("a program");
    assert!(text.contains("    (\"127.0.0.1\", 9000),\n    (\"localhost\", 9001),\n]"), "{text}");
    assert!(text.contains("client.sendto(MESSAGE, recipient)") && !text.contains("client.connect"), "{text}");
    choose(&mut window, "socat");
    assert_eq!(code(&window), None);
    assert!(window.harness.query_by_label("socat sends to one address; Python sends to many").is_some());
    // A mistaken list is said in place of a program.
    choose(&mut window, "Python");
    window.write("Client", "Recipients", "127.0.0.1:99999");
    assert_eq!(code(&window), None);
}

#[test]
fn the_addresses_that_a_server_sends_to_stand_in_its_code() {
    let udp = ServerTab { protocol: "udp".to_owned(), more_open: true, ..any_port() };
    let mut window = Window::with_tabs(udp, ClientTab::default());
    window.write("Server", "Message", "hi");
    show(&mut window, "Server", "Show as code…");
    let text = code(&window).expect("a program");
    assert!(text.contains("greeted") && !text.contains("RECIPIENTS"), "{text}");
    window.write("Server", "Send to", "localhost:9001");
    let text = code(&window).expect("a program");
    assert!(text.contains("RECIPIENTS = [\n    (\"localhost\", 9001),\n]") && !text.contains("greeted"), "{text}");
}

/// Python's lines are not broken: the window shows that they go on, and scrolls there; what takes them along stays.
#[test]
fn long_lines_are_scrolled_to() {
    let settings = Settings {
        language: LanguageChoice::English,
        clients: vec![ClientTab { more_open: true, ..ClientTab::default() }],
        ..Settings::default()
    };
    let mut window = Window::build(settings, |builder| builder.with_size(egui::vec2(1024.0, 700.0)));
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::D);
    window.harness.run_steps(3);
    let text = |window: &Window| window.harness.get_by_role_and_label(Role::MultilineTextInput, "Code").rect();
    let copy = window.harness.get_by_role_and_label(Role::Button, "Copy").rect();
    let close = window.harness.get_by_role_and_label(Role::Button, "Close").rect();
    let edge = copy.right().max(close.right());
    let before = text(&window);
    assert!(before.right() > edge + 50.0, "its longest line has no room: {before}");
    window.harness.hover_at(egui::pos2(before.left() + 40.0, before.top() + 40.0));
    window.harness.step();
    window.harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Page,
        delta: egui::vec2(-9.0, 0.0),
        phase: egui::TouchPhase::Move,
        modifiers: egui::Modifiers::NONE,
        source: egui::MouseWheelSource::Unknown,
    });
    window.harness.run_steps(40);
    let after = text(&window);
    assert!(after.right() <= edge && after.right() > edge - 30.0, "{after}, {edge}");
    assert_eq!(window.harness.get_by_role_and_label(Role::Button, "Copy").rect(), copy);
    assert!(copy.bottom() < 700.0);
}

#[test]
fn it_works_by_keyboard() {
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    window.control("Client", "Message").focus();
    window.harness.step();
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::D);
    window.harness.step();
    window.harness.step();
    assert!(code(&window).is_some_and(|text| text.contains("client.connect")));
    // The keyboard is in it: one on is the next tool.
    assert!(window.harness.get_by_label("Python").is_focused());
    window.press(Key::Tab);
    assert!(window.harness.get_by_label("netcat").is_focused());
    window.press(Key::Space);
    assert_eq!(code(&window).as_deref(), Some("nc 127.0.0.1 9000\n"));
    // Past socat and curl come the text, and the way to take it along.
    for _ in 0..3 {
        window.press(Key::Tab);
    }
    let field = window.harness.get_by_role_and_label(Role::MultilineTextInput, "Code");
    assert!(field.is_focused());
    // It is there to be read: keys don't change it, nor keep the keyboard.
    field.type_text("x");
    window.harness.step();
    assert_eq!(code(&window).as_deref(), Some("nc 127.0.0.1 9000\n"));
    window.press(Key::Tab);
    let focused: Vec<_> = ["Close", "Copy"]
        .into_iter()
        .filter(|name| window.harness.get_by_role_and_label(Role::Button, name).is_focused())
        .collect();
    assert_eq!(focused.len(), 1);
    window.press(Key::Escape);
    assert_eq!(code(&window), None);
}

#[test]
fn it_closes_with_its_tab_and_speaks_chinese() {
    let settings = Settings {
        language: LanguageChoice::Chinese,
        servers: vec![any_port()],
        clients: vec![ClientTab { more_open: true, ..ClientTab::default() }, ClientTab::default()],
        ..Settings::default()
    };
    let mut window = Window::build(settings, |builder| builder.with_size(egui::vec2(1100.0, 1000.0)));
    show(&mut window, "客户端", "显示为代码…");
    assert!(window.harness.query_by_label("客户端代码 · 127.0.0.1:9000").is_some());
    assert!(window.harness.query_by_role_and_label(Role::MultilineTextInput, "代码").is_some());
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::W);
    window.harness.step();
    window.harness.step();
    assert!(window.harness.query_by_role_and_label(Role::MultilineTextInput, "代码").is_none());
}

#[test]
fn a_server_that_answers_browsers_is_shown_with_them() {
    let server = ServerTab { browser: "page".to_owned(), page: "<h1>你好".to_owned(), more_open: true, ..any_port() };
    let mut window = Window::with_tabs(server, ClientTab::default());
    show(&mut window, "Server", "Show as code…");
    assert!(code(&window).is_some_and(|text| text.contains("PAGE = \"<h1>你好\".encode()")));
    let says = |window: &Window, words: &str| {
        assert_eq!(code(window), None, "{words}");
        let said = window.harness.query_all_by_role(Role::Label).any(|label| label.value().as_deref() == Some(words));
        assert!(said, "{words}");
    };
    for tool in ["netcat", "socat"] {
        choose(&mut window, tool);
        says(&window, &format!("{tool} answers no browsers by itself; Python does"));
    }
    choose(&mut window, "curl");
    says(&window, "curl connects and never listens");
    choose(&mut window, "Python");
    window.choose("Server", "Answer browsers", "With a file");
    says(&window, "Choose what browsers are shown first");
}

#[test]
fn files_that_are_kept_are_kept_by_the_program_or_it_is_said_why_not() {
    let server = ServerTab { receive: "tutorial".to_owned(), more_open: true, ..any_port() };
    let mut window = Window::with_tabs(server, ClientTab { receive: "raw".to_owned(), ..ClientTab::default() });
    let says = |window: &Window, words: &str| {
        assert_eq!(code(window), None, "{words}");
        let said = window.harness.query_all_by_role(Role::Label).any(|label| {
            // The panel may say it as well, above.
            label.value().as_deref() == Some(words)
        });
        assert!(said, "{words}");
    };
    show(&mut window, "Server", "Show as code…");
    says(&window, "Choose the folder for received files first");
    window.write("Server", "Folder", "/tmp/in");
    let text = code(&window).expect("a program");
    for part in ["FOLDER = \"/tmp/in\"", "def name_of(sent):", "        keep(connection, peer)", "Nobody is asked"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("data.decode"), "{text}");
    window.write("Server", "Largest file", "ten");
    says(&window, "A size is a number with a unit: 500 MB, 1.5 GiB");
    window.write("Server", "Largest file", "10 MB");
    says(&window, "Python takes files of any size and number here; leave the limits empty");
    window.write("Server", "Largest file", "");
    choose(&mut window, "socat");
    says(&window, "socat doesn't keep the files of several connections apart; Python does");
    choose(&mut window, "Python");
    for way in ["Show; keep verified files", "Save, detect the name"] {
        window.choose("Server", "Incoming data", way);
        says(
            &window,
            "Verified files are taken too, for which Python would need a protocol of Sockeye's own; it saves what comes \
             as a file, or with the name first",
        );
    }
    window.choose("Server", "Incoming data", "Save as a file");
    let text = code(&window).expect("a program");
    assert!(text.contains("created(\"received.bin\")") && !text.contains("name_of"), "{text}");
    // What browsers send is shown.
    window.choose("Server", "Answer browsers", "With a page");
    assert!(code(&window).is_some_and(|text| text.contains("PAGE = ") && !text.contains("FOLDER")));
}

#[test]
fn a_client_that_keeps_files_is_shown_so() {
    let client = ClientTab {
        receive: "raw".to_owned(),
        folder: "/tmp/in".to_owned(),
        ask_first: false,
        more_open: true,
        ..ClientTab::default()
    };
    let mut window = Window::with_tabs(any_port(), client);
    show(&mut window, "Client", "Show as code…");
    let text = code(&window).expect("a program");
    assert!(text.contains("keep(client, client.getpeername())") && !text.contains("data.decode"), "{text}");
    assert!(!text.contains("Nobody is asked") && !text.contains("settimeout"), "{text}");
    choose(&mut window, "curl");
    assert_eq!(code(&window), None);
    assert!(window.harness.query_by_label_contains("curl doesn't keep the files").is_some());
}

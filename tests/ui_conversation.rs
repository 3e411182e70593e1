//! Conversations in the window, over real sockets: the main path, recipients, replies, and the ways that one ends.

#[path = "support/app.rs"]
mod app;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::model::{ClientTab, LanguageChoice, ServerTab, Settings};

use crate::app::{PATIENCE, Window, any_port, heard, listener, steady_surroundings};

#[test]
fn a_newcomer_listens_connects_and_sends_a_greeting() {
    let mut window = Window::english();
    window.connect();
    window.write("Client", "Message", "你好");
    window.click("Client", "Send");
    window.until("6 bytes at the server", |window| window.has_client("received 6 B, sent 0 B"));
    window.until("both rows", |window| {
        window.has_row(&["sent", "6", "你好", "e4 bd a0 e5 a5 bd"])
            && window.has_row(&["received", "6", "你好", "e4 bd a0 e5 a5 bd"])
    });
    window.write("Server", "Message", "不好!");
    window.click("Server", "Send");
    window.until("the answer", |window| {
        window.has_row(&["sent", "7", "不好!"]) && window.has_row(&["received", "7", "不好!"])
    });

    let rows = window.harness.get_by_role_and_label(Role::Table, "Journal");
    rows.query_all_by_label("你好").next().expect("the greeting").click();
    let bytes = |window: &Window| {
        let bytes = window.harness.query_by_role_and_label(Role::Document, "Bytes")?;
        bytes.accesskit_node().value()
    };
    window.until("its bytes", |window| bytes(window).is_some());
    window.harness.get_by_role_and_label(Role::Document, "Bytes").focus();
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    window.until("all of them", |window| bytes(window).as_deref() == Some("e4 bd a0 e5 a5 bd"));
}

fn name(peer: &TcpStream) -> String {
    peer.local_addr().expect("an address").to_string()
}

fn send(window: &mut Window, message: &str) {
    window.write("Server", "Message", message);
    window.click("Server", "Send");
    assert_eq!(window.value("Server", "Message"), "", "{message} was not sent");
}

#[test]
fn a_client_row_tells_since_when_at_every_width() {
    for width in [1024.0, 1600.0] {
        let settings = Settings {
            language: LanguageChoice::English,
            servers: vec![any_port()],
            clients: vec![ClientTab::default()],
            ..Settings::default()
        };
        let mut window =
            Window::build_in(steady_surroundings(), settings, |builder| builder.with_size(egui::vec2(width, 700.0)));
        window.listen();
        let _peer = window.peer();
        assert!(window.has_client("received 0 B, sent 0 B, open, since 22:13:20"));
        let times = window.harness.output().shapes.iter().filter(|clipped| match &clipped.shape {
            egui::Shape::Text(text) => text.galley.text() == "22:13:20",
            _ => false,
        });
        assert_eq!(times.count(), 1, "at {width}");
    }
}

#[test]
fn one_several_or_all_get_the_message() {
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    window.listen();
    let [mut first, mut second, mut third] = [window.peer(), window.peer(), window.peer()];
    send(&mut window, "all");
    window.choose("Server", "Recipients", &name(&second));
    send(&mut window, "one");
    for peer in [&first, &third] {
        window.click("Server", &format!("Send to {}", name(peer)));
    }
    assert_eq!(window.value("Server", "Recipients"), "Ticked (2)");
    send(&mut window, "two");
    window.choose("Server", "Recipients", "To all (3)");
    send(&mut window, "end");
    // Whatever went astray would stand before the last message.
    assert_eq!(heard(&mut first, 9), b"alltwoend");
    assert_eq!(heard(&mut second, 9), b"alloneend");
    assert_eq!(heard(&mut third, 9), b"alltwoend");
}

#[test]
fn what_was_meant_for_one_that_left_goes_to_nobody_else() {
    const LEFT: &str = "The chosen recipient has left: choose to whom to send";
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    window.listen();
    let [ticked, chosen, mut last] = [window.peer(), window.peer(), window.peer()];
    window.click("Server", &format!("Send to {}", name(&ticked)));
    assert_eq!(window.value("Server", "Recipients"), "Ticked (1)");
    window.write("Server", "Message", "for one");
    let blocked = |window: &mut Window, shown: &str| {
        window.until("the words", |window| window.shows("Server", LEFT));
        assert_eq!(window.value("Server", "Recipients"), shown);
        assert!(window.control("Server", "Send").accesskit_node().is_disabled());
        assert!(window.control("Server", "Send file…").accesskit_node().is_disabled());
        window.control("Server", "Message").focus();
        window.press(Key::Enter);
        assert_eq!(window.value("Server", "Message"), "for one", "it was sent");
    };
    drop(ticked);
    blocked(&mut window, "Ticked (0)");
    let gone = name(&chosen);
    window.choose("Server", "Recipients", &gone);
    assert!(!window.shows("Server", LEFT) && !window.control("Server", "Send").accesskit_node().is_disabled());
    drop(chosen);
    blocked(&mut window, &gone);
    window.choose("Server", "Recipients", "To all (1)");
    assert!(!window.shows("Server", LEFT));
    send(&mut window, "rest");
    assert_eq!(heard(&mut last, 4), b"rest");
}

#[test]
fn ticked_recipients_that_stay_are_sent_to() {
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    window.listen();
    let [first, mut second, mut other] = [window.peer(), window.peer(), window.peer()];
    for peer in [&first, &second] {
        window.click("Server", &format!("Send to {}", name(peer)));
    }
    drop(first);
    window.until("it has left", |window| window.shows("Server", "· 2 clients"));
    assert_eq!(window.value("Server", "Recipients"), "Ticked (1)");
    send(&mut window, "one");
    assert_eq!(heard(&mut second, 3), b"one");
    window.choose("Server", "Recipients", "To all (2)");
    send(&mut window, "all");
    assert_eq!((heard(&mut second, 3), heard(&mut other, 3)), (b"all".to_vec(), b"all".to_vec()));
}

#[test]
fn an_automatic_reply_is_chosen_and_changed_while_listening() {
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    window.click("Server", "More");
    window.choose("Server", "Automatic reply", "Echo");
    window.listen();
    let mut peer = window.peer();
    peer.write_all(b"echo me").expect("sent");
    assert_eq!(heard(&mut peer, 7), b"echo me");

    window.choose("Server", "Automatic reply", "Fixed text");
    window.write("Server", "Reply text", "got it\\x");
    assert!(window.shows("Server", "\\x needs two hex digits"));
    window.write("Server", "Reply text", "got it\\r\\n");
    let begun = Instant::now();
    let mut heard_all = Vec::new();
    // A reply that was changed while bytes were on their way can still be the one before, or the empty one of a field
    // that nothing had been typed into: no answer comes then, and the next byte asks again.
    peer.set_read_timeout(Some(Duration::from_millis(200))).expect("a time-out");
    while !heard_all.ends_with(b"got it\r\n") {
        assert!(begun.elapsed() < Duration::from_secs(20), "still the reply before");
        peer.write_all(b"x").expect("sent");
        let mut piece = [0; 64];
        match peer.read(&mut piece) {
            Ok(count) => heard_all.extend_from_slice(&piece[..count]),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
        }
    }
}

#[test]
fn finish_sending_tells_the_peer_and_receiving_goes_on() {
    let mut window = Window::english();
    let listener = listener();
    let mut peer = window.connect_to(&listener);
    window.click("Client", "Finish sending");
    assert_eq!(peer.read(&mut [0]).expect("the end"), 0);
    window.until("finished", |window| window.shows("Client", "finished sending"));
    peer.write_all(b"still heard").expect("sent");
    window.until("the rest", |window| window.has_row(&["received", "still heard"]));
    assert!(window.panel("Client").get_by_label("Send").accesskit_node().is_disabled());
    drop(peer);
    window.until("closed", |window| window.shows("Client", "Not connected · both sides had finished"));
}

#[test]
fn reset_ends_the_connection_at_once() {
    let mut window = Window::english();
    let listener = listener();
    let mut peer = window.connect_to(&listener);
    window.click("Client", "Reset");
    let error = peer.read(&mut [0]).expect_err("a reset");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    window.until("it says so", |window| window.shows("Client", "Not connected · reset here"));
}

#[test]
fn a_lost_connection_comes_back_by_itself() {
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    let listener = listener();
    window.click("Client", "More");
    window.click("Client", "Reconnect automatically");
    let peer = window.connect_to(&listener);
    drop(peer);
    let (mut again, from) = listener.accept().expect("a second connection");
    again.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    window.until("back", |window| window.shows("Client", &format!("Connected · {from}")));
    window.write("Client", "Message", "here");
    window.click("Client", "Send");
    assert_eq!(heard(&mut again, 4), b"here");

    // With nobody there it waits again and again.
    drop(listener);
    drop(again);
    window.until("waiting again", |window| window.shows("Client", "Trying again in 2 s"));
    window.click("Client", "Cancel");
    window.until("given up", |window| window.panel("Client").query_by_label("Connect").is_some());
}

#[test]
fn connecting_ends_by_its_time_out_or_a_cancel() {
    let (_socket, _queued, port) = deaf_listener();
    let client = ClientTab { port: port.to_string(), timeout_ms: 100, ..ClientTab::default() };
    let mut window = Window::with_tabs(any_port(), client);
    window.click("Client", "Connect");
    window.until("the time-out", |window| window.shows("Client", "no answer in time"));
    assert!(window.shows("Client", &format!("connect to tcp://127.0.0.1:{port}")));
    assert!(window.shows("Client", "Check the address and the network."));

    window.click("Client", "More");
    window.write("Client", "Time-out (ms)", "99");
    assert!(window.shows("Client", "The time-out is a number from 100 to 600000"));
    window.click("Client", "Connect");
    assert!(window.panel("Client").query_by_label("Cancel").is_none(), "nothing was started");
    window.write("Client", "Time-out (ms)", "600000");
    window.click("Client", "Connect");
    window.until("an attempt", |window| window.shows("Client", &format!("Connecting to tcp://127.0.0.1:{port}…")));
    window.click("Client", "Cancel");
    window.until("given up", |window| window.panel("Client").query_by_label("Connect").is_some());
}

/// A listener whose queue is full: a connect to it gets no answer.
fn deaf_listener() -> (socket2::Socket, Vec<TcpStream>, u16) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("bound");
    socket.listen(0).expect("listening");
    let address = socket.local_addr().ok().and_then(|address| address.as_socket()).expect("an address");
    let mut queued = Vec::new();
    loop {
        match TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
            Ok(stream) => queued.push(stream),
            // There is room for one: a busy machine takes its time.
            Err(_) if queued.is_empty() => {}
            Err(_) => break,
        }
    }
    (socket, queued, address.port())
}

#[test]
fn closing_the_servers_tab_ends_its_connections() {
    let mut window = Window::english();
    window.click("Server", "New server");
    window.listen();
    let mut peer = window.peer();
    let tab = format!("Close 127.0.0.1:{}", window.listening_port());
    window.click("Server", &tab);
    assert_eq!(peer.read(&mut [0]).expect("the end"), 0);
}

#[test]
fn a_reply_that_is_mistaken_starts_nothing() {
    let server = ServerTab { respond: "reply".to_owned(), reply: "\\q".to_owned(), ..any_port() };
    let mut window = Window::with_tabs(server, ClientTab::default());
    window.click("Server", "Start listening");
    assert!(window.shows("Server", "there is no escape \\q"), "\"More\" opens to show it");
    assert!(window.shows("Server", "Not listening"));
}

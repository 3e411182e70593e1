//! The form of socket options, and the live state of sockets.

#[path = "support/app.rs"]
mod app;

use std::io::Write as _;
use std::net::UdpSocket;
use std::time::Duration;

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::model::{ClientTab, LanguageChoice, ServerTab, Settings, ThemeChoice};

use crate::app::{Window, any_port, heard, listener};

/// With "More" open on both sides, and room for all of it.
fn window(server: ServerTab, client: ClientTab) -> Window {
    let settings = Settings {
        language: LanguageChoice::English,
        theme: ThemeChoice::Light,
        servers: vec![ServerTab { more_open: true, ..server }],
        clients: vec![ClientTab { more_open: true, ..client }],
        ..Settings::default()
    };
    Window::build(settings, |builder| builder.with_size(egui::vec2(1100.0, 1900.0)))
}

fn has(window: &Window, panel: &str, name: &str) -> bool {
    window.panel(panel).query_all_by_label(name).next().is_some()
}

/// What the form says of an option now: the words at the end of its line.
fn answer(window: &Window, panel: &str, option: &str) -> Option<String> {
    let middle = window.control(panel, option).rect().center().y;
    window
        .panel(panel)
        .query_all_by_role(Role::Label)
        .filter(|label| label.rect().y_range().contains(middle))
        .filter_map(|label| label.accesskit_node().value())
        .find(|words| words.starts_with("is "))
}

/// The figure beside a name in the live state.
fn figure(window: &Window, panel: &str, name: &str) -> Option<String> {
    let labels: Vec<_> = window.panel(panel).query_all_by_role(Role::Label).collect();
    let value = |label: &egui_kittest::Node<'_>| label.accesskit_node().value().unwrap_or_default();
    let name = labels.iter().find(|label| value(label) == name)?.rect();
    labels
        .iter()
        .filter(|label| label.rect().left() > name.right() && label.rect().y_range().contains(name.center().y))
        .min_by(|a, b| a.rect().left().total_cmp(&b.rect().left()))
        .map(value)
}

#[test]
fn an_option_that_is_chosen_is_in_the_query_and_answered_by_the_kernel() {
    let mut window = window(any_port(), ClientTab::default());
    window.click("Server", "All options");
    assert_eq!(answer(&window, "Server", "No delay"), None, "no socket is there");
    window.choose("Server", "No delay", "Off");
    window.write("Server", "Receive buffer", "32K");
    window.write("Server", "Type of service", "af41");
    assert_eq!(window.value("Server", "Socket options"), "nodelay=0&rcvbuf=32K&tos=af41");
    window.listen();
    window.until("the kernel's answers", |window| {
        answer(window, "Server", "No delay").as_deref() == Some("is off")
            && answer(window, "Server", "Receive buffer").as_deref() == Some("is 65536")
            && answer(window, "Server", "Type of service").as_deref() == Some("is 136 (AF41)")
    });
    window.until("its row", |window| {
        let says = |cell: &String| cell.contains("rcvbuf is 65536; asked for 32768");
        window.journal().iter().flatten().any(says)
    });
    // The others as the kernel has them by itself.
    let default = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_keepalive_time").expect("a setting of the kernel");
    let is_default = format!("is {}", default.trim());
    window
        .until("the state", |window| answer(window, "Server", "Keep-alive after") == Some(is_default.as_str().into()));
    window.click("Server", "Stop listening");
    window.until("the end", |window| answer(window, "Server", "No delay").is_none());
}

#[test]
fn the_query_and_the_form_stay_in_step() {
    let mut window = window(any_port(), ClientTab { options: "keepalive=1".to_owned(), ..ClientTab::default() });
    window.click("Client", "All options");
    assert_eq!(window.value("Client", "Keep-alive"), "On");
    window.write("Client", "Socket options", "keepalive=off&ttl=9");
    assert_eq!(
        (window.value("Client", "Keep-alive"), window.value("Client", "Time to live")),
        ("Off".into(), "9".into())
    );
    window.choose("Client", "Keep-alive", "Default");
    assert_eq!(window.value("Client", "Socket options"), "ttl=9");

    // A value that can't be one is a mistake of the query, and keeps no other from being changed.
    window.write("Client", "Time to live", "256");
    assert!(window.shows("Client", "ttl can't be “256”; it takes 1 to 255"));
    window.choose("Client", "No delay", "On");
    assert_eq!(window.value("Client", "Socket options"), "ttl=256&nodelay=1");
    window.write("Client", "Time to live", "");
    assert_eq!(window.value("Client", "Socket options"), "nodelay=1");
}

#[test]
fn only_what_the_transport_and_the_side_have_is_offered() {
    let udp = ServerTab { protocol: "udp".to_owned(), ..any_port() };
    let mut window = window(udp, ClientTab::default());
    window.click("Server", "All options");
    window.click("Client", "All options");
    for (panel, option, offered) in [
        ("Server", "Broadcast", true),
        ("Server", "No delay", false),
        ("Server", "Accept queue", false),
        ("Client", "No delay", true),
        ("Client", "Accept queue", false),
        ("Client", "Broadcast", false),
    ] {
        assert_eq!(has(&window, panel, option), offered, "{panel} {option}");
    }
}

#[test]
fn options_change_while_connected_and_the_others_are_locked() {
    let mut window = window(any_port(), ClientTab::default());
    let listener = listener();
    let _peer = window.connect_to(&listener);
    window.click("Client", "All options");
    window.until("the state", |window| answer(window, "Client", "No delay").as_deref() == Some("is on"));
    window.choose("Client", "No delay", "Off");
    window.until("the answer", |window| answer(window, "Client", "No delay").as_deref() == Some("is off"));
    window.write("Client", "Congestion control", "reno");
    window.press(egui::Key::Enter);
    window.until("the answer", |window| answer(window, "Client", "Congestion control").as_deref() == Some("is reno"));

    window.write("Client", "Congestion control", "nonsense");
    window.press(egui::Key::Enter);
    window.until("the refusal", |window| window.shows("Client", "nothing on this system has this name"));
    assert_eq!(answer(&window, "Client", "Congestion control").as_deref(), Some("is reno"));
    for (text, words) in [("0", "is 0"), ("off", "is off"), ("7", "is 7"), ("", "is off")] {
        window.write("Client", "Linger", text);
        window.press(egui::Key::Enter);
        window.until("the answer", |window| answer(window, "Client", "Linger").as_deref() == Some(words));
    }
    assert!(window.control("Client", "Segment size").accesskit_node().is_disabled());
    assert!(!window.control("Client", "No delay").accesskit_node().is_disabled());
}

#[test]
fn what_a_listener_is_given_reaches_the_connections_that_it_has() {
    let mut window = window(any_port(), ClientTab::default());
    window.listen();
    window.click("Server", "All options");
    assert!(!window.shows("Server", "open connections"), "it has none");
    let peers = [window.peer(), window.peer()];
    assert!(window.shows("Server", "Changes reach the listener and its open connections (2)"));
    window.choose("Server", "No delay", "Off");
    window.until("the answer", |window| answer(window, "Server", "No delay").as_deref() == Some("is off"));
    let says = |window: &Window, name: &str, words: &str| {
        let has = |cells: &Vec<String>, part: &str| cells.iter().any(|cell| cell.contains(part));
        window.journal().iter().any(|cells| has(cells, name) && has(cells, words))
    };
    for peer in &peers {
        let name = peer.local_addr().expect("an address").to_string();
        window.until("its row", |window| says(window, &name, "nodelay is 0"));
    }
}

/// Opens the options of one connection by the menu of its row.
fn show_options_of(window: &mut Window, peer: &str, by_key: bool) {
    let row = window
        .panel("Server")
        .get_by(|node| node.role() == Role::ListItem && node.label().is_some_and(|label| label.contains(peer)));
    if by_key {
        row.focus();
        window.harness.step();
        window.harness.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::F10);
    } else {
        row.click_secondary();
    }
    window.harness.run_steps(2);
    window.harness.get_by_role_and_label(Role::Button, "Options of this connection…").click();
    window.harness.run_steps(3);
}

#[test]
fn one_connection_is_given_what_the_listener_and_the_others_are_not() {
    let server = ServerTab { more_open: false, ..any_port() };
    let mut window = Window::build(
        Settings { language: LanguageChoice::English, servers: vec![server], ..Settings::default() },
        |builder| builder.with_size(egui::vec2(1100.0, 1900.0)),
    );
    window.listen();
    let mut peers = [window.peer(), window.peer()].map(|peer| {
        let name = peer.local_addr().expect("an address").to_string();
        (Some(peer), name)
    });
    let names = [peers[0].1.clone(), peers[1].1.clone()];
    show_options_of(&mut window, &names[0], false);
    assert!(window.shows("Server", &format!("Options of {} alone", names[0])));
    assert!(!has(&window, "Server", "Accept queue") && !has(&window, "Server", "Reuse address"), "the listener's");
    window.until("its state", |window| answer(window, "Server", "No delay").as_deref() == Some("is on"));
    assert_eq!(window.value("Server", "No delay"), "Unchanged");
    window.choose("Server", "No delay", "Off");
    window.until("the answer", |window| answer(window, "Server", "No delay").as_deref() == Some("is off"));
    assert_eq!(window.value("Server", "Socket options"), "", "the next start's");

    // What can't be is said in place, and what the system refuses as anywhere else.
    window.write("Server", "Time to live", "256");
    assert!(window.shows("Server", "ttl can't be “256”; it takes 1 to 255"));
    window.write("Server", "Time to live", "9");
    window.press(egui::Key::Enter);
    window.until("the answer", |window| answer(window, "Server", "Time to live").as_deref() == Some("is 9"));
    assert!(!window.shows("Server", "can't be"));
    window.write("Server", "Congestion control", "nonsense");
    window.press(egui::Key::Enter);
    window.until("the refusal", |window| window.shows("Server", "nothing on this system has this name"));

    show_options_of(&mut window, &names[1], true);
    assert!(window.shows("Server", &format!("Options of {} alone", names[1])));
    window.until("the other's state", |window| answer(window, "Server", "No delay").as_deref() == Some("is on"));
    peers[1].0 = None;
    window.until("its end", |window| window.shows("Server", &format!("{} has closed", names[1])));
    assert!(!has(&window, "Server", "No delay"), "no click meant for it reaches all");
    window.click("Server", "Options of the listener");
    window.until("the listener's state", |window| answer(window, "Server", "No delay").as_deref() == Some("is on"));
    assert!(has(&window, "Server", "Accept queue"));
    let rows = window.journal();
    let set = |name: &str| {
        let is_set = |cells: &&Vec<String>| {
            cells.iter().any(|cell| cell.contains("nodelay is 0")) && cells.iter().any(|cell| cell.contains(name))
        };
        rows.iter().filter(is_set).count()
    };
    assert_eq!((set(&names[0]), set("")), (1, 1), "one connection was given it, once");
}

#[test]
fn peers_of_one_datagram_socket_have_no_options_of_their_own() {
    let mut window = window(ServerTab { protocol: "udp".to_owned(), ..any_port() }, ClientTab::default());
    window.listen();
    let peer = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let port: u16 = window.listening_port().parse().expect("a port");
    peer.send_to(b"hi", ("127.0.0.1", port)).expect("it listens");
    window.until("its row", |window| window.panel("Server").query_by_role(Role::ListItem).is_some());
    window.panel("Server").get_by_role(Role::ListItem).click_secondary();
    window.harness.run_steps(2);
    assert!(window.harness.query_by_label("Show the other end as code…").is_some());
    assert!(window.harness.query_by_label("Options of this connection…").is_none());
}

#[test]
fn the_live_state_follows_the_connection() {
    let mut window = window(any_port(), ClientTab::default());
    window.connect();
    window.until("the round-trip time", |window| window.shows("Client", "RTT "));
    assert!(figure(&window, "Client", "State").is_none(), "it is folded");
    window.click("Client", "Live state");
    let shows = |name: &'static str, expected: &'static str| {
        move |window: &Window| figure(window, "Client", name).as_deref() == Some(expected)
    };
    window.until("the state", shows("State", "ESTABLISHED"));
    window.until("nothing acknowledged", shows("Acknowledged", "0 B"));
    window.write("Client", "Message", "12345");
    window.click("Client", "Send");
    window.until("all acknowledged", shows("Acknowledged", "5 B"));
    assert_eq!(figure(&window, "Client", "Retransmits").as_deref(), Some("0"));
    window.click("Client", "Disconnect");
    window.until("the end", |window| !has(window, "Client", "Live state") && !window.shows("Client", "RTT "));
}

#[test]
fn what_a_peer_leaves_unread_is_shown_of_the_connection_that_is_selected() {
    let mut window = window(ServerTab { respond: "echo".to_owned(), ..any_port() }, ClientTab::default());
    window.listen();
    window.click("Server", "Live state");
    window.until("the listener's state", |window| figure(window, "Server", "State").as_deref() == Some("LISTEN"));
    let mut peer = window.peer();
    let name = peer.local_addr().expect("an address").to_string();
    window
        .panel("Server")
        .get_by(|node| node.role() == Role::ListItem && node.label().is_some_and(|label| label.contains(&name)))
        .click();
    window
        .until("the connection's state", |window| figure(window, "Server", "State").as_deref() == Some("ESTABLISHED"));
    assert!(window.shows("Server", &format!("Of {name}")));
    window.write("Server", "Message", "12345");
    window.click("Server", "Send");
    window.until("what the peer's system has", |window| {
        figure(window, "Server", "Acknowledged").as_deref() == Some("5 B")
    });
    assert_eq!(heard(&mut peer, 5), b"12345");
    for queue in ["Unread here", "Unacknowledged", "Unsent"] {
        assert_eq!(figure(&window, "Server", queue).as_deref(), Some("0 B"), "{queue}");
    }
    // It reads no more: what is sent back to it is stuck, and in the end nothing more is read here.
    peer.set_nonblocking(true).expect("a setting");
    let waits = |window: &Window, queue| {
        let bytes = figure(window, "Server", queue);
        bytes.is_some_and(|bytes| !bytes.starts_with("0 ") && bytes.contains(|c: char| c.is_ascii_digit()))
    };
    window.until("the queues", |window| {
        while peer.write(&[7; 64 << 10]).is_ok() {}
        ["Unread here", "Unacknowledged", "Unsent"].into_iter().all(|queue| waits(window, queue))
    });
}

#[test]
fn datagrams_that_the_kernel_dropped_are_shown() {
    let udp = ServerTab { protocol: "udp".to_owned(), options: "rcvbuf=1".to_owned(), ..any_port() };
    let mut window = window(udp, ClientTab::default());
    window.listen();
    window.click("Server", "Live state");
    window.until("the state", |window| figure(window, "Server", "Dropped").as_deref() == Some("0"));
    let queue = figure(&window, "Server", "Receive queue");
    assert!(queue.as_ref().is_some_and(|queue| queue.ends_with(" of 2.25 KiB")), "{queue:?}");
    let peer = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    peer.connect(("127.0.0.1", window.listening_port().parse().expect("a port"))).expect("an address");
    let dropped = |window: &Window| figure(window, "Server", "Dropped").map(|count| count != "0");
    window.until("what had no room", |window| {
        (0..64).for_each(|_| _ = peer.send(&[0; 1400]).expect("a datagram is taken"));
        dropped(window) == Some(true)
    });
}

/// After how long the window asked to be drawn again.
fn next_frame(window: &Window) -> Duration {
    let output = &window.harness.output().viewport_output;
    output.get(&egui::ViewportId::ROOT).map_or(Duration::MAX, |viewport| viewport.repaint_delay)
}

/// A state that nobody looks at costs nothing: nothing asks for a frame within the time after which it is looked at.
#[test]
fn a_quiet_connection_draws_nothing_unless_its_state_is_shown() {
    let mut window = window(any_port(), ClientTab::default());
    let listener = listener();
    let _peer = window.connect_to(&listener);
    let look = Duration::from_millis(250);
    window.until("rest", |window| next_frame(window) == Duration::MAX);
    window.click("Client", "Live state");
    for _ in 0..60 {
        window.harness.step();
        assert!(next_frame(&window) <= look);
    }
    window.click("Client", "Live state");
    window.until("rest again", |window| next_frame(window) == Duration::MAX);
}

#[test]
fn a_port_that_others_have_too_is_told() {
    for option in ["reuseaddr", "reuseport"] {
        let other = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).expect("a socket");
        if option == "reuseport" { other.set_reuse_port(true) } else { other.set_reuse_address(true) }
            .expect("it is on");
        other.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a port");
        let port = other.local_addr().ok().and_then(|address| address.as_socket()).expect("an address").port();
        let (protocol, options) = ("udp".to_owned(), format!("{option}=1"));
        let server = ServerTab { protocol, options, port: port.to_string(), ..ServerTab::default() };
        let mut window = window(server, ClientTab::default());
        window.listen();
        window.until("the notice", |window| window.shows("Server", "Other sockets that have this port too"));
    }
}

#[test]
fn options_that_can_t_be_together_or_on_this_side_are_mistakes_in_place() {
    let mut window = window(any_port(), ClientTab::default());
    for (panel, query, words) in [
        ("Client", "backlog=5", "Only listeners have the option backlog, clients don't"),
        ("Client", "dscp=46&tos=3", "dscp=46 and tos=3 set the same option"),
        ("Server", "rcvbuf=1&rcvbuf=2", "rcvbuf=1 and rcvbuf=2 set the same option"),
        ("Server", "maxseg=1", "it takes 88 to 32,767 bytes"),
    ] {
        window.write(panel, "Socket options", query);
        window.until(query, |window| window.shows(panel, words));
    }
    window.write("Server", "Socket options", "backlog=5");
    window.click("Server", "Start listening");
    window.until("listening", |window| window.shows("Server", "Listening on"));
}

/// What is told of the connection once it is unfolded, before anybody can have answered, is what was told last: nobody has
/// asked meanwhile, whatever has crossed.
#[test]
fn a_state_that_is_not_on_screen_is_not_asked_for_while_traffic_flows() {
    let server = ServerTab { respond: "echo".to_owned(), more_open: true, ..any_port() };
    let settings = Settings {
        language: LanguageChoice::English,
        servers: vec![server, ServerTab { port: "0".to_owned(), ..ServerTab::default() }],
        ..Settings::default()
    };
    let mut window = Window::build(settings, |builder| builder.with_size(egui::vec2(1100.0, 1900.0)));
    window.listen();
    let mut peer = window.peer();
    window.panel("Server").get_by_role(Role::ListItem).click();
    window.click("Server", "Live state");
    let received = |window: &Window| figure(window, "Server", "Received in order");
    let mut bytes = 0;
    let mut crosses = |window: &mut Window| {
        peer.write_all(b"12345").expect("it is open");
        assert_eq!(heard(&mut peer, 5), b"12345");
        bytes += 5;
        let echoed = move |row: &Vec<String>| row.iter().any(|cell| cell == "sent");
        window.until("the echo", |window| window.journal().iter().filter(|row| echoed(row)).count() == bytes / 5);
        format!("{bytes} B")
    };
    let mut last = crosses(&mut window);
    window.until("the first bytes", |window| received(window).as_ref() == Some(&last));
    let fold = |name: &'static str| move |window: &Window| window.control("Server", name).click();
    let tab = |number: usize| {
        move |window: &Window| window.panel("Server").query_all_by_role(Role::Tab).nth(number).expect("a tab").click()
    };
    type Clicks<'a> = &'a dyn Fn(&Window);
    let ways: [(&str, Clicks<'_>, Clicks<'_>); 3] = [
        ("folded", &fold("Live state"), &fold("Live state")),
        ("all of it folded", &fold("More"), &fold("More")),
        ("behind another tab", &tab(1), &tab(0)),
    ];
    for (way, leave, come_back) in ways {
        leave(&window);
        window.until(way, |window| received(window).is_none());
        // Commands are carried out one after the other: what was asked before is answered by then.
        drop(window.connect_to(&listener()));
        window.until("the client's end", |window| has(window, "Client", "Connect"));
        let now = crosses(&mut window);
        // Four looks' time by the window's clock.
        for _ in 0..60 {
            window.harness.step();
        }
        come_back(&window);
        let mut first = None;
        window.until("what was told last", |window| {
            first = received(window);
            first.is_some()
        });
        assert_eq!(first.as_ref(), Some(&last), "{way}");
        window.until("what is so now", |window| received(window).as_ref() == Some(&now));
        last = now;
    }
}

/// As above, of the client's connection, whose round-trip time is asked for all the while.
#[test]
fn a_clients_state_that_is_not_on_screen_is_not_asked_for_while_traffic_flows() {
    let mut window = window(any_port(), ClientTab::default());
    let listener = listener();
    let mut peer = window.connect_to(&listener);
    window.click("Client", "Live state");
    let received = |window: &Window| figure(window, "Client", "Received in order");
    let mut bytes = 0;
    let mut crosses = |window: &mut Window| {
        peer.write_all(b"12345").expect("it is open");
        bytes += 5;
        let came = |row: &Vec<String>| row.iter().any(|cell| cell == "received");
        window.until("its row", |window| window.journal().iter().filter(|row| came(row)).count() == bytes / 5);
        format!("{bytes} B")
    };
    let mut last = crosses(&mut window);
    window.until("the first bytes", |window| received(window).as_ref() == Some(&last));
    for name in ["Live state", "More"] {
        window.control("Client", name).click();
        window.until(name, |window| received(window).is_none());
        // Commands are carried out one after the other: what was asked before is answered by then.
        let answered = |window: &mut Window| {
            window.listen();
            window.click("Server", "Stop listening");
            window.until("its end", |window| has(window, "Server", "Start listening"));
        };
        answered(&mut window);
        let now = crosses(&mut window);
        // Four looks' time by the window's clock.
        for _ in 0..60 {
            window.harness.step();
        }
        answered(&mut window);
        assert!(window.shows("Client", "RTT "), "{name}");
        window.control("Client", name).click();
        let mut first = None;
        window.until("what was told last", |window| {
            first = received(window);
            first.is_some()
        });
        assert_eq!(first.as_ref(), Some(&last), "{name}");
        window.until("what is so now", |window| received(window).as_ref() == Some(&now));
        last = now;
    }
}

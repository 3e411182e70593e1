//! What the window has for UDP alone: groups, addresses to send to, those who answer, this machine's interfaces.

#![cfg(target_os = "linux")]

#[path = "support/app.rs"]
mod app;
#[path = "support/mod.rs"]
mod support;

use std::net::{Ipv4Addr, UdpSocket};

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::model::{ClientTab, LanguageChoice, ServerTab, Settings};

use crate::app::Window;
use crate::support::{PATIENCE, in_own_network, ip, set_up, without_names};

fn server(address: &str, options: &str) -> ServerTab {
    let (address, options) = (address.to_owned(), options.to_owned());
    ServerTab {
        protocol: "udp".to_owned(),
        port: "0".to_owned(),
        address,
        options,
        more_open: true,
        ..ServerTab::default()
    }
}

fn client(port: u16) -> ClientTab {
    ClientTab { protocol: "udp".to_owned(), port: port.to_string(), more_open: true, ..ClientTab::default() }
}

fn machine() -> UdpSocket {
    machine_on("127.0.0.1:0")
}

fn machine_on(address: &str) -> UdpSocket {
    let socket = UdpSocket::bind(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

fn port(socket: &UdpSocket) -> u16 {
    socket.local_addr().unwrap().port()
}

#[test]
fn an_address_to_listen_on_is_picked_from_a_list() {
    let mut window = Window::with_tabs(server("127.0.0.1", ""), ClientTab::default());
    window.click("Server", "Local addresses");
    window.until("the interfaces", |window| window.harness.query_by_label("::1 · lo").is_some());
    window.harness.get_by_label("0.0.0.0 · every IPv4 address").click();
    window.until("the choice", |window| window.value("Server", "Address") == "0.0.0.0");
    assert!(window.panel("Client").query_by_label("Local addresses").is_none(), "where to is nothing to pick here");
}

#[test]
fn groups_are_joined_and_left_before_and_while_it_listens() {
    in_own_network("groups_are_joined_and_left_before_and_while_it_listens", || {
        ip(&["link", "set", "lo", "multicast", "on"]);
        let settings = ServerTab { port: "5000".to_owned(), ..server("0.0.0.0", "rcvbuf=64K") };
        let mut window = Window::with_tabs(settings, ClientTab::default());
        window.write("Server", "Group", "10.0.0.1");
        assert!(window.shows("Server", "10.0.0.1 is no group"));
        window.write("Server", "Group", "239.1.1.1@lo");
        window.click("Server", "Join");
        assert_eq!(window.value("Server", "Socket options"), "rcvbuf=64K&join=239.1.1.1@lo");
        assert_eq!(window.value("Server", "Group"), "");
        window.listen();
        window.until("joining", |window| window.has_row(&["joined 239.1.1.1@lo"]));

        window.write("Server", "Group", "239.1.1.2");
        pick(&mut window, "Network interfaces", "lo · 127.0.0.1");
        window.until("the interface", |window| window.value("Server", "Group") == "239.1.1.2@lo");
        window.click("Server", "Join");
        window.until("joining", |window| window.shows("Server", "239.1.1.2@lo"));
        let sender = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).unwrap();
        sender.set_multicast_if_v4(&Ipv4Addr::LOCALHOST).unwrap();
        let sender = UdpSocket::from(sender);
        sender.send_to(b"to the group", ("239.1.1.2", 5000)).unwrap();
        window.until("the datagram", |window| window.has_row(&["received", "to the group"]));

        window.click("Server", "Leave 239.1.1.1@lo");
        window.until("leaving", |window| window.has_row(&["left 239.1.1.1@lo"]));
        assert_eq!(window.value("Server", "Socket options"), "rcvbuf=64K&join=239.1.1.2@lo");
        window.write("Server", "Group", "239.1.1.3@nosuch");
        window.click("Server", "Join");
        window.until("the failure", |window| window.shows("Server", "Name the network interface after @"));
    });
}

#[test]
fn a_client_sends_to_many_and_tells_them_apart() {
    let many = [machine(), machine()];
    let mut window = Window::with_tabs(ServerTab::default(), client(port(&many[0])));
    let list = format!("127.0.0.1, 127.0.0.1:{}", port(&many[1]));
    window.write("Client", "Recipients", &list);
    window.click("Client", "Connect");
    window.until("open", |window| window.shows("Client", "Socket open"));
    window.write("Client", "Message", "all");
    window.click("Client", "Send");
    let mut buffer = [0; 8];
    for (socket, answer) in many.iter().zip(["one", "other"]) {
        let (len, from) = socket.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..len], b"all");
        socket.send_to(answer.as_bytes(), from).unwrap();
    }
    let row = format!("127.0.0.1:{}  ↓ 5 B  ↑ 3 B", port(&many[1]));
    window.until("the other's row", |window| window.panel("Client").query_by_label(&row).is_some());
    window.until("the first's answer", |window| window.has_row(&["received", "one"]));
    window.panel("Client").get_by_label(&row).click();
    window.until("the journal of one", |window| {
        window.has_row(&["received", "other"]) && !window.has_row(&["received", "one"])
    });

    for mistaken in ["127.0.0.1:99999", "127.0.0.1:0"] {
        window.write("Client", "Recipients", mistaken);
        assert!(window.control("Client", "Send").accesskit_node().is_disabled(), "a mistaken list reaches nobody");
    }
}

/// The smallest window that is meant to be used, with "More" open on both sides.
fn smallest(server: ServerTab, client: ClientTab, width: f32) -> Window {
    let settings = Settings {
        language: LanguageChoice::English,
        servers: vec![server],
        clients: vec![client],
        ..Settings::default()
    };
    Window::build(settings, |builder| builder.with_size(egui::vec2(width, 700.0)))
}

#[test]
fn peers_stay_in_view_below_what_more_opens() {
    let mut window = smallest(server("127.0.0.1", ""), ClientTab::default(), 1024.0);
    window.listen();
    let to = format!("127.0.0.1:{}", window.listening_port());
    let peers = [machine(), machine()];
    for peer in &peers {
        peer.send_to(b"here", &to).unwrap();
        let name = peer.local_addr().unwrap().to_string();
        window.until("its row", |window| window.has_client(&name));
    }
    window.harness.run_steps(3);
    let (top, bottom) =
        (window.control("Server", "More").rect().bottom(), window.control("Server", "Recipients").rect().top());
    let rows = |window: &Window| -> Vec<_> {
        window.panel("Server").query_all_by_role(Role::ListItem).map(|row| row.rect()).collect()
    };
    let seen = rows(&window);
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|row| row.top() > top && row.bottom() < bottom), "{seen:?} in {top} to {bottom}");
    // What "More" opened goes on being reached, and the rows stay where they are.
    window.control("Server", "Show as code…").scroll_to_me();
    window.harness.run_steps(40);
    let button = window.control("Server", "Show as code…").rect();
    assert!(button.top() > top && button.bottom() < seen[0].top(), "{button}");
    assert_eq!(rows(&window), seen);
    window.click("Server", "More");
    window.harness.run_steps(3);
    assert!(rows(&window)[0].top() < seen[0].top(), "they move up to where there is room");
}

#[test]
fn a_list_of_recipients_has_room() {
    for (width, least) in [(1024.0, 400.0), (1600.0, 240.0)] {
        let mut window = smallest(ServerTab::default(), client(9), width);
        window.harness.run_steps(3);
        let place = |name| window.control("Client", name).rect();
        let (field, format, message) = (place("Recipients"), place("Format"), place("Message"));
        assert!(field.width() >= least, "{field} at {width}");
        assert!(field.bottom() < message.top() && field.top() > place("More").bottom());
        let beside = field.right() < format.left();
        assert!(beside || field.bottom() < format.top(), "{field} and {format}");
        assert_eq!(beside, width > 1500.0, "a wide window has no line to give away");
    }
}

#[test]
fn a_server_writes_to_those_who_have_not_written() {
    let quiet = machine();
    let mut window = Window::with_tabs(server("127.0.0.1", ""), ClientTab::default());
    window.listen();
    window.write("Server", "Send to", "127.0.0");
    assert!(window.shows("Server", "“127.0.0” can't be an address"), "no name ends in a number");
    window.write("Server", "Send to", "127.0.0.1:0");
    assert!(window.shows("Server", "port 0"), "nobody is there");
    window.write("Server", "Send to", &format!("127.0.0.1:{}", port(&quiet)));
    assert_eq!(window.value("Server", "Recipients"), "Addresses (1)");
    window.write("Server", "Message", "first");
    window.click("Server", "Send");
    let mut buffer = [0; 8];
    let (len, from) = quiet.recv_from(&mut buffer).unwrap();
    assert_eq!(&buffer[..len], b"first");
    quiet.send_to(b"answer", from).unwrap();
    window.until("its answer", |window| window.has_row(&["received", "answer"]));
    window.until("its row", |window| window.has_client(&quiet.local_addr().unwrap().to_string()));
    window.write("Server", "Send to", "");
    assert_eq!(window.value("Server", "Recipients"), "To all (1)");
}

#[test]
fn names_are_written_to_and_one_that_is_not_found_keeps_the_message() {
    in_own_network("names_are_written_to_and_one_that_is_not_found_keeps_the_message", || {
        without_names();
        let [server_s, client_s] = [machine(), machine()];
        for (panel, field, peer) in [("Server", "Send to", &server_s), ("Client", "Recipients", &client_s)] {
            let mut window = Window::with_tabs(server("127.0.0.1", ""), client(port(peer)));
            if panel == "Server" {
                window.listen();
            }
            let name = format!("localhost:{}", port(peer));
            window.write(panel, field, &format!("{name}, no-such-host.invalid:9"));
            if panel == "Client" {
                window.click("Client", "Connect");
                window.until("open", |window| window.shows("Client", "Socket open"));
            }
            window.write(panel, "Message", "to nobody");
            window.click(panel, "Send");
            window.until("the failure", |window| {
                window.shows(panel, "resolve no-such-host.invalid: no such host")
                    && window.shows(panel, "The message was sent to nobody")
            });
            assert_eq!(window.value(panel, "Message"), "to nobody", "it can be sent again");
            window.write(panel, field, &name);
            window.write(panel, "Message", "found");
            window.click(panel, "Send");
            let mut buffer = [0; 16];
            let len = peer.recv(&mut buffer).unwrap();
            assert_eq!(&buffer[..len], b"found", "{panel}");
        }
    });
}

#[test]
fn how_datagrams_leave_for_groups_is_set_beside_them_before_and_while_the_socket_is_open() {
    in_own_network("how_datagrams_leave_for_groups_is_set_beside_them_before_and_while_the_socket_is_open", || {
        // What leaves by the loopback interface is heard in any case.
        ip(&["link", "add", "d0", "type", "veth", "peer", "name", "d1"]);
        ip(&["address", "add", "10.9.0.1/24", "dev", "d0"]);
        set_up(&["d1", "d0"]);
        let hearing = machine_on("0.0.0.0:0");
        hearing.join_multicast_v4(&Ipv4Addr::new(239, 1, 1, 1), &Ipv4Addr::new(10, 9, 0, 1)).unwrap();
        let mut window = Window::with_tabs(server("0.0.0.0", "rcvbuf=64K"), ClientTab::default());
        pick(&mut window, "Interfaces to groups", "d0 · 10.9.0.1");
        window.until("the interface", |window| window.value("Server", "Interface to groups") == "d0");
        window.write("Server", "TTL to groups", "256");
        assert!(window.shows("Server", "mttl can't be “256”"));
        window.write("Server", "TTL to groups", "4");
        window.choose("Server", "Loop to groups", "Off");
        assert_eq!(window.value("Server", "Socket options"), "rcvbuf=64K&mif=d0&mttl=4&mloop=0");
        window.listen();
        for answer in ["mif is d0", "mttl is 4", "mloop is 0"] {
            window.until(answer, |window| says(window, answer));
        }

        window.write("Server", "Send to", &format!("239.1.1.1:{}", port(&hearing)));
        window.write("Server", "Message", "by nobody here");
        window.click("Server", "Send");
        window.until("its row", |window| window.has_row(&["sent", "by nobody here"]));
        window.choose("Server", "Loop to groups", "On");
        window.until("the kernel's answer", |window| says(window, "mloop is 1"));
        window.write("Server", "TTL to groups", "9");
        window.press(egui::Key::Enter);
        window.until("the kernel's answer", |window| says(window, "mttl is 9"));
        window.write("Server", "Message", "on this machine too");
        window.click("Server", "Send");
        let mut buffer = [0; 32];
        let len = hearing.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..len], b"on this machine too");

        window.write("Server", "Interface to groups", "nosuch");
        window.press(egui::Key::Enter);
        window.until("the refusal", |window| window.shows("Server", "nothing on this system has this name"));
        pick(&mut window, "Interfaces to groups", "d0 · 10.9.0.1");
        window.until("the interface", |window| window.value("Server", "Interface to groups") == "d0");
        assert_eq!(window.value("Server", "Socket options"), "rcvbuf=64K&mloop=1&mttl=9&mif=d0", "for the next start");
    });
}

#[test]
fn a_client_s_own_socket_is_the_one_that_is_changed() {
    let peer = machine();
    let mut window = Window::with_tabs(ServerTab::default(), client(port(&peer)));
    assert!(window.panel("Server").query_by_label("TTL to groups").is_none(), "TCP has no groups");
    window.click("Client", "Connect");
    window.until("open", |window| window.shows("Client", "Socket open"));
    window.write("Client", "TTL to groups", "7");
    window.press(egui::Key::Enter);
    window.until("the kernel's answer", |window| says(window, "mttl is 7"));
    window.click("Client", "All options");
    assert_eq!(window.value("Client", "Multicast TTL"), "7", "it is the same option");
}

/// Opens a menu of interfaces and takes one, once they have been told.
fn pick(window: &mut Window, menu: &str, entry: &str) {
    window.click("Server", menu);
    window.until("the interfaces", |window| window.harness.query_by_label_contains(entry).is_some());
    // The list finds its place once it is known how large it is.
    window.harness.step();
    // Told late, they don't fold into the menu's width while it was empty.
    let height = window.harness.get_by_label_contains(entry).rect().height();
    assert!(height < 40.0, "an entry is one line: {height}");
    window.harness.get_by_label_contains(entry).click();
}

/// Whether a row of the journal has a cell that begins so.
fn says(window: &Window, words: &str) -> bool {
    window.journal().iter().flatten().any(|cell| cell.starts_with(words))
}

//! Where one listens and connects to: names, local addresses, datagrams, Unix sockets, and the words for what fails.

#![cfg(target_os = "linux")]

#[path = "support/app.rs"]
mod app;
#[path = "support/mod.rs"]
mod support;

use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::model::{Cause, ClientTab, Event, Failure, Hint, Operation, ServerTab, SocketId, TcpState, WaitingSocket};

use crate::app::{Window, any_port, heard, listener};
use crate::support::{in_own_network, refusing_tcp, refusing_udp, without_names};

#[test]
fn a_host_name_shows_the_address_that_was_chosen() {
    let mut window = Window::english();
    let listener = listener();
    window.write("Client", "Address", "localhost");
    let peer = window.connect_to(&listener);
    let (ours, theirs) = (peer.local_addr().expect("an address"), peer.peer_addr().expect("an address"));
    assert!(window.shows("Client", &format!("Connected · {theirs} → {ours}")));
    assert_eq!(window.value("Client", "Address"), "localhost", "what was typed stays");
    window.until("the row", |window| window.has_row(&[&format!("connecting to tcp://{ours}")]));
}

/// However many characters a slow frame takes in at once.
#[test]
fn an_endpoint_that_is_typed_is_taken_apart_when_it_is_complete() {
    let mut window = Window::english();
    window.write("Server", "Address", "");
    for part in ["ud", "p://127", ".0.0.2:", "90", "77"] {
        part.chars().for_each(|one| window.harness.event(egui::Event::Text(one.to_string())));
        window.harness.step();
    }
    assert_eq!(window.value("Server", "Address"), "udp://127.0.0.2:9077");
    window.press(Key::Tab);
    window.harness.step();
    assert_eq!(
        (window.value("Server", "Address"), window.value("Server", "Port")),
        ("127.0.0.2".into(), "9077".into())
    );
}

/// Also one that is shorter than what it takes the place of.
#[test]
fn an_endpoint_that_is_pasted_fills_the_form_at_once() {
    let mut window = Window::english();
    window.write("Server", "Address", "a-very-long-name.example.org");
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.harness.event(egui::Event::Paste("udp://[::1]:9".to_owned()));
    window.harness.step();
    window.harness.step();
    assert_eq!((window.value("Server", "Address"), window.value("Server", "Port")), ("::1".into(), "9".into()));
}

#[test]
fn what_failed_elsewhere_is_no_longer_told() {
    in_own_network("what_failed_elsewhere_is_no_longer_told", || {
        without_names();
        let mut window = Window::english();
        window.write("Client", "Address", "nosuch.invalid");
        window.click("Client", "Connect");
        window.until("the failure", |window| window.shows("Client", "resolve nosuch.invalid: no such host"));
        window.write("Client", "Address", "127.0.0.1");
        assert!(!window.shows("Client", "no such host"));
    });
}

#[test]
fn a_name_that_does_not_exist_is_told_with_advice() {
    in_own_network("a_name_that_does_not_exist_is_told_with_advice", || {
        without_names();
        let mut window = Window::english();
        window.write("Client", "Address", "nosuch.invalid");
        window.click("Client", "Connect");
        window.until("the failure", |window| window.shows("Client", "resolve nosuch.invalid: no such host"));
        assert!(window.shows("Client", "Check how the name is spelt"));
    });
}

#[test]
fn the_local_address_and_port_are_the_ones_chosen() {
    // Held at another address, so that nobody else gets it.
    let listener = listener();
    let free = listener.local_addr().expect("an address").port();
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    window.click("Client", "More");
    window.write("Client", "Local address", "127.0.0.2");
    window.write("Client", "Local port", &free.to_string());
    let peer = window.connect_to(&listener);
    assert_eq!(peer.peer_addr().expect("an address").to_string(), format!("127.0.0.2:{free}"));
    assert!(window.shows("Client", &format!("Connected · 127.0.0.2:{free} → ")));
}

#[test]
fn a_mistaken_local_port_is_told_and_starts_nothing() {
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    window.click("Client", "More");
    window.write("Client", "Local port", "70000");
    assert!(window.shows("Client", "“70000” is not a port"));
    window.click("Client", "Connect");
    assert!(window.panel("Client").query_by_label("Connect").is_some());
}

fn udp(connected: bool) -> Window {
    let server = ServerTab { protocol: "udp".to_owned(), ..any_port() };
    let client = ClientTab { protocol: "udp".to_owned(), connected, ..ClientTab::default() };
    Window::with_tabs(server, client)
}

fn datagram_peer() -> UdpSocket {
    let peer = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    peer.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out");
    peer
}

#[test]
fn datagrams_cross_in_one_window_and_an_empty_one_is_a_message() {
    let mut window = udp(true);
    window.listen();
    assert!(window.panel("Server").get_by_label("Send").accesskit_node().is_disabled(), "nobody to answer yet");
    let port = udp_port(&window);
    window.write("Client", "Port", &port);
    window.click("Client", "Connect");
    window.until("open", |window| window.shows("Client", &format!("→ 127.0.0.1:{port}")));
    assert!(window.shows("Client", "Socket open · "), "a datagram socket is not connected to anybody who knows");
    window.click("Client", "Send");
    window.until("the empty one", |window| window.has_row(&["received", "0", "(empty datagram)"]));
    window.write("Client", "Message", "你好");
    window.click("Client", "Send");
    window.until("the greeting", |window| window.has_row(&["received", "6", "你好"]));
    window.write("Server", "Message", "back");
    window.click("Server", "Send");
    window.until("the answer", |window| window.has_row(&["received", "4", "back"]));
    assert!(window.panel("Client").query_by_label("Finish sending").is_none(), "datagrams have no end");
    assert!(window.panel("Client").get_by_label("Send file…").accesskit_node().is_disabled());
}

fn udp_port(window: &Window) -> String {
    let tab = window.panel("Server").get_by_role(egui::accesskit::Role::Tab);
    let title = tab.accesskit_node().label().expect("a title");
    title.strip_prefix("UDP 127.0.0.1:").expect("the address").to_owned()
}

#[test]
fn a_connected_socket_hears_only_its_peer_and_another_everybody() {
    for connected in [true, false] {
        let mut window = udp(!connected);
        let (peer, stranger) = (datagram_peer(), datagram_peer());
        // Changed by hand, so that the switch itself is tried too.
        window.click("Client", "More");
        window.click("Client", "Connected socket");
        window.write("Client", "Port", &peer.local_addr().expect("an address").port().to_string());
        window.click("Client", "Connect");
        window.until("open", |window| window.shows("Client", "Socket open · "));
        window.write("Client", "Message", "hello");
        window.click("Client", "Send");
        let mut bytes = [0; 16];
        let (count, ours) = peer.recv_from(&mut bytes).expect("a datagram");
        assert_eq!(&bytes[..count], b"hello");
        stranger.send_to(b"strange", ("127.0.0.1", ours.port())).expect("sent");
        peer.send_to(b"known", ("127.0.0.1", ours.port())).expect("sent");
        window.until("the peer's", |window| window.has_row(&["received", "known"]));
        assert_eq!(window.has_row(&["received", "strange"]), !connected);
    }
}

#[test]
fn nobody_behind_a_port_is_told_on_a_connected_socket() {
    let mut window = udp(true);
    let (_held, address) = refusing_udp();
    window.write("Client", "Port", &address.port().to_string());
    window.click("Client", "Connect");
    window.until("open", |window| window.shows("Client", "Socket open · "));
    window.write("Client", "Message", "anybody there?");
    window.click("Client", "Send");
    window.until("the refusal", |window| window.shows("Client", "connection refused"));
}

#[test]
fn a_unix_socket_is_chosen_in_both_panels() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s.sock").display().to_string();
    for name in [path, format!("@sockeye-window-{}", std::process::id())] {
        let mut window = Window::english();
        for panel in ["Server", "Client"] {
            window.choose(panel, "Protocol", "Unix stream");
            assert!(window.panel(panel).query_by_label("Port").is_none());
            window.write(panel, "Address", &name);
        }
        window.click("Server", "Start listening");
        window.until("listening", |window| window.shows("Server", &format!("Listening on {name}")));
        window.click("Client", "Connect");
        window.until("connected", |window| window.shows("Client", &format!("Connected to {name}")));
        window.write("Client", "Message", "你好");
        window.click("Client", "Send");
        window.until("the greeting", |window| window.has_row(&["received", "6", "你好"]));
        window.until("a peer without a name", |window| window.has_client("received 6 B, sent 0 B"));
        window.write("Server", "Message", "back");
        window.click("Server", "Send");
        window.until("the answer", |window| window.has_row(&["received", "4", "back"]));
    }
}

#[test]
fn a_host_is_not_taken_for_a_path() {
    let mut window = Window::english();
    window.choose("Client", "Protocol", "Unix stream");
    assert_eq!(window.value("Client", "Address"), "");
    window.click("Client", "Connect");
    assert!(window.shows("Client", "Type the path of the socket"));
    window.choose("Client", "Protocol", "UDP");
    assert_eq!(window.value("Client", "Address"), "127.0.0.1");
}

/// The tutorial's error and its cure.
#[test]
fn a_port_that_only_time_wait_keeps_is_explained_and_freed_by_a_button() {
    support::in_own_network("a_port_that_only_time_wait_keeps_is_explained_and_freed_by_a_button", || {
        let server = ServerTab { options: "nodelay=1".to_owned(), more_open: true, ..any_port() };
        let mut window = Window::with_tabs(server, ClientTab::default());
        window.listen();
        let port = window.listening_port();
        let mut peer = window.peer();
        let peer_address = peer.local_addr().expect("an address");
        // The side that closes first is the one that waits.
        window.click("Server", "Stop listening");
        window.until("stopped", |window| window.panel("Server").query_by_label("Start listening").is_some());
        assert_eq!(std::io::Read::read(&mut peer, &mut [0]).expect("the end"), 0);
        drop(peer);
        window.write("Server", "Port", &port);
        window.write("Server", "Socket options", "reuseaddr=0&nodelay=1");
        window.click("Server", "Start listening");
        window.until("the failure", |window| window.shows("Server", "address already in use"));
        assert!(window.shows("Server", "TIME_WAIT"));
        assert!(window.shows("Server", &format!("127.0.0.1:{port} ← {peer_address}, ")));
        window.click("Server", "Reuse the address and listen");
        window.until("listening", |window| window.shows("Server", &format!("Listening on 127.0.0.1:{port}")));
        assert_eq!(window.value("Server", "Socket options"), "reuseaddr=1&nodelay=1");
    });
}

#[test]
fn what_keeps_a_port_counts_down_while_it_is_shown() {
    let mut window = Window::english();
    let sockets = [("127.0.0.1:51734", 59), ("127.0.0.1:51735", 20)].map(|(peer, seconds)| WaitingSocket {
        local: "127.0.0.1:9000".to_owned(),
        peer: peer.to_owned(),
        state: TcpState::TimeWait,
        seconds: Some(seconds),
    });
    let hint = Hint::PortInTimeWait { sockets: sockets.into(), more: 0, reuse: true };
    let failure = Failure::new(Operation::Bind, "127.0.0.1:9000", Cause::AddressInUse).with_hint(hint);
    // Once the journal's first page has come.
    let rests = (0..10_000).any(|_| pass(&mut window, 30.0) == Duration::MAX);
    assert!(rests, "nothing counts yet");
    let app = window.harness.state_mut().as_mut().expect("the app");
    app.on_event(&Event::Failed { socket: Some(SocketId(1)), session: None, failure });
    pass(&mut window, 0.0);
    assert!(
        window.shows("Server", "127.0.0.1:51734, 59 s left") && window.shows("Server", "127.0.0.1:51735, 20 s left")
    );
    assert!(pass(&mut window, 9.0) <= Duration::from_secs(1), "the next second is drawn");
    assert!(
        window.shows("Server", "127.0.0.1:51734, 50 s left") && window.shows("Server", "127.0.0.1:51735, 11 s left")
    );
    assert!(window.shows("Server", "2 connections that are over keep the port for up to 50 s"));
    pass(&mut window, 11.0);
    assert!(window.shows("Server", "127.0.0.1:51734, 39 s left") && !window.shows("Server", "51735"));
    pass(&mut window, 39.0);
    assert!(window.shows("Server", "It should be free now.") && !window.shows("Server", "51734"));
    assert!(window.panel("Server").query_by_label("Listen once it is free").is_some());
    assert_eq!(pass(&mut window, 5.0), Duration::MAX, "nothing counts any longer");
}

/// Draws as if so many seconds had gone by on the window's clock; after how long that asked to be drawn again.
fn pass(window: &mut Window, seconds: f64) -> Duration {
    let now = window.harness.ctx.input(|input| input.time);
    window.harness.input_mut().time = Some(now + seconds);
    window.harness.step();
    window.harness.input_mut().time = None;
    let again = window.harness.output().viewport_output[&egui::ViewportId::ROOT].repaint_delay;
    window.harness.step();
    window.harness.step();
    again
}

/// As the tutorial's server leaves it, which has SO_REUSEADDR off.
#[test]
fn a_port_that_reusing_does_not_free_is_waited_for_at_a_button() {
    in_own_network("a_port_that_reusing_does_not_free_is_waited_for_at_a_button", || {
        let mut window = Window::with_tabs(any_port(), ClientTab::default());
        let listener = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
        listener.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a port");
        listener.listen(1).expect("a listener");
        let listener = TcpListener::from(listener);
        let address = listener.local_addr().expect("an address");
        let mut peer = std::net::TcpStream::connect(address).expect("a connection");
        // The side that closes first is the one that waits.
        drop(listener.accept().expect("the connection"));
        drop(listener);
        assert_eq!(std::io::Read::read(&mut peer, &mut [0]).expect("the end"), 0);
        drop(peer);
        window.write("Server", "Port", &address.port().to_string());
        window.click("Server", "Start listening");
        window.until("the failure", |window| window.shows("Server", "address already in use"));
        assert!(window.shows("Server", "1 connection that is over keeps the port for another "));
        assert!(window.shows("Server", "SO_REUSEADDR is on here"));
        assert!(window.shows("Server", &format!("{address} ← 127.0.0.1:")));
        assert!(
            window.panel("Server").query_by_label("Reuse the address and listen").is_none(),
            "it would change nothing"
        );
        window.click("Server", "Listen once it is free");
        window.until("waiting", |window| window.shows("Server", "Waiting until the port is free"));
        assert!(!window.shows("Server", "in use"), "it is said once");
        let left = |window: &Window| {
            let seconds =
                (1..=60).find(|s| window.shows("Server", &format!("Waiting until the port is free, {s} s left")));
            seconds.expect("the seconds that remain")
        };
        let before = left(&window);
        pass(&mut window, 20.0);
        assert!((18..=22).contains(&(before - left(&window))), "{before}, then {}", left(&window));
        pass(&mut window, 60.0);
        assert!(window.shows("Server", "Waiting until the port is free…"), "the kernel may take longer");
        window.click("Server", "Stop listening");
        window.until("the end", |window| window.panel("Server").query_by_label("Start listening").is_some());
    });
}

#[test]
fn a_port_in_use_shows_who_holds_it() {
    // Elsewhere, a program that another test starts holds a copy of it until it is executed.
    in_own_network("a_port_in_use_shows_who_holds_it", || {
        let holder = listener();
        let address = holder.local_addr().expect("an address");
        let server = ServerTab { port: address.port().to_string(), ..ServerTab::default() };
        let mut window = Window::with_tabs(server, ClientTab::default());
        window.click("Server", "Start listening");
        let words = format!("bind tcp://{address}: address already in use");
        window.until("the failure", |window| window.shows("Server", &words));
        assert!(window.shows("Server", &format!("(process {}). Stop it, or choose another port.", std::process::id())));
        assert!(window.panel("Server").query_by_label("Start listening").is_some());
        drop(holder);
        window.click("Server", "Start listening");
        window.until("listening", |window| window.shows("Server", &format!("Listening on {address}")));
        assert!(!window.shows("Server", "address already in use"), "the failure is over");
    });
}

#[test]
fn a_refusal_shows_what_to_do_and_can_be_dismissed() {
    let mut window = Window::english();
    let (_held, address) = refusing_tcp();
    window.write("Client", "Port", &address.port().to_string());
    window.click("Client", "Connect");
    let words = format!("connect to tcp://{address}: connection refused");
    window.until("the failure", |window| window.shows("Client", &words));
    assert!(window.shows("Client", "Nobody listens there. Start the server first, or check the port."));
    window.until("the row", |window| window.has_row(&[&words]));
    window.click("Client", "Dismiss");
    assert!(!window.shows("Client", "Nobody listens there."));
}

#[test]
fn an_address_of_another_machine_can_not_be_listened_on() {
    // TEST-NET-1 (RFC 5737): no machine has it.
    let server = ServerTab { address: "192.0.2.1".to_owned(), ..any_port() };
    let mut window = Window::with_tabs(server, ClientTab::default());
    window.click("Server", "Start listening");
    let words = "bind tcp://192.0.2.1:0: this machine does not have that address";
    window.until("the failure", |window| window.shows("Server", words));
}

#[test]
fn the_same_port_is_listened_on_again_at_once() {
    in_own_network("the_same_port_is_listened_on_again_at_once", || {
        let mut window = Window::english();
        window.listen();
        let port = window.listening_port();
        let mut peer = window.peer();
        // Closed here first, the connection stays in TIME_WAIT at this side.
        window.click("Server", "Stop listening");
        window.until("stopped", |window| window.panel("Server").query_by_label("Start listening").is_some());
        assert_eq!(std::io::Read::read(&mut peer, &mut [0]).expect("the end"), 0);
        drop(peer);
        window.write("Server", "Port", &port);
        window.listen();
        let mut peer = window.peer();
        window.write("Server", "Message", "again");
        window.click("Server", "Send");
        assert_eq!(heard(&mut peer, 5), b"again");
        assert!(TcpListener::bind(("127.0.0.1", port.parse().expect("a port"))).is_err());
    });
}

#[test]
fn the_window_says_that_the_ephemeral_ports_are_used_up_and_what_to_do() {
    in_own_network("the_window_says_that_the_ephemeral_ports_are_used_up_and_what_to_do", || {
        std::fs::write("/proc/sys/net/ipv4/ip_local_port_range", "40001 40001").expect("the network is the test's own");
        let peer = TcpListener::bind("127.0.0.1:9001").expect("a peer");
        let held = TcpStream::connect("127.0.0.1:9001").expect("a port");
        peer.accept().expect("its connection");
        let client = ClientTab { port: "9001".to_owned(), ..ClientTab::default() };
        let mut window = Window::with_tabs(any_port(), client);
        for (panel, button, failure) in [
            ("Server", "Start listening", "bind tcp://127.0.0.1:0: every ephemeral port is in use"),
            ("Client", "Connect", "connect to tcp://127.0.0.1:9001: every ephemeral port is in use"),
        ] {
            window.click(panel, button);
            window.until("the failure", |window| window.shows(panel, failure));
            assert!(window.shows(panel, "ip_local_port_range"), "what to do");
        }
        socket2::SockRef::from(&held).set_linger(Some(Duration::ZERO)).expect("SO_LINGER");
        drop(held);
        window.connect_to(&peer);
    });
}

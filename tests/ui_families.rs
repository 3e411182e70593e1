//! Transports that not every system has: chosen, told of before a form is filled in, written for in their own words.

#![cfg(target_os = "linux")]

#[path = "support/app.rs"]
mod app;
#[path = "support/mod.rs"]
mod support;

use std::sync::atomic::{AtomicBool, Ordering};

use egui_kittest::kittest::{NodeT as _, Queryable as _};
use socket2::{Domain, Protocol, Socket, Type};
use sockeye::engine::Surroundings;
use sockeye::model::{Cause, ClientTab, Facility, Failure, Hint, LanguageChoice, Operation, ServerTab, Settings};

use crate::app::{Window, any_port};
use crate::support::{in_own_network, kernel_has, lacking_right, refusing_tcp, require};

fn exists(family: i32, kind: Type, protocol: i32) -> bool {
    Socket::new(Domain::from(family), kind, Some(Protocol::from(protocol))).is_ok()
}

/// Waits for the answers to all that was asked so far, which come in order: nobody has what the client asks for at last.
fn all_is_answered(window: &mut Window) {
    window.write("Client", "Address", "tcp://127.0.0.1:9?proto=253");
    window.until("the last answer", |window| window.shows("Client", "Not available here"));
}

#[test]
fn what_the_system_lacks_is_said_before_anything_is_typed() {
    let can_raw = exists(nix::libc::AF_CAN, Type::RAW, nix::libc::CAN_RAW);
    let bcm = exists(nix::libc::AF_CAN, Type::DGRAM, nix::libc::CAN_BCM);
    let rds = exists(nix::libc::AF_RDS, Type::SEQPACKET, 0);
    for (name, exists, module) in
        [("CAN", can_raw, "can-raw"), ("CAN broadcast manager", bcm, "can-bcm"), ("RDS", rds, "rds_tcp")]
    {
        let mut window = Window::english();
        for panel in ["Server", "Client"] {
            window.choose(panel, "Protocol", name);
            if !exists {
                let remark = format!("sudo modprobe {module}");
                window.until("the remark", |window| window.shows(panel, &remark));
            }
        }
        if exists {
            all_is_answered(&mut window);
            assert!(!window.shows("Server", "Not available here"), "{name}");
            // What has been answered shows at once.
            window.choose("Client", "Protocol", name);
        } else {
            window.choose("Client", "Protocol", "TCP");
        }
        assert!(!window.shows("Client", "Not available here"), "{name}");
    }
}

/// Whether the system of the next test lacks all that it is asked about.
static LACKS_ALL: AtomicBool = AtomicBool::new(true);

#[test]
fn what_has_been_brought_is_said_to_be_missing_no_longer() {
    let probe = |facility: &Facility| {
        let failure = Failure::new(Operation::Open, facility.protocol.scheme(), Cause::AddressFamilyMissing);
        LACKS_ALL.load(Ordering::Relaxed).then(|| failure.with_hint(Hint::LoadModule { module: "such-as".to_owned() }))
    };
    let options = "proto=tcp".to_owned();
    let settings = Settings {
        language: LanguageChoice::English,
        servers: vec![ServerTab { options: options.clone(), ..any_port() }],
        clients: vec![ClientTab { options, ..ClientTab::default() }],
        ..Settings::default()
    };
    let mut window = Window::build_in(Surroundings { probe, ..Surroundings::system() }, settings, |builder| {
        builder.with_size(egui::vec2(1100.0, 760.0))
    });
    let told = |window: &Window| ["Server", "Client"].map(|panel| window.shows(panel, "sudo modprobe such-as"));
    window.until("the remarks", |window| told(window) == [true, true]);

    // A socket is opened and closed; the next one can't be, and that is the end of it.
    LACKS_ALL.store(false, Ordering::Relaxed);
    window.listen();
    window.click("Server", "Stop listening");
    let is_over = |window: &Window| window.panel("Server").query_by_label("Start listening").is_some();
    window.until("the end", |window| is_over(window) && told(window) == [false, true]);
    let (_held, nobody) = refusing_tcp();
    window.write("Client", "Port", &nobody.port().to_string());
    window.click("Client", "Connect");
    window
        .until("the failure", |window| window.shows("Client", "connection refused") && told(window) == [false, false]);

    // Nothing was opened, but somebody was elsewhere meanwhile.
    for lacks in [true, false] {
        LACKS_ALL.store(lacks, Ordering::Relaxed);
        window.harness.event(egui::Event::WindowFocused(false));
        window.harness.step();
        window.harness.event(egui::Event::WindowFocused(true));
        window.until("the answers", |window| told(window) == [lacks, lacks]);
    }
}

#[test]
fn a_right_that_is_missing_is_said_before_anything_is_typed() {
    lacking_right("net_raw", "a_right_that_is_missing_is_said_before_anything_is_typed", || {
        let mut window = Window::english();
        for panel in ["Server", "Client"] {
            for protocol in ["Raw IP", "Link frames"] {
                window.choose(panel, "Protocol", protocol);
                window.until("the remark", |window| window.shows(panel, "Not available here, permission denied. "));
                assert!(window.shows(panel, "CAP_NET_RAW"));
                window.choose(panel, "Protocol", "TCP");
                assert!(!window.shows(panel, "Not available here"));
            }
        }
    });
}

#[test]
fn a_port_that_takes_a_right_is_said_before_a_start() {
    const NAME: &str = "a_port_that_takes_a_right_is_said_before_a_start";
    let test = || {
        let mut window = Window::english();
        window.write("Server", "Port", "1023");
        let words = "Not available here, permission denied. Ports below 1024 need the right CAP_NET_BIND_SERVICE";
        window.until("the remark", |window| window.shows("Server", words));
        window.click("Server", "Start listening");
        window.until("the failure", |window| window.shows("Server", "tcp://127.0.0.1:1023: permission denied"));
        window.write("Server", "Port", "1024");
        all_is_answered(&mut window);
        assert!(!window.shows("Server", "Not available here"));
        window.listen();
        window.click("Server", "Stop listening");
        window.until("the end", |window| window.panel("Server").query_by_label("Start listening").is_some());

        std::fs::write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "81").expect("the test's own network");
        window.choose("Server", "Protocol", "UDP");
        window.write("Server", "Port", "80");
        window.until("the remark", |window| window.shows("Server", "Ports below 81 need the right"));
    };
    in_own_network(NAME, || lacking_right("net_bind_service", NAME, test));
}

#[test]
fn a_port_that_the_right_is_there_for_is_listened_at() {
    in_own_network("a_port_that_the_right_is_there_for_is_listened_at", || {
        let mut window = Window::english();
        window.write("Server", "Port", "1023");
        all_is_answered(&mut window);
        assert!(!window.shows("Server", "Not available here"));
        window.listen();
    });
}

#[test]
fn a_protocol_that_is_switched_off_is_said_before_a_start() {
    in_own_network("a_protocol_that_is_switched_off_is_said_before_a_start", || {
        if !kernel_has(std::fs::write("/proc/sys/net/mptcp/enabled", "0").is_ok(), "MPTCP") {
            return;
        }
        let tab = ServerTab { options: "proto=mptcp".to_owned(), more_open: true, ..any_port() };
        let mut window = Window::with_tabs(tab, ClientTab::default());
        window.until("the remark", |window| window.shows("Server", "sysctl -w net.mptcp.enabled=1"));
        window.click("Server", "Start listening");
        window.until("the failure", |window| window.shows("Server", "open a socket for tcp://127.0.0.1:0?proto=mptcp"));
        window.write("Server", "Socket options", "");
        assert!(!window.shows("Server", "Not available here"));
    });
}

#[test]
fn ipv6_that_is_switched_off_is_said_before_a_start() {
    in_own_network("ipv6_that_is_switched_off_is_said_before_a_start", || {
        for which in ["all", "lo"] {
            let setting = format!("/proc/sys/net/ipv6/conf/{which}/disable_ipv6");
            std::fs::write(setting, "1").expect("a network of the test's own");
        }
        let mut window = Window::english();
        for (panel, protocol) in [("Server", "TCP"), ("Client", "UDP")] {
            window.choose(panel, "Protocol", protocol);
            window.write(panel, "Address", "::1");
            window.until("the remark", |window| window.shows(panel, "IPv6 is switched off on this machine."));
            window.write(panel, "Address", "127.0.0.1");
            assert!(!window.shows(panel, "Not available here"));
        }
        // What listens there hears IPv4 all the same.
        window.write("Server", "Address", "::");
        window.write("Client", "Address", "fe80::1%lo");
        window.until("the remark", |window| window.shows("Client", "IPv6 is switched off on this machine."));
        assert!(!window.shows("Server", "Not available here"));
    });
}

#[test]
fn an_empty_field_for_options_shows_some_that_the_transport_has() {
    let mut window = Window::with_tabs(ServerTab { more_open: true, ..any_port() }, ClientTab::default());
    for (protocol, example) in [
        ("UDP", "reuseaddr=1&rcvbuf=4M"),
        ("Raw IP", "rcvbuf=4M&ttl=8"),
        ("Unix stream", "rcvbuf=4M&recvsize=1024"),
        ("TCP", "reuseaddr=1&rcvbuf=4M"),
    ] {
        window.choose("Server", "Protocol", protocol);
        let field = window.control("Server", "Socket options");
        assert_eq!(field.accesskit_node().placeholder(), Some(example), "{protocol}");
    }
}

/// Raw IP has addresses and no ports.
#[test]
fn a_raw_socket_has_no_local_port_to_choose() {
    let mut window = Window::with_tabs(any_port(), ClientTab { more_open: true, ..ClientTab::default() });
    for (protocol, fields) in [("Raw IP", [true, false]), ("UDP", [true, true]), ("Unix stream", [false, false])] {
        window.choose("Client", "Protocol", protocol);
        let has = |name| window.panel("Client").query_by_label(name).is_some();
        assert_eq!([has("Local address"), has("Local port")], fields, "{protocol}");
    }
}

/// A raw socket for whole packets (IPPROTO_RAW) receives none.
#[test]
fn what_can_only_send_is_not_to_be_listened_with() {
    let mut window = Window::english();
    for panel in ["Client", "Server"] {
        window.write(panel, "Address", "raw://127.0.0.1?proto=raw");
        assert_eq!(window.value(panel, "IP protocol"), "raw");
    }
    // What is asked last is answered last.
    window.until("the answer", |window| window.shows("Server", "only sends"));
    assert!(!window.shows("Client", "only sends"));
}

#[test]
fn a_machine_that_no_transport_leads_to_is_said_before_a_start() {
    let bind = |socket: Socket| socket.bind(&socket2::SockAddr::vsock(1, u32::MAX));
    let is_there = Socket::new(Domain::VSOCK, Type::STREAM, None).is_ok();
    let has_loopback = Socket::new(Domain::VSOCK, Type::STREAM, None).and_then(bind).is_ok();
    if !kernel_has(is_there && !has_loopback, "vsock without its loopback") {
        return;
    }
    let mut window = Window::english();
    window.write("Client", "Address", "vsock://local:9");
    window.until("the remark", |window| window.shows("Client", "sudo modprobe vsock_loopback"));
    assert!(window.shows("Client", "Not available here"));
    window.click("Client", "Connect");
    window.until("the failure", |window| window.shows("Client", "connect to vsock://local:9: no transport"));
    window.write("Server", "Address", "vsock://any:9");
    assert!(window.shows("Server", "virtual machines that run on it, can reach this port"));
    assert!(!window.shows("Server", "Others on the network"));
    all_is_answered(&mut window);
    assert!(!window.shows("Server", "Not available here"));
}

#[test]
fn a_frame_is_written_as_people_write_frames() {
    let mut window = Window::english();
    window.choose("Client", "Protocol", "CAN");
    assert_eq!(window.value("Client", "Address"), "can0");
    assert!(window.panel("Client").query_by_label("Port").is_none());
    assert_eq!(window.value("Client", "Format"), "CAN frame");
    window.write("Client", "Message", "123#DEADBEEF");
    assert!(window.shows("Client", "16 B"), "the bytes of a struct can_frame");
    window.write("Client", "Message", "123#DEADBEEFF");
    let message = window.control("Client", "Message");
    let told = message.accesskit_node().description();
    assert_eq!(told.as_deref(), Some("Character 13: a hex digit is missing its partner"));
    window.choose("Client", "Protocol", "TCP");
    assert_eq!(window.value("Client", "Format"), "Text");
    assert_eq!(window.value("Client", "Address"), "127.0.0.1");
    assert_eq!(window.value("Client", "Port"), "9000");
}

#[test]
fn an_empty_field_shows_how_to_write() {
    let mut window = Window::english();
    let placeholder = |window: &Window| {
        let message = window.control("Client", "Message");
        message.accesskit_node().placeholder().map(str::to_owned).expect("a placeholder")
    };
    assert_eq!(placeholder(&window), "Type a message");
    for (protocol, example) in [("CAN", "123#DEADBEEF"), ("CAN broadcast manager", "TX_SETUP ival2=100ms 123#DEADBEEF")]
    {
        window.choose("Client", "Protocol", protocol);
        assert!(placeholder(&window).ends_with(example), "{protocol}: {}", placeholder(&window));
    }
    window.choose("Client", "Format", "Hex");
    assert_eq!(placeholder(&window), "Type bytes, such as de ad be ef 0a");
}

#[test]
fn a_message_for_the_broadcast_manager_is_written_in_words() {
    let mut window = Window::english();
    window.choose("Client", "Protocol", "CAN broadcast manager");
    assert_eq!(window.value("Client", "Format"), "CAN message");
    window.write("Client", "Message", "TX_SETUP ival2=100ms 123#DEADBEEF");
    assert!(window.shows("Client", "72 B"), "the bytes of a struct bcm_msg_head and a struct can_frame");
    window.write("Client", "Message", "TX_SETUP ival2=100 123#DEADBEEF");
    let told = |window: &Window| window.control("Client", "Message").accesskit_node().description();
    let words = "Character 10: an interval is a whole number with us, ms or s after it, as in 100ms";
    assert_eq!(told(&window).as_deref(), Some(words));
    window.write("Client", "Message", "TX_SETUP ival2=100ms 123#DEADBEEF 123##1AA");
    let words = "Character 35: either all frames are CAN FD frames (123##1AABB), or none is";
    assert_eq!(told(&window).as_deref(), Some(words));
    // Bytes can be written as ever.
    window.choose("Client", "Format", "Hex");
    window.write("Client", "Message", "01 00");
    assert!(window.shows("Client", "2 B"));
}

#[test]
fn a_ping_is_sent_and_its_reply_seen() {
    if !require(exists(nix::libc::AF_INET, Type::RAW, 1), "the right to open raw sockets") {
        return;
    }
    let raw = |settings: ClientTab| ClientTab { protocol: "raw".to_owned(), port: "icmp".to_owned(), ..settings };
    let mut window = Window::with_tabs(ServerTab { ..any_port() }, raw(ClientTab::default()));
    assert_eq!(window.value("Client", "IP protocol"), "icmp");
    assert_eq!(window.value("Client", "Format"), "Ping");
    window.click("Client", "Connect");
    window.until("open", |window| window.shows("Client", "Socket open · "));
    window.write("Client", "Message", "id=4660 seq=7 hello");
    window.click("Client", "Send");
    window.until("the request", |window| window.has_row(&["sent", "13", "echo request id=4660 seq=7, 5 bytes"]));
    let reply = "echo reply id=4660 seq=7, 5 bytes · 127.0.0.1 → 127.0.0.1";
    window.until("the reply", |window| window.has_row(&["received", "33", reply]));
}

#[test]
fn a_pasted_endpoint_chooses_its_transport() {
    let mut window = Window::english();
    for (text, protocol, address, second) in [
        ("raw://127.0.0.1?proto=igmp", "Raw IP", "127.0.0.1", Some(("IP protocol", "igmp"))),
        (
            "packet://02:00:00:00:00:01%eth0?proto=34997",
            "Link frames",
            "02:00:00:00:00:01%eth0",
            Some(("EtherType", "0x88b5")),
        ),
        ("vsock://host:1234", "vsock", "host", Some(("Port", "1234"))),
        ("can://vcan7", "CAN", "vcan7", None),
        ("tcp://[::1]:7", "TCP", "::1", Some(("Port", "7"))),
    ] {
        window.write("Client", "Address", text);
        assert_eq!(window.value("Client", "Protocol"), protocol, "{text}");
        assert_eq!(window.value("Client", "Address"), address, "{text}");
        if let Some((field, value)) = second {
            assert_eq!(window.value("Client", field), value, "{text}");
        }
    }
}

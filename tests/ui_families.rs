//! Transports that not every system has: chosen, told of before a form is filled in, written for in their own words.

#![cfg(target_os = "linux")]

#[path = "support/app.rs"]
mod app;

use egui_kittest::kittest::{NodeT as _, Queryable as _};
use socket2::{Domain, Protocol, Socket, Type};
use sockeye::model::{ClientTab, ServerTab};

use crate::app::{Window, any_port};

fn exists(family: i32, kind: Type, protocol: i32) -> bool {
    Socket::new(Domain::from(family), kind, Some(Protocol::from(protocol))).is_ok()
}

#[test]
fn what_the_system_lacks_is_said_before_anything_is_typed() {
    let can_raw = exists(nix::libc::AF_CAN, Type::RAW, nix::libc::CAN_RAW);
    let bcm = exists(nix::libc::AF_CAN, Type::DGRAM, nix::libc::CAN_BCM);
    let rds = exists(nix::libc::AF_RDS, Type::SEQPACKET, 0);
    let mut window = Window::english();
    for (name, exists, module) in
        [("CAN", can_raw, "can-raw"), ("CAN broadcast manager", bcm, "can-bcm"), ("RDS", rds, "rds_tcp")]
    {
        for panel in ["Server", "Client"] {
            window.choose(panel, "Protocol", name);
            let remark = format!("sudo modprobe {module}");
            if exists {
                window.until("the answer", |window| !window.shows(panel, "Not available here"));
            } else {
                window.until("the remark", |window| window.shows(panel, &remark));
            }
        }
    }
    window.choose("Client", "Protocol", "TCP");
    assert!(!window.shows("Client", "Not available here"));
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
    if !exists(nix::libc::AF_INET, Type::RAW, 1) {
        eprintln!("skipped: the right to open raw sockets is missing");
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "the right to open raw sockets is missing, and CI=true");
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

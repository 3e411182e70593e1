//! What the journal's text column says of bytes that the program knows the meaning of, and that nothing else changes by it.

#[path = "support/raster.rs"]
mod raster;
#[path = "support/window.rs"]
mod window;

use std::time::Duration;

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::codec::can::Frame;
use sockeye::codec::can::bcm::{Message, Opcode};
use sockeye::codec::decode::Decoder;
use sockeye::codec::icmp;
use sockeye::i18n::Language;
use sockeye::model::{Direction, PageRow, Protocol, Role as Side, RowBody, SessionId};
use sockeye::ui::view::FramesFrom;

use window::{Rows, Window, open, received, sent, session};

fn of(session: u64, row: PageRow) -> PageRow {
    PageRow { session: Some(SessionId(session)), ..row }
}

fn can(text: &str) -> Frame {
    text.parse().expect("a frame")
}

/// An IPv4 packet with an echo reply of so many bytes.
fn reply(len: usize) -> Vec<u8> {
    let mut message = icmp::echo_request(icmp::Version::V4, 7, 1, &vec![b'a'; len]);
    message[0] = 0;
    let mut packet = vec![0x45, 0, 0, 0, 0, 1, 0, 0, 64, 1, 0, 0, 127, 0, 0, 1, 127, 0, 0, 2];
    packet.extend(message);
    packet
}

/// The journal keeps the beginning of what is long.
fn cut(row: PageRow) -> PageRow {
    PageRow { preview: row.preview[..PageRow::PREVIEW_MAX].to_vec(), ..row }
}

const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: localhost\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";

fn rows() -> Vec<PageRow> {
    let bcm = Message {
        opcode: Opcode::TxSend,
        flags: 0,
        count: 0,
        first_interval: Duration::ZERO,
        second_interval: Duration::ZERO,
        id: 0x123,
        frames: vec![can("123#DEADBEEF")],
    };
    let (frame, frames) = (b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", REQUEST.len() as u64);
    let after = |row: PageRow, stream_offset| of(7, PageRow { stream_offset, ..row });
    vec![
        of(3, sent(1, &icmp::echo_request(icmp::Version::V4, 7, 1, &[b'a'; 56]))),
        cut(of(3, received(2, &reply(1000)))),
        of(3, received(3, b"no packet")),
        of(4, sent(4, &icmp::echo_request(icmp::Version::V6, 9, 3, b"hello"))),
        of(5, received(5, &can("123##1DEADBEEF").to_bytes())),
        of(6, sent(6, &bcm.to_bytes())),
        after(received(7, REQUEST), 0),
        after(sent(8, ANSWER), 0),
        after(received(9, frame), frames),
        // The first part of a frame, and a second one that looks like a frame of its own.
        after(received(10, b"\x82\x07"), frames + 11),
        after(received(11, b"\x81\x05Hello"), frames + 13),
        after(sent(12, b"\x88\x05\x03\xe8bye"), ANSWER.len() as u64),
        // In session 1 nobody has said what bytes are.
        received(13, REQUEST),
        PageRow {
            body: RowBody::Data { direction: Direction::In, call: sockeye::model::Call::RecvFrom, truncated: true },
            ..of(3, received(14, &reply(5)))
        },
    ]
}

fn window() -> Window {
    let made = rows();
    let mut window = Window::new(Rows::new(made.len() as u64, move |number| made[number as usize - 1].clone()));
    for (id, protocol, decoder) in [
        (3, Protocol::Raw, Decoder::Ipv4 { protocol: 1 }),
        (4, Protocol::Raw, Decoder::IcmpV6),
        (5, Protocol::Can, Decoder::CanFrame),
        (6, Protocol::CanBroadcast, Decoder::CanBroadcast),
        (7, Protocol::Tcp, Decoder::Http),
    ] {
        let mut view = session(id, Side::Server, protocol);
        view.info.decoder = decoder;
        if id == 7 {
            view.frames_from = Some(FramesFrom { received: REQUEST.len() as u64, sent: ANSWER.len() as u64 });
        }
        window.sessions.by_id.insert(view.info.id, view);
    }
    window
}

/// The cells of a row by their names, with what is told of them beside.
fn cells(harness: &Harness<'_, Window>, number: u64) -> Vec<(String, Option<String>)> {
    let table = harness.get_by_role_and_label(Role::Table, "Journal");
    table
        .query_all_by_role(Role::Row)
        .map(|row| {
            let cells = row.query_all_by_role(Role::Cell).map(|cell| cell.accesskit_node());
            cells.map(|cell| (cell.label().unwrap_or_default(), cell.description())).collect::<Vec<_>>()
        })
        .find(|cells| cells.first().is_some_and(|(text, _)| *text == number.to_string()))
        .expect("a row of that number")
}

fn has(harness: &Harness<'_, Window>, number: u64, text: &str, description: Option<&str>) {
    let cells = cells(harness, number);
    let expected = (text.to_owned(), description.map(str::to_owned));
    assert!(cells.contains(&expected), "{number}: {expected:?} in {cells:?}");
}

#[test]
fn what_bytes_mean_stands_in_their_place_and_says_so() {
    let harness = open(window());
    for (number, text, protocol) in [
        (1, "echo request id=7 seq=1, 56 bytes", "ICMP"),
        (2, "echo reply id=7 seq=1, 1000 bytes · 127.0.0.1 → 127.0.0.2", "ICMP"),
        (4, "echo request id=9 seq=3, 5 bytes", "ICMPv6"),
        (5, "123##1DEADBEEF", "CAN"),
        (6, "TX_SEND 123 123#DEADBEEF", "BCM"),
        (7, "GET /chat HTTP/1.1", "HTTP"),
        (8, "HTTP/1.1 101 Switching Protocols", "HTTP"),
        (9, "text Hello", "WebSocket"),
        (10, "binary …", "WebSocket"),
        (12, "close 1000 normal closure bye", "WebSocket"),
    ] {
        has(&harness, number, text, Some(&format!("Decoded as {protocol}")));
    }
    for (number, text) in [(3, "no packet"), (11, "\u{fffd}␅Hello"), (13, "GET /chat HTTP/1.1␍␊Host: localhost␍␊␍␊")]
    {
        has(&harness, number, text, None);
    }
    let truncated = cells(&harness, 14);
    assert!(truncated.iter().all(|(text, description)| !text.contains("echo") && description.is_none()));
    assert_eq!(cells(&harness, 1).iter().filter(|(_, description)| description.is_some()).count(), 1);
}

#[test]
fn bytes_in_hex_and_what_is_copied_stay_what_they_were() {
    let mut harness = open(window());
    has(&harness, 9, "81 85 37 fa 21 3d 7f 9f 4d 51 58", None);
    has(&harness, 4, "80 00 00 00 00 09 00 03 68 65 6c 6c 6f", None);
    harness.get_by_label("text Hello").click();
    harness.run_ok();
    let table = harness.get_by_role_and_label(Role::Table, "Journal");
    table.focus();
    harness.run_ok();
    harness.event(egui::Event::Copy);
    harness.run_ok();
    harness.run_ok();
    let copied = harness.state_mut().copied.take().expect("nothing was copied");
    let columns: Vec<_> = copied.split('\t').collect();
    assert_eq!(columns[7], "\u{fffd}\u{fffd}7\u{fffd}!=\u{7f}\u{fffd}MQX".replace('\u{7f}', "␡"), "{copied}");
    assert_eq!(columns[8], "81 85 37 fa 21 3d 7f 9f 4d 51 58");
}

#[test]
fn in_chinese_it_is_told_too() {
    let mut harness = open(Window { language: Language::Chinese, ..window() });
    let cell = harness.get_by_label("text Hello");
    assert_eq!(cell.accesskit_node().description().as_deref(), Some("按 WebSocket 解码"));
    let at = cell.rect().center();
    harness.hover_at(at);
    harness.run_steps(60);
    assert!(harness.query_by_label("按 WebSocket 解码").is_some(), "the pointer finds it too");
    assert!(harness.query_by_label_contains("MQX").is_some(), "and the bytes as text");
}

//! What is typed and what crosses: encodings, escapes, hex, line endings, and mistakes that send nothing.

#[path = "support/app.rs"]
mod app;

use std::net::TcpStream;

use egui::{Event, Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::model::ClientTab;

use crate::app::{Window, any_port, heard, listener};

fn connected() -> (Window, TcpStream) {
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    let peer = window.connect_to(&listener());
    (window, peer)
}

/// Writes, checks the live count, sends, and takes the bytes at the other end.
fn send(window: &mut Window, peer: &mut TcpStream, message: &str, count: usize) -> Vec<u8> {
    window.write("Client", "Message", message);
    assert!(window.shows("Client", &format!("{count} B")), "the count of {message}");
    window.click("Client", "Send");
    assert_eq!(window.value("Client", "Message"), "", "{message} was not sent");
    heard(peer, count)
}

#[test]
fn every_encoding_sends_its_own_bytes() {
    let (mut window, mut peer) = connected();
    for (encoding, message, bytes) in [
        ("GBK", "你好", &b"\xc4\xe3\xba\xc3"[..]),
        ("GB18030", "你€😀", b"\xc4\xe3\xa2\xe3\x94\x39\xfc\x36"),
        ("Big5", "你好", b"\xa7\x41\xa6\x6e"),
        ("UTF-16LE", "你好", b"\x60\x4f\x7d\x59"),
        ("UTF-16BE", "你好", b"\x4f\x60\x59\x7d"),
        ("Latin-1", "é\u{80}", b"\xe9\x80"),
        ("UTF-8", "你好", b"\xe4\xbd\xa0\xe5\xa5\xbd"),
    ] {
        window.choose("Client", "Encoding", encoding);
        assert_eq!(window.value("Client", "Encoding"), encoding);
        assert_eq!(send(&mut window, &mut peer, message, bytes.len()), bytes, "{encoding}");
    }
}

#[test]
fn escapes_and_hex_send_the_bytes_that_they_name() {
    let (mut window, mut peer) = connected();
    window.choose("Client", "Format", "Escapes");
    assert_eq!(send(&mut window, &mut peer, "a\\r\\n\\t\\0\\\\\\xE4你", 10), b"a\r\n\t\0\\\xe4\xe4\xbd\xa0");
    window.choose("Client", "Format", "Hex");
    for message in ["e4 bd a0", "0xE4 0xBD 0xA0", "E4bdA0"] {
        assert_eq!(send(&mut window, &mut peer, message, 3), b"\xe4\xbd\xa0", "{message}");
    }
}

#[test]
fn a_line_ending_is_added_in_the_encoding_chosen() {
    let (mut window, mut peer) = connected();
    for (ending, bytes) in [("+ CRLF", &b"hi\r\n"[..]), ("+ LF", b"hi\n"), ("+ CR", b"hi\r"), ("No ending", b"hi")] {
        window.choose("Client", "Line ending", ending);
        assert_eq!(send(&mut window, &mut peer, "hi", bytes.len()), bytes, "{ending}");
    }
    window.choose("Client", "Encoding", "UTF-16BE");
    window.choose("Client", "Line ending", "+ LF");
    assert_eq!(send(&mut window, &mut peer, "好", 4), b"\x59\x7d\0\n");
    // A line ending alone is a message.
    assert_eq!(send(&mut window, &mut peer, "", 2), b"\0\n");
}

#[test]
fn a_mistake_shows_where_and_why_and_sends_nothing() {
    let (mut window, mut peer) = connected();
    for (format, encoding, message, mistake) in [
        ("Text", "GBK", "好😀", "Character 2: GBK has no “😀” (U+1F600)"),
        ("Text", "Latin-1", "ok 好", "Character 4: Latin-1 has no “好” (U+597D)"),
        ("Text", "Big5", "简", "Character 1: Big5 has no “简” (U+7B80)"),
        ("Escapes", "UTF-8", "你\\q", "Character 2: there is no escape \\q"),
        ("Escapes", "UTF-8", "ab\\x4", "Character 3: \\x needs two hex digits"),
        ("Escapes", "UTF-8", "ab\\", "Character 3: nothing follows the \\"),
    ] {
        window.choose("Client", "Format", format);
        window.choose("Client", "Encoding", encoding);
        refused(&mut window, message, mistake);
    }
    window.choose("Client", "Format", "Hex");
    refused(&mut window, "e4 b", "Character 4: a hex digit is missing its partner");
    refused(&mut window, "e4 bd g0", "Character 7: “g” is not a hex digit");

    // Whatever got through all the same would stand before this.
    assert_eq!(send(&mut window, &mut peer, "65 6e 64", 3), b"end");
    assert_eq!(window.control("Client", "Message").accesskit_node().description(), None);
}

fn refused(window: &mut Window, message: &str, mistake: &str) {
    window.write("Client", "Message", message);
    let told = window.control("Client", "Message").accesskit_node().description();
    assert_eq!(told.as_deref(), Some(mistake));
    assert!(window.panel("Client").get_by_label("Send").accesskit_node().is_disabled(), "{message}");
    window.press(Key::Enter);
    window.click("Client", "Send");
    assert_eq!(window.value("Client", "Message"), message, "it stays to be put right");
}

#[test]
fn nothing_is_sent_before_there_is_a_connection_or_a_text() {
    let mut window = Window::english();
    window.write("Client", "Message", "too early");
    assert!(window.panel("Client").get_by_label("Send").accesskit_node().is_disabled());
    let mut peer = window.connect_to(&listener());
    window.write("Client", "Message", "");
    assert!(window.panel("Client").get_by_label("Send").accesskit_node().is_disabled());
    window.press(Key::Enter);
    assert_eq!(send(&mut window, &mut peer, "now", 3), b"now");
}

#[test]
fn the_history_keeps_what_was_sent_and_not_what_was_refused() {
    let (mut window, mut peer) = connected();
    window.choose("Client", "Encoding", "GBK");
    window.write("Client", "Message", "😀");
    window.press(Key::Enter);
    window.write("Client", "Message", "好");
    window.press(Key::Enter);
    assert_eq!(heard(&mut peer, 2), b"\xba\xc3");
    window.press(Key::ArrowUp);
    assert_eq!(window.value("Client", "Message"), "好");
    window.press(Key::ArrowUp);
    assert_eq!(window.value("Client", "Message"), "好");
    window.press(Key::Enter);
    assert_eq!(heard(&mut peer, 2), b"\xba\xc3", "Enter sends what was recalled");
}

#[test]
fn typing_goes_on_after_a_click_on_send() {
    let (mut window, mut peer) = connected();
    assert_eq!(send(&mut window, &mut peer, "one", 3), b"one");
    assert!(window.control("Client", "Message").is_focused());
    window.write("Client", "Message", "two");
    window.control("Client", "Send").focus();
    window.harness.step();
    window.press(Key::Space);
    assert_eq!(heard(&mut peer, 3), b"two");
    assert!(window.control("Client", "Message").is_focused(), "pressed by a key too");
    window.choose("Client", "Format", "Hex");
    window.write("Client", "Message", "4z");
    assert!(window.control("Client", "Send").accesskit_node().is_disabled());
    window.click("Client", "Send");
    let message = window.control("Client", "Message");
    assert!(message.is_focused(), "there the mistake is to be put right");
    message.type_text("4");
    window.harness.step();
    assert_eq!(window.value("Client", "Message"), "4z4");
}

/// What a barcode scanner types, or a person in a slow frame: all of these keys come with the next frame.
fn type_in_one_frame(window: &mut Window, keys: &[&str]) {
    window.control("Client", "Message").focus();
    window.harness.step();
    let events = &mut window.harness.input_mut().events;
    for key in keys {
        let pressed = |key, modifiers| {
            [true, false].map(|pressed| Event::Key { key, physical_key: None, pressed, repeat: false, modifiers })
        };
        match *key {
            "Enter" => events.extend(pressed(Key::Enter, Modifiers::NONE)),
            "Shift+Enter" => events.extend(pressed(Key::Enter, Modifiers::SHIFT)),
            "Up" => events.extend(pressed(Key::ArrowUp, Modifiers::NONE)),
            text => events.extend(text.chars().map(|c| Event::Text(c.to_string()))),
        }
    }
    window.harness.step();
}

#[test]
fn enter_sends_what_was_typed_in_the_same_frame() {
    let (mut window, mut peer) = connected();
    type_in_one_frame(&mut window, &["x", "Enter"]);
    assert_eq!(heard(&mut peer, 1), b"x");
    // A mistake that is put right.
    window.choose("Client", "Format", "Hex");
    window.write("Client", "Message", "4");
    type_in_one_frame(&mut window, &["1", "Enter"]);
    assert_eq!(heard(&mut peer, 1), b"A");
    // A mistake that is made.
    type_in_one_frame(&mut window, &["4z", "Enter"]);
    window.harness.step();
    assert_eq!(window.value("Client", "Message"), "4z", "it stays to be put right");
}

#[test]
fn each_enter_of_a_frame_sends_what_was_typed_before_it() {
    let (mut window, mut peer) = connected();
    type_in_one_frame(&mut window, &["a", "Shift+Enter", "b", "Enter", "cd", "Enter", "Up", "rest"]);
    window.until("all of it is taken in", |window| window.value("Client", "Message").ends_with("rest"));
    assert_eq!(window.value("Client", "Message"), "cdrest", "after what was recalled");
    assert_eq!(heard(&mut peer, 5), b"a\nbcd");
    // Each of them is a message, with its line ending.
    window.choose("Client", "Line ending", "+ CRLF");
    window.write("Client", "Message", "");
    type_in_one_frame(&mut window, &["ab", "Enter", "cd", "Enter"]);
    window.until("both are sent", |window| window.value("Client", "Message").is_empty());
    assert_eq!(heard(&mut peer, 8), b"ab\r\ncd\r\n");
}

//! What the inspector makes of a row's bytes: what they mean, the values under the cursor, and how they differ from another
//! row's; driven by the names that a person hears and by keys.

#[path = "support/raster.rs"]
mod raster;
#[path = "support/window.rs"]
mod window;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{By, NodeT as _, Queryable as _};
use sockeye::i18n::Language;
use sockeye::model::{PageRow, Peer, Protocol, Role as Side, SessionId};

use window::{Rows, Window, builder, received, sent, session};

const READ: &[u8] = b"\0\x01\0\0\0\x06\x11\x03\0\x6b\0\x03";
const TEXT: &[u8] = b"temperature=21";
const QUERY: &[u8] = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\x03com\0\0\x01\0\x01";
const PUBLISH: &[u8] = b"\x30\x09\0\x01a\0hello";
const JSON: &[u8] = br#"{"name":"Alba","temperature":21.50}"#;

fn of(session: u64, row: PageRow) -> PageRow {
    PageRow { session: Some(SessionId(session)), ..row }
}

/// The rows below each other in a window that shows the inspector, none of them chosen.
fn open(language: Language, rows: Vec<PageRow>) -> Harness<'static, Window> {
    let mut window = Window::new(Rows::new(rows.len() as u64, move |number| rows[number as usize - 1].clone()));
    window.inspector_height = 420.0;
    window.language = language;
    for (id, protocol, port) in [(3, Protocol::Tcp, 502), (4, Protocol::Udp, 53), (5, Protocol::Tcp, 1883)] {
        let mut view = session(id, Side::Client, protocol);
        view.info.peer = Peer::Ip(([127, 0, 0, 1], port).into());
        window.sessions.by_id.insert(view.info.id, view);
    }
    let mut harness =
        builder(1200.0, 800.0, egui::Theme::Light).build_ui_state(|ui, window: &mut Window| window.show(ui), window);
    harness.run();
    harness
}

fn choose(harness: &mut Harness<'_, Window>, number: u64) {
    let table = harness.get_by_role(Role::Table);
    let row = table
        .query_all_by_role(Role::Row)
        .find(|row| {
            row.query_all_by_role(Role::Cell).any(|cell| cell.accesskit_node().label() == Some(number.to_string()))
        })
        .expect("a row of that number");
    row.click();
    harness.run_ok();
    harness.run_ok();
}

fn click(harness: &mut Harness<'_, Window>, name: &str) {
    harness.get(By::new().role(Role::Button).label(name)).click();
    harness.run_ok();
    harness.run_ok();
}

fn shows(harness: &Harness<'_, Window>, text: &str) -> bool {
    harness.query_all_by_role(Role::Label).any(|label| label.accesskit_node().value().as_deref() == Some(text))
}

#[track_caller]
fn expect(harness: &Harness<'_, Window>, texts: &[&str]) {
    for text in texts {
        assert!(shows(harness, text), "{text:?} is not there");
    }
}

/// What a person hears of the selected bytes.
fn selected(harness: &Harness<'_, Window>, name: &str) -> String {
    harness.get_by_role_and_label(Role::Document, name).accesskit_node().value().unwrap_or_default()
}

#[test]
fn bytes_are_recognized_by_port_or_content() {
    let mut harness = open(
        Language::English,
        vec![
            of(3, sent(1, READ)),
            of(4, sent(2, QUERY)),
            of(5, received(3, PUBLISH)),
            received(4, JSON),
            received(5, TEXT),
        ],
    );
    for (number, texts) in [
        (1, &["Modbus/TCP, by port 502", "3 (Read Holding Registers)", "3 from 107"][..]),
        (2, &["DNS, by port 53", "example.com. IN A"]),
        (3, &["MQTT 5, by port 1883", "3 (PUBLISH)", "5 bytes hello"]),
        (4, &["JSON, by its content", "/name = \"Alba\"", "/temperature = 21.50"]),
    ] {
        choose(&mut harness, number);
        expect(&harness, texts);
    }
    choose(&mut harness, 5);
    assert!(harness.query_by_role_and_label(Role::Group, "Decoded").is_none(), "text is what it is");
}

#[test]
fn the_user_says_what_bytes_are() {
    let mut harness =
        open(Language::English, vec![received(1, PUBLISH), received(2, JSON), of(2, received(3, PUBLISH))]);
    choose(&mut harness, 1);
    assert!(harness.query_by_role_and_label(Role::Group, "Decoded").is_none());
    click(&mut harness, "Decode as");
    click(&mut harness, "MQTT 5");
    expect(&harness, &["MQTT 5, as chosen", "5 bytes hello"]);
    // All rows of the session are read so, in the journal too; of other sessions nobody has said anything.
    let cells = |harness: &Harness<'_, Window>| harness.query_all_by_label("PUBLISH a hello").count();
    assert_eq!(cells(&harness), 1);
    choose(&mut harness, 2);
    expect(&harness, &["These bytes are not MQTT 5"]);
    choose(&mut harness, 3);
    assert!(harness.query_by_role_and_label(Role::Group, "Decoded").is_none());
    choose(&mut harness, 2);
    click(&mut harness, "Decode as");
    click(&mut harness, "Plain text");
    assert!(harness.query_by_role_and_label(Role::Group, "Decoded").is_none());
    assert_eq!(cells(&harness), 0);
    click(&mut harness, "Decode as");
    click(&mut harness, "Automatic");
    expect(&harness, &["JSON, by its content"]);
}

#[test]
fn of_a_long_payload_the_beginning_is_read_and_the_rest_told() {
    // Made up from the beginning again and again: so many texts behind each other.
    let long = PageRow { len: 35 * 60_000, ..received(1, JSON) };
    let mut harness = open(Language::English, vec![long]);
    choose(&mut harness, 1);
    expect(&harness, &["JSON, by its content", "the first 65,536 B, 2,034,464 B left out"]);
}

#[test]
fn values_at_the_cursor_are_shown_and_copied() {
    let bytes = [&[0xff, 0xfe][..], &1_790_000_000_u32.to_be_bytes(), "你好".as_bytes(), &[0; 4]].concat();
    let mut harness = open(Language::English, vec![received(1, &bytes)]);
    choose(&mut harness, 1);
    assert!(harness.query_by_label("At 0x0").is_none(), "nobody has asked for values");
    click(&mut harness, "Values");
    let button =
        |harness: &Harness<'_, Window>, name: &str| harness.query_by_role_and_label(Role::Button, name).is_some();
    for value in ["u8 255", "i8 -1", "u16 Little-endian 65279", "u16 Big-endian 65534", "i16 Big-endian -2"] {
        assert!(button(&harness, value), "{value}");
    }
    harness.get_by_role_and_label(Role::Document, "Bytes").focus();
    harness.run_ok();
    for _ in 0..2 {
        harness.key_press(Key::ArrowRight);
    }
    harness.run_ok();
    expect(&harness, &["At 0x2"]);
    // The zone of the tests is eight hours ahead.
    click(&mut harness, "Unix s, 32 bits Big-endian 2026-09-21 22:13:20");
    assert_eq!(harness.state_mut().copied.take().as_deref(), Some("2026-09-21 22:13:20"));
    click(&mut harness, "u32 Big-endian 1790000000");
    assert_eq!(harness.state_mut().copied.take().as_deref(), Some("1790000000"));
    harness.get_by_role_and_label(Role::Document, "Bytes").focus();
    harness.run_ok();
    for _ in 0..4 {
        harness.key_press(Key::ArrowRight);
    }
    harness.run_ok();
    assert!(button(&harness, "UTF-8 你"), "the character at the cursor");
    for _ in 0..5 {
        harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowRight);
    }
    harness.run_ok();
    expect(&harness, &["6 B selected, 0x6 to 0xb", "At 0x6"]);
    assert!(button(&harness, "UTF-8 你好"), "what is selected");
    // At the end there are fewer bytes than a large number takes.
    harness.key_press(Key::End);
    harness.run_ok();
    expect(&harness, &["At 0xf"]);
    assert!(button(&harness, "u8 0") && harness.query_by_label_contains("u16").is_none());
}

/// The context menu of the chosen row.
fn compare_with(harness: &mut Harness<'_, Window>, number: u64) {
    choose(harness, number);
    let table = harness.get_by_role(Role::Table);
    let cell = table
        .query_all_by_role(Role::Cell)
        .find(|cell| cell.accesskit_node().label() == Some(number.to_string()))
        .expect("a cell");
    cell.click_secondary();
    harness.run_ok();
    harness.get_by_role_and_label(Role::Button, "Compare with…").click();
    harness.run_ok();
    harness.run_ok();
}

#[test]
fn two_rows_are_compared_byte_for_byte() {
    let mut harness =
        open(Language::English, vec![received(1, b"abcdefgh"), received(2, b"abXXefYhij"), sent(3, b"abcdefgh")]);
    compare_with(&mut harness, 1);
    expect(&harness, &["Choose a row to compare with row #1"]);
    choose(&mut harness, 2);
    expect(&harness, &["3 B differ · #2 is 2 B longer"]);
    let both = |harness: &Harness<'_, Window>| ["Bytes of row 1", "Bytes of row 2"].map(|name| selected(harness, name));
    for bytes in [["63", "58"], ["67", "59"], ["", "69"], ["", "69"]] {
        click(&mut harness, "Next difference");
        assert_eq!(both(&harness), bytes);
    }
    click(&mut harness, "Previous difference");
    assert_eq!(both(&harness), ["67", "59"]);
    // By keys: from one side, whose cursor the other follows, and back to the first difference.
    harness.get_by_role_and_label(Role::Document, "Bytes of row 2").focus();
    harness.run_ok();
    harness.key_press(Key::Home);
    harness.run_ok();
    harness.run_ok();
    assert_eq!(both(&harness), ["61", "61"]);
    harness.key_press_modifiers(Modifiers::ALT, Key::ArrowDown);
    harness.run_ok();
    harness.run_ok();
    assert_eq!(both(&harness), ["63", "58"]);
    choose(&mut harness, 3);
    expect(&harness, &["The bytes are the same"]);
    assert!(harness.get_by_label("Next difference").accesskit_node().is_disabled());
    click(&mut harness, "Stop comparing");
    assert!(harness.query_by_role_and_label(Role::Document, "Bytes").is_some());
}

/// What stands in `all` frames one after the other, each text once.
fn told(harness: &mut Harness<'_, Window>, all: usize, is_meant: fn(&str) -> bool) -> Vec<String> {
    let mut told = Vec::new();
    for _ in 0..all {
        harness.step();
        let labels = harness.query_all_by_role(Role::Label).filter_map(|label| label.accesskit_node().value());
        told.extend(labels.filter(|text| is_meant(text)));
    }
    told
}

#[test]
fn a_peer_beside_compared_bytes_hides_nothing() {
    let hidden = PageRow { peer: "/run/a\u{202e}b".to_owned(), ..received(2, b"abXXef") };
    let mut harness = open(Language::English, vec![received(1, b"abcdefgh"), hidden]);
    compare_with(&mut harness, 1);
    choose(&mut harness, 2);
    expect(&harness, &["#2 · 6 B · /run/a·b"]);
}

#[test]
fn compared_bytes_are_copied() {
    let mut harness = open(Language::English, vec![received(1, b"abcdefgh"), received(2, b"abXXef")]);
    compare_with(&mut harness, 1);
    choose(&mut harness, 2);
    let pane = |harness: &Harness<'_, Window>, keys: &[(Modifiers, Key)]| {
        harness.get_by_role_and_label(Role::Document, "Bytes of row 2").focus();
        keys.iter().for_each(|(modifiers, key)| harness.key_press_modifiers(*modifiers, *key));
    };
    pane(&harness, &[(Modifiers::NONE, Key::Home)]);
    harness.run_ok();
    // Beyond the end of the shorter one, of which there is as much as there is.
    pane(&harness, &[(Modifiers::NONE, Key::ArrowRight), (Modifiers::SHIFT, Key::End)]);
    harness.run_ok();
    harness.event(egui::Event::Copy);
    harness.run_ok();
    assert_eq!(harness.state_mut().copied.take().as_deref(), Some("62 58 58 65 66"));
    harness.get_by_role_and_label(Role::Document, "Bytes of row 1").click_secondary();
    harness.run_ok();
    click(&mut harness, "Copy as text");
    assert_eq!(harness.state_mut().copied.take().as_deref(), Some("bcdefgh"));
}

#[test]
fn long_payloads_are_compared_over_several_frames() {
    const LEN: u64 = 5 << 20;
    let row = |number, len: u64, bytes: &[u8]| PageRow { len, ..received(number, bytes) };
    let mut other = [7; 512];
    other[100] = 8;
    let rows = vec![row(1, LEN, &[7; 512]), row(2, LEN, &other), row(3, LEN + 1, &[7; 512])];
    let mut harness = open(Language::English, rows);
    compare_with(&mut harness, 1);
    // One byte of each 512, in a megabyte after the other.
    harness.get_by_role(Role::Table).focus();
    harness.key_press(Key::ArrowDown);
    let mut counted = told(&mut harness, 20, |text| text.contains("differ"));
    counted.dedup();
    let so_far = ["2,048 B", "4,096 B", "6,144 B", "8,192 B"].map(|count| format!("{count} differ so far"));
    assert_eq!(counted.split_last(), Some((&"10,240 B differ".to_owned(), &so_far[..])));
    click(&mut harness, "Next difference");
    click(&mut harness, "Next difference");
    assert_eq!(selected(&harness, "Bytes of row 2"), "08");

    // All but the last byte of the longer one are passed over.
    harness.get_by_role(Role::Table).focus();
    harness.key_press(Key::ArrowDown);
    told(&mut harness, 20, |_| false);
    expect(&harness, &["0 B differ · #3 is 1 B longer"]);
    for name in ["Next difference", "Previous difference"] {
        harness.get(By::new().role(Role::Button).label(name)).click();
        let frames = told(&mut harness, 20, |text| text == "Looking for a difference…").len();
        assert!(frames >= 4, "{frames} frames of {name}");
        // It ends by itself as well, and not only with the next frame that something else asks for.
        harness.get(By::new().role(Role::Button).label(name)).click();
        for _ in 0..10 {
            harness.run_ok();
        }
        assert!(harness.query_by_label("Looking for a difference…").is_none(), "{name}");
    }
}

#[test]
fn in_chinese_all_of_it_is_told() {
    let mut harness = open(Language::Chinese, vec![received(1, JSON), received(2, TEXT)]);
    choose(&mut harness, 1);
    expect(&harness, &["JSON，依据内容"]);
    click(&mut harness, "数值");
    assert!(harness.query_by_label("u16 小端 8827").is_some());
    harness.get_by_label("解码方式").click();
    harness.run_ok();
    assert!(harness.query_by_label("自动").is_some() && harness.query_by_label("纯文本").is_some());
}

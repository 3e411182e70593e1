//! A CAN frame's fields and its text, in step both ways: what one says, the other says too.

#[path = "support/app.rs"]
mod app;

use egui::Key;
use egui::accesskit::Toggled;
use egui_kittest::kittest::NodeT as _;
use sockeye::model::{ClientTab, LanguageChoice};

use crate::app::{Window, any_port};

fn on_a_bus() -> Window {
    let tab = ClientTab { protocol: "can".to_owned(), address: "vcan0".to_owned(), ..ClientTab::default() };
    Window::with_tabs(any_port(), tab)
}

fn is_on(window: &Window, name: &str) -> bool {
    window.control("Client", name).accesskit_node().toggled() == Some(Toggled::True)
}

fn is_disabled(window: &Window, name: &str) -> bool {
    window.control("Client", name).accesskit_node().is_disabled()
}

#[track_caller]
fn says(window: &Window, text: &str) {
    assert_eq!(window.value("Client", "Message"), text);
}

#[test]
fn the_fields_write_the_text() {
    let mut window = on_a_bus();
    says(&window, "");
    window.write("Client", "Identifier", "12");
    says(&window, "012#");
    assert_eq!(window.value("Client", "Identifier"), "12", "what is being typed stays as it is");
    window.write("Client", "Data", "de ad be ef");
    says(&window, "012#DEADBEEF");
    for (name, text) in [
        ("Extended", "00000012#DEADBEEF"),
        ("FD", "00000012##0DEADBEEF"),
        ("BRS", "00000012##1DEADBEEF"),
        ("ESI", "00000012##3DEADBEEF"),
        ("Extended", "012##3DEADBEEF"),
        ("Remote", "012#R"),
    ] {
        window.click("Client", name);
        says(&window, text);
    }
    assert!(is_disabled(&window, "Data") && is_disabled(&window, "BRS") && !is_on(&window, "FD"));
    window.write("Client", "Length", "4");
    says(&window, "012#R4");
    window.click("Client", "FD");
    assert!(!is_on(&window, "Remote"), "CAN FD has no remote frames");
    // Beyond 11 bits, it has to be extended.
    window.write("Client", "Identifier", "1F334455");
    assert!(is_on(&window, "Extended"));
    says(&window, "1F334455##3DEADBEEF");
    // By keyboard.
    window.control("Client", "BRS").focus();
    window.press(Key::Space);
    says(&window, "1F334455##2DEADBEEF");
    window.press(Key::Tab);
    window.press(Key::Space);
    says(&window, "1F334455##0DEADBEEF");
}

#[test]
fn the_text_fills_the_fields() {
    let mut window = on_a_bus();
    let fields = |window: &Window| ["Identifier", "Length", "Data"].map(|name| window.value("Client", name));
    let ticks = |window: &Window| ["Extended", "Remote", "FD", "BRS", "ESI"].map(|name| is_on(window, name));
    for (text, expected, ticked) in [
        ("123#DEAD", ["123", "", "DE AD"], [false; 5]),
        ("1F334455##1de.ad", ["1F334455", "", "DE AD"], [true, false, true, true, false]),
        ("7DF#R8", ["7DF", "8", ""], [false, true, false, false, false]),
        ("20000004#00", ["20000004", "", "00"], [true, false, false, false, false]),
        // What can't be sent is shown as far as it goes.
        ("123#DEA", ["123", "", "DE A"], [false; 5]),
    ] {
        window.write("Client", "Message", text);
        assert_eq!((fields(&window), ticks(&window)), (expected.map(str::to_owned), ticked), "{text}");
        says(&window, text);
    }
}

#[test]
fn a_flag_without_a_meaning_is_a_mistake() {
    let mut window = on_a_bus();
    window.write("Client", "Message", "123##8AA");
    let message = window.control("Client", "Message");
    let words = message.accesskit_node().description().unwrap_or_default();
    assert!(words.contains("Character 6") && words.contains("flags"), "{words}");
    // The form has the flags that there are.
    window.click("Client", "BRS");
    says(&window, "123##1AA");
}

#[test]
fn other_formats_have_no_such_fields_and_chinese_ones_have_names() {
    let mut window = on_a_bus();
    window.choose("Client", "Format", "Hex");
    assert!(!window.shows("Client", "Extended"));
    let tab = ClientTab { protocol: "can".to_owned(), address: "vcan0".to_owned(), ..ClientTab::default() };
    let settings = sockeye::model::Settings {
        language: LanguageChoice::Chinese,
        clients: vec![tab],
        ..sockeye::model::Settings::default()
    };
    let window = Window::open(settings);
    for name in ["标识符", "扩展", "远程", "长度", "FD", "BRS", "ESI", "数据"] {
        window.control("客户端", name);
    }
}

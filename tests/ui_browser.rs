//! Browsers answered from the window, over real sockets.

#[path = "support/app.rs"]
mod app;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::model::{ClientTab, ServerTab};
use sockeye::ui::{Choice, Picker, Wanted};

use crate::app::{Window, any_port, heard};

fn shows_anywhere(window: &Window, text: &str) -> bool {
    window
        .harness
        .query_all_by_role(Role::Label)
        .any(|label| label.accesskit_node().value().is_some_and(|value| value.contains(text)))
}

/// Whether a cell of the journal contains this.
fn has_cell(window: &Window, part: &str) -> bool {
    window.journal().iter().flatten().any(|cell| cell.contains(part))
}

/// The words of the rows that are selected.
fn selected(window: &Window) -> Vec<String> {
    let rows = window.harness.get_by_role_and_label(Role::Table, "Journal");
    let rows = rows.query_all_by_role(Role::Row).filter(|row| row.accesskit_node().is_selected() == Some(true));
    let cells = rows.flat_map(|row| row.query_all_by_role(Role::Cell).collect::<Vec<_>>());
    cells.filter_map(|cell| cell.accesskit_node().label()).collect()
}

#[test]
fn a_page_is_chosen_asked_for_and_seen() {
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    window.click("Server", "More");
    window.choose("Server", "Answer browsers", "With a page");
    window.write("Server", "Page text", "<h1>你好");
    assert!(window.panel("Server").query_by_label("Open in browser").is_none(), "nobody listens yet");
    window.listen();
    window.until("the way to a browser", |window| {
        window.panel("Server").query_by_role_and_label(Role::Button, "Open in browser").is_some()
    });
    window.click("Server", "More");
    let port = window.listening_port();
    assert!(window.shows("Server", &format!("http://127.0.0.1:{port}/")));

    let mut peer = window.peer();
    write!(
        peer,
        "GET /a?b HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    .expect("two requests");
    let mut answers = String::new();
    peer.read_to_string(&mut answers).expect("the answers");
    assert!(answers.starts_with("HTTP/1.1 404 Not Found\r\n") && answers.ends_with("\r\n\r\n<h1>你好"), "{answers}");
    window
        .until("the requests", |window| has_cell(window, "GET / → 200, 10 B") && has_cell(window, "GET /a?b → 404, "));
    assert!(!window.shows("Server", "→ 200"), "the journal has them, the panel needn't");
    // The last error is not the last request, which was met.
    window.harness.key_press_modifiers(Modifiers::SHIFT, Key::F8);
    window.until("a failure or notice", |window| !selected(window).is_empty());
    let error = selected(&window);
    assert!(error.iter().any(|cell| cell.contains("GET /a?b → 404")), "{error:?}");

    let rows = window.harness.get_by_role_and_label(Role::Table, "Journal");
    rows.query_all_by_label_contains("GET /a?b HTTP/1.1").next().expect("the bytes received").click();
    window
        .until("what they mean", |window| shows_anywhere(window, "/a?b") && shows_anywhere(window, "Host: localhost"));
    let decoded = window.harness.get_by_role_and_label(Role::Group, "Decoded");
    assert!(decoded.query_by_label("method").is_some());
}

#[test]
fn a_message_goes_out_as_a_frame_and_frames_are_decoded() {
    let mut window = Window::with_tabs(
        ServerTab { browser: "page".to_owned(), page: "x".to_owned(), ..any_port() },
        ClientTab::default(),
    );
    window.listen();
    let mut peer = window.peer();
    window.write("Server", "Message", "too early");
    window.click("Server", "Send");
    window.until("why not", |window| window.shows("Server", "a browser takes messages only over a WebSocket"));
    peer.write_all(
        b"GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    )
    .expect("a handshake");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(heard(&mut peer, 1));
    }
    window.until("the upgrade", |window| has_cell(window, "GET /chat → 101, the connection is now a WebSocket"));
    window.write("Server", "Message", "你好");
    window.click("Server", "Send");
    assert_eq!(heard(&mut peer, 8), "\u{81}\u{6}".chars().map(|c| c as u8).chain("你好".bytes()).collect::<Vec<_>>());

    peer.write_all(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58").expect("a frame");
    window.until("the frame", |window| window.has_row(&["81 85 37 fa 21 3d 7f 9f 4d 51 58", "text Hello"]));
    assert!(window.has_row(&["sent", "text 你好"]) && has_cell(&window, "HTTP/1.1 101 Switching Protocols"));
    let rows = window.harness.get_by_role_and_label(Role::Table, "Journal");
    rows.query_all_by_label_contains("81 85 37 fa").next().expect("the frame").click();
    window.until("what it means", |window| {
        shows_anywhere(window, "0x1 (text)") && shows_anywhere(window, "37 fa 21 3d") && shows_anywhere(window, "Hello")
    });
}

#[test]
fn a_folder_has_to_be_named_before_it_is_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("index.html"), "<p>index").expect("a file");
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    window.click("Server", "More");
    window.choose("Server", "Answer browsers", "With a folder");
    window.click("Server", "Start listening");
    window.until("what is missing", |window| window.shows("Server", "Choose what browsers are shown first"));
    window.write("Server", "Folder to show", folder.path().to_str().expect("UTF-8"));
    window.listen();
    let mut peer = window.peer();
    write!(peer, "GET / HTTP/1.0\r\n\r\n").expect("a request");
    let mut answer = String::new();
    peer.read_to_string(&mut answer).expect("the answer");
    assert!(answer.ends_with("\r\n\r\n<p>index"), "{answer}");
}

/// Chooses this in place of a person, if that is what is asked for.
struct Chooses(Wanted, std::path::PathBuf);

impl Picker for Chooses {
    fn pick(&self, _: Option<&eframe::Frame>, _: &str, wanted: Wanted) -> Choice {
        let path = (wanted == self.0).then(|| vec![self.1.clone()]);
        Box::pin(async { path })
    }
}

#[test]
fn what_a_dialog_chose_is_shown_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.txt");
    std::fs::write(&file, "你好").expect("a file");
    let settings = ServerTab { browser: "page".to_owned(), more_open: true, ..any_port() };
    let mut window = Window::with_tabs(settings, ClientTab::default());
    window.listen();
    let cases = [
        ("With a file", "Choose file…", "File to show", Wanted::File, file, "你好"),
        ("With a folder", "Choose folder…", "Folder to show", Wanted::Folder, folder.path().to_owned(), "a.txt"),
    ];
    for (kind, button, field, wanted, path, expected) in cases {
        window.harness.state_mut().as_mut().expect("the app").set_picker(Box::new(Chooses(wanted, path.clone())));
        window.choose("Server", "Answer browsers", kind);
        window.click("Server", button);
        let path = path.to_str().expect("UTF-8");
        window.until("the choice", |window| window.value("Server", field) == path);
        // Who connects at that moment may still be answered as before, or not at all where a folder is wanted and the file
        // stands in its place.
        window.until("an answer with it", |window| {
            let port = window.listening_port().parse::<u16>().expect("a port");
            let mut peer = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
            let mut answer = String::new();
            let asked = peer.write_all(b"GET / HTTP/1.0\r\n\r\n").and_then(|()| peer.read_to_string(&mut answer));
            asked.is_ok() && answer.starts_with("HTTP/1.1 200 ") && answer.contains(expected)
        });
    }
}

#[test]
fn what_a_dialog_chose_is_refused_in_words_where_its_path_is_no_text() {
    use std::os::unix::ffi::OsStrExt as _;
    let path = std::path::PathBuf::from(std::ffi::OsStr::from_bytes(b"/odd-\xff"));
    let settings = ServerTab { browser: "folder".to_owned(), site: "/site".to_owned(), more_open: true, ..any_port() };
    let mut window = Window::with_tabs(settings, ClientTab::default());
    window.harness.state_mut().as_mut().expect("the app").set_picker(Box::new(Chooses(Wanted::Folder, path)));
    window.click("Server", "Choose folder…");
    window.until("the words", |window| window.shows("Server", "/odd-\u{fffd} can't be used here"));
    assert_eq!(window.value("Server", "Folder to show"), "/site");
}

/// Set for a run of this test program that is a child of another, whose browser is not the machine's.
const CHILD: &str = "SOCKEYE_TEST_BROWSER_MARK";

/// Does nothing by itself: a process's environment, which decides on the browser, is set when it starts.
#[test]
fn child_that_opens_a_browser() {
    let Ok(mark) = std::env::var(CHILD) else { return };
    let settings = ServerTab { browser: "page".to_owned(), page: "x".to_owned(), ..any_port() };
    let mut window = Window::with_tabs(settings, ClientTab::default());
    window.listen();
    let url = format!("http://127.0.0.1:{}/", window.listening_port());
    window.click("Server", "Open in browser");
    if mark.is_empty() {
        window.until("the address to open by hand", |window| {
            window.shows("Server", &format!("open in a browser {url}: no browser was found on this system"))
                && window.shows("Server", "Copy the address into the address bar of a browser")
        });
    } else {
        let mark = std::path::Path::new(&mark);
        window.until("the browser", |_| std::fs::read_to_string(mark).is_ok_and(|text| text == format!("{url}\n")));
    }
}

/// Runs [`child_that_opens_a_browser`] where `path` is all that programs are looked for in.
fn open_with(browser: &str, path: &std::path::Path, mark: &str) {
    let mut child = std::process::Command::new(std::env::current_exe().expect("this program"));
    child.args(["--exact", "child_that_opens_a_browser"]).env(CHILD, mark).env("BROWSER", browser).env("PATH", path);
    let output = child.output().expect("it can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn one_click_opens_the_systems_browser() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let (browser, mark) = (folder.path().join("browser"), folder.path().join("mark"));
    // Renamed, so that nobody reads half of it.
    let program = format!("#!/bin/sh\necho \"$1\" > '{0}.new' && /bin/mv '{0}.new' '{0}'\n", mark.display());
    std::fs::write(&browser, program).expect("a file");
    std::fs::set_permissions(&browser, std::fs::Permissions::from_mode(0o755)).expect("rights");
    open_with(browser.to_str().expect("UTF-8"), folder.path(), mark.to_str().expect("UTF-8"));
}

#[test]
fn without_a_browser_the_address_is_there_to_copy() {
    let nothing = tempfile::tempdir().expect("a folder");
    open_with("", nothing.path(), "");
}

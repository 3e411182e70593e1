//! Verified files in the window: beside a conversation, both ways, asked for where they come from another machine, let rest
//! and limited.

#[path = "support/app.rs"]
mod app;
#[path = "support/mod.rs"]
mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;

use egui::Key;
use egui_kittest::kittest::Queryable as _;
use sockeye::model::{ClientTab, ComposerSettings, SendMode, ServerTab};
use tempfile::TempDir;

use crate::app::{Window, any_port};
use crate::support::{folder, write};

/// Bytes that a disk takes time for, and more than a connection's buffers hold.
fn large(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("large.bin");
    std::fs::File::create(&path).and_then(|file| file.set_len(2 << 30)).expect("a file");
    path
}

fn server(into: &TempDir) -> ServerTab {
    let folder = into.path().display().to_string();
    ServerTab { receive: "verified".to_owned(), folder, ..any_port() }
}

fn client() -> ClientTab {
    let composer = ComposerSettings { send_mode: SendMode::Verified, ..ComposerSettings::default() };
    ClientTab { composer, ..ClientTab::default() }
}

fn send(window: &mut Window, panel: &str, path: &std::path::Path) {
    window.type_path(panel, &path.display().to_string());
    window.press(Key::Enter);
}

fn say(window: &mut Window, panel: &str, words: &str) {
    window.write(panel, "Message", words);
    window.press(Key::Enter);
}

#[test]
fn a_file_is_sent_beside_the_talk_and_its_hash_copied() {
    let [from, into] = [folder(), folder()];
    let path = write(from.path(), "固件.bin", &[7; 100_000]);
    let mut window = Window::with_tabs(server(&into), client());
    window.connect();
    say(&mut window, "Client", "你好");
    send(&mut window, "Client", &path);
    window.until("both to know", |window| {
        ["Client", "Server"].iter().all(|panel| window.shows(panel, "verified by both sides"))
    });
    assert_eq!(std::fs::read(into.path().join("固件.bin")).expect("the file"), [7; 100_000]);
    assert!(window.has_client(" · files"), "a connection of its own");
    for panel in ["Client", "Server"] {
        window.control(panel, "Copy the BLAKE3 hash of 固件.bin").click();
        assert_eq!(window.copied(), blake3::hash(&[7; 100_000]).to_hex().as_str());
    }
    say(&mut window, "Client", "still here");
    window.until("the talk", |window| window.journal().concat().iter().any(|cell| cell == "still here"));
    assert!(window.shows("Client", "Connected"));
}

#[test]
fn a_server_sends_a_file_to_a_client_that_keeps_verified_ones() {
    let [from, into] = [folder(), folder()];
    let path = write(from.path(), "a.bin", b"content");
    let composer = ComposerSettings { send_mode: SendMode::Verified, ..ComposerSettings::default() };
    let folder = into.path().display().to_string();
    let receives = ClientTab { receive: "verified".to_owned(), folder, ..ClientTab::default() };
    let mut window = Window::with_tabs(ServerTab { composer, ..any_port() }, receives);
    window.click("Server", "Start listening");
    window.until("listening", |window| window.shows("Server", "Listening on 127.0.0.1:"));
    let port = window.listening_port();
    window.write("Client", "Port", &port);
    window.click("Client", "Connect");
    window.until("the connection for files", |window| window.has_client(" · files"));
    send(&mut window, "Server", &path);
    window.until("both to know", |window| {
        ["Client", "Server"].iter().all(|panel| window.shows(panel, "verified by both sides"))
    });
    assert_eq!(std::fs::read(into.path().join("a.bin")).expect("the file"), b"content");
}

#[test]
fn a_file_rests_and_goes_on() {
    let [from, into] = [folder(), folder()];
    let path = large(&from);
    let mut window = Window::with_tabs(server(&into), client());
    window.connect();
    send(&mut window, "Client", &path);
    let name = "Pause large.bin";
    window.until("its start", |window| window.panel("Client").query_by_label(name).is_some());
    window.click("Client", name);
    window.until("its rest", |window| window.shows("Client", "paused"));
    window.click("Client", "Go on with large.bin");
    window.until("it goes on", |window| window.panel("Client").query_by_label(name).is_some());
    window.click("Server", "Cancel large.bin");
    window.until("both ends", |window| {
        window.shows("Server", "cancelled") && window.shows("Client", "the other side stopped it")
    });
    let left: Vec<_> =
        std::fs::read_dir(into.path()).expect("the folder").map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| name != "large.bin"), "{left:?}");
}

#[test]
fn a_folder_on_its_way_is_cancelled_with_one_click_at_either_side() {
    for panel in ["Client", "Server"] {
        let [from, into] = [folder(), folder()];
        large(&from);
        write(from.path(), "small.txt", b"behind it");
        let mut window = Window::with_tabs(server(&into), client());
        window.connect();
        assert!(window.panel(panel).query_by_label("Cancel all files").is_none(), "there is none");
        send(&mut window, "Client", from.path());
        window.until("its start", |window| window.panel(panel).query_by_label("Cancel all files").is_some());
        window.click(panel, "Cancel all files");
        window.until("both ends", |window| {
            window.shows("Client", "refused")
                && window.shows("Client", "incomplete")
                && window.shows("Server", "incomplete")
        });
        window.until("nothing left", |window| window.panel(panel).query_by_label("Cancel all files").is_none());
        let folder = std::fs::read_dir(into.path()).expect("the folder").next().expect("one in it").expect("an entry");
        assert!(!folder.path().join("small.txt").exists());
    }
}

#[test]
fn limits_are_typed_and_told() {
    let [from, into] = [folder(), folder()];
    let path = write(from.path(), "a.bin", &[0; 2000]);
    let mut window = Window::with_tabs(server(&into), client());
    window.click("Server", "More");
    window.write("Server", "Largest file", "ten");
    assert!(window.shows("Server", "A size is a number with a unit"));
    window.write("Server", "Largest file", "1.5 kB");
    window.write("Server", "Most files", "2");
    window.click("Server", "More");
    window.connect();
    send(&mut window, "Client", &path);
    window
        .until("its end", |window| window.shows("Server", "larger than 1.46 KiB") && window.shows("Client", "refused"));
}

#[test]
fn a_plain_file_of_another_machine_is_asked_for_too() {
    support::in_own_network("a_plain_file_of_another_machine_is_asked_for_too", || {
        support::ip(&["address", "add", "192.0.2.1/32", "dev", "lo"]);
        for (kind, name, sent, port) in
            [("tutorial", "a.txt", &b"a.txt"[..], 9000), ("raw", "received.bin", b"content", 9001)]
        {
            let into = folder();
            let (address, receive) = ("192.0.2.1".to_owned(), kind.to_owned());
            let server = ServerTab { address, port: port.to_string(), receive, ..server(&into) };
            let mut window = Window::with_tabs(server, client());
            window.listen();
            let asks =
                |window: &Window| window.shows("Server", "wants to send this file, and doesn't say how large it is");
            let offer = || {
                let mut peer = TcpStream::connect(("192.0.2.1", port)).expect("it listens");
                peer.write_all(sent).expect("it is taken");
                peer
            };
            let mut peer = offer();
            window.until("the question", asks);
            assert_eq!(
                std::fs::read_dir(into.path()).expect("the folder").count(),
                0,
                "nothing is kept before the answer"
            );
            window.click("Server", "Decline");
            window.until("its end", |window| window.shows("Server", "declined here"));
            assert!(!matches!(peer.read(&mut [0]), Ok(1..)), "it learns it by the end");

            for answer in ["Take it", "Take all of this connection"] {
                let mut peer = offer();
                window.until("the question", asks);
                window.click("Server", answer);
                window.until("it to be taken", |window| !asks(window));
                if kind == "tutorial" {
                    peer.write_all(b"content").expect("it is taken");
                }
                drop(peer);
                let path = into.path().join(name);
                window.until("the file", |_| path.exists());
                assert_eq!(std::fs::read(&path).expect("the file"), b"content");
                std::fs::remove_file(path).expect("it is there");
            }
        }
    });
}

#[test]
fn all_files_of_one_connection_are_taken_with_one_answer() {
    support::in_own_network("all_files_of_one_connection_are_taken_with_one_answer", || {
        support::ip(&["address", "add", "192.0.2.1/32", "dev", "lo"]);
        let [from, into] = [folder(), folder()];
        let all = from.path().join("all");
        std::fs::create_dir(&all).expect("a folder");
        for name in ["a.txt", "b.txt", "c.txt"] {
            write(&all, name, name.as_bytes());
        }
        let address = || "192.0.2.1".to_owned();
        let server = ServerTab { address: address(), port: "9000".to_owned(), ..server(&into) };
        let client = ClientTab { address: address(), port: "9000".to_owned(), ..client() };
        let mut window = Window::with_tabs(server, client);
        window.listen();
        window.click("Client", "Connect");
        window.until("connected", |window| window.shows("Client", "Connected"));
        send(&mut window, "Client", &all);
        window.until("the question", |window| window.shows("Server", "wants to send this file"));
        window.click("Server", "Take all of this connection");
        // Nothing more is asked, and nothing else answered.
        let sent = into.path().join("all");
        window.until("all of them", |_| ["a.txt", "b.txt", "c.txt"].iter().all(|name| sent.join(name).exists()));
    });
}

#[test]
fn a_file_of_another_machine_is_asked_for() {
    support::in_own_network("a_file_of_another_machine_is_asked_for", || {
        support::ip(&["address", "add", "192.0.2.1/32", "dev", "lo"]);
        let [from, into] = [folder(), folder()];
        let path = write(from.path(), "offer.pdf", &[1; 640]);
        let address = || "192.0.2.1".to_owned();
        let server = ServerTab { address: address(), port: "9000".to_owned(), ..server(&into) };
        let client = ClientTab { address: address(), port: "9000".to_owned(), ..client() };
        let mut window = Window::with_tabs(server, client);
        window.listen();
        window.click("Client", "Connect");
        window.until("connected", |window| window.shows("Client", "Connected"));
        send(&mut window, "Client", &path);
        window.until("the question", |window| window.shows("Server", "wants to send this file (640 B)"));
        assert_eq!(std::fs::read_dir(into.path()).expect("the folder").count(), 0, "nothing is kept before the answer");
        window.click("Server", "Decline");
        window.until("its end", |window| window.shows("Server", "declined here") && window.shows("Client", "refused"));
        send(&mut window, "Client", &path);
        window.until("the question", |window| window.shows("Server", "wants to send this file"));
        window.click("Server", "Take it");
        window.until("it to be taken", |window| window.shows("Client", "verified by both sides"));
        assert_eq!(std::fs::read(into.path().join("offer.pdf")).expect("the file"), [1; 640]);
        // Who asks may leave: then there is nothing left to answer.
        send(&mut window, "Client", &path);
        window.until("the question", |window| window.shows("Server", "wants to send this file"));
        window.click("Client", "Disconnect");
        window.until("its end", |window| !window.shows("Server", "wants to send this file"));
    });
}

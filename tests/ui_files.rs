//! Files in the window: dropped, typed, cancelled, cut off, named by the sender, and what can't be sent.

#[path = "support/app.rs"]
mod app;
#[path = "support/mod.rs"]
mod support;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::{Receiver, bounded};
use egui::accesskit::Role;
use egui::{DroppedFile, Key};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::model::{ClientTab, ComposerSettings, SendMode, ServerTab};
use sockeye::ui::{Choice, Picker, Wanted};
use tempfile::TempDir;

use crate::app::{Window, any_port, heard, listener};
use crate::support::{PATIENCE, folder, lacking_right, write};

/// As the system hands a dropped file over.
#[derive(Debug)]
struct Dropped(PathBuf);

impl DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("files are read by the engine, never by the window".to_owned())
    }
}

fn drop_on(window: &mut Window, panel: &str, paths: &[&Path]) {
    let at = window.control(panel, "Message").rect().center();
    window.harness.hover_at(at);
    window.harness.step();
    window.harness.input_mut().dropped_files =
        paths.iter().map(|path| Arc::new(Dropped(path.to_path_buf())) as egui::DroppedFileHandle).collect();
    window.harness.step();
    window.harness.step();
}

fn to_the_end(mut peer: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    peer.read_to_end(&mut bytes).expect("the rest");
    bytes
}

#[test]
fn dropped_files_go_out_from_the_panel_that_they_fell_on() {
    let from = folder();
    let (one, two) = (write(from.path(), "one.txt", b"first "), write(from.path(), "二.txt", b"second"));
    let mut window = Window::english();
    window.listen();
    let mut heard_by_server = window.peer();
    let mut heard_by_client = window.connect_to(&listener());
    drop_on(&mut window, "Client", &[&one, &two]);
    assert_eq!(heard(&mut heard_by_client, 12), b"first second");
    for name in ["one.txt", "二.txt"] {
        window.until("its row", |window| window.shows("Client", name));
    }
    drop_on(&mut window, "Server", &[&two]);
    assert_eq!(heard(&mut heard_by_server, 6), b"second");
    window.until("handed over", |window| window.shows("Server", "handed to the system"));
    window.click("Server", "Hide finished files");
    assert!(!window.shows("Server", "二.txt"));
}

#[test]
fn a_folder_and_files_dropped_together_go_out_verified() {
    let [from, into] = [folder(), folder()];
    std::fs::create_dir_all(from.path().join("照片/2024")).expect("folders");
    write(&from.path().join("照片/2024"), "a.txt", b"below");
    let [one, two] = [("one.txt", b"1"), ("two.txt", b"2")].map(|(name, bytes)| write(from.path(), name, bytes));
    let composer = ComposerSettings { send_mode: SendMode::Verified, ..ComposerSettings::default() };
    let mut window = receiving_from("verified", &into, ClientTab { composer, ..ClientTab::default() });
    window.connect();
    drop_on(&mut window, "Client", &[&from.path().join("照片"), &one, &two]);
    let arrived = |name: &str| std::fs::read(into.path().join(name)).ok();
    window.until("all of them", |_| {
        ["照片/2024/a.txt", "one.txt", "two.txt"].map(arrived)
            == [&b"below"[..], b"1", b"2"].map(|bytes| Some(bytes.to_vec()))
    });
    window.until("their rows", |window| {
        ["照片/2024/a.txt", "one.txt", "two.txt"].iter().all(|name| window.shows("Client", name))
    });
}

/// Sends these bytes the tutorial's way to a peer that does as it likes, until these words are there.
fn is_told(bytes: &[u8], peer: impl FnOnce(&mut Window, TcpStream), words: &str) {
    let from = folder();
    let path = write(from.path(), "plain.bin", bytes);
    let composer = ComposerSettings { send_mode: SendMode::Tutorial, ..ComposerSettings::default() };
    let mut window = Window::with_tabs(any_port(), ClientTab { composer, ..ClientTab::default() });
    let stream = window.connect_to(&listener());
    drop_on(&mut window, "Client", &[&path]);
    peer(&mut window, stream);
    window.until("the notice", |window| window.shows("Client", words));
}

#[test]
fn what_a_plain_peer_read_is_told_and_that_the_tutorials_keeps_less() {
    let read = "The peer read to the end.";
    let long = "The file has 40.0 KiB; the tutorial's server keeps 40,960 bytes at most.";
    is_told(b"content", |_, peer| drop(to_the_end(peer)), read);
    let is_warned = |window: &mut Window, peer: TcpStream| {
        window.until("the warning", |window| window.shows("Client", long));
        drop(to_the_end(peer));
    };
    is_told(&[7; 40_961], is_warned, read);
    let leaves = |window: &mut Window, peer: TcpStream| {
        let is_finished = |window: &Window| window.journal().concat().iter().any(|cell| cell == "finished sending");
        window.until("the end of sending", is_finished);
        // Closed with bytes unread, it resets the connection.
        drop(peer);
    };
    is_told(b"content", leaves, "The peer closed before it read everything.");
}

#[cfg(target_os = "linux")]
#[test]
fn the_folder_of_a_received_file_is_opened_by_the_systems_program() {
    use std::os::unix::fs::PermissionsExt as _;
    const OPENED: &str = "SOCKEYE_TEST_OPENED";
    let Some(opened) = std::env::var_os(OPENED).map(PathBuf::from) else {
        // In a process of its own: the others' programs are the system's.
        let tools = folder();
        let script =
            format!("#!/bin/sh\nprintf %s \"$1\" > \"${OPENED}.part\" && mv \"${OPENED}.part\" \"${OPENED}\"\n");
        let tool = write(tools.path(), "xdg-open", script.as_bytes());
        std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o700)).expect("it can be run");
        let system = std::env::var("PATH").expect("a path");
        let mut command = std::process::Command::new(std::env::current_exe().expect("the test's own path"));
        command.args(["--exact", "the_folder_of_a_received_file_is_opened_by_the_systems_program", "--nocapture"]);
        command.env("PATH", format!("{}:{system}", tools.path().display())).env(OPENED, tools.path().join("opened"));
        let output = command.output().expect("it runs");
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && told.contains("1 passed"),
            "{told}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        return;
    };
    let into = folder();
    let mut window = receiving("raw", &into);
    window.listen();
    let mut peer = window.peer();
    peer.write_all(b"content").expect("the content");
    drop(peer);
    window.until("its end", |window| window.shows("Server", "ended in order, unverified"));
    window.click("Server", "Open the folder of received.bin");
    window.until("the folder", |_| opened.exists());
    assert_eq!(std::fs::read_to_string(opened).expect("what was opened"), into.path().display().to_string());
}

#[test]
fn a_file_dropped_with_nobody_there_is_refused_in_words() {
    let from = folder();
    let path = write(from.path(), "one.txt", b"first");
    let mut window = Window::english();
    drop_on(&mut window, "Client", &[&path]);
    assert!(window.shows("Client", "Connect first"));
    drop_on(&mut window, "Server", &[&path]);
    assert!(window.shows("Server", "No client is connected"));
}

#[test]
fn a_typed_path_goes_the_tutorials_way_with_enter() {
    let from = folder();
    let path = write(from.path(), "move info.txt", b"content");
    let mut window = Window::english();
    let mut peer = window.connect_to(&listener());
    // File managers copy paths within quotes.
    window.type_path("Client", &format!("'{}'", path.display()));
    window.harness.get_by_label("The tutorial's way").click();
    window.harness.step();
    window.harness.get_by_label("Path of a file").focus();
    window.press(Key::Enter);
    assert_eq!(heard(&mut peer, 13), b"move info.txt");
    assert_eq!(to_the_end(peer), b"content");
    window.until("handed over", |window| window.shows("Client", "handed to the system"));
    window.until("one row, not its bytes", |window| {
        window.journal().iter().flatten().any(|cell| cell.starts_with("move info.txt · handed to the system · 7 B"))
    });
}

#[test]
fn what_is_no_file_is_told_and_nothing_is_sent() {
    let from = folder();
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    let mut peer = window.connect_to(&listener());
    for (path, words, advice) in [
        (from.path().to_owned(), "that is a folder", "Choose a file."),
        (from.path().join("missing.txt"), "not found", ""),
    ] {
        window.type_path("Client", &path.display().to_string());
        window.harness.get_by_label("Send it").click();
        let told = format!("open {}: {words}", path.display());
        window.until("the message", |window| window.shows("Client", &told) && window.shows("Client", advice));
        assert!(window.shows("Client", "refused"));
    }
    window.write("Client", "Message", "end");
    window.click("Client", "Send");
    assert_eq!(heard(&mut peer, 3), b"end", "nothing came before it");
}

#[test]
fn a_file_that_can_t_be_read_is_told_and_nothing_is_sent() {
    let name = "a_file_that_can_t_be_read_is_told_and_nothing_is_sent";
    lacking_right("dac_override,dac_read_search", name, || {
        let from = folder();
        let locked = write(from.path(), "locked.txt", b"locked");
        std::fs::set_permissions(&locked, PermissionsExt::from_mode(0o000)).expect("rights");
        let mut window = Window::with_tabs(any_port(), ClientTab::default());
        let mut peer = window.connect_to(&listener());
        window.type_path("Client", &locked.display().to_string());
        window.harness.get_by_label("Send it").click();
        let told = format!("open {}: permission denied", locked.display());
        window.until("the message", |window| {
            window.shows("Client", &told) && window.shows("Client", "Check the rights of the file or folder.")
        });
        window.write("Client", "Message", "end");
        window.click("Client", "Send");
        assert_eq!(heard(&mut peer, 3), b"end", "nothing came before it");
    });
}

/// A dialog that stays open until a test chooses in it, or closes it.
struct StaysOpen(Receiver<Option<Vec<PathBuf>>>);

impl Picker for StaysOpen {
    fn pick(&self, _: Option<&eframe::Frame>, _: &str, _: Wanted) -> Choice {
        let closed = self.0.clone();
        Box::pin(async move { closed.recv_timeout(PATIENCE).ok().flatten() })
    }
}

#[test]
fn the_window_goes_on_while_a_dialog_is_open() {
    let (dialog, closed) = bounded(0);
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    window.harness.state_mut().as_mut().expect("the app").set_picker(Box::new(StaysOpen(closed)));
    let mut peer = window.connect_to(&listener());
    window.click("Client", "Send file…");
    window.write("Client", "Message", "meanwhile");
    window.click("Client", "Send");
    assert_eq!(heard(&mut peer, 9), b"meanwhile");
    assert_eq!(dialog.send(None), Ok(()), "it was waited for");
}

#[test]
fn a_file_that_is_chosen_for_some_goes_to_nobody_else() {
    let from = folder();
    let path = write(from.path(), "for one.txt", b"for one");
    let (dialog, closed) = bounded(0);
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    window.harness.state_mut().as_mut().expect("the app").set_picker(Box::new(StaysOpen(closed)));
    window.listen();
    let [first, mut second, third, mut other] = [window.peer(), window.peer(), window.peer(), window.peer()];
    let name = |peer: &TcpStream| peer.local_addr().expect("an address").to_string();
    window.choose("Server", "Recipients", &name(&first));
    window.click("Server", "Send file…");
    drop(first);
    window.until("it has left", |window| window.shows("Server", "· 3 clients"));
    // What is chosen meanwhile is for the next one.
    window.choose("Server", "Recipients", "To all (3)");
    dialog.send(Some(vec![path.clone()])).expect("it is waited for");
    let left = "The chosen recipient has left: choose to whom to send";
    window.until("the words", |window| window.shows("Server", left));
    assert!(!window.shows("Server", "for one.txt"));

    for peer in [&second, &third] {
        window.click("Server", &format!("Send to {}", name(peer)));
    }
    window.click("Server", "Send file…");
    drop(third);
    window.until("it has left", |window| window.shows("Server", "· 2 clients"));
    dialog.send(Some(vec![path])).expect("it is waited for");
    window.until("its row", |window| window.shows("Server", "for one.txt"));
    assert_eq!(heard(&mut second, 7), b"for one");
    window.choose("Server", "Recipients", "To all (2)");
    window.write("Server", "Message", "end");
    window.click("Server", "Send");
    assert_eq!(heard(&mut other, 3), b"end", "nothing came before it");
}

#[test]
fn a_file_is_sent_by_the_url_that_a_file_manager_copies() {
    let from = folder();
    let path = write(from.path(), "你 x.txt", b"content");
    let mut window = Window::english();
    let mut peer = window.connect_to(&listener());
    let url = path.to_str().expect("UTF-8").replace('你', "%E4%BD%A0").replace(' ', "%20");
    window.type_path("Client", &format!("file://{url}"));
    window.harness.get_by_label("Send it").click();
    window.harness.step();
    assert_eq!(heard(&mut peer, 7), b"content");
}

#[test]
fn a_chosen_folder_whose_path_is_no_text_is_refused_in_words() {
    use std::os::unix::ffi::OsStrExt as _;
    let into = folder();
    let odd = into.path().join(std::ffi::OsStr::from_bytes(b"odd-\xff"));
    std::fs::create_dir(&odd).expect("a folder");
    for panel in ["Server", "Client"] {
        let (dialog, closed) = bounded(0);
        let mut window = receiving_from("raw", &into, ClientTab { receive: "raw".to_owned(), ..ClientTab::default() });
        window.harness.state_mut().as_mut().expect("the app").set_picker(Box::new(StaysOpen(closed)));
        window.click(panel, "More");
        let before = window.value(panel, "Folder");
        window.click(panel, "Choose folder…");
        dialog.send(Some(vec![odd.clone()])).expect("it is waited for");
        window.until("the words", |window| window.shows(panel, "odd-\u{fffd} can't be used here"));
        assert_eq!(window.value(panel, "Folder"), before);
    }
}

/// Longer than every buffer on the way, without room on a disk.
fn huge(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("huge.bin");
    File::create(&path).and_then(|file| file.set_len(8 << 30)).expect("a sparse file");
    path
}

#[test]
fn a_file_under_way_shows_its_progress_and_is_cancelled() {
    let from = folder();
    let path = huge(&from);
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    let mut peer = window.connect_to(&listener());
    drop_on(&mut window, "Client", &[&path]);
    // Read as long as it takes to know a rate.
    let mut block = vec![0; 1 << 20];
    window.until("the time left", |window| {
        let _ = peer.read(&mut block);
        window.shows("Client", "/s · ") && window.shows("Client", " left") && window.shows("Client", "iB of 8.00 GiB")
    });
    let bar = window.panel("Client").get_by_role_and_label(Role::ProgressIndicator, "huge.bin");
    assert!(bar.accesskit_node().numeric_value().is_some_and(|percent| (0.0..100.0).contains(&percent)));
    // From here on nobody reads, so that it can't go on either.
    window.click("Client", "Cancel huge.bin");
    window.until("its end", |window| window.shows("Client", "incomplete"));
    assert!(window.shows("Client", "cancelled"));
    assert!(window.panel("Client").query_by_label("Cancel huge.bin").is_none());
}

fn receiving(kind: &str, into: &TempDir) -> Window {
    receiving_from(kind, into, ClientTab::default())
}

fn receiving_from(kind: &str, into: &TempDir, client: ClientTab) -> Window {
    let folder = into.path().display().to_string();
    let server = ServerTab { receive: kind.to_owned(), folder, ..any_port() };
    Window::with_tabs(server, client)
}

#[test]
fn a_file_from_a_silent_sender_can_be_cancelled() {
    let into = folder();
    let mut window = receiving("raw", &into);
    window.listen();
    let mut peer = window.peer();
    peer.write_all(b"a beginning").expect("a beginning");
    window.until("the start", |window| window.shows("Server", "received.bin"));
    window.click("Server", "Cancel received.bin");
    window.until("its end", |window| window.shows("Server", "incomplete"));
    assert!(window.shows("Server", "cancelled"));
    let end = peer.read(&mut [0]).expect_err("an ordinary end would say that the file was taken");
    assert_eq!(end.kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn a_received_file_is_shown_under_the_name_that_was_sent() {
    let into = folder();
    let mut window = receiving("tutorial", &into);
    window.listen();
    let mut peer = window.peer();
    peer.write_all("../../名:字.txt".as_bytes()).expect("the name");
    window.until("the name as sent", |window| window.shows("Server", "../../名:字.txt"));
    peer.write_all(b"content").expect("the content");
    peer.shutdown(Shutdown::Write).expect("the end");
    window.until("its end", |window| window.shows("Server", "ended in order, unverified"));
    assert_eq!(std::fs::read(into.path().join("名_字.txt")).expect("the file"), b"content");
    window.until("the notice", |window| {
        window.shows("Server", "The sender's name “../../名:字.txt” was not safe; it is kept as “名_字.txt”.")
    });
    let shown = |window: &Window| window.journal().iter().flatten().any(|cell| cell.starts_with("../../名:字.txt · "));
    window.until("its row", shown);
}

/// The border, by the bytes of "content".
fn move_back(window: &mut Window) {
    window.control("Server", "Bytes of the name").focus();
    // The arrows are its own from the second frame on.
    window.harness.step();
    window.harness.step();
    for _ in "content".chars() {
        window.press(Key::ArrowLeft);
    }
}

#[test]
fn the_border_between_name_and_content_is_moved_by_keys() {
    let into = folder();
    let mut window = receiving("tutorial", &into);
    window.listen();
    let mut peer = window.peer();
    peer.write_all(b"a.txtcontent").expect("both in one");
    peer.shutdown(Shutdown::Write).expect("the end");
    window.until("its end", |window| window.shows("Server", "ended in order, unverified"));
    let open = "Move the border between name and content of a.txtcontent";
    window.click("Server", open);
    let reads = |window: &Window, text: &str| window.panel("Server").query_all_by_label(text).count();
    assert_eq!(reads(&window, "a.txtcontent"), 2, "as the file's name and as that of now");
    assert!(window.control("Server", "Store it anew").accesskit_node().is_disabled(), "it is stored like this");
    move_back(&mut window);
    assert_eq!([reads(&window, "a.txt"), reads(&window, "content")], [1, 1]);
    window.click("Server", "Cancel");
    assert_eq!([reads(&window, "a.txt"), reads(&window, "content")], [0, 0]);
    window.click("Server", open);
    move_back(&mut window);
    window.click("Server", "Store it anew");
    let stored = into.path().join("a.txt");
    window
        .until("the answer", |window| window.shows("Server", &format!("Stored anew as “{}” (7 B)", stored.display())));
    assert_eq!(std::fs::read(stored).expect("the file"), b"content");
    assert!(into.path().join("a.txtcontent").exists());
}

#[test]
fn a_file_that_was_cut_off_is_kept_and_labelled_incomplete() {
    let into = folder();
    let mut window = receiving("tutorial", &into);
    window.listen();
    let mut peer = window.peer();
    peer.write_all(b"half.txt").expect("the name");
    window.until("the start", |window| window.shows("Server", "half.txt"));
    peer.write_all(b"only a part").expect("a part");
    window.until("the part", |window| window.has_client("received 19 B"));
    // Closed without lingering: the peer was reset before it had finished.
    socket2::SockRef::from(&peer).set_linger(Some(std::time::Duration::ZERO)).expect("no lingering");
    drop(peer);
    window.until("its end", |window| window.shows("Server", "incomplete"));
    let names: Vec<_> = std::fs::read_dir(into.path())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    assert_eq!(names.len(), 1);
    assert!(names[0].starts_with("half.txt") && names[0] != "half.txt", "{names:?}");
}

#[test]
fn receiving_needs_a_folder_and_says_so() {
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    window.click("Server", "More");
    window.choose("Server", "Incoming data", "Save as a file");
    window.click("Server", "Start listening");
    assert!(window.shows("Server", "Choose the folder for received files first"));
    assert!(window.shows("Server", "Not listening"));
    let into = folder();
    window.write("Server", "Folder", &into.path().display().to_string());
    window.listen();
    let mut peer = window.peer();
    peer.write_all(b"bytes").expect("bytes");
    drop(peer);
    window.until("its end", |window| window.shows("Server", "ended in order, unverified"));
    assert_eq!(std::fs::read(into.path().join("received.bin")).expect("the file"), b"bytes");
}

#[test]
fn a_folder_that_is_a_file_is_told() {
    let from = folder();
    let path = write(from.path(), "notes.txt", b"mine");
    let server = ServerTab { receive: "raw".to_owned(), folder: path.display().to_string(), ..any_port() };
    let mut window = Window::with_tabs(server, ClientTab::default());
    window.click("Server", "Start listening");
    window
        .until("an answer", |window| window.shows("Server", "Listening on ") || window.shows("Server", "not a folder"));
    if window.shows("Server", "Listening on ") {
        let _peer = TcpStream::connect(("127.0.0.1", window.listening_port().parse().expect("a port")));
        window.until("the failure", |window| {
            window.shows("Server", &format!("{}: that is not a folder", path.display()))
        });
    }
    assert_eq!(std::fs::read(path).expect("the file"), b"mine");
}

#[test]
fn a_folder_counts_once_it_is_typed_and_for_connections_after_that() {
    let [before, after] = [folder(), folder()];
    let mut window = receiving("raw", &before);
    window.listen();
    let mut first = window.peer();
    window.click("Server", "More");
    assert!(window.shows("Server", "For clients that connect from now on"));
    window.write("Server", "Folder", &after.path().display().to_string());
    // The field has the keyboard still: for all that is known, the path goes on.
    let mut second = window.peer();
    window.press(Key::Enter);
    // What is sent after that goes out after that: the folder has been changed when it comes.
    window.write("Server", "Message", "changed");
    window.click("Server", "Send");
    assert_eq!(heard(&mut first, 7), b"changed");
    let mut third = window.peer();
    for peer in [&mut first, &mut second, &mut third] {
        peer.write_all(b"bytes").expect("bytes");
        peer.shutdown(Shutdown::Write).expect("the end");
    }
    let files = |folder: &TempDir| std::fs::read_dir(folder.path()).expect("the folder").count();
    // So that all rows of the journal have room.
    window.click("Server", "More");
    window.until("three rows in the journal", |window| {
        window.journal().iter().flatten().filter(|cell| cell.contains(" · ended in order, unverified")).count() == 3
    });
    assert_eq!((files(&before), files(&after)), (2, 1));
}

#[test]
fn files_stand_below_the_clients_also_when_the_last_has_closed() {
    let into = folder();
    let mut window = receiving("raw", &into);
    window.listen();
    let mut peer = window.peer();
    peer.write_all(b"bytes").expect("bytes");
    drop(peer);
    window.until("its end", |window| {
        window.has_client("both sides had finished") && window.shows("Server", "ended in order, unverified")
    });
    let panel = window.panel("Server");
    let row = panel.query_all_by_role(Role::ListItem).last().expect("the client's row").rect();
    let file = panel.query_by_label("received.bin").expect("the file's row").rect();
    assert!(file.top() >= row.bottom(), "{file} is not below {row}");
}

#[test]
fn a_file_that_nobody_takes_is_called_stalled() {
    let from = folder();
    let path = from.path().join("large.bin");
    File::create(&path).and_then(|file| file.set_len(64 << 20)).expect("a file");
    let mut window = Window::english();
    let _peer_that_does_not_read = window.connect_to(&listener());
    drop_on(&mut window, "Client", &[&path]);
    window.until("a stall", |window| window.shows("Client", "stalled"));
    assert!(!window.shows("Client", "left"));
}

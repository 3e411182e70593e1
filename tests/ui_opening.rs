//! Reading a capture or another journal in the window, while it goes on recording its own.

#[path = "support/app.rs"]
mod app;
#[path = "support/capture.rs"]
#[allow(dead_code, unused_imports, reason = "the tools of Wireshark are not needed here")]
mod capture;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::engine::Engine;
use sockeye::model::{ClientTab, CloseReason, LanguageChoice, SaveRequest, Settings};
use sockeye::ui::{Choice, Picker, Wanted};
use tempfile::TempDir;

use crate::app::{Window, any_port};
use crate::capture::Recording;

/// Chooses a path in place of a person.
struct Chooses(PathBuf);

impl Picker for Chooses {
    fn pick(&self, _: Option<&eframe::Frame>, _: &str, wanted: Wanted) -> Choice {
        assert_eq!(wanted, Wanted::File);
        let path = self.0.clone();
        Box::pin(async { Some(vec![path]) })
    }
}

/// Presses the keys for "Open" and chooses this.
fn open(window: &mut Window, path: &Path) {
    window.harness.state_mut().as_mut().expect("the app").set_picker(Box::new(Chooses(path.to_owned())));
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::O);
    window.harness.step();
    window.harness.step();
}

fn says(window: &Window, words: &str) -> bool {
    let mut labels = window.harness.query_all_by_role(Role::Label);
    labels.any(|label| label.accesskit_node().value().is_some_and(|value| value.contains(words)))
}

fn press(window: &mut Window, name: &str) {
    window.harness.get_by_role_and_label(Role::Button, name).click();
    window.harness.step();
    window.harness.step();
}

/// A journal, and the capture that was made of it.
fn recorded() -> (TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let (journal, capture) = (folder.path().join("journal.sqlite"), folder.path().join("talk.pcapng"));
    let mut recording = Recording::default();
    recording.connected(1, "tcp://10.0.0.1:40000", "tcp://10.0.0.2:80");
    recording.sent(1, b"question");
    recording.received(1, b"answer");
    recording.closed(1, CloseReason::Eof);
    recording.keep(&journal);
    Engine::export_journal(&journal, &SaveRequest::new(&capture), Arc::default()).expect("exported");
    (folder, journal, capture)
}

fn recent(window: &Window) -> Vec<String> {
    window.harness.state().as_ref().expect("the app").recent().to_vec()
}

#[test]
fn a_capture_is_read_while_recording_goes_on() {
    let (_folder, _, capture) = recorded();
    let mut window = Window::english();
    window.listen();
    let mut peer = window.peer();
    peer.write_all(b"before").expect("sent");
    window.until("a row", |window| window.has_row(&["received", "before"]));

    open(&mut window, &capture);
    window.until("the capture", |window| says(window, "4 rows in 1 session out of 6 packets"));
    window.until("its rows", |window| window.has_row(&["sent", "question"]) && window.has_row(&["received", "answer"]));
    assert_eq!(window.journal().len(), 4);
    assert!(says(&window, "Reading talk.pcapng"));
    assert!(window.harness.get_by_role_and_label(Role::Button, "Clear").accesskit_node().is_disabled());

    peer.write_all(b"meanwhile").expect("sent");
    // What is read is what is saved.
    let copy = capture.with_file_name("copy.jsonl");
    window.harness.state_mut().as_mut().expect("the app").set_picker(Box::new(Saves(copy.clone())));
    press(&mut window, "Save…");
    window.until("saved", |window| says(window, "4 rows saved to"));
    assert!(fs::read_to_string(&copy).expect("the copy").contains("10.0.0.2:80"));

    press(&mut window, "Back to recording");
    window.until("both rows", |window| {
        window.has_row(&["received", "before"]) && window.has_row(&["received", "meanwhile"])
    });
    assert!(!says(&window, "Reading talk.pcapng") && !window.has_row(&["question"]));
    assert_eq!(recent(&window), [capture.to_str().expect("UTF-8")]);
}

/// Saves where it is told to.
struct Saves(PathBuf);

impl Picker for Saves {
    fn pick(&self, _: Option<&eframe::Frame>, _: &str, _: Wanted) -> Choice {
        let path = self.0.clone();
        Box::pin(async { Some(vec![path]) })
    }
}

#[test]
fn another_journal_is_read_and_found_again_among_the_recent_ones() {
    let (_folder, journal, capture) = recorded();
    let settings = Settings {
        language: LanguageChoice::Chinese,
        servers: vec![any_port()],
        clients: vec![ClientTab::default()],
        recent: vec!["/nowhere/a.sqlite".to_owned(), capture.to_str().expect("UTF-8").to_owned()],
        ..Settings::default()
    };
    let mut window = Window::open(settings);
    open(&mut window, &journal);
    window.until("the journal", |window| says(window, "正在查看 journal.sqlite") && says(window, "共 4 行"));
    let name = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    assert_eq!(recent(&window), [name(&journal), "/nowhere/a.sqlite".to_owned(), name(&capture)]);

    window.harness.get_by_label("文件").click();
    window.until("the menu", |window| window.harness.query_by_label("最近打开").is_some());
    window.harness.get_by_label("最近打开").click();
    window.until("the recent ones", |window| window.harness.query_by_label(&name(&capture)).is_some());
    window.harness.get_by_label(&name(&capture)).click();
    window.until("the capture", |window| says(window, "正在查看 talk.pcapng"));
    assert_eq!(recent(&window)[0], name(&capture));
}

#[test]
fn what_takes_long_to_open_is_given_up_from_the_menu() {
    let folder = tempfile::tempdir().expect("a folder");
    let endless = folder.path().join("endless.pcap");
    let header = [&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0][..], &[0; 8], &[0, 0, 4, 0, 1, 0, 0, 0]].concat();
    fs::write(&endless, header).expect("a file");
    // Empty packets for hours, without room on the disk.
    fs::File::options().write(true).open(&endless).and_then(|file| file.set_len(1 << 40)).expect("a long file");
    let mut window = Window::english();
    open(&mut window, &endless);
    window.until("it is being opened", |window| says(window, "Opening"));
    for is_opening in [true, false] {
        press(&mut window, "File");
        window.until("the menu", |window| window.harness.query_by_label("Back to recording").is_some());
        let back = window.harness.get_by_label("Back to recording");
        assert_eq!(!back.accesskit_node().is_disabled(), is_opening);
        if is_opening {
            back.click();
            window.until("given up", |window| !says(window, "Opening"));
        }
    }
    assert!(recent(&window).is_empty());
}

#[test]
fn the_journal_in_view_is_not_overwritten_by_its_copy() {
    let (_folder, journal, _) = recorded();
    let mut window = Window::english();
    open(&mut window, &journal);
    window.until("the journal", |window| says(window, "Reading journal.sqlite"));
    window.harness.state_mut().as_mut().expect("the app").set_picker(Box::new(Saves(journal.clone())));
    press(&mut window, "Save…");
    window.until("told why", |window| says(window, "that is the journal itself"));
    assert!(!says(&window, "saved to"));
    assert_eq!(capture::rows_of(&journal).len(), 4);
}

#[test]
fn what_cannot_be_read_is_told_and_what_is_in_view_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = Window::english();
    window.listen();
    window.until("the listener's row", |window| window.journal().len() == 1);
    let page = folder.path().join("page.html");
    fs::write(&page, "<html> is neither a journal nor a capture, and long enough to be looked at").expect("a file");
    let damaged = folder.path().join("damaged.pcap");
    fs::write(&damaged, [&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0][..], &[0; 16], &[0xff; 40]].concat()).expect("a file");
    for (path, why) in
        [(folder.path().join("gone.pcap"), "not found"), (page, "not a Sockeye journal"), (damaged, "at byte 24")]
    {
        open(&mut window, &path);
        window.until(why, |window| says(window, why));
        assert_eq!(window.journal().len(), 1, "the listener's row");
        assert!(recent(&window).is_empty());
    }
}

/// A recording where a window that was killed would have left it.
fn left() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let left = folder.path().join("sockeye-1-0");
    fs::DirBuilder::new().mode(0o700).create(&left).expect("a folder");
    let mut recording = Recording::default();
    recording.connected(1, "tcp://10.0.0.1:40000", "tcp://10.0.0.2:80");
    recording.sent(1, b"question");
    let journal = left.join("journal.sqlite");
    recording.keep(&journal);
    (folder, journal)
}

#[test]
fn what_a_killed_window_recorded_is_offered_read_and_discarded() {
    const OFFER: &str = "A recording of 2026-09-21 22:13:20 was left by a program that did not end in order: 2 rows";
    let (folder, journal) = left();
    let mut window = Window::finding(folder.path().to_owned(), LanguageChoice::English);
    window.until("the offer", |window| says(window, OFFER));
    press(&mut window, "Open it");
    window.until("its rows", |window| says(window, "Reading journal.sqlite") && window.has_row(&["sent", "question"]));
    assert!(window.harness.get_by_role_and_label(Role::Button, "Open it").accesskit_node().is_disabled());
    assert_eq!(recent(&window), [journal.to_str().expect("UTF-8")]);

    press(&mut window, "Discard");
    window.until("what is recorded", |window| !says(window, "Reading journal.sqlite"));
    window.until("nothing", |_| !journal.parent().expect("a folder").exists());
    assert!(!says(&window, OFFER) && recent(&window).is_empty());
}

#[test]
fn a_recording_that_nobody_asks_for_now_is_offered_again_by_the_next_window() {
    let (folder, journal) = left();
    for _ in 0..2 {
        let mut window = Window::finding(folder.path().to_owned(), LanguageChoice::Chinese);
        window.until("the offer", |window| says(window, "留下了 2026-09-21 22:13:20 的记录：共 2 行"));
        press(&mut window, "知道了");
        assert!(!says(&window, "留下了"));
    }
    assert!(journal.exists());
}

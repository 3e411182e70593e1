//! Dialogs that bring no path: whether somebody closed one or none could open, the window has a place to type it.

#[path = "support/app.rs"]
mod app;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::model::{ClientTab, ServerTab};
use sockeye::ui::{Choice, Picker, Wanted};

use crate::app::{PATIENCE, Window, any_port, heard, listener};

/// How long a portal takes that is started for a dialog and then has no way to show one.
const LATE: Duration = Duration::from_millis(400);

/// How a dialog ends.
enum End {
    Path(PathBuf),
    NothingAtOnce,
    NothingLate,
    Panic,
}

/// Ends one dialog after the other so; nothing comes of those that follow.
struct Ends {
    left: RefCell<VecDeque<End>>,
    asked: Rc<Cell<usize>>,
}

impl Picker for Ends {
    fn pick(&self, _: Option<&eframe::Frame>, _: &str, _: Wanted) -> Choice {
        self.asked.set(self.asked.get() + 1);
        let end = self.left.borrow_mut().pop_front().unwrap_or(End::NothingAtOnce);
        Box::pin(async {
            match end {
                End::Path(path) => Some(vec![path]),
                End::NothingAtOnce => None,
                End::NothingLate => {
                    thread::sleep(LATE);
                    None
                }
                End::Panic => panic!("a fault in a dialog's code, made up"),
            }
        })
    }
}

/// Has dialogs end so; the number of those that were asked for.
fn ending(window: &mut Window, ends: impl IntoIterator<Item = End>) -> Rc<Cell<usize>> {
    let asked = Rc::new(Cell::new(0));
    let picker = Ends { left: RefCell::new(ends.into_iter().collect()), asked: Rc::clone(&asked) };
    window.harness.state_mut().as_mut().expect("the app").set_picker(Box::new(picker));
    asked
}

fn says(window: &Window, words: &str) -> bool {
    let mut labels = window.harness.query_all_by_role(Role::Label);
    labels.any(|label| label.accesskit_node().value().is_some_and(|value| value.contains(words)))
}

fn press_keys(window: &mut Window, key: Key) {
    window.harness.key_press_modifiers(Modifiers::COMMAND, key);
    window.harness.step();
}

/// Puts this in place of a field's text.
fn type_over(window: &mut Window, field: &str, text: &str) {
    window.harness.get_by_label(field).focus();
    window.harness.step();
    press_keys(window, Key::A);
    window.harness.get_by_label(field).type_text(text);
    window.harness.step();
}

fn press(window: &mut Window, name: &str) {
    window.harness.get_by_role_and_label(Role::Button, name).click();
    window.harness.step();
    window.harness.step();
}

fn text_of(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn files_are_typed_where_no_dialog_brings_any() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.txt");
    fs::write(&file, "typed").expect("a file");
    for end in [End::NothingLate, End::NothingAtOnce] {
        let mut window = Window::with_tabs(any_port(), ClientTab::default());
        let mut peer = window.connect_to(&listener());
        ending(&mut window, [end]);
        window.click("Client", "Send file…");
        window.until("what to do", |window| {
            window.shows("Client", "No file was chosen.") && window.shows("Client", "If you saw no dialog")
        });
        window.until("the place for it", |window| window.harness.query_by_label("Path of a file").is_some());
        type_over(&mut window, "Path of a file", text_of(&file));
        press(&mut window, "Send it");
        assert_eq!(heard(&mut peer, 5), b"typed");
    }
}

#[test]
fn a_folder_is_typed_where_no_dialog_brings_any() {
    let server = ServerTab { receive: "raw".to_owned(), more_open: true, ..any_port() };
    let mut window = Window::with_tabs(server, ClientTab::default());
    ending(&mut window, [End::NothingLate]);
    window.click("Server", "Choose folder…");
    window.until("what to do", |window| {
        window.shows("Server", "No folder was chosen.") && window.shows("Server", "type or paste the path")
    });
}

#[test]
fn what_browsers_are_shown_is_typed_where_no_dialog_brings_it() {
    let server = ServerTab { browser: "file".to_owned(), more_open: true, ..any_port() };
    let mut window = Window::with_tabs(server, ClientTab::default());
    ending(&mut window, [End::NothingLate]);
    window.click("Server", "Choose file…");
    window.until("what to do", |window| {
        window.shows("Server", "Nothing was chosen.") && window.shows("Server", "type or paste the path")
    });
}

#[test]
fn the_journal_s_copy_goes_where_it_was_typed_and_takes_no_file_s_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let (taken, free) = (folder.path().join("taken.txt"), folder.path().join("free.txt"));
    fs::write(&taken, "somebody's").expect("a file");
    let mut window = Window::english();
    window.listen();
    window.until("a row", |window| window.journal().len() == 1);
    ending(&mut window, [End::NothingLate]);
    press_keys(&mut window, Key::S);
    window.until("where to type", |window| window.harness.query_by_label("Path of the copy").is_some());
    assert!(says(&window, "No place for the copy was chosen.") && says(&window, "If you saw no dialog"));
    let proposed = window.harness.get_by_label("Path of the copy").accesskit_node().value().unwrap_or_default();
    assert!(Path::new(&proposed).is_absolute() && proposed.contains("/sockeye-"), "{proposed}");

    type_over(&mut window, "Path of the copy", text_of(&taken));
    press(&mut window, "Save it");
    window.until("why not", |window| says(window, "it exists already"));
    assert_eq!(fs::read_to_string(&taken).expect("the file"), "somebody's");

    // What was typed is still there to be put right.
    type_over(&mut window, "Path of the copy", text_of(&free));
    window.press(Key::Enter);
    window.until("saved", |window| says(window, &format!("1 row saved to {}", free.display())));
    assert!(window.harness.query_by_label("Path of the copy").is_none(), "it is done");
    assert!(fs::read_to_string(&free).expect("the copy").contains("127.0.0.1:"));

    // It goes as well for somebody who wants no copy, and speaks both languages.
    window.harness.get_by_label("中文").click();
    press_keys(&mut window, Key::S);
    window.until("where to type", |window| window.harness.query_by_label("副本的路径").is_some());
    assert!(says(&window, "未选择保存位置。") && says(&window, "如果没有看到对话框"));
    press(&mut window, "取消");
    assert!(window.harness.query_by_label("副本的路径").is_none());
}

#[test]
fn a_journal_is_opened_by_its_typed_path() {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy.sqlite");
    let mut window = Window::english();
    window.listen();
    window.until("a row", |window| window.journal().len() == 1);
    ending(&mut window, [End::Path(copy.clone())]);
    press_keys(&mut window, Key::S);
    window.until("a journal", |window| says(window, "1 row saved to"));

    ending(&mut window, [End::NothingLate]);
    press_keys(&mut window, Key::O);
    window.until("where to type", |window| {
        window.harness.query_by_label("Path of the journal or capture").is_some() && says(window, "No file was chosen.")
    });
    let gone = folder.path().join("gone.sqlite");
    for (path, words) in [(gone, "not found"), (copy, "Reading copy.sqlite")] {
        type_over(&mut window, "Path of the journal or capture", text_of(&path));
        press(&mut window, "Open it");
        window.until(words, |window| says(window, words));
    }
    assert!(window.harness.query_by_label("Path of the journal or capture").is_none(), "it is done");
}

#[test]
fn closing_a_dialog_is_no_event_once_one_has_brought_a_path() {
    let folder = tempfile::tempdir().expect("a folder");
    let [first, third] = ["first.txt", "third.txt"].map(|name| folder.path().join(name));
    for file in [&first, &third] {
        fs::write(file, "bytes").expect("a file");
    }
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    let mut peer = window.connect_to(&listener());
    let asked = ending(&mut window, [End::Path(first), End::NothingAtOnce, End::Path(third)]);
    for (count, sent) in [(1, Some("first.txt")), (2, None), (3, Some("third.txt"))] {
        // One that is asked for while another is open does not open.
        let deadline = Instant::now() + PATIENCE;
        while asked.get() < count {
            assert!(Instant::now() < deadline, "dialog {count} never opened");
            window.click("Client", "Send file…");
        }
        if let Some(name) = sent {
            window.until(name, |window| window.shows("Client", name));
            assert_eq!(heard(&mut peer, 5), b"bytes");
        }
        assert!(!window.shows("Client", "No file was chosen."));
    }
}

#[test]
fn a_fault_in_one_dialog_keeps_no_other_from_opening() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.txt");
    fs::write(&file, "bytes").expect("a file");
    let mut window = Window::with_tabs(any_port(), ClientTab::default());
    let mut peer = window.connect_to(&listener());
    ending(&mut window, [End::Panic, End::Path(file)]);
    window.click("Client", "Send file…");
    window.until("what to do", |window| window.shows("Client", "No file was chosen."));
    window.click("Client", "Send file…");
    window.until("the file", |window| window.shows("Client", "handed to the system"));
    assert_eq!(heard(&mut peer, 5), b"bytes");
}

//! Saving the journal from the window: "Save…", the dialog that asks where to, the file, and what the window says of it.

#[path = "support/app.rs"]
mod app;

use std::cell::RefCell;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::model::{ClientTab, LanguageChoice, Settings};
use sockeye::ui::{Choice, Picker, Wanted};
use tempfile::TempDir;

use crate::app::{Window, any_port};

/// What was asked for: the title and the kind.
type Asked = Rc<RefCell<Vec<(String, Wanted)>>>;

/// Chooses a path in place of a person.
struct Chooses {
    path: PathBuf,
    asked: Asked,
}

impl Picker for Chooses {
    fn pick(&self, _: Option<&eframe::Frame>, title: &str, wanted: Wanted) -> Choice {
        self.asked.borrow_mut().push((title.to_owned(), wanted));
        let path = self.path.clone();
        Box::pin(async { Some(vec![path]) })
    }
}

fn choose(window: &mut Window, path: &Path) -> Asked {
    let asked = Asked::default();
    let picker = Chooses { path: path.to_owned(), asked: Rc::clone(&asked) };
    window.harness.state_mut().as_mut().expect("the app").set_picker(Box::new(picker));
    asked
}

fn press_save(window: &mut Window, name: &str) {
    window.harness.get_by_role_and_label(Role::Button, name).click();
    window.harness.step();
    window.harness.step();
}

fn says(window: &Window, words: &str) -> bool {
    window
        .harness
        .query_all_by_role(Role::Label)
        .any(|label| label.accesskit_node().value().is_some_and(|value| value.contains(words)))
}

fn filter(window: &mut Window, text: &str) {
    window.harness.get_by_label("Filter").focus();
    window.harness.step();
    window.harness.get_by_label("Filter").type_text(text);
    window.harness.step();
}

/// Three messages of a peer in the journal, below a row for the listener and one for the connection.
fn with_rows() -> (Window, TempDir) {
    let mut window = Window::english();
    window.listen();
    let mut peer = window.peer();
    for message in ["pear 梨", "apple", "pear tree"] {
        peer.write_all(message.as_bytes()).expect("sent");
        window.until(message, |window| window.has_row(&["received", message]));
    }
    // The connection stays, so that no row follows.
    std::mem::forget(peer);
    (window, tempfile::tempdir().expect("a folder"))
}

#[test]
fn what_the_filter_shows_is_saved_as_text() {
    let (mut window, folder) = with_rows();
    filter(&mut window, "pear");
    window.until("only those rows", |window| window.journal().len() == 2);
    let path = folder.path().join("pears.txt");
    let asked = choose(&mut window, &path);

    press_save(&mut window, "Save…");
    window.until("saved", |window| says(window, &format!("2 rows saved to {}", path.display())));
    let text = fs::read_to_string(&path).expect("the file");
    assert_eq!(text.matches("127.0.0.1:").count(), 2, "{text}");
    assert!(text.contains("70 65 61 72 20 e6 a2 a8") && text.contains("pear tree"), "{text}");
    assert!(!text.contains("apple"), "{text}");
    // Nothing unfinished stays beside it.
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1);

    let [(title, Wanted::NewFile { name, kinds })] = &asked.borrow()[..] else { panic!("{asked:?}") };
    assert_eq!((title.as_str(), name.as_str()), ("Save journal…", "journal.txt"));
    let extensions: Vec<_> = kinds.iter().map(|(_, extension)| *extension).collect();
    assert_eq!(extensions, ["txt", "hex", "csv", "jsonl", "pcapng", "sqlite"]);
}

#[test]
fn what_the_filter_shows_is_saved_as_json_lines() {
    let (mut window, folder) = with_rows();
    filter(&mut window, "apple");
    window.until("only that row", |window| window.journal().len() == 1);
    let path = folder.path().join("apples.jsonl");
    choose(&mut window, &path);
    press_save(&mut window, "Save…");
    window.until("saved", |window| says(window, &format!("1 row saved to {}", path.display())));
    let text = fs::read_to_string(&path).expect("the file");
    let rows: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect();
    assert_eq!(rows.len(), 1, "{text}");
    assert_eq!((rows[0]["hex"].as_str(), rows[0]["bytes"].as_u64()), (Some("6170706c65"), Some(5)));
}

#[test]
fn captures_and_tables_are_saved() {
    let (mut window, folder) = with_rows();
    let path = folder.path().join("pears.pcapng");
    choose(&mut window, &path);
    press_save(&mut window, "Save…");
    // The listener's own row is none of a conversation's.
    window.until("saved", |window| says(window, &format!("4 rows saved to {}", path.display())));
    let capture = fs::read(&path).expect("the file");
    assert_eq!(
        capture[..12],
        [0x0a, 0x0d, 0x0d, 0x0a, capture[4], capture[5], capture[6], capture[7], 0x4d, 0x3c, 0x2b, 0x1a]
    );
    for message in ["pear 梨", "apple", "pear tree"] {
        assert!(capture.windows(message.len()).any(|bytes| bytes == message.as_bytes()), "{message}");
    }

    let path = folder.path().join("pears.csv");
    choose(&mut window, &path);
    press_save(&mut window, "Save…");
    window.until("saved", |window| says(window, &format!("5 rows saved to {}", path.display())));
    assert_eq!(fs::read_to_string(&path).expect("the file").lines().count(), 6);
}

#[test]
fn a_journal_is_saved_whole_whatever_the_filter_and_the_window_says_so() {
    let (mut window, folder) = with_rows();
    filter(&mut window, "apple");
    window.until("only that row", |window| window.journal().len() == 1);
    let path = folder.path().join("all.sqlite");
    let asked = choose(&mut window, &path);
    press_save(&mut window, "Save…");
    window.until("saved", |window| says(window, &format!("5 rows saved to {}", path.display())));
    let connection = rusqlite::Connection::open(&path).expect("a database");
    let rows: u32 = connection.query_row("SELECT count(*) FROM rows", [], |row| row.get(0)).expect("rows");
    assert_eq!(rows, 5);
    let [(_, Wanted::NewFile { kinds, .. })] = &asked.borrow()[..] else { panic!("{asked:?}") };
    assert!(kinds.contains(&("SQLite, all rows".to_owned(), "sqlite")), "{kinds:?}");
}

/// A folder in which nobody, not even root, can make a file.
fn denied(folder: &TempDir) -> PathBuf {
    if nix::unistd::geteuid().is_root() {
        return PathBuf::from("/sys");
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).expect("its owner may");
    folder.path().to_owned()
}

#[test]
fn why_it_could_not_be_saved_is_said_in_words() {
    let (mut window, folder) = with_rows();
    let gone = folder.path().join("gone/journal.txt");
    let below_a_file = folder.path().join("file/journal.txt");
    fs::write(folder.path().join("file"), b"").expect("a file");
    let is_a_folder = tempfile::tempdir().expect("a folder");
    let other = tempfile::tempdir().expect("a folder");
    let denied = denied(&other).join("journal.txt");
    for (path, why) in [
        (gone.as_path(), &["not found"][..]),
        (&below_a_file, &["not a folder"]),
        (is_a_folder.path(), &["is a folder"]),
        (&denied, &["permission denied", "read-only file system"]),
    ] {
        choose(&mut window, path);
        press_save(&mut window, "Save…");
        let subject = path.display().to_string();
        let told = |window: &Window| {
            let mut labels =
                window.harness.query_all_by_role(Role::Label).filter_map(|label| label.accesskit_node().value());
            labels.find(|words| words.contains(&subject))
        };
        window.until(&subject, |window| told(window).is_some());
        let words = told(&window).expect("just seen").to_lowercase();
        assert!(why.iter().any(|why| words.contains(why)), "{words}");
        assert!(!words.contains("saved"), "{words}");
        window.harness.get_by_label("Dismiss").click();
        window.harness.step();
        window.harness.step();
    }
    // Saving works as before.
    let path = folder.path().join("journal.txt");
    choose(&mut window, &path);
    press_save(&mut window, "Save…");
    window.until("saved", |window| says(window, "5 rows saved to "));
    assert!(path.is_file());
}

#[test]
fn the_shortcut_saves_and_chinese_words_tell() {
    let settings = Settings {
        language: LanguageChoice::Chinese,
        servers: vec![any_port()],
        clients: vec![ClientTab::default()],
        ..Settings::default()
    };
    let mut window = Window::open(settings);
    window.harness.get_by_label("开始监听").click();
    window.until("a row", |window| window.harness.query_by_label("共 1 行").is_some());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("日志.txt");
    let asked = choose(&mut window, &path);
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::S);
    window.until("saved", |window| says(window, &format!("已保存 1 行到 {}", path.display())));
    assert!(path.is_file());
    let [(title, Wanted::NewFile { kinds, .. })] = &asked.borrow()[..] else { panic!("{asked:?}") };
    assert_eq!((title.as_str(), kinds[5].0.as_str()), ("保存日志…", "SQLite，全部行"));
}

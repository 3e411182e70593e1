use std::fs;

use proptest::prelude::*;

use super::*;
use crate::model::{Cause, Hint};

fn name(raw: &str) -> SafeName {
    SafeName::new(raw.as_bytes())
}

fn receive(inbox: &Inbox, raw: &str, bytes: &[u8]) -> PathBuf {
    let mut incoming = inbox.create(&name(raw)).unwrap();
    incoming.write(bytes).unwrap();
    incoming.finish().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_is_labelled_until_it_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let inbox = Inbox::open(folder.path()).unwrap();
    let mut incoming = inbox.create(&name("a.txt")).unwrap();
    assert_eq!(incoming.path(), folder.path().join("a.txt.incomplete"));
    incoming.write(b"12").unwrap();
    incoming.write(b"345").unwrap();
    assert_eq!(incoming.written(), 5);
    let other = inbox.create(&name("a.txt")).unwrap();
    assert_eq!(other.path(), folder.path().join("a.txt (2).incomplete"));

    assert_eq!(incoming.finish().unwrap(), folder.path().join("a.txt"));
    assert_eq!(fs::read(folder.path().join("a.txt")).unwrap(), b"12345");
    assert_eq!(other.abandon(), folder.path().join("a.txt (2).incomplete"));
    assert_eq!(names(folder.path()), ["a.txt", "a.txt (2).incomplete"]);
}

#[test]
fn an_existing_file_is_never_replaced_whatever_its_letter_case() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Report.TXT"), "mine").unwrap();
    let inbox = Inbox::open(folder.path()).unwrap();
    let second = receive(&inbox, "report.txt", b"2");
    let third = receive(&inbox, "REPORT.txt", b"3");
    assert_eq!(second, folder.path().join("report (2).txt"));
    assert_eq!(third, folder.path().join("REPORT (3).txt"));
    assert_eq!(fs::read(folder.path().join("Report.TXT")).unwrap(), b"mine");
    assert_eq!(fs::read(third).unwrap(), b"3");
}

#[test]
fn names_of_other_letters_in_unicodes_sense_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    // As two letters, e and an accent; and as one.
    fs::write(folder.path().join("cafe\u{301}.txt"), "mine").unwrap();
    let inbox = Inbox::open(folder.path()).unwrap();
    assert_eq!(receive(&inbox, "caf\u{e9}.txt", b"2"), folder.path().join("caf\u{e9} (2).txt"));
    fs::create_dir(folder.path().join("E\u{301}t\u{e9}")).unwrap();
    let inbox = Inbox::open(folder.path()).unwrap();
    let entered = inbox.enter(&name("\u{e9}te\u{301}")).unwrap();
    assert_eq!(entered.path().parent(), Some(folder.path()));
    assert!(entered.path().to_str().unwrap().ends_with(" (2)"), "{:?}", entered.path());
}

#[test]
fn folders_that_differ_in_letter_case_alone_stay_apart_where_no_system_tells_them_apart() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        // The second time the folders are there, and each finds its own.
        let inbox = Inbox::open(folder.path()).unwrap();
        for (sent, made) in [("Docs", "Docs"), ("docs", "docs (2)"), ("Docs", "Docs"), ("DOCS", "DOCS (3)")] {
            assert_eq!(inbox.enter(&name(sent)).unwrap().path(), folder.path().join(made));
        }
    }
    assert_eq!(names(folder.path()), ["DOCS (3)", "Docs", "docs (2)"]);
}

#[test]
fn a_file_and_a_folder_that_differ_in_letter_case_alone_stay_apart_too() {
    let folder = tempfile::tempdir().unwrap();
    let inbox = Inbox::open(folder.path()).unwrap();
    // Before the folder is made its names are known.
    receive(&inbox, "a", b"1");
    inbox.enter(&name("Docs")).unwrap();
    assert_eq!(receive(&inbox, "docs", b"1"), folder.path().join("docs (2)"));
    receive(&inbox, "Notes", b"1");
    assert_eq!(inbox.enter(&name("notes")).unwrap().path(), folder.path().join("notes (2)"));
}

#[test]
fn however_many_files_have_a_name_the_next_one_is_kept_too() {
    let folder = tempfile::tempdir().unwrap();
    let safe = name("received.bin");
    for number in 1..=numbers::IN_ORDER {
        let taken = if number == 1 { safe.clone() } else { safe.numbered(number) };
        for taken in [taken.as_str().to_owned(), incomplete_name(safe.as_str(), number)] {
            fs::write(folder.path().join(taken), "").unwrap();
        }
    }
    let inbox = Inbox::open(folder.path()).unwrap();
    let [one, two] = [b"1", b"2"].map(|bytes| receive(&inbox, safe.as_str(), bytes));
    assert_ne!(one, two);
    for (path, bytes) in [(one, b"1"), (two, b"2")] {
        assert_eq!(fs::read(&path).unwrap(), bytes);
        let number = path.to_str().unwrap().rsplit_once("received (").unwrap().1.strip_suffix(").bin").unwrap();
        assert!(number.parse::<u32>().unwrap() > 0, "{number}");
    }
}

#[test]
fn long_names_keep_the_label() {
    let folder = tempfile::tempdir().unwrap();
    let inbox = Inbox::open(folder.path()).unwrap();
    let long = format!("{}.txt", "长".repeat(100));
    for _ in 0..3 {
        let incoming = inbox.create(&name(&long)).unwrap();
        assert!(incoming.path().to_str().unwrap().ends_with(".incomplete"));
        let _ = incoming.abandon();
    }
    let first = receive(&inbox, &long, b"1");
    let second = receive(&inbox, &long, b"2");
    assert_ne!(first, second);
    assert_eq!(names(folder.path()).len(), 5);
}

#[test]
fn what_is_no_folder_is_refused_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Inbox::open(&folder.path().join("missing")).unwrap_err();
    let is_named = matches!(missing.hint, Some(Hint::NothingNamed { path, .. }) if path.ends_with("/missing"));
    assert!(missing.cause == Cause::NotFound && is_named);
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let not_a_folder = Inbox::open(&file).unwrap_err();
    assert_eq!((not_a_folder.cause, not_a_folder.hint), (Cause::NotADirectory, Some(Hint::ChooseAFolder)));
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn links_are_neither_followed_nor_replaced() {
        let outside = tempfile::tempdir().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let target = outside.path().join("target");
        fs::write(&target, "mine").unwrap();
        for (link, to) in [("a", target.clone()), ("b", outside.path().join("dangling"))] {
            symlink(&to, folder.path().join(link)).unwrap();
            symlink(&to, folder.path().join(format!("{link}.incomplete"))).unwrap();
        }
        let inbox = Inbox::open(folder.path()).unwrap();
        for link in ["a", "b"] {
            let path = receive(&inbox, link, b"theirs");
            assert_eq!(path, folder.path().join(format!("{link} (2)")));
            assert!(fs::symlink_metadata(&path).unwrap().is_file());
            assert!(fs::symlink_metadata(folder.path().join(link)).unwrap().is_symlink());
        }
        assert_eq!(fs::read(&target).unwrap(), b"mine");
        assert_eq!(names(outside.path()), ["target"]);
    }

    #[test]
    fn what_took_the_place_of_the_incomplete_file_is_not_finished() {
        let folder = tempfile::tempdir().unwrap();
        let inbox = Inbox::open(folder.path()).unwrap();
        let incoming = inbox.create(&name("a")).unwrap();
        let path = incoming.path();
        fs::remove_file(&path).unwrap();
        symlink("/etc/passwd", &path).unwrap();
        let Unfinished { failure, path: left } = *incoming.finish().unwrap_err();
        assert_eq!((failure.cause, left), (Cause::NotFound, path));
        assert_eq!(names(folder.path()), ["a.incomplete"]);

        // Nor is it removed.
        let copy = inbox.create(&name("b")).unwrap();
        fs::remove_file(copy.path()).unwrap();
        fs::write(copy.path(), b"of somebody else").unwrap();
        assert_eq!(copy.finish_or_discard().unwrap_err().cause, Cause::NotFound);
        assert_eq!(names(folder.path()), ["a.incomplete", "b.incomplete"]);
    }

    #[test]
    fn files_go_into_the_folder_that_was_opened_wherever_it_is_now() {
        let place = tempfile::tempdir().unwrap();
        let (chosen, moved, trap) =
            (place.path().join("chosen"), place.path().join("moved"), place.path().join("trap"));
        fs::create_dir(&chosen).unwrap();
        fs::create_dir(&trap).unwrap();
        let inbox = Inbox::open(&chosen).unwrap();
        fs::rename(&chosen, &moved).unwrap();
        symlink(&trap, &chosen).unwrap();
        receive(&inbox, "a", b"1");
        assert_eq!(names(&moved), ["a"]);
        assert!(names(&trap).is_empty());
    }

    #[test]
    fn others_can_not_read_what_comes() {
        let folder = tempfile::tempdir().unwrap();
        let path = receive(&Inbox::open(folder.path()).unwrap(), "a", b"1");
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

proptest! {
    #[test]
    fn no_name_leaves_the_folder(raw in prop::collection::vec(any::<u8>(), 0..300), dots in "(\\.\\./|/|\\\\|\\.\\.|~){0,6}") {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("inbox");
        fs::create_dir(&folder).unwrap();
        let inbox = Inbox::open(&folder).unwrap();
        let mut hostile = dots.into_bytes();
        hostile.extend(raw);
        let mut incoming = inbox.create(&SafeName::new(&hostile)).unwrap();
        incoming.write(b"x").unwrap();
        let path = incoming.finish().unwrap();
        prop_assert_eq!(path.parent(), Some(folder.as_path()));
        prop_assert_eq!(fs::read(&path).unwrap(), b"x");
        prop_assert_eq!(names(place.path()), ["inbox"]);
        prop_assert_eq!(names(&folder).len(), 1);
    }
}

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use proptest::prelude::*;

use super::*;

fn name() -> SafeName {
    SafeName::new(b"a.bin")
}

fn sent(content: &[u8]) -> Sent<'static> {
    Sent { name: "folder/a.bin", size: content.len() as u64, modified_ns: Some(1_600_000_000_123_456_789) }
}

fn hash(bytes: &[u8]) -> Hash {
    *blake3::hash(bytes).as_bytes()
}

/// A connection that receives into a folder.
fn connection(folder: &Path) -> Inbox {
    Inbox::open(folder).unwrap().with_notes()
}

fn received(inbox: &Inbox, content: &[u8]) -> Partial {
    let mut partial = inbox.resume(&name(), sent(content)).unwrap();
    partial.begin(0).unwrap();
    partial.write(content).unwrap();
    partial
}

fn bring(inbox: &Inbox, content: &[u8]) -> PathBuf {
    received(inbox, content).finish(&hash(content)).unwrap()
}

/// The names in the folder, without those of notes; and how many notes there are.
fn names(folder: &Path) -> (Vec<String>, usize) {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let (notes, mut names): (Vec<_>, Vec<_>) = names.partition(|name| name.starts_with(PREFIX));
    names.sort();
    (names, notes.len())
}

#[test]
fn what_arrived_is_known_again_until_its_sender_has_heard_of_it() {
    for len in [1, 5 << 20] {
        let (place, content) = (tempfile::tempdir().unwrap(), vec![7; len]);
        let first = connection(place.path());
        let path = bring(&first, &content);
        assert!(first.arrived(&name(), sent(&content)).is_none(), "over the same connection it is sent on purpose");
        drop(first);

        let second = connection(place.path());
        assert!(second.arrived(&name(), Sent { modified_ns: None, ..sent(&content) }).is_none());
        let arrived = second.arrived(&name(), sent(&content)).unwrap();
        assert_eq!((arrived.prefix(), arrived.path()), ((len as u64, hash(&content)), path.clone()));
        assert_eq!(arrived.finish(&hash(&content)).unwrap(), path);
        drop(second);

        // Its sender has not heard of that either.
        let third = connection(place.path());
        third.arrived(&name(), sent(&content)).unwrap().finish(&hash(&content)).unwrap();
        third.forget_arrivals();
        assert_eq!(names(place.path()), (vec!["a.bin".to_owned()], 0));
        assert!(connection(place.path()).arrived(&name(), sent(&content)).is_none());
        assert_eq!(bring(&connection(place.path()), &content), place.path().join("a (2).bin"));
    }
}

#[test]
fn what_was_sent_again_whole_is_kept_once_and_what_is_another_file_is_kept() {
    let place = tempfile::tempdir().unwrap();
    let path = bring(&connection(place.path()), b"the same");
    let again = connection(place.path());
    assert_eq!(bring(&again, b"the same"), path);
    assert_eq!(bring(&again, b"another!"), place.path().join("a (2).bin"));
    assert_eq!(names(place.path()).0, ["a (2).bin", "a.bin"]);
    again.forget_arrivals();
    assert_eq!(names(place.path()).1, 0);

    let place = tempfile::tempdir().unwrap();
    bring(&connection(place.path()), b"");
    bring(&connection(place.path()), b"");
    assert_eq!(names(place.path()).0, ["a.bin"], "one without a byte too");
}

#[test]
fn what_is_another_file_by_now_is_not_asked_about_again() {
    let place = tempfile::tempdir().unwrap();
    let path = bring(&connection(place.path()), b"content");
    let second = connection(place.path());
    let mut partial = second.arrived(&name(), sent(b"content")).unwrap().begin_another().unwrap();
    partial.begin(0).unwrap();
    partial.write(b"another").unwrap();
    let _ = partial.abandon();
    drop(second);
    let third = connection(place.path());
    assert!(third.arrived(&name(), sent(b"content")).is_none(), "it was broken off, and goes on");
    assert_eq!(fs::read(path).unwrap(), b"content");
}

#[test]
fn notes_of_a_connection_that_went_on_after_they_were_read_are_kept() {
    let place = tempfile::tempdir().unwrap();
    let first = connection(place.path());
    bring(&first, b"first");
    let second = connection(place.path());
    let arrived = second.arrived(&name(), sent(b"first")).unwrap();
    bring(&first, b"and more");
    drop(first);
    arrived.finish(&hash(b"first")).unwrap();
    second.forget_arrivals();
    drop(second);
    let third = connection(place.path());
    assert!(third.arrived(&name(), sent(b"first")).is_none(), "its sender has heard of it");
    assert!(third.arrived(&name(), sent(b"and more")).is_some());
}

#[test]
fn each_of_several_that_are_the_same_is_known_once() {
    let place = tempfile::tempdir().unwrap();
    let first = connection(place.path());
    bring(&first, b"content");
    bring(&first, b"content");
    let second = connection(place.path());
    let found = |_| second.arrived(&name(), sent(b"content")).map(|arrived| arrived.finish(&hash(b"content")).unwrap());
    let paths: Vec<_> = (0..3).filter_map(found).collect();
    assert_eq!(paths, ["a.bin", "a (2).bin"].map(|name| place.path().join(name)));
}

#[test]
fn a_kill_at_any_place_leaves_what_it_is_known_by() {
    for is_taken in [false, true] {
        let place = tempfile::tempdir().unwrap();
        if is_taken {
            fs::write(place.path().join("a.bin"), "mine").unwrap();
        }
        let first = connection(place.path());
        let files = [received(&first, b"content").sync(&hash(b"content"))];
        let _ = Noting::before(&files);
        // Before it got its name.
        let next = connection(place.path());
        assert!(next.arrived(&name(), sent(b"content")).is_none());
        let [Ok(synced)] = files else { panic!("it is on the disk") };
        let Ok(named) = synced.rename() else { panic!("it has its name") };
        // Before that was noted.
        let arrived = connection(place.path()).arrived(&name(), sent(b"content")).unwrap();
        assert_eq!(named.after(Ok(())).unwrap(), arrived.path());
        assert_eq!(arrived.path(), place.path().join(if is_taken { "a (2).bin" } else { "a.bin" }));
    }
}

#[test]
fn what_somebody_touched_is_not_what_arrived() {
    let write_to_it = |path: &Path| {
        let before = fs::metadata(path).unwrap();
        while fs::metadata(path).unwrap().ctime_nsec() == before.ctime_nsec() {
            fs::write(path, "CONTENT").unwrap();
            fs::File::options().write(true).open(path).unwrap().set_modified(before.modified().unwrap()).unwrap();
        }
    };
    let put_a_copy_there = |path: &Path| {
        let modified = fs::metadata(path).unwrap().modified().unwrap();
        fs::copy(path, path.with_extension("copy")).unwrap();
        fs::rename(path.with_extension("copy"), path).unwrap();
        fs::File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
    };
    let put_a_link_there = |path: &Path| {
        fs::rename(path, path.with_extension("moved")).unwrap();
        std::os::unix::fs::symlink(path.with_extension("moved"), path).unwrap();
    };
    let remove_it = |path: &Path| fs::remove_file(path).unwrap();
    let ways: [&dyn Fn(&Path); 4] = [&write_to_it, &put_a_copy_there, &put_a_link_there, &remove_it];
    for (number, touch) in ways.into_iter().enumerate() {
        for is_offered in [false, true] {
            let place = tempfile::tempdir().unwrap();
            let path = bring(&connection(place.path()), b"content");
            let next = connection(place.path());
            let arrived = is_offered.then(|| next.arrived(&name(), sent(b"content")).unwrap());
            touch(&path);
            match arrived {
                Some(arrived) => assert!(arrived.finish(&hash(b"content")).is_err(), "way {number}"),
                None => assert!(next.arrived(&name(), sent(b"content")).is_none(), "way {number}"),
            }
        }
    }
    let place = tempfile::tempdir().unwrap();
    let path = bring(&connection(place.path()), b"content");
    let arrived = connection(place.path()).arrived(&name(), sent(b"content")).unwrap();
    let Unfinished { failure, .. } = *arrived.finish(&hash(b"another")).unwrap_err();
    assert_eq!(failure.cause, Cause::Damaged);
    assert_eq!(fs::read(path).unwrap(), b"content", "it stays");
}

#[test]
fn what_did_not_get_its_name_is_not_known() {
    let place = tempfile::tempdir().unwrap();
    let first = connection(place.path());
    let files = [received(&first, b"content").sync(&hash(b"content"))];
    let notes = Noting::before(&files);
    fs::rename(files[0].as_ref().ok().unwrap().incoming.path(), place.path().join("away")).unwrap();
    let named = files.map(|file| file.and_then(Synced::rename));
    assert!(named[0].is_err());
    notes.after(&named);
    fs::rename(place.path().join("away"), place.path().join("a.bin")).unwrap();
    assert!(connection(place.path()).arrived(&name(), sent(b"content")).is_none());
    assert_eq!(names(place.path()).1, 1, "it is that connection's as long as it lives");
    drop((first, named));
    assert!(connection(place.path()).arrived(&name(), sent(b"content")).is_none());
    assert_eq!(names(place.path()).1, 0);
}

#[test]
fn notes_are_bounded_in_age_and_number_and_nobody_elses_are_touched() {
    let place = tempfile::tempdir().unwrap();
    let note = |name: &str, age: Duration, content: &[u8]| {
        fs::write(place.path().join(name), content).unwrap();
        let file = fs::File::options().write(true).open(place.path().join(name)).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    };
    let counts = Note {
        id: [1; HASH_LEN],
        hash: [2; HASH_LEN],
        inode: 3,
        modified: (4, 5),
        changed: (-6, 7),
        number: 8,
        counts: true,
    };
    assert_eq!(Note::parse(&counts.bytes()), Some(counts));
    let content = [&MAGIC[..], &counts.bytes(), b"half a note"].concat();
    let names_of = |number: usize| format!("{PREFIX}{number:016x}{SUFFIX}");
    for number in 0..FILES_MAX + 3 {
        note(&names_of(number), Duration::from_secs(number as u64), &content);
    }
    note(&names_of(100), KEPT * 2, &content);
    note(&names_of(101), Duration::ZERO, b"no notes");
    note(".arrived-mine", KEPT * 2, b"mine");
    let old = fs::File::open(place.path().join(names_of(FILES_MAX + 2))).unwrap();
    old.try_lock().unwrap();

    assert!(connection(place.path()).arrived(&name(), sent(b"content")).is_none());
    let there = |number: usize| place.path().join(names_of(number)).exists();
    assert!((0..FILES_MAX - 1).all(there));
    assert!(!(FILES_MAX..FILES_MAX + 2).any(there) && there(FILES_MAX + 2), "a connection writes the last one");
    assert!(!there(100) && !there(101));
    assert!(place.path().join(".arrived-mine").exists());
}

proptest! {
    #[test]
    fn any_file_of_notes_is_read_or_left_out(
        records in prop::collection::vec((prop::array::uniform32(any::<u8>()), any::<[u64; 7]>(), 0..3_u64), 0..6),
        rest in prop::collection::vec(any::<u8>(), 0..200),
        is_ours: bool,
    ) {
        let mut content = if is_ours { MAGIC.to_vec() } else { Vec::new() };
        let mut count = 0;
        for (hash, mut values, last) in records {
            values[6] = last;
            // Of any number, few would fit.
            values[5] >>= 32 * (values[0] & 1);
            content.extend([hash, hash].concat());
            content.extend(values.iter().flat_map(|value| value.to_be_bytes()));
            // A number of a name has 32 bits.
            count += usize::from(last == 1 && u32::try_from(values[5]).is_ok());
        }
        let whole = content.len();
        content.extend(rest.iter().take(RECORD - 1));
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("notes");
        fs::write(&path, &content).unwrap();
        let (mut earlier, mut room) = (Earlier::default(), NOTES_MAX);
        let counts = earlier.take_in("notes", &fs::File::open(&path).unwrap(), &mut room);
        let found: Vec<_> = earlier.notes.values().flatten().collect();
        if is_ours {
            prop_assert_eq!((found.len(), counts), (count, count > 0));
        } else {
            prop_assert!(!counts && found.is_empty());
        }
        for (note, (_, at)) in found {
            let at = *at as usize;
            prop_assert!(at + RECORD <= whole);
            prop_assert_eq!(&note.bytes()[..], &content[at..at + RECORD], "it is read as it is written");
        }
    }
}

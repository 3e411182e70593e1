use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use super::*;

const GROUP_LEN: usize = GROUP as usize;

fn name() -> SafeName {
    SafeName::new(b"a.bin")
}

fn sent(content: &[u8]) -> Sent<'static> {
    Sent { name: "a.bin", size: content.len() as u64, modified_ns: Some(1_600_000_000_123_456_789) }
}

fn content(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8 ^ (at >> 13) as u8).collect()
}

fn hash(bytes: &[u8]) -> Hash {
    *blake3::hash(bytes).as_bytes()
}

/// Every name in the folder, hidden ones too.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn writable(path: &Path) -> File {
    File::options().write(true).open(path).unwrap()
}

struct Place {
    folder: tempfile::TempDir,
    inbox: Inbox,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let inbox = Inbox::open(folder.path()).unwrap();
        Self { folder, inbox }
    }

    /// As a process that is killed once it has written so much leaves it.
    fn broken_off(&self, content: &[u8], at: usize) -> PathBuf {
        let mut partial = self.inbox.resume(&name(), sent(content)).unwrap();
        partial.begin(0).unwrap();
        content[..at].chunks(1 << 20).for_each(|piece| partial.write(piece).unwrap());
        partial.path()
    }

    fn log(&self) -> PathBuf {
        let log = names(self.folder.path()).into_iter().find(|name| name.ends_with(".sockeye")).expect("a log");
        self.folder.path().join(log)
    }

    /// Takes it up again at that offset, and to its end.
    fn goes_on(&self, content: &[u8], offset: usize) {
        let mut partial = self.inbox.resume(&name(), sent(content)).unwrap();
        assert!(!partial.recover().unwrap(), "nothing is read again");
        assert_eq!(partial.prefix(), (offset as u64, hash(&content[..offset])));
        partial.begin(offset as u64).unwrap();
        partial.write(&content[offset..]).unwrap();
        let path = partial.finish(&hash(content)).unwrap();
        assert!(fs::read(&path).unwrap() == content);
        assert_eq!(names(self.folder.path()), ["a.bin"], "no log and no partial file is left");
    }
}

#[test]
fn a_file_gets_its_name_and_its_time_once_it_is_whole() {
    for len in [0, 1, 5 * GROUP_LEN] {
        let (place, content) = (Place::new(), content(len));
        let mut partial = place.inbox.resume(&name(), sent(&content)).unwrap();
        assert_eq!(partial.prefix(), (0, [0; HASH_LEN]));
        partial.begin(0).unwrap();
        partial.write(&content).unwrap();
        assert!(!place.folder.path().join("a.bin").exists());
        let path = partial.finish(&hash(&content)).unwrap();
        assert_eq!(path, place.folder.path().join("a.bin"));
        assert!(fs::read(&path).unwrap() == content);
        let metadata = fs::metadata(path).unwrap();
        assert_eq!(metadata.modified().unwrap(), time(1_600_000_000_123_456_789).unwrap());
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        assert_eq!(names(place.folder.path()), ["a.bin"]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_time_that_can_not_be_set_keeps_no_file_back() {
    use nix::unistd::{Uid, setfsuid};
    let (place, content) = (Place::new(), content(9));
    let mut partial = place.inbox.resume(&name(), sent(&content)).unwrap();
    partial.begin(0).unwrap();
    partial.write(&content).unwrap();
    // Of another user, as all that lies on some mounts. This thread alone loses what root may do with it: setfsuid(2).
    let is_root = Uid::effective().is_root();
    let foreign = if is_root { tempfile::tempfile() } else { File::open("/etc/passwd") }.unwrap();
    partial.incoming.file = foreign.try_clone().unwrap();
    let own = setfsuid(Uid::from_raw(65534));
    let (set, synced) = (foreign.set_modified(SystemTime::UNIX_EPOCH), partial.sync(&hash(&content)));
    setfsuid(own);
    assert_eq!(set.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    assert!(synced.is_ok());
}

#[test]
fn a_file_that_does_not_get_its_name_is_gone_on_with_without_being_read() {
    let (place, content) = (Place::new(), content(4 * GROUP_LEN + 9));
    let mut partial = place.inbox.resume(&name(), sent(&content)).unwrap();
    partial.begin(0).unwrap();
    partial.write(&content).unwrap();
    let (path, away) = (partial.path(), place.folder.path().join("away"));
    let synced = partial.sync(&hash(&content)).ok().unwrap();
    fs::rename(&path, &away).unwrap();
    assert!(synced.rename().is_err());
    fs::rename(away, path).unwrap();
    // However long that took.
    writable(&place.log()).set_modified(SystemTime::now()).unwrap();
    place.goes_on(&content, 4 * GROUP_LEN);
}

#[test]
fn what_broke_off_goes_on_without_being_read() {
    let content = content(4 * GROUP_LEN + 9);
    for (at, offset) in [(2 * GROUP_LEN, 0), (2 * GROUP_LEN + 1, 2), (3 * GROUP_LEN + 5, 3), (content.len(), 4)] {
        let place = Place::new();
        let path = place.broken_off(&content, at);
        assert!(path.to_str().unwrap().ends_with(".incomplete"));
        if offset > 0 {
            place.goes_on(&content, offset * GROUP_LEN);
        }
    }
}

#[test]
fn it_goes_on_after_it_was_given_up_too_and_takes_no_room_until_then() {
    let (place, content) = (Place::new(), content(5 * GROUP_LEN));
    let mut partial = place.inbox.resume(&name(), sent(&content)).unwrap();
    partial.begin(0).unwrap();
    partial.write(&content[..3 * GROUP_LEN + 1]).unwrap();
    let path = partial.abandon();
    let metadata = fs::metadata(path).unwrap();
    assert_eq!(metadata.len(), 3 * GROUP + 1);
    assert!(metadata.blocks() * 512 < 4 * GROUP, "{}", metadata.blocks());
    place.goes_on(&content, 3 * GROUP_LEN);

    let partial = place.inbox.resume(&SafeName::new(b"b"), sent(&content)).unwrap();
    partial.abandon();
    assert_eq!(names(place.folder.path()), ["a.bin"], "nothing had come of it");
}

#[test]
fn what_the_log_can_not_vouch_for_is_read() {
    let content = content(6 * GROUP_LEN + 9);
    let lose_the_end = |place: &Place, path: &Path| {
        writable(path).set_len(3 * GROUP + 7).unwrap();
        // However long that took.
        writable(&place.log()).set_modified(SystemTime::now()).unwrap();
    };
    let damage_the_end = |_: &Place, path: &Path| {
        let mut content = fs::read(path).unwrap();
        content[4 * GROUP_LEN - 1] ^= 1;
        fs::write(path, content).unwrap();
    };
    let start_the_machine = |place: &Place, _: &Path| {
        let log = place.log();
        let mut content = fs::read(&log).unwrap();
        content[9] ^= 1;
        fs::write(log, content).unwrap();
    };
    let lose_the_log = |place: &Place, _: &Path| fs::remove_file(place.log()).unwrap();
    let keep_one_wrong_value = |place: &Place, _: &Path| {
        let log = place.log();
        let mut content = fs::read(&log).unwrap();
        content.truncate(content.len() - 3 * HASH_LEN);
        *content.last_mut().unwrap() ^= 1;
        fs::write(log, content).unwrap();
    };
    let change_it_an_hour_later = |place: &Place, path: &Path| {
        writable(path).write_all_at(b"!", 5).unwrap();
        writable(&place.log()).set_modified(SystemTime::now() - Duration::from_secs(3600)).unwrap();
    };
    let put_another_in_its_place = |place: &Place, path: &Path| {
        let copy = place.folder.path().join("copy");
        fs::copy(path, &copy).unwrap();
        writable(&copy).write_all_at(b"!", 5).unwrap();
        fs::rename(copy, path).unwrap();
    };
    type Mishap<'a> = (&'a dyn Fn(&Place, &Path), u64, bool);
    let mishaps: [Mishap<'_>; 7] = [
        (&lose_the_end, 3, false),
        (&damage_the_end, 4, true),
        (&start_the_machine, 4, true),
        (&lose_the_log, 4, true),
        (&keep_one_wrong_value, 4, true),
        (&change_it_an_hour_later, 4, true),
        (&put_another_in_its_place, 4, true),
    ];
    for (number, (mishap, groups, is_read)) in mishaps.into_iter().enumerate() {
        let place = Place::new();
        let path = place.broken_off(&content, 4 * GROUP_LEN + 1);
        mishap(&place, &path);
        let there = fs::read(&path).unwrap();
        let mut partial = place.inbox.resume(&name(), sent(&content)).unwrap();
        let mut readings = 0;
        while partial.recover().unwrap() {
            readings += 1;
        }
        assert_eq!(readings, if is_read { groups - 1 } else { 0 }, "mishap {number}");
        let kept = groups as usize * GROUP_LEN;
        assert_eq!(partial.prefix(), (kept as u64, hash(&there[..kept])), "mishap {number}");

        // It goes on and is broken off again: by now the log knows all of it.
        partial.begin(kept as u64).unwrap();
        let end = 6 * GROUP_LEN;
        partial.write(&content[kept..=end]).unwrap();
        drop(partial);
        let there = fs::read(&path).unwrap();
        let mut partial = place.inbox.resume(&name(), sent(&content)).unwrap();
        assert!(!partial.recover().unwrap(), "mishap {number}");
        assert_eq!(partial.prefix(), (end as u64, hash(&there[..end])), "mishap {number}");
    }
}

#[test]
fn a_log_that_can_not_be_written_is_none_and_is_not_left_behind() {
    let (place, content) = (Place::new(), content(5 * GROUP_LEN));
    let mut partial = place.inbox.resume(&name(), sent(&content)).unwrap();
    partial.begin(0).unwrap();
    partial.write(&content[..GROUP_LEN]).unwrap();
    partial.log.as_mut().unwrap().0.file = File::open(place.log()).unwrap();
    partial.write(&content[GROUP_LEN..]).unwrap();
    assert!(partial.log.is_none());
    partial.finish(&hash(&content)).unwrap();
    assert_eq!(names(place.folder.path()), ["a.bin"]);
}

#[test]
fn after_the_machine_started_anew_it_goes_on_where_the_disk_had_it() {
    let (place, content) = (Place::new(), content(34 * GROUP_LEN));
    place.broken_off(&content, 33 * GROUP_LEN + 5);
    let log = place.log();
    let mut bytes = fs::read(&log).unwrap();
    bytes[9] ^= 1;
    fs::write(log, bytes).unwrap();
    place.goes_on(&content, 32 * GROUP_LEN);
}

#[test]
fn a_prefix_that_the_sender_does_not_have_starts_over() {
    let (place, content) = (Place::new(), content(5 * GROUP_LEN));
    let other: Vec<u8> = content.iter().map(|byte| !byte).collect();
    place.broken_off(&other, 4 * GROUP_LEN);
    let mut partial = place.inbox.resume(&name(), sent(&content)).unwrap();
    assert_eq!(partial.prefix().0, 3 * GROUP);
    partial.begin(0).unwrap();
    partial.write(&content).unwrap();
    assert!(fs::read(partial.finish(&hash(&content)).unwrap()).unwrap() == content);

    place.broken_off(&other, 4 * GROUP_LEN);
    let mut partial = place.inbox.resume(&name(), sent(&content)).unwrap();
    partial.begin(0).unwrap();
    partial.write(&content[..2 * GROUP_LEN + 1]).unwrap();
    drop(partial);
    let partial = place.inbox.resume(&name(), sent(&content)).unwrap();
    assert_eq!(partial.prefix(), (2 * GROUP, hash(&content[..2 * GROUP_LEN])), "nothing of the first one is left");
}

#[test]
fn two_sessions_that_receive_the_same_do_not_meet() {
    let (place, content) = (Place::new(), content(3 * GROUP_LEN));
    let mut first = place.inbox.resume(&name(), sent(&content)).unwrap();
    let mut second = place.inbox.resume(&name(), sent(&content)).unwrap();
    assert_ne!(first.path(), second.path());
    for partial in [&mut first, &mut second] {
        partial.begin(0).unwrap();
        partial.write(&content).unwrap();
    }
    assert_eq!(first.finish(&hash(&content)).unwrap(), place.folder.path().join("a.bin"));
    assert_eq!(second.finish(&hash(&content)).unwrap(), place.folder.path().join("a (2).bin"));
    assert_eq!(names(place.folder.path()), ["a (2).bin", "a.bin"]);
}

#[test]
fn a_file_that_another_process_was_first_to_finish_is_left_to_it() {
    let place = Place::new();
    let at = |name: &str| place.folder.path().join(name);
    let lock = |file: &File| place.inbox.folder.lock("new", file).map_err(|error| error.kind());
    let file = place.inbox.folder.create_new("new").unwrap();
    assert_eq!(lock(&file), Ok(()));
    let other = File::open(at("new")).unwrap();
    assert_eq!(lock(&other), Err(io::ErrorKind::AlreadyExists), "it is locked");
    drop(file);
    fs::rename(at("new"), at("finished")).unwrap();
    assert_eq!(lock(&other), Err(io::ErrorKind::AlreadyExists), "nothing has the name");
    fs::write(at("new"), "").unwrap();
    assert_eq!(lock(&other), Err(io::ErrorKind::AlreadyExists), "another file has it");
}

#[test]
fn what_has_another_hash_is_not_kept() {
    let (place, content) = (Place::new(), content(3 * GROUP_LEN));
    let mut partial = place.inbox.resume(&name(), sent(&content)).unwrap();
    partial.begin(0).unwrap();
    partial.write(&content).unwrap();
    let Unfinished { failure, .. } = *partial.finish(&hash(b"another")).unwrap_err();
    assert_eq!(failure.cause, Cause::Damaged);
    assert_eq!(names(place.folder.path()), [""; 0]);
}

#[test]
fn what_stands_in_a_partials_place_is_not_discarded_for_it() {
    let (place, content) = (Place::new(), content(3 * GROUP_LEN));
    let mut partial = place.inbox.resume(&name(), sent(&content)).unwrap();
    partial.begin(0).unwrap();
    partial.write(&content).unwrap();
    let path = partial.path();
    fs::rename(&path, place.folder.path().join("moved")).unwrap();
    fs::write(&path, "somebody's").unwrap();
    assert_eq!(partial.finish(&hash(b"another")).unwrap_err().failure.cause, Cause::Damaged);
    assert_eq!(fs::read(&path).unwrap(), b"somebody's");
}

#[test]
fn what_others_put_in_the_way_is_left_alone() {
    let (place, content) = (Place::new(), content(3 * GROUP_LEN));
    let outside = tempfile::NamedTempFile::new().unwrap();
    let first = place.inbox.resume(&name(), sent(&content)).unwrap();
    let (path, log) = (first.path(), place.log());
    first.discard();
    symlink(outside.path(), &path).unwrap();
    symlink(outside.path(), &log).unwrap();
    let mut partial = place.inbox.resume(&name(), sent(&content)).unwrap();
    assert_ne!(partial.path(), path);
    partial.begin(0).unwrap();
    partial.write(&content).unwrap();
    partial.finish(&hash(&content)).unwrap();
    assert_eq!(outside.as_file().metadata().unwrap().len(), 0);
    assert!(fs::symlink_metadata(path).unwrap().is_symlink() && fs::symlink_metadata(log).unwrap().is_symlink());
}

#[test]
fn without_room_nothing_is_begun() {
    let place = Place::new();
    let huge = Sent { name: "a.bin", size: 1 << 60, modified_ns: None };
    let mut partial = place.inbox.resume(&name(), huge).unwrap();
    assert_eq!(partial.begin(0).unwrap_err().cause, Cause::StorageFull);
    partial.abandon();
    assert_eq!(names(place.folder.path()), [""; 0]);
}

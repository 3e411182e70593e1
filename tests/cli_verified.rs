//! Verified files between two runs of the program: whole, or taken up again where they broke off.

#![cfg(unix)]

mod support;

use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use support::{PATIENCE, Run, Sockeye, listing, noise, sockeye, write};
use tempfile::{TempDir, tempdir};

const GROUP: u64 = 2 << 20;

/// A sender's files, what it keeps between two runs, and a receiver's folder.
struct Place {
    from: TempDir,
    into: TempDir,
    kept: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = || tempdir().expect("a folder");
        Self { from: folder(), into: folder(), kept: folder() }
    }

    fn receiver(&self) -> (Sockeye, String) {
        let into = self.into.path().to_str().expect("UTF-8");
        Sockeye::listen(&["receive", "tcp://127.0.0.1:0", "--into", into, "--once"])
    }

    fn sender(&self, endpoint: &str, files: &[&Path]) -> Sockeye {
        let mut command = sockeye(&["send-file", endpoint, "--protocol", "verified", "--json"]);
        command.args(files).env("XDG_CACHE_HOME", self.kept.path());
        Sockeye::watch(command)
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        write(self.from.path(), name, content)
    }
}

#[test]
fn files_of_any_size_arrive_whole_over_one_connection() {
    let place = Place::new();
    let sizes = [1, 0, 64 << 10, (64 << 10) + 1, 5_000_000, 1 << 20, (1 << 20) + 1, 17];
    let names = sizes.map(|size| format!("文件 {size}.bin"));
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_234_567_890);
    let files: Vec<PathBuf> = names.iter().zip(sizes).map(|(name, size)| place.file(name, &noise(size))).collect();
    for file in &files {
        let file = fs::File::options().write(true).open(file).expect("it is there");
        file.set_modified(old).expect("its time can be set");
    }
    let (receiver, endpoint) = place.receiver();
    let paths: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let sent = place.sender(&endpoint, &paths).finish();
    let received = receiver.finish();
    for run in [&sent, &received] {
        let files = run.expect_code(0).all("file");
        assert_eq!(files.len(), sizes.len());
        assert!(files.iter().all(|file| file["outcome"] == "verified"), "{files:?}");
    }
    assert_eq!(sent.all("opened").len(), 1);
    let mut sorted = names.to_vec();
    sorted.sort();
    assert_eq!(listing(place.into.path()), sorted, "nothing else is left");
    for (name, size) in names.iter().zip(sizes) {
        let path = place.into.path().join(name);
        assert!(fs::read(&path).expect("it is there") == noise(size), "{name}");
        assert_eq!(fs::metadata(path).expect("it is there").modified().expect("a time"), old);
    }
}

#[test]
fn what_is_there_already_is_numbered_and_not_replaced() {
    let place = Place::new();
    let file = place.file("a.txt", b"new");
    write(place.into.path(), "A.TXT", b"old");
    let (receiver, endpoint) = place.receiver();
    place.sender(&endpoint, &[&file]).finish().expect_code(0);
    receiver.finish().expect_code(0);
    assert_eq!(listing(place.into.path()), ["A.TXT", "a (2).txt"]);
    assert_eq!(fs::read(place.into.path().join("A.TXT")).expect("it is there"), b"old");
}

/// How much of the file lies in the folder as incomplete, without what was taken for the rest.
fn incomplete(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).expect("it can be read").flatten();
    let sizes = entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(".incomplete"));
    sizes.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).max().unwrap_or(0)
}

/// Whether something arrived there of which the sender may not know.
fn is_noted(folder: &Path) -> bool {
    listing(folder).iter().any(|name| name.starts_with(".arrived-"))
}

/// Either side is killed when the file has got to a place that is different each time. What was there before that is not
/// sent again, but for the last few MB.
#[test]
fn killed_fifty_times_it_goes_on_where_it_was_and_arrives_whole() {
    const SIZE: usize = 200 << 20;
    /// What is received and not written when the connection breaks off, and all that is no file's byte.
    const ON_ITS_WAY: u64 = 8 << 20;
    let place = Place::new();
    let content = noise(SIZE);
    let file = place.file("large", &content);
    let into = place.into.path();
    let whole = into.join("large");
    let goes_on = |run: &Run, had: u64, has: u64| {
        let again = run.summary()["received_bytes"].as_u64().expect("a number");
        let rest = has - had;
        assert!(again < rest + 2 * GROUP + ON_ITS_WAY, "{again} bytes for {rest}, from {had} to {has}");
    };
    let arrives_whole = |had: u64| {
        let (mut receiver, endpoint) = place.receiver();
        let mut sender = place.sender(&endpoint, &[&file]);
        // A slow disk takes its time for so much.
        receiver.wait_as_long_as(5 * PATIENCE);
        sender.wait_as_long_as(5 * PATIENCE);
        sender.finish().expect_code(0);
        let run = receiver.finish();
        goes_on(run.expect_code(0), had, SIZE as u64);
        assert!(fs::read(&whole).expect("it is there") == content);
        assert_eq!(listing(into), ["large"]);
        fs::remove_file(&whole).expect("it is there");
    };
    let mut random = 1_u64;
    let (mut had, mut kills, mut rounds) = (0, 0, 0);
    while kills < 50 {
        rounds += 1;
        assert!(rounds < 200, "{kills} kills in {rounds} rounds: it is through before that");
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let until = had + (random >> 33) % (8 << 20);
        if until >= SIZE as u64 {
            arrives_whole(had);
            had = 0;
            continue;
        }
        let (mut receiver, endpoint) = place.receiver();
        let mut sender = place.sender(&endpoint, &[&file]);
        let deadline = Instant::now() + PATIENCE;
        while incomplete(into) < until && !whole.exists() {
            assert!(Instant::now() < deadline, "round {rounds}: nothing comes");
            std::thread::yield_now();
        }
        // Each is killed as often as the other.
        let survivor = if kills % 2 == 0 {
            sender.kill();
            Some(receiver.finish())
        } else {
            receiver.kill();
            sender.finish();
            None
        };
        if whole.exists() {
            assert!(fs::read(&whole).expect("it is there") == content, "round {rounds}");
            if is_noted(into) {
                // Nobody can tell whether the sender knows. It is there once, and is not sent again.
                kills += 1;
                arrives_whole(SIZE as u64);
            } else {
                // The sender knew before it was killed.
                fs::remove_file(&whole).expect("it is there");
            }
            had = 0;
            continue;
        }
        kills += 1;
        let has = incomplete(into);
        assert!(has + 2 * GROUP >= had, "round {rounds}: {had} bytes were there, {has} are");
        if let Some(run) = &survivor {
            goes_on(run, had, has.max(had));
        }
        had = has;
    }
    arrives_whole(had);
    assert!(listing(&place.kept.path().join("sockeye/sent")).is_empty(), "nothing to go on with is kept");
}

#[test]
fn a_peer_that_knows_nothing_of_it_is_named_and_gets_no_file() {
    let place = Place::new();
    let file = place.file("a.txt", b"content");
    for answer in [&b"220 welcome\r\n"[..], b""] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let endpoint = format!("tcp://{}", listener.local_addr().expect("an address"));
        let sender = place.sender(&endpoint, &[&file]);
        let (mut peer, _) = listener.accept().expect("it connects");
        peer.write_all(answer).expect("it is taken");
        drop(peer);
        let run = sender.finish();
        run.expect_code(1);
        assert_eq!(run.one("file")["outcome"], "refused");
    }
}

#[test]
fn a_sender_that_breaks_the_protocol_leaves_nothing() {
    let place = Place::new();
    let (receiver, endpoint) = place.receiver();
    let mut peer = TcpStream::connect(endpoint.trim_start_matches("tcp://")).expect("it listens");
    peer.write_all(b"\xffSOCK\0\r\n\x01\x01\0\0\xff\xff\xff\xff").expect("it is taken");
    let run = receiver.finish();
    run.expect_code(0);
    assert_eq!(run.one("closed")["reason"], "error");
    assert!(
        run.one("error")["message"].as_str().is_some_and(|message| message.contains("too long")),
        "{:?}",
        run.events
    );
    assert!(listing(place.into.path()).is_empty());
}

#[test]
fn a_folder_is_sent_whole_and_limits_hold() {
    let place = Place::new();
    fs::create_dir_all(place.from.path().join("照片/空")).expect("folders");
    for (name, size) in [("照片/a.bin", 3 << 20), ("照片/b.txt", 10), ("large.bin", 5 << 20)] {
        place.file(name, &noise(size));
    }
    let into = place.into.path().to_str().expect("UTF-8");
    let limits = ["--once", "--largest", "4 MiB", "--most", "4"];
    let (receiver, endpoint) =
        Sockeye::listen(&[&["receive", "tcp://127.0.0.1:0", "--into", into], &limits[..]].concat());
    let [folder, large] = ["照片", "large.bin"].map(|name| place.from.path().join(name));
    let sent = place.sender(&endpoint, &[&folder, &large, &folder.join("b.txt")]).finish();
    let files = sent.expect_code(1).all("file");
    let outcomes: Vec<_> =
        files.iter().map(|file| (file["name"].as_str().expect("a name"), file["outcome"].as_str())).collect();
    let expected =
        [("照片/a.bin", "verified"), ("照片/b.txt", "verified"), ("large.bin", "refused"), ("b.txt", "refused")];
    assert_eq!(outcomes, expected.map(|(name, outcome)| (name, Some(outcome))));
    receiver.finish().expect_code(1);
    assert_eq!(listing(place.into.path()), ["照片"]);
    assert_eq!(listing(&place.into.path().join("照片")), ["a.bin", "b.txt", "空"]);
}

#[test]
fn a_folder_that_broke_off_is_there_once_when_it_is_sent_again() {
    const LARGE: usize = 24 << 20;
    const LAST: usize = 100 << 20;
    for is_sender_killed in [true, false] {
        let place = Place::new();
        fs::create_dir_all(place.from.path().join("both/below")).expect("folders");
        let sizes = (0..40).map(|number| (format!("below/{number}.txt"), number));
        let sizes: Vec<_> = sizes.chain([("large".to_owned(), LARGE), ("z last".to_owned(), LAST)]).collect();
        for (name, size) in &sizes {
            place.file(&format!("both/{name}"), &noise(*size));
        }
        let (folder, into) = (place.from.path().join("both"), place.into.path().join("both"));
        let (mut receiver, endpoint) = place.receiver();
        let mut sender = place.sender(&endpoint, &[&folder]);
        let deadline = Instant::now() + PATIENCE;
        while !into.exists() || incomplete(&into) < 8 << 20 || !into.join("large").exists() {
            assert!(Instant::now() < deadline, "nothing comes");
            std::thread::yield_now();
        }
        if is_sender_killed {
            sender.kill();
            receiver.finish();
        } else {
            receiver.kill();
            sender.finish();
        }
        assert!(is_noted(place.into.path()) && !into.join("z last").exists());
        let has = incomplete(&into);

        let (receiver, endpoint) = place.receiver();
        place.sender(&endpoint, &[&folder]).finish().expect_code(0);
        let run = receiver.finish();
        run.expect_code(0);
        let again = run.summary()["received_bytes"].as_u64().expect("a number");
        assert!(again < LAST as u64 - has + 2 * GROUP + (1 << 20), "{again} bytes came, {has} were there");
        let told = run.all("file");
        assert_eq!(told.len(), sizes.len());
        for (name, size) in &sizes {
            let path = into.join(name);
            assert!(fs::read(&path).expect("it is there") == noise(*size), "{name}");
            let file = told.iter().find(|file| file["path"].as_str() == path.to_str()).expect("it is told of");
            assert_eq!((&file["outcome"], &file["size"]), (&"verified".into(), &(*size as u64).into()), "{file}");
        }
        assert_eq!(listing(place.into.path()), ["both"]);
        assert_eq!(listing(&into), ["below", "large", "z last"]);
        assert_eq!(listing(&into.join("below")).len(), 40);

        // Now that the sender knows, it is on purpose.
        let (receiver, endpoint) = place.receiver();
        place.sender(&endpoint, &[&folder.join("large")]).finish().expect_code(0);
        receiver.finish().expect_code(0);
        let (receiver, endpoint) = place.receiver();
        place.sender(&endpoint, &[&folder.join("large")]).finish().expect_code(0);
        receiver.finish().expect_code(0);
        assert_eq!(listing(place.into.path()), ["both", "large", "large (2)"]);
    }
}

#[test]
fn an_empty_folder_is_all_that_there_is_to_send() {
    let place = Place::new();
    fs::create_dir(place.from.path().join("empty")).expect("a folder");
    let (receiver, endpoint) = place.receiver();
    place.sender(&endpoint, &[&place.from.path().join("empty")]).finish().expect_code(0);
    receiver.finish().expect_code(0);
    assert!(place.into.path().join("empty").is_dir());
}

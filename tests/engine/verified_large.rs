//! A verified file beyond what 32 bits count.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};

use sockeye::codec::file_name::SafeName;
use sockeye::codec::prefix_hash::{GROUP, Hash, PrefixHasher};
use sockeye::model::{Command, Direction, Event, Outcome, ReceiveMode, Recipients, SendMode};
use sockeye::store::inbox::{Inbox, Sent};
use sockeye::store::sent_log::SentLog;
use sockeye::store::source::Source;

use crate::harness::Harness;

/// What both sides have of it.
const THERE: u64 = 20 << 30;

/// Hashes of the groups of what both have. To hash 20 GiB takes minutes in a build for tests, so values stand for them
/// that nobody looks behind: a receiver reads the last two groups alone.
fn groups() -> Vec<Hash> {
    let stand_in = vec![[7; 32]; usize::try_from(THERE / GROUP).unwrap() - 2];
    let mut hasher = PrefixHasher::resume(stand_in);
    hasher.update(&vec![0; usize::try_from(2 * GROUP).unwrap()]);
    // A group is over when the next begins.
    hasher.update(&[0]);
    hasher.groups().to_vec()
}

#[test]
fn a_sparse_file_of_20_gib_goes_on_at_its_end() {
    let [from, into, logs] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let path = from.path().join("large.bin");
    let tail = b"what is missing";
    let file = fs::File::create(&path).unwrap();
    file.write_all_at(tail, THERE).unwrap();
    let size = THERE + tail.len() as u64;
    let groups = groups();

    let source = Source::open(&path).unwrap();
    SentLog::open(logs.path(), &source).unwrap().record(&groups);
    let sent = Sent { name: "large.bin", size, modified_ns: source.modified_ns() };
    let inbox = Inbox::open(into.path()).unwrap();
    let partial = inbox.resume(&SafeName::new(b"large.bin"), sent).unwrap().path();
    fs::File::options().write(true).open(partial).unwrap().set_len(THERE).unwrap();
    let mut entries = fs::read_dir(into.path()).unwrap().map(|entry| entry.unwrap().path());
    let log = entries.find(|path| path.extension().is_some_and(|kind| kind == "sockeye")).unwrap();
    fs::File::options().append(true).open(log).unwrap().write_all(groups.as_flattened()).unwrap();

    let mut h = Harness::with(|config| config.sent_logs = Some(logs.path().to_owned()));
    let receive = ReceiveMode::Verified { into: into.path().to_owned() };
    let (_, endpoint) = h.listen_with("tcp://127.0.0.1:0", |spec| spec.receive = receive);
    let (client, _) = h.connect(&endpoint);
    let (to, paths) = (Recipients::All, vec![path]);
    h.engine.send(Command::SendFiles { socket: client, to, paths, mode: SendMode::Verified });
    for direction in [Direction::Out, Direction::In] {
        let id = h.wait("a start", |event| match event {
            Event::TransferStarted(info) if info.direction == direction => Some(info.id),
            _ => None,
        });
        let end = h.wait("its end", |event| match event {
            Event::TransferEnded { transfer, end } if *transfer == id => Some(end.clone()),
            _ => None,
        });
        assert_eq!((end.outcome, end.size, end.failure), (Outcome::Verified, size, None), "{direction:?}");
    }
    let arrived = fs::File::open(into.path().join("large.bin")).unwrap();
    let mut end = vec![0; tail.len()];
    arrived.read_exact_at(&mut end, THERE).unwrap();
    assert_eq!(end, tail);
    let metadata = arrived.metadata().unwrap();
    assert_eq!(metadata.len(), size);
    assert!(metadata.blocks() * 512 < 1 << 30, "what was there is not sent, or there would be no holes");
}

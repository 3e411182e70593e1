use std::fs;

use crossbeam_channel::unbounded;
use tempfile::TempDir;

use super::*;
use crate::model::{Direction, Operation, Outcome, SendMode};

fn transfer(number: i64) -> PastTransfer {
    PastTransfer {
        ended_ns: number,
        direction: Direction::In,
        mode: SendMode::Verified,
        name: "a.bin".to_owned(),
        path: None,
        size: 1,
        peer: "127.0.0.1:9000".to_owned(),
        outcome: Outcome::Verified,
        hash: None,
        failure: None,
    }
}

fn numbers(transfers: impl IntoIterator<Item = PastTransfer>) -> Vec<i64> {
    transfers.into_iter().map(|transfer| transfer.ended_ns).collect()
}

/// A writer that nobody has started, and its list.
struct Idle {
    _folder: TempDir,
    path: PathBuf,
    writer: Writer,
    events: Receiver<Event>,
}

impl Idle {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("past.jsonl");
        let (sender, events) = unbounded();
        let outbox = Arc::new(Outbox::new(sender, Arc::new(|| {})));
        // No machine is so slow that this ends.
        let gather = Duration::from_secs(3600);
        let writer = Writer { path: path.clone(), outbox, changes: Arc::default(), gather, told: None };
        Self { _folder: folder, path, writer, events }
    }

    fn add(&self, number: i64) {
        self.writer.changes.lock().add(transfer(number));
    }

    fn written(&self) -> Vec<i64> {
        numbers(store::past_transfers::load(&self.path).0)
    }

    /// Operations of the failures that were told.
    fn told(&self) -> Vec<Operation> {
        let told = self.events.try_iter().filter_map(|event| match event {
            Event::Failed { failure, .. } => Some(failure.operation),
            _ => None,
        });
        told.collect()
    }
}

#[test]
fn what_ends_soon_after_the_first_is_written_with_it() {
    let Idle { _folder, path, mut writer, .. } = Idle::new();
    let changes = Arc::clone(&writer.changes);
    // Without room: what is sent has been received.
    let (changed, receiver) = bounded(0);
    let thread = spawn("history".to_owned(), move || writer.run(&receiver)).unwrap();
    for number in 1..=3 {
        changes.lock().add(transfer(number));
        changed.send(()).unwrap();
        assert!(!path.exists(), "written before {number}");
    }
    drop(changed);
    thread.join().unwrap();
    assert_eq!(numbers(store::past_transfers::load(&path).0), [1, 2, 3]);
}

#[test]
fn what_ends_before_the_stop_is_written_and_what_was_cleared_is_not() {
    let Idle { _folder, path, writer, .. } = Idle::new();
    let outbox = Arc::clone(&writer.outbox);
    store::past_transfers::add(&path, [transfer(1)]).unwrap();
    let (history, thread) = History::start(path.clone(), outbox).unwrap();
    history.add(|| transfer(2));
    history.clear();
    history.add(|| transfer(3));
    history.add(|| transfer(4));
    history.stop();
    history.add(|| transfer(5));
    thread.join().unwrap();
    assert_eq!(numbers(store::past_transfers::load(&path).0), [3, 4]);
}

#[test]
fn what_could_not_be_written_is_written_later_and_its_failure_is_told_once() {
    let mut idle = Idle::new();
    fs::create_dir(&idle.path).unwrap();
    for number in 1..=3 {
        idle.add(number);
        idle.writer.write();
    }
    assert_eq!(idle.told(), [Operation::KeepTransfers]);
    fs::remove_dir(&idle.path).unwrap();
    idle.add(4);
    idle.writer.write();
    assert_eq!((idle.written(), idle.told()), (vec![1, 2, 3, 4], vec![]));

    fs::remove_file(&idle.path).unwrap();
    fs::create_dir(&idle.path).unwrap();
    idle.add(5);
    idle.writer.write();
    assert_eq!(idle.told(), [Operation::KeepTransfers], "another time");
    // At the end it is tried once more.
    fs::remove_dir(&idle.path).unwrap();
    let (changed, receiver) = bounded(1);
    drop(changed);
    idle.writer.run(&receiver);
    assert_eq!(idle.written(), [5]);
}

#[test]
fn a_list_that_could_not_be_cleared_is_cleared_later() {
    let mut idle = Idle::new();
    fs::create_dir(&idle.path).unwrap();
    *idle.writer.changes.lock() = Changes { clear: true, ended: VecDeque::from([transfer(2)]) };
    idle.writer.write();
    fs::remove_dir(&idle.path).unwrap();
    store::past_transfers::add(&idle.path, [transfer(1)]).unwrap();
    idle.add(3);
    idle.writer.write();
    assert_eq!(idle.written(), [2, 3]);
}

#[test]
fn what_is_put_back_goes_before_the_later_ones_and_is_cut_like_them() {
    let most = PastTransfer::KEPT as i64;
    let unwritten = || Changes { clear: true, ended: (1..=most).map(transfer).collect() };
    let mut later = Changes { clear: false, ended: [transfer(most + 1), transfer(most + 2)].into() };
    later.put_before(unwritten());
    assert!(later.clear);
    assert_eq!(numbers(later.ended), (3..=most + 2).collect::<Vec<_>>());

    let mut cleared = Changes { clear: true, ended: [transfer(most + 1)].into() };
    cleared.put_before(unwritten());
    assert!(cleared.clear);
    assert_eq!(numbers(cleared.ended), [most + 1]);
}

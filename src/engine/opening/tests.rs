use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};

use super::*;
use crate::engine::{Engine, EngineConfig, JournalPlace};
use crate::model::Operation;

/// Far beyond what anything here takes; reached only by a fault.
const DEADLINE: Duration = Duration::from_secs(20);

fn engine() -> Engine {
    Engine::start(EngineConfig::new(JournalPlace::Temporary)).unwrap()
}

/// What became of the next journal that was to be opened or closed.
fn next(engine: &Engine) -> (&'static str, PathBuf) {
    let deadline = Instant::now() + DEADLINE;
    loop {
        match engine.events().recv_deadline(deadline).unwrap() {
            Event::JournalOpened { path, .. } => return ("opened", path),
            Event::JournalNotOpened { path, .. } => return ("not opened", path),
            Event::JournalClosed => return ("closed", PathBuf::new()),
            _ => {}
        }
    }
}

/// A capture without packets.
fn capture(folder: &Path) -> PathBuf {
    let path = folder.join("empty.pcap");
    let header = [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];
    std::fs::write(&path, header).unwrap();
    path
}

/// Begins to open a journal, which goes on once the gate says so; returns once it has begun.
fn start_held(
    opening: &mut Opening,
    core: &Arc<Core>,
    path: PathBuf,
    gate: Receiver<()>,
    open: impl FnOnce(PathBuf, &Arc<AtomicBool>) -> Result<Opened, Failure> + Send + 'static,
) {
    let (began, begun) = bounded(1);
    opening.start_with(core, path, move |path, cancelled| {
        began.send(()).unwrap();
        gate.recv_timeout(DEADLINE).unwrap();
        open(path, cancelled)
    });
    begun.recv_timeout(DEADLINE).unwrap();
}

#[test]
fn one_that_is_asked_for_later_is_opened_instead_and_nobody_waits_for_the_one_before() {
    let (engine, folder) = (engine(), tempfile::tempdir().unwrap());
    let (path, gone) = (capture(folder.path()), folder.path().join("gone.pcap"));
    let mut opening = Opening::default();
    let (go, gate) = bounded(1);
    start_held(&mut opening, &engine.core, path.clone(), gate, open);
    opening.start(&engine.core, gone.clone());
    go.send(()).unwrap();
    assert_eq!(next(&engine), ("not opened", gone));

    let (go, gate) = bounded(1);
    let failure = Failure::new(Operation::ReadFile, "a disk", crate::model::Cause::NotFound);
    start_held(&mut opening, &engine.core, path.clone(), gate, |_, _| Err(failure));
    opening.start(&engine.core, path.clone());
    go.send(()).unwrap();
    assert_eq!(next(&engine), ("opened", path));
    opening.into_thread().unwrap().join().unwrap();
}

/// As if its flag had been set since.
fn given_up(opened: Opened) -> Opened {
    opened.cancelled.store(true, Ordering::Release);
    opened
}

#[test]
fn one_that_was_given_up_is_not_shown_after_the_close() {
    let (engine, folder) = (engine(), tempfile::tempdir().unwrap());
    let path = capture(folder.path());
    let mut opening = Opening::default();
    let (go, gate) = bounded(1);
    start_held(&mut opening, &engine.core, path.clone(), gate, open);
    opening.cancel();
    engine.core.reader.close();
    go.send(()).unwrap();
    opening.into_thread().unwrap().join().unwrap();
    assert_eq!(next(&engine).0, "closed");
    engine.core.reader.open(given_up(open(path, &Arc::default()).unwrap()));
    engine.core.reader.close();
    assert_eq!(next(&engine).0, "closed");
}

/// Locks of this process on a file, as fcntl(2) has them: proc_locks(5).
#[cfg(target_os = "linux")]
fn locks_on(path: &Path) -> usize {
    use std::os::unix::fs::MetadataExt as _;

    let (process, inode) = (std::process::id().to_string(), std::fs::metadata(path).unwrap().ino().to_string());
    let is_ours = |line: &&str| {
        let words: Vec<_> = line.split_whitespace().collect();
        words.contains(&"POSIX")
            && words.contains(&&*process)
            && words.iter().any(|word| word.ends_with(&format!(":{inode}")))
    };
    std::fs::read_to_string("/proc/locks").unwrap().lines().filter(is_ours).count()
}

#[cfg(target_os = "linux")]
#[test]
fn a_journal_in_use_keeps_its_locks_when_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sqlite");
    let engine = Engine::start(EngineConfig::new(JournalPlace::File(path.clone()))).unwrap();
    assert!(locks_on(&path) > 0, "it is in use");
    engine.send(crate::model::Command::OpenJournal { path: path.clone() });
    assert_eq!(next(&engine), ("opened", path.clone()));
    assert!(locks_on(&path) > 0, "another program would take it for nobody's");
}

//! The list of past transfers: one JSON object a line, oldest first.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::advice::file_failure;
use super::own_file;
use crate::model::{Damage, Failure, Operation, PastTransfer};

/// A longer list, in bytes, was not written by this program.
const SIZE_MAX: u64 = 64 << 20;

/// As long as this another window is waited for. One that was stopped while it wrote would be waited for without end.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often it is looked whether it is done: flock(2) knows no deadline.
const LOOK: Duration = Duration::from_millis(5);

/// `past-transfers.jsonl` in the folder that `SOCKEYE_CONFIG_DIR` names, else in the user's folder for what programs
/// remember, else for their data; `None` where the system knows no such folder.
#[must_use]
pub fn default_path() -> Option<PathBuf> {
    own_file::path_of("past-transfers.jsonl", |folders| folders.state_dir().unwrap_or_else(|| folders.data_local_dir()))
}

/// Reads the list, oldest first. No file means none. A line that can't be read costs itself only and is reported; a
/// copy of the file is then kept as `past-transfers.damaged-<n>.jsonl` beside it.
#[must_use]
pub fn load(path: &Path) -> (Vec<PastTransfer>, Vec<Damage>) {
    match try_load(path) {
        Ok(loaded) => loaded,
        Err(error) => (Vec::new(), vec![Damage::Whole(own_file::cause(&error))]),
    }
}

fn try_load(path: &Path) -> io::Result<(Vec<PastTransfer>, Vec<Damage>)> {
    let bytes = match own_file::read(path, SIZE_MAX) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        read => read?,
    };
    let (mut list, mut damage) = (Vec::new(), Vec::new());
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice(line) {
            Ok(transfer) => list.push(transfer),
            Err(error) => {
                damage.push(Damage::Part { key: format!("line {}", index + 1), problem: error.to_string() });
            }
        }
    }
    if !damage.is_empty() {
        own_file::keep_aside(path, &bytes)?;
    }
    keep_newest(&mut list);
    Ok((list, damage))
}

/// Adds to the end of the list, which others may have added to meanwhile, and drops what is too old for it. Replaces
/// the file whole. Blocks while another window does the same, for half a second at most.
///
/// # Errors
/// What the system says, or that the other window takes too long; the old file is then unharmed.
pub fn add(path: &Path, ended: impl IntoIterator<Item = PastTransfer>) -> Result<(), Failure> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    let added = folder.and_then(|()| hold(path)).and_then(|_held| {
        let (mut list, _) = try_load(path)?;
        list.extend(ended);
        keep_newest(&mut list);
        let mut text = Vec::new();
        for transfer in &list {
            serde_json::to_writer(&mut text, transfer)?;
            text.push(b'\n');
        }
        own_file::write(path, &text)
    });
    added.map_err(|error| failed(path, &error))
}

/// Removes the list. Blocks while another window adds to it, for half a second at most.
///
/// # Errors
/// What the system says, or that the other window takes too long.
pub fn clear(path: &Path) -> Result<(), Failure> {
    match hold(path).and_then(|_held| fs::remove_file(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(path, &error)),
        _ => Ok(()),
    }
}

/// The list is nobody else's to change for as long as this lives. A file of its own is locked, `.lock` in place of the
/// list's extension: the list itself is another file after each change.
fn hold(path: &Path) -> io::Result<File> {
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path.with_extension("lock"))?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            // One that is held still must not keep this one from closing.
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return Err(io::ErrorKind::TimedOut.into()),
            Err(TryLockError::WouldBlock) => thread::sleep(LOOK),
            Err(TryLockError::Error(error)) => {
                // File systems without locks: who has two windows there may miss a line.
                tracing::debug!(%error, path = %path.display(), "no lock on the list");
                return Ok(lock);
            }
        }
    }
}

fn keep_newest(list: &mut Vec<PastTransfer>) {
    list.drain(..list.len().saturating_sub(PastTransfer::KEPT));
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    file_failure(Operation::KeepTransfers, path.display(), error)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{Cause, Direction, Outcome, SendMode};

    fn transfer(number: i64) -> PastTransfer {
        PastTransfer {
            ended_ns: number,
            direction: Direction::In,
            mode: SendMode::Verified,
            name: format!("文件 {number}\n.bin"),
            path: Some("/home/ann/inbox/文件.bin".to_owned()),
            size: u64::MAX,
            peer: "127.0.0.1:9000".to_owned(),
            outcome: Outcome::Incomplete,
            hash: (number % 2 == 0).then(|| "ab".repeat(32)),
            failure: Some(Failure::new(Operation::WriteFile, "文件.bin", Cause::Cancelled)),
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_was_added_is_there_again_in_its_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("not there yet/past.jsonl");
        assert_eq!(load(&path), (Vec::new(), Vec::new()));
        let all: Vec<_> = (1..=5).map(transfer).collect();
        add(&path, all[..2].to_vec()).unwrap();
        add(&path, all[2..].to_vec()).unwrap();
        assert_eq!(load(&path), (all, Vec::new()));
        assert_eq!(names(path.parent().unwrap()), ["past.jsonl", "past.lock"]);
        clear(&path).unwrap();
        assert_eq!(load(&path), (Vec::new(), Vec::new()));
        clear(&path).unwrap();
    }

    #[test]
    fn several_windows_add_to_one_list() {
        const WINDOWS: i64 = 4;
        const EACH: i64 = 10;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("past.jsonl");
        std::thread::scope(|scope| {
            for window in 0..WINDOWS {
                let path = &path;
                // On a slow disk the others may take longer than one is waited for.
                let add = move |number| loop {
                    match add(path, [transfer(number)]) {
                        Err(failure) if failure.cause == Cause::TimedOut => {}
                        added => return added.unwrap(),
                    }
                };
                scope.spawn(move || (0..EACH).for_each(|n| add(window * EACH + n)));
            }
        });
        let mut numbers: Vec<_> = load(&path).0.into_iter().map(|transfer| transfer.ended_ns).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..WINDOWS * EACH).collect::<Vec<_>>());
    }

    #[test]
    fn a_window_that_stands_still_is_not_waited_for_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("past.jsonl");
        add(&path, [transfer(1)]).unwrap();
        let other = hold(&path).unwrap();
        assert_eq!(add(&path, [transfer(2)]).unwrap_err().cause, Cause::TimedOut);
        assert_eq!(clear(&path).unwrap_err().cause, Cause::TimedOut);
        drop(other);
        add(&path, [transfer(2)]).unwrap();
        assert_eq!(load(&path).0.len(), 2);
    }

    #[test]
    fn the_newest_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("past.jsonl");
        let most = PastTransfer::KEPT as i64;
        add(&path, (1..=most).map(transfer)).unwrap();
        add(&path, [transfer(most + 1), transfer(most + 2)]).unwrap();
        let (list, _) = load(&path);
        assert_eq!(list.len(), PastTransfer::KEPT);
        assert_eq!((list[0].ended_ns, list[list.len() - 1].ended_ns), (3, most + 2));
    }

    #[test]
    fn a_damaged_line_costs_itself_and_is_kept_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("past.jsonl");
        add(&path, [transfer(1), transfer(2), transfer(3)]).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        let second = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        bytes[second] = 0xff;
        // As a crash may leave the end.
        bytes.truncate(bytes.len() - 20);
        fs::write(&path, &bytes).unwrap();
        for _ in 0..2 {
            let (list, damage) = load(&path);
            assert_eq!(list, [transfer(1)]);
            let key = |one| if let Damage::Part { key, .. } = one { key } else { String::new() };
            assert_eq!(damage.into_iter().map(key).collect::<Vec<_>>(), ["line 2", "line 3"]);
            assert_eq!(fs::read(folder.path().join("past.damaged-1.jsonl")).unwrap(), bytes);
        }
        add(&path, [transfer(4)]).unwrap();
        assert_eq!(load(&path), (vec![transfer(1), transfer(4)], Vec::new()));
        assert_eq!(names(folder.path()), ["past.damaged-1.jsonl", "past.jsonl", "past.lock"]);
    }

    #[test]
    fn what_cannot_be_read_is_told_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("past.jsonl");
        fs::create_dir(&path).unwrap();
        let (list, damage) = load(&path);
        assert_eq!((list, damage), (Vec::new(), vec![Damage::Whole(Cause::NotARegularFile)]));
        let failure = add(&path, [transfer(1)]).unwrap_err();
        assert_eq!((failure.operation, failure.subject), (Operation::KeepTransfers, path.display().to_string()));
        assert!(clear(&path).is_err());
        assert!(path.is_dir());
        let long = folder.path().join("long.jsonl");
        fs::File::create(&long).and_then(|file| file.set_len(SIZE_MAX + 1)).unwrap();
        assert_eq!(load(&long).1, [Damage::Whole(Cause::FileTooLarge)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn lines_of_any_bytes_cost_no_other_line(
            junk in prop::collection::vec(any::<u8>().prop_filter("one line", |byte| *byte != b'\n'), 0..60),
            before in 0..3_i64,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("past.jsonl");
            add(&path, (0..before).map(transfer)).unwrap();
            let mut bytes = fs::read(&path).unwrap();
            bytes.extend(&junk);
            bytes.push(b'\n');
            serde_json::to_writer(&mut bytes, &transfer(9)).unwrap();
            fs::write(&path, &bytes).unwrap();
            let (list, _) = load(&path);
            let numbers: Vec<_> = list.iter().map(|transfer| transfer.ended_ns).collect();
            prop_assert_eq!(numbers, (0..before).chain([9]).collect::<Vec<_>>());
        }
    }
}

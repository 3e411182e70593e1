//! One connection after the other, until all has arrived.

use std::collections::BTreeMap;

use proptest::sample::Index;

use super::sides::{Disk, Receiving, Sending, Source};
use super::wire::{Harm, Wire, harm};
use super::*;

/// What goes wrong on one connection.
#[derive(Clone, Debug, Default)]
struct Trouble {
    up: Option<(usize, Harm)>,
    down: Option<(usize, Harm)>,
    refuses: Option<usize>,
    writes_fail_after: Option<usize>,
    /// The most bytes of one read.
    read: usize,
    piece: usize,
}

/// One connection from its first byte until one side gives it up or both are through.
fn connect(sources: &[Source], committed: &mut Vec<usize>, disk: &mut Disk, trouble: &Trouble) {
    let mut now = Instant::now();
    let (mut up, mut down) = (Wire::default(), Wire::default());
    (up.harm, down.harm) = (trouble.up, trouble.down);
    let mut caller = Some(Caller::new(Role::Sends, now));
    let mut answerer = Some(Answerer::new(None, now));
    up.send(&caller.as_ref().unwrap().greeting());
    let queue = (0..sources.len()).filter(|number| !committed.contains(number)).collect();
    let mut sending =
        Sending { sources, committed, queue, machine: Sender::new(now), current: None, piece: trouble.piece };
    let mut receiving = Receiving {
        disk,
        machine: Receiver::new(now),
        current: None,
        names: BTreeMap::new(),
        refuses: trouble.refuses,
        writes_fail_after: trouble.writes_fail_after.unwrap_or(usize::MAX),
    };
    loop {
        let before = (up.sent, down.sent, up.bytes.len(), down.bytes.len());
        let came = up.receive(trouble.read);
        let mut rest = came.as_slice();
        if let Some(answering) = &mut answerer
            && let Some((answer, agreed)) = answering.handle(&mut rest, now)
        {
            down.send(&answer);
            if agreed.is_err() {
                return;
            }
            answerer = None;
        }
        if answerer.is_none() {
            if receiving.handle(rest, now).is_err() {
                return;
            }
            let mut out = Vec::new();
            receiving.machine.poll_output(&mut out);
            down.send(&out);
        }

        let came = down.receive(trouble.read);
        let mut rest = came.as_slice();
        if let Some(calling) = &mut caller {
            match calling.handle(&mut rest, now) {
                Ok(Some(agreed)) => {
                    assert_eq!(agreed, Agreed { version: 1, role: Role::Sends });
                    caller = None;
                }
                Ok(None) => {}
                Err(_) => return,
            }
        }
        if caller.is_none() {
            if sending.handle(rest, now).is_err() {
                return;
            }
            let mut out = Vec::new();
            sending.proceed(&mut out, now);
            up.send(&out);
        }
        if sending.machine.is_over() {
            return;
        }
        if (up.is_cut && up.bytes.is_empty()) || (down.is_cut && down.bytes.is_empty()) {
            return;
        }
        if before == (up.sent, down.sent, up.bytes.len(), down.bytes.len()) {
            // Nothing moves any more: damage swallowed what one side waits for. Time ends it.
            let timeouts = [
                caller.as_ref().map(Caller::poll_timeout),
                answerer.as_ref().map(Answerer::poll_timeout),
                sending.machine.poll_timeout(),
                receiving.machine.poll_timeout(),
            ];
            now = timeouts.into_iter().flatten().min().expect("somebody gives up");
            let late = caller.is_some() || answerer.is_some();
            assert!(
                late || sending.machine.handle_timeout(now).is_err() || receiving.machine.handle_timeout(now).is_err()
            );
            return;
        }
    }
}

fn trouble() -> impl Strategy<Value = Trouble> {
    (
        harm(),
        harm(),
        prop::option::weighted(0.2, 0..4_usize),
        prop::option::weighted(0.2, 0..900_usize),
        1..400_usize,
        1..300_usize,
    )
        .prop_map(|(up, down, refuses, writes_fail_after, read, piece)| Trouble {
            up,
            down,
            refuses,
            writes_fail_after,
            read,
            piece,
        })
}

fn sources() -> impl Strategy<Value = Vec<Source>> {
    let source = (any::<bool>(), prop::bool::weighted(0.1), prop::collection::vec(any::<u8>(), 0..600));
    prop::collection::vec(source, 1..5).prop_map(|sources| {
        let source = |(number, (eager, is_folder, bytes)): (usize, (bool, bool, Vec<u8>))| Source {
            name: format!("文件夹/{number}.bin"),
            kind: if is_folder { Kind::Folder } else { Kind::File },
            eager,
            bytes: if is_folder { Vec::new() } else { bytes },
        };
        sources.into_iter().enumerate().map(source).collect()
    })
}

proptest! {
    #[test]
    fn what_is_kept_is_what_was_sent_whatever_happens(
        sources in sources(),
        troubles in prop::collection::vec(trouble(), 0..5),
        foreign in prop::option::weighted(0.3, any::<Index>()),
    ) {
        let (mut committed, mut disk) = (Vec::new(), Disk::default());
        let right = |committed: &[usize], disk: &Disk| {
            for (name, bytes) in &disk.kept {
                let source = sources.iter().find(|source| source.name == *name).expect("no other name");
                assert_eq!(*bytes, source.bytes, "{name}");
            }
            for number in committed {
                assert!(disk.kept.contains_key(&sources[*number].name), "{number} was said to be kept");
            }
        };
        for trouble in &troubles {
            connect(&sources, &mut committed, &mut disk, trouble);
            right(&committed, &disk);
        }
        if let Some(which) = foreign && !disk.partial.is_empty() {
            // What is held is of another file.
            let which = which.index(disk.partial.len());
            let held = disk.partial.values_mut().nth(which).unwrap();
            held.iter_mut().for_each(|byte| *byte ^= 0x55);
        }
        connect(&sources, &mut committed, &mut disk, &Trouble { read: 4096, piece: 100, ..Trouble::default() });
        right(&committed, &disk);
        committed.sort_unstable();
        committed.dedup();
        prop_assert_eq!(committed, (0..sources.len()).collect::<Vec<_>>());
    }
}

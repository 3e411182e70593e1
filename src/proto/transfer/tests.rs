//! Both sides against each other over a stream that is cut, damaged and slow, in no time.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use proptest::prelude::*;
use proptest::sample::Index;

use super::frame::HELLO;
use super::frame_reader::{FrameReader, Item};
use super::*;
use crate::codec::prefix_hash::{HASH_LEN, Hash};
use crate::model::CancelReason;

fn key(number: usize) -> TransferKey {
    TransferKey([u8::try_from(number).unwrap(); 16])
}

fn hash(bytes: &[u8]) -> Hash {
    *blake3::hash(bytes).as_bytes()
}

/// One direction of a stream, and what happens to the bytes on it.
#[derive(Clone, Debug, Default)]
struct Wire {
    bytes: VecDeque<u8>,
    sent: usize,
    harm: Option<(usize, Harm)>,
    is_cut: bool,
}

/// What happens from a place in the stream on.
#[derive(Clone, Copy, Debug)]
enum Harm {
    Cut,
    Flip { bit: u8 },
    Drop { len: usize },
    Repeat { len: usize },
    Swap { len: usize },
}

impl Wire {
    fn send(&mut self, bytes: &[u8]) {
        let mut bytes = bytes.to_vec();
        if let Some((at, harm)) = self.harm
            && let Some(local) = at.checked_sub(self.sent)
            && local < bytes.len()
        {
            let end = |len: usize| (local + len).min(bytes.len());
            match harm {
                Harm::Cut => {
                    bytes.truncate(local);
                    self.is_cut = true;
                }
                Harm::Flip { bit } => bytes[local] ^= 1 << bit,
                Harm::Drop { len } => drop(bytes.drain(local..end(len))),
                Harm::Repeat { len } => {
                    let again = bytes[local..end(len)].to_vec();
                    bytes.splice(local..local, again);
                }
                Harm::Swap { len } => {
                    let middle = end(len);
                    bytes[local..].rotate_left(middle - local);
                }
            }
            self.harm = None;
        }
        self.sent += bytes.len();
        self.bytes.extend(bytes);
    }

    fn receive(&mut self, most: usize) -> Vec<u8> {
        let len = self.bytes.len().min(most);
        self.bytes.drain(..len).collect()
    }
}

/// What lies on the receiver's disk.
#[derive(Clone, Debug, Default)]
struct Disk {
    partial: BTreeMap<TransferKey, Vec<u8>>,
    kept: BTreeMap<String, Vec<u8>>,
}

/// The receiver's side of one connection.
struct Receiving<'a> {
    disk: &'a mut Disk,
    machine: Receiver,
    current: Option<(TransferKey, String)>,
    names: BTreeMap<TransferKey, String>,
    refuses: Option<usize>,
    writes_fail_after: usize,
}

impl Receiving<'_> {
    fn handle(&mut self, mut bytes: &[u8], now: Instant) -> Result<(), Fault> {
        while let Some(step) = self.machine.handle(&mut bytes, now)? {
            match step {
                ReceiveStep::Offered(offer) => {
                    self.names.insert(offer.key, offer.name.clone());
                    if self.refuses.is_some_and(|number| key(number) == offer.key) {
                        self.machine.cancel(offer.key, CancelReason::Declined, "no");
                    } else if offer.kind == Kind::Folder {
                        self.disk.kept.insert(offer.name, Vec::new());
                        self.machine.commit(offer.key);
                    } else {
                        let held = self.disk.partial.entry(offer.key).or_default();
                        if offer.eager || held.len() as u64 > offer.size {
                            held.clear();
                        }
                        self.machine.accept(held.len() as u64, hash(held));
                        self.current = Some((offer.key, offer.name));
                    }
                }
                ReceiveStep::Begin { offset } => {
                    let (key, _) = self.current.as_ref().unwrap();
                    self.disk.partial.get_mut(key).unwrap().truncate(usize::try_from(offset).unwrap());
                }
                ReceiveStep::Data(bytes) => {
                    let key = self.current.as_ref().unwrap().0;
                    let Some(left) = self.writes_fail_after.checked_sub(bytes.len()) else {
                        self.writes_fail_after = usize::MAX;
                        self.machine.cancel(key, CancelReason::Storage, "disk full");
                        continue;
                    };
                    self.writes_fail_after = left;
                    self.disk.partial.get_mut(&key).unwrap().extend_from_slice(bytes);
                }
                ReceiveStep::End { key, hash: expected } => {
                    let bytes = self.disk.partial.remove(&key).unwrap();
                    if hash(&bytes) == expected {
                        self.disk.kept.insert(self.names[&key].clone(), bytes);
                        self.machine.commit(key);
                    } else {
                        // What is damaged anywhere is of no use for going on.
                        self.machine.cancel(key, CancelReason::Mismatch, "");
                    }
                }
                ReceiveStep::Cancelled { .. } | ReceiveStep::Done => {}
            }
        }
        Ok(())
    }
}

/// A file or folder to send.
#[derive(Clone, Debug)]
struct Source {
    name: String,
    kind: Kind,
    eager: bool,
    bytes: Vec<u8>,
}

/// The sender's side of one connection.
struct Sending<'a> {
    sources: &'a [Source],
    /// Files of which the receiver has said that it keeps them, over all connections.
    committed: &'a mut Vec<usize>,
    queue: VecDeque<usize>,
    machine: Sender,
    current: Option<(usize, usize)>,
    piece: usize,
}

impl Sending<'_> {
    fn offer(&self, number: usize) -> Offer {
        let Source { name, kind, eager, bytes } = &self.sources[number];
        let (key, size) = (key(number), bytes.len() as u64);
        Offer { key, kind: *kind, eager: *eager, size, modified_ns: None, name: name.clone() }
    }

    fn handle(&mut self, mut bytes: &[u8], now: Instant) -> Result<(), Fault> {
        while let Some(step) = self.machine.handle(&mut bytes, now)? {
            match step {
                SendStep::Compare { key, offset, hash: held } => {
                    let number = usize::from(key.0[0]);
                    let offset = usize::try_from(offset).unwrap();
                    let is_same = hash(&self.sources[number].bytes[..offset]) == held;
                    assert!(self.machine.begin(is_same));
                    self.current = Some((number, if is_same { offset } else { 0 }));
                }
                SendStep::Begin { key } => self.current = Some((usize::from(key.0[0]), 0)),
                SendStep::Committed { key } => self.committed.push(usize::from(key.0[0])),
                SendStep::Cancelled { key, .. } => {
                    self.current.take_if(|(number, _)| *number == usize::from(key.0[0]));
                }
            }
        }
        Ok(())
    }

    /// Sends a piece of what is to be sent.
    fn proceed(&mut self, out: &mut Vec<u8>, now: Instant) {
        self.machine.poll_output(out);
        if let Some((number, at)) = &mut self.current {
            let rest = &self.sources[*number].bytes[*at..];
            let piece = &rest[..rest.len().min(self.piece)];
            if piece.is_empty() {
                assert!(self.machine.end(hash(&self.sources[*number].bytes)));
                self.current = None;
            } else {
                out.extend_from_slice(&self.machine.data(u32::try_from(piece.len()).unwrap()).unwrap());
                out.extend_from_slice(piece);
                self.machine.handle_sent(piece.len() as u64, now);
                *at += piece.len();
            }
        } else if self.machine.can_offer() {
            match self.queue.pop_front() {
                Some(number) => {
                    let offer = self.offer(number);
                    if offer.kind == Kind::File && offer.eager {
                        self.current = Some((number, 0));
                    }
                    self.machine.offer(offer, now);
                }
                None => self.machine.done(),
            }
        }
        self.machine.poll_output(out);
    }
}

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

fn harm() -> impl Strategy<Value = Option<(usize, Harm)>> {
    let kind = prop_oneof![
        Just(Harm::Cut),
        (0..8_u8).prop_map(|bit| Harm::Flip { bit }),
        (1..40_usize).prop_map(|len| Harm::Drop { len }),
        (1..40_usize).prop_map(|len| Harm::Repeat { len }),
        (1..40_usize).prop_map(|len| Harm::Swap { len }),
    ];
    prop::option::weighted(0.8, (0..1500_usize, kind))
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

fn frame() -> impl Strategy<Value = Frame> {
    let key = || any::<[u8; 16]>().prop_map(TransferKey);
    let hash = || any::<[u8; HASH_LEN]>();
    prop_oneof![
        any::<(u16, u16, u64, bool)>().prop_map(|(lowest, highest, features, receives)| Frame::Hello(Hello {
            lowest,
            highest,
            features,
            receives
        })),
        (key(), any::<(bool, bool, u64)>(), prop::option::of(-1..i64::MAX), "\\PC{0,60}").prop_map(
            |(key, (folder, eager, size), modified_ns, name)| {
                let kind = if folder { Kind::Folder } else { Kind::File };
                Frame::Offer(Offer { key, kind, eager, size, modified_ns, name })
            }
        ),
        (key(), any::<u64>(), hash()).prop_map(|(key, offset, hash)| Frame::Accept { key, offset, hash }),
        (key(), any::<u64>()).prop_map(|(key, offset)| Frame::Begin { key, offset }),
        (key(), any::<u64>(), hash()).prop_map(|(key, size, hash)| Frame::End { key, size, hash }),
        key().prop_map(|key| Frame::Commit { key }),
        (
            key(),
            prop_oneof![Just(CancelReason::Changed), Just(CancelReason::Mismatch), Just(CancelReason::Other(77))],
            "\\PC{0,60}"
        )
            .prop_map(|(key, reason, words)| Frame::Cancel { key, reason, words }),
        Just(Frame::Working),
        Just(Frame::Done),
    ]
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

    #[test]
    fn frames_come_out_as_they_went_in_however_they_are_cut(
        frames in prop::collection::vec(prop_oneof![
            frame().prop_map(Ok),
            prop::collection::vec(any::<u8>(), 0..200).prop_map(Err),
        ], 0..8),
        cut in 1..300_usize,
    ) {
        let mut wire = Vec::new();
        let mut expected = Vec::new();
        for one in &frames {
            match one {
                Ok(frame) => {
                    frame.write(&mut wire);
                    expected.push(Ok(frame.clone()));
                }
                Err(data) => {
                    wire.extend_from_slice(&data_header(u32::try_from(data.len()).unwrap()));
                    wire.extend_from_slice(data);
                    expected.extend(data.iter().map(|byte| Err(*byte)));
                }
            }
        }
        let mut reader = FrameReader::default();
        let mut found = Vec::new();
        for mut bytes in wire.chunks(cut) {
            while let Some(item) = reader.next(&mut bytes).unwrap() {
                match item {
                    Item::Frame(frame) => found.push(Ok(frame)),
                    Item::Data(data) => found.extend(data.iter().map(|byte| Err(*byte))),
                }
            }
            prop_assert!(bytes.is_empty());
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn no_single_damage_of_a_frame_goes_unseen(frame in frame(), place in any::<Index>(), bit in 0..8_u8) {
        let mut wire = Vec::new();
        frame.write(&mut wire);
        let at = place.index(wire.len());
        wire[at] ^= 1 << bit;
        let mut bytes = wire.as_slice();
        let found = FrameReader::default().next(&mut bytes);
        // Data is hashed by itself; and of a length that grew the rest is awaited.
        let unseen = matches!(&found, Ok(Some(Item::Frame(_))));
        prop_assert!(!unseen, "{frame:?} became {found:?}");
    }

    #[test]
    fn arbitrary_bytes_move_nobody(pieces in prop::collection::vec(prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        frame().prop_map(|frame| { let mut bytes = Vec::new(); frame.write(&mut bytes); bytes }),
    ], 0..12)) {
        let now = Instant::now();
        let (mut sender, mut receiver) = (Sender::new(now), Receiver::new(now));
        let mut ends = [false; 2];
        let offer = Offer { key: key(1), kind: Kind::File, eager: false, size: 9, modified_ns: None, name: "a".to_owned() };
        sender.offer(offer, now);
        for piece in &pieces {
            let mut bytes = piece.as_slice();
            while !ends[0] {
                match sender.handle(&mut bytes, now) {
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(_) => ends[0] = true,
                }
            }
            let mut bytes = piece.as_slice();
            while !ends[1] {
                match receiver.handle(&mut bytes, now) {
                    Ok(Some(ReceiveStep::Offered(_))) => receiver.accept(0, [0; HASH_LEN]),
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(_) => ends[1] = true,
                }
            }
        }
    }
}

#[test]
fn lengths_are_looked_at_before_anything_is_kept() {
    for (kind, most) in [(5, DATA_MAX), (2, CONTROL_MAX), (200, CONTROL_MAX)] {
        let header = |len: u32| [&[kind, 0, 0, 0][..], &len.to_be_bytes()].concat();
        let mut reader = FrameReader::default();
        assert_eq!(reader.next(&mut header(most + 1).as_slice()), Err(Fault::TooLong { kind, len: most + 1 }));
        assert_eq!(FrameReader::default().next(&mut header(most).as_slice()), Ok(None));
    }
}

#[test]
fn an_unknown_type_is_skipped_unless_it_is_critical() {
    let mut wire = vec![200, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3];
    Frame::Done.write(&mut wire);
    let mut bytes = wire.as_slice();
    assert_eq!(FrameReader::default().next(&mut bytes), Ok(Some(Item::Frame(Frame::Done))));
    wire[1] = 1;
    assert_eq!(FrameReader::default().next(&mut wire.as_slice()), Err(Fault::Unknown { kind: 200 }));
}

#[test]
fn a_plain_program_is_told_by_its_first_bytes() {
    for len in 0..8 {
        assert_eq!(First::of(&MAGIC[..len]), First::Undecided);
    }
    assert_eq!(First::of(&[&MAGIC[..], b"more"].concat()), First::Speaks);
    for bytes in [&b"a.txt"[..], b"\xffSOCKS\0\n", b"\xfe"] {
        assert_eq!(First::of(bytes), First::Plain);
    }
}

#[test]
fn versions_and_roles_have_to_fit() {
    let now = Instant::now();
    let call = |lowest, highest, receives| {
        let mut bytes = MAGIC.to_vec();
        Frame::Hello(Hello { lowest, highest, features: 0, receives }).write(&mut bytes);
        Answerer::new(Some(Role::Receives), now).handle(&mut bytes.as_slice(), now).unwrap().1
    };
    assert_eq!(call(1, 9, false), Ok(Agreed { version: 1, role: Role::Receives }));
    assert_eq!(call(2, 9, false), Err(Misunderstanding::Version { lowest: 2, highest: 9 }));
    assert_eq!(call(0, 0, false), Err(Misunderstanding::Version { lowest: 0, highest: 0 }));
    assert_eq!(call(1, 1, true), Err(Misunderstanding::SameRole));

    let answer = |bytes: &[u8]| Caller::new(Role::Sends, now).handle(&mut &*bytes, now);
    assert_eq!(answer(b"HTTP/1.1 400 Bad Request\r\n"), Err(Misunderstanding::NotSpoken));
    assert_eq!(answer(&MAGIC), Ok(None));
    // Two callers that met by chance.
    assert_eq!(answer(&Caller::new(Role::Sends, now).greeting()), Err(Misunderstanding::SameRole));
}

#[test]
fn nothing_but_a_hello_is_read_before_one() {
    let now = Instant::now();
    let answer = |bytes: &[u8]| Caller::new(Role::Sends, now).handle(&mut [&MAGIC[..], bytes].concat().as_slice(), now);
    for kind in [0, 2, 5, 9, 200] {
        assert_eq!(answer(&[kind]), Err(Misunderstanding::NotSpoken), "{kind}");
    }
    let header = |len: u32| [&[1, 1, 0, 0][..], &len.to_be_bytes()].concat();
    assert_eq!(answer(&header(HELLO_MAX)), Ok(None));
    let len = HELLO_MAX + 1;
    assert_eq!(answer(&header(len)), Err(Fault::TooLong { kind: 1, len }.into()));
}

#[test]
fn trickling_bytes_keep_nobody_waiting() {
    let begun = Instant::now();
    let second = Duration::from_secs(1);
    fn take(receiver: &mut Receiver, mut bytes: &[u8], now: Instant) -> Result<(), Fault> {
        while receiver.handle(&mut bytes, now)?.is_some() {}
        Ok(())
    }
    /// A receiver within a large file.
    fn within(now: Instant) -> Receiver {
        let (mut receiver, mut wire) = (Receiver::new(now), Vec::new());
        let (key, kind, name) = (key(1), Kind::File, "a".to_owned());
        Frame::Offer(Offer { key, kind, eager: true, size: 1 << 30, modified_ns: None, name }).write(&mut wire);
        let mut bytes = wire.as_slice();
        assert!(matches!(receiver.handle(&mut bytes, now), Ok(Some(ReceiveStep::Offered(_)))));
        receiver.accept(0, [0; HASH_LEN]);
        wire.clear();
        Frame::Begin { key, offset: 0 }.write(&mut wire);
        wire.extend_from_slice(&data_header(DATA_MAX));
        assert_eq!(receiver.handle(&mut wire.as_slice(), now), Ok(Some(ReceiveStep::Begin { offset: 0 })));
        assert_eq!(receiver.handle(&mut &wire[wire.len() - DATA_HEADER..], now), Ok(None));
        receiver
    }
    let mut receiver = within(begun);
    let mut now = begun;
    while take(&mut receiver, &[0; 100], now) == Ok(()) {
        assert_eq!(receiver.handle_timeout(now), Ok(()));
        now += second;
    }
    assert_eq!((now - begun, receiver.handle_timeout(now)), (IDLE, Err(Fault::Idle)));

    // Enough of them do.
    let mut receiver = within(begun);
    let mut now = begun;
    for _ in 0..200 {
        take(&mut receiver, &[0; 200], now).unwrap();
        now += second;
        assert_eq!(receiver.handle_timeout(now), Ok(()));
    }

    // Nobody has to send files; but a frame that has begun has to end.
    let mut receiver = Receiver::new(begun);
    let later = begun + 100 * IDLE;
    assert_eq!((receiver.poll_timeout(), receiver.handle_timeout(later)), (None, Ok(())));
    receiver.handle(&mut &[2, 1, 0][..], later).unwrap();
    receiver.handle(&mut &[0][..], later + second).unwrap();
    assert_eq!(receiver.poll_timeout(), Some(later + IDLE));
    assert_eq!(take(&mut receiver, &[0], later + IDLE), Err(Fault::Idle));

    // Nor does an answer.
    let mut sender = Sender::new(begun);
    let offer = Offer { key: key(1), kind: Kind::File, eager: false, size: 1, modified_ns: None, name: "a".into() };
    sender.offer(offer, begun);
    assert_eq!(sender.handle(&mut &[3][..], begun + IDLE - second), Ok(None));
    assert_eq!(sender.handle(&mut &[1][..], begun + IDLE), Err(Fault::Idle));

    // The hello has its time whatever comes.
    let late = begun + HELLO_WITHIN;
    let mut caller = Caller::new(Role::Sends, begun);
    assert_eq!(caller.handle(&mut &MAGIC[..7], late - second), Ok(None));
    assert_eq!(caller.poll_timeout(), late);
    assert_eq!(caller.handle(&mut &MAGIC[7..], late), Err(Misunderstanding::NotSpoken));
    let mut answerer = Answerer::new(None, begun);
    assert_eq!(answerer.handle(&mut &MAGIC[..], late - second), None);
    let (answer, agreed) = answerer.handle(&mut &[HELLO][..], late).expect("no answer any more");
    assert_eq!((answer.as_slice(), agreed), (&[][..], Err(Misunderstanding::NotSpoken)));
}

#[test]
fn a_file_is_given_up_after_its_end_too_unless_it_was_answered_for() {
    let now = Instant::now();
    for is_done in [false, true] {
        let (mut sender, mut receiver) = (Sender::new(now), Receiver::new(now));
        let [lost, kept] = [1, 2].map(key);
        let mut out = Vec::new();
        for key in [lost, kept] {
            let offer = Offer { key, kind: Kind::File, eager: true, size: 0, modified_ns: None, name: "a".into() };
            sender.offer(offer, now);
            assert!(sender.end(hash(b"")));
        }
        if is_done {
            sender.done();
        }
        assert!(sender.cancel(lost, CancelReason::Stopped, "") && sender.cancel(kept, CancelReason::Stopped, ""));
        assert!(!sender.cancel(lost, CancelReason::Stopped, ""), "once");
        sender.poll_output(&mut out);
        let mut given_up = Vec::new();
        let mut bytes = out.as_slice();
        while let Some(step) = receiver.handle(&mut bytes, now).unwrap() {
            match step {
                ReceiveStep::Offered(_) => receiver.accept(0, [0; HASH_LEN]),
                ReceiveStep::End { key, .. } if key == kept => receiver.commit(key),
                ReceiveStep::Cancelled { key, .. } => given_up.push(key),
                _ => {}
            }
        }
        assert_eq!(given_up, [lost]);
        assert_eq!(receiver.is_over(), is_done);
        let mut answers = Vec::new();
        receiver.poll_output(&mut answers);
        assert_eq!(sender.handle(&mut answers.as_slice(), now), Ok(None), "it is late");
        assert_eq!(sender.is_over(), is_done);
    }
}

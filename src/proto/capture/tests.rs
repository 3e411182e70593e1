use proptest::prelude::*;

use super::*;
use crate::codec::capture::LinkType;
use crate::codec::capture::connection::{Connection, End};
use crate::codec::capture::frame::{self, Route, Segment};
use crate::model::{Direction, Life, Notice, RowBody};

/// A conversation as it is on a wire.
struct Wire {
    route: Route,
    connection: Connection,
    importer: Importer,
    time_ns: i64,
}

impl Wire {
    fn new() -> Self {
        let route = Route::new("10.0.0.1:40000".parse().unwrap(), "10.0.0.2:80".parse().unwrap()).unwrap();
        Self { route, connection: Connection::new(u32::MAX - 3), importer: Importer::default(), time_ns: 0 }
    }

    fn open(&mut self) {
        for (end, segment) in self.connection.open(End::A).unwrap() {
            self.put(end, &segment, b"");
        }
    }

    fn frame(&self, end: End, segment: &Segment, payload: &[u8]) -> Vec<u8> {
        let route = if end == End::A { self.route } else { self.route.back() };
        let mut bytes = Vec::new();
        assert!(frame::segment(&mut bytes, Way::Out, route, segment, payload));
        bytes.extend_from_slice(payload);
        bytes
    }

    fn put(&mut self, end: End, segment: &Segment, payload: &[u8]) {
        self.put_cut(end, segment, payload, 0);
    }

    /// The last bytes of the packet are not captured.
    fn put_cut(&mut self, end: End, segment: &Segment, payload: &[u8], missing: usize) {
        let mut bytes = self.frame(end, segment, payload);
        bytes.truncate(bytes.len() - missing);
        self.time_ns += 1;
        let packet = Packet { link: LinkType::ETHERNET, time_ns: Some(self.time_ns), way: None, bytes: &bytes };
        self.importer.handle(&packet);
    }

    /// Bytes of `end`, all of which is at this offset of what it says.
    fn say(&mut self, end: End, offset: u64, payload: &[u8]) {
        let segment = self.connection.data(end, offset, payload.len(), true);
        self.put(end, &segment, payload);
    }

    fn say_cut(&mut self, end: End, offset: u64, payload: &[u8], missing: usize) {
        let segment = self.connection.data(end, offset, payload.len(), true);
        self.put_cut(end, &segment, payload, missing);
    }

    fn finish(&mut self, end: End) {
        let segment = self.connection.finish(end).unwrap();
        self.put(end, &segment, b"");
    }

    fn end(mut self) -> (Vec<Row>, Imported) {
        let imported = self.importer.finish();
        (self.importer.take_rows(), imported)
    }
}

/// What rows say, one word each.
fn words(rows: &[Row]) -> Vec<String> {
    let word = |row: &Row| match &row.body {
        RowBody::Data { direction, .. } => {
            let text = String::from_utf8_lossy(&row.payload);
            format!("{}{}:{text}", if *direction == Direction::In { "in" } else { "out" }, row.stream_offset)
        }
        RowBody::Life(Life::Connected { .. }) => "connected".to_owned(),
        RowBody::Life(Life::Accepted { .. }) => "accepted".to_owned(),
        RowBody::Life(Life::PeerFinished) => "peer-finished".to_owned(),
        RowBody::Life(Life::FinishedSending) => "finished".to_owned(),
        RowBody::Life(Life::Closed { reason }) => reason.name().to_owned(),
        RowBody::Notice { notice: Notice::NotCaptured { bytes, .. } } => format!("missing:{bytes}"),
        other => format!("{other:?}"),
    };
    rows.iter().map(word).collect()
}

#[test]
fn a_connection_is_a_session_from_its_handshake_to_its_end() {
    let mut wire = Wire::new();
    wire.open();
    wire.say(End::A, 0, b"GET");
    wire.say(End::B, 0, b"200");
    wire.finish(End::B);
    wire.finish(End::A);
    let (rows, imported) = wire.end();
    assert_eq!(words(&rows), ["connected", "out0:GET", "in0:200", "peer-finished", "finished", "eof"]);
    assert_eq!((imported.packets, imported.sessions, imported.rows), (7, 1, 6));
    assert!(rows.iter().all(|row| row.session == Some(SessionId(1)) && row.peer == "10.0.0.2:80"));
}

#[test]
fn order_and_repeats_are_those_of_the_wire_and_not_of_the_stream() {
    let mut wire = Wire::new();
    wire.open();
    wire.say(End::A, 3, b"def");
    wire.say(End::A, 0, b"abc");
    wire.say(End::A, 0, b"abc");
    // Cut anew, with something that is new at the end.
    wire.say(End::A, 4, b"efgh");
    wire.finish(End::A);
    wire.say(End::A, 0, b"abcdefgh");
    let (rows, imported) = wire.end();
    assert_eq!(words(&rows), ["connected", "out0:abc", "out3:def", "out6:gh", "finished"]);
    assert_eq!((imported.repeated, imported.gaps), (2, 0));
}

#[test]
fn what_was_not_captured_is_told_in_its_place() {
    let mut wire = Wire::new();
    wire.open();
    wire.say(End::A, 0, b"a");
    wire.say(End::A, 11, b"c");
    wire.say(End::A, 10, b"b");
    wire.say(End::A, 20, b"d");
    // The end came after five more bytes.
    wire.connection.data(End::A, 21, 5, true);
    wire.finish(End::A);
    let (rows, imported) = wire.end();
    let before = ["connected", "out0:a", "missing:9", "out10:b", "out11:c", "missing:8", "out20:d"];
    assert_eq!(words(&rows), [&before[..], &["missing:5", "finished"]].concat());
    assert_eq!(imported.gaps, 3);
}

#[test]
fn what_was_not_captured_of_the_end_is_told_whatever_the_end_was() {
    let begun = || {
        let mut wire = Wire::new();
        wire.open();
        wire.say(End::A, 0, b"a");
        wire.connection.data(End::A, 1, 4, true);
        wire
    };
    let mut wire = begun();
    let reset = wire.connection.reset(End::A).unwrap();
    wire.put(End::A, &reset, b"");
    assert_eq!(words(&wire.end().0), ["connected", "out0:a", "missing:4", "local-reset"]);

    // Without one, what the peer acknowledges was sent.
    let mut wire = begun();
    wire.say(End::B, 0, b"ok");
    let (rows, imported) = wire.end();
    assert_eq!(
        (words(&rows), imported.gaps),
        (["connected", "out0:a", "in0:ok", "missing:4"].map(str::to_owned).into(), 1)
    );

    // An end takes a number as a byte does.
    let mut wire = Wire::new();
    wire.open();
    wire.say(End::A, 0, b"a");
    wire.connection.finish(End::A).unwrap();
    wire.say(End::B, 0, b"ok");
    assert_eq!(words(&wire.end().0), ["connected", "out0:a", "in0:ok"]);

    // Numbers of something else.
    let mut wire = begun();
    let strange = Segment { acknowledgement: Some(7), ..wire.connection.data(End::B, 0, 2, true) };
    wire.put(End::B, &strange, b"ok");
    assert_eq!(words(&wire.end().0), ["connected", "out0:a", "in0:ok"]);
}

#[test]
fn what_was_cut_off_is_told_where_it_was() {
    let mut wire = Wire::new();
    wire.open();
    wire.say_cut(End::A, 0, b"hello", 2);
    wire.say(End::A, 5, b"you");
    wire.say_cut(End::A, 8, b"headers only", 12);
    // Another one has a part of it already.
    wire.say(End::A, 25, b"ab");
    wire.say_cut(End::A, 20, b"0123456789", 7);
    // And the last one too.
    let last = Segment { fin: true, ..wire.connection.data(End::A, 30, 4, true) };
    wire.put_cut(End::A, &last, b"last", 3);
    let (rows, imported) = wire.end();
    let first = ["connected", "out0:hel", "missing:2", "out5:you", "missing:12"];
    let second = ["out20:012", "missing:2", "out25:ab", "missing:3", "out30:l", "missing:3", "finished"];
    assert_eq!(words(&rows), [&first[..], &second].concat());
    assert_eq!((imported.gaps, imported.repeated), (5, 0));

    let mut wire = Wire::new();
    wire.open();
    wire.say_cut(End::A, 5, b"world", 3);
    wire.say(End::A, 0, b"hello");
    // Nothing tells what came after it.
    assert_eq!(words(&wire.end().0), ["connected", "out0:hello", "out5:wo", "missing:3"]);
}

#[test]
fn of_a_segment_that_came_twice_all_that_either_has_is_kept() {
    for longer_first in [true, false] {
        let mut wire = Wire::new();
        wire.open();
        wire.say(End::A, 0, b"a");
        let [captured, whole] = [("hello world", 0), ("hello world and more", 15)];
        for (text, missing) in if longer_first { [captured, whole] } else { [whole, captured] } {
            wire.say_cut(End::A, 11, text.as_bytes(), missing);
        }
        let expected = ["connected", "out0:a", "missing:10", "out11:hello world", "missing:9"];
        assert_eq!(words(&wire.end().0), expected, "{longer_first}");
    }
}

#[test]
fn what_comes_late_is_late_however_much_is_missing() {
    let mut wire = Wire::new();
    wire.open();
    for number in 0..20 {
        wire.say_cut(End::A, number * 10, b"0123456789", 5);
    }
    wire.say(End::A, 0, b"0123456789");
    wire.say(End::A, 100, b"0123456789");
    let (_, imported) = wire.end();
    assert_eq!((imported.late, imported.repeated), (2, 0));
}

#[test]
fn the_same_ports_may_be_used_again() {
    let mut wire = Wire::new();
    wire.open();
    wire.say(End::A, 0, b"first");
    wire.connection = Connection::new(77);
    wire.open();
    wire.say(End::A, 0, b"second");
    let reset = wire.connection.reset(End::B).unwrap();
    wire.put(End::B, &reset, b"");
    let (rows, imported) = wire.end();
    assert_eq!(words(&rows), ["connected", "out0:first", "connected", "out0:second", "reset"]);
    assert_eq!(imported.sessions, 2);
}

#[test]
fn bytes_from_before_the_first_were_never_there_and_are_no_repeat() {
    let mut wire = Wire::new();
    wire.say(End::A, 1005, b"second");
    wire.say(End::A, 1000, b"first");
    wire.say(End::A, 1011, b"third");
    wire.say(End::A, 1003, b"stsecondthirdfourth");
    let (rows, imported) = wire.end();
    assert_eq!(words(&rows), ["connected", "out0:second", "out6:third", "out11:fourth"]);
    assert_eq!((imported.late, imported.repeated, imported.gaps, imported.sessions), (2, 0, 0, 1));

    // Nor is what had been told as missing.
    let mut wire = Wire::new();
    wire.open();
    wire.say_cut(End::A, 0, b"hello", 2);
    wire.say(End::A, 5, b"you");
    wire.say(End::A, 0, b"hello");
    wire.say(End::A, 0, b"hel");
    wire.say_cut(End::A, 0, b"hello", 2);
    let (rows, imported) = wire.end();
    assert_eq!(words(&rows), ["connected", "out0:hel", "missing:2", "out5:you"]);
    assert_eq!((imported.late, imported.repeated), (1, 2));

    // Too long ago for the same connection.
    let mut wire = Wire::new();
    wire.say(End::A, 1_000_000_000, b"first");
    wire.say(End::A, 0, b"second");
    wire.say(End::A, 6, b"more");
    let (rows, imported) = wire.end();
    assert_eq!(words(&rows), ["connected", "out0:first", "connected", "out0:second", "out6:more"]);
    assert_eq!((imported.late, imported.repeated, imported.sessions), (0, 0, 2));

    // Nothing can have been sent before the beginning, but for the byte that asks whether somebody is there.
    let mut wire = Wire::new();
    wire.open();
    let first = wire.connection.data(End::A, 0, 5, true);
    let before = |bytes| Segment { sequence: first.sequence.wrapping_sub(bytes), ..first };
    wire.put(End::A, &before(1), b"?");
    wire.put(End::A, &first, b"first");
    wire.put(End::A, &before(100), b"second");
    let (rows, imported) = wire.end();
    assert_eq!(words(&rows), ["connected", "out0:first", "connected", "out0:second"]);
    assert_eq!((imported.late, imported.repeated, imported.sessions), (0, 1, 2));
}

#[test]
fn whom_nobody_answers_has_no_session_and_a_middle_is_a_beginning() {
    let mut wire = Wire::new();
    let [(_, syn), ..] = wire.connection.open(End::A).unwrap();
    wire.put(End::A, &syn, b"");
    assert_eq!(wire.end().0, []);

    let mut wire = Wire::new();
    wire.say(End::B, 5_000_000_000, b"later");
    wire.say(End::B, 5_000_000_005, b"on");
    assert_eq!(words(&wire.end().0), ["connected", "out0:later", "out5:on"]);
}

#[test]
fn memory_is_bounded_whatever_is_missing() {
    let mut wire = Wire::new();
    wire.open();
    for number in 0..3000_u64 {
        wire.say(End::A, 1 + number * 2000, &[7; 1000]);
        assert!(wire.importer.waiting <= 1 << 20, "{number}");
    }
    let (rows, imported) = wire.end();
    assert_eq!(imported.gaps, 3000);
    assert_eq!(rows.len(), 6001);
}

#[test]
fn what_waits_counts_with_what_it_takes_beside_its_bytes() {
    let mut wire = Wire::new();
    wire.open();
    for number in 1..=9 {
        wire.say(End::A, number * 2, b"x");
        // Again, and with a byte more.
        wire.say(End::A, number * 2, b"x");
        wire.say(End::A, number * 2, b"xy");
    }
    assert_eq!(wire.importer.waiting, 9 * (2 + half::SEGMENT_COST));
    wire.say(End::A, 0, b"ab");
    assert_eq!(wire.importer.waiting, 0);
}

#[test]
fn of_too_many_conversations_the_quiet_ones_end() {
    let mut importer = Importer::default();
    let mut bytes = Vec::new();
    for port in 0..CONVERSATIONS_MAX as u32 + 10 {
        let source = SocketAddr::new(core::net::Ipv4Addr::from(0x0a00_0000 + port).into(), 1);
        let route = Route::new(source, "10.255.0.2:80".parse().unwrap()).unwrap();
        bytes.clear();
        assert!(frame::datagram(&mut bytes, Way::Out, route, b"x"));
        bytes.push(b'x');
        importer.handle(&Packet { link: LinkType::ETHERNET, time_ns: None, way: None, bytes: &bytes });
    }
    assert!(importer.conversations.len() <= CONVERSATIONS_MAX / 2 + 10);
    let rows = importer.take_rows();
    assert_eq!(words(&rows).iter().filter(|word| *word == "evicted").count(), CONVERSATIONS_MAX / 2 + 1);
}

proptest! {
    #[test]
    fn a_stream_is_whole_whatever_order_its_segments_come_in(
        text in prop::collection::vec(any::<u8>(), 1..400),
        cuts in prop::collection::vec((0_usize..400, 1_usize..60), 0..40),
        seed: u64,
    ) {
        let mut wire = Wire::new();
        wire.open();
        // All of it in order at the end, and any parts of it before in any order.
        let len = text.len();
        let mut pieces: Vec<(usize, usize)> = cuts.into_iter().map(|(at, n)| (at % len, n)).collect();
        pieces.sort_by_key(|(at, n)| (*at as u64 ^ seed).wrapping_mul(*n as u64 | 1));
        pieces.extend((0..len).step_by(7).map(|at| (at, 7)));
        for (at, n) in pieces {
            wire.say(End::A, at as u64, &text[at..(at + n).min(len)]);
        }
        wire.finish(End::A);
        let (rows, imported) = wire.end();
        let whole: Vec<u8> = rows.iter().flat_map(|row| row.payload.iter().copied()).collect();
        prop_assert_eq!(whole, text);
        let mut offset = 0;
        for row in rows.iter().filter(|row| !row.payload.is_empty()) {
            prop_assert_eq!(row.stream_offset, offset);
            offset += row.payload.len() as u64;
        }
        prop_assert_eq!(imported.gaps, 0);
        prop_assert!(matches!(rows.last().map(|row| &row.body), Some(RowBody::Life(Life::FinishedSending))));
    }

    #[test]
    fn what_was_cut_off_and_what_was_not_make_the_whole(
        text in prop::collection::vec(any::<u8>(), 1..400),
        segments in prop::collection::vec((0_usize..400, 1_usize..60, 0_usize..60), 0..40),
    ) {
        let mut wire = Wire::new();
        wire.open();
        let len = text.len();
        for (at, n, missing) in segments {
            let at = at % len;
            let bytes = &text[at..(at + n).min(len)];
            wire.say_cut(End::A, at as u64, bytes, missing.min(bytes.len()));
        }
        wire.connection.data(End::A, 0, len, true);
        wire.finish(End::A);
        let (rows, imported) = wire.end();
        let (mut offset, mut gaps) = (0, 0);
        for row in &rows {
            match &row.body {
                RowBody::Data { .. } => {
                    prop_assert_eq!(row.stream_offset, offset);
                    prop_assert_eq!(&row.payload, &text[offset as usize..][..row.payload.len()]);
                    offset += row.payload.len() as u64;
                }
                RowBody::Notice { notice: Notice::NotCaptured { bytes, .. } } => {
                    gaps += 1;
                    offset += bytes;
                }
                _ => {}
            }
        }
        prop_assert_eq!(offset, len as u64);
        prop_assert_eq!(imported.gaps, gaps);
    }

    #[test]
    fn any_packets_are_survived(
        link in prop_oneof![Just(0_u16), Just(1), Just(101), Just(113), Just(276), any::<u16>()],
        packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..90), 0..20),
    ) {
        let mut importer = Importer::default();
        for bytes in &packets {
            importer.handle(&Packet { link: LinkType(link), time_ns: Some(i64::MAX), way: Some(Way::In), bytes });
        }
        let imported = importer.finish();
        prop_assert_eq!(imported.rows as usize, importer.take_rows().len());
    }
}

/// The packets of a datagram, whose IP header has 20 bytes, in pieces of so many bytes behind it.
fn in_fragments(packet: &[u8], piece: usize) -> Vec<Vec<u8>> {
    let (header, payload) = packet.split_at(20);
    let pieces = payload.chunks(piece).enumerate();
    let fragments = pieces.map(|(at, bytes)| {
        let mut header = header.to_vec();
        let more = if (at + 1) * piece < payload.len() { 0x2000 } else { 0 };
        header[2..4].copy_from_slice(&(20 + bytes.len() as u16).to_be_bytes());
        header[6..8].copy_from_slice(&((at * piece / 8) as u16 | more).to_be_bytes());
        [&header, bytes].concat()
    });
    fragments.collect()
}

#[test]
fn a_datagram_in_fragments_is_one_row_and_what_is_not_whole_is_counted() {
    let payload: Vec<u8> = (0..4000_u32).map(|at| at as u8).collect();
    let route = Route::new("10.0.0.1:9".parse().unwrap(), "10.0.0.2:7".parse().unwrap()).unwrap();
    let mut packet = Vec::new();
    assert!(frame::datagram(&mut packet, Way::Out, route, &payload));
    let packet = [&packet[14..], &payload].concat();
    let mut importer = Importer::default();
    let mut put = |bytes: &[u8], time_ns| {
        importer.handle(&Packet { link: LinkType::RAW, time_ns: Some(time_ns), way: None, bytes });
        importer.rows()
    };
    let fragments = in_fragments(&packet, 1480);
    assert_eq!(fragments.len(), 3);
    assert_eq!([(2, 5), (0, 6)].map(|(at, time): (usize, i64)| put(&fragments[at], time)), [0, 0]);
    assert!(put(&fragments[1], 7) > 0);
    // Of another datagram with the same numbers the middle is missing.
    put(&fragments[0], 8);
    put(&fragments[2], 9);
    let counts = importer.finish();
    assert_eq!((counts.packets, counts.left_out, counts.sessions), (5, 2, 1));
    let rows = importer.take_rows();
    let data: Vec<_> = rows.iter().filter(|row| matches!(row.body, RowBody::Data { .. })).collect();
    assert_eq!(data.len(), 1);
    assert_eq!((data[0].payload == payload, data[0].stamp.wall_ns), (true, 7));
}

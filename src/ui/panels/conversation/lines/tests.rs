use super::*;
use crate::model::{ConversationPlace, ConversationRequest, SocketId, Stamp};

fn row(number: u64, direction: Direction, call: Call, stream_offset: u64, bytes: &[u8]) -> PageRow {
    PageRow {
        number,
        stamp: Stamp::default(),
        socket: SocketId(1),
        session: None,
        peer: String::new(),
        body: RowBody::Data { direction, call, truncated: false },
        stream_offset,
        len: bytes.len() as u64,
        preview: bytes.to_vec(),
        context: Vec::new(),
        delta_ns: None,
        note: None,
        color: None,
    }
}

fn received(number: u64, offset: u64, bytes: &[u8]) -> PageRow {
    row(number, Direction::In, Call::Recv, offset, bytes)
}

fn sent(number: u64, offset: u64, bytes: &[u8]) -> PageRow {
    row(number, Direction::Out, Call::Send, offset, bytes)
}

fn part(rows: Vec<PageRow>) -> ConversationPart {
    let request = ConversationRequest { socket: SocketId(1), session: None, from: ConversationPlace::From(0) };
    let calls = rows.len() as u64;
    ConversationPart { request, first: 0, rows, calls, complete: true }
}

fn shown(part: &ConversationPart, form: Form, encoding: Encoding) -> Vec<(u64, Direction, String)> {
    let words = |content: Content| match content {
        Content::Text(text) => text,
        Content::Bytes { offset, bytes } => format!("{offset:x}: {bytes:x?}"),
        Content::Missing(bytes) => format!("missing {bytes}"),
        Content::Cut(bytes) => format!("cut {bytes}"),
    };
    lines(part, form, |_| encoding).into_iter().map(|line| (line.number, line.direction, words(line.content))).collect()
}

fn line(number: u64, direction: Direction, words: &str) -> (u64, Direction, String) {
    (number, direction, words.to_owned())
}

const IN: Direction = Direction::In;
const OUT: Direction = Direction::Out;

#[test]
fn calls_of_one_direction_are_one_text_and_characters_are_put_together_across_them() {
    let part = part(vec![
        received(1, 0, b"GET / HT"),
        received(2, 8, b"TP/1.1\r\n\r\n\xe4\xbd"),
        sent(3, 0, b"200 \xe5"),
        received(4, 20, b"\xa0!"),
        sent(5, 5, b"\xa5\xbd"),
    ]);
    let expected =
        [line(1, IN, "GET / HTTP/1.1"), line(2, IN, ""), line(3, OUT, "200 "), line(4, IN, "你!"), line(5, OUT, "好")];
    assert_eq!(shown(&part, Form::Text, Encoding::Utf8), expected);
}

#[test]
fn a_part_begins_within_a_character_and_ends_within_one() {
    let first = PageRow { context: b"\xe4\xbd".to_vec(), ..received(7, 2, b"\xa0 and \xe5") };
    let ends = part(vec![first]);
    assert_eq!(shown(&ends, Form::Text, Encoding::Utf8), [line(7, IN, "你 and "), line(7, IN, "\u{fffd}")]);
    let goes_on = ConversationPart { calls: 2, ..ends };
    assert_eq!(shown(&goes_on, Form::Text, Encoding::Utf8), [line(7, IN, "你 and ")], "the next part has the rest");
    let inside = PageRow { context: b"\xe4".to_vec(), ..received(7, 1, b"\xbd") };
    let whole = part(vec![inside, received(8, 2, b"\xa0")]);
    assert_eq!(shown(&whole, Form::Text, Encoding::Utf8), [line(8, IN, "你")]);
    let torn = part(vec![received(1, 3, b"\x00\x60\x4f")]);
    assert_eq!(shown(&torn, Form::Text, Encoding::Utf16Le), [line(1, IN, "\u{fffd}你")]);
    let gbk = part(vec![received(1, 0, b"\xc4"), received(2, 1, b"\xe3")]);
    assert_eq!(shown(&gbk, Form::Text, Encoding::Gbk), [line(2, IN, "你")]);
}

#[test]
fn messages_stand_for_themselves() {
    let message = |number, bytes: &[u8]| row(number, IN, Call::RecvFrom, 0, bytes);
    let part = part(vec![message(1, b"one\xe4\xbd"), message(2, b"\xa0two")]);
    let expected = [line(1, IN, "one\u{fffd}"), line(2, IN, "\u{fffd}two")];
    assert_eq!(shown(&part, Form::Text, Encoding::Utf8), expected);
    let hex = shown(&part, Form::Hex, Encoding::Utf8);
    assert!(hex[0].2.starts_with("0: ") && hex[1].2.starts_with("0: "), "{hex:?}");
}

#[test]
fn bytes_are_counted_along_each_stream() {
    let part = part(vec![received(1, 100, &[1; 10]), received(2, 110, &[2; 10]), sent(3, 7, &[3])]);
    let hex = shown(&part, Form::Hex, Encoding::Utf8);
    let starts: Vec<_> =
        hex.iter().map(|(number, _, words)| (*number, words.split(':').next().unwrap_or(""))).collect();
    assert_eq!(starts, [(1, "64"), (2, "74"), (3, "7")]);
    assert!(hex[0].2.ends_with("1, 2, 2, 2, 2, 2, 2]"), "{hex:?}");
}

#[test]
fn what_is_not_there_is_told() {
    let cut = PageRow { len: 1000, ..received(3, 50, b"beginning") };
    let part = part(vec![received(1, 0, b"one"), received(2, 45, b"two45"), cut]);
    let expected =
        [line(1, IN, "one"), line(2, IN, "missing 42"), line(2, IN, "two45beginning"), line(3, IN, "cut 991")];
    assert_eq!(shown(&part, Form::Text, Encoding::Utf8), expected);
}

#[test]
fn long_lines_are_broken() {
    let part = part(vec![received(1, 0, "好".repeat(CHARACTERS + 5).as_bytes())]);
    let counts: Vec<_> =
        shown(&part, Form::Text, Encoding::Utf8).iter().map(|(_, _, words)| words.chars().count()).collect();
    assert_eq!(counts, [CHARACTERS, 5]);
}

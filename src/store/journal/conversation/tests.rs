use super::super::tests::{Journal, data, journal, received, with_body};
use super::*;
use crate::model::{Call, Direction, Life, RowBody, SessionId, SocketId};

/// Rows that are looked at in one step.
const STEP: usize = 100;

fn part(journal: &mut Journal, from: ConversationPlace) -> (ConversationPart, usize) {
    let request = ConversationRequest { socket: SocketId(1), session: Some(SessionId(1)), from };
    for steps in 1.. {
        if let Some(part) = journal.reader.conversation(&request, STEP).unwrap() {
            return (part, steps);
        }
    }
    unreachable!("it ends")
}

fn numbers(part: &ConversationPart) -> Vec<u64> {
    part.rows.iter().map(|row| row.number).collect()
}

#[test]
fn only_calls_that_moved_bytes_of_the_session_are_there_whole_and_both_ways() {
    let long = vec![7; 5000];
    let mut journal = journal(&[
        received(0, b"one"),
        data(2, Direction::In, Call::Recv, 0, b"another's"),
        with_body(RowBody::Life(Life::PeerFinished)),
        data(1, Direction::Out, Call::Send, 0, &long),
        received(3, b"two"),
    ]);
    let (part, _) = part(&mut journal, ConversationPlace::From(0));
    assert_eq!((numbers(&part), part.first, part.calls, part.complete), (vec![1, 4, 5], 0, 3, true));
    assert_eq!(part.rows[1].preview, long, "more than a preview");
}

#[test]
fn parts_follow_each_other_both_ways() {
    let count = ConversationPart::ROWS_MAX * 2 + 10;
    let rows: Vec<_> = (0..count).map(|offset| received(offset, b"x")).collect();
    let mut journal = journal(&rows);
    let (first, steps) = part(&mut journal, ConversationPlace::From(0));
    assert!(steps > 1 && steps * STEP < rows.len(), "no more is looked at than has to be: {steps} steps");
    assert_eq!((first.first, first.rows.len()), (0, 512));
    let (second, _) = part(&mut journal, ConversationPlace::From(513));
    assert_eq!((second.first, second.rows[0].number), (512, 513));
    let (end, _) = part(&mut journal, ConversationPlace::End);
    assert_eq!((end.first, end.rows.len(), end.calls), (522, 512, 1034));
    let (before, _) = part(&mut journal, ConversationPlace::Before(523));
    assert_eq!((before.first, before.rows.len()), (10, 512));
    let (around, _) = part(&mut journal, ConversationPlace::Around(600));
    assert_eq!((around.first, around.rows.len(), around.rows[256].number), (343, 512, 600));
    let (start, _) = part(&mut journal, ConversationPlace::Around(100));
    assert_eq!((start.first, start.rows.len(), start.rows[99].number), (0, 512, 100));
    let (beyond, _) = part(&mut journal, ConversationPlace::Around(9999));
    assert_eq!((beyond.first, beyond.rows.len()), (778, 256), "nothing follows the last");
}

#[test]
fn a_part_is_bounded_in_bytes_and_has_one_row_at_least() {
    let chunk = vec![1; 100 << 10];
    let huge = vec![2; ConversationPart::BYTES_MAX as usize + 77];
    let mut journal = journal(&[
        received(0, &chunk),
        received(102_400, &chunk),
        received(204_800, &chunk),
        received(307_200, &huge),
        received(569_421, b"end"),
    ]);
    let mut of = |from| {
        let (part, _) = part(&mut journal, from);
        let bytes: usize = part.rows.iter().map(|row| row.preview.len()).sum();
        assert!(bytes as u64 <= ConversationPart::BYTES_MAX, "{bytes}");
        numbers(&part)
    };
    assert_eq!(of(ConversationPlace::From(0)), [1, 2]);
    assert_eq!(of(ConversationPlace::From(3)), [3]);
    assert_eq!(of(ConversationPlace::From(4)), [4]);
    assert_eq!(of(ConversationPlace::End), [5]);
    assert_eq!(of(ConversationPlace::Before(5)), [4]);
    assert_eq!(of(ConversationPlace::Before(4)), [2, 3]);
    assert_eq!(of(ConversationPlace::Around(1)), [1, 2]);
    assert_eq!(of(ConversationPlace::Around(4)), [4], "which leaves no room");
}

#[test]
fn what_comes_before_a_row_takes_half_of_a_part_at_most() {
    let rows: Vec<_> = (0..8).map(|number| received(number * 40_000, &[1; 40_000])).collect();
    let mut journal = journal(&rows);
    let mut of = |row| numbers(&part(&mut journal, ConversationPlace::Around(row)).0);
    assert_eq!(of(5), [2, 3, 4, 5, 6, 7]);
    assert_eq!(of(2), [1, 2, 3, 4, 5, 6]);
    assert_eq!(of(8), [5, 6, 7, 8]);
}

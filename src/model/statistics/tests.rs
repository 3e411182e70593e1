//! Messages and what is counted of them.

use proptest::prelude::*;

use super::*;

const MS: u64 = 1_000_000;

fn message(session: u64, at_ms: u64, direction: Direction, bytes: u64) -> Message<'static> {
    let mono_ns = at_ms * MS;
    Message {
        wall_ns: 1_790_000_000_000_000_000 + mono_ns.cast_signed(),
        mono_ns,
        session: (session > 0).then_some(SessionId(session)),
        peer: "127.0.0.1:9",
        direction,
        bytes,
    }
}

fn counted(session: Option<u64>, messages: &[Message<'_>]) -> Statistics {
    let request = StatisticsRequest { session: session.map(SessionId), ..StatisticsRequest::default() };
    let mut statistics = Statistics::new(request);
    messages.iter().for_each(|message| statistics.add(message));
    statistics
}

use Direction::{In, Out};

#[test]
fn a_request_is_answered_by_what_comes_back_first() {
    let messages = [
        message(1, 0, Out, 2),
        message(1, 3, Out, 2),
        message(2, 4, In, 9),
        message(1, 13, In, 1),
        message(1, 14, In, 1),
        message(1, 20, Out, 2),
        message(1, 60, In, 1),
        message(1, 70, Out, 2),
    ];
    let statistics = counted(None, &messages);
    let asked = statistics.answers().sent.quantiles().unwrap();
    assert_eq!((asked.smallest, asked.largest), (10 * MS, 40 * MS), "from the last of two, by the same session");
    assert_eq!((statistics.answers().sent.count(), statistics.all().flows.sent.messages), (2, 4));
    let other_way = statistics.answers().received.quantiles().unwrap();
    assert_eq!((other_way.smallest, other_way.largest), (6 * MS, 10 * MS));
    assert_eq!(counted(Some(2), &messages).answers().sent.count(), 0);
}

#[test]
fn an_answer_that_is_stamped_first_took_no_time() {
    let statistics = counted(None, &[message(1, 5, Out, 1), message(1, 4, In, 1)]);
    assert_eq!(statistics.answers().sent.quantile(0.5), Some(0));
}

#[test]
fn gaps_are_of_one_session_and_one_way() {
    let messages = [message(1, 0, In, 1), message(2, 1, In, 1), message(1, 2, Out, 1), message(1, 7, In, 1)];
    let statistics = counted(None, &messages);
    assert_eq!(statistics.gaps().received.quantiles().map(|gaps| gaps.largest), Some(7 * MS));
    assert_eq!((statistics.gaps().received.count(), statistics.gaps().sent.count()), (1, 0));
}

#[test]
fn totals_are_of_each_session_and_details_of_the_chosen() {
    let messages = [message(1, 0, In, 100), message(1, 500, In, 300), message(2, 600, Out, 7), message(0, 700, Out, 1)];
    let statistics = counted(Some(1), &messages);
    let sessions: Vec<_> = statistics.sessions().map(|one| (one.session.map(|id| id.0), one.peer.as_str())).collect();
    assert_eq!(sessions, [(None, ""), (Some(1), "127.0.0.1:9"), (Some(2), "127.0.0.1:9")]);
    let chosen = statistics.chosen();
    assert_eq!(chosen.flows.received, Flow { messages: 2, bytes: 400, largest: 300 });
    assert_eq!((chosen.seconds(), chosen.rate(In), chosen.rate(Out)), (Some(0.5), Some(800.0), Some(0.0)));
    let over_time: u64 = statistics.timeline().intervals().map(|interval| interval.flows.sum().bytes).sum();
    assert_eq!((over_time, statistics.sizes().sent.count()), (400, 0));
    assert_eq!((statistics.all().flows.sum().bytes, statistics.all().seconds()), (408, Some(0.7)));
    let one = counted(None, &messages[..1]);
    assert_eq!(one.all().rate(In), None, "one message has no rate");
}

#[test]
fn of_many_sessions_the_newest_are_told_apart() {
    let mut statistics = Statistics::default();
    let sessions = Statistics::SESSIONS_MAX as u64 + 10;
    for session in (1..=sessions).chain([3]) {
        statistics.add(&message(session, session, In, session));
    }
    statistics.add(&message(0, 9, In, 0));
    assert_eq!(statistics.sessions().len(), Statistics::SESSIONS_MAX);
    let earlier = statistics.earlier().unwrap();
    // The session that gave its place to what is of none is among them.
    assert_eq!((earlier.flows.received.messages, earlier.flows.received.bytes), (12, (1..=11).sum::<u64>() + 3));
    assert_eq!(earlier.seconds(), None);
    assert!(statistics.sessions().any(|one| one.session.is_none()));
}

proptest! {
    #[test]
    fn nothing_is_lost_and_nothing_counted_twice(
        messages in prop::collection::vec((0_u64..6, 0_u64..10_000, any::<bool>(), 0_u64..70_000), 0..300),
        chosen in 0_u64..6,
    ) {
        let messages: Vec<_> = messages
            .into_iter()
            .map(|(session, at, comes_in, bytes)| message(session, at, if comes_in { In } else { Out }, bytes))
            .collect();
        let statistics = counted((chosen > 0).then_some(chosen), &messages);
        let sums = |keep: &dyn Fn(&Message<'_>) -> bool| {
            let kept: Vec<_> = messages.iter().filter(|message| keep(message)).map(|message| message.bytes).collect();
            Flow { messages: kept.len() as u64, bytes: kept.iter().sum(), largest: kept.iter().copied().max().unwrap_or(0) }
        };
        prop_assert_eq!(statistics.all().flows.sum(), sums(&|_| true));
        for one in statistics.sessions() {
            let of_it = sums(&|message| message.session == one.session && message.direction == In);
            prop_assert_eq!(one.totals.flows.received, of_it);
        }
        let is_chosen = |message: &Message<'_>| chosen == 0 || message.session == Some(SessionId(chosen));
        for direction in [In, Out] {
            let flow = sums(&|message| is_chosen(message) && message.direction == direction);
            prop_assert_eq!(*statistics.chosen().flows.of(direction), flow);
            prop_assert_eq!(statistics.sizes().of(direction).count(), flow.messages);
            let over_time: u64 = statistics.timeline().intervals().map(|at| at.flows.of(direction).bytes).sum();
            prop_assert_eq!(over_time, flow.bytes);
            // The first of each session has nothing before it.
            let mut sessions: Vec<_> = messages
                .iter()
                .filter(|message| is_chosen(message) && message.direction == direction)
                .map(|message| message.session)
                .collect();
            sessions.sort_unstable();
            sessions.dedup();
            prop_assert_eq!(statistics.gaps().of(direction).count(), flow.messages - sessions.len() as u64);
            // One answer each time that a session's direction turns.
            let mut answers = 0;
            for session in sessions {
                let ways: Vec<_> =
                    messages.iter().filter(|message| message.session == session).map(|message| message.direction).collect();
                answers += ways.windows(2).filter(|two| two[0] == direction && two[1] != direction).count() as u64;
            }
            prop_assert_eq!(statistics.answers().of(direction).count(), answers);
        }
    }
}

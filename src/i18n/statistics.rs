use std::borrow::Cow;
use std::time::Duration;

use super::{Language, byte_size, bytes, grouped, rate, short_span};
use crate::model::{Direction, Quantiles, SessionTotals, Statistics, Totals};
use crate::tr;

/// What went one way: `600 messages, 12,000 B, 1.17 KiB/s, largest 512 B`. Without a span there is no rate.
fn flow(language: Language, totals: &Totals, direction: Direction) -> String {
    let flow = totals.flows.of(direction);
    let messages = match flow.messages {
        1 => tr!(language, "statistics.one_message"),
        count => tr!(language, "statistics.messages", count = grouped(count)),
    };
    let mut parts = vec![messages.into_owned(), bytes(flow.bytes)];
    parts.extend(totals.rate(direction).map(|bytes_a_second| rate(language, bytes_a_second.round() as u64)));
    if flow.messages > 1 {
        parts.push(tr!(language, "statistics.largest", size = bytes(flow.largest)).into_owned());
    }
    parts.join(", ")
}

/// What went both ways: `received …; sent …`.
#[must_use]
pub fn flows(language: Language, totals: &Totals) -> String {
    let [received, sent] = [Direction::In, Direction::Out].map(|direction| flow(language, totals, direction));
    tr!(language, "statistics.flows", received = received, sent = sent).into_owned()
}

/// Whose totals they are.
#[must_use]
pub fn session_name(language: Language, totals: &SessionTotals) -> String {
    match totals.session {
        None => tr!(language, "statistics.no_session").into_owned(),
        Some(session) => {
            let peer = crate::codec::visible::visible(&totals.peer);
            tr!(language, "statistics.session", session = session, peer = peer).trim().to_owned()
        }
    }
}

/// How values are spread: `p50 64 B, p90 512 B, p99 1.00 KiB, at most 1.21 KiB`.
fn spread(language: Language, quantiles: &Quantiles, unit: impl Fn(u64) -> String) -> String {
    let Quantiles { p50, p90, p99, largest, .. } = *quantiles;
    let [p50, p90, p99, largest] = [p50, p90, p99, largest].map(unit);
    tr!(language, "statistics.spread", p50 = p50, p90 = p90, p99 = p99, largest = largest).into_owned()
}

/// Nanoseconds to three digits.
#[must_use]
pub fn span_of_ns(ns: u64) -> String {
    short_span(Duration::from_nanos(ns))
}

/// How many rows are in no count, having gone too early; `None` where none have.
#[must_use]
pub fn missed(language: Language, statistics: &Statistics) -> Option<String> {
    let missed = statistics.missed;
    (missed > 0).then(|| tr!(language, "statistics.missed", count = grouped(missed)).into_owned())
}

/// How soon messages that went this way were answered; `None` where none went.
#[must_use]
pub fn answers(language: Language, statistics: &Statistics, asked: Direction) -> Option<String> {
    let messages = statistics.sizes().of(asked).count();
    if messages == 0 {
        return None;
    }
    let answers = statistics.answers().of(asked);
    let [answered, messages] = [answers.count(), messages].map(grouped);
    let words = match asked {
        Direction::Out => tr!(language, "statistics.answered_sent", answered = answered, messages = messages),
        Direction::In => tr!(language, "statistics.answered_received", answered = answered, messages = messages),
    };
    Some(match answers.quantiles() {
        None => words.into_owned(),
        Some(quantiles) => format!("{words}, {}", spread(language, &quantiles, span_of_ns)),
    })
}

/// How large messages were, each way that some went.
#[must_use]
pub fn size_spreads(language: Language, statistics: &Statistics) -> Vec<String> {
    let of = |direction| Some(spread(language, &statistics.sizes().of(direction).quantiles()?, byte_size));
    let received = of(Direction::In).map(|spread| tr!(language, "statistics.sizes_received", spread = spread));
    let sent = of(Direction::Out).map(|spread| tr!(language, "statistics.sizes_sent", spread = spread));
    received.into_iter().chain(sent).map(Cow::into_owned).collect()
}

/// How long after one another messages came, each way that there were two.
#[must_use]
pub fn gap_spreads(language: Language, statistics: &Statistics) -> Vec<String> {
    let of = |direction| Some(spread(language, &statistics.gaps().of(direction).quantiles()?, span_of_ns));
    let received = of(Direction::In).map(|spread| tr!(language, "statistics.gaps_received", spread = spread));
    let sent = of(Direction::Out).map(|spread| tr!(language, "statistics.gaps_sent", spread = spread));
    received.into_iter().chain(sent).map(Cow::into_owned).collect()
}

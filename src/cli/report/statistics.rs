//! What crossed in a journal, as JSON and as lines for a person.

use serde::Serialize;

use crate::i18n::{self, Language};
use crate::model::{Direction, Histogram, Quantiles, SessionTotals, Statistics, Totals};
use crate::tr;

/// One session's totals.
#[derive(Serialize)]
pub(super) struct Session<'a> {
    /// `null`: what concerned no session.
    session: Option<u64>,
    peer: &'a str,
    #[serde(flatten)]
    totals: Sums,
}

#[derive(Serialize)]
struct Sums {
    received: Flow,
    sent: Flow,
    /// From the first message to the last; `null` where that is no time.
    seconds: Option<f64>,
}

#[derive(Serialize)]
struct Flow {
    messages: u64,
    bytes: u64,
    largest: u64,
    /// Bytes a second over `seconds`.
    rate: Option<f64>,
}

/// Of all sessions.
#[derive(Serialize)]
pub(super) struct All {
    sessions: usize,
    #[serde(flatten)]
    totals: Sums,
    /// Of sessions that are not told apart, being too many.
    #[serde(skip_serializing_if = "Option::is_none")]
    earlier: Option<Sums>,
    /// Rows that a limit took away before they were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows_missed: Option<u64>,
    sizes: Ways<Option<Spread<u64>>>,
    /// Microseconds between two messages of a session that went the same way.
    gaps_us: Ways<Option<Spread<f64>>>,
    /// To what was received, and to what was sent.
    answers_to: Ways<Answers>,
}

#[derive(Serialize)]
struct Ways<T> {
    received: T,
    sent: T,
}

#[derive(Serialize)]
struct Spread<T> {
    smallest: T,
    p50: T,
    p90: T,
    p99: T,
    largest: T,
}

#[derive(Serialize)]
struct Answers {
    messages: u64,
    answered: u64,
    us: Option<Spread<f64>>,
}

impl<'a> From<&'a SessionTotals> for Session<'a> {
    fn from(one: &'a SessionTotals) -> Self {
        Self { session: one.session.map(|session| session.0), peer: &one.peer, totals: Sums::from(&one.totals) }
    }
}

impl From<&Totals> for Sums {
    fn from(totals: &Totals) -> Self {
        let flow = |direction| {
            let flow = totals.flows.of(direction);
            let rate = totals.rate(direction);
            Flow { messages: flow.messages, bytes: flow.bytes, largest: flow.largest, rate }
        };
        Self { received: flow(Direction::In), sent: flow(Direction::Out), seconds: totals.seconds() }
    }
}

impl From<&Statistics> for All {
    fn from(statistics: &Statistics) -> Self {
        let sizes = |direction| spread(statistics.sizes().of(direction), |bytes| bytes);
        let gaps = |direction| spread(statistics.gaps().of(direction), microseconds);
        let answers = |direction| {
            let answers = statistics.answers().of(direction);
            let messages = statistics.sizes().of(direction).count();
            Answers { messages, answered: answers.count(), us: spread(answers, microseconds) }
        };
        Self {
            sessions: statistics.sessions().len(),
            totals: Sums::from(statistics.all()),
            earlier: statistics.earlier().map(Sums::from),
            rows_missed: (statistics.missed > 0).then_some(statistics.missed),
            sizes: both(sizes),
            gaps_us: both(gaps),
            answers_to: both(answers),
        }
    }
}

fn both<T>(of: impl Fn(Direction) -> T) -> Ways<T> {
    Ways { received: of(Direction::In), sent: of(Direction::Out) }
}

fn microseconds(ns: u64) -> f64 {
    ns as f64 / 1e3
}

fn spread<T>(histogram: &Histogram, unit: impl Fn(u64) -> T) -> Option<Spread<T>> {
    let Quantiles { smallest, p50, p90, p99, largest } = histogram.quantiles()?;
    let [smallest, p50, p90, p99, largest] = [smallest, p50, p90, p99, largest].map(unit);
    Some(Spread { smallest, p50, p90, p99, largest })
}

/// The same of all sessions, line by line.
pub(super) fn lines(language: Language, statistics: &Statistics) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(earlier) = statistics.earlier() {
        let flows = i18n::flows(language, earlier);
        lines.push(tr!(language, "statistics.line", name = tr!(language, "statistics.earlier"), flows = flows).into());
    }
    let flows = i18n::flows(language, statistics.all());
    lines.push(tr!(language, "statistics.line", name = tr!(language, "statistics.all"), flows = flows).into());
    lines.extend(i18n::size_spreads(language, statistics));
    lines.extend(i18n::gap_spreads(language, statistics));
    lines.extend(i18n::missed(language, statistics));
    lines
        .extend([Direction::Out, Direction::In].into_iter().filter_map(|way| i18n::answers(language, statistics, way)));
    lines
}

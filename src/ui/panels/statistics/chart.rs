//! What is plotted: columns above a line for what was received, below it for what was sent.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::view::View;
use crate::i18n::Language;
use crate::model::{BothWays, Direction, Flow, Histogram, Statistics};
use crate::tr;
use crate::ui::clock;

/// One of a plot's columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Column {
    /// On the plot's axis: seconds since it begins, or the logarithm of a value to base 2.
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) received: f64,
    pub(super) sent: f64,
    of: Of,
}

/// What a column is of.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Of {
    Interval { start_ns: i64, length_ns: i64, flows: BothWays<Flow> },
    Values { from: u64, to: u64 },
}

/// A value that has a line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mark {
    pub(super) at: f64,
    pub(super) name: &'static str,
}

/// A plot's contents.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chart {
    pub(super) columns: Vec<Column>,
    pub(super) marks: Vec<Mark>,
    /// Nanoseconds since 1970 at which its axis begins, where that is time.
    pub(super) begins_ns: Option<i64>,
}

impl Chart {
    /// `asked` is which way requests go.
    pub(super) fn new(statistics: &Statistics, view: View, asked: Direction) -> Self {
        match view {
            View::Bytes => Self::over_time(statistics, |flow| flow.bytes),
            View::Messages => Self::over_time(statistics, |flow| flow.messages),
            View::Sizes => Self::of_values(Some(&statistics.sizes().received), Some(&statistics.sizes().sent)),
            View::Gaps => Self::of_values(Some(&statistics.gaps().received), Some(&statistics.gaps().sent)),
            View::Answers => {
                let answers = statistics.answers().of(asked);
                // Where the answers go.
                let chart = match asked {
                    Direction::Out => Self::of_values(Some(answers), None),
                    Direction::In => Self::of_values(None, Some(answers)),
                };
                let marks = answers.quantiles().map(|quantiles| {
                    [("p50", quantiles.p50), ("p90", quantiles.p90), ("p99", quantiles.p99)]
                        .map(|(name, value)| Mark { at: place(value), name })
                });
                Self { marks: marks.into_iter().flatten().collect(), ..chart }
            }
            View::Sessions => Self { columns: Vec::new(), marks: Vec::new(), begins_ns: None },
        }
    }

    fn over_time(statistics: &Statistics, amount: impl Fn(&Flow) -> u64) -> Self {
        let timeline = statistics.timeline();
        let (length, length_ns) = (timeline.length(), timeline.length_ns());
        let columns = timeline.intervals().enumerate().map(|(at, interval)| Column {
            from: at as f64 * length,
            to: (at + 1) as f64 * length,
            received: amount(&interval.flows.received) as f64 / length,
            sent: amount(&interval.flows.sent) as f64 / length,
            of: Of::Interval { start_ns: interval.start_ns, length_ns, flows: interval.flows },
        });
        let begins_ns = timeline.intervals().next().map(|interval| interval.start_ns);
        Self { columns: columns.collect(), marks: Vec::new(), begins_ns }
    }

    fn of_values(received: Option<&Histogram>, sent: Option<&Histogram>) -> Self {
        let mut counts: BTreeMap<u64, (u64, [u64; 2])> = BTreeMap::new();
        for (way, histogram) in [received, sent].into_iter().enumerate() {
            for range in histogram.map(Histogram::ranges).unwrap_or_default() {
                counts.entry(range.from).or_insert((range.to, [0; 2])).1[way] += range.count;
            }
        }
        let columns = counts.into_iter().map(|(from, (to, [received, sent]))| Column {
            from: place(from),
            to: if from == 0 { 0.0 } else { place(from) + 1.0 },
            received: received as f64,
            sent: sent as f64,
            of: Of::Values { from, to },
        });
        Self { columns: columns.collect(), marks: Vec::new(), begins_ns: None }
    }

    /// The column at a place of the axis.
    pub(super) fn at(&self, x: f64) -> Option<&Column> {
        self.columns.iter().find(|column| (column.from..column.to).contains(&x))
    }

    /// As a table (RFC 4180), its head in English as that of a saved journal.
    pub(super) fn csv(&self, zone: &TimeZone) -> String {
        let head = match self.columns.first().map(|column| column.of) {
            Some(Of::Interval { .. }) => "start,seconds,received_bytes,received_messages,sent_bytes,sent_messages\r\n",
            _ => "from,to,received,sent\r\n",
        };
        let mut csv = head.to_owned();
        for column in &self.columns {
            // Writing to a text never fails.
            let _ = match column.of {
                Of::Interval { start_ns, length_ns, flows: BothWays { received, sent } } => write!(
                    csv,
                    "{},{},{},{},{},{}\r\n",
                    clock::to_milliseconds(start_ns, zone),
                    length_ns as f64 / 1e9,
                    received.bytes,
                    received.messages,
                    sent.bytes,
                    sent.messages
                ),
                Of::Values { from, to } => write!(csv, "{from},{to},{},{}\r\n", column.received, column.sent),
            };
        }
        csv
    }
}

impl Column {
    /// What it says, where the pointer rests on it.
    pub(super) fn words(&self, language: Language, view: View, zone: &TimeZone) -> String {
        let (from, to) = match self.of {
            Of::Interval { start_ns, length_ns, .. } => (
                clock::to_milliseconds(start_ns, zone),
                clock::to_milliseconds(start_ns.saturating_add(length_ns), zone),
            ),
            Of::Values { from, to } => (view.value(from), view.value(to)),
        };
        let [received, sent] = [self.received, self.sent].map(|value| view.rate(language, value));
        tr!(language, "statistics.column", from = from, to = to, received = received, sent = sent).into_owned()
    }
}

/// Of a value on an axis whose steps double. Below 1 there is room for 0.
pub(super) fn place(value: u64) -> f64 {
    if value == 0 { -1.0 } else { (value as f64).log2() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Message, SessionId, StatisticsRequest};

    fn statistics() -> Statistics {
        let mut statistics = Statistics::new(StatisticsRequest::default());
        for (at_ms, direction, bytes) in
            [(0, Direction::Out, 4), (3, Direction::In, 100), (1003, Direction::Out, 0), (1503, Direction::In, 7)]
        {
            statistics.add(&Message {
                wall_ns: 1_790_000_000_000_000_000 + at_ms * 1_000_000,
                mono_ns: at_ms.cast_unsigned() * 1_000_000,
                session: Some(SessionId(1)),
                peer: "",
                direction,
                bytes,
            });
        }
        statistics
    }

    #[test]
    fn columns_over_time_are_rates() {
        let chart = Chart::new(&statistics(), View::Bytes, Direction::Out);
        // 1.5 seconds are too many milliseconds; of ten each there are 151.
        assert_eq!(chart.columns.len(), 151);
        let first = chart.at(0.0).unwrap();
        assert_eq!((first.received, first.sent), (10_000.0, 400.0));
        let words = first.words(Language::English, View::Bytes, &TimeZone::UTC);
        assert_eq!(words, "2026-09-21 14:13:20.000 to 2026-09-21 14:13:20.010\nreceived 9.77 KiB/s\nsent 400 B/s");
        assert!(chart.at(-0.1).is_none() && chart.at(1.6).is_none());
    }

    #[test]
    fn columns_of_values_double() {
        let chart = Chart::new(&statistics(), View::Sizes, Direction::Out);
        let places: Vec<_> = chart.columns.iter().map(|column| (column.from, column.to)).collect();
        assert_eq!(
            places,
            [(-1.0, 0.0), (0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 4.0), (4.0, 5.0), (5.0, 6.0), (6.0, 7.0)]
        );
        let csv = chart.csv(&TimeZone::UTC);
        assert!(
            csv.starts_with("from,to,received,sent\r\n0,0,0,1\r\n1,1,0,0\r\n") && csv.contains("\r\n4,7,1,1\r\n"),
            "{csv}"
        );
    }

    #[test]
    fn answers_are_above_or_below_by_their_way_with_percentiles() {
        let chart = Chart::new(&statistics(), View::Answers, Direction::Out);
        assert_eq!(chart.columns.iter().map(|column| column.received).sum::<f64>(), 2.0);
        assert_eq!(chart.marks.iter().map(|mark| mark.name).collect::<Vec<_>>(), ["p50", "p90", "p99"]);
        assert!((chart.marks[0].at - 3e6_f64.log2()).abs() < 0.02);
        let other = Chart::new(&statistics(), View::Answers, Direction::In);
        assert_eq!(other.columns.iter().map(|column| column.sent).sum::<f64>(), 1.0);
    }

    #[test]
    fn a_table_over_time_has_all_that_is_counted() {
        let csv = Chart::new(&statistics(), View::Messages, Direction::Out).csv(&TimeZone::UTC);
        let lines: Vec<_> = csv.split("\r\n").collect();
        assert_eq!(lines[0], "start,seconds,received_bytes,received_messages,sent_bytes,sent_messages");
        assert_eq!(lines[1], "2026-09-21 14:13:20.000,0.01,100,1,4,1");
        assert_eq!(lines.len(), 153);
    }
}

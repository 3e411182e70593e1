//! What of the statistics is shown.

use std::borrow::Cow;

use crate::i18n::{self, Language};
use crate::model::{Direction, Statistics};
use crate::tr;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum View {
    #[default]
    Bytes,
    Messages,
    Sizes,
    Gaps,
    Answers,
    Sessions,
}

impl View {
    /// In the order in which they can be chosen.
    pub(super) const ALL: [Self; 6] =
        [Self::Bytes, Self::Messages, Self::Sizes, Self::Gaps, Self::Answers, Self::Sessions];

    pub(super) fn name(self, language: Language) -> Cow<'static, str> {
        match self {
            Self::Bytes => tr!(language, "statistics.view_bytes"),
            Self::Messages => tr!(language, "statistics.view_messages"),
            Self::Sizes => tr!(language, "statistics.view_sizes"),
            Self::Gaps => tr!(language, "statistics.view_gaps"),
            Self::Answers => tr!(language, "statistics.view_answers"),
            Self::Sessions => tr!(language, "statistics.view_sessions"),
        }
    }

    /// Its numbers in words, for those who don't see the plot and for those who do. `asked` is which way requests go.
    pub(super) fn words(self, language: Language, statistics: &Statistics, asked: Direction) -> String {
        let joined = |parts: Vec<String>| parts.join(" · ");
        let counted = match self {
            Self::Bytes | Self::Messages => {
                let flows = i18n::flows(language, &statistics.chosen());
                joined(vec![flows, self.peaks(language, statistics)])
            }
            Self::Sizes => joined(i18n::size_spreads(language, statistics)),
            Self::Gaps => joined(i18n::gap_spreads(language, statistics)),
            Self::Answers => i18n::answers(language, statistics, asked).unwrap_or_default(),
            Self::Sessions => i18n::flows(language, statistics.all()),
        };
        let words = joined(
            i18n::missed(language, statistics)
                .into_iter()
                .chain(Some(counted).filter(|words| !words.is_empty()))
                .collect(),
        );
        // The same words stand within a line elsewhere.
        let mut rest = words.chars();
        rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
    }

    /// What crossed at most in one interval, as a rate.
    fn peaks(self, language: Language, statistics: &Statistics) -> String {
        let timeline = statistics.timeline();
        let length = timeline.length();
        let [received, sent] = [Direction::In, Direction::Out].map(|direction| {
            let amounts = timeline.intervals().map(|interval| {
                let flow = interval.flows.of(direction);
                if self == Self::Bytes { flow.bytes } else { flow.messages }
            });
            self.rate(language, amounts.max().unwrap_or(0) as f64 / length)
        });
        let length = i18n::span_of_ns(timeline.length_ns().unsigned_abs());
        tr!(language, "statistics.peaks", received = received, sent = sent, length = length).into_owned()
    }

    /// A value of the plot.
    pub(super) fn rate(self, language: Language, value: f64) -> String {
        match self {
            Self::Bytes => i18n::rate(language, value.round() as u64),
            Self::Messages if value > 0.0 && value < 10.0 => {
                tr!(language, "statistics.a_second", count = (value * 10.0).round() / 10.0).into_owned()
            }
            Self::Messages => {
                tr!(language, "statistics.a_second", count = i18n::grouped(value.round() as u64)).into_owned()
            }
            _ => i18n::grouped(value.round() as u64),
        }
    }

    /// A value that is counted, in its unit.
    pub(super) fn value(self, value: u64) -> String {
        if self == Self::Sizes { i18n::byte_size(value) } else { i18n::span_of_ns(value) }
    }
}

//! A row as words, made once and kept while its page is.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::times::Times;
use crate::codec::decode::Decoder;
use crate::codec::encoding::Encoding;
use crate::codec::{hex, visible};
use crate::i18n::{self, Language};
use crate::model::{Direction, Page, PageRow, RowBody, SendMode, TimeMode};
use crate::tr;

/// Bytes that the hex column shows; the inspector has the rest.
const HEX_BYTES: usize = 64;

/// What a row is about, for its colour and sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    In,
    Out,
    Life,
    Notice,
    Failure,
}

/// The words of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RowText {
    pub(super) tone: Tone,
    pub(super) time: String,
    pub(super) delta: String,
    /// Empty where no bytes crossed.
    pub(super) length: String,
    pub(super) text: String,
    /// The bytes at the text's beginning that are a file's name.
    pub(super) name_len: usize,
    /// The text is the peer's or the user's own, not this program's words.
    pub(super) verbatim: bool,
    /// The text says what the bytes mean in this protocol.
    pub(super) decoded: Option<&'static str>,
    pub(super) hex: String,
}

impl RowText {
    pub(super) fn new(row: &PageRow, language: Language, encoding: Encoding, decoder: Decoder, times: &Times) -> Self {
        let meaning = meaning(row, decoder);
        let length = length(row).map(group).unwrap_or_default();
        let is_data = matches!(row.body, RowBody::Data { .. });
        Self {
            tone: tone(&row.body),
            time: times.words(row),
            delta: row.delta_ns.map(delta).unwrap_or_default(),
            length,
            decoded: meaning.as_ref().map(|_| decoder.name()),
            verbatim: is_data && meaning.is_none(),
            text: meaning.unwrap_or_else(|| received(row, language, encoding)),
            name_len: file_name(row).len(),
            hex: if is_data { hex_of(row) } else { String::new() },
        }
    }
}

/// The bytes that crossed, where any could.
pub(super) fn length(row: &PageRow) -> Option<u64> {
    match &row.body {
        RowBody::Data { .. } => Some(row.len),
        RowBody::File { size, .. } => Some(*size),
        RowBody::Life(_) | RowBody::Failed { .. } | RowBody::Notice { .. } => None,
    }
}

/// The direction that a row's arrow points, where it has one.
pub(super) fn direction(body: &RowBody) -> Option<Direction> {
    match body {
        RowBody::Data { direction, .. } | RowBody::File { direction, .. } => Some(*direction),
        RowBody::Life(_) | RowBody::Failed { .. } | RowBody::Notice { .. } => None,
    }
}

fn tone(body: &RowBody) -> Tone {
    match body {
        RowBody::Data { direction: Direction::In, .. } | RowBody::File { direction: Direction::In, .. } => Tone::In,
        RowBody::Data { .. } | RowBody::File { .. } => Tone::Out,
        RowBody::Life(_) => Tone::Life,
        RowBody::Notice { notice } if notice.is_routine() => Tone::Life,
        RowBody::Notice { .. } => Tone::Notice,
        RowBody::Failed { .. } => Tone::Failure,
    }
}

/// `10:21:04.381204`, local; microseconds are cut, not rounded. The column shows one clock, the program's: order and
/// "since last" go by when calls returned, and the kernel's stamps would make time run backwards beside them.
pub(super) fn time(ns: i64, zone: &TimeZone) -> String {
    moment(ns, zone, "%H:%M:%S.%6f")
}

/// With the day, and nanoseconds.
pub(super) fn full_time(ns: i64, zone: &TimeZone) -> String {
    moment(ns, zone, "%Y-%m-%d %H:%M:%S.%9f")
}

fn moment(ns: i64, zone: &TimeZone, format: &str) -> String {
    Timestamp::from_nanosecond(i128::from(ns))
        .map_or_else(|_| String::new(), |moment| moment.to_zoned(zone.clone()).strftime(format).to_string())
}

/// Every clock that a row was stamped by, with its name.
pub(in crate::ui::panels) fn clocks(row: &PageRow, language: Language, zone: &TimeZone) -> Vec<(String, String)> {
    let kernel = row
        .stamp
        .kernel_ns
        .map_or_else(|| tr!(language, "journal.clock_unknown").into_owned(), |ns| full_time(ns, zone));
    let mono = row.stamp.mono_ns;
    vec![
        (tr!(language, "journal.clock_kernel").into_owned(), kernel),
        (tr!(language, "journal.clock_returned").into_owned(), full_time(row.stamp.wall_ns, zone)),
        (
            tr!(language, "journal.clock_monotonic").into_owned(),
            format!("{}.{:09} s", group(mono / 1_000_000_000), mono % 1_000_000_000),
        ),
    ]
}

/// `+0.000041`, always nine characters up to 100,000 s: what grows before the point goes behind it.
pub(super) fn delta(ns: u64) -> String {
    let seconds = ns / 1_000_000_000;
    let micros = ns / 1000 % 1_000_000;
    let digits = seconds.checked_ilog10().unwrap_or(0) as usize;
    let fraction = format!("{micros:06}");
    format!("+{seconds}.{}", &fraction[..6 - digits.min(5)])
}

/// Digits in groups of three: `1,048,576`.
pub(in crate::ui::panels) fn group(count: u64) -> String {
    let mut text = i18n::bytes(count);
    text.truncate(text.trim_end_matches(" B").len());
    text
}

fn hex_of(row: &PageRow) -> String {
    let shown = row.preview.len().min(HEX_BYTES);
    let mut text = hex::format(&row.preview[..shown]);
    if row.len > shown as u64 {
        text.push_str(" …");
    }
    text
}

/// What the row's bytes mean, in a line; `None` where nothing certain can be said.
fn meaning(row: &PageRow, decoder: Decoder) -> Option<String> {
    // Of a datagram that was cut, nobody knows how long it was.
    let RowBody::Data { truncated: false, .. } = row.body else { return None };
    decoder.decode_head(&row.preview, row.len).map(|decoded| visible::visible(&decoded.summary))
}

/// The bytes of a row as text; this program's words where there are none.
pub(super) fn received(row: &PageRow, language: Language, encoding: Encoding) -> String {
    match &row.body {
        RowBody::Data { truncated, .. } => {
            let mut text = visible::visible(&encoding.decode_piece(&row.context, row.stream_offset, &row.preview).text);
            if row.len > row.preview.len() as u64 {
                text.push('…');
                if row.preview.len() < PageRow::PREVIEW_MAX {
                    // A snap length cut it.
                    text = tr!(language, "journal.kept", text = text, kept = row.preview.len()).into_owned();
                }
            }
            if row.len == 0 {
                text = tr!(language, "journal.empty_datagram").into_owned();
            }
            if *truncated {
                text = tr!(language, "journal.cut", text = text).into_owned();
            }
            text
        }
        RowBody::Life(life) => i18n::life(language, life),
        RowBody::Failed { failure } => i18n::failure(language, failure),
        RowBody::Notice { notice } => i18n::notice(language, notice),
        RowBody::File { .. } => file(row, language),
    }
}

/// As the sender wrote it; empty where there is no file.
fn file_name(row: &PageRow) -> String {
    match &row.body {
        RowBody::File { name, .. } => visible::visible(name),
        _ => String::new(),
    }
}

fn file(row: &PageRow, language: Language) -> String {
    let RowBody::File { size, duration_ns, outcome, mode, .. } = &row.body else { return String::new() };
    // How it ended comes before what a narrow column cuts off.
    let mut parts = vec![file_name(row), i18n::outcome(language, *outcome), i18n::byte_size(*size)];
    let seconds = Duration::from_nanos(*duration_ns).as_secs_f64();
    if seconds > 0.0 && *size > 0 {
        parts.push(i18n::rate(language, (*size as f64 / seconds) as u64));
    }
    if *mode == SendMode::Tutorial {
        parts.push(tr!(language, "journal.tutorial_way").into_owned());
    }
    parts.join(" · ")
}

/// The words of the rows that were drawn lately.
#[derive(Debug)]
pub(super) struct RowTexts {
    times: Times,
    language: Language,
    by_number: HashMap<u64, (Encoding, Decoder, RowText)>,
}

impl Default for RowTexts {
    fn default() -> Self {
        let times = Times { mode: TimeMode::Clock, zone: TimeZone::UTC, began_ns: None };
        Self { times, language: Language::default(), by_number: HashMap::new() }
    }
}

impl RowTexts {
    pub(super) fn speak(&mut self, language: Language, times: Times) {
        if self.language != language || self.times != times {
            self.language = language;
            self.times = times;
            self.by_number.clear();
        }
    }

    /// Forgets the rows that are not on the page.
    pub(super) fn keep(&mut self, page: &Page) {
        let (Some(first), Some(last)) = (page.rows.first(), page.rows.last()) else {
            self.by_number.clear();
            return;
        };
        self.by_number.retain(|number, _| (first.number..=last.number).contains(number));
    }

    pub(super) fn get(&mut self, row: &PageRow, encoding: Encoding, decoder: Decoder) -> &RowText {
        let (language, times) = (self.language, &self.times);
        let make = || (encoding, decoder, RowText::new(row, language, encoding, decoder, times));
        let entry = self.by_number.entry(row.number).or_insert_with(make);
        if (entry.0, entry.1) != (encoding, decoder) {
            *entry = make();
        }
        &entry.2
    }

    /// What [`Self::get`] made in this frame.
    pub(super) fn made(&self, number: u64) -> Option<&RowText> {
        self.by_number.get(&number).map(|(_, _, text)| text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deltas_keep_their_width() {
        for (ns, text) in [
            (41_999, "+0.000041"),
            (0, "+0.000000"),
            (9_999_999_999, "+9.999999"),
            (12_345_678_901, "+12.34567"),
            (98_765_432_100_000, "+98765.43"),
            (1_234_567_000_000_000, "+1234567.0"),
        ] {
            assert_eq!(delta(ns), text);
        }
    }

    #[test]
    fn times_are_local_and_to_the_microsecond() {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        assert_eq!(time(1_790_000_000_381_204_999, &zone), "22:13:20.381204");
        assert_eq!(full_time(1_790_000_000_381_204_999, &zone), "2026-09-21 22:13:20.381204999");
    }
}

//! The totals of each session.

use std::borrow::Cow;
use std::fmt::Write as _;

use egui::{Painter, Stroke};

use crate::i18n::{self, Language};
use crate::model::{Direction, SessionId, Statistics, Totals};
use crate::tr;
use crate::ui::theme::Tokens;
use crate::ui::widgets::row_table::{RowPlace, TableColumn, TableRows};
use crate::ui::widgets::table_cell::TableCell;

/// A name; a count, bytes, a rate and the largest each way; and how long it took.
const COLUMNS: usize = 10;

/// Points that all columns need, and those without the largest and the span.
const ALL_FROM: f32 = 940.0;
const RATES_FROM: f32 = 700.0;

/// Whose totals a row has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    All,
    Earlier,
    /// `None`: what concerned no session.
    Session(Option<SessionId>),
}

/// The rows of one frame: all sessions, the newest, and those before them together.
pub(super) struct SessionRows<'a> {
    rows: Vec<(Whose, String, Totals)>,
    /// Columns that are drawn.
    shown: Vec<usize>,
    pub(super) chosen: Option<SessionId>,
    pub(super) cursor: u64,
    pub(super) tokens: &'a Tokens,
    pub(super) language: Language,
}

impl<'a> SessionRows<'a> {
    pub(super) fn new(statistics: &Statistics, tokens: &'a Tokens, language: Language, cursor: u64) -> Self {
        let mut rows = vec![(Whose::All, tr!(language, "statistics.all").into_owned(), *statistics.all())];
        let sessions = statistics.sessions();
        let mut each: Vec<_> =
            sessions.map(|one| (Whose::Session(one.session), i18n::session_name(language, one), one.totals)).collect();
        each.reverse();
        rows.extend(each);
        if let Some(earlier) = statistics.earlier() {
            rows.push((Whose::Earlier, tr!(language, "statistics.earlier").into_owned(), *earlier));
        }
        let cursor = cursor.min(rows.len() as u64 - 1);
        Self { rows, shown: Vec::new(), chosen: statistics.request().session, cursor, tokens, language }
    }

    pub(super) fn len(&self) -> u64 {
        self.rows.len() as u64
    }

    pub(super) fn whose(&self, row: u64) -> Option<Whose> {
        self.get(row).map(|(whose, ..)| *whose)
    }

    fn get(&self, row: u64) -> Option<&(Whose, String, Totals)> {
        self.rows.get(usize::try_from(row).ok()?)
    }

    /// Names, then numbers that end together: those for which there is room.
    pub(super) fn columns(&mut self, width: f32) -> Vec<TableColumn> {
        self.shown = match width {
            ALL_FROM.. => (0..COLUMNS).collect(),
            RATES_FROM.. => vec![0, 1, 2, 3, 5, 6, 7],
            _ => vec![0, 1, 2, 5, 6],
        };
        let numbers = (self.shown.len() - 1) as f32;
        let number = (width / (numbers + 2.0)).clamp(60.0, 110.0);
        let column = |column: &usize| TableColumn {
            title: title(*column, self.language).into_owned(),
            width: if *column == 0 { (width - numbers * number).max(100.0) } else { number },
            align_end: *column > 0,
            help: None,
            has_menu: false,
            border: None,
        };
        self.shown.iter().map(column).collect()
    }

    fn cell(&self, row: u64, shown: usize) -> String {
        let Some(((_, name, totals), column)) = self.get(row).zip(self.shown.get(shown)) else { return String::new() };
        let column = *column;
        let direction = if column <= 4 { Direction::In } else { Direction::Out };
        let flow = totals.flows.of(direction);
        match column {
            0 => name.clone(),
            1 | 5 => i18n::grouped(flow.messages),
            2 | 6 => i18n::byte_size(flow.bytes),
            3 | 7 => totals.rate(direction).map_or_else(unknown, |rate| i18n::rate(self.language, rate.round() as u64)),
            4 | 8 => i18n::byte_size(flow.largest),
            _ => totals.seconds().map_or_else(unknown, |seconds| i18n::span_of_ns((seconds * 1e9) as u64)),
        }
    }

    /// As a table (RFC 4180), its head in English as that of a saved journal.
    pub(super) fn csv(statistics: &Statistics) -> String {
        let mut csv = "session,peer,received_messages,received_bytes,received_largest,sent_messages,sent_bytes,\
                       sent_largest,seconds\r\n"
            .to_owned();
        for one in statistics.sessions() {
            let (received, sent) = (&one.totals.flows.received, &one.totals.flows.sent);
            let session = one.session.map(|session| session.to_string()).unwrap_or_default();
            let seconds = one.totals.seconds().map(|seconds| seconds.to_string()).unwrap_or_default();
            // Writing to a text never fails.
            let _ = write!(
                csv,
                "{session},\"{}\",{},{},{},{},{},{},{seconds}\r\n",
                one.peer.replace('"', "\"\""),
                received.messages,
                received.bytes,
                received.largest,
                sent.messages,
                sent.bytes,
                sent.largest
            );
        }
        csv
    }
}

fn title(column: usize, language: Language) -> Cow<'static, str> {
    match column {
        0 => tr!(language, "statistics.whose"),
        1 => tr!(language, "statistics.received"),
        2 => tr!(language, "statistics.bytes_received"),
        3 => tr!(language, "statistics.rate_received"),
        4 => tr!(language, "statistics.largest_received"),
        5 => tr!(language, "statistics.sent"),
        6 => tr!(language, "statistics.bytes_sent"),
        7 => tr!(language, "statistics.rate_sent"),
        8 => tr!(language, "statistics.largest_sent"),
        _ => tr!(language, "statistics.span"),
    }
}

fn unknown() -> String {
    "–".to_owned()
}

impl TableRows for SessionRows<'_> {
    fn paint(&mut self, painter: &Painter, place: &RowPlace<'_>) {
        let tokens = self.tokens;
        let is_chosen = self.is_selected(place.index);
        if is_chosen {
            painter.rect_filled(place.rect, 0.0, tokens.selection);
        } else if place.hovered {
            painter.rect_filled(place.rect, 0.0, tokens.row_hover);
        }
        if place.focused && self.cursor == place.index {
            let ring = place.rect.shrink(0.5);
            painter.rect_stroke(ring, 2.0, Stroke::new(1.0, tokens.accent), egui::StrokeKind::Inside);
        }
        for (column, range) in place.columns.iter().enumerate() {
            let at = TableCell { painter, rect: place.rect, range: *range };
            let text = self.cell(place.index, column);
            match column {
                0 => _ = at.start(&text, &tokens.font(), tokens.text),
                _ => at.end(text, &tokens.mono_font(), if is_chosen { tokens.text } else { tokens.text_muted }),
            }
        }
    }

    fn cell_text(&self, row: u64, column: usize) -> Cow<'_, str> {
        Cow::Owned(self.cell(row, column))
    }

    fn cell_description(&self, _row: u64, _column: usize) -> Option<Cow<'_, str>> {
        None
    }

    fn is_selected(&self, row: u64) -> bool {
        match self.whose(row) {
            Some(Whose::All) => self.chosen.is_none(),
            Some(Whose::Session(Some(session))) => self.chosen == Some(session),
            _ => false,
        }
    }

    fn cursor(&self) -> Option<u64> {
        Some(self.cursor)
    }
}

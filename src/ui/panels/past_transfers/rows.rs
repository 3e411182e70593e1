//! How past transfers are drawn, read aloud and copied.

use std::borrow::Cow;
use std::collections::VecDeque;

use egui::{Color32, Painter, Rect, Stroke};
use jiff::tz::TimeZone;

use crate::codec::visible::visible;
use crate::i18n::{self, Language};
use crate::model::{Cause, Direction, PastTransfer};
use crate::tr;
use crate::ui::clock;
use crate::ui::theme::Tokens;
use crate::ui::widgets::icon::{self, Icon};
use crate::ui::widgets::row_table::{RowPlace, TableColumn, TableRows};
use crate::ui::widgets::table_cell::TableCell;

/// Widths of the columns that hold no more than they show at once, in points: when, which way, size, the other side.
const WHEN: f32 = 160.0;
const WAY: f32 = 30.0;
const SIZE: f32 = 84.0;
const PEER: f32 = 160.0;
/// Of the rest, for the name; how it ended has what is left.
const NAME_SHARE: f32 = 0.44;

/// The table's columns at this width; [`cell`] has their order.
pub(super) fn columns(language: Language, width: f32) -> [TableColumn; 6] {
    let rest = (width - WHEN - WAY - SIZE - PEER).max(0.0);
    let column = |title: Cow<'_, str>, width, align_end| TableColumn {
        title: title.into_owned(),
        width,
        align_end,
        help: None,
        has_menu: false,
        border: None,
    };
    [
        column(tr!(language, "past.when"), WHEN, false),
        column("".into(), WAY, false),
        column(tr!(language, "past.name"), rest * NAME_SHARE, false),
        column(tr!(language, "past.size"), SIZE, true),
        column(tr!(language, "past.peer"), PEER, false),
        column(tr!(language, "past.end"), rest * (1.0 - NAME_SHARE), false),
    ]
}

fn cell(transfer: &PastTransfer, column: usize, language: Language, zone: &TimeZone) -> String {
    match column {
        0 => clock::date_and_time(transfer.ended_ns, zone),
        1 => match transfer.direction {
            Direction::In => tr!(language, "journal.received").into_owned(),
            Direction::Out => tr!(language, "journal.sent").into_owned(),
        },
        // Names and peers may be written as the other side likes.
        2 => visible(&transfer.name),
        3 => i18n::byte_size(transfer.size),
        4 => visible(&transfer.peer),
        _ => how_it_ended(transfer, language),
    }
}

fn how_it_ended(transfer: &PastTransfer, language: Language) -> String {
    let outcome = i18n::outcome(language, transfer.outcome);
    match &transfer.failure {
        None => outcome,
        Some(failure) if failure.cause == Cause::Cancelled => tr!(language, "cause.cancelled").into_owned(),
        Some(failure) => format!("{outcome} · {}", i18n::cause(language, &failure.cause)),
    }
}

/// One as a line of text to copy, its parts apart by tabs.
pub(super) fn line(transfer: &PastTransfer, language: Language, zone: &TimeZone) -> String {
    let mut parts: Vec<_> = (0..6).map(|column| cell(transfer, column, language, zone)).collect();
    parts.extend(transfer.path.as_deref().map(visible));
    parts.extend(transfer.hash.as_deref().map(visible));
    parts.join("\t")
}

/// The rows of one frame.
pub(super) struct PastRows<'a> {
    pub(super) list: &'a VecDeque<PastTransfer>,
    pub(super) chosen: Option<usize>,
    pub(super) tokens: &'a Tokens,
    pub(super) language: Language,
    pub(super) zone: &'a TimeZone,
}

impl PastRows<'_> {
    fn get(&self, row: u64) -> Option<&PastTransfer> {
        self.list.get(usize::try_from(row).ok()?)
    }

    /// What a cell may have no room for.
    pub(super) fn whole(&self, row: u64, column: usize) -> Option<String> {
        let transfer = self.get(row)?;
        Some(match column {
            3 => i18n::bytes(transfer.size),
            column => cell(transfer, column, self.language, self.zone),
        })
    }

    fn is_chosen(&self, row: u64) -> bool {
        self.chosen.is_some_and(|chosen| chosen as u64 == row)
    }
}

impl TableRows for PastRows<'_> {
    fn paint(&mut self, painter: &Painter, place: &RowPlace<'_>) {
        let (tokens, chosen) = (self.tokens, self.is_chosen(place.index));
        let Some(transfer) = self.get(place.index) else { return };
        if chosen {
            painter.rect_filled(place.rect, 0.0, tokens.selection);
            if place.focused {
                let ring = place.rect.shrink(0.5);
                painter.rect_stroke(ring, 2.0, Stroke::new(1.0, tokens.accent), egui::StrokeKind::Inside);
            }
        } else if place.hovered {
            painter.rect_filled(place.rect, 0.0, tokens.row_hover);
        }
        let of_theme = |colour: Color32| if chosen { tokens.text } else { colour };
        let muted = of_theme(tokens.text_muted);
        for (column, range) in place.columns.iter().enumerate() {
            let at = TableCell { painter, rect: place.rect, range: *range };
            let text = cell(transfer, column, self.language, self.zone);
            match column {
                1 => {
                    let (picture, colour) = match transfer.direction {
                        Direction::In => (Icon::ArrowDown, tokens.incoming),
                        Direction::Out => (Icon::ArrowUp, tokens.outgoing),
                    };
                    let rect = Rect::from_x_y_ranges(*range, place.rect.y_range());
                    icon::paint(painter, rect, picture, of_theme(colour));
                }
                0 | 4 => _ = at.start(&text, &tokens.mono_font(), muted),
                2 => _ = at.start(&text, &tokens.font(), tokens.text),
                3 => at.end(text, &tokens.mono_font(), muted),
                _ => _ = at.start(&text, &tokens.font(), of_theme(tokens.of_outcome(transfer.outcome))),
            }
        }
    }

    fn cell_text(&self, row: u64, column: usize) -> Cow<'_, str> {
        let Some(transfer) = self.get(row) else { return Cow::Borrowed("") };
        Cow::Owned(cell(transfer, column, self.language, self.zone))
    }

    fn cell_description(&self, _row: u64, _column: usize) -> Option<Cow<'_, str>> {
        None
    }

    fn is_selected(&self, row: u64) -> bool {
        self.is_chosen(row)
    }

    fn cursor(&self) -> Option<u64> {
        self.chosen.map(|chosen| chosen as u64)
    }
}

//! How the lines of a conversation are drawn and read aloud.

use std::borrow::Cow;

use egui::Painter;

use super::lines::{Content, Line};
use crate::codec::dump::hex_line;
use crate::codec::visible::visible;
use crate::i18n::{self, Language};
use crate::model::Direction;
use crate::tr;
use crate::ui::panels::journal::verbatim_in;
use crate::ui::theme::Tokens;
use crate::ui::widgets::row_table::{CELL_PADDING, RowPlace, TableColumn, TableRows};
use crate::ui::widgets::table_cell::TableCell;

pub(super) struct ConversationRows<'a> {
    pub(super) lines: &'a [Line],
    pub(super) cursor: Option<u64>,
    pub(super) tokens: &'a Tokens,
    pub(super) language: Language,
}

/// Row, direction, and what crossed; of this width together, in points.
pub(super) fn columns(language: Language, width: f32) -> [TableColumn; 3] {
    const ROW: f32 = 96.0;
    const WAY: f32 = 28.0;
    let column = |title: Cow<'_, str>, width, align_end| TableColumn {
        title: title.into_owned(),
        width,
        align_end,
        help: None,
        has_menu: false,
        border: None,
    };
    [
        column(tr!(language, "journal.number"), ROW, true),
        column("".into(), WAY, false),
        column(tr!(language, "conversation.content"), (width - ROW - WAY).max(2.0 * CELL_PADDING), false),
    ]
}

impl ConversationRows<'_> {
    fn line(&self, index: u64) -> Option<&Line> {
        self.lines.get(usize::try_from(index).ok()?)
    }

    /// The row's number, at the first of its lines.
    fn number(&self, index: u64, line: &Line) -> Option<String> {
        let before = index.checked_sub(1).and_then(|before| self.line(before));
        let is_first = before.is_none_or(|before| before.number != line.number);
        is_first.then(|| crate::ui::panels::journal::group(line.number))
    }
}

/// What a line says, as it is shown and copied.
pub(super) fn words(line: &Line, language: Language) -> String {
    match &line.content {
        Content::Text(text) => visible(text),
        Content::Bytes { offset, bytes } => hex_line(*offset, bytes),
        Content::Missing(bytes) => tr!(language, "conversation.missing", bytes = i18n::bytes(*bytes)).into_owned(),
        Content::Cut(bytes) => tr!(language, "conversation.cut", bytes = i18n::bytes(*bytes)).into_owned(),
    }
}

fn direction_words(direction: Direction, language: Language) -> Cow<'static, str> {
    match direction {
        Direction::In => tr!(language, "journal.received"),
        Direction::Out => tr!(language, "journal.sent"),
    }
}

impl TableRows for ConversationRows<'_> {
    fn paint(&mut self, painter: &Painter, place: &RowPlace<'_>) {
        let (Some(line), [number, way, content]) = (self.line(place.index), place.columns) else { return };
        let tokens = self.tokens;
        let chosen = self.cursor == Some(place.index);
        if chosen {
            painter.rect_filled(place.rect, 0.0, tokens.selection);
        } else if place.hovered {
            painter.rect_filled(place.rect, 0.0, tokens.row_hover);
        }
        let cell = |range: &egui::Rangef| TableCell { painter, rect: place.rect, range: *range };
        let (font, muted) = (tokens.mono_font(), if chosen { tokens.text } else { tokens.text_muted });
        if let Some(words) = self.number(place.index, line) {
            cell(number).end(words, &font, muted);
        }
        let (arrow, color) = match line.direction {
            Direction::In => ("←", tokens.incoming),
            Direction::Out => ("→", tokens.outgoing),
        };
        // Nothing fainter than text shows on the selection.
        let color = if chosen { tokens.text } else { color };
        cell(way).start(arrow, &font, color);
        let words = words(line, self.language);
        match line.content {
            Content::Text(_) => {
                let cell = cell(content);
                cell.place(verbatim_in(cell.head(&words, &font), &font, color, tokens), color);
            }
            Content::Bytes { .. } => _ = cell(content).start(&words, &font, color),
            Content::Missing(_) | Content::Cut(_) => _ = cell(content).start(&words, &tokens.font(), tokens.warning),
        }
    }

    fn cell_text(&self, row: u64, column: usize) -> Cow<'_, str> {
        let Some(line) = self.line(row) else { return "".into() };
        match column {
            0 => self.number(row, line).unwrap_or_default().into(),
            1 => direction_words(line.direction, self.language),
            _ => words(line, self.language).into(),
        }
    }

    fn cell_description(&self, _: u64, _: usize) -> Option<Cow<'_, str>> {
        None
    }

    fn is_selected(&self, row: u64) -> bool {
        self.cursor == Some(row)
    }

    fn cursor(&self) -> Option<u64> {
        self.cursor
    }
}

//! The journal's columns, and which of them have room.

use egui::Ui;

use crate::i18n::Language;
use crate::tr;
use crate::ui::theme::Tokens;
use crate::ui::widgets::row_table::{CELL_PADDING, TableColumn};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Number,
    Time,
    Delta,
    Session,
    Peer,
    /// Session and peer where there is no room for a column of each.
    Party,
    Direction,
    Length,
    Text,
    Hex,
}

/// From this width on, in points, session and peer have a column each.
const APART: f32 = 1100.0;

/// Characters that a session with its peer gets at least, `#4 127.0.0.1:51734`, and at most, unless the column is widened.
const PARTY: std::ops::RangeInclusive<usize> = 18..=26;

/// Of the room that text and hex share.
const TEXT_SHARE: f32 = 0.56;

/// Index of the time's column, at every width.
pub(super) const TIME: usize = 1;

impl Column {
    const ALL: [Self; 10] = [
        Self::Number,
        Self::Time,
        Self::Delta,
        Self::Session,
        Self::Peer,
        Self::Party,
        Self::Direction,
        Self::Length,
        Self::Text,
        Self::Hex,
    ];

    /// The columns that are left at this width, in points: session and peer join first, then the bytes in hex go (the
    /// inspector has them), then the time since the row before.
    pub(super) fn fitting(width: f32) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |column| match column {
            Self::Session | Self::Peer => width >= APART,
            Self::Party => width < APART,
            Self::Hex => width >= 760.0,
            Self::Delta => width >= 620.0,
            _ => true,
        })
    }

    fn title(self, language: Language) -> String {
        match self {
            Self::Number => tr!(language, "journal.number"),
            Self::Time => tr!(language, "journal.time"),
            Self::Delta => tr!(language, "journal.delta"),
            Self::Session => tr!(language, "journal.session"),
            Self::Party => tr!(language, "journal.party"),
            Self::Peer => tr!(language, "journal.peer"),
            // The arrows need no heading, and there is no room for one.
            Self::Direction => "".into(),
            Self::Length => tr!(language, "journal.length"),
            Self::Text => tr!(language, "journal.text"),
            Self::Hex => tr!(language, "journal.hex"),
        }
        .into_owned()
    }

    fn align_end(self) -> bool {
        matches!(self, Self::Number | Self::Delta | Self::Length)
    }
}

/// What the widest cells of three columns take, in characters.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Digits {
    pub(super) number: usize,
    pub(super) length: usize,
    /// Session and peer together.
    pub(super) party: usize,
}

/// Widths of the columns in points; text and hex share what the others leave.
pub(super) fn layout(
    ui: &Ui,
    tokens: &Tokens,
    language: Language,
    width: f32,
    digits: Digits,
) -> (Vec<Column>, Vec<TableColumn>) {
    let columns: Vec<_> = Column::fitting(width).collect();
    let font = tokens.mono_font();
    let character = ui.fonts_mut(|fonts| fonts.glyph_width(&font, '0'));
    let fixed = |column: Column| {
        let characters = match column {
            Column::Number => digits.number.max(4),
            Column::Time => "00:00:00.000000".len(),
            Column::Delta => "+0.000000".len(),
            Column::Session => "unix #1000".len(),
            Column::Peer => "192.168.100.100:65535".len(),
            Column::Party => digits.party.clamp(*PARTY.start(), *PARTY.end()),
            Column::Direction => 2,
            // What one call takes or returns; a file may be larger.
            Column::Length => digits.length.max("1,048,576".len()),
            Column::Text | Column::Hex => return None,
        };
        Some((characters as f32 * character + 2.0 * CELL_PADDING).ceil())
    };
    let taken: f32 = columns.iter().filter_map(|column| fixed(*column)).sum();
    let rest = (width - taken).max(0.0);
    let text = if columns.contains(&Column::Hex) { (rest * TEXT_SHARE).floor() } else { rest };
    let table = columns
        .iter()
        .map(|column| TableColumn {
            title: column.title(language),
            width: fixed(*column).unwrap_or(if *column == Column::Text { text } else { rest - text }),
            align_end: column.align_end(),
        })
        .collect();
    (columns, table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_when_room_gets_short() {
        let at = |width| Column::fitting(width).collect::<Vec<_>>();
        assert_eq!(at(1600.0).len(), 9);
        assert!(at(1024.0).contains(&Column::Party) && at(1024.0).contains(&Column::Hex));
        assert!((300..2000).all(|width| {
            let columns = at(width as f32);
            columns.contains(&Column::Peer) != columns.contains(&Column::Party)
        }));
        assert!(!at(700.0).contains(&Column::Hex) && at(700.0).contains(&Column::Delta));
        assert!(at(300.0).contains(&Column::Text) && !at(300.0).contains(&Column::Delta));
    }
}

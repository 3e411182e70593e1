//! The journal's columns, which of them have room, and how wide they are.

use std::collections::BTreeMap;

use egui::Ui;

use crate::i18n::Language;
use crate::model::TimeMode;
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

/// What a column that was made narrow keeps, in points.
const WIDTH_MIN: f32 = 30.0;

/// What the text keeps beside columns that were made wide, in points.
const TEXT_MIN: f32 = 120.0;

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
    pub(super) fn fitting(width: f32, times: TimeMode) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |column| match column {
            Self::Session | Self::Peer => width >= APART,
            Self::Party => width < APART,
            Self::Hex => width >= 760.0,
            // What the time column shows already.
            Self::Delta => width >= 620.0 && times != TimeMode::SinceLast,
            _ => true,
        })
    }

    /// What settings call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Time => "time",
            Self::Delta => "delta",
            Self::Session => "session",
            Self::Peer => "peer",
            Self::Party => "party",
            Self::Direction => "direction",
            Self::Length => "length",
            Self::Text => "text",
            Self::Hex => "hex",
        }
    }

    fn title(self, language: Language, times: TimeMode) -> String {
        match self {
            Self::Number => tr!(language, "journal.number"),
            Self::Time if times == TimeMode::SinceStart => tr!(language, "journal.since_start"),
            Self::Time if times == TimeMode::Clock => tr!(language, "journal.time"),
            Self::Time | Self::Delta => tr!(language, "journal.delta"),
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

    fn help(self, language: Language, times: TimeMode) -> Option<String> {
        match self {
            Self::Time if times == TimeMode::SinceStart => Some(tr!(language, "journal.since_start_help").into_owned()),
            Self::Time if times == TimeMode::Clock => Some(tr!(language, "journal.time_help").into_owned()),
            Self::Time | Self::Delta => Some(tr!(language, "journal.delta_help").into_owned()),
            _ => None,
        }
    }

    fn align_end(self, times: TimeMode) -> bool {
        matches!(self, Self::Number | Self::Delta | Self::Length) || self == Self::Time && times != TimeMode::Clock
    }
}

/// What the widest cells of three columns take, in characters, and what the time column shows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Digits {
    pub(super) number: usize,
    pub(super) length: usize,
    /// Session and peer together.
    pub(super) party: usize,
    pub(super) times: TimeMode,
}

/// The columns that have room. Each is as wide as what it holds, or as `chosen` by hand under its name; text and hex share
/// what the others leave, and the last takes what there is.
pub(super) fn layout(
    ui: &Ui,
    tokens: &Tokens,
    language: Language,
    width: f32,
    digits: Digits,
    chosen: &BTreeMap<String, f32>,
) -> (Vec<Column>, Vec<TableColumn>) {
    let columns: Vec<_> = Column::fitting(width, digits.times).collect();
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
    let fitting: Vec<_> = columns.iter().map(|column| fixed(*column)).collect();
    let widths = share(&columns, &fitting, width, chosen);
    let table = columns
        .iter()
        .zip(widths)
        .map(|(column, width)| {
            let title = column.title(language, digits.times);
            let is_resized = !title.is_empty() && Some(column) != columns.last();
            TableColumn {
                border: is_resized.then(|| tr!(language, "journal.column_width", column = title).into_owned()),
                title,
                width,
                align_end: column.align_end(digits.times),
                help: column.help(language, digits.times),
                has_menu: *column == Column::Time,
            }
        })
        .collect();
    (columns, table)
}

/// Widths that together are `width`; `fitting` has those of what the columns hold, `None` for text and hex.
fn share(columns: &[Column], fitting: &[Option<f32>], width: f32, chosen: &BTreeMap<String, f32>) -> Vec<f32> {
    let by_hand = |column: Column| chosen.get(column.name()).map(|width| width.max(WIDTH_MIN));
    let mut widths: Vec<_> = columns
        .iter()
        .zip(fitting)
        .map(|(column, fitting)| fitting.map(|fitting| by_hand(*column).unwrap_or(fitting)))
        .collect();
    let rest_of = |widths: &[Option<f32>]| width - widths.iter().flatten().sum::<f32>();
    // Where others were made wider than there is room for, they give back: the text is what one looks for.
    let missing = TEXT_MIN - rest_of(&widths);
    let excess_of = |width: f32, fitting: &Option<f32>| fitting.map_or(0.0, |fitting| (width - fitting).max(0.0));
    let excess: f32 = widths.iter().zip(fitting).map(|(width, fitting)| excess_of(width.unwrap_or(0.0), fitting)).sum();
    if missing > 0.0 && excess > 0.0 {
        for (width, fitting) in widths.iter_mut().zip(fitting) {
            *width = width.map(|width| width - (excess_of(width, fitting) * (missing / excess).min(1.0)).ceil());
        }
    }
    let rest = rest_of(&widths).max(0.0);
    let text = if columns.last() == Some(&Column::Hex) {
        let most = (rest - WIDTH_MIN).max(0.0);
        by_hand(Column::Text).map_or((rest * TEXT_SHARE).floor(), |text| text.min(most))
    } else {
        rest
    };
    let of_rest = |column: Column| if column == Column::Text { text } else { rest - text };
    columns.iter().zip(widths).map(|(column, width)| width.unwrap_or_else(|| of_rest(*column))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_chosen_by_hand_count_while_the_text_keeps_some() {
        let columns = [Column::Number, Column::Peer, Column::Text, Column::Hex];
        let fitting = [Some(40.0), Some(160.0), None, None];
        let share = |width: f32, chosen: &[(&str, f32)]| {
            let chosen = chosen.iter().map(|(name, width)| ((*name).to_owned(), *width)).collect();
            share(&columns, &fitting, width, &chosen)
        };
        assert_eq!(share(1200.0, &[]), [40.0, 160.0, 560.0, 440.0]);
        assert_eq!(share(1200.0, &[("peer", 300.0), ("text", 100.0)]), [40.0, 300.0, 100.0, 760.0]);
        assert_eq!(share(1200.0, &[("peer", 2.0), ("text", 5000.0)]), [40.0, WIDTH_MIN, 1100.0, 30.0]);
        assert_eq!(share(400.0, &[("number", 30.0), ("peer", 300.0)])[..2], [30.0, 250.0]);
        assert_eq!(share(300.0, &[("number", 30.0), ("peer", 300.0)])[..2], [30.0, 160.0]);
    }

    #[test]
    fn text_stays_when_room_gets_short() {
        let at = |width| Column::fitting(width, TimeMode::Clock).collect::<Vec<_>>();
        assert_eq!(at(1600.0).len(), 9);
        assert!(at(1024.0).contains(&Column::Party) && at(1024.0).contains(&Column::Hex));
        assert!((300..2000).all(|width| {
            let columns = at(width as f32);
            columns.contains(&Column::Peer) != columns.contains(&Column::Party)
        }));
        assert!(!at(700.0).contains(&Column::Hex) && at(700.0).contains(&Column::Delta));
        assert!(!Column::fitting(1600.0, TimeMode::SinceLast).any(|column| column == Column::Delta));
        assert!(at(300.0).contains(&Column::Text) && !at(300.0).contains(&Column::Delta));
    }
}

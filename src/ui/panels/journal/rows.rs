//! How the journal's rows are drawn and read aloud.

use std::borrow::Cow;

use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, FontId, Painter, Rangef, Rect, Stroke, pos2, vec2};

use super::columns::Column;
use super::frames::Frames;
use super::pages::Pages;
use super::row_text::{RowText, RowTexts, Tone, direction, group};
use super::selection::Selection;
use crate::codec::visible::visible;
use crate::i18n::Language;
use crate::model::{Direction, PageRow, RowBody, TimeMode};
use crate::tr;
use crate::ui::tabs::title;
use crate::ui::theme::Tokens;
use crate::ui::view::Sessions;
use crate::ui::widgets::row_table::{RowPlace, TableRows};
use crate::ui::widgets::table_cell::TableCell;

/// The rows of one frame.
pub(super) struct JournalRows<'a> {
    pub(super) pages: &'a Pages,
    pub(super) texts: &'a mut RowTexts,
    pub(super) times: TimeMode,
    pub(super) frames: &'a Frames,
    pub(super) columns: &'a [Column],
    pub(super) selection: &'a Selection,
    pub(super) cursor: Option<u64>,
    pub(super) sessions: &'a Sessions,
    pub(super) tokens: &'a Tokens,
    pub(super) language: Language,
}

/// `tcp #3`; `#3` for a session that the window has never heard of; empty for what concerns a whole listener.
pub(super) fn session_label(row: &PageRow, sessions: &Sessions) -> String {
    let Some(id) = row.session else { return String::new() };
    match sessions.by_id.get(&id) {
        Some(session) => format!("{} #{id}", session.info.protocol.scheme()),
        None => format!("#{id}"),
    }
}

/// Session and peer in one, `#4 127.0.0.1:51734`; a tab's own place where a row is of none of its sessions.
pub(in crate::ui::panels) fn party(row: &PageRow, sessions: &Sessions) -> String {
    if let Some(place) = own_place(row, sessions) {
        return place;
    }
    let session = row.session.map(|id| format!("#{id}")).unwrap_or_default();
    format!("{session} {}", visible(&row.peer)).trim().to_owned()
}

/// Characters of [`party`]. Each page is measured as it comes, so that it makes no words of rows that have a peer.
pub(super) fn party_len(row: &PageRow, sessions: &Sessions) -> usize {
    match row.session {
        Some(id) if !row.peer.is_empty() => 2 + id.0.max(1).ilog10() as usize + 1 + row.peer.chars().count(),
        _ => party(row, sessions).chars().count(),
    }
}

/// What the session's column shows: the session, or the tab's own place.
fn session_cell(row: &PageRow, sessions: &Sessions) -> String {
    own_place(row, sessions).unwrap_or_else(|| session_label(row, sessions))
}

/// Where the row's tab had its socket, written as the tab is called; `None` for what has a session or a peer.
fn own_place(row: &PageRow, sessions: &Sessions) -> Option<String> {
    let is_own = row.session.is_none() && row.peer.is_empty();
    is_own.then(|| sessions.places.of(row))?.map(|endpoint| visible(&title(&endpoint)))
}

/// What the sign in the direction column says.
pub(super) fn direction_words(row: &PageRow, language: Language) -> Cow<'static, str> {
    match (direction(&row.body), &row.body) {
        (Some(Direction::In), _) => tr!(language, "journal.received"),
        (Some(Direction::Out), _) => tr!(language, "journal.sent"),
        (None, RowBody::Failed { .. }) => tr!(language, "journal.failure"),
        (None, RowBody::Notice { .. }) => tr!(language, "journal.notice"),
        (None, _) => tr!(language, "journal.event"),
    }
}

/// A row as one line of text to copy, its parts apart by tabs.
pub(super) fn as_line(row: &PageRow, words: &RowText, sessions: &Sessions, language: Language) -> String {
    let direction = direction_words(row, language);
    let parts = [
        &row.number.to_string(),
        &words.time,
        &words.delta,
        &session_cell(row, sessions),
        &row.peer,
        direction.as_ref(),
        &words.length,
        &words.text,
        &words.hex,
    ];
    parts.join("\t").trim_end().to_owned()
}

impl TableRows for JournalRows<'_> {
    fn paint(&mut self, painter: &Painter, place: &RowPlace<'_>) {
        let tokens = self.tokens;
        let Some(row) = self.pages.row(place.index) else {
            placeholder(painter, place, tokens);
            return;
        };
        let selected = self.selection.contains(row.number);
        if selected {
            painter.rect_filled(place.rect, 0.0, tokens.selection);
        } else if place.hovered {
            painter.rect_filled(place.rect, 0.0, tokens.row_hover);
        } else if let Some(color) = row.color {
            painter.rect_filled(place.rect, 0.0, tokens.behind_row(color));
        }
        if row.note.is_some() {
            let bar = place.rect.with_max_x(place.rect.left() + MARK_WIDTH);
            painter.rect_filled(bar, 0.0, tokens.accent);
        }
        if place.focused && self.cursor == Some(place.index) {
            let ring = place.rect.shrink(0.5);
            painter.rect_stroke(ring, 2.0, Stroke::new(1.0, tokens.accent), egui::StrokeKind::Inside);
        }
        let decoder = self.frames.decoder_of(row, self.sessions);
        let text = self.texts.get(row, self.sessions.encoding_of(row), decoder);
        let muted = if selected { tokens.text } else { tokens.text_muted };
        let color = tone_color(text.tone, tokens);
        let mono = tokens.mono_font();
        // Words have no bytes to show beside them.
        let end = place.columns.last().map_or(place.rect.right(), |last| last.max);
        let peer = self.columns.iter().position(|column| *column == Column::Peer).and_then(|at| place.columns.get(at));
        for (column, range) in self.columns.iter().zip(place.columns) {
            let mut cell = TableCell { painter, rect: place.rect, range: *range };
            let mut range = *range;
            if let (Column::Text, Some(note)) = (column, row.note.as_deref().filter(|note| !note.is_empty())) {
                cell = after_note(cell, note, tokens);
                range = cell.range;
            }
            match column {
                Column::Number => cell.end(group(row.number), &mono, muted),
                Column::Time if self.times != TimeMode::Clock => cell.end(text.time.clone(), &mono, tokens.text),
                Column::Time => _ = cell.start(&text.time, &mono, tokens.text),
                Column::Delta => cell.end(text.delta.clone(), &mono, muted),
                // There is no peer beside a place of one's own, so that it has both columns.
                Column::Session if let Some(place) = own_place(row, self.sessions) => {
                    let range = Rangef::new(range.min, peer.map_or(range.max, |peer| peer.max));
                    TableCell { range, ..cell }.start(&place, &mono, muted);
                }
                Column::Session => _ = cell.start(&session_label(row, self.sessions), &mono, muted),
                Column::Peer => _ = cell.start(&visible(&row.peer), &mono, muted),
                Column::Party => _ = cell.start(&party(row, self.sessions), &mono, muted),
                Column::Direction => {
                    sign(painter, row, text.tone, Rect::from_x_y_ranges(range, place.rect.y_range()), color);
                }
                Column::Length => cell.end(text.length.clone(), &mono, color),
                Column::Text if text.verbatim => paint_verbatim(&cell, &text.text, &mono, tokens),
                Column::Text if let Some(protocol) = text.decoded => {
                    let rest = after_chip(cell, protocol, selected, tokens);
                    paint_verbatim(&rest, &text.text, &tokens.font(), tokens);
                }
                Column::Text => {
                    paint_words(&TableCell { range: Rangef::new(range.min, end), ..cell }, text, tokens, color);
                }
                Column::Hex => _ = cell.start(&text.hex, &mono, muted),
            }
        }
    }

    fn cell_text(&self, row: u64, column: usize) -> Cow<'_, str> {
        let Some((row, column)) = self.pages.row(row).zip(self.columns.get(column)) else { return Cow::Borrowed("") };
        let text = self.texts.made(row.number);
        let of = |part: fn(&RowText) -> &str| Cow::Borrowed(text.map_or("", part));
        match column {
            Column::Number => Cow::Owned(group(row.number)),
            Column::Time => of(|text| &text.time),
            Column::Delta => of(|text| &text.delta),
            Column::Session => Cow::Owned(session_cell(row, self.sessions)),
            Column::Peer => Cow::Owned(visible(&row.peer)),
            Column::Party => Cow::Owned(party(row, self.sessions)),
            Column::Direction => direction_words(row, self.language),
            Column::Length => of(|text| &text.length),
            Column::Text => of(|text| &text.text),
            Column::Hex => of(|text| &text.hex),
        }
    }

    fn cell_description(&self, row: u64, column: usize) -> Option<Cow<'_, str>> {
        let (row, column) = self.pages.row(row).zip(self.columns.get(column))?;
        if *column == Column::Number {
            let note = row.note.as_deref()?;
            return Some(match note {
                "" => tr!(self.language, "journal.marked"),
                note => tr!(self.language, "journal.marked_with", note = visible(note)),
            });
        }
        if *column != Column::Text {
            return None;
        }
        let protocol = self.texts.made(row.number)?.decoded?;
        Some(tr!(self.language, "journal.decoded", protocol = protocol))
    }

    fn is_selected(&self, row: u64) -> bool {
        self.pages.row(row).is_some_and(|row| self.selection.contains(row.number))
    }

    fn cursor(&self) -> Option<u64> {
        self.cursor
    }
}

fn tone_color(tone: Tone, tokens: &Tokens) -> Color32 {
    match tone {
        Tone::In => tokens.incoming,
        Tone::Out => tokens.outgoing,
        Tone::Life => tokens.text_muted,
        Tone::Notice => tokens.warning,
        Tone::Failure => tokens.error,
    }
}

/// This program's words, in the type of words; bytes have that of bytes. A file's name gives way to what became of it.
fn paint_words(cell: &TableCell<'_>, text: &RowText, tokens: &Tokens, color: Color32) {
    let font = tokens.font();
    let color = if matches!(text.tone, Tone::In | Tone::Out) { tokens.text } else { color };
    let (name, rest) = text.text.split_at(text.name_len);
    if name.is_empty() {
        cell.start(rest, &font, color);
        return;
    }
    let rest_width = cell.painter.layout_no_wrap(rest.to_owned(), font.clone(), color).size().x;
    let most = (cell.range.max - rest_width).max(cell.range.min + NAME_LEAST);
    let name_end = TableCell { range: Rangef::new(cell.range.min, most), ..*cell }.start(name, &font, color);
    TableCell { range: Rangef::new(name_end, cell.range.max), ..*cell }.start(rest, &font, color);
}

/// Points that a mark takes at the beginning of a row.
const MARK_WIDTH: f32 = 3.0;

/// Of what a note may take of the room for text.
const NOTE_SHARE: f32 = 0.4;

/// Points that keep the blocks of two bytes apart.
const BETWEEN_BLOCKS: f32 = 2.0;

/// Points beside a protocol's name in its outline, and the radius of its corners.
const CHIP_PADDING: f32 = 4.0;
const CHIP_RADIUS: f32 = 3.0;

/// Points that a file's name gets however long the rest is.
const NAME_LEAST: f32 = 48.0;

/// The name of the protocol that the text after it is of, in an outline: what it stands for is no text that crossed.
/// Returns the rest of the cell; all of it where the name has no room.
fn after_chip<'a>(cell: TableCell<'a>, protocol: &str, selected: bool, tokens: &Tokens) -> TableCell<'a> {
    // Nothing fainter shows on the selection.
    let (color, outline) =
        if selected { (tokens.text, tokens.text_muted) } else { (tokens.text_muted, tokens.outline) };
    let galley = cell.painter.layout_no_wrap(protocol.to_owned(), tokens.small_font(), color);
    let size = galley.size() + vec2(2.0 * CHIP_PADDING, 0.0);
    if size.x + NAME_LEAST > cell.range.span() {
        return cell;
    }
    let left = cell.range.min;
    let chip = Rect::from_min_size(pos2(left, cell.rect.center().y - size.y / 2.0), size);
    cell.painter.rect_stroke(chip, CHIP_RADIUS, Stroke::new(1.0, outline), egui::StrokeKind::Inside);
    cell.painter.galley(pos2(left + CHIP_PADDING, chip.top()), galley, color);
    TableCell { range: Rangef::new(chip.right() + tokens.space_small, cell.range.max), ..cell }
}

/// What the user wrote beside the row, before its text. Returns the rest of the cell.
fn after_note<'a>(cell: TableCell<'a>, note: &str, tokens: &Tokens) -> TableCell<'a> {
    let range = Rangef::new(cell.range.min, cell.range.min + cell.range.span() * NOTE_SHARE);
    let end = TableCell { range, ..cell }.start(&visible(note), &tokens.font(), tokens.accent);
    TableCell { range: Rangef::new(end + tokens.space, cell.range.max), ..cell }
}

fn paint_verbatim(cell: &TableCell<'_>, text: &str, font: &FontId, tokens: &Tokens) {
    cell.place(verbatim(verbatim_head(cell, text, font), font, tokens), tokens.text);
}

/// As much of a text to be shown as [`verbatim`] as can show at most.
fn verbatim_head<'a>(cell: &TableCell<'_>, text: &'a str, font: &FontId) -> &'a str {
    cell.head_of(text, font, |character| escape(character).map(|escape| escape.len()))
}

/// Bytes as text. What can't be seen as itself is written as an escape in another colour. Bytes that are no character are
/// question marks on blocks, light on dark: no text looks so, and the fonts lack the sign that is meant for them.
pub(in crate::ui::panels) fn verbatim(text: &str, font: &FontId, tokens: &Tokens) -> LayoutJob {
    verbatim_in(text, font, tokens.text, tokens)
}

/// The same with another colour for what is seen as itself.
pub(in crate::ui::panels) fn verbatim_in(text: &str, font: &FontId, color: Color32, tokens: &Tokens) -> LayoutJob {
    let mut job = LayoutJob::default();
    let plain = TextFormat::simple(font.clone(), color);
    let apart = TextFormat::simple(font.clone(), tokens.accent);
    // The space is the letters' own, so that those that follow each other are one part: to a frame, each part of a text
    // costs about as much as a whole cell of words.
    let block = TextFormat {
        background: tokens.text_muted,
        expand_bg: -BETWEEN_BLOCKS / 2.0,
        extra_letter_spacing: BETWEEN_BLOCKS,
        ..TextFormat::simple(font.clone(), tokens.surface)
    };
    let mut rest = text;
    while let Some((at, character, escape)) =
        rest.char_indices().find_map(|(at, character)| Some((at, character, escape(character)?)))
    {
        // An empty part would come between two that are one.
        if at > 0 {
            job.append(&rest[..at], 0.0, plain.clone());
        }
        if character == char::REPLACEMENT_CHARACTER {
            // A letter that a line begins with has no such space.
            let space = if job.text.is_empty() { BETWEEN_BLOCKS } else { 0.0 };
            job.append(&escape, space, block.clone());
        } else {
            job.append(&escape, 0.0, apart.clone());
        }
        rest = &rest[at + character.len_utf8()..];
    }
    job.append(rest, 0.0, plain);
    job
}

/// The escape for a control picture (U+2400 to U+2421, as [`crate::codec::visible`] writes them): few fonts have these
/// signs, and nobody can tell them apart at this size. For U+FFFD, bytes that are no character, what its block holds.
fn escape(character: char) -> Option<Cow<'static, str>> {
    let code = u32::from(character);
    Some(match character {
        '\u{2400}' => "\\0".into(),
        '\u{2409}' => "\\t".into(),
        '\u{240a}' => "\\n".into(),
        '\u{240d}' => "\\r".into(),
        '\u{2421}' => "\\x7f".into(),
        '\u{2400}'..='\u{241f}' => format!("\\x{:02x}", code - 0x2400).into(),
        char::REPLACEMENT_CHARACTER => "?".into(),
        _ => return None,
    })
}

/// The direction by shape as well as by colour: an arrow right for sent, left for received, a ring for an event of the
/// connection's life, a triangle for a notice, a cross for a failure. A file's arrow has a bar that it leads to.
fn sign(painter: &Painter, row: &PageRow, tone: Tone, rect: Rect, color: Color32) {
    let stroke = Stroke::new(1.5, color);
    let center = rect.center().round();
    match tone {
        Tone::In | Tone::Out => {
            let toward = if tone == Tone::Out { 1.0 } else { -1.0 };
            let tip = center + vec2(6.0 * toward, 0.0);
            painter.line_segment([center - vec2(6.0 * toward, 0.0), tip], stroke);
            painter.line(vec![tip + vec2(-4.0 * toward, -4.0), tip, tip + vec2(-4.0 * toward, 4.0)], stroke);
            if matches!(row.body, RowBody::File { .. }) {
                let bar = tip + vec2(2.5 * toward, 0.0);
                painter.line_segment([bar - vec2(0.0, 5.0), bar + vec2(0.0, 5.0)], stroke);
            }
        }
        Tone::Life => {
            painter.circle_stroke(center, 3.0, stroke);
        }
        Tone::Notice => {
            let points = vec![center + vec2(0.0, -5.0), center + vec2(5.5, 4.5), center + vec2(-5.5, 4.5)];
            painter.add(egui::Shape::closed_line(points, stroke));
        }
        Tone::Failure => {
            painter.line_segment([center - vec2(4.0, 4.0), center + vec2(4.0, 4.0)], stroke);
            painter.line_segment([center + vec2(-4.0, 4.0), center + vec2(4.0, -4.0)], stroke);
        }
    }
}

/// Where a row will be once its page has come.
fn placeholder(painter: &Painter, place: &RowPlace<'_>, tokens: &Tokens) {
    let color = tokens.text_muted.gamma_multiply(0.12);
    for range in place.columns {
        let width = (range.span() * 0.6).max(0.0);
        let bar = Rect::from_center_size(
            pos2(range.min + width / 2.0, place.rect.center().y),
            vec2(width, place.rect.height() * 0.3),
        );
        painter.rect_filled(bar, 2.0, color);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SessionId;
    use crate::ui::fonts;

    #[test]
    fn a_party_is_measured_without_being_written() {
        let sessions = Sessions::default();
        for (session, peer) in [
            (Some(7), "127.0.0.1:51734"),
            (Some(0), "a"),
            (Some(10), "[fe80::1%eth0]:9"),
            (Some(u64::MAX), "/run/\n你好"),
            (None, "/run/sock"),
            (Some(1234), ""),
            (None, ""),
        ] {
            let row = PageRow { session: session.map(SessionId), peer: peer.to_owned(), ..PageRow::made_up(1) };
            assert_eq!(party_len(&row, &sessions), party(&row, &sessions).chars().count(), "{session:?} {peer}");
        }
    }

    #[test]
    fn bytes_that_are_no_character_stand_apart_and_are_laid_out_at_once() {
        let tokens = Tokens::dark();
        let job = |text| verbatim(text, &tokens.mono_font(), &tokens);
        for (text, parts) in [("\u{fffd}\u{fffd}\u{fffd}", 1), ("a\u{fffd}\u{fffd}␀␁b\u{fffd}", 5), ("plain", 1)] {
            let job = job(text);
            assert_eq!(job.sections.iter().filter(|part| !part.byte_range.is_empty()).count(), parts, "{text}");
        }
        let mut fonts = egui::epaint::text::Fonts::new(egui::epaint::TextOptions::default(), fonts::definitions());
        for text in ["\u{fffd}\u{fffd}", "ab\u{fffd}\u{fffd}\u{fffd}c\u{fffd}"] {
            let galley = fonts.with_pixels_per_point(2.0).layout_job(job(text));
            let mut end = 0.0;
            for glyph in &galley.rows[0].glyphs {
                let space = if glyph.chr == '?' { BETWEEN_BLOCKS } else { 0.0 };
                assert!((glyph.pos.x - end - space).abs() <= 0.5, "{} at {} in {text}", glyph.chr, glyph.pos.x);
                end = glyph.max_x();
            }
        }
    }

    #[test]
    fn all_that_shows_is_laid_out_and_little_more() {
        let tokens = Tokens::dark();
        let ctx = egui::Context::default();
        ctx.set_fonts(fonts::definitions());
        let font = tokens.mono_font();
        let output = ctx.run_ui(egui::RawInput::default(), |ui| {
            let rect = Rect::from_min_size(pos2(0.0, 0.0), vec2(300.0, 20.0));
            let cell = TableCell { painter: ui.painter(), rect, range: rect.x_range() };
            let character = ui.fonts_mut(|fonts| fonts.glyph_width(&font, '0'));
            for part in ["words ", "\u{fffd}", "␀", "␊", "a\u{fffd}␛", "你", "·", "e\u{301}"] {
                let text = part.repeat(100);
                let head = verbatim_head(&cell, &text, &font);
                let shown = |text| {
                    let mut job = verbatim(text, &font, &tokens);
                    job.wrap = egui::text::TextWrapping::truncate_at_width(rect.width());
                    let galley = ui.painter().layout_job(job);
                    galley.rows[0].glyphs.iter().map(|glyph| (glyph.chr, glyph.pos.x)).collect::<Vec<_>>()
                };
                assert_eq!(shown(head), shown(&text), "{part}");
                let job = verbatim(head, &font, &tokens);
                let all_known = job.text.is_ascii();
                let most = (rect.width() / character * 1.2) as usize + 8;
                assert!(!all_known || job.text.len() <= most, "{} of {most}: {}", job.text.len(), job.text);
            }
        });
        output.drop_without_applying_deltas();
    }
}

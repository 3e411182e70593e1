//! Bytes as hex and as text side by side, with a selection.

use std::ops::Range;

use egui::accesskit::Role;
use egui::{EventFilter, Id, Key, Painter, Pos2, Rect, Response, Sense, Stroke, Ui, pos2, vec2};

use super::hex_cells;
use super::row_scroll::{RowScroll, SCROLL_BAR_WIDTH, ScrollBar};
use crate::codec::compare;
use crate::codec::encoding::Encoding;
use crate::ui::theme::Tokens;

/// What a user selected in a hex view, and where it is scrolled to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HexState {
    scroll: RowScroll,
    /// Bytes on a line when it was drawn last; 0 before that.
    line: usize,
    /// Where the selection began; stays when it is extended.
    anchor: Option<usize>,
    cursor: usize,
    /// The cursor is to be in view with the next frame.
    reveals: bool,
}

impl HexState {
    /// The selected bytes; `None` for none.
    #[must_use]
    pub fn selection(&self) -> Option<Range<usize>> {
        self.anchor.map(|anchor| anchor.min(self.cursor)..anchor.max(self.cursor) + 1)
    }

    /// The byte that the keyboard is at.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// The first selected byte, or where the keyboard is.
    #[must_use]
    pub fn at(&self) -> usize {
        self.selection().map_or(self.cursor, |range| range.start)
    }

    /// Goes to a byte and selects it alone; it comes into view.
    pub fn show_byte(&mut self, byte: usize) {
        self.go_to(byte, false);
        self.reveals = true;
    }

    /// Selects all of `len` bytes.
    pub fn select_all(&mut self, len: usize) {
        if let Some(last) = len.checked_sub(1) {
            self.anchor = Some(0);
            self.cursor = last;
        }
    }

    /// Keeps the topmost byte where it is when lines get longer or shorter.
    fn relayout(&mut self, line: usize) {
        if self.line != 0 && self.line != line {
            self.scroll = RowScroll::at(self.scroll.row() * self.line as u64 / line as u64);
        }
        self.line = line;
    }

    fn go_to(&mut self, byte: usize, extend: bool) {
        if !extend || self.anchor.is_none() {
            self.anchor = Some(byte);
        }
        self.cursor = byte;
    }
}

/// Bytes to show.
#[derive(Debug)]
pub struct HexView<'a> {
    pub id: Id,
    /// The accessible name.
    pub name: &'a str,
    pub scroll_name: &'a str,
    pub bytes: &'a [u8],
    /// What the bytes are compared with: those that are not the same are marked, and one can go as far as the longer.
    pub compared_with: Option<&'a [u8]>,
    /// What crossed just before, for a character that began there.
    pub before: &'a [u8],
    /// Position of `bytes` in their stream.
    pub offset: u64,
    pub encoding: Encoding,
}

/// What [`hex_cells`] has for bytes that are no character.
const NO_CHARACTER: &str = "\u{fffd}";

/// Bytes on a line, and on those that have no room for so many.
const LINE: usize = 16;
const SHORT_LINE: usize = 8;
const SHORTEST_LINE: usize = 4;

/// Distances within a line, in points.
struct Grid {
    origin: Pos2,
    /// Bytes on a line.
    line: usize,
    character: f32,
    row_height: f32,
}

impl Grid {
    const OFFSET_CHARACTERS: f32 = 8.0;

    fn hex_left(&self, byte: usize) -> f32 {
        // Half a place more in the middle, so that the eye finds the eighth byte.
        let middle = if byte >= self.line / 2 { 1.0 } else { 0.0 };
        self.origin.x + self.character * (Self::OFFSET_CHARACTERS + 2.0 + byte as f32 * 3.0 + middle)
    }

    fn text_left(&self, byte: usize) -> f32 {
        self.hex_left(self.line) + self.character * (1.0 + byte as f32)
    }

    fn width(character: f32, line: usize) -> f32 {
        let grid = Self { origin: Pos2::ZERO, line, character, row_height: 0.0 };
        grid.text_left(line) + character
    }

    /// The byte of a line that is nearest to this place.
    fn byte_at(&self, x: f32) -> usize {
        let in_text = x >= self.text_left(0) - self.character;
        let left = |byte| if in_text { self.text_left(byte) } else { self.hex_left(byte) - self.character * 0.5 };
        (1..self.line).take_while(|byte| x >= left(*byte)).last().unwrap_or(0)
    }
}

impl HexView<'_> {
    /// The width that a whole line takes, in points, the scroll bar included.
    #[must_use]
    pub fn full_width(ui: &Ui, tokens: &Tokens) -> f32 {
        Grid::width(character_width(ui, tokens), LINE) + SCROLL_BAR_WIDTH
    }

    /// Bytes that one can go through: its own, or those of the longer of two.
    fn extent(&self) -> usize {
        self.bytes.len().max(self.compared_with.map_or(0, <[u8]>::len))
    }

    /// Fills what room `ui` has; lays out the visible lines alone. True when the keyboard asked for a copy.
    pub fn show(self, ui: &mut Ui, tokens: &Tokens, state: &mut HexState) -> (Response, bool) {
        let outer = ui.available_rect_before_wrap();
        ui.advance_cursor_after_rect(outer);
        let (body, bar) = outer.split_left_right_at_x((outer.right() - SCROLL_BAR_WIDTH).max(outer.left()));
        let row_height = tokens.row_height - 2.0;
        let character = character_width(ui, tokens);
        let fits = |line: &usize| body.width() >= Grid::width(character, *line);
        let line = [LINE, SHORT_LINE].into_iter().find(fits);
        // Beside another view there may be room for fewer still.
        let least = if self.compared_with.is_some() { SHORTEST_LINE } else { SHORT_LINE };
        let line = line.unwrap_or(least);
        let grid = Grid { origin: body.left_top(), line, character, row_height };
        state.relayout(line);
        let lines = self.extent().div_ceil(line) as u64;
        let fitting = f64::from(body.height() / row_height);
        let response = ui.interact(body, self.id, Sense::click_and_drag());

        let copy = self.read_keys(ui, &response, line, fitting, state);
        if ui.rect_contains_pointer(outer) {
            let delta = ui.input_mut(|input| std::mem::take(&mut input.smooth_scroll_delta.y));
            state.scroll.scroll_by(-f64::from(delta / row_height));
        }
        if std::mem::take(&mut state.reveals) {
            state.scroll.reveal((state.cursor / line) as u64, fitting);
        }
        state.scroll.clamp(lines, fitting);
        let scroll_bar = ScrollBar { id: self.id.with("bar"), name: self.scroll_name, total: lines, visible: fitting };
        scroll_bar.show(ui, bar, &mut state.scroll, tokens);

        self.read_pointer(ui, &response, &grid, body, state);
        self.describe(ui, state);
        let painter = ui.painter().with_clip_rect(body.intersect(ui.clip_rect()));
        let first = state.scroll.row();
        let shown = (fitting - state.scroll.distance(first)).ceil() as u64;
        for number in first..(first + shown).min(lines) {
            let top = body.top() + (state.scroll.distance(number) * f64::from(row_height)) as f32;
            self.paint_line(&painter, &grid, top.round(), number as usize * line, state, tokens, response.has_focus());
        }
        (response, copy)
    }

    fn read_keys(&self, ui: &Ui, response: &Response, line: usize, fitting: f64, state: &mut HexState) -> bool {
        let Some(last) = self.extent().checked_sub(1) else { return false };
        state.cursor = state.cursor.min(last);
        if !response.has_focus() {
            return false;
        }
        let filter = EventFilter { vertical_arrows: true, horizontal_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(self.id, filter));
        let page = (fitting as usize).max(2) - 1;
        let mut copy = false;
        ui.input(|input| {
            for event in &input.events {
                let (key, modifiers) = match event {
                    egui::Event::Copy => {
                        copy = true;
                        continue;
                    }
                    egui::Event::Key { key, pressed: true, modifiers, .. } => (key, modifiers),
                    _ => continue,
                };
                let at = state.cursor;
                let start = at - at % line;
                let to = match key {
                    Key::ArrowLeft => at.saturating_sub(1),
                    Key::ArrowRight => at + 1,
                    Key::ArrowUp => at.checked_sub(line).unwrap_or(at),
                    Key::ArrowDown => at + line,
                    Key::PageUp => at.saturating_sub(page * line),
                    Key::PageDown => at + page * line,
                    Key::Home if modifiers.command => 0,
                    Key::End if modifiers.command => last,
                    Key::Home => start,
                    Key::End => start + line - 1,
                    Key::A if modifiers.command => {
                        state.select_all(self.extent());
                        continue;
                    }
                    _ => continue,
                };
                state.go_to(to.min(last), modifiers.shift);
                state.scroll.reveal((state.cursor / line) as u64, fitting);
            }
        });
        copy
    }

    fn read_pointer(&self, ui: &Ui, response: &Response, grid: &Grid, body: Rect, state: &mut HexState) {
        if response.clicked() || response.drag_started() {
            response.request_focus();
        }
        let Some(last) = self.extent().checked_sub(1) else { return };
        let Some(pointer) = response.interact_pointer_pos() else { return };
        let byte_at = |pos: Pos2| {
            let line = f64::from((pos.y - body.top()) / grid.row_height) - state.scroll.distance(0);
            (line.max(0.0) as usize).saturating_mul(grid.line).saturating_add(grid.byte_at(pos.x)).min(last)
        };
        let shift = ui.input(|input| input.modifiers.shift);
        let pressed = ui.input(|input| input.pointer.press_origin()).unwrap_or(pointer);
        let primary = egui::PointerButton::Primary;
        if response.drag_started_by(primary) {
            let (from, to) = (byte_at(pressed), byte_at(pointer));
            state.go_to(from, shift);
            state.go_to(to, true);
        } else if response.dragged_by(primary) {
            let to = byte_at(pointer);
            state.go_to(to, true);
            // Beyond the edge the view comes along.
            let fitting = f64::from(body.height() / grid.row_height);
            state.scroll.reveal((to / grid.line) as u64, fitting);
        } else if response.clicked_by(primary) {
            let to = byte_at(pointer);
            state.go_to(to, shift);
        }
    }

    fn describe(&self, ui: &Ui, state: &HexState) {
        ui.ctx().accesskit_node_builder(self.id, |node| {
            node.set_role(Role::Document);
            node.set_label(self.name);
            // What a selection holds is what a person who hears the window asks for; a few bytes of it are enough.
            let selected = state.selection().unwrap_or(0..LINE);
            let end = selected.end.min(selected.start + LINE).min(self.bytes.len());
            if let Some(bytes) = self.bytes.get(selected.start..end) {
                node.set_value(crate::codec::hex::format(bytes));
            }
        });
    }

    #[expect(clippy::too_many_arguments, reason = "one line of one picture")]
    fn paint_line(
        &self,
        painter: &Painter,
        grid: &Grid,
        top: f32,
        start: usize,
        state: &HexState,
        tokens: &Tokens,
        focused: bool,
    ) {
        let font = tokens.mono_font();
        let line = self.bytes.get(start..self.bytes.len().min(start + grid.line)).unwrap_or_default();
        let selection = state.selection().unwrap_or(0..0);
        let center = top + grid.row_height / 2.0;
        let text = |x: f32, words: String, color| {
            painter.text(pos2(x, center), egui::Align2::LEFT_CENTER, words, font.clone(), color);
        };
        let from = selection.start.clamp(start, start + line.len()) - start;
        let to = selection.end.clamp(start, start + line.len()) - start;
        if from < to {
            let gap = grid.character * 0.5;
            let hex = Rect::from_x_y_ranges(
                grid.hex_left(from) - gap..=grid.hex_left(to - 1) + grid.character * 2.0 + gap,
                top..=top + grid.row_height,
            );
            let letters = Rect::from_x_y_ranges(grid.text_left(from)..=grid.text_left(to), top..=top + grid.row_height);
            painter.rect_filled(hex, 0.0, tokens.selection);
            painter.rect_filled(letters, 0.0, tokens.selection);
        }
        let differing =
            |at: &usize| self.compared_with.is_some_and(|other| compare::differs(self.bytes, other, start + at));
        for at in (0..line.len()).filter(differing) {
            // Not by colour alone: a line below it as well.
            let selected = (from..to).contains(&at);
            for (left, width) in [(grid.hex_left(at), 2.0), (grid.text_left(at), 1.0)] {
                let cell = Rect::from_min_size(pos2(left, top), vec2(grid.character * width, grid.row_height));
                if !selected {
                    painter.rect_filled(cell, 0.0, tokens.difference);
                }
                painter.hline(cell.x_range(), cell.bottom() - 2.0, Stroke::new(1.5, tokens.warning));
            }
        }
        if focused && (start..start + grid.line).contains(&state.cursor) {
            let left = grid.hex_left(state.cursor - start) - 2.0;
            let size = vec2(grid.character * 2.0 + 4.0, grid.row_height - 1.0);
            let ring = Rect::from_min_size(pos2(left, top + 0.5), size);
            painter.rect_stroke(ring, 3.0, Stroke::new(1.0, tokens.accent), egui::StrokeKind::Inside);
        }
        text(grid.origin.x, format!("{start:08x}"), tokens.text_muted);
        for (at, byte) in line.iter().enumerate() {
            // Zeros are padding more often than not; the rest stands out beside them.
            let color = if *byte == 0 && !differing(&at) { tokens.text_muted } else { tokens.text };
            text(grid.hex_left(at), format!("{byte:02x}"), color);
        }
        if line.is_empty() {
            return;
        }
        let range = start..start + line.len();
        for glyph in hex_cells::glyphs(self.encoding, self.before, self.offset, self.bytes, range) {
            let color = if glyph.substitute { tokens.text_muted } else { tokens.text };
            let left = grid.text_left(glyph.bytes.start);
            if glyph.text == NO_CHARACTER {
                // The fonts lack the sign; a question mark on a block is no text's.
                let block =
                    Rect::from_x_y_ranges(left..=left + grid.character - 1.0, top + 3.0..=top + grid.row_height - 3.0);
                painter.rect_filled(block, 1.0, tokens.text_muted);
                text(left, "?".to_owned(), tokens.surface);
            } else {
                text(left, glyph.text, color);
            }
        }
    }
}

fn character_width(ui: &Ui, tokens: &Tokens) -> f32 {
    ui.fonts_mut(|fonts| fonts.glyph_width(&tokens.mono_font(), '0'))
}

//! The inspector: everything about one row, and all of its bytes.

mod compare;
mod copying;
mod decoded;
mod facts;
mod values;

use std::sync::Arc;

use egui::{Button, Id, Label, RichText, Ui};

use self::compare::Comparing;
use self::copying::{CopyAs, copy, copy_items};
use self::decoded::{Meanings, decode_as_items};
use self::facts::{facts_grid, facts_line, words_of};
use self::values::values;
use crate::codec::encoding::Encoding;
use crate::i18n;
use crate::model::{Command, Event, PageRow, RowBody};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::theme::Tokens;
use crate::ui::widgets::hex_view::{HexState, HexView};

/// Room beside the bytes that the facts need to stand there, in points.
const BESIDE: f32 = 300.0;

/// Points that numbers of eight bytes take in both orders, with their names: the bytes get fewer to a line for them.
const WITH_VALUES: f32 = 470.0;

/// From this height on, in points, the facts stand above the bytes one below the other.
const TALL: f32 = 380.0;

/// The inspector's panel.
#[derive(Debug, Default)]
pub struct InspectorPanel {
    /// The row that the selection and the payload belong to.
    number: Option<u64>,
    payload: Option<Arc<[u8]>>,
    hex: HexState,
    focus: bool,
    meanings: Meanings,
    /// Whether the numbers that the bytes under the cursor may be are shown.
    show_values: bool,
    /// The row that others are compared with, while they are.
    comparing: Option<Comparing>,
}

impl InspectorPanel {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Learns from an event; never blocks.
    pub fn on_event(&mut self, event: &Event) {
        if let Some(comparing) = &mut self.comparing {
            comparing.on_event(event);
        }
        match event {
            Event::RowLoaded { number, payload } if self.number == Some(*number) => {
                self.payload = Some(Arc::clone(payload));
            }
            Event::JournalCleared => *self = Self { show_values: self.show_values, ..Self::default() },
            _ => {}
        }
    }

    /// Is in view again after another journal was: what it asked for last, nobody may have answered.
    pub fn resume(&mut self) {
        if self.payload.is_none() {
            self.number = None;
        }
        if let Some(comparing) = &mut self.comparing {
            comparing.resume();
        }
    }

    /// Puts the keyboard onto the bytes in the next frame.
    pub fn focus(&mut self) {
        self.focus = true;
    }

    /// Compares this row with those that are chosen from now on; false, and nothing changes, for a row without bytes.
    pub fn compare_with(&mut self, row: &PageRow) -> bool {
        let has_bytes = matches!(row.body, RowBody::Data { .. });
        if has_bytes {
            let payload = self.payload.clone().filter(|_| self.number == Some(row.number));
            self.comparing = Some(Comparing::new(row.clone(), payload));
        }
        has_bytes
    }

    /// Whether it shows more than a few lines say.
    #[must_use]
    pub fn needs_room(&self) -> bool {
        self.show_values || self.comparing.is_some()
    }

    /// The width with which the bytes stand sixteen to a line, in points.
    #[must_use]
    pub fn full_width(ui: &Ui, tokens: &Tokens) -> f32 {
        HexView::full_width(ui, tokens)
    }

    /// Draws the panel for the row that was chosen in the journal.
    pub fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, chosen: Option<&PageRow>) {
        let Some(row) = chosen else {
            empty(ui, cx, &tr!(cx.language, "inspector.empty"), &tr!(cx.language, "inspector.empty_advice"));
            return;
        };
        self.follow(row, cx);
        if let Some(comparing) = &mut self.comparing {
            if !comparing.show(ui, cx, row, self.payload.as_ref()) {
                self.comparing = None;
            }
            return;
        }
        let hex_width = HexView::full_width(ui, cx.tokens);
        let beside = ui.available_width() - hex_width - cx.tokens.space_large * 2.0;
        let area = ui.available_rect_before_wrap();
        if beside >= BESIDE {
            let facts_width = if self.show_values { WITH_VALUES } else { beside.min(420.0) };
            let (left, right) = area.split_left_right_at_x(area.left() + facts_width);
            let right = right.with_min_x(right.left() + cx.tokens.space_large * 2.0);
            ui.painter().vline(left.right() + cx.tokens.space_large, area.y_range(), (1.0, cx.tokens.border));
            // What the bytes mean stands beside them: above them it would leave a low panel no room for the bytes.
            ui.scope_builder(egui::UiBuilder::new().max_rect(left), |ui| {
                self.scrolling_facts(ui, cx, row, true, area.height());
            });
            ui.scope_builder(egui::UiBuilder::new().max_rect(right), |ui| self.show_bytes(ui, cx, row, false));
            ui.advance_cursor_after_rect(area);
        } else if area.height() >= TALL {
            self.scrolling_facts(ui, cx, row, false, area.height() / 2.0);
            ui.separator();
            self.show_bytes(ui, cx, row, true);
        } else {
            facts_line(ui, cx, row);
            ui.separator();
            self.show_bytes(ui, cx, row, true);
        }
    }

    fn follow(&mut self, row: &PageRow, cx: &mut Cx<'_>) {
        if self.number == Some(row.number) {
            return;
        }
        *self = Self {
            number: Some(row.number),
            focus: self.focus,
            show_values: self.show_values,
            comparing: self.comparing.take(),
            ..Self::default()
        };
        if row.len == row.preview.len() as u64 {
            self.payload = Some(row.preview.clone().into());
        } else {
            cx.act(UiCommand::Engine(Command::LoadRow { number: row.number }));
        }
    }

    /// The bytes, and above them what they mean, if wanted.
    fn show_bytes(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, row: &PageRow, with_meaning: bool) {
        if !matches!(row.body, RowBody::Data { .. }) {
            empty(ui, cx, &words_of(row, cx.language), &tr!(cx.language, "inspector.no_bytes"));
            return;
        }
        let Some(payload) = self.payload.clone() else {
            empty(ui, cx, &tr!(cx.language, "inspector.loading"), "");
            return;
        };
        if payload.is_empty() {
            empty(ui, cx, &tr!(cx.language, "inspector.empty_payload"), "");
            return;
        }
        let encoding = cx.sessions.encoding_of(row);
        self.show_selection(ui, cx, row, &payload, encoding);
        if with_meaning {
            self.show_meaning(ui, cx, row, &payload);
        }
        let id = Id::unique("inspector-hex");
        let view = HexView {
            id,
            name: &tr!(cx.language, "inspector.bytes"),
            scroll_name: &tr!(cx.language, "inspector.scroll"),
            bytes: &payload,
            compared_with: None,
            before: &row.context,
            offset: row.stream_offset,
            encoding,
        };
        let (response, wants_copy) = view.show(ui, cx.tokens, &mut self.hex);
        if std::mem::take(&mut self.focus) {
            response.request_focus();
        }
        if wants_copy {
            copy(CopyAs::Hex, cx, &self.hex, &payload, encoding);
        }
        response.context_menu(|ui| copy_items(ui, cx, &mut self.hex, &payload, encoding));
    }

    /// What the bytes under the cursor and the whole row mean, above the bytes: they leave them half of the height.
    fn show_meaning(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, row: &PageRow, payload: &[u8]) {
        let height = ui.available_height() / 2.0;
        let meaning = self.meanings.of(cx.sessions, row, payload);
        if !self.show_values && meaning.is_none() {
            return;
        }
        let (show_values, hex) = (self.show_values, &self.hex);
        egui::ScrollArea::vertical().id_salt("meaning").max_height(height).auto_shrink([false, true]).show(ui, |ui| {
            ui.spacing_mut().interact_size.y = cx.tokens.text_size;
            if show_values {
                values(ui, cx, row, payload, hex);
            }
            if let Some(meaning) = meaning {
                meaning.show(ui, cx);
            }
        });
        ui.separator();
    }

    /// What is selected, how to copy it and how to read it.
    fn show_selection(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, row: &PageRow, payload: &[u8], encoding: Encoding) {
        let count = |bytes: usize| i18n::bytes(bytes as u64);
        let words = match self.hex.selection() {
            Some(range) => tr!(
                cx.language,
                "inspector.selected",
                size = count(range.len()),
                from = format!("{:#x}", range.start),
                to = format!("{:#x}", range.end - 1)
            ),
            // A snap length cut it.
            None if (payload.len() as u64) < row.len => {
                tr!(cx.language, "inspector.kept", kept = count(payload.len()), len = i18n::bytes(row.len))
            }
            None => count(payload.len()).into(),
        };
        ui.horizontal(|ui| {
            ui.menu_button(tr!(cx.language, "inspector.copy"), |ui| {
                copy_items(ui, cx, &mut self.hex, payload, encoding);
            });
            ui.menu_button(tr!(cx.language, "inspector.decode_as"), |ui| decode_as_items(ui, cx, row));
            let values = Button::new(tr!(cx.language, "inspector.values")).selected(self.show_values);
            if ui.add(values).on_hover_text(tr!(cx.language, "inspector.values_help")).clicked() {
                self.show_values = !self.show_values;
            }
            ui.add(Label::new(RichText::new(words).color(cx.tokens.text_muted)).truncate());
        });
    }

    /// Below each other and as many as fit whole; a bar that is always there tells of the others. What the payload means
    /// comes first.
    fn scrolling_facts(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, row: &PageRow, with_meaning: bool, height: f32) {
        let payload = self.payload.clone().filter(|payload| with_meaning && !payload.is_empty());
        let (meanings, show_values, hex) = (&mut self.meanings, self.show_values, &self.hex);
        let [words, digits] =
            [egui::TextStyle::Body, egui::TextStyle::Monospace].map(|style| ui.text_style_height(&style));
        let line = words.max(digits) + cx.tokens.space_small;
        let scroll = &mut ui.spacing_mut().scroll;
        (scroll.floating_width, scroll.floating_allocated_width) = (6.0, 8.0);
        (scroll.foreground_color, scroll.dormant_handle_opacity) = (true, 0.35);
        egui::ScrollArea::vertical()
            .id_salt("inspector-facts")
            .max_height((((height + cx.tokens.space_small) / line).floor() * line).min(height))
            .auto_shrink([false, true])
            .show(ui, |ui| {
                // Text, not controls: lines stand closer than the rows of a form.
                ui.spacing_mut().interact_size.y = cx.tokens.text_size;
                // One empty line: as many as fit whole are shown.
                let gap = |ui: &mut Ui, tokens: &Tokens| {
                    ui.add_space(line + tokens.space_small - ui.spacing().item_spacing.y);
                };
                if let Some(payload) = payload.as_deref().filter(|_| show_values) {
                    values(ui, cx, row, payload, hex);
                    gap(ui, cx.tokens);
                }
                if let Some(meaning) = payload.as_deref().and_then(|payload| meanings.of(cx.sessions, row, payload)) {
                    meaning.show(ui, cx);
                    gap(ui, cx.tokens);
                }
                facts_grid(ui, cx, row);
            });
    }
}

fn empty(ui: &mut Ui, cx: &Cx<'_>, title: &str, advice: &str) {
    let tokens = cx.tokens;
    let height = ui.available_height();
    ui.vertical_centered(|ui| {
        ui.add_space((height / 2.0 - tokens.heading_size * 2.0).max(0.0));
        ui.label(RichText::new(title).font(tokens.strong_font()).color(tokens.text));
        if !advice.is_empty() {
            ui.label(RichText::new(advice).color(tokens.text_muted));
        }
    });
}

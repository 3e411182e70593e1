//! The inspector: everything about one row, and all of its bytes.

use std::sync::Arc;

use egui::{Id, Label, RichText, Ui};

use super::decoded::{decoded, decoded_column};
use super::journal::clocks;
use crate::codec::dump;
use crate::codec::encoding::Encoding;
use crate::codec::hex;
use crate::codec::visible::visible;
use crate::i18n::{self, Language};
use crate::model::{Call, Command, Event, PageRow, RowBody};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::theme::Tokens;
use crate::ui::widgets::hex_view::{HexState, HexView};

/// Room beside the bytes that the facts need to stand there, in points.
const BESIDE: f32 = 300.0;

/// Points that the longest name of a fact takes.
const NAMES: f32 = 100.0;

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
}

/// What selected bytes can be copied as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CopyAs {
    Hex,
    Text,
    CArray,
    Python,
    Dump,
}

impl CopyAs {
    const ALL: [Self; 5] = [Self::Hex, Self::Text, Self::CArray, Self::Python, Self::Dump];

    fn name(self, language: Language) -> String {
        match self {
            Self::Hex => tr!(language, "inspector.copy_hex"),
            Self::Text => tr!(language, "inspector.copy_text"),
            Self::CArray => tr!(language, "inspector.copy_c"),
            Self::Python => tr!(language, "inspector.copy_python"),
            Self::Dump => tr!(language, "inspector.copy_dump"),
        }
        .into_owned()
    }

    fn text(self, bytes: &[u8], encoding: Encoding) -> String {
        match self {
            Self::Hex => hex::format(bytes),
            Self::Text => encoding.decode_piece(&[], 0, bytes).text,
            Self::CArray => dump::c_array(bytes),
            Self::Python => dump::python_bytes(bytes),
            Self::Dump => dump::hex_dump(bytes),
        }
    }
}

impl InspectorPanel {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Learns from an event; never blocks.
    pub fn on_event(&mut self, event: &Event) {
        match event {
            Event::RowLoaded { number, payload } if self.number == Some(*number) => {
                self.payload = Some(Arc::clone(payload));
            }
            Event::JournalCleared => *self = Self::default(),
            _ => {}
        }
    }

    /// Puts the keyboard onto the bytes in the next frame.
    pub fn focus(&mut self) {
        self.focus = true;
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
        let hex_width = HexView::full_width(ui, cx.tokens);
        let beside = ui.available_width() - hex_width - cx.tokens.space_large * 2.0;
        let area = ui.available_rect_before_wrap();
        if beside >= BESIDE {
            let facts_width = beside.min(420.0);
            let (left, right) = area.split_left_right_at_x(area.left() + facts_width);
            let right = right.with_min_x(right.left() + cx.tokens.space_large * 2.0);
            ui.painter().vline(left.right() + cx.tokens.space_large, area.y_range(), (1.0, cx.tokens.border));
            // What the bytes mean stands beside them: above them it would leave a low panel no room for the bytes.
            let payload = self.payload.as_deref();
            ui.scope_builder(egui::UiBuilder::new().max_rect(left), |ui| {
                scrolling_facts(ui, cx, row, payload, area.height());
            });
            ui.scope_builder(egui::UiBuilder::new().max_rect(right), |ui| self.show_bytes(ui, cx, row, false));
            ui.advance_cursor_after_rect(area);
        } else if area.height() >= TALL {
            scrolling_facts(ui, cx, row, None, area.height() / 2.0);
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
        *self = Self { number: Some(row.number), focus: self.focus, ..Self::default() };
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
        self.show_selection(ui, cx, &payload, encoding);
        if with_meaning {
            decoded(ui, cx, row, &payload);
        }
        let id = Id::unique("inspector-hex");
        let view = HexView {
            id,
            name: &tr!(cx.language, "inspector.bytes"),
            scroll_name: &tr!(cx.language, "inspector.scroll"),
            bytes: &payload,
            before: &row.context,
            offset: row.stream_offset,
            encoding,
        };
        let (response, wants_copy) = view.show(ui, cx.tokens, &mut self.hex);
        if std::mem::take(&mut self.focus) {
            response.request_focus();
        }
        if wants_copy {
            self.copy(CopyAs::Hex, cx, &payload, encoding);
        }
        response.context_menu(|ui| self.show_copy_items(ui, cx, &payload, encoding));
    }

    /// What is selected, and how to copy it.
    fn show_selection(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, payload: &[u8], encoding: Encoding) {
        let count = |bytes: usize| i18n::bytes(bytes as u64);
        let words = match self.hex.selection() {
            Some(range) => tr!(
                cx.language,
                "inspector.selected",
                size = count(range.len()),
                from = format!("{:#x}", range.start),
                to = format!("{:#x}", range.end - 1)
            ),
            None => count(payload.len()).into(),
        };
        ui.horizontal(|ui| {
            ui.menu_button(tr!(cx.language, "inspector.copy"), |ui| self.show_copy_items(ui, cx, payload, encoding));
            ui.add(Label::new(RichText::new(words).color(cx.tokens.text_muted)).truncate());
        });
    }

    fn show_copy_items(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, payload: &[u8], encoding: Encoding) {
        for kind in CopyAs::ALL {
            if ui.button(kind.name(cx.language)).clicked() {
                self.copy(kind, cx, payload, encoding);
            }
        }
        ui.separator();
        if ui.button(tr!(cx.language, "inspector.select_all")).clicked() {
            self.hex.select_all(payload.len());
        }
    }

    /// The selected bytes, or all while none are.
    fn copy(&self, kind: CopyAs, cx: &mut Cx<'_>, payload: &[u8], encoding: Encoding) {
        let range = self.hex.selection().unwrap_or(0..payload.len());
        if let Some(bytes) = payload.get(range) {
            cx.act(UiCommand::CopyText(kind.text(bytes, encoding)));
        }
    }
}

/// What a row without bytes says.
fn words_of(row: &PageRow, language: Language) -> String {
    match &row.body {
        RowBody::Life(life) => i18n::life(language, life),
        RowBody::Failed { failure } => i18n::failure(language, failure),
        RowBody::Notice { notice } => i18n::notice(language, notice),
        RowBody::File { name, outcome, .. } => format!("{} · {}", visible(name), i18n::outcome(language, *outcome)),
        RowBody::Data { call, .. } => result_of(language, call.name(), row.len),
    }
}

fn result_of(language: Language, call: &str, len: u64) -> String {
    tr!(language, "inspector.call_returned", call = call, result = len).into_owned()
}

/// Names and values, in the order in which they are read.
fn facts(row: &PageRow, cx: &Cx<'_>) -> Vec<(String, String)> {
    let language = cx.language;
    let mut facts = vec![(tr!(language, "inspector.row").into_owned(), format!("#{}", row.number))];
    let mut add = |name: std::borrow::Cow<'_, str>, value: String| facts.push((name.into_owned(), visible(&value)));
    match &row.body {
        RowBody::Data { call, truncated, .. } => {
            add(tr!(language, "inspector.call"), result_of(language, call.name(), row.len));
            if *truncated {
                add(tr!(language, "inspector.cut"), tr!(language, "inspector.cut_value").into_owned());
            }
        }
        RowBody::Failed { failure } => {
            if let Some(hint) = i18n::hint(language, failure) {
                add(tr!(language, "inspector.advice"), hint);
            }
        }
        RowBody::File { path, size, hash, .. } => {
            add(tr!(language, "inspector.path"), path.clone());
            add(tr!(language, "inspector.size"), i18n::bytes(*size));
            if let Some(hash) = hash {
                add("BLAKE3".into(), hash.clone());
            }
        }
        RowBody::Life(_) | RowBody::Notice { .. } => {}
    }
    let info = row.session.and_then(|session| cx.sessions.by_id.get(&session)).map(|session| &session.info);
    if let Some(session) = row.session {
        let label = info.map_or_else(|| format!("#{session}"), |info| format!("{} #{session}", info.protocol.scheme()));
        add(tr!(language, "inspector.session"), label);
        if let Some(local) = info.map(|info| info.local.to_string()).filter(|local| !local.is_empty()) {
            add(tr!(language, "inspector.local"), local);
        }
        if let Some(process) = info.and_then(|info| info.process.as_ref()) {
            add(tr!(language, "inspector.process"), i18n::process(language, process));
        }
    }
    if !row.peer.is_empty() {
        add(tr!(language, "inspector.peer"), row.peer.clone());
    }
    let is_stream = info.is_none_or(|info| info.protocol.is_stream());
    if is_stream && matches!(row.body, RowBody::Data { call: Call::Recv | Call::Send, .. }) {
        add(tr!(language, "inspector.stream_offset"), i18n::bytes(row.stream_offset));
    }
    facts.extend(clocks(row, language, cx.zone));
    facts
}

/// Below each other and as many as fit whole; a bar that is always there tells of the others. What the payload means comes
/// first.
fn scrolling_facts(ui: &mut Ui, cx: &Cx<'_>, row: &PageRow, payload: Option<&[u8]>, height: f32) {
    let [words, digits] = [egui::TextStyle::Body, egui::TextStyle::Monospace].map(|style| ui.text_style_height(&style));
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
            if payload.is_some_and(|payload| decoded_column(ui, cx, row, payload)) {
                // One empty line: as many as fit whole are shown.
                ui.add_space(line + cx.tokens.space_small - ui.spacing().item_spacing.y);
            }
            facts_grid(ui, cx, row);
        });
}

/// Two columns, which begin at the same places in one grid and the other.
pub(super) fn names_and_values(id: &str, tokens: &Tokens) -> egui::Grid {
    let spacing = [tokens.space_large, tokens.space_small];
    egui::Grid::new(id).num_columns(2).min_col_width(NAMES).spacing(spacing)
}

/// Below each other, where there is room beside the bytes.
fn facts_grid(ui: &mut Ui, cx: &Cx<'_>, row: &PageRow) {
    let tokens = cx.tokens;
    names_and_values("inspector-grid", tokens).show(ui, |ui| {
        for (name, value) in facts(row, cx) {
            ui.label(RichText::new(name).color(tokens.text_muted));
            ui.add(Label::new(RichText::new(value).font(tokens.mono_font())).wrap().selectable(true));
            ui.end_row();
        }
    });
}

/// One after the other, above the bytes.
fn facts_line(ui: &mut Ui, cx: &Cx<'_>, row: &PageRow) {
    let tokens = cx.tokens;
    ui.horizontal_wrapped(|ui| {
        for (name, value) in facts(row, cx) {
            let mut job = egui::text::LayoutJob::default();
            let format = |font: egui::FontId, color| egui::TextFormat::simple(font, color);
            job.append(&name, 0.0, format(tokens.small_font(), tokens.text_muted));
            job.append(&value, tokens.space_small, format(tokens.mono_font(), tokens.text));
            ui.add(Label::new(job).selectable(true));
        }
    });
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

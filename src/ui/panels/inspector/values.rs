//! What the bytes under the cursor may be: numbers in both byte orders, moments, text.

use egui::{Button, Label, RichText, Ui, UiBuilder};
use jiff::Timestamp;

use crate::codec::encoding::Encoding;
use crate::codec::values::{BothOrders, UnixTime, moments, numbers};
use crate::codec::visible::visible;
use crate::i18n::Language;
use crate::model::PageRow;
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::panels::journal::verbatim;
use crate::ui::widgets::hex_cells;
use crate::ui::widgets::hex_view::HexState;

/// Selected bytes that are shown as text.
const TEXT_MAX: usize = 64;

/// Draws a table of the values that begin at the cursor, or at the first selected byte. Pressing one copies it.
pub(super) fn values(ui: &mut Ui, cx: &mut Cx<'_>, row: &PageRow, payload: &[u8], hex: &HexState) {
    let at = hex.at().min(payload.len().saturating_sub(1));
    let bytes = &payload[at..];
    let tokens = cx.tokens;
    let heading = tr!(cx.language, "values.at", at = format!("{at:#x}"));
    let group = UiBuilder::new().accessibility_role(egui::accesskit::Role::Group).accessibility_label(&*heading);
    let [little, big] = [tr!(cx.language, "values.little"), tr!(cx.language, "values.big")];
    let mut copied = None;
    ui.scope_builder(group, |ui| {
        // As far apart as the facts below: as many lines as fit whole are shown.
        let spacing = [tokens.space_large, tokens.space_small];
        egui::Grid::new("values-grid").num_columns(3).spacing(spacing).show(ui, |ui| {
            for title in [&heading, &little, &big] {
                ui.label(RichText::new(&**title).color(tokens.text_muted));
            }
            ui.end_row();
            let mut line = |name: &str, both: BothOrders<String>| {
                ui.label(RichText::new(name).color(tokens.text_muted));
                let is_one = both.little == both.big;
                for (order, value) in
                    [(&little, both.little), (&big, both.big)].into_iter().take(if is_one { 1 } else { 2 })
                {
                    let order = if is_one { "" } else { order };
                    copied = cell(ui, cx, &format!("{name} {order}"), value).or(copied.take());
                }
                ui.end_row();
            };
            for (kind, both) in numbers(bytes) {
                line(kind, both);
            }
            for (time, BothOrders { little, big }) in moments(bytes) {
                let [little, big] = [little, big].map(|moment| self::moment(moment, cx));
                line(&name(time, cx.language), BothOrders { little, big });
            }
            let encoding = cx.sessions.encoding_of(row);
            let text = text(row, payload, hex, encoding);
            line(encoding.name(), BothOrders { little: text.clone(), big: text });
        });
    });
    if let Some(value) = copied {
        cx.act(UiCommand::CopyText(value));
    }
}

/// A value that can be pressed; returns it when it was.
fn cell(ui: &mut Ui, cx: &Cx<'_>, name: &str, value: String) -> Option<String> {
    if value.is_empty() {
        ui.add(Label::new(RichText::new("–").color(cx.tokens.text_muted)));
        return None;
    }
    let words = verbatim(&visible(&value), &cx.tokens.mono_font(), cx.tokens);
    // Its text stands where a label's would.
    ui.spacing_mut().button_padding = egui::Vec2::ZERO;
    let button = ui.add(Button::new(words).frame_when_inactive(false));
    let button =
        button.on_hover_text(tr!(cx.language, "values.copy")).accessible_name(format!("{} {value}", name.trim()));
    button.clicked().then_some(value)
}

fn moment(moment: Option<Timestamp>, cx: &Cx<'_>) -> String {
    moment.map_or_else(String::new, |moment| {
        let format = if moment.subsec_nanosecond() == 0 { "%Y-%m-%d %H:%M:%S" } else { "%Y-%m-%d %H:%M:%S.%3f" };
        moment.to_zoned(cx.zone.clone()).strftime(format).to_string()
    })
}

fn name(time: UnixTime, language: Language) -> String {
    match time {
        UnixTime::Seconds32 => tr!(language, "values.seconds32"),
        UnixTime::Seconds64 => tr!(language, "values.seconds64"),
        UnixTime::Milliseconds => tr!(language, "values.milliseconds"),
    }
    .into_owned()
}

/// The selected bytes, or the character that the byte under the cursor belongs to.
fn text(row: &PageRow, payload: &[u8], hex: &HexState, encoding: Encoding) -> String {
    match hex.selection().filter(|range| range.len() > 1) {
        Some(range) => {
            let end = range.end.min(payload.len());
            let shown = range.start.min(end)..end.min(range.start + TEXT_MAX);
            let more = if shown.end < end { "…" } else { "" };
            encoding.decode_piece(&[], 0, &payload[shown]).text + more
        }
        None => {
            let at = hex.at().min(payload.len().saturating_sub(1));
            let line = at..payload.len().min(at + 4);
            let glyphs = hex_cells::glyphs(encoding, &row.context, row.stream_offset, payload, line);
            glyphs.into_iter().next().map(|glyph| glyph.text).unwrap_or_default()
        }
    }
}

//! What is known of a row beside its bytes.

use egui::{Label, RichText, Ui};

use crate::codec::visible::visible;
use crate::i18n::{self, Language};
use crate::model::{Call, PageRow, RowBody};
use crate::tr;
use crate::ui::context::Cx;
use crate::ui::panels::journal::clocks;
use crate::ui::theme::Tokens;

/// Points that the longest name of a fact takes.
const NAMES: f32 = 100.0;

/// What a row without bytes says.
pub(super) fn words_of(row: &PageRow, language: Language) -> String {
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

/// Two columns, which begin at the same places in one grid and the other.
pub(super) fn names_and_values(id: &str, tokens: &Tokens) -> egui::Grid {
    let spacing = [tokens.space_large, tokens.space_small];
    egui::Grid::new(id).num_columns(2).min_col_width(NAMES).spacing(spacing)
}

/// Below each other, where there is room beside the bytes.
pub(super) fn facts_grid(ui: &mut Ui, cx: &Cx<'_>, row: &PageRow) {
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
pub(super) fn facts_line(ui: &mut Ui, cx: &Cx<'_>, row: &PageRow) {
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

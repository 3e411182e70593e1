//! What crossed a client's own session, open or closed, and who is at its other end.

use egui::text::LayoutJob;
use egui::{Label, RichText, Ui};

use super::client_rows::state_words;
use crate::i18n;
use crate::model::{Command, Protocol, SessionId};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::view::SessionView;
use crate::ui::widgets::button::{Weight, button};
use crate::ui::widgets::icon::{self, Icon};
use crate::ui::widgets::process_ids::with_process_ids;

/// Draws the bytes each way, the process at the other end where it is known, and the two other ways to end an open connection.
pub fn session_row(ui: &mut Ui, cx: &mut Cx<'_>, session: SessionId) {
    let Some(view) = cx.sessions.by_id.get(&session) else { return };
    let (tokens, language) = (cx.tokens, cx.language);
    ui.horizontal(|ui| {
        ui.set_min_height(tokens.control_height);
        ui.spacing_mut().item_spacing.x = tokens.space_small;
        for (bytes, picture, colour) in [
            (view.traffic.received(), Icon::ArrowDown, tokens.incoming),
            (view.traffic.sent(), Icon::ArrowUp, tokens.outgoing),
        ] {
            let (rect, _) = ui.allocate_exact_size(egui::vec2(14.0, tokens.row_height), egui::Sense::hover());
            icon::paint(ui.painter(), rect, picture, if view.open { colour } else { tokens.text_muted });
            let words = RichText::new(i18n::byte_size(bytes)).font(tokens.mono_font());
            ui.label(words).on_hover_text(i18n::bytes(bytes));
            ui.add_space(tokens.space);
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = tokens.space_controls;
            if view.open && view.info.protocol.has_connection() {
                endings(ui, cx, session, view);
            }
            let is_ending = view.peer_finished || view.finished_sending || !view.open;
            let state = is_ending.then(|| state_words(language, view));
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let small = |words: String| RichText::new(words).font(tokens.small_font()).color(tokens.text_muted);
                if let Some(process) = view.info.process.as_ref() {
                    let (ids, whole) = (i18n::process_ids(language, process), i18n::process(language, process));
                    let room = ui.available_width() - state.as_ref().map_or(0.0, |state| width(ui, cx, state));
                    let label = match with_process_ids(ui, tokens, &LayoutJob::default(), &ids, room) {
                        Some(ids) => Label::new(ids),
                        None => Label::new(small("…".to_owned())).truncate(),
                    };
                    ui.add(label).on_hover_text(whole).accessible_name(ids);
                    ui.add_space(tokens.space);
                }
                if let Some(state) = state {
                    ui.add(Label::new(small(state.clone())).truncate()).on_hover_text(state);
                    ui.add_space(tokens.space);
                }
            });
        });
    });
}

/// Points that the words take behind others.
fn width(ui: &Ui, cx: &Cx<'_>, words: &str) -> f32 {
    let job = LayoutJob::simple_singleline(words.to_owned(), cx.tokens.small_font(), cx.tokens.text_muted);
    ui.fonts_mut(|fonts| fonts.layout_job(job)).size().x + cx.tokens.space + 2.0 * ui.spacing().item_spacing.x
}

/// The ways to end a connection other than closing it; only TCP knows a reset.
fn endings(ui: &mut Ui, cx: &mut Cx<'_>, session: SessionId, view: &SessionView) {
    let language = cx.language;
    let finished = view.finished_sending.then(|| tr!(language, "client.finished"));
    let reset = (view.info.protocol == Protocol::Tcp).then_some((Command::Reset { session }, None));
    for (command, blocked) in reset.into_iter().chain([(Command::FinishSending { session }, finished)]) {
        let action = UiCommand::Engine(command);
        let label = action.label(language);
        let tooltip = action.tooltip(language).unwrap_or_default();
        if button(ui, cx.tokens, Weight::Plain, &label, 0.0, blocked).on_hover_text(tooltip).clicked() {
            cx.act(action);
        }
    }
}

#[cfg(test)]
mod tests;

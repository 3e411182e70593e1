//! The line above the journal: what is shown, how much there is, and what can be done with it.

use egui::{Button, RichText, Ui};

use super::JournalPanel;
use super::row_text::group;
use crate::codec::encoding::Encoding;
use crate::i18n;
use crate::model::{Delivery, PageRow, Role, SessionId, SocketId};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::view::Sessions;
use crate::ui::widgets::choice::choice;
use crate::ui::widgets::field::control_caption;
use crate::ui::widgets::icon::{Icon, icon_button};

impl JournalPanel {
    pub(super) fn show_toolbar(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let height = cx.tokens.control_height;
        ui.allocate_ui_with_layout(
            egui::vec2(ui.available_width(), height),
            egui::Layout::right_to_left(egui::Align::Center),
            |ui| {
                self.show_buttons(ui, cx);
                show_encoding(ui, cx, self.chosen.as_ref());
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    let width = (ui.available_width() * 0.42).clamp(120.0, 380.0);
                    self.filter_field.show(ui, cx, width);
                    show_scope(ui, cx);
                    self.show_status(ui, cx);
                });
            },
        );
    }

    fn show_status(&self, ui: &mut Ui, cx: &Cx<'_>) {
        let tokens = cx.tokens;
        if let Some(error) = self.filter_field.error() {
            let words = i18n::filter_error(cx.language, error);
            ui.add(egui::Label::new(RichText::new(words).color(tokens.error)).truncate());
            return;
        }
        if let Some(missed) = self.losses.recording_missed() {
            let words = tr!(cx.language, "journal.not_recording", count = group(missed));
            ui.label(RichText::new(words).color(tokens.error));
        }
        let mut parts = vec![match self.pages.total() {
            1 => tr!(cx.language, "journal.one_row").into_owned(),
            total => tr!(cx.language, "journal.rows", count = group(total)).into_owned(),
        }];
        if self.pages.removed() > 0 {
            parts.push(tr!(cx.language, "journal.removed", count = group(self.pages.removed())).into_owned());
        }
        if !self.filter.is_empty() {
            parts.push(tr!(cx.language, "journal.shown", count = group(self.pages.matches())).into_owned());
        }
        if self.is_searching() {
            parts.push(self.searching(cx.language).into_owned());
        }
        if self.bar.is_none() {
            parts.extend(self.hunt.progress(cx.language).map(std::borrow::Cow::into_owned));
        }
        if let Some(said) = &self.said {
            parts.push(said.words(cx.language).into_owned());
        }
        ui.add(egui::Label::new(RichText::new(parts.join(" · ")).color(tokens.text_muted)).truncate());
        self.show_losses(ui, cx);
        // Behind the others: what comes before a label makes another one of it for a screen reader.
        if !self.losses.held_up().is_zero() {
            let words = tr!(cx.language, "journal.held_up", time = i18n::short_span(self.losses.held_up()));
            ui.label(RichText::new(words).color(tokens.warning))
                .on_hover_text(tr!(cx.language, "journal.held_up_help"));
        }
    }

    fn show_losses(&self, ui: &mut Ui, cx: &Cx<'_>) {
        let tokens = cx.tokens;
        let datagrams =
            cx.sessions.by_id.values().any(|session| session.info.protocol.delivery() == Delivery::Datagrams);
        let (words, lost) = match self.losses.dropped() {
            Some(dropped) => (tr!(cx.language, "journal.dropped", count = group(dropped)), dropped > 0),
            // Streams lose nothing, so there is nothing to be known.
            None if !datagrams => return self.show_truncated(ui, cx),
            None => (tr!(cx.language, "journal.dropped_unknown"), false),
        };
        let color = if lost { tokens.warning } else { tokens.text_muted };
        ui.label(RichText::new(words).color(color)).on_hover_text(tr!(cx.language, "journal.dropped_help"));
        self.show_truncated(ui, cx);
    }

    fn show_truncated(&self, ui: &mut Ui, cx: &Cx<'_>) {
        let truncated = self.losses.truncated();
        if truncated > 0 {
            let words = tr!(cx.language, "journal.truncated", count = group(truncated));
            ui.label(RichText::new(words).color(cx.tokens.warning))
                .on_hover_text(tr!(cx.language, "journal.truncated_help"));
        }
    }

    fn show_buttons(&self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let can = self.pages.total() > 0;
        for (enabled, action, name) in [
            (can, UiCommand::SaveJournal, tr!(cx.language, "journal.save")),
            (can && !self.is_opened, UiCommand::ClearJournal, tr!(cx.language, "journal.clear")),
        ] {
            let mut response = ui.add_enabled(enabled, Button::new(name));
            if let Some(tooltip) = action.tooltip(cx.language) {
                response = response.on_hover_text(tooltip);
            }
            if response.clicked() {
                cx.act(action);
            }
        }
        let follow = ui.add(Button::selectable(self.follow_end, tr!(cx.language, "journal.follow")));
        let follow = match UiCommand::ToggleFollow.tooltip(cx.language) {
            Some(tooltip) => follow.on_hover_text(tooltip),
            None => follow,
        };
        if follow.clicked() {
            cx.act(UiCommand::ToggleFollow);
        }
        let action = UiCommand::ToggleStatistics;
        let tooltip = action.tooltip(cx.language).unwrap_or_default();
        if icon_button(ui, cx.tokens, Icon::Columns, &action.label(cx.language), &tooltip).clicked() {
            cx.act(action);
        }
    }
}

/// Whose bytes the choice of an encoding is about: those of the session or tab that is shown alone, else of the `chosen`
/// row's, else of all. A client is one conversation, however often it connects; a listener's sessions may differ.
fn reach_of_encoding(sessions: &Sessions, chosen: Option<&PageRow>) -> Option<(SocketId, Option<SessionId>)> {
    let row = chosen.map(|row| (row.socket, row.session));
    let (socket, session) = match (sessions.selected, row) {
        // Within the tab that is shown alone, a row still tells which of its sessions is meant.
        (Some((socket, None)), Some(row)) if row.0 == socket => row,
        (Some(selected), _) => selected,
        (None, row) => row?,
    };
    let of_server = |session: &SessionId| sessions.by_id.get(session).is_none_or(|view| view.info.role == Role::Server);
    Some((socket, session.filter(of_server)))
}

fn show_encoding(ui: &mut Ui, cx: &mut Cx<'_>, chosen: Option<&PageRow>) {
    let language = cx.language;
    let reach = reach_of_encoding(cx.sessions, chosen);
    let shown_as = &cx.sessions.shown_as;
    let before = reach.map_or_else(|| shown_as.common(), |(socket, session)| Some(shown_as.encoding(socket, session)));
    let mut encoding = before;
    let (name, help) = match reach {
        Some((_, Some(session))) => {
            (tr!(language, "journal.show_session_as", session = session), tr!(language, "journal.show_as_help_session"))
        }
        Some((_, None)) => (tr!(language, "journal.show_as"), tr!(language, "journal.show_as_help")),
        None => (tr!(language, "journal.show_as"), tr!(language, "journal.show_as_help_all")),
    };
    let options = Encoding::ALL.map(Some);
    let response = choice(ui, "journal-encoding", &name, 92.0, &mut encoding, &options, |option| match option {
        Some(encoding) => encoding.name().into(),
        None => tr!(language, "journal.show_as_differs"),
    });
    response.on_hover_text(help);
    control_caption(ui, cx.tokens.font(), cx.tokens.text_muted, &name);
    if let Some(encoding) = encoding.filter(|_| encoding != before) {
        cx.act(match reach {
            Some((socket, session)) => UiCommand::SetDisplayEncoding(socket, session, encoding),
            None => UiCommand::SetDisplayEncodingOfAll(encoding),
        });
    }
}

/// Which tab or session is shown alone, with the way back to all.
fn show_scope(ui: &mut Ui, cx: &mut Cx<'_>) {
    let Some((socket, session)) = cx.sessions.selected else {
        ui.label(RichText::new(tr!(cx.language, "journal.all_sessions")).color(cx.tokens.text_muted));
        return;
    };
    let name = match session {
        Some(id) => {
            let protocol = cx.sessions.by_id.get(&id).map(|session| session.info.protocol.scheme());
            tr!(cx.language, "journal.only_session", session = format!("{} #{id}", protocol.unwrap_or("")).trim())
        }
        None => match cx.sessions.by_id.values().find(|session| session.info.socket == socket) {
            Some(session) if session.info.role == Role::Server => tr!(cx.language, "journal.only_server"),
            Some(_) => tr!(cx.language, "journal.only_client"),
            None => tr!(cx.language, "journal.only_tab"),
        },
    };
    let text = format!("{name}  ×");
    let response = ui
        .add(Button::new(RichText::new(text).color(cx.tokens.text)).small().corner_radius(10.0))
        .on_hover_text(tr!(cx.language, "journal.widen"))
        .accessible_name(format!("{name}, {}", tr!(cx.language, "journal.widen")));
    if response.clicked() {
        cx.act(UiCommand::ShowOnly(None));
    }
}

//! Those who answer a client that is not connected: one row each, beside its own session.

use egui::{Label, RichText, Sense, Ui, WidgetInfo};

use super::server::peer_name;
use crate::i18n;
use crate::model::{SessionId, SocketId};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;

/// As many as are listed; the rest is counted.
const LISTED_MAX: usize = 100;

/// Draws them in the order in which they came. A click shows one alone in the journal.
pub fn answering_rows(ui: &mut Ui, cx: &mut Cx<'_>, socket: SocketId, sessions: &[SessionId]) {
    let (tokens, language) = (cx.tokens, cx.language);
    for session in sessions.iter().take(LISTED_MAX) {
        let Some(view) = cx.sessions.by_id.get(session) else { continue };
        let peer = peer_name(language, cx.sessions, *session);
        let [received, sent] = [view.traffic.received(), view.traffic.sent()].map(i18n::byte_size);
        let words = tr!(language, "client.answering", peer = peer, received = received, sent = sent);
        let only = cx.sessions.shows_only(socket, Some(*session));
        let colour = if view.open { tokens.text } else { tokens.text_muted };
        let background = if only { tokens.selection } else { egui::Color32::TRANSPARENT };
        let text = RichText::new(&*words).font(tokens.mono_font()).color(colour).background_color(background);
        let row = ui.add(Label::new(text).truncate().sense(Sense::click()));
        row.widget_info(|| WidgetInfo::selected(egui::Role::ListItem, true, only, &*words));
        if row.on_hover_text(tr!(language, "tooltip.show_only")).clicked() {
            cx.act(UiCommand::ShowOnly((!only).then_some((socket, Some(*session)))));
        }
    }
    if let Some(more @ 1..) = sessions.len().checked_sub(LISTED_MAX) {
        let words = tr!(language, "time_wait.more", count = more);
        ui.label(RichText::new(words).font(tokens.small_font()).color(tokens.text_muted));
    }
}

//! The sessions of a listener. Only the rows that are visible are laid out, however many there are.

use egui::text::{LayoutJob, TextFormat};
use egui::{
    Align2, Checkbox, FontFamily, FontId, Key, Modifiers, Popup, Rect, Response, Sense, SetOpenCommand, Ui, UiBuilder,
    WidgetInfo, pos2, vec2,
};

use super::server::{calm_words, peer_name};
use crate::i18n::{self, Language};
use crate::model::{Command, Delivery, SessionId};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::clock::time_of_day;
use crate::ui::context::Cx;
use crate::ui::tabs::{ServerState, ServerTabState};
use crate::ui::view::SessionView;
use crate::ui::widgets::icon::{self, Icon, icon_button};
use crate::ui::widgets::process_ids::with_process_ids;
use crate::ui::widgets::state_dot::DotState;

const CHECK_WIDTH: f32 = 24.0;
/// An arrow, the longest count behind it, `1023 B` or `1.21 GiB`, and a gap.
const COUNT_WIDTH: f32 = 86.0;
/// From a count's arrow to its digits.
const ARROW_WIDTH: f32 = 18.0;
const SINCE_WIDTH: f32 = 64.0;

/// Draws the open sessions in the order in which they came, then the latest closed ones.
pub fn client_rows(ui: &mut Ui, cx: &mut Cx<'_>, tab: &mut ServerTabState) {
    let total = tab.open.len() + tab.closed.len();
    if total == 0 {
        let words = match (&tab.state, tab.protocol().delivery()) {
            (ServerState::Listening(_), Delivery::Datagrams) => tr!(cx.language, "server.no_peers_yet"),
            (ServerState::Listening(_), _) => tr!(cx.language, "server.no_clients_yet"),
            // What is in the way of the next step has been said above.
            (ServerState::Idle, _) if tab.message.is_some() || tab.form.mistake().is_some() => return,
            (ServerState::Idle, Delivery::Datagrams) => tr!(cx.language, "server.next_step_datagrams"),
            (ServerState::Idle, _) => tr!(cx.language, "server.next_step"),
            (ServerState::Starting | ServerState::Waiting | ServerState::Stopping, _) => return,
        };
        calm_words(ui, cx, &words);
        return;
    }
    let height = cx.tokens.row_height + 2.0;
    let (area, _) = ui.allocate_exact_size(vec2(ui.available_width(), height * total as f32), Sense::hover());
    let visible = ui.clip_rect();
    let index = |y: f32| ((y - area.top()) / height).max(0.0) as usize;
    let (first, end) = (index(visible.top()), (index(visible.bottom()) + 1).min(total));
    if first >= end {
        return;
    }
    let shown: Vec<SessionId> =
        tab.open.iter().chain(tab.closed.iter().rev()).copied().skip(first).take(end - first).collect();
    for (offset, session) in shown.into_iter().enumerate() {
        let top = area.top() + (first + offset) as f32 * height;
        let rect = Rect::from_min_size(pos2(area.left(), top), vec2(area.width(), height));
        let builder = UiBuilder::new().max_rect(rect).id_salt(session);
        ui.scope_builder(builder, |ui| row(ui, cx, tab, session, rect));
    }
    // A row that only paints has taken no room: what follows would begin on top of it.
    ui.advance_cursor_after_rect(area);
}

fn row(ui: &mut Ui, cx: &mut Cx<'_>, tab: &mut ServerTabState, session: SessionId, rect: Rect) {
    let sessions = cx.sessions;
    let Some(view) = sessions.by_id.get(&session) else { return };
    let (tokens, language) = (cx.tokens, cx.language);
    let name = peer_name(language, sessions, session);
    let (received, sent) = (view.traffic.received(), view.traffic.sent());
    let only = sessions.shows_only(tab.socket, Some(session));
    let since = time_of_day(view.info.since_wall_ns, cx.zone);

    let response = ui.interact(rect, ui.scope_id().with("row"), Sense::click());
    let ids = view.info.process.as_ref().map(|process| i18n::process_ids(language, process));
    response.widget_info(|| {
        let ids = ids.as_ref().map(|ids| format!(", {ids}")).unwrap_or_default();
        let words = tr!(
            language,
            "client_row.spoken",
            peer = format!("{name}{ids}"),
            received = i18n::bytes(received),
            sent = i18n::bytes(sent),
            state = state_words(language, view),
            since = since
        );
        WidgetInfo::selected(egui::Role::ListItem, true, only, words)
    });
    if only {
        ui.painter().rect_filled(rect, tokens.radius - 2, tokens.selection);
    } else if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, tokens.radius - 2, tokens.row_hover);
    }
    let has_options = view.open && view.info.protocol.has_connection();
    let options = has_options.then_some(UiCommand::ShowPeerOptions(tab.socket, session));
    let actions = options.into_iter().chain([UiCommand::ShowPeerCode(tab.socket, session)]);
    menu(ui, cx, &response, &name, actions);
    if response.clicked() {
        cx.act(UiCommand::ShowOnly((!only).then_some((tab.socket, Some(session)))));
    }

    if view.open {
        let mut ticked = tab.chosen.contains(&session);
        let place = Rect::from_min_size(rect.min + vec2(2.0, -2.0), vec2(20.0, rect.height()));
        let check = ui.put(place, Checkbox::without_text(&mut ticked));
        if check.accessible_name(tr!(language, "client_row.send_to", peer = name)).clicked() {
            tab.toggle_chosen(session);
        }
    }
    let dot = dot_state(view);
    dot.paint(ui.painter(), pos2(rect.left() + CHECK_WIDTH + 8.0, rect.center().y), tokens);

    let mut right = rect.right() - tokens.row_height - tokens.space_small;
    if view.open {
        let place = Rect::from_min_size(pos2(rect.right() - tokens.row_height, rect.top() + 1.0), {
            vec2(tokens.row_height, tokens.row_height)
        });
        let label = tr!(language, "client_row.disconnect", peer = name);
        let close = ui
            .scope_builder(UiBuilder::new().max_rect(place), |ui| icon_button(ui, tokens, Icon::Close, &label, &label));
        if close.inner.clicked() {
            cx.act(UiCommand::Engine(Command::Close { session }));
        }
    }
    let muted = if view.open { tokens.text } else { tokens.text_muted };
    let middle = rect.center().y;
    let digits = FontId::new(tokens.text_small, FontFamily::Monospace);
    let text = |ui: &Ui, x: f32, align: Align2, words: &str, colour| {
        ui.painter().text(pos2(x, middle), align, words, digits.clone(), colour);
    };
    text(ui, right, Align2::RIGHT_CENTER, &since, tokens.text_muted);
    right -= SINCE_WIDTH;
    for (bytes, picture, colour) in
        [(sent, Icon::ArrowUp, tokens.outgoing), (received, Icon::ArrowDown, tokens.incoming)]
    {
        right -= COUNT_WIDTH;
        text(ui, right + ARROW_WIDTH, Align2::LEFT_CENTER, &i18n::byte_size(bytes), muted);
        let place = Rect::from_center_size(pos2(right + ARROW_WIDTH / 2.0, middle), vec2(14.0, 14.0));
        icon::paint(ui.painter(), place, picture, if view.open { colour } else { tokens.text_muted });
    }
    let left = rect.left() + CHECK_WIDTH + 20.0;
    let state = state_words(language, view);
    let room = (right - left - tokens.space_small).max(0.0);
    let mut job = LayoutJob::simple_singleline(name.clone(), tokens.mono_font(), muted);
    if let Some(with_ids) = ids.and_then(|ids| with_process_ids(ui, tokens, &job, &ids, room)) {
        job = with_ids;
    }
    if !view.open || view.peer_finished || view.finished_sending {
        let small =
            TextFormat { valign: egui::Align::Center, ..TextFormat::simple(tokens.small_font(), tokens.text_muted) };
        job.append(&state, tokens.space, small);
    }
    job.wrap = egui::text::TextWrapping::truncate_at_width(room);
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    let at = pos2(left, middle - galley.size().y / 2.0);
    ui.painter().galley(at, galley, muted);
    let explained = match has_options {
        true => tr!(language, "client_row.explained_with_options"),
        false => tr!(language, "client_row.explained"),
    };
    let process = view.info.process.as_ref();
    let process = process.map(|process| format!("{}\n", i18n::process(language, process))).unwrap_or_default();
    response.on_hover_text(format!("{name} · {state} · {since}\n{process}{explained}"));
}

/// What a right click on the row of a peer offers, or the key that stands for it.
fn menu(ui: &Ui, cx: &mut Cx<'_>, row: &Response, peer: &str, actions: impl Iterator<Item = UiCommand>) {
    let by_key = row.has_focus() && ui.input_mut(|input| input.consume_key(Modifiers::SHIFT, Key::F10));
    let opens = (row.secondary_clicked() || by_key).then_some(SetOpenCommand::Bool(true));
    Popup::menu(row).open_memory(opens).accessible_name(peer).show(|ui| {
        for action in actions {
            let tooltip = action.tooltip(cx.language).unwrap_or_default();
            if ui.button(action.label(cx.language)).on_hover_text(tooltip).clicked() {
                cx.act(action);
            }
        }
    });
}

fn dot_state(view: &SessionView) -> DotState {
    match (view.open, view.peer_finished || view.finished_sending) {
        (false, _) => DotState::Idle,
        (true, true) => DotState::Half,
        (true, false) => DotState::Open,
    }
}

/// The state of a session in words.
#[must_use]
pub fn state_words(language: Language, view: &SessionView) -> String {
    if let Some(reason) = view.closed {
        return i18n::close_reason(language, reason);
    }
    match (view.peer_finished, view.finished_sending) {
        (false, false) => tr!(language, "session.open"),
        (true, false) => tr!(language, "session.peer_finished"),
        (false, true) => tr!(language, "session.finished_sending"),
        (true, true) => tr!(language, "session.both_finished"),
    }
    .into_owned()
}

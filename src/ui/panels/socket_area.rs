//! Options and live state of a tab's socket, and the way to its code, at the end of what "More" opens.

use std::time::Duration;

use egui::Ui;

use super::code::code_button;
use super::server::peer_name;
use crate::model::{Command, SessionId};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::tabs::{EndpointForm, SocketView};
use crate::ui::widgets::disclosure::disclosure;
use crate::ui::widgets::field::caption;
use crate::ui::widgets::live_state::live_state;
use crate::ui::widgets::options_form::{OptionsOf, connection_options, options_form};

/// Draws them. `connection` is the listener's connection whose state is shown instead of the listener's own.
pub fn socket_area(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    of: OptionsOf,
    connection: Option<SessionId>,
    form: &mut EndpointForm,
    view: &mut SocketView,
) {
    let language = cx.language;
    ui.horizontal(|ui| {
        disclosure(ui, cx.tokens, &tr!(language, "options.all"), &mut view.options_open);
        if of.open {
            disclosure(ui, cx.tokens, &tr!(language, "live.title"), &mut view.state_open);
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| code_button(ui, cx, of.role, of.socket));
    });
    if view.options_open {
        match &mut view.alone {
            Some(alone) => {
                let peer = peer_name(language, cx.sessions, alone.session);
                let protocol = cx.sessions.by_id.get(&alone.session).map_or(form.protocol, |view| view.info.protocol);
                if connection_options(ui, cx, of, protocol, &peer, alone) {
                    view.alone = None;
                }
            }
            None => options_form(ui, cx, of, form, &view.own),
        }
    }
    if !(view.state_open && of.open) {
        return;
    }
    // Datagrams of all peers come to one socket.
    if of.session.is_none() && form.protocol.has_connection() {
        let words = match connection {
            Some(session) => tr!(language, "live.of_connection", peer = peer_name(language, cx.sessions, session)),
            None => tr!(language, "live.of_listener"),
        };
        caption(ui, cx.tokens, &words);
    }
    live_state(ui, cx, view.state(connection));
}

/// Has the engine look at a tab's sockets, a few times a second at most: while what comes of it is a state that is on
/// screen, and else after something has crossed. A window that is hidden draws nothing and so asks for nothing.
pub fn keep_fresh(ui: &Ui, cx: &mut Cx<'_>, view: &mut SocketView, looks: Vec<Command>, crossed: u64, on_screen: bool) {
    let now = ui.input(|input| input.time);
    let Some(mut wait) = view.due_in(now, crossed, on_screen).filter(|_| !looks.is_empty()) else { return };
    if wait <= 0.0 {
        view.set_asked(now, crossed);
        looks.into_iter().for_each(|look| cx.act(UiCommand::Engine(look)));
        // Whether an answer has the window drawn or none comes, the next look does not depend on it.
        let Some(next) = view.due_in(now, crossed, on_screen) else { return };
        wait = next;
    }
    ui.ctx().request_repaint_after(Duration::from_secs_f64(wait));
}

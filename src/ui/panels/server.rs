use std::borrow::Cow;
use std::time::Duration;

use egui::{Id, RichText, Ui};

use super::browser_options::{browser_options, open_in_browser};
use super::client_rows::client_rows;
use super::shell::{FEW_ROWS, StateLine, border_above, scrolling, state_line};
use super::socket_area::{keep_fresh, socket_area};
use crate::codec::compose::Format;
use crate::codec::visible::visible;
use crate::i18n::{self, Language};
use crate::model::{Command, Endpoint, Hint, Protocol, Purpose, Role, SessionId};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::tabs::{BrowserKind, PortWait, RecipientChoice, RespondKind, ServerState, ServerTabState, title};
use crate::ui::view::Sessions;
use crate::ui::widgets::bottom_panel::bottom_panel;
use crate::ui::widgets::button::Weight;
use crate::ui::widgets::choice::choice;
use crate::ui::widgets::composer::Composer;
use crate::ui::widgets::endpoint_row::{StartButton, endpoint_row, options_field};
use crate::ui::widgets::field::{Field, caption, mistake, remark, row_caption};
use crate::ui::widgets::group_list::{addresses_field, group_list};
use crate::ui::widgets::message_line::{Message, message_line};
use crate::ui::widgets::multicast_row::multicast_row;
use crate::ui::widgets::options_form::OptionsOf;
use crate::ui::widgets::receive_options::{half_open_option, receive_options};
use crate::ui::widgets::state_dot::DotState;
use crate::ui::widgets::tab_strip::TabTitle;
use crate::ui::widgets::time_wait::time_wait;
use crate::ui::widgets::transfer_rows::transfer_rows;

/// As many open sessions as "Recipients" lists one by one.
const LISTED_MAX: usize = 100;

/// Points that the row of choices needs for a word before the recipients.
const ROOM_FOR_TO: f32 = 524.0;

impl ServerTabState {
    #[must_use]
    pub fn title(&self) -> TabTitle {
        let (title, state) = match &self.state {
            ServerState::Listening(endpoint) => (title(endpoint), DotState::Open),
            ServerState::Idle => (self.form.title(), DotState::Idle),
            ServerState::Starting | ServerState::Waiting | ServerState::Stopping => (self.form.title(), DotState::Busy),
        };
        TabTitle { socket: self.socket, title, state }
    }

    /// Draws the tab under the panel's heading.
    pub fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let whole = ui.available_height();
        let place = self.form.place();
        let mistake = self.endpoint(ui, cx);
        if self.form.place() != place {
            // What failed was something else.
            self.message.take_if(|message| matches!(message, Message::Failed(_)));
        }
        let words = self.state_words(cx.language);
        let mut line = StateLine {
            dot: self.title().state,
            words: &words,
            mistake,
            dropped: self.dropped,
            rtt: None,
            socket: self.socket,
            session: None,
            more_open: &mut self.more_open,
        };
        state_line(ui, cx, &mut line);
        if self.state == ServerState::Waiting {
            self.repaint_with_countdown(ui);
        }
        open_in_browser(ui, cx, self);
        self.keep_fresh(ui, cx);
        let padding = egui::Frame::new().inner_margin(cx.tokens.bottom_padding);
        bottom_panel(ui, Id::unique(("composer", self.socket.0)), padding, |ui| self.composer(ui, cx));
        let around = whole - ui.available_height();
        let few = FEW_ROWS * cx.tokens.row_height;
        let before = self.heights;
        let (above, below) = before.share(ui.available_rect_before_wrap());
        scrolling(ui, cx.tokens, ("server", self.socket.0), above, |ui| {
            let top = ui.cursor().top();
            if let Some(message) = &self.message
                && message_line(ui, cx.tokens, cx.language, message)
            {
                self.message = None;
            }
            let lesson = self.port_lesson(ui, cx);
            if lesson && ui.is_rect_visible(ui.min_rect()) {
                self.repaint_with_countdown(ui);
            }
            if self.more_open {
                self.more(ui, cx);
            }
            let rows = if self.more_open { few } else { 0.0 };
            let unfolded = self.more_open || lesson;
            self.heights.above = ui.cursor().top() - top;
            self.heights.full = if unfolded { around + self.heights.above + rows } else { 0.0 };
            if below.is_none() {
                self.rows(ui, cx);
            }
        });
        if let Some(below) = below {
            border_above(ui, cx, below);
            scrolling(ui, cx.tokens, ("clients", self.socket.0), below, |ui| self.rows(ui, cx));
        }
        let asks = self.transfers.rows().iter().any(|transfer| transfer.asks);
        self.heights.asking = if asks { around + self.heights.above + self.heights.rows } else { 0.0 };
        if self.heights.differ(&before) {
            ui.ctx().request_repaint();
        }
    }

    fn rows(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let top = ui.cursor().top();
        client_rows(ui, cx, self);
        transfer_rows(ui, cx, &mut self.transfers);
        let any = !(self.open.is_empty() && self.closed.is_empty() && self.transfers.rows().is_empty());
        self.heights.rows = if any { ui.cursor().top() - top } else { 0.0 };
    }

    /// The form; what is wrong with it, if anything.
    fn endpoint(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> Option<String> {
        let locked = self.state != ServerState::Idle;
        let action = if locked {
            UiCommand::Stop(Role::Server, self.socket)
        } else {
            UiCommand::Start(Role::Server, self.socket)
        };
        let start = StartButton {
            label: action.label(cx.language),
            weight: if locked { Weight::Plain } else { Weight::Primary },
            blocked: (self.state == ServerState::Stopping).then(|| tr!(cx.language, "server.stopping")),
        };
        let row = endpoint_row(ui, cx, Role::Server, self.socket, &mut self.form, locked, start);
        if row.pressed {
            cx.act(action);
        }
        let endpoint = match &self.state {
            ServerState::Listening(endpoint) => Some(endpoint.clone()),
            _ => self.form.target().ok().map(|target| target.endpoint),
        };
        if let Some(endpoint) = endpoint.filter(|endpoint| !endpoint.is_local()) {
            let words = match endpoint {
                Endpoint::Vsock(_) => tr!(cx.language, "server.reachable_by_machines"),
                _ => tr!(cx.language, "server.reachable"),
            };
            remark(ui, cx.tokens, &words);
        }
        row.mistake
    }

    /// What keeps the port, and the way to listen all the same; false where nothing of that kind is in the way.
    fn port_lesson(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> bool {
        let Some(Message::Failed(failure)) = &self.message else { return false };
        let Some(Hint::PortInTimeWait { sockets, more, reuse }) = &failure.hint else { return false };
        if time_wait(ui, cx.tokens, cx.language, (sockets, *more), *reuse) {
            if !reuse {
                self.form.reuse_address();
            }
            self.wait_for_address = true;
            cx.act(UiCommand::Start(Role::Server, self.socket));
        }
        true
    }

    /// Only what is on screen asks for it: an idle window without a countdown stays idle.
    fn repaint_with_countdown(&self, ui: &Ui) {
        let now = ui.input(|input| input.time);
        if let Some(seconds) = self.port_wait.as_ref().and_then(|wait| wait.changes_in(now)) {
            ui.ctx().request_repaint_after(Duration::from_secs_f64(seconds));
        }
    }

    fn state_words(&self, language: Language) -> Cow<'static, str> {
        match &self.state {
            ServerState::Idle => tr!(language, "server.idle"),
            ServerState::Starting => tr!(language, "server.starting"),
            ServerState::Waiting => match self.port_wait.as_ref().and_then(PortWait::left) {
                Some(seconds) => tr!(language, "server.waiting_seconds", seconds = seconds),
                None => tr!(language, "server.waiting"),
            },
            ServerState::Stopping => tr!(language, "server.stopping"),
            ServerState::Listening(endpoint) => {
                let endpoint = title(endpoint);
                match self.open.len() {
                    0 => tr!(language, "server.listening", endpoint = endpoint),
                    1 => tr!(language, "server.listening_one", endpoint = endpoint),
                    count => tr!(language, "server.listening_many", endpoint = endpoint, count = count),
                }
            }
        }
    }

    fn more(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let language = cx.language;
        let locked = self.state != ServerState::Idle;
        let before = (self.respond, self.reply.clone());
        ui.horizontal(|ui| {
            let label = tr!(language, "respond.label");
            row_caption(ui, cx.tokens, &label);
            choice(ui, "respond", &label, 120.0, &mut self.respond, &RespondKind::ALL, |kind| match kind {
                RespondKind::Nothing => tr!(language, "respond.nothing"),
                RespondKind::Echo => tr!(language, "respond.echo"),
                RespondKind::Reply => tr!(language, "respond.reply"),
            });
            if self.respond == RespondKind::Reply {
                let field = Field {
                    id: Id::unique(("reply", self.socket.0)),
                    label: &tr!(language, "respond.text"),
                    hint: &tr!(language, "respond.text.hint"),
                    width: ui.available_width(),
                    mistaken: self.respond().is_err(),
                };
                field.show(ui, cx.tokens, &mut self.reply);
            }
        });
        match self.respond() {
            Err(error) => mistake(ui, cx.tokens, &i18n::compose_error(language, &error)),
            Ok(respond) if locked && before != (self.respond, self.reply.clone()) => {
                cx.act(UiCommand::Engine(Command::SetRespond { socket: self.socket, respond }));
            }
            Ok(_) => {}
        }
        let protocol = self.protocol();
        if protocol.is_stream() {
            browser_options(ui, cx, self);
        }
        if protocol.is_stream() && self.browser.kind == BrowserKind::Off {
            let open = !self.open.is_empty();
            if receive_options(ui, cx, Role::Server, self.socket, &mut self.receive, self.form.tried, open)
                && locked
                && let Some((receive, admission)) = self.receive.intake(protocol)
            {
                cx.act(UiCommand::Engine(Command::SetReceive { socket: self.socket, receive, admission }));
            }
        }
        if protocol.has_connection() {
            half_open_option(ui, cx, &mut self.stay_half_open, locked);
        }
        options_field(ui, cx, self.socket, &mut self.form, locked);
        let (role, open) = (Role::Server, self.is_listening());
        let connections = if open && protocol.has_connection() { self.open.len() } else { 0 };
        let of = OptionsOf { role, socket: self.socket, locked, session: None, open, connections };
        if protocol == Protocol::Udp {
            group_list(ui, cx, self.socket, &mut self.form, &mut self.udp, open);
            multicast_row(ui, cx, of, &mut self.form, &self.view.own);
            self.addresses(ui, cx);
        }
        let connection = self.connection_shown(cx.sessions);
        socket_area(ui, cx, of, connection, &mut self.form, &mut self.view);
    }

    /// Whom to send to, whether they have written or not.
    fn addresses(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let changed = ui.horizontal(|ui| {
            let label = tr!(cx.language, "addresses.label");
            row_caption(ui, cx.tokens, &label);
            let width = ui.available_width();
            let hint = tr!(cx.language, "addresses.hint");
            addresses_field(ui, cx, self.socket, (&label, &hint), width, &self.form, &mut self.udp)
        });
        if let Some(Err(error)) = self.udp.addresses(&self.form) {
            mistake(ui, cx.tokens, &i18n::endpoint_error(cx.language, &error));
        }
        if changed.inner {
            self.addresses_changed();
        }
    }

    /// The connection that is selected, whose state is shown instead of the listener's own.
    fn connection_shown(&self, sessions: &Sessions) -> Option<SessionId> {
        let (socket, session) = sessions.selected?;
        session.filter(|session| socket == self.socket && self.open.contains(session))
    }

    fn keep_fresh(&mut self, ui: &Ui, cx: &mut Cx<'_>) {
        let shown = self.more_open && self.is_listening();
        let mut wanted = Vec::new();
        if shown && self.view.options_open {
            match &self.view.alone {
                None => wanted.push(None),
                Some(alone) => wanted.extend(alone.is_open.then_some(Some(alone.session))),
            }
        }
        let connection = self.connection_shown(cx.sessions);
        if shown && self.view.state_open && !wanted.contains(&connection) {
            wanted.push(connection);
        }
        let looks = wanted.into_iter().map(|session| Command::Inspect { socket: self.socket, session }).collect();
        keep_fresh(ui, cx, &mut self.view, looks, 0, true);
    }

    fn composer(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let language = cx.language;
        let (stream, connection) = (self.protocol().is_stream(), self.protocol().has_connection());
        let blocked = if !self.is_listening() {
            Some(tr!(language, "server.listen_first"))
        } else if self.recipients_left() {
            Some(tr!(language, "server.recipient_left"))
        } else if self.recipients().is_none() {
            Some(if connection { tr!(language, "server.nobody") } else { tr!(language, "server.nobody_yet") })
        } else {
            None
        };
        let files_blocked = if stream { blocked.clone() } else { Some(tr!(language, "file.needs_a_stream")) };
        let composer = Composer {
            role: Role::Server,
            socket: self.socket,
            formats: self.form.formats(),
            empty_is_a_message: self.form.formats().contains(&Format::Text) && !stream,
            blocked,
            files_blocked,
        };
        let mut draft = std::mem::take(&mut self.draft);
        composer.show(ui, cx, &mut draft, |ui, cx| self.recipients_choice(ui, cx));
        self.draft = draft;
    }

    fn recipients_choice(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let language = cx.language;
        let label = tr!(language, "server.recipients");
        let mut options = vec![RecipientChoice::All];
        if !self.chosen.is_empty() || self.recipients == RecipientChoice::Chosen {
            options.push(RecipientChoice::Chosen);
        }
        let addresses = self.udp.addresses(&self.form).and_then(Result::ok).map_or(0, |addresses| addresses.len());
        if addresses > 0 || self.recipients == RecipientChoice::Addresses {
            options.push(RecipientChoice::Addresses);
        }
        // Only an open list shows them all; the one that is chosen is always there.
        options.extend(self.open.iter().take(LISTED_MAX).map(|session| RecipientChoice::One(*session)));
        let (open, chosen) = (self.open.len(), self.chosen.len());
        let roomy = ui.available_width() >= ROOM_FOR_TO;
        if roomy {
            caption(ui, cx.tokens, &tr!(language, "recipients.to"));
        }
        let width = if roomy { 136.0 } else { 112.0 };
        let names = |option: RecipientChoice| match option {
            RecipientChoice::All if open == 0 => tr!(language, "recipients.nobody"),
            RecipientChoice::All if roomy => tr!(language, "recipients.all", count = open),
            RecipientChoice::All => tr!(language, "recipients.to_all", count = open),
            RecipientChoice::Chosen => tr!(language, "recipients.chosen", count = chosen),
            RecipientChoice::Addresses => tr!(language, "recipients.addresses", count = addresses),
            RecipientChoice::One(session) => {
                tr!(language, "recipients.one", peer = peer_name(language, cx.sessions, session))
            }
        };
        let response = choice(ui, "recipients", &label, width, &mut self.recipients, &options, names);
        if response.on_hover_text(tr!(language, "recipients.explained")).changed() {
            self.chosen_again();
        }
    }
}

/// How a session is called: its peer's address, or its number and process where the peer has none.
#[must_use]
pub fn peer_name(language: Language, sessions: &Sessions, session: SessionId) -> String {
    let info = sessions.by_id.get(&session).map(|view| &view.info);
    let peer = info.map(|info| visible(&info.peer.to_string())).unwrap_or_default();
    if info.is_some_and(|info| info.purpose != Purpose::Talk) {
        return tr!(language, "session.files", peer = peer).into_owned();
    }
    if !peer.is_empty() {
        return peer;
    }
    match info.and_then(|info| info.process.as_ref()?.name.as_deref()) {
        Some(name) => tr!(language, "session.unnamed_process", number = session, name = visible(name)).into_owned(),
        None => tr!(language, "session.unnamed", number = session).into_owned(),
    }
}

/// What a panel says while it has nothing to show: why, or the next step.
pub fn calm_words(ui: &mut Ui, cx: &Cx<'_>, words: &str) {
    let height = ui.available_height();
    ui.vertical_centered(|ui| {
        ui.add_space((height / 2.0 - cx.tokens.text_size).max(cx.tokens.space));
        ui.label(RichText::new(words).color(cx.tokens.text_muted));
    });
}

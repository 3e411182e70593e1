use std::borrow::Cow;

use egui::{Id, Ui};

use super::answering_rows::answering_rows;
use super::server::calm_words;
use super::session_row::session_row;
use super::shell::{FEW_ROWS, StateLine, border_above, scrolling, state_line};
use super::socket_area::{keep_fresh, socket_area};
use crate::codec::compose::Format;
use crate::codec::visible::visible;
use crate::i18n;
use crate::model::{Command, Delivery, Protocol, Role};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::tabs::{ClientState, ClientTabState};
use crate::ui::widgets::bottom_panel::bottom_panel;
use crate::ui::widgets::button::Weight;
use crate::ui::widgets::composer::Composer;
use crate::ui::widgets::endpoint_row::{StartButton, endpoint_row, options_field};
use crate::ui::widgets::field::{Field, caption, control_caption, mistake, row_caption};
use crate::ui::widgets::group_list::{addresses_field, group_list};
use crate::ui::widgets::interface_menu::source_menu;
use crate::ui::widgets::message_line::{Message, message_line};
use crate::ui::widgets::multicast_row::multicast_row;
use crate::ui::widgets::options_form::OptionsOf;
use crate::ui::widgets::receive_options::{half_open_option, receive_options};
use crate::ui::widgets::state_dot::DotState;
use crate::ui::widgets::tab_strip::TabTitle;
use crate::ui::widgets::transfer_rows::transfer_rows;

/// Points that the choices of format, encoding and line ending take with the count behind them.
const ROOM_FOR_CHOICES: f32 = 384.0;
/// Points for a list of addresses; with less, it gets a line of its own.
const ADDRESSES_LEAST: f32 = 240.0;

impl ClientTabState {
    #[must_use]
    pub fn title(&self) -> TabTitle {
        let state = match self.state {
            ClientState::Idle => DotState::Idle,
            ClientState::Open(_) => DotState::Open,
            ClientState::Connecting { .. } | ClientState::Waiting(_) | ClientState::Disconnecting => DotState::Busy,
        };
        TabTitle { socket: self.socket, title: self.form.title(), state }
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
        let words = self.state_words(cx);
        let mut dot = self.title().state;
        if let Some(view) = self.session().and_then(|session| cx.sessions.by_id.get(&session))
            && (view.peer_finished || view.finished_sending)
        {
            dot = DotState::Half;
        }
        let mut line = StateLine {
            dot,
            words: &words,
            mistake,
            dropped: self.dropped,
            rtt: self.rtt(),
            socket: self.socket,
            session: None,
            more_open: &mut self.more_open,
        };
        state_line(ui, cx, &mut line);
        self.keep_fresh(ui, cx);
        let padding = egui::Frame::new().inner_margin(cx.tokens.bottom_padding);
        bottom_panel(ui, Id::unique(("composer", self.socket.0)), padding, |ui| self.composer(ui, cx));
        let around = whole - ui.available_height();
        let few = FEW_ROWS * cx.tokens.row_height;
        let before = self.heights;
        let (above, below) = before.share(ui.available_rect_before_wrap());
        scrolling(ui, cx.tokens, ("client", self.socket.0), above, |ui| {
            let top = ui.cursor().top();
            if let Some(message) = &self.message
                && message_line(ui, cx.tokens, cx.language, message)
            {
                self.message = None;
            }
            if self.more_open {
                self.more(ui, cx);
            }
            self.heights.above = ui.cursor().top() - top;
            self.heights.full = if self.more_open { around + self.heights.above + few } else { 0.0 };
            if below.is_none() {
                self.rows(ui, cx);
            }
        });
        if let Some(below) = below {
            border_above(ui, cx, below);
            scrolling(ui, cx.tokens, ("session", self.socket.0), below, |ui| self.rows(ui, cx));
        }
        let asks = self.transfers.rows().iter().any(|transfer| transfer.asks);
        self.heights.asking = if asks { around + self.heights.above + self.heights.rows } else { 0.0 };
        if self.heights.differ(&before) {
            ui.ctx().request_repaint();
        }
    }

    fn rows(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if self.state == ClientState::Idle && self.last.is_none() {
            self.next_step(ui, cx);
        }
        let top = ui.cursor().top();
        if let Some((session, _)) = self.last {
            session_row(ui, cx, session);
        }
        answering_rows(ui, cx, self.socket, &self.answering);
        transfer_rows(ui, cx, &mut self.transfers);
        let any = self.last.is_some() || !self.transfers.rows().is_empty();
        self.heights.rows = if any { ui.cursor().top() - top } else { 0.0 };
    }

    /// The form; what is wrong with it, if anything.
    fn endpoint(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> Option<String> {
        let locked = self.state != ClientState::Idle;
        let action = if locked {
            UiCommand::Stop(Role::Client, self.socket)
        } else {
            UiCommand::Start(Role::Client, self.socket)
        };
        let label = match self.state {
            ClientState::Connecting { .. } | ClientState::Waiting(_) => tr!(cx.language, "action.cancel"),
            _ => action.label(cx.language),
        };
        let start = StartButton {
            label,
            weight: if locked { Weight::Plain } else { Weight::Primary },
            blocked: (self.state == ClientState::Disconnecting).then(|| tr!(cx.language, "client.disconnecting")),
        };
        let row = endpoint_row(ui, cx, Role::Client, self.socket, &mut self.form, locked, start);
        if row.pressed {
            cx.act(action);
        }
        row.mistake
    }

    fn state_words(&self, cx: &Cx<'_>) -> Cow<'static, str> {
        let language = cx.language;
        match &self.state {
            ClientState::Idle => match self.last {
                Some((_, Some(reason))) => {
                    tr!(language, "client.closed", reason = i18n::close_reason(language, reason))
                }
                _ => tr!(language, "client.idle"),
            },
            ClientState::Connecting { attempt } if attempt.is_empty() && self.form.is_name() => {
                tr!(language, "client.connecting")
            }
            ClientState::Connecting { attempt } if attempt.is_empty() => tr!(language, "client.connecting_plain"),
            ClientState::Connecting { attempt } if self.candidates > 1 => {
                tr!(language, "client.connecting_one_of", attempt = attempt, count = self.candidates)
            }
            ClientState::Connecting { attempt } => tr!(language, "client.connecting_to", attempt = attempt),
            ClientState::Waiting(delay) => {
                tr!(language, "client.waiting", delay = i18n::duration(language, *delay))
            }
            ClientState::Disconnecting => tr!(language, "client.disconnecting"),
            ClientState::Open(session) => {
                let Some(view) = cx.sessions.by_id.get(session) else { return tr!(language, "client.open") };
                let local = view.info.local.to_string();
                let peer = visible(&view.info.peer.to_string());
                let protocol = view.info.protocol;
                // A Unix datagram socket need not have a name.
                let is_named = protocol.is_unix() && !protocol.has_connection() && !local.is_empty();
                if protocol.is_over_ip() || is_named {
                    if !protocol.has_connection() {
                        tr!(language, "client.open_datagrams", local = visible(&local), peer = peer)
                    } else {
                        tr!(language, "client.open_between", local = local, peer = peer)
                    }
                } else if !protocol.has_connection() {
                    tr!(language, "client.open_on", peer = peer)
                } else if peer.is_empty() {
                    tr!(language, "client.open")
                } else {
                    tr!(language, "client.open_unix", peer = peer)
                }
            }
        }
    }

    /// What the connection is, or would be.
    fn protocol(&self, cx: &Cx<'_>) -> Protocol {
        let view = self.session().and_then(|session| cx.sessions.by_id.get(&session));
        view.map_or(self.form.protocol, |view| view.info.protocol)
    }

    /// What to do first, unless something that has been said above is in the way.
    fn next_step(&self, ui: &mut Ui, cx: &Cx<'_>) {
        if self.message.is_some() || self.form.mistake().is_some() {
            return;
        }
        let words = match self.form.protocol.delivery() {
            Delivery::Datagrams => tr!(cx.language, "client.next_step_datagrams"),
            Delivery::Stream | Delivery::Messages => tr!(cx.language, "client.next_step"),
        };
        calm_words(ui, cx, &words);
    }

    fn more(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let language = cx.language;
        let locked = self.state != ClientState::Idle;
        ui.add_enabled_ui(!locked, |ui| {
            ui.horizontal(|ui| {
                let label = tr!(language, "client.timeout");
                row_caption(ui, cx.tokens, &label);
                let timeout = Field {
                    id: Id::unique(("timeout", self.socket.0)),
                    label: &label,
                    hint: "10000",
                    width: 62.0,
                    mistaken: self.timeout_ms().is_none(),
                };
                timeout.show(ui, cx.tokens, &mut self.timeout).on_hover_text(tr!(language, "client.timeout.explained"));
                if self.form.protocol.has_connection() {
                    ui.checkbox(&mut self.reconnect, tr!(language, "client.reconnect"))
                        .on_hover_text(tr!(language, "client.reconnect.explained"));
                } else {
                    ui.checkbox(&mut self.connected, tr!(language, "client.connected"))
                        .on_hover_text(tr!(language, "client.connected.explained"));
                }
            });
            if self.timeout_ms().is_none() {
                mistake(ui, cx.tokens, &tr!(language, "client.timeout.bad"));
            }
            if self.form.protocol.is_over_ip() {
                self.local_address(ui, cx);
            }
        });
        let protocol = self.protocol(cx);
        if protocol.is_stream() {
            let open = self.session().is_some();
            if receive_options(ui, cx, Role::Client, self.socket, &mut self.receive, self.form.tried, open)
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
        let (role, session) = (Role::Client, self.session());
        let of = OptionsOf { role, socket: self.socket, locked, session, open: session.is_some(), connections: 0 };
        if protocol == Protocol::Udp {
            group_list(ui, cx, self.socket, &mut self.form, &mut self.udp, of.open);
            multicast_row(ui, cx, of, &mut self.form, &self.view.own);
        }
        socket_area(ui, cx, of, None, &mut self.form, &mut self.view);
    }

    fn rtt(&self) -> Option<String> {
        self.session()?;
        self.view.rtt().map(i18n::short_span)
    }

    fn keep_fresh(&mut self, ui: &Ui, cx: &mut Cx<'_>) {
        let (Some(session), socket) = (self.session(), self.socket) else { return };
        let on_screen = self.more_open && (self.view.options_open || self.view.state_open);
        let traffic = cx.sessions.by_id.get(&session).map(|view| &view.traffic);
        let crossed = traffic.map_or(0, |traffic| traffic.received() + traffic.sent());
        let look = if on_screen {
            Command::Inspect { socket, session: Some(session) }
        } else if self.protocol(cx) == Protocol::Tcp {
            // The state line has it, and nothing but TCP tells it.
            Command::InspectRoundTrip { socket, session }
        } else {
            return;
        };
        keep_fresh(ui, cx, &mut self.view, vec![look], crossed, on_screen);
    }

    fn local_address(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let language = cx.language;
        ui.horizontal(|ui| {
            let label = tr!(language, "client.local_address");
            row_caption(ui, cx.tokens, &label);
            let address = Field {
                id: Id::unique(("local address", self.socket.0)),
                label: &label,
                hint: &tr!(language, "client.local_address.hint"),
                width: 150.0,
                mistaken: false,
            };
            address.show(ui, cx.tokens, &mut self.local_host);
            if let Some(address) = source_menu(ui, cx) {
                self.local_host = address;
            }
            if !self.has_local_port() {
                return;
            }
            let label = tr!(language, "client.local_port");
            control_caption(ui, cx.tokens.small_font(), cx.tokens.text_muted, &label);
            let port = Field {
                id: Id::unique(("local port", self.socket.0)),
                label: &label,
                hint: &tr!(language, "client.local_port.hint"),
                width: 64.0,
                mistaken: self.local_port().is_none(),
            };
            port.show(ui, cx.tokens, &mut self.local_port);
        });
        if self.local_port().is_none() {
            let error = crate::model::EndpointError::BadPort(self.local_port.clone());
            mistake(ui, cx.tokens, &i18n::endpoint_error(language, &error));
        }
    }

    fn composer(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let language = cx.language;
        let stream = self.protocol(cx).is_stream();
        let finished = self
            .session()
            .and_then(|session| cx.sessions.by_id.get(&session))
            .is_some_and(|view| view.finished_sending);
        let blocked = match (self.session(), finished) {
            (None, _) => Some(tr!(language, "client.connect_first")),
            (Some(_), true) => Some(tr!(language, "client.finished")),
            (Some(_), false) => match self.udp.addresses(&self.form) {
                Some(Err(error)) => Some(i18n::endpoint_error(language, &error).into()),
                _ => None,
            },
        };
        let files_blocked = if stream { blocked.clone() } else { Some(tr!(language, "file.needs_a_stream")) };
        let composer = Composer {
            role: Role::Client,
            socket: self.socket,
            formats: self.form.formats(),
            empty_is_a_message: self.form.formats().contains(&Format::Text) && !stream,
            blocked,
            files_blocked,
        };
        let mut draft = std::mem::take(&mut self.draft);
        let to_many = self.form.protocol == Protocol::Udp;
        let roomy = ui.available_width() >= ROOM_FOR_CHOICES + ADDRESSES_LEAST;
        if to_many && !roomy {
            ui.horizontal(|ui| {
                caption(ui, cx.tokens, &tr!(language, "recipients.to"));
                self.recipients_field(ui, cx, ui.available_width());
            });
        }
        composer.show(ui, cx, &mut draft, |ui, cx| {
            if to_many && roomy {
                self.recipients_field(ui, cx, ui.available_width() - ROOM_FOR_CHOICES);
            }
        });
        self.draft = draft;
    }

    /// Where messages go to, beside or instead of the peer.
    fn recipients_field(&mut self, ui: &mut Ui, cx: &Cx<'_>, width: f32) {
        let (label, hint) = (tr!(cx.language, "server.recipients"), tr!(cx.language, "addresses.to_the_peer"));
        addresses_field(ui, cx, self.socket, (&label, &hint), width, &self.form, &mut self.udp);
    }
}

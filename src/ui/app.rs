//! The window's state, and how its parts are laid out.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use egui::{CentralPanel, Context, Frame, Margin, Panel, Rect, Ui, pos2};
use jiff::tz::TimeZone;

use super::action::UiCommand;
use super::context::Cx;
use super::dialogs::{Dialogs, Picker};
use super::fonts;
use super::panels::about::{Help, help};
use super::panels::code::CodeWindow;
use super::panels::inspector::InspectorPanel;
use super::panels::journal::JournalPanel;
use super::panels::menu_bar::{MenuState, menu_bar};
use super::panels::{shell, status_bar};
use super::saver::{Saver, Verdict};
use super::tabs::{ClientTabState, ServerTabState};
use super::theme::{self, Tokens};
use super::view::Sessions;
use super::widgets::message_line::Message;
use crate::codec::encoding::Encoding;
use crate::engine::Engine;
use crate::i18n::Language;
use crate::model::{Command, Damage, Event, Role, Settings, SocketId, WindowPlace};
use crate::tr;

/// How long one frame may take events in; the rest waits for the next.
const EVENT_BUDGET: Duration = Duration::from_millis(2);
/// From this width on the inspector stands beside the journal instead of below it: both keep all that they show.
const WIDE: f32 = 1480.0;
const GAP: f32 = 8.0;
/// Of the window's height, for one press of an arrow key.
const SPLIT_STEP: f32 = 0.02;

/// The program as its window shows it.
pub struct App {
    pub(super) engine: Engine,
    /// What is not kept in the tabs.
    pub(super) settings: Settings,
    pub(super) language: Language,
    pub(super) dark: Tokens,
    pub(super) light: Tokens,
    pub(super) sessions: Sessions,
    zone: TimeZone,
    pub(super) servers: Vec<ServerTabState>,
    pub(super) clients: Vec<ClientTabState>,
    pub(super) server: SocketId,
    pub(super) client: SocketId,
    pub(super) journal: JournalPanel,
    pub(super) inspector: InspectorPanel,
    pub(super) actions: Vec<UiCommand>,
    pub(super) dialogs: Dialogs,
    /// Where the journal was saved to without anybody having said so, for want of a dialog.
    pub(super) saved_unasked: Option<PathBuf>,
    /// What concerns the whole window.
    pub(super) message: Option<Message>,
    pub(super) help: Option<Help>,
    /// The tab that is shown as a program.
    pub(super) code: Option<CodeWindow>,
    /// Where the two panels were drawn, for files that are dropped.
    pub(super) panel_rects: [Rect; 2],
    /// The panel that the keyboard or the pointer was in last.
    pub(super) panel_in_use: Role,
    pub(super) saver: Saver,
    /// The window was to close while the journal was being saved, and does when that is done.
    pub(super) closes_after_save: bool,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("servers", &self.servers).field("clients", &self.clients).finish_non_exhaustive()
    }
}

impl App {
    /// Gives `ctx` the fonts and looks of the window and restores the tabs of `settings`. `damage` is shown once.
    #[must_use]
    pub fn new(engine: Engine, settings: Settings, damage: &[Damage], ctx: &Context) -> Self {
        let (dark, light) = (Tokens::dark(), Tokens::light());
        ctx.set_fonts(fonts::definitions());
        theme::apply(&dark, ctx);
        theme::apply(&light, ctx);
        ctx.set_theme(theme::preference(settings.theme));
        // The zoom is a setting of ours, with actions of our own.
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        ctx.set_zoom_factor(settings.zoom.clamp(0.5, 3.0));

        let mut servers: Vec<_> =
            settings.servers.iter().map(|tab| ServerTabState::new(engine.new_socket(), tab)).collect();
        if servers.is_empty() {
            servers.push(ServerTabState::new(engine.new_socket(), &Default::default()));
        }
        let mut clients: Vec<_> =
            settings.clients.iter().map(|tab| ClientTabState::new(engine.new_socket(), tab)).collect();
        if clients.is_empty() {
            clients.push(ClientTabState::new(engine.new_socket(), &Default::default()));
        }
        let language = Language::from_choice(settings.language);
        let mut sessions = Sessions { inherited: Engine::inherited_sockets(), ..Sessions::default() };
        for (tab, kept) in servers.iter().zip(&settings.servers) {
            sessions.shown_as.choose(tab.socket, None, shown_as(&kept.shown_as));
        }
        for (tab, kept) in clients.iter().zip(&settings.clients) {
            sessions.shown_as.choose(tab.socket, None, shown_as(&kept.shown_as));
        }
        Self {
            language,
            server: servers[settings.server.min(servers.len() - 1)].socket,
            client: clients[settings.client.min(clients.len() - 1)].socket,
            servers,
            clients,
            sessions,
            zone: TimeZone::system(),
            journal: JournalPanel::new(&settings),
            inspector: InspectorPanel::new(),
            actions: Vec::new(),
            dialogs: Dialogs::default(),
            saved_unasked: None,
            message: status_bar::damage(damage),
            help: None,
            code: None,
            panel_rects: [Rect::NOTHING; 2],
            panel_in_use: Role::Client,
            saver: Saver::new(settings.clone()),
            closes_after_save: false,
            settings,
            dark,
            light,
            engine,
        }
    }

    /// Has somebody else asked for paths than the system's dialogs.
    pub fn set_picker(&mut self, picker: Box<dyn Picker>) {
        self.dialogs = Dialogs::of(picker);
    }

    /// With times of a zone that the system need not be in.
    #[must_use]
    pub fn in_zone(self, zone: TimeZone) -> Self {
        Self { zone, ..self }
    }

    /// Takes in what the engine reports; runs while the window is hidden too. Never blocks.
    pub fn logic(&mut self, ctx: &Context) {
        self.engine.acknowledge_wake();
        // Before the events are taken in: the one that answers the last save is then among them.
        let saving = self.engine.is_saving_journal();
        let begun = Instant::now();
        let mut drained = false;
        while begun.elapsed() < EVENT_BUDGET {
            let Ok(event) = self.engine.events().try_recv() else {
                drained = true;
                break;
            };
            self.on_event(&event);
        }
        if !drained && !self.engine.events().is_empty() {
            ctx.request_repaint();
        }
        self.close_after_save(ctx, saving, drained);
        if let Some((purpose, answer)) = self.dialogs.answer() {
            self.on_dialog(ctx, purpose, answer);
        }
        self.remember_place(ctx);
        self.save_settings(ctx);
    }

    /// Takes in one report of the engine.
    pub fn on_event(&mut self, event: &Event) {
        self.sessions.on_event(event);
        for tab in &mut self.servers {
            tab.on_event(event, &mut self.sessions);
        }
        for tab in &mut self.clients {
            tab.on_event(event, &mut self.sessions);
        }
        self.journal.on_event(event);
        self.inspector.on_event(event);
        match event {
            Event::Failed { socket: None, failure, .. } => self.message = Some(Message::Failed(failure.clone())),
            Event::JournalSaved { path, rows } => {
                let unasked = self.saved_unasked.take_if(|unasked| unasked == path).is_some();
                self.message = Some(Message::JournalSaved { rows: *rows, path: path.clone(), unasked });
            }
            _ => {}
        }
    }

    /// Draws the window and carries out what was asked for in it. Dialogs open above `window`, where there is one.
    pub fn ui(&mut self, ui: &mut Ui, window: Option<&eframe::Frame>) {
        // egui gives the root of the accessible tree no name, and the title reaches the window manager only.
        ui.ctx()
            .accesskit_node_builder(egui::accesskit_root_id(), |root| root.set_label(tr!(self.language, "app.name")));
        self.notice_panel_in_use(ui.ctx());
        self.take_shortcuts(ui.ctx());
        self.take_dropped_files(ui.ctx());
        let tokens = if ui.visuals().dark_mode { self.dark.clone() } else { self.light.clone() };
        let mut actions = std::mem::take(&mut self.actions);
        let sessions = std::mem::take(&mut self.sessions);
        let zone = self.zone.clone();
        let mut cx =
            Cx { language: self.language, tokens: &tokens, sessions: &sessions, zone: &zone, actions: &mut actions };
        self.lay_out(ui, &mut cx);
        self.sessions = sessions;
        for action in actions {
            self.carry_out(ui.ctx(), window, action);
        }
    }

    fn lay_out(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let bar = Frame::new().fill(cx.tokens.window).inner_margin(Margin::symmetric(12, 4));
        Panel::top("menu").frame(bar).show_separator_line(false).show(ui, |ui| {
            let state = MenuState {
                language: self.settings.language,
                theme: self.settings.theme,
                follow: self.journal.follow_end(),
                inspector: self.settings.show_inspector,
                rows_selected: self.journal.has_selection(),
            };
            menu_bar(ui, cx, state);
        });
        let pad = Frame::new().fill(cx.tokens.window).inner_margin(Margin { left: 8, right: 8, top: 0, bottom: 8 });
        if let Some(message) = &self.message {
            Panel::bottom("status").frame(pad).show_separator_line(false).show(ui, |ui| {
                status_bar::status_bar(ui, cx, message);
            });
        }
        CentralPanel::default().frame(pad).show(ui, |ui| self.work_area(ui, cx));
        self.show_code(ui, cx);
        if let Some(which) = self.help
            && !help(ui, cx, which)
        {
            self.help = None;
        }
    }

    /// The panels above, the journal and the inspector below, with a handle between.
    fn work_area(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let area = ui.available_rect_before_wrap();
        let split = self.settings.split.clamp(0.2, 0.8);
        let lowest = (area.height() - 150.0).max(160.0);
        let chosen = (area.height() * split).clamp(200.0_f32.min(lowest), lowest);
        // What "More" opens pushes the border down, as far as the journal can spare room, and not the rows out of sight.
        let spare = (area.height() - 300.0).max(chosen);
        let middle = area.top() + chosen.max(self.full_panel_height().min(spare));

        let handle = Rect::from_min_max(pos2(area.left(), middle), pos2(area.right(), middle + GAP));
        self.split_handle(ui, cx, handle, area);

        let half = (area.width() - GAP) / 2.0;
        let left = Rect::from_min_max(area.min, pos2(area.left() + half, middle));
        let right = Rect::from_min_max(pos2(area.right() - half, area.top()), pos2(area.right(), middle));
        self.panel_rects = [left, right];

        let titles: Vec<_> = self.servers.iter().map(ServerTabState::title).collect();
        let selected = self.server;
        let servers = &mut self.servers;
        shell::panel(ui, cx, Role::Server, left, &titles, selected, |ui, cx| {
            if let Some(tab) = servers.iter_mut().find(|tab| tab.socket == selected) {
                tab.show(ui, cx);
            }
        });
        let titles: Vec<_> = self.clients.iter().map(ClientTabState::title).collect();
        let selected = self.client;
        let clients = &mut self.clients;
        shell::panel(ui, cx, Role::Client, right, &titles, selected, |ui, cx| {
            if let Some(tab) = clients.iter_mut().find(|tab| tab.socket == selected) {
                tab.show(ui, cx);
            }
        });

        let below = Rect::from_min_max(pos2(area.left(), middle + GAP), area.max);
        self.below(ui, cx, below);
        ui.advance_cursor_after_rect(area);
    }

    /// What the panels take with all that "More" has opened, in points.
    fn full_panel_height(&self) -> f32 {
        let server = self.servers.iter().find(|tab| tab.socket == self.server).map_or(0.0, |tab| tab.full_height);
        let client = self.clients.iter().find(|tab| tab.socket == self.client).map_or(0.0, |tab| tab.full_height);
        server.max(client) + shell::AROUND_TAB
    }

    fn split_handle(&mut self, ui: &mut Ui, cx: &Cx<'_>, handle: Rect, area: Rect) {
        let response = ui.interact(handle, ui.scope_id().with("split"), egui::Sense::drag());
        let label = tr!(cx.language, "window.split");
        let percent = f64::from(self.settings.split * 100.0).round();
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::labeled(egui::Role::Splitter, true, &*label);
            info.value = Some(percent);
            info
        });
        if response.hovered() || response.dragged() {
            ui.ctx().set_cursor_icon(egui::CursorIcon::ResizeVertical);
        }
        if response.has_focus() {
            let arrows = egui::EventFilter { vertical_arrows: true, ..Default::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
            for (key, step) in [(egui::Key::ArrowUp, -SPLIT_STEP), (egui::Key::ArrowDown, SPLIT_STEP)] {
                let presses = ui.input_mut(|input| input.count_and_consume_key(egui::Modifiers::NONE, key));
                self.settings.split = (self.settings.split + step * presses as f32).clamp(0.2, 0.8);
            }
        }
        if response.hovered() || response.dragged() || response.has_focus() {
            let line = Rect::from_center_size(handle.center(), egui::vec2(48.0, 3.0));
            ui.painter().rect_filled(line, 1.5, cx.tokens.accent);
        }
        if response.dragged()
            && let Some(at) = response.interact_pointer_pos()
        {
            self.settings.split = ((at.y - GAP / 2.0 - area.top()) / area.height()).clamp(0.2, 0.8);
        }
    }

    fn below(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, rect: Rect) {
        let (journal, inspector) = if !self.settings.show_inspector {
            (rect, None)
        } else if rect.width() >= WIDE {
            let at = rect.right() - InspectorPanel::full_width(ui, cx.tokens) - 2.0 * cx.tokens.space_large - GAP / 2.0;
            let (left, right) = rect.split_left_right_at_x(at);
            (left.with_max_x(at - GAP / 2.0), Some(right.with_min_x(at + GAP / 2.0)))
        } else {
            let at = rect.bottom() - (rect.height() * 0.36).clamp(70.0, 220.0);
            let (top, bottom) = rect.split_top_bottom_at_y(at);
            (top.with_max_y(at - GAP / 2.0), Some(bottom.with_min_y(at + GAP / 2.0)))
        };
        card(ui, cx, journal, |ui, cx| self.journal.show(ui, cx));
        if self.journal.take_inspect_request() {
            self.settings.show_inspector = true;
            self.inspector.focus();
        }
        if let Some(rect) = inspector {
            card(ui, cx, rect, |ui, cx| {
                self.inspector.show(ui, cx, self.journal.chosen());
            });
        }
    }

    /// The settings as they are now, tabs included.
    pub(super) fn current_settings(&self) -> Settings {
        let shown_as = |socket| self.sessions.encoding(socket);
        Settings {
            follow_end: self.journal.follow_end(),
            columns: self.journal.column_widths().clone(),
            server: self.servers.iter().position(|tab| tab.socket == self.server).unwrap_or(0),
            client: self.clients.iter().position(|tab| tab.socket == self.client).unwrap_or(0),
            servers: self.servers.iter().map(|tab| tab.to_settings(shown_as(tab.socket))).collect(),
            clients: self.clients.iter().map(|tab| tab.to_settings(shown_as(tab.socket))).collect(),
            ..self.settings.clone()
        }
    }

    fn save_settings(&mut self, ctx: &Context) {
        let now = ctx.input(|input| input.time);
        if let Err(seconds) = self.saver.is_due(now) {
            return ctx.request_repaint_after(Duration::from_secs_f64(seconds));
        }
        let current = self.current_settings();
        match self.saver.look(now, current) {
            Verdict::LookAgainIn(seconds) => ctx.request_repaint_after(Duration::from_secs_f64(seconds)),
            Verdict::Save(settings) => self.engine.send(Command::SaveSettings(settings)),
            Verdict::Nothing => {}
        }
    }

    fn remember_place(&mut self, ctx: &Context) {
        let zoom = ctx.zoom_factor();
        let (place, minimized) = ctx.input(|input| {
            let viewport = input.viewport();
            // Where the system doesn't say where the window is, its size is known nevertheless.
            let size = viewport.inner_rect.unwrap_or(input.viewport_rect()).size() * zoom;
            let at = viewport.outer_rect.map(|outer| outer.min * zoom);
            let place = WindowPlace {
                x: at.map(|at| at.x.round()),
                y: at.map(|at| at.y.round()),
                width: size.x.round(),
                height: size.y.round(),
                maximized: viewport.maximized.unwrap_or(false),
            };
            (place, viewport.minimized == Some(true))
        });
        match &mut self.settings.window {
            _ if minimized => {}
            // The place to come back to stays the one from before.
            Some(window) if place.maximized => window.maximized = true,
            window => *window = Some(place),
        }
    }
}

/// How a tab's bytes were shown.
fn shown_as(label: &str) -> Encoding {
    Encoding::from_label(label).unwrap_or_default()
}

/// A surface with room around what `contents` draws.
fn card(ui: &mut Ui, cx: &mut Cx<'_>, rect: Rect, contents: impl FnOnce(&mut Ui, &mut Cx<'_>)) {
    ui.painter().rect_filled(rect, cx.tokens.radius + 2, cx.tokens.surface);
    let inner = rect.shrink2(egui::vec2(cx.tokens.space_large, cx.tokens.space));
    ui.scope_builder(egui::UiBuilder::new().max_rect(inner), |ui| {
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));
        contents(ui, cx);
    });
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.logic(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        self.ui(ui, Some(frame));
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.closing();
    }
}

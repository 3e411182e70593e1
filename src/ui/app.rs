//! The window's state, and what happens to it in a frame.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use egui::{Context, Rect, Ui};
use jiff::tz::TimeZone;

use super::action::UiCommand;
use super::context::Cx;
use super::dialogs::{Dialogs, Picker};
use super::fonts;
use super::panels::about::Help;
use super::panels::code::CodeWindow;
use super::panels::color_rules::{self, ColorRulesWindow};
use super::panels::conversation::ConversationWindow;
use super::panels::inspector::InspectorPanel;
use super::panels::journal::JournalPanel;
use super::panels::journal_path::JournalPath;
use super::panels::left_recordings::LeftRecordings;
use super::panels::past_transfers::PastTransfers;
use super::panels::statistics::StatisticsPanel;
use super::panels::status_bar;
use super::reading::Reading;
use super::saver::{Saver, Verdict};
use super::tabs::{ClientTabState, ServerTabState};
use super::theme::{self, Tokens};
use super::typed_ahead::TypedAhead;
use super::view::Sessions;
use super::widgets::message_line::Message;
use crate::codec::encoding::Encoding;
use crate::engine::Engine;
use crate::i18n::Language;
use crate::model::{ColorRule, Command, Damage, Event, PastTransfer, Retention, Role, Settings, SocketId, WindowPlace};
use crate::tr;

/// How long one frame may take events in; the rest waits for the next.
const EVENT_BUDGET: Duration = Duration::from_millis(2);
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
    pub(super) statistics: StatisticsPanel,
    /// What is read in place of what is being recorded.
    pub(super) reading: Option<Box<Reading>>,
    /// What is to be read next, and is on its way.
    pub(super) opening: Option<PathBuf>,
    pub(super) actions: Vec<UiCommand>,
    pub(super) dialogs: Dialogs,
    /// The place to type a path of a journal, where no dialog has brought one.
    pub(super) journal_path: Option<JournalPath>,
    /// What killed programs left.
    pub(super) left: LeftRecordings,
    /// What concerns the whole window.
    pub(super) message: Option<Message>,
    pub(super) help: Option<Help>,
    /// The tab that is shown as a program.
    pub(super) code: Option<CodeWindow>,
    pub(super) past: PastTransfers,
    pub(super) conversation: ConversationWindow,
    pub(super) color_rules: ColorRulesWindow,
    /// Those that the engine was told of.
    told_rules: Vec<ColorRule>,
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
    /// Gives `ctx` the fonts and looks of the window and restores the tabs of `settings`. `damage` is shown once; where it
    /// says that the old file is not kept, no settings are saved.
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
        ctx.add_plugin(TypedAhead::default());

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
        let app = Self {
            language,
            server: servers[settings.server.min(servers.len() - 1)].socket,
            client: clients[settings.client.min(clients.len() - 1)].socket,
            servers,
            clients,
            sessions,
            zone: TimeZone::system(),
            journal: JournalPanel::new(&settings),
            inspector: InspectorPanel::new(),
            statistics: StatisticsPanel::default(),
            reading: None,
            opening: None,
            actions: Vec::new(),
            dialogs: Dialogs::default(),
            journal_path: None,
            left: LeftRecordings::default(),
            message: status_bar::damage(damage),
            help: None,
            code: None,
            past: PastTransfers::default(),
            conversation: ConversationWindow::default(),
            color_rules: ColorRulesWindow::default(),
            told_rules: Vec::new(),
            panel_rects: [Rect::NOTHING; 2],
            panel_in_use: Role::Client,
            saver: Saver::new(settings.clone(), damage),
            closes_after_save: false,
            settings,
            dark,
            light,
            engine,
        };
        app.retain();
        app
    }

    /// Tells the engine what the settings say of the journal.
    pub(super) fn retain(&self) {
        let disk = Some(self.settings.journal_limit).filter(|limit| *limit > 0);
        let disk = disk.map(|limit| limit.max(Retention::DISK_LEAST));
        let snap_length = Some(self.settings.snap_length).filter(|length| *length > 0);
        self.engine.send(Command::Retain(Retention { disk, snap_length }));
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

    /// With the transfers of earlier runs, oldest first. `damage` is shown once, unless there is something else to say.
    #[must_use]
    pub fn remembering(mut self, transfers: Vec<PastTransfer>, damage: &[Damage]) -> Self {
        self.past = PastTransfers::of(transfers);
        self.message = self.message.or_else(|| status_bar::lost_transfers(damage));
        self
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
        self.journal.set_removed(self.engine.removals().rows());
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
        self.on_journal_event(event);
        self.past.on_event(event);
        self.left.on_event(event);
        self.conversation.on_event(event);
        match event {
            Event::Failed { socket: None, failure, .. } => self.message = Some(Message::Failed(failure.clone())),
            Event::JournalSaved { path, saved } => {
                self.journal_path.take_if(|typed| typed.is_saved_to(path));
                self.message = Some(Message::JournalSaved { saved: saved.clone(), path: path.clone() });
            }
            _ => {}
        }
    }

    /// Whether the engine has been asked for rows of the journal in view and has not answered yet.
    #[must_use]
    pub fn awaits_rows(&self) -> bool {
        self.journal.awaits_rows()
    }

    /// Draws the window and carries out what was asked for in it. Dialogs open above `window`, where there is one.
    pub fn ui(&mut self, ui: &mut Ui, window: Option<&eframe::Frame>) {
        // Not in `logic`: while the window is hidden, its clock stands still there.
        let now = ui.input(|input| input.time);
        self.servers.iter_mut().for_each(|tab| tab.count_down(now));
        // egui gives the root of the accessible tree no name, and the title reaches the window manager only.
        ui.ctx()
            .accesskit_node_builder(egui::accesskit_root_id(), |root| root.set_label(tr!(self.language, "app.name")));
        self.notice_panel_in_use(ui.ctx());
        self.take_shortcuts(ui.ctx());
        self.take_dropped_files(ui.ctx());
        self.probe_again_after_absence(ui.ctx());
        self.tell_color_rules();
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

    /// Whoever comes back from another window may have brought there what the system lacked: forms ask anew.
    fn probe_again_after_absence(&mut self, ctx: &Context) {
        let is_back = |event: &egui::Event| matches!(event, egui::Event::WindowFocused(true));
        if ctx.input(|input| input.events.iter().any(is_back)) {
            let forms = self.servers.iter_mut().map(|tab| &mut tab.form);
            forms.chain(self.clients.iter_mut().map(|tab| &mut tab.form)).for_each(|form| form.probed = None);
        }
    }

    /// Rows get their colours where they are read.
    fn tell_color_rules(&mut self) {
        if self.told_rules == self.settings.color_rules {
            return;
        }
        self.told_rules.clone_from(&self.settings.color_rules);
        let conditions = color_rules::conditions(&self.told_rules, &self.zone);
        self.engine.send(Command::SetColorRules(conditions));
        self.journal.outdate();
        if let Some(reading) = &mut self.reading {
            reading.journal.outdate();
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

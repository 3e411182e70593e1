//! What each action does.

use std::path::PathBuf;

use egui::Context;

use super::action::UiCommand;
use super::app::App;
use super::dialogs::{Answer, Purpose};
use super::panels::about::Help;
use super::panels::code::CodeWindow;
use super::panels::journal_path::JournalPath;
use super::tabs::{ClientTabState, ServerTabState};
use super::theme;
use super::widgets::file_sender;
use super::widgets::message_line::Message;
use crate::engine::Engine;
use crate::i18n::Language;
use crate::model::{Command, Role, SaveRequest, SocketId};

const ZOOM_STEP: f32 = 0.1;

impl App {
    pub(super) fn carry_out(&mut self, ctx: &Context, window: Option<&eframe::Frame>, action: UiCommand) {
        match action {
            UiCommand::CopyText(text) => ctx.copy_text(text),
            UiCommand::SaveJournal => {
                self.ask(ctx, window, Purpose::SaveJournal, &UiCommand::SaveJournal);
            }
            UiCommand::SaveJournalTo(path) => self.save_journal(path, false),
            UiCommand::OpenJournal => self.ask(ctx, window, Purpose::OpenJournal, &UiCommand::OpenJournal),
            UiCommand::OpenPath(path) => self.open_journal(path),
            UiCommand::CloseJournal => self.engine.send(Command::CloseJournal),
            // What was opened is there to be read.
            UiCommand::ClearJournal if self.reading.is_some() => {}
            UiCommand::ClearJournal => self.engine.send(Command::ClearJournal),
            UiCommand::DiscardRecording(path) => self.discard_recording(path),
            UiCommand::ToggleFollow => self.shown_journal().toggle_follow(),
            UiCommand::ToggleInspector => self.settings.show_inspector = !self.settings.show_inspector,
            UiCommand::ToggleStatistics => self.settings.show_statistics = !self.settings.show_statistics,
            UiCommand::FocusFilter => self.shown_journal().focus_filter(),
            UiCommand::Find => self.shown_journal().open_find(),
            UiCommand::GoTo => self.shown_journal().open_go_to(),
            UiCommand::Step(step) => {
                if let Some(command) = self.shown_journal().step(step) {
                    self.engine.send(command);
                }
            }
            UiCommand::ToggleMark => {
                if let Some(command) = self.shown_journal().toggle_mark() {
                    self.engine.send(command);
                }
            }
            UiCommand::EditNote => self.shown_journal().open_note(),
            UiCommand::SetDisplayEncoding(socket, session, encoding) => {
                self.shown_sessions().shown_as.choose(socket, session, encoding);
            }
            UiCommand::SetDisplayEncodingOfAll(encoding) => self.shown_sessions().shown_as.choose_for_all(encoding),
            UiCommand::DecodeAs(socket, session, decoder) => {
                self.shown_sessions().decode_as(socket, session, decoder);
            }
            UiCommand::CompareWith => self.compare_with_chosen(),
            // The answer has a frame of its own.
            UiCommand::Engine(command) if command.is_question() => return self.engine.send(command),
            UiCommand::Engine(command) => self.engine.send(command),
            UiCommand::ShowOnly(selected) => self.sessions.selected = selected,
            UiCommand::NewTab(role) => self.new_tab(role),
            UiCommand::CloseTab(role, socket) => self.close_tab(role, socket),
            UiCommand::SelectTab(role, socket) => self.select_tab(role, socket),
            UiCommand::NewTabHere => self.new_tab(self.panel_in_use),
            UiCommand::CloseTabHere => self.close_tab(self.panel_in_use, self.front_tab(self.panel_in_use)),
            UiCommand::NextTabHere => self.step_tab(1),
            UiCommand::PreviousTabHere => self.step_tab(-1),
            UiCommand::CopyRows(kind) => self.shown_journal().start_copying(kind),
            UiCommand::Start(role, socket) => self.start(role, socket),
            UiCommand::Stop(role, socket) => self.stop(role, socket),
            UiCommand::SendMessage(role, socket) => self.send_message(role, socket),
            UiCommand::ChooseFiles(role, socket) => {
                let to = self.server_tab(socket).and_then(|tab| tab.recipients());
                self.ask(ctx, window, Purpose::SendFiles { role, socket, to }, &action);
            }
            UiCommand::SendPaths(role, socket, paths) => self.send_paths(role, socket, paths, None),
            UiCommand::ChooseFolder(role, socket) => {
                self.ask(ctx, window, Purpose::ReceiveInto(role, socket), &action);
            }
            UiCommand::ChooseSite { socket, is_folder } => {
                self.ask(ctx, window, Purpose::Site { socket, is_folder }, &action);
            }
            UiCommand::LimitJournal(limit) => {
                self.settings.journal_limit = limit;
                self.retain();
            }
            UiCommand::SetSnapLength(length) => {
                self.settings.snap_length = length;
                self.retain();
            }
            UiCommand::SetLanguage(choice) => {
                self.settings.language = choice;
                self.language = Language::from_choice(choice);
            }
            UiCommand::SetTheme(choice) => {
                self.settings.theme = choice;
                ctx.set_theme(theme::preference(choice));
            }
            UiCommand::ShowTimes(mode) => {
                self.settings.times = mode;
                self.journal.show_times(mode);
                if let Some(reading) = &mut self.reading {
                    reading.journal.show_times(mode);
                }
            }
            UiCommand::ZoomIn => self.zoom(ctx, self.settings.zoom + ZOOM_STEP),
            UiCommand::ZoomOut => self.zoom(ctx, self.settings.zoom - ZOOM_STEP),
            UiCommand::ZoomReset => self.zoom(ctx, 1.0),
            UiCommand::ShowCode(role, socket) => self.code = Some(CodeWindow::new(role, socket)),
            UiCommand::ShowCodeHere => {
                self.code = Some(CodeWindow::new(self.panel_in_use, self.front_tab(self.panel_in_use)));
            }
            UiCommand::ShowPeerCode(socket, session) => {
                self.code = Some(CodeWindow::of_peer(socket, session));
            }
            UiCommand::ShowPeerOptions(socket, session) => {
                if let Some(tab) = self.server_tab(socket) {
                    tab.show_options_of(session);
                }
            }
            UiCommand::ShowConversation => {
                let opened = self.reading.is_some();
                if let Some(row) = self.shown_journal().chosen().cloned() {
                    self.conversation.open(&row, opened);
                }
            }
            UiCommand::ShowColorRules => self.color_rules.open(),
            UiCommand::ShowPastTransfers => self.past.open(),
            UiCommand::ForgetPastTransfers => {
                self.past.clear();
                self.engine.send(Command::ForgetPastTransfers);
            }
            UiCommand::ShowShortcuts => self.help = Some(Help::Shortcuts),
            UiCommand::ShowAbout => self.help = Some(Help::About),
            UiCommand::DismissNotice => self.message = None,
            UiCommand::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
        }
        ctx.request_repaint();
    }

    /// Opens a dialog that is titled as the action that asks for it.
    fn ask(&mut self, ctx: &Context, window: Option<&eframe::Frame>, purpose: Purpose, action: &UiCommand) {
        let title = action.label(self.language);
        self.dialogs.open(&self.engine, ctx, window, purpose, &title, self.language);
    }

    /// Actions whose keys were pressed in this frame.
    pub(super) fn take_shortcuts(&mut self, ctx: &Context) {
        for action in UiCommand::WITH_SHORTCUTS {
            if let Some(shortcut) = action.shortcut()
                && ctx.input_mut(|input| input.consume_shortcut(&shortcut))
            {
                self.actions.push(action);
            }
        }
    }

    /// Keeps in mind which panel has the keyboard or was clicked, for shortcuts that concern one of them.
    pub(super) fn notice_panel_in_use(&mut self, ctx: &Context) {
        let pressed = ctx.input(|input| input.pointer.press_origin().filter(|_| input.pointer.any_pressed()));
        let focused = ctx.memory(egui::Memory::focused).and_then(|id| ctx.read_response(id));
        let Some(at) = pressed.or(focused.map(|response| response.interact_rect.center())) else { return };
        let [left, right] = self.panel_rects;
        if let Some(code) = self.code.filter(|code| code.covers(at)) {
            self.panel_in_use = code.role;
        } else if self.past.covers(at) {
            // It is of no panel.
        } else if left.contains(at) {
            self.panel_in_use = Role::Server;
        } else if right.contains(at) {
            self.panel_in_use = Role::Client;
        }
    }

    /// Files dropped on a panel go to the tab that it shows.
    pub(super) fn take_dropped_files(&mut self, ctx: &Context) {
        let (files, at) = ctx.input(|input| {
            let paths: Vec<PathBuf> = input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect();
            (paths, input.pointer.latest_pos())
        });
        if files.is_empty() {
            return;
        }
        let [left, right] = self.panel_rects;
        let (role, socket) = match at {
            Some(at) if left.contains(at) => (Role::Server, self.server),
            Some(at) if right.contains(at) => (Role::Client, self.client),
            // Systems that don't say where: to the only side that could send, else to the client.
            _ if self.can_send_files(Role::Server) && !self.can_send_files(Role::Client) => (Role::Server, self.server),
            _ => (Role::Client, self.client),
        };
        self.actions.push(UiCommand::SendPaths(role, socket, files));
    }

    fn can_send_files(&self, role: Role) -> bool {
        match role {
            Role::Server => self.servers.iter().any(|tab| tab.socket == self.server && tab.recipients().is_some()),
            Role::Client => self.clients.iter().any(|tab| tab.socket == self.client && tab.session().is_some()),
        }
    }

    /// Takes in how a dialog ended.
    pub(super) fn on_dialog(&mut self, ctx: &Context, purpose: Purpose, answer: Answer) {
        match (purpose, answer) {
            (_, Answer::Cancelled) => {}
            (Purpose::Site { socket, .. }, answer) => self.on_site_dialog(socket, answer),
            (Purpose::SendFiles { role, socket, to }, Answer::Chosen(paths)) => {
                self.send_paths(role, socket, paths, to);
            }
            (Purpose::SendFiles { role, socket, .. }, Answer::Nothing) => {
                egui::Popup::open_id(ctx, file_sender::popup_id(socket));
                self.say(role, socket, Message::NoFileChosen);
            }
            (Purpose::ReceiveInto(role, socket), Answer::Chosen(mut paths)) => {
                if let Some(folder) = paths.pop() {
                    self.receive_into(role, socket, &folder);
                }
            }
            (Purpose::ReceiveInto(role, socket), Answer::Nothing) => self.say(role, socket, Message::NoFolderChosen),
            (Purpose::SaveJournal, Answer::Chosen(mut paths)) => {
                if let Some(path) = paths.pop() {
                    // The dialog has asked whether a file may be replaced.
                    self.save_journal(path, true);
                }
            }
            (Purpose::SaveJournal, Answer::Nothing) => {
                let name = format!("sockeye-{}.txt", super::clock::file_stamp());
                let path = Engine::home_folder().map_or_else(|| PathBuf::from(&name), |home| home.join(&name));
                self.journal_path = Some(JournalPath::to_save(&path));
            }
            (Purpose::OpenJournal, Answer::Chosen(mut paths)) => {
                if let Some(path) = paths.pop() {
                    self.open_journal(path);
                }
            }
            (Purpose::OpenJournal, Answer::Nothing) => self.journal_path = Some(JournalPath::to_open()),
        }
    }

    fn save_journal(&mut self, path: PathBuf, replaces: bool) {
        let (filter, shown_as) = (self.shown_journal().filter().clone(), self.shown_sessions().shown_as.clone());
        let request = SaveRequest { filter, shown_as, replaces, ..SaveRequest::new(path) };
        self.engine.send(Command::SaveJournal(Box::new(request)));
    }

    pub(super) fn server_tab(&mut self, socket: SocketId) -> Option<&mut ServerTabState> {
        self.servers.iter_mut().find(|tab| tab.socket == socket)
    }

    pub(super) fn client_tab(&mut self, socket: SocketId) -> Option<&mut ClientTabState> {
        self.clients.iter_mut().find(|tab| tab.socket == socket)
    }

    pub(super) fn say(&mut self, role: Role, socket: SocketId, message: Message) {
        let place = match role {
            Role::Server => self.server_tab(socket).map(|tab| &mut tab.message),
            Role::Client => self.client_tab(socket).map(|tab| &mut tab.message),
        };
        if let Some(place) = place {
            *place = Some(message);
        }
    }

    fn zoom(&mut self, ctx: &Context, zoom: f32) {
        self.settings.zoom = ((zoom * 10.0).round() / 10.0).clamp(0.5, 3.0);
        ctx.set_zoom_factor(self.settings.zoom);
    }
}

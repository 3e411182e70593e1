//! What each action does.

use std::path::PathBuf;

use egui::Context;

use super::action::UiCommand;
use super::app::App;
use super::dialogs::{Answer, Purpose};
use super::panels::about::Help;
use super::tabs::{ClientState, ClientTabState, ServerState, ServerTabState};
use super::theme;
use super::widgets::file_sender;
use super::widgets::message_line::Message;
use crate::i18n::Language;
use crate::model::{ClientTab, Command, ComposerSettings, Protocol, Recipients, Role, SendMode, ServerTab, SocketId};

const ZOOM_STEP: f32 = 0.1;

impl App {
    pub(super) fn carry_out(&mut self, ctx: &Context, window: Option<&eframe::Frame>, action: UiCommand) {
        match action {
            UiCommand::CopyText(text) => ctx.copy_text(text),
            UiCommand::SaveJournal => {
                self.ask(ctx, window, Purpose::SaveJournal, &UiCommand::SaveJournal);
            }
            UiCommand::ClearJournal => self.engine.send(Command::ClearJournal),
            UiCommand::ToggleFollow => self.journal.toggle_follow(),
            UiCommand::ToggleInspector => self.settings.show_inspector = !self.settings.show_inspector,
            UiCommand::FocusFilter => self.journal.focus_filter(),
            UiCommand::SetDisplayEncoding(socket, session, encoding) => {
                self.sessions.shown_as.choose(socket, session, encoding);
            }
            UiCommand::SetDisplayEncodingOfAll(encoding) => self.sessions.shown_as.choose_for_all(encoding),
            UiCommand::Engine(command) => self.engine.send(command),
            UiCommand::ShowOnly(selected) => self.sessions.selected = selected,
            UiCommand::NewTab(role) => self.new_tab(role),
            UiCommand::CloseTab(role, socket) => self.close_tab(role, socket),
            UiCommand::SelectTab(role, socket) => self.select_tab(role, socket),
            UiCommand::NewTabHere => self.new_tab(self.panel_in_use),
            UiCommand::CloseTabHere => self.close_tab(self.panel_in_use, self.front_tab(self.panel_in_use)),
            UiCommand::NextTabHere => self.step_tab(1),
            UiCommand::PreviousTabHere => self.step_tab(-1),
            UiCommand::CopyRows(kind) => self.journal.start_copying(kind),
            UiCommand::Start(role, socket) => self.start(role, socket),
            UiCommand::Stop(role, socket) => self.stop(role, socket),
            UiCommand::SendMessage(role, socket) => self.send_message(role, socket),
            UiCommand::ChooseFiles(role, socket) => {
                self.ask(ctx, window, Purpose::SendFiles(role, socket), &action);
            }
            UiCommand::SendPaths(role, socket, paths) => self.send_paths(role, socket, paths),
            UiCommand::ChooseFolder(role, socket) => {
                self.ask(ctx, window, Purpose::ReceiveInto(role, socket), &action);
            }
            UiCommand::ChooseSite { socket, is_folder } => {
                self.ask(ctx, window, Purpose::Site { socket, is_folder }, &action);
            }
            UiCommand::SetLanguage(choice) => {
                self.settings.language = choice;
                self.language = Language::from_choice(choice);
            }
            UiCommand::SetTheme(choice) => {
                self.settings.theme = choice;
                ctx.set_theme(theme::preference(choice));
            }
            UiCommand::ZoomIn => self.zoom(ctx, self.settings.zoom + ZOOM_STEP),
            UiCommand::ZoomOut => self.zoom(ctx, self.settings.zoom - ZOOM_STEP),
            UiCommand::ZoomReset => self.zoom(ctx, 1.0),
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
        if left.contains(at) {
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
            (_, Answer::Cancelled { first: false }) => {}
            (Purpose::Site { socket, .. }, answer) => self.on_site_dialog(socket, answer),
            (Purpose::SendFiles(role, socket), Answer::Cancelled { .. }) => {
                self.say(role, socket, Message::NothingChosen { folder: false });
            }
            (Purpose::ReceiveInto(role, socket), Answer::Cancelled { .. }) => {
                self.say(role, socket, Message::NothingChosen { folder: true });
            }
            // Its path can't be typed.
            (Purpose::SaveJournal, Answer::Cancelled { .. }) => {}
            (Purpose::SendFiles(role, socket), Answer::Chosen(paths)) => self.send_paths(role, socket, paths),
            (Purpose::ReceiveInto(role, socket), Answer::Chosen(mut paths)) => {
                if let Some(folder) = paths.pop() {
                    self.receive_into(role, socket, &folder);
                }
            }
            (Purpose::SaveJournal, Answer::Chosen(mut paths)) => {
                if let Some(path) = paths.pop() {
                    self.save_journal(path);
                }
            }
            (Purpose::SendFiles(role, socket), Answer::CouldNotOpen) => {
                egui::Popup::open_id(ctx, file_sender::popup_id(socket));
                self.say(role, socket, Message::NoDialog);
            }
            (Purpose::ReceiveInto(role, socket), Answer::CouldNotOpen) => {
                self.say(role, socket, Message::NoFolderDialog);
            }
            (Purpose::SaveJournal, Answer::CouldNotOpen) => self.save_journal_without_dialog(),
        }
    }

    /// Saves into the home folder where nobody can be asked, and says so.
    fn save_journal_without_dialog(&mut self) {
        let Some(folder) = directories::UserDirs::new().map(|dirs| dirs.home_dir().to_owned()) else {
            self.message = Some(Message::NoDialog);
            return;
        };
        let path = folder.join(format!("sockeye-{}.txt", super::clock::file_stamp()));
        self.saved_unasked = Some(path.clone());
        self.save_journal(path);
    }

    fn save_journal(&self, path: PathBuf) {
        let (filter, shown_as) = (self.journal.filter().clone(), self.sessions.shown_as.clone());
        self.engine.send(Command::SaveJournal { path, filter, shown_as });
    }

    fn server_tab(&mut self, socket: SocketId) -> Option<&mut ServerTabState> {
        self.servers.iter_mut().find(|tab| tab.socket == socket)
    }

    fn client_tab(&mut self, socket: SocketId) -> Option<&mut ClientTabState> {
        self.clients.iter_mut().find(|tab| tab.socket == socket)
    }

    fn say(&mut self, role: Role, socket: SocketId, message: Message) {
        let place = match role {
            Role::Server => self.server_tab(socket).map(|tab| &mut tab.message),
            Role::Client => self.client_tab(socket).map(|tab| &mut tab.message),
        };
        if let Some(place) = place {
            *place = Some(message);
        }
    }

    fn new_tab(&mut self, role: Role) {
        let socket = self.engine.new_socket();
        let like = self.front_tab(role);
        let shown_as = self.sessions.encoding(like);
        self.sessions.shown_as.choose(socket, None, shown_as);
        match role {
            Role::Server => {
                let settings = self.server_tab(like).map(|tab| tab.to_settings(shown_as)).unwrap_or_default();
                let (address, port) = self.free_place(&settings);
                let composer = ComposerSettings { draft: String::new(), ..settings.composer };
                let settings = ServerTab { address, port, composer, ..settings };
                self.servers.push(ServerTabState::new(socket, &settings));
            }
            Role::Client => {
                let settings = self.client_tab(like).map(|tab| tab.to_settings(shown_as)).unwrap_or_default();
                let composer = ComposerSettings { draft: String::new(), ..settings.composer };
                let settings = ClientTab { composer, ..settings };
                self.clients.push(ClientTabState::new(socket, &settings));
            }
        }
        self.select_tab(role, socket);
    }

    /// Where a listener like this one finds nobody in its place: at the next port that no tab has. A path or a
    /// descriptor has no next.
    fn free_place(&self, like: &ServerTab) -> (String, String) {
        let is_taken = |protocol: Protocol| protocol.is_unix() || protocol == Protocol::Descriptor;
        if Protocol::from_scheme(&like.protocol).is_some_and(is_taken) {
            return (String::new(), like.port.clone());
        }
        let port = match like.port.trim().parse::<u16>() {
            Ok(first @ 1..) => (first..=u16::MAX)
                .map(|port| port.to_string())
                .find(|port| self.servers.iter().all(|tab| tab.form.port.trim() != port))
                .unwrap_or_else(|| "0".to_owned()),
            _ => like.port.clone(),
        };
        (like.address.clone(), port)
    }

    fn front_tab(&self, role: Role) -> SocketId {
        match role {
            Role::Server => self.server,
            Role::Client => self.client,
        }
    }

    /// Shows the tab so many places on, round the ends.
    fn step_tab(&mut self, by: isize) {
        let role = self.panel_in_use;
        let sockets: Vec<_> = match role {
            Role::Server => self.servers.iter().map(|tab| tab.socket).collect(),
            Role::Client => self.clients.iter().map(|tab| tab.socket).collect(),
        };
        let Some(at) = sockets.iter().position(|socket| *socket == self.front_tab(role)) else { return };
        let to = at.wrapping_add_signed(by + sockets.len() as isize) % sockets.len();
        self.select_tab(role, sockets[to]);
    }

    fn select_tab(&mut self, role: Role, socket: SocketId) {
        match role {
            Role::Server => self.server = socket,
            Role::Client => self.client = socket,
        }
    }

    /// Closes what the tab has open and takes it away; the last of a panel stays.
    fn close_tab(&mut self, role: Role, socket: SocketId) {
        match role {
            Role::Server if self.servers.len() > 1 => {
                let Some(at) = self.servers.iter().position(|tab| tab.socket == socket) else { return };
                self.engine.send(Command::StopListening { socket });
                self.servers.remove(at);
                if self.server == socket {
                    self.server = self.servers[at.min(self.servers.len() - 1)].socket;
                }
            }
            Role::Client if self.clients.len() > 1 => {
                let Some(at) = self.clients.iter().position(|tab| tab.socket == socket) else { return };
                self.engine.send(Command::Disconnect { socket });
                self.clients.remove(at);
                if self.client == socket {
                    self.client = self.clients[at.min(self.clients.len() - 1)].socket;
                }
            }
            _ => return,
        }
        self.sessions.forget_socket(socket);
    }

    fn start(&mut self, role: Role, socket: SocketId) {
        let command = match role {
            Role::Server => {
                let Some(tab) = self.server_tab(socket) else { return };
                tab.form.take_endpoint_text();
                tab.form.tried = true;
                let Some(spec) = tab.spec() else {
                    tab.more_open |= tab.form.target().is_ok() || tab.form.options_are_mistaken();
                    return;
                };
                tab.message = None;
                tab.dropped = 0;
                tab.wait_for_address = false;
                tab.state = ServerState::Starting;
                Command::Listen { socket, spec }
            }
            Role::Client => {
                let Some(tab) = self.client_tab(socket) else { return };
                tab.form.take_endpoint_text();
                tab.form.tried = true;
                let Some(spec) = tab.spec() else {
                    tab.more_open |= tab.form.target().is_ok() || tab.form.options_are_mistaken();
                    return;
                };
                tab.message = None;
                tab.dropped = 0;
                tab.candidates = 0;
                tab.state = ClientState::Connecting { attempt: String::new() };
                Command::Connect { socket, spec }
            }
        };
        self.engine.send(command);
    }

    fn stop(&mut self, role: Role, socket: SocketId) {
        match role {
            Role::Server => {
                let Some(tab) = self.server_tab(socket) else { return };
                tab.message = None;
                tab.state = ServerState::Stopping;
                self.engine.send(Command::StopListening { socket });
            }
            Role::Client => {
                let Some(tab) = self.client_tab(socket) else { return };
                tab.message = None;
                tab.state = ClientState::Disconnecting;
                self.engine.send(Command::Disconnect { socket });
            }
        }
    }

    fn send_message(&mut self, role: Role, socket: SocketId) {
        let (to, draft) = match role {
            Role::Server => {
                let Some(tab) = self.server_tab(socket) else { return };
                tab.message = None;
                (tab.recipients(), &mut tab.draft)
            }
            Role::Client => {
                let Some(tab) = self.client_tab(socket) else { return };
                tab.message = None;
                (tab.recipients(), &mut tab.draft)
            }
        };
        // What is missing or mistaken shows at the button and under the message already.
        let (Some(to), Ok(bytes)) = (to, draft.compose()) else { return };
        draft.sent();
        self.engine.send(Command::Send { socket, to, bytes });
    }

    fn send_paths(&mut self, role: Role, socket: SocketId, paths: Vec<PathBuf>) {
        let (to, mode): (Option<Recipients>, SendMode) = match role {
            Role::Server => {
                let Some(tab) = self.server_tab(socket) else { return };
                tab.message = None;
                (tab.recipients(), tab.draft.send_mode)
            }
            Role::Client => {
                let Some(tab) = self.client_tab(socket) else { return };
                tab.message = None;
                (tab.session().map(|session| Recipients::Sessions(vec![session])), tab.draft.send_mode)
            }
        };
        let Some(to) = to else { return self.say(role, socket, Message::NoRecipient(role)) };
        if paths.len() > 1 {
            // The tutorial's way ends a file by closing: a second one could only be refused.
            if mode == SendMode::Tutorial {
                return self.say(role, socket, Message::OneFileAConnection);
            }
            self.say(role, socket, Message::FilesFollowEachOther(paths.len()));
        }
        self.engine.send(Command::SendFiles { socket, to, paths, mode });
    }

    fn receive_into(&mut self, role: Role, socket: SocketId, folder: &std::path::Path) {
        let folder = folder.display().to_string();
        let (form, protocol, open) = match role {
            Role::Server => {
                let Some(tab) = self.server_tab(socket) else { return };
                (&mut tab.receive, tab.form.protocol, tab.state != ServerState::Idle)
            }
            Role::Client => {
                let Some(tab) = self.client_tab(socket) else { return };
                (&mut tab.receive, tab.form.protocol, tab.state != ClientState::Idle)
            }
        };
        form.folder = folder;
        if let Some(receive) = form.mode(protocol).filter(|_| open) {
            self.engine.send(Command::SetReceive { socket, receive });
        }
    }

    fn zoom(&mut self, ctx: &Context, zoom: f32) {
        self.settings.zoom = ((zoom * 10.0).round() / 10.0).clamp(0.5, 3.0);
        ctx.set_zoom_factor(self.settings.zoom);
    }
}

//! What a tab's socket is told to do.

use std::path::{Path, PathBuf};

use super::app::App;
use super::tabs::{ClientState, ServerState};
use super::widgets::message_line::Message;
use crate::model::{Command, Recipients, Role, SendMode, SocketId};

impl App {
    pub(super) fn start(&mut self, role: Role, socket: SocketId) {
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
                let waits_for = spec.wait_for_address.then_some(&spec.target.endpoint);
                tab.port_wait.take_if(|wait| waits_for.is_none() || wait.endpoint.as_ref() != waits_for);
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

    pub(super) fn stop(&mut self, role: Role, socket: SocketId) {
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

    pub(super) fn send_message(&mut self, role: Role, socket: SocketId) {
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

    pub(super) fn send_paths(&mut self, role: Role, socket: SocketId, paths: Vec<PathBuf>) {
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

    pub(super) fn receive_into(&mut self, role: Role, socket: SocketId, folder: &Path) {
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
}

//! Tabs that come, go, and come to the front.

use super::app::App;
use super::tabs::{ClientTabState, ServerTabState};
use crate::model::{ClientTab, Command, ComposerSettings, Protocol, Role, ServerTab, SocketId};

impl App {
    pub(super) fn new_tab(&mut self, role: Role) {
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

    pub(super) fn front_tab(&self, role: Role) -> SocketId {
        match role {
            Role::Server => self.server,
            Role::Client => self.client,
        }
    }

    /// Shows the tab so many places on, round the ends.
    pub(super) fn step_tab(&mut self, by: isize) {
        let role = self.panel_in_use;
        let sockets: Vec<_> = match role {
            Role::Server => self.servers.iter().map(|tab| tab.socket).collect(),
            Role::Client => self.clients.iter().map(|tab| tab.socket).collect(),
        };
        let Some(at) = sockets.iter().position(|socket| *socket == self.front_tab(role)) else { return };
        let to = at.wrapping_add_signed(by + sockets.len() as isize) % sockets.len();
        self.select_tab(role, sockets[to]);
    }

    pub(super) fn select_tab(&mut self, role: Role, socket: SocketId) {
        match role {
            Role::Server => self.server = socket,
            Role::Client => self.client = socket,
        }
    }

    /// Closes what the tab has open and takes it away; the last of a panel stays.
    pub(super) fn close_tab(&mut self, role: Role, socket: SocketId) {
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
}

//! What a tab's socket is told to do.

use std::path::{Path, PathBuf};

use super::app::App;
use super::tabs::{ClientState, ClientTabState, EndpointForm, ServerState, ServerTabState};
use super::widgets::message_line::Message;
use crate::model::{Command, ConnectSpec, ListenSpec, Recipients, Role, SendMode, SocketId};

/// A tab whose socket can be opened.
trait Startable {
    type Spec;

    /// How to open it; `None` while a field is mistaken.
    fn spec(&self) -> Option<Self::Spec>;

    /// Its form, whether "More" is open, and what is said of it: a message, datagrams that were dropped.
    fn parts(&mut self) -> (&mut EndpointForm, &mut bool, &mut Option<Message>, &mut u64);
}

impl Startable for ServerTabState {
    type Spec = ListenSpec;

    fn spec(&self) -> Option<ListenSpec> {
        self.spec()
    }

    fn parts(&mut self) -> (&mut EndpointForm, &mut bool, &mut Option<Message>, &mut u64) {
        (&mut self.form, &mut self.more_open, &mut self.message, &mut self.dropped)
    }
}

impl Startable for ClientTabState {
    type Spec = ConnectSpec;

    fn spec(&self) -> Option<ConnectSpec> {
        self.spec()
    }

    fn parts(&mut self) -> (&mut EndpointForm, &mut bool, &mut Option<Message>, &mut u64) {
        (&mut self.form, &mut self.more_open, &mut self.message, &mut self.dropped)
    }
}

/// How to open a tab's socket, as its form says; what was said of an earlier one is over then. While a field is mistaken
/// there is no answer, and the field is brought into view.
fn checked<Tab: Startable>(tab: &mut Tab) -> Option<Tab::Spec> {
    let (form, ..) = tab.parts();
    form.take_endpoint_text();
    form.tried = true;
    // Somebody may have done as a remark says. What is locked now asks once it no longer is.
    form.probed = None;
    let spec = tab.spec();
    let (form, more_open, message, dropped) = tab.parts();
    if spec.is_some() {
        (*message, *dropped) = (None, 0);
    } else {
        *more_open |= form.target().is_ok() || form.options_are_mistaken();
    }
    spec
}

impl App {
    pub(super) fn start(&mut self, role: Role, socket: SocketId) {
        let (command, endpoint) = match role {
            Role::Server => {
                let Some(tab) = self.server_tab(socket) else { return };
                let Some(spec) = checked(tab) else { return };
                let waits_for = spec.wait_for_address.then_some(&spec.target.endpoint);
                tab.port_wait.take_if(|wait| waits_for.is_none() || wait.endpoint.as_ref() != waits_for);
                tab.wait_for_address = false;
                tab.state = ServerState::Starting;
                let endpoint = spec.target.endpoint.clone();
                (Command::Listen { socket, spec: Box::new(spec) }, endpoint)
            }
            Role::Client => {
                let Some(tab) = self.client_tab(socket) else { return };
                let Some(spec) = checked(tab) else { return };
                tab.candidates = 0;
                tab.state = ClientState::Connecting { attempt: String::new() };
                let endpoint = spec.target.endpoint.clone();
                (Command::Connect { socket, spec: Box::new(spec) }, endpoint)
            }
        };
        self.sessions.places.begin(socket, endpoint);
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

    /// Sends files to those of `chosen` who are still there; without such, to whom the tab sends now.
    pub(super) fn send_paths(&mut self, role: Role, socket: SocketId, paths: Vec<PathBuf>, chosen: Option<Recipients>) {
        let (to, mode): (Option<Recipients>, SendMode) = match role {
            Role::Server => {
                let Some(tab) = self.server_tab(socket) else { return };
                tab.message = None;
                let were_named = chosen.as_ref().map_or(tab.recipients_left(), |chosen| *chosen != Recipients::All);
                let to = match chosen {
                    Some(chosen) => tab.still_there(chosen),
                    None => tab.recipients(),
                };
                if to.is_none() && were_named {
                    tab.message = Some(Message::RecipientLeft);
                    return;
                }
                (to, tab.draft.send_mode)
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
        let Some(text) = folder.to_str() else {
            return self.say(role, socket, Message::PathNotText(folder.to_owned()));
        };
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
        form.folder = text.to_owned();
        if let Some((receive, admission)) = form.intake(protocol).filter(|_| open) {
            self.engine.send(Command::SetReceive { socket, receive, admission });
        }
    }
}

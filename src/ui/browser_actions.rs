//! The window's part in choosing what browsers are shown.

use std::path::Path;

use super::app::App;
use super::dialogs::Answer;
use super::tabs::ServerState;
use super::widgets::message_line::Message;
use crate::model::{Command, SocketId};

impl App {
    /// Takes in how the dialog for a file or a folder to show ended.
    pub(super) fn on_site_dialog(&mut self, socket: SocketId, answer: Answer) {
        match answer {
            Answer::Chosen(mut paths) => {
                if let Some(path) = paths.pop() {
                    self.show_to_browsers(socket, &path);
                }
            }
            Answer::Cancelled => {}
            Answer::Nothing => self.say_of_site(socket, Message::NoSiteChosen),
        }
    }

    fn show_to_browsers(&mut self, socket: SocketId, path: &Path) {
        let Some(text) = path.to_str() else { return self.say_of_site(socket, Message::PathNotText(path.to_owned())) };
        let Some(tab) = self.servers.iter_mut().find(|tab| tab.socket == socket) else { return };
        tab.browser.path = text.to_owned();
        if tab.state != ServerState::Idle
            && let Ok(browser) = tab.browser.content(tab.form.protocol)
        {
            self.engine.send(Command::SetBrowser { socket, browser });
        }
    }

    fn say_of_site(&mut self, socket: SocketId, message: Message) {
        if let Some(tab) = self.servers.iter_mut().find(|tab| tab.socket == socket) {
            tab.message = Some(message);
        }
    }
}

//! What other programs of the system are to open.

use std::path::PathBuf;
use std::sync::Arc;

use super::Control;
use crate::engine::core::spawn_foreign;
use crate::model::{Cause, Event, Failure, Hint, Operation, SocketId};
use crate::store::tree::is_folder;

impl Control {
    /// On a thread that nobody joins: a browser without a window runs until it is closed.
    pub(super) fn open_in_browser(&self, socket: SocketId, url: String) {
        let core = Arc::clone(&self.core);
        let opened = spawn_foreign("browser", move || {
            if let Err(error) = webbrowser::open(&url) {
                tracing::debug!(%error, "no browser");
                let failure = Failure::new(Operation::OpenBrowser, url, Cause::NoBrowser).with_hint(Hint::OpenByHand);
                core.outbox.send(Event::Failed { socket: Some(socket), session: None, failure });
            }
        });
        if let Err(failure) = opened {
            self.core.outbox.send(Event::Failed { socket: Some(socket), session: None, failure });
        }
    }

    pub(super) fn open_folder(&self, socket: Option<SocketId>, path: PathBuf) {
        let core = Arc::clone(&self.core);
        let opened = spawn_foreign("file-manager", move || {
            // Most file managers would open nothing, and not say so.
            let cause = if is_folder(&path) {
                let opened = open::that_detached(&path).inspect_err(|error| tracing::debug!(%error, "no file manager"));
                opened.is_err().then_some(Cause::NoFileManager)
            } else {
                Some(Cause::NotFound)
            };
            if let Some(cause) = cause {
                let failure = Failure::new(Operation::OpenFolder, path.display(), cause);
                core.outbox.send(Event::Failed { socket, session: None, failure });
            }
        });
        if let Err(failure) = opened {
            self.core.outbox.send(Event::Failed { socket, session: None, failure });
        }
    }
}

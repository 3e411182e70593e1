//! The native dialogs, off the window's thread.

use std::future::Future;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use rfd::{AsyncFileDialog, FileHandle};

use crate::engine::Engine;
use crate::model::{Role, SocketId};

/// Nobody cancels a dialog this soon after asking for it: none could open. rfd reports both alike.
const TOO_SOON: Duration = Duration::from_millis(300);

/// What the chosen paths are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    SendFiles(Role, SocketId),
    ReceiveInto(Role, SocketId),
    SaveJournal,
}

/// How a dialog ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Chosen(Vec<PathBuf>),
    /// `first` when no dialog of this run has brought anything before: perhaps none was seen.
    Cancelled {
        first: bool,
    },
    /// This system can't show one.
    CouldNotOpen,
}

/// Opens dialogs and collects their answers.
#[derive(Debug)]
pub(super) struct Dialogs {
    sender: Sender<(Purpose, Answer)>,
    receiver: Receiver<(Purpose, Answer)>,
    open: bool,
    /// Whether a dialog is known to work here, or the doubt was told.
    settled: bool,
}

impl Default for Dialogs {
    fn default() -> Self {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        Self { sender, receiver, open: false, settled: false }
    }
}

impl Dialogs {
    /// Opens a dialog; does nothing while one is open. Must be called on the window's thread, where macOS wants dialogs
    /// to be made; never blocks. The dialog belongs to `window`: it stays above it and takes its input meanwhile.
    pub(super) fn open(
        &mut self,
        engine: &Engine,
        ctx: &egui::Context,
        window: Option<&eframe::Frame>,
        purpose: Purpose,
        title: &str,
    ) {
        if self.open {
            return;
        }
        self.open = true;
        let mut dialog = AsyncFileDialog::new().set_title(title);
        if let Some(window) = window {
            dialog = dialog.set_parent(window);
        }
        match purpose {
            Purpose::SendFiles(..) => self.wait(engine, ctx, purpose, dialog.pick_files()),
            Purpose::ReceiveInto(..) => {
                let folder = dialog.pick_folder();
                self.wait(engine, ctx, purpose, async { folder.await.map(|folder| vec![folder]) });
            }
            Purpose::SaveJournal => {
                let file = dialog
                    .set_file_name("journal.txt")
                    .add_filter("Text", &["txt"])
                    .add_filter("JSON Lines", &["jsonl"])
                    .add_filter("SQLite", &["sqlite"])
                    .save_file();
                self.wait(engine, ctx, purpose, async { file.await.map(|file| vec![file]) });
            }
        }
    }

    /// The answer of the dialog that was open, once.
    pub(super) fn answer(&mut self) -> Option<(Purpose, Answer)> {
        let (purpose, mut answer) = self.receiver.try_recv().ok()?;
        self.open = false;
        if let Answer::Cancelled { first } = &mut answer {
            *first = !self.settled;
        }
        // Of a journal's dialog no doubt is told.
        self.settled |= !matches!((purpose, &answer), (Purpose::SaveJournal, Answer::Cancelled { .. }));
        Some((purpose, answer))
    }

    fn wait(
        &self,
        engine: &Engine,
        ctx: &egui::Context,
        purpose: Purpose,
        chosen: impl Future<Output = Option<Vec<FileHandle>>> + Send + 'static,
    ) {
        let sender = self.sender.clone();
        let ctx = ctx.clone();
        let asked = Instant::now();
        engine.run_detached("dialog", move || {
            let answer = match pollster::block_on(chosen) {
                Some(files) => Answer::Chosen(files.iter().map(|file| file.path().to_owned()).collect()),
                None if asked.elapsed() < TOO_SOON => Answer::CouldNotOpen,
                None => Answer::Cancelled { first: true },
            };
            // Fails only when the window is gone.
            if sender.send((purpose, answer)).is_ok() {
                ctx.request_repaint();
            }
        });
    }
}

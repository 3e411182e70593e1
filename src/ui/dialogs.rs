//! Dialogs for paths, off the window's thread.

mod picker;

use std::path::PathBuf;

use crossbeam_channel::{Receiver, Sender};

pub use self::picker::{Choice, Picker, Wanted};
use crate::engine::Engine;
use crate::i18n::Language;
use crate::model::{Recipients, Role, SaveFormat, SocketId};
use crate::tr;

/// What the chosen paths are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    SendFiles {
        role: Role,
        socket: SocketId,
        /// Whom the user had chosen when asking for the dialog; a client has one peer.
        to: Option<Recipients>,
    },
    ReceiveInto(Role, SocketId),
    /// What browsers are shown.
    Site {
        socket: SocketId,
        is_folder: bool,
    },
    SaveJournal,
    OpenJournal,
}

/// How a dialog ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Chosen(Vec<PathBuf>),
    /// Somebody saw it and chose nothing: dialogs have brought paths in this run.
    Cancelled,
    /// Nothing was chosen, or no dialog could open: systems report both alike, and some take long to fail.
    Nothing,
}

impl Purpose {
    fn wanted(&self, language: Language) -> Wanted {
        match self {
            Self::SendFiles { .. } => Wanted::Files,
            Self::Site { is_folder: false, .. } | Self::OpenJournal => Wanted::File,
            Self::ReceiveInto(..) | Self::Site { is_folder: true, .. } => Wanted::Folder,
            Self::SaveJournal => Wanted::NewFile {
                name: "journal.txt".to_owned(),
                kinds: SaveFormat::ALL.map(|format| (kind(format, language), format.extension())).into(),
            },
        }
    }
}

/// What a format is to a person.
fn kind(format: SaveFormat, language: Language) -> String {
    match format {
        SaveFormat::Text => tr!(language, "dialog.kind_text"),
        SaveFormat::Hex => tr!(language, "dialog.kind_hex"),
        SaveFormat::Csv => tr!(language, "dialog.kind_csv"),
        SaveFormat::JsonLines => tr!(language, "dialog.kind_json"),
        SaveFormat::Pcapng => tr!(language, "dialog.kind_pcapng"),
        SaveFormat::Sqlite => tr!(language, "dialog.kind_sqlite"),
    }
    .into_owned()
}

/// Opens dialogs and collects their answers.
pub(super) struct Dialogs {
    picker: Box<dyn Picker>,
    sender: Sender<(Purpose, Answer)>,
    receiver: Receiver<(Purpose, Answer)>,
    open: bool,
    /// A dialog has brought a path: they can be seen here.
    seen: bool,
}

impl Default for Dialogs {
    fn default() -> Self {
        Self::of(Box::new(picker::NativePicker))
    }
}

impl Dialogs {
    pub(super) fn of(picker: Box<dyn Picker>) -> Self {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        Self { picker, sender, receiver, open: false, seen: false }
    }

    /// Opens a dialog; does nothing while one is open. Must be called on the window's thread; never blocks.
    pub(super) fn open(
        &mut self,
        engine: &Engine,
        ctx: &egui::Context,
        window: Option<&eframe::Frame>,
        purpose: Purpose,
        title: &str,
        language: Language,
    ) {
        if self.open {
            return;
        }
        self.open = true;
        let choice = self.picker.pick(window, title, purpose.wanted(language));
        self.wait(engine, ctx, purpose, choice);
    }

    /// The answer of the dialog that was open, once.
    pub(super) fn answer(&mut self) -> Option<(Purpose, Answer)> {
        let (purpose, answer) = self.receiver.try_recv().ok()?;
        self.open = false;
        self.seen |= matches!(answer, Answer::Chosen(_));
        let answer = if answer == Answer::Cancelled && !self.seen { Answer::Nothing } else { answer };
        Some((purpose, answer))
    }

    fn wait(&self, engine: &Engine, ctx: &egui::Context, purpose: Purpose, choice: Choice) {
        let mut owed = self.owed(ctx, purpose);
        engine.run_detached("dialog", move || {
            owed.settle(match pollster::block_on(choice) {
                Some(paths) => Answer::Chosen(paths),
                None => Answer::Cancelled,
            });
        });
    }

    fn owed(&self, ctx: &egui::Context, purpose: Purpose) -> Owed {
        Owed { sender: self.sender.clone(), ctx: ctx.clone(), purpose, answer: Answer::Nothing }
    }
}

/// The answer of an open dialog, given when this is dropped. So there is one, and the next dialog can open, where the
/// thread that waits for it could not start, and where the dialog's code panicked.
struct Owed {
    sender: Sender<(Purpose, Answer)>,
    ctx: egui::Context,
    purpose: Purpose,
    answer: Answer,
}

impl Owed {
    fn settle(&mut self, answer: Answer) {
        self.answer = answer;
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        let answer = std::mem::replace(&mut self.answer, Answer::Nothing);
        // One dialog is open at a time, so there is room; this fails only when the window is gone.
        if self.sender.try_send((self.purpose.clone(), answer)).is_ok() {
            self.ctx.request_repaint();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_could_not_start_is_an_answer() {
        let mut dialogs = Dialogs { open: true, ..Dialogs::default() };
        let mut owed = dialogs.owed(&egui::Context::default(), Purpose::OpenJournal);
        // As the system's refusal drops it.
        drop(move || owed.settle(Answer::Cancelled));
        assert_eq!(dialogs.answer(), Some((Purpose::OpenJournal, Answer::Nothing)));
        assert!(!dialogs.open);
    }
}

//! Dialogs for paths, off the window's thread.

mod picker;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};

pub use self::picker::{Choice, Picker, Wanted};
use crate::engine::Engine;
use crate::i18n::Language;
use crate::model::{Recipients, Role, SaveFormat, SocketId};
use crate::tr;

/// Nobody cancels a dialog this soon after asking for it: none could open. rfd reports both alike.
const TOO_SOON: Duration = Duration::from_millis(300);

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
    /// `first` when no dialog of this run has brought anything before: perhaps none was seen.
    Cancelled {
        first: bool,
    },
    /// This system can't show one.
    CouldNotOpen,
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
    /// Whether a dialog is known to work here, or the doubt was told.
    settled: bool,
}

impl Default for Dialogs {
    fn default() -> Self {
        Self::of(Box::new(picker::NativePicker))
    }
}

impl Dialogs {
    pub(super) fn of(picker: Box<dyn Picker>) -> Self {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        Self { picker, sender, receiver, open: false, settled: false }
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
        let (purpose, mut answer) = self.receiver.try_recv().ok()?;
        self.open = false;
        if let Answer::Cancelled { first } = &mut answer {
            *first = !self.settled;
        }
        // Of a journal's dialog no doubt is told.
        self.settled |=
            !matches!((&purpose, &answer), (Purpose::SaveJournal | Purpose::OpenJournal, Answer::Cancelled { .. }));
        Some((purpose, answer))
    }

    fn wait(&self, engine: &Engine, ctx: &egui::Context, purpose: Purpose, choice: Choice) {
        let sender = self.sender.clone();
        let ctx = ctx.clone();
        let asked = Instant::now();
        engine.run_detached("dialog", move || {
            let answer = match pollster::block_on(choice) {
                Some(paths) => Answer::Chosen(paths),
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

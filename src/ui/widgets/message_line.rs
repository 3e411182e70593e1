use std::path::PathBuf;

use egui::{Frame, Margin, RichText, Ui};

use super::icon::{self, Icon};
use crate::codec::visible::visible;
use crate::i18n::{self, Language};
use crate::model::{Failure, Imported, Notice, Role, Saved};
use crate::tr;
use crate::ui::theme::Tokens;

/// What a panel has to say until the next action. The words are found when it is drawn, in the language of that moment.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    Failed(Failure),
    Noticed(Notice),
    /// Neither the system's native dialog nor a replacement for it could be opened.
    NoDialog,
    /// The same of the dialog for a folder.
    NoFolderDialog,
    /// A dialog ended without a choice, and nobody knows whether it was seen.
    NothingChosen {
        folder: bool,
    },
    /// A chosen folder, or file to show, whose path can't stand in a field.
    PathNotText(PathBuf),
    /// [`Self::NoDialog`] of the dialog for what browsers are shown.
    NoSiteDialog,
    /// [`Self::NothingChosen`] of the same.
    NoSiteChosen,
    /// There is no session that files could go to.
    NoRecipient(Role),
    /// The sessions that files should have gone to are over.
    RecipientLeft,
    /// Several files were given where each needs a connection of its own.
    OneFileAConnection,
    /// This many files go over one stream, with nothing between them.
    FilesFollowEachOther(usize),
    JournalSaved {
        saved: Saved,
        path: PathBuf,
        /// Nobody chose the path, since no dialog could open.
        unasked: bool,
    },
    /// [`Self::NoDialog`] of the dialog for what is to be read.
    NoOpenDialog,
    /// A journal or a capture is on its way.
    Opening(PathBuf),
    JournalOpened {
        path: PathBuf,
        rows: u64,
        /// Of a capture.
        imported: Option<Imported>,
    },
    /// The window waits for the journal's copy.
    ClosesAfterSave,
    /// Keys of settings that took their defaults.
    SettingsDamaged(Vec<String>),
    /// Why the settings file as a whole could not be read.
    SettingsUnreadable(String),
    /// How many past transfers could not be read.
    TransfersDamaged(usize),
    /// Why none of them could.
    TransfersUnreadable(String),
}

impl Message {
    fn is_failure(&self) -> bool {
        matches!(
            self,
            Self::Failed(_)
                | Self::NoDialog
                | Self::NoFolderDialog
                | Self::PathNotText(_)
                | Self::NoSiteDialog
                | Self::NoOpenDialog
                | Self::OneFileAConnection
        )
    }

    fn words(&self, language: Language) -> (String, Option<String>) {
        let words = match self {
            Self::Failed(failure) => return (i18n::failure(language, failure), i18n::hint(language, failure)),
            Self::NoDialog => {
                let hint = tr!(language, "dialog.other_ways").into_owned();
                return (tr!(language, "dialog.none").into_owned(), Some(hint));
            }
            Self::Noticed(notice) => i18n::notice(language, notice).into(),
            Self::NothingChosen { folder: false } => tr!(language, "dialog.nothing_chosen"),
            Self::NothingChosen { folder: true } => tr!(language, "dialog.nothing_chosen_folder"),
            Self::NoFolderDialog => tr!(language, "dialog.none_for_folder"),
            Self::PathNotText(path) => {
                tr!(language, "dialog.path_not_text", path = visible(&path.display().to_string()))
            }
            Self::NoSiteDialog => tr!(language, "browser.no_dialog"),
            Self::NoSiteChosen => tr!(language, "browser.nothing_chosen"),
            Self::NoRecipient(Role::Server) => tr!(language, "server.nobody"),
            Self::NoRecipient(Role::Client) => tr!(language, "client.connect_first"),
            Self::RecipientLeft => tr!(language, "server.recipient_left"),
            Self::OneFileAConnection => tr!(language, "file.one_a_connection"),
            Self::FilesFollowEachOther(count) => tr!(language, "file.follow_each_other", count = count),
            Self::JournalSaved { saved, path, unasked } => {
                let words = i18n::saved(language, saved, path);
                let why = unasked.then(|| tr!(language, "journal.saved_unasked").into_owned());
                return (words, why.or_else(|| i18n::saved_details(language, saved)));
            }
            Self::NoOpenDialog => tr!(language, "reading.no_dialog"),
            Self::Opening(path) => tr!(language, "reading.opening", path = visible(&path.display().to_string())),
            Self::JournalOpened { imported: Some(imported), .. } => {
                return (i18n::imported(language, imported), i18n::imported_details(language, imported));
            }
            Self::JournalOpened { path, rows, imported: None } => {
                let path = visible(&path.display().to_string());
                tr!(language, "reading.opened", rows = i18n::grouped(*rows), path = path)
            }
            Self::ClosesAfterSave => tr!(language, "journal.closes_after_save"),
            Self::SettingsDamaged(keys) => tr!(language, "settings.damaged", keys = keys.join(", ")),
            Self::SettingsUnreadable(problem) => tr!(language, "settings.unreadable", problem = problem),
            Self::TransfersDamaged(lines) => tr!(language, "past.damaged", lines = lines),
            Self::TransfersUnreadable(problem) => tr!(language, "past.unreadable", problem = problem),
        };
        (words.into_owned(), None)
    }
}

/// Draws the message as a strip; true when it was dismissed.
pub fn message_line(ui: &mut Ui, tokens: &Tokens, language: Language, message: &Message) -> bool {
    let (colour, fill, picture) = if message.is_failure() {
        (tokens.error, tokens.error_soft, Icon::Warning)
    } else {
        (tokens.text_muted, tokens.surface_raised, Icon::Info)
    };
    let (words, hint) = message.words(language);
    let mut dismissed = false;
    Frame::new().fill(fill).corner_radius(tokens.radius).inner_margin(Margin::symmetric(8, 4)).show(ui, |ui| {
        ui.horizontal(|ui| {
            let (rect, _) = ui.allocate_exact_size(egui::Vec2::splat(16.0), egui::Sense::hover());
            icon::paint(ui.painter(), rect, picture, colour);
            let text_width = ui.available_width() - tokens.row_height - tokens.space;
            ui.vertical(|ui| {
                ui.set_width(text_width);
                ui.spacing_mut().item_spacing.y = 1.0;
                if hint.is_none() {
                    // One line stands level with the icons beside it, two are higher than they are.
                    let line = ui.text_style_height(&egui::TextStyle::Body);
                    let row = ui.spacing().interact_size.y;
                    ui.add_space(((row - line) / 2.0).max(0.0));
                }
                ui.add(egui::Label::new(RichText::new(words).color(tokens.text)).wrap().selectable(true));
                if let Some(hint) = hint {
                    let hint = RichText::new(hint).font(tokens.small_font()).color(tokens.text_muted);
                    ui.add(egui::Label::new(hint).wrap());
                }
            });
            let label = tr!(language, "action.dismiss");
            dismissed = icon::icon_button(ui, tokens, Icon::Close, &label, &label).clicked();
        });
    });
    dismissed
}

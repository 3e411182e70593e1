use std::borrow::Cow;
use std::path::PathBuf;

use egui::{Frame, RichText, Ui};

use super::icon::{self, Icon};
use crate::codec::visible::visible;
use crate::i18n::{self, Language};
use crate::model::{Cause, Failure, Imported, Notice, Role, Saved};
use crate::tr;
use crate::ui::theme::Tokens;

/// What a panel has to say until the next action. The words are found when it is drawn, in the language of that moment.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    Failed(Failure),
    Noticed(Notice),
    /// No dialog has brought files to send; nobody knows whether one was seen.
    NoFileChosen,
    /// [`Self::NoFileChosen`] of the dialog for a folder.
    NoFolderChosen,
    /// [`Self::NoFileChosen`] of the dialog for what browsers are shown.
    /// A chosen folder, or file to show, whose path can't stand in a field.
    PathNotText(PathBuf),
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
    },
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
    SettingsDamaged {
        keys: Vec<String>,
        /// Why the old file is not kept aside, where it isn't.
        not_kept: Option<Cause>,
    },
    /// Why the settings file as a whole could not be read.
    SettingsUnreadable {
        why: Cause,
        /// As [`Self::SettingsDamaged`].
        not_kept: Option<Cause>,
    },
    /// How many past transfers could not be read.
    TransfersDamaged(usize),
    /// Why none of them could.
    TransfersUnreadable(Cause),
}

impl Message {
    fn is_failure(&self) -> bool {
        match self {
            Self::Failed(_) | Self::PathNotText(_) | Self::OneFileAConnection => true,
            Self::SettingsDamaged { not_kept, .. } | Self::SettingsUnreadable { not_kept, .. } => not_kept.is_some(),
            _ => false,
        }
    }

    fn words(&self, language: Language) -> (String, Option<String>) {
        let words = match self {
            Self::Failed(failure) => return (i18n::failure(language, failure), i18n::hint(language, failure)),
            Self::NoFileChosen => {
                let hint = tr!(language, "dialog.no_file.hint").into_owned();
                return (tr!(language, "dialog.no_file").into_owned(), Some(hint));
            }
            Self::NoFolderChosen => {
                let hint = tr!(language, "dialog.type_path").into_owned();
                return (tr!(language, "dialog.no_folder").into_owned(), Some(hint));
            }
            Self::NoSiteChosen => {
                let hint = tr!(language, "dialog.type_path").into_owned();
                return (tr!(language, "dialog.nothing").into_owned(), Some(hint));
            }
            Self::Noticed(notice) => i18n::notice(language, notice).into(),
            Self::PathNotText(path) => {
                tr!(language, "dialog.path_not_text", path = visible(&path.display().to_string()))
            }
            Self::NoRecipient(Role::Server) => tr!(language, "server.nobody"),
            Self::NoRecipient(Role::Client) => tr!(language, "client.connect_first"),
            Self::RecipientLeft => tr!(language, "server.recipient_left"),
            Self::OneFileAConnection => tr!(language, "file.one_a_connection"),
            Self::FilesFollowEachOther(count) => tr!(language, "file.follow_each_other", count = count),
            Self::JournalSaved { saved, path } => {
                return (i18n::saved(language, saved, path), i18n::saved_details(language, saved));
            }
            Self::Opening(path) => tr!(language, "reading.opening", path = visible(&path.display().to_string())),
            Self::JournalOpened { imported: Some(imported), .. } => {
                return (i18n::imported(language, imported), i18n::imported_details(language, imported));
            }
            Self::JournalOpened { path, rows, imported: None } => {
                let path = visible(&path.display().to_string());
                tr!(language, "reading.opened", rows = i18n::grouped(*rows), path = path)
            }
            Self::ClosesAfterSave => tr!(language, "journal.closes_after_save"),
            Self::SettingsDamaged { keys, not_kept } => {
                tr!(language, "settings.damaged", keys = keys.join(", "), file = old_file(language, not_kept.as_ref()))
            }
            Self::SettingsUnreadable { why, not_kept } => {
                let (problem, file) = (i18n::cause(language, why), old_file(language, not_kept.as_ref()));
                tr!(language, "settings.unreadable", problem = problem, file = file)
            }
            Self::TransfersDamaged(lines) => tr!(language, "past.damaged", lines = lines),
            Self::TransfersUnreadable(why) => {
                tr!(language, "past.unreadable", problem = i18n::cause(language, why))
            }
        };
        (words.into_owned(), None)
    }
}

/// What became of a settings file that was damaged.
fn old_file(language: Language, not_kept: Option<&Cause>) -> Cow<'static, str> {
    match not_kept {
        None => tr!(language, "settings.kept"),
        Some(why) => tr!(language, "settings.not_kept", problem = i18n::cause(language, why)),
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
    Frame::new().fill(fill).corner_radius(tokens.radius).inner_margin(tokens.text_padding).show(ui, |ui| {
        ui.horizontal(|ui| {
            let (rect, _) = ui.allocate_exact_size(egui::Vec2::splat(16.0), egui::Sense::hover());
            icon::paint(ui.painter(), rect, picture, colour);
            let text_width = ui.available_width() - tokens.row_height - tokens.space;
            ui.vertical(|ui| {
                ui.set_width(text_width);
                ui.spacing_mut().item_spacing.y = tokens.space_hair;
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

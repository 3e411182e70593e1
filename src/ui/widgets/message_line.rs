use egui::{Frame, Margin, RichText, Ui};

use super::icon::{self, Icon};
use crate::i18n::{self, Language};
use crate::model::{Failure, Notice};
use crate::tr;
use crate::ui::theme::Tokens;

/// What a panel has to say until the next action.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    Failed(Failure),
    Noticed(Notice),
    /// Neither the system's native dialog nor a replacement for it could be opened.
    NoDialog,
    /// Words that were known where the message arose.
    Said(String),
}

impl Message {
    fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::NoDialog)
    }

    fn words(&self, language: Language) -> (String, Option<String>) {
        match self {
            Self::Failed(failure) => (i18n::failure(language, failure), i18n::hint(language, failure)),
            Self::Noticed(notice) => (i18n::notice(language, notice), None),
            Self::NoDialog => {
                (tr!(language, "dialog.none").into_owned(), Some(tr!(language, "dialog.other_ways").into_owned()))
            }
            Self::Said(words) => (words.clone(), None),
        }
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

use egui::Ui;

use crate::i18n;
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::widgets::message_line::{Message, message_line};

/// The strip at the bottom for what concerns the whole window; it is there only while there is something to say.
pub fn status_bar(ui: &mut Ui, cx: &mut Cx<'_>, message: &Message) {
    if message_line(ui, cx.tokens, cx.language, message) {
        cx.act(UiCommand::DismissNotice);
    }
}

/// Which settings could not be read, in words.
#[must_use]
pub fn damage(language: i18n::Language, damage: &[crate::model::Damage]) -> Option<Message> {
    let keys: Vec<_> = damage.iter().map(|one| one.key.as_str()).filter(|key| !key.is_empty()).collect();
    if damage.is_empty() {
        return None;
    }
    let words = if keys.len() < damage.len() {
        let problem = damage.iter().find(|one| one.key.is_empty()).map(|one| one.problem.as_str());
        tr!(language, "settings.unreadable", problem = problem.unwrap_or_default())
    } else {
        tr!(language, "settings.damaged", keys = keys.join(", "))
    };
    Some(Message::Said(words.into_owned()))
}

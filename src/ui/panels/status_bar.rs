use egui::Ui;

use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::widgets::message_line::{Message, message_line};

/// The strip at the bottom for what concerns the whole window; it is there only while there is something to say.
pub fn status_bar(ui: &mut Ui, cx: &mut Cx<'_>, message: &Message) {
    if message_line(ui, cx.tokens, cx.language, message) {
        cx.act(UiCommand::DismissNotice);
    }
}

/// What is to be said of a list of past transfers that could not be read whole.
#[must_use]
pub fn lost_transfers(damage: &[crate::model::Damage]) -> Option<Message> {
    let first = damage.first()?;
    Some(match first.key.is_empty() {
        true => Message::TransfersUnreadable(first.problem.clone()),
        false => Message::TransfersDamaged(damage.len()),
    })
}

/// What is to be said of settings that could not be read.
#[must_use]
pub fn damage(damage: &[crate::model::Damage]) -> Option<Message> {
    if damage.is_empty() {
        return None;
    }
    Some(match damage.iter().find(|one| one.key.is_empty()) {
        Some(whole) => Message::SettingsUnreadable(whole.problem.clone()),
        None => Message::SettingsDamaged(damage.iter().map(|one| one.key.clone()).collect()),
    })
}

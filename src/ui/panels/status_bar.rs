use egui::Ui;

use crate::model::Damage;
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
pub fn lost_transfers(damage: &[Damage]) -> Option<Message> {
    Some(match damage.first()? {
        Damage::Whole(why) | Damage::NotKept(why) => Message::TransfersUnreadable(why.clone()),
        Damage::Part { .. } => Message::TransfersDamaged(damage.len()),
    })
}

/// What is to be said of settings that could not be read.
#[must_use]
pub fn damage(damage: &[Damage]) -> Option<Message> {
    let (mut keys, mut whole, mut not_kept) = (Vec::new(), None, None);
    for one in damage {
        match one {
            Damage::Part { key, .. } => keys.push(key.clone()),
            Damage::Whole(why) => whole = Some(why.clone()),
            Damage::NotKept(why) => not_kept = Some(why.clone()),
        }
    }
    match whole {
        Some(why) => Some(Message::SettingsUnreadable { why, not_kept }),
        None if keys.is_empty() => None,
        None => Some(Message::SettingsDamaged { keys, not_kept }),
    }
}

//! Settings on their way to their file.

use std::sync::Arc;

use super::{Control, join};
use crate::engine::core::spawn;
use crate::model::{Event, Settings};
use crate::store;

impl Control {
    pub(super) fn save_settings(&mut self, settings: Settings) {
        let Some(path) = self.settings.clone() else { return };
        let before = self.saving.take();
        let outbox = Arc::clone(&self.core.outbox);
        let saving = spawn("save-settings".to_owned(), move || {
            if let Some(before) = before {
                join(before);
            }
            let event = match store::settings::save(&path, &settings) {
                Ok(()) => Event::SettingsSaved,
                Err(failure) => Event::Failed { socket: None, session: None, failure },
            };
            outbox.send(event);
        });
        match saving {
            Ok(saving) => self.saving = Some(saving),
            Err(failure) => self.core.outbox.send(Event::Failed { socket: None, session: None, failure }),
        }
    }
}

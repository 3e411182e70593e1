//! What is told for a moment beside the counts.

use std::borrow::Cow;

use egui::Ui;

use super::JournalPanel;
use super::hunt::Outcome;
use super::row_text::group;
use crate::i18n::Language;
use crate::tr;

/// How something ended that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// `cut` when there was more than one copy takes.
    Copied { rows: u64, cut: bool },
    /// A row could not be read; the clipboard is as it was.
    CopyFailed,
    /// A row that was looked for.
    Hunted(Outcome),
}

impl Said {
    pub(super) fn words(self, language: Language) -> Cow<'static, str> {
        match self {
            Self::Copied { rows, cut: false } => tr!(language, "journal.copied", count = group(rows)),
            Self::Copied { rows, cut: true } => tr!(language, "journal.copied_part", count = group(rows)),
            Self::CopyFailed => tr!(language, "journal.copy_failed"),
            Self::Hunted(outcome) => outcome.words(language),
        }
    }
}

/// Seconds for which it is told.
const SAID_FOR: f64 = 4.0;

impl JournalPanel {
    pub(super) fn say(&mut self, said: Said) {
        self.said = Some(said);
        self.said_at = None;
    }

    /// Takes back what was told long enough.
    pub(super) fn fall_silent(&mut self, ui: &Ui) {
        if self.said.is_none() {
            return;
        }
        let now = ui.input(|input| input.time);
        let until = *self.said_at.get_or_insert(now) + SAID_FOR;
        if now >= until {
            self.said = None;
        } else {
            ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(until - now));
        }
    }
}

//! The rows that the cursor can be sent to.

use std::borrow::Cow;

use egui::{Key, KeyboardShortcut, Modifiers};

use crate::i18n::Language;
use crate::tr;

/// From the cursor to the nearest row of a kind, among those that are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Of what the bar for finding asks for.
    NextMatch,
    PreviousMatch,
    /// A failure or a notice.
    NextError,
    PreviousError,
    /// Marked by the user.
    NextMark,
    PreviousMark,
}

impl Step {
    #[must_use]
    pub fn label(self, language: Language) -> Cow<'static, str> {
        match self {
            Self::NextMatch => tr!(language, "find.next"),
            Self::PreviousMatch => tr!(language, "find.previous"),
            Self::NextError => tr!(language, "go_to.next_error"),
            Self::PreviousError => tr!(language, "go_to.previous_error"),
            Self::NextMark => tr!(language, "go_to.next_mark"),
            Self::PreviousMark => tr!(language, "go_to.previous_mark"),
        }
    }

    #[must_use]
    pub fn shortcut(self) -> KeyboardShortcut {
        let key = match self {
            Self::NextMatch | Self::PreviousMatch => Key::F3,
            Self::NextError | Self::PreviousError => Key::F8,
            Self::NextMark | Self::PreviousMark => Key::F2,
        };
        KeyboardShortcut::new(if self.is_backward() { Modifiers::SHIFT } else { Modifiers::NONE }, key)
    }

    /// Towards lower numbers.
    #[must_use]
    pub fn is_backward(self) -> bool {
        matches!(self, Self::PreviousMatch | Self::PreviousError | Self::PreviousMark)
    }
}

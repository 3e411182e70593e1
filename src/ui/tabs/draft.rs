use crate::codec::compose::{self, ComposeError, Format, LineEnding};
use crate::codec::encoding::Encoding;
use crate::model::{ComposerSettings, LineEndingChoice, SendMode};

/// From this many bytes on a message is shown as a summary: laying such a text out in every frame would stall the window.
pub const LARGE: usize = 64 << 10;

/// As many messages as the history keeps.
const HISTORY_MAX: usize = 50;

/// A message being written, how it becomes bytes, and the ones before it.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    text: String,
    pub format: Format,
    pub encoding: Encoding,
    pub ending: LineEnding,
    pub send_mode: SendMode,
    /// The path typed for a file to send.
    pub path: String,
    /// Latest last.
    history: Vec<String>,
    /// The message sent last, until something else is written: it may still be refused.
    sent: String,
    /// Which of the history is shown, and the text that was being written before.
    recalled: Option<(usize, String)>,
    checked: Option<Checked>,
}

#[derive(Clone, Debug)]
struct Checked {
    format: Format,
    encoding: Encoding,
    ending: LineEnding,
    result: Result<usize, ComposeError>,
}

impl Draft {
    #[must_use]
    pub fn from_settings(settings: &ComposerSettings) -> Self {
        Self {
            text: settings.draft.clone(),
            format: Format::from_label(&settings.format).unwrap_or_default(),
            encoding: Encoding::from_label(&settings.encoding).unwrap_or_default(),
            ending: match settings.line_ending {
                LineEndingChoice::None => LineEnding::None,
                LineEndingChoice::Lf => LineEnding::Lf,
                LineEndingChoice::Cr => LineEnding::Cr,
                LineEndingChoice::CrLf => LineEnding::CrLf,
            },
            send_mode: settings.send_mode,
            history: settings.history.clone(),
            ..Self::default()
        }
    }

    /// What survives a restart; a message of [`LARGE`] or more does not.
    #[must_use]
    pub fn to_settings(&self) -> ComposerSettings {
        ComposerSettings {
            format: self.format.label().to_owned(),
            encoding: self.encoding.label().to_owned(),
            line_ending: match self.ending {
                LineEnding::None => LineEndingChoice::None,
                LineEnding::Lf => LineEndingChoice::Lf,
                LineEnding::Cr => LineEndingChoice::Cr,
                LineEnding::CrLf => LineEndingChoice::CrLf,
            },
            draft: if self.is_large() { String::new() } else { self.text.clone() },
            history: self.history.clone(),
            send_mode: self.send_mode,
        }
    }

    /// Chooses the most fitting of these formats where the present one is none of them.
    pub fn fit(&mut self, formats: &[Format]) {
        if !formats.contains(&self.format) {
            self.format = formats.first().copied().unwrap_or_default();
        }
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub fn is_large(&self) -> bool {
        self.text.len() >= LARGE
    }

    /// The text for an editor; call [`Self::edited`] when it changed.
    pub fn text_mut(&mut self) -> &mut String {
        &mut self.text
    }

    pub fn edited(&mut self) {
        self.checked = None;
        self.recalled = None;
        self.sent = String::new();
    }

    pub fn set_text(&mut self, text: String) {
        self.text = text;
        self.edited();
    }

    /// How many bytes the message has; found out again only after a change.
    ///
    /// # Errors
    /// The first mistake, with its place.
    pub fn check(&mut self) -> Result<usize, ComposeError> {
        let fresh = self.checked.as_ref().is_some_and(|checked| {
            (checked.format, checked.encoding, checked.ending) == (self.format, self.encoding, self.ending)
        });
        if !fresh {
            self.checked = Some(Checked {
                format: self.format,
                encoding: self.encoding,
                ending: self.ending,
                result: self.compose().map(|bytes| bytes.len()),
            });
        }
        self.checked.as_ref().map_or(Ok(0), |checked| checked.result.clone())
    }

    /// The message as bytes.
    ///
    /// # Errors
    /// The first mistake, with its place.
    pub fn compose(&self) -> Result<Vec<u8>, ComposeError> {
        compose::compose(&self.text, self.format, self.encoding, self.ending)
    }

    /// Empties the editor and remembers the message.
    pub fn sent(&mut self) {
        let text = std::mem::take(&mut self.text);
        self.edited();
        if text.is_empty() || text.len() >= LARGE {
            self.sent = text;
            return;
        }
        self.sent.clone_from(&text);
        self.history.retain(|old| *old != text);
        self.history.push(text);
        let surplus = self.history.len().saturating_sub(HISTORY_MAX);
        self.history.drain(..surplus);
    }

    /// Puts the message sent last back into the editor, unless something else was written since.
    pub fn refused(&mut self) {
        if self.text.is_empty() && !self.sent.is_empty() {
            let text = std::mem::take(&mut self.sent);
            self.set_text(text);
        }
    }

    /// Shows the message before; false when there is none.
    pub fn recall_older(&mut self) -> bool {
        let at = self.recalled.as_ref().map_or(self.history.len(), |(at, _)| *at);
        let Some(older) = at.checked_sub(1) else { return false };
        let unsent = self.recalled.take().map_or_else(|| self.text.clone(), |(_, unsent)| unsent);
        self.text.clone_from(&self.history[older]);
        self.checked = None;
        self.recalled = Some((older, unsent));
        true
    }

    /// Shows the message after, at last the one that was being written; false when none was recalled.
    pub fn recall_newer(&mut self) -> bool {
        let Some((at, unsent)) = self.recalled.take() else { return false };
        self.checked = None;
        if let Some(newer) = self.history.get(at + 1) {
            self.text.clone_from(newer);
            self.recalled = Some((at + 1, unsent));
        } else {
            self.text = unsent;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft_after(messages: &[&str]) -> Draft {
        let mut draft = Draft::default();
        for message in messages {
            draft.set_text((*message).to_owned());
            draft.sent();
        }
        draft
    }

    #[test]
    fn history_goes_up_and_comes_back_to_what_was_being_written() {
        let mut draft = draft_after(&["one", "two"]);
        draft.set_text("three, unfinished".to_owned());
        let mut seen = Vec::new();
        while draft.recall_older() {
            seen.push(draft.text().to_owned());
        }
        while draft.recall_newer() {
            seen.push(draft.text().to_owned());
        }
        assert_eq!(seen, ["two", "one", "two", "three, unfinished"]);
    }

    #[test]
    fn a_message_sent_again_moves_to_the_end() {
        let draft = draft_after(&["one", "two", "one", ""]);
        assert_eq!(draft.to_settings().history, ["two", "one"]);
    }

    #[test]
    fn large_messages_are_neither_kept_nor_saved() {
        let large = "x".repeat(LARGE);
        let mut draft = draft_after(&[&large]);
        assert!(draft.to_settings().history.is_empty());
        draft.set_text(large);
        assert!(draft.is_large() && draft.to_settings().draft.is_empty());
    }

    #[test]
    fn a_refused_message_comes_back_unless_another_is_being_written() {
        for text in ["short".to_owned(), "x".repeat(LARGE)] {
            let mut draft = draft_after(&[&text]);
            draft.refused();
            assert_eq!(draft.text(), text);
            draft.sent();
            draft.set_text("next".to_owned());
            draft.refused();
            assert_eq!(draft.text(), "next");
        }
    }

    #[test]
    fn history_is_bounded() {
        let messages: Vec<String> = (0..HISTORY_MAX + 7).map(|number| number.to_string()).collect();
        let draft = draft_after(&messages.iter().map(String::as_str).collect::<Vec<_>>());
        let history = draft.to_settings().history;
        assert_eq!((history.len(), history[0].as_str()), (HISTORY_MAX, "7"));
    }
}

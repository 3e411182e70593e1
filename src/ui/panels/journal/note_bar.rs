//! Marking rows, and writing something beside them.

use egui::{Button, Id, Key, Ui};

use super::JournalPanel;
use super::hunt::Bar;
use super::row_text::group;
use crate::model::Command;
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::widgets::field::{Field, control_caption};
use crate::ui::widgets::icon::{Icon, icon_button};

/// In points.
const FIELD_WIDTH: f32 = 320.0;

/// What is being written.
#[derive(Debug, Default)]
pub(super) struct NoteBar {
    /// The row beside which it is.
    number: u64,
    text: String,
    wants_focus: bool,
}

impl JournalPanel {
    /// Marks the chosen row, or takes its mark away; the command is for the engine, `None` where no row is chosen.
    pub fn toggle_mark(&mut self) -> Option<Command> {
        let row = self.chosen.as_ref()?;
        let note = row.note.is_none().then(String::new);
        Some(Command::MarkRow { number: row.number, note, opened: self.is_opened })
    }

    /// Opens the bar for writing beside the chosen row, with the keyboard in it from the next frame on.
    pub fn open_note(&mut self) {
        let Some(row) = &self.chosen else { return };
        let text = row.note.clone().unwrap_or_default();
        self.note_bar = NoteBar { number: row.number, text, wants_focus: true };
        self.bar = Some(Bar::Note);
    }

    /// It is on disk.
    pub(super) fn on_marked(&mut self, number: u64, note: &Option<String>) {
        self.pages.outdate();
        if let Some(row) = self.chosen.as_mut().filter(|row| row.number == number) {
            row.note.clone_from(note);
        }
    }

    pub(super) fn show_note_bar(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let (language, tokens) = (cx.language, cx.tokens);
        ui.horizontal(|ui| {
            let bar = &mut self.note_bar;
            let name = tr!(language, "note.name", number = group(bar.number));
            control_caption(ui, tokens.font(), tokens.text_muted, &name);
            let field = Field {
                id: Id::unique("journal-note"),
                label: &name,
                hint: &tr!(language, "note.hint"),
                width: FIELD_WIDTH,
                mistaken: false,
            };
            let response = field.show(ui, tokens, &mut bar.text);
            if std::mem::take(&mut bar.wants_focus) {
                response.request_focus();
            }
            let pressed = |key| response.lost_focus() && ui.input(|input| input.key_pressed(key));
            let (enter, mut closes) = (pressed(Key::Enter), pressed(Key::Escape));
            if ui.add(Button::new(tr!(language, "note.keep"))).clicked() || enter {
                let (number, note) = (bar.number, Some(bar.text.trim().to_owned()));
                cx.act(UiCommand::Engine(Command::MarkRow { number, note, opened: self.is_opened }));
                closes = true;
            }
            let label = tr!(language, "find.close");
            closes |= icon_button(ui, tokens, Icon::Close, &label, &label).clicked();
            if closes {
                self.close_bar(ui);
            }
        });
    }
}

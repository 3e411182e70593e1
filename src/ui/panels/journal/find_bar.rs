//! Finding a row without hiding the others.

use egui::{Id, Key, RichText, Ui};

use super::JournalPanel;
use super::hunt::Bar;
use super::step::Step;
use crate::i18n;
use crate::model::{Condition, Filter, FilterError};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::widgets::field::{Field, control_caption};
use crate::ui::widgets::icon::{Icon, icon_button};

/// In points.
const FIELD_WIDTH: f32 = 260.0;

/// What is looked for, in the words of the filter's language.
#[derive(Debug, Default)]
pub(super) struct FindBar {
    text: String,
    condition: Option<Condition>,
    error: Option<FilterError>,
    wants_focus: bool,
}

impl FindBar {
    /// `None` while nothing is asked for, or what is written can't be right.
    pub(super) fn condition(&self) -> Option<&Condition> {
        self.condition.as_ref()
    }
}

impl JournalPanel {
    /// Opens the bar for finding a row, with the keyboard in it from the next frame on.
    pub fn open_find(&mut self) {
        self.bar = Some(Bar::Find);
        self.find_bar.wants_focus = true;
    }

    pub(super) fn show_find_bar(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let (language, tokens) = (cx.language, cx.tokens);
        ui.horizontal(|ui| {
            let name = tr!(language, "find.name");
            control_caption(ui, tokens.font(), tokens.text_muted, &name);
            let bar = &mut self.find_bar;
            let field = Field {
                id: Id::unique("journal-find"),
                label: &name,
                hint: &tr!(language, "find.hint"),
                width: FIELD_WIDTH,
                mistaken: bar.error.is_some(),
            };
            let response = field.show(ui, tokens, &mut bar.text);
            if response.changed() {
                (bar.condition, bar.error) = match Filter::parse(&bar.text, cx.zone) {
                    Ok(filter) => (filter.condition, None),
                    Err(error) => (None, Some(error)),
                };
                self.hunt.outcome = None;
            }
            let pressed = |key| response.lost_focus() && ui.input(|input| input.key_pressed(key));
            if std::mem::take(&mut self.find_bar.wants_focus) {
                response.request_focus();
            }
            if pressed(Key::Enter) {
                let backward = ui.input(|input| input.modifiers.shift);
                cx.act(UiCommand::Step(if backward { Step::PreviousMatch } else { Step::NextMatch }));
                response.request_focus();
            }
            let mut closes = pressed(Key::Escape);
            for (icon, step) in [(Icon::ArrowUp, Step::PreviousMatch), (Icon::ArrowDown, Step::NextMatch)] {
                let label = step.label(language);
                if icon_button(ui, tokens, icon, &label, &label).clicked() {
                    cx.act(UiCommand::Step(step));
                }
            }
            let label = tr!(language, "find.close");
            closes |= icon_button(ui, tokens, Icon::Close, &label, &label).clicked();
            match &self.find_bar.error {
                Some(error) => {
                    let words = RichText::new(i18n::filter_error(language, error)).color(tokens.error);
                    ui.add(egui::Label::new(words).truncate());
                }
                None => self.show_hunt(ui, cx),
            }
            if closes {
                self.close_bar(ui);
            }
        });
    }
}

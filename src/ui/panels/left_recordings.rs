use std::path::Path;

use egui::{Button, Frame, Label, Layout, RichText, Ui};

use crate::i18n;
use crate::model::{Event, LeftRecording};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::clock::date_and_time;
use crate::ui::context::Cx;
use crate::ui::widgets::icon::{self, Icon};

/// Recordings that killed programs left, one after the other, until each is discarded or put off to the next start.
#[derive(Debug, Default)]
pub struct LeftRecordings {
    /// The latest first.
    left: Vec<LeftRecording>,
}

impl LeftRecordings {
    pub fn on_event(&mut self, event: &Event) {
        if let Event::RecordingsLeft(left) = event {
            self.left.clone_from(left);
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// Says no more of this one.
    pub fn forget(&mut self, path: &Path) {
        self.left.retain(|recording| recording.path != path);
    }

    /// Draws a strip with the first of them; `in_view` is what is read already.
    pub fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, in_view: Option<&Path>) {
        let Some(recording) = self.left.first() else { return };
        let (tokens, language) = (cx.tokens, cx.language);
        let rows = match recording.rows {
            1 => tr!(language, "journal.one_row").into_owned(),
            rows => tr!(language, "journal.rows", count = i18n::grouped(rows)).into_owned(),
        };
        let words = tr!(language, "reading.left", time = date_and_time(recording.began_ns, cx.zone), rows = rows);
        let frame = Frame::new().fill(tokens.surface_raised).corner_radius(tokens.radius);
        let mut is_put_off = false;
        frame.inner_margin(tokens.text_padding).show(ui, |ui| {
            ui.horizontal(|ui| {
                let (rect, _) = ui.allocate_exact_size(egui::Vec2::splat(16.0), egui::Sense::hover());
                icon::paint(ui.painter(), rect, Icon::Info, tokens.text_muted);
                ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
                    let label = tr!(language, "action.dismiss");
                    is_put_off = icon::icon_button(ui, tokens, Icon::Close, &label, &label).clicked();
                    let discard = UiCommand::DiscardRecording(recording.path.clone());
                    let button = ui.add(Button::new(discard.label(language)));
                    if button.on_hover_text(discard.tooltip(language).unwrap_or_default()).clicked() {
                        cx.act(discard);
                    }
                    let open = Button::new(tr!(language, "reading.open_it"));
                    if ui.add_enabled(in_view != Some(recording.path.as_path()), open).clicked() {
                        cx.act(UiCommand::OpenPath(recording.path.clone()));
                    }
                    ui.with_layout(Layout::left_to_right(egui::Align::Center), |ui| {
                        ui.add(Label::new(RichText::new(words).color(tokens.text)).truncate().selectable(true));
                    });
                });
            });
        });
        if is_put_off {
            self.left.remove(0);
        }
    }
}

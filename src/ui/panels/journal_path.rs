use std::path::Path;

use egui::{Frame, Id, RichText, Ui};

use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::widgets::icon::{self, Icon};
use crate::ui::widgets::typed_path::{TypedPath, path_in};

/// Where a path is typed that no dialog has brought: of the journal's copy, or of what is to be read. It stays until
/// that is done, so that a mistaken path can be put right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalPath {
    saves: bool,
    path: String,
}

impl JournalPath {
    /// For a copy; `path` is there to begin with.
    #[must_use]
    pub fn to_save(path: &Path) -> Self {
        Self { saves: true, path: path.display().to_string() }
    }

    #[must_use]
    pub fn to_open() -> Self {
        Self { saves: false, path: String::new() }
    }

    /// Whether this was the path of a copy that is made now.
    #[must_use]
    pub fn is_saved_to(&self, path: &Path) -> bool {
        self.saves && path_in(&self.path) == path
    }

    /// Whether this was the path of what is in view now.
    #[must_use]
    pub fn is_opened_from(&self, path: &Path) -> bool {
        !self.saves && path_in(&self.path) == path
    }

    /// Draws it as a strip; false once it is to go.
    pub fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> bool {
        let tokens = cx.tokens;
        let (words, label, button) = if self.saves {
            (tr!(cx.language, "dialog.no_place"), tr!(cx.language, "journal.path"), tr!(cx.language, "journal.save_it"))
        } else {
            (tr!(cx.language, "dialog.no_file"), tr!(cx.language, "reading.path"), tr!(cx.language, "reading.open_it"))
        };
        let mut stays = true;
        let frame = Frame::new().fill(tokens.surface_raised).corner_radius(tokens.radius);
        frame.inner_margin(tokens.text_padding).show(ui, |ui| {
            let hint = tr!(cx.language, "dialog.type_path");
            let hint = RichText::new(hint).font(tokens.small_font()).color(tokens.text_muted);
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::new(words).color(tokens.text));
                ui.label(hint);
            });
            ui.horizontal(|ui| {
                let typed = TypedPath {
                    id: Id::unique("journal path"),
                    label: &label,
                    button: &button,
                    width: ui.available_width() - tokens.row_height - tokens.space,
                    blocked: None,
                };
                if let Some(path) = typed.show(ui, cx, &mut self.path) {
                    cx.act(if self.saves { UiCommand::SaveJournalTo(path) } else { UiCommand::OpenPath(path) });
                }
                let cancel = tr!(cx.language, "action.cancel");
                stays = !icon::icon_button(ui, tokens, Icon::Close, &cancel, &cancel).clicked();
            });
        });
        stays
    }
}

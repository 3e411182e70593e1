use std::borrow::Cow;
use std::path::PathBuf;

use egui::{Id, Ui};

use super::button::{Weight, button};
use super::field::Field;
use crate::tr;
use crate::ui::context::Cx;

const BUTTON_WIDTH: f32 = 76.0;

/// A field for a path and the button that takes it, in place of a dialog.
#[derive(Debug)]
pub struct TypedPath<'a> {
    pub id: Id,
    /// The field's accessible name.
    pub label: &'a str,
    /// What the button is called.
    pub button: &'a str,
    /// Of both together, in points.
    pub width: f32,
    /// Why no path can be taken now.
    pub blocked: Option<&'a Cow<'static, str>>,
}

impl TypedPath<'_> {
    /// The path, once it is to be taken: the button was pressed, or Enter in the field.
    pub fn show(self, ui: &mut Ui, cx: &Cx<'_>, text: &mut String) -> Option<PathBuf> {
        ui.horizontal(|ui| {
            let field = Field {
                id: self.id,
                label: self.label,
                hint: &tr!(cx.language, "file.path.hint"),
                width: self.width - BUTTON_WIDTH - cx.tokens.space,
                mistaken: false,
            };
            let response = field.show(ui, cx.tokens, text);
            let entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            let why =
                if text.trim().is_empty() { Some(tr!(cx.language, "file.no_path")) } else { self.blocked.cloned() };
            let is_free = why.is_none();
            let pressed = button(ui, cx.tokens, Weight::Plain, self.button, BUTTON_WIDTH, why).clicked();
            ((entered || pressed) && is_free).then(|| path_in(text))
        })
        .inner
    }
}

/// The path that a text is. File managers copy them within quotes or as a URL.
#[must_use]
pub fn path_in(text: &str) -> PathBuf {
    let text = text.trim();
    let path = text.strip_prefix("file://").unwrap_or(text);
    let inner = |quote: char| path.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    PathBuf::from(inner('"').or_else(|| inner('\'')).unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::path_in;

    #[test]
    fn paths_are_taken_as_file_managers_copy_them() {
        for (pasted, path) in [
            (" /a b.txt ", "/a b.txt"),
            ("'/a b.txt'", "/a b.txt"),
            ("\"C:\\x\"", "C:\\x"),
            ("file:///a", "/a"),
            ("'", "'"),
        ] {
            assert_eq!(path_in(pasted), Path::new(path));
        }
    }
}

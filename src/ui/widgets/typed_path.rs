use std::borrow::Cow;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use egui::{Id, Ui};

use super::button::{Weight, button};
use super::field::Field;
use crate::codec::percent;
use crate::engine::Engine;
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

/// What is meant by what was typed or pasted: file managers copy paths within quotes, or as a URL (RFC 8089), whose
/// escapes are bytes of any kind; `~/` is the person's home folder, as in a shell. Where the system names none, it stays.
#[must_use]
pub fn path_in(pasted: &str) -> PathBuf {
    path_from(pasted, Engine::home_folder)
}

fn path_from(pasted: &str, home: impl FnOnce() -> Option<PathBuf>) -> PathBuf {
    let text = unquoted(pasted.trim());
    if let Some(below) = text.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/'))
        && let Some(home) = home()
    {
        return home.join(below.trim_start_matches('/'));
    }
    let Some(url) = text.strip_prefix("file:").filter(|rest| rest.starts_with('/')) else { return text.into() };
    let path = url.strip_prefix("//").unwrap_or(url);
    let path = path.strip_prefix("localhost").filter(|path| path.starts_with('/')).unwrap_or(path);
    // What only looks like an escape was typed as it stands.
    percent::decode(path).map_or_else(|| path.into(), |bytes| OsString::from_vec(bytes).into())
}

fn unquoted(path: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = path.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_are_taken_as_file_managers_copy_them() {
        for (pasted, path) in [
            (" /a b.txt ", "/a b.txt"),
            ("'/a b.txt'", "/a b.txt"),
            ("\"C:\\x\"", "C:\\x"),
            ("'", "'"),
            ("/100%41.txt", "/100%41.txt"),
            ("file:///a", "/a"),
            ("file:/a", "/a"),
            ("file:///home/u/%E4%BD%A0%20x.txt", "/home/u/你 x.txt"),
            ("\"file://localhost/a%20b\"", "/a b"),
            ("file:///localhost/a", "/localhost/a"),
            ("file:///100%.txt", "/100%.txt"),
            ("file:a", "file:a"),
        ] {
            assert_eq!(path_in(pasted), PathBuf::from(path), "{pasted}");
        }
    }

    #[test]
    fn a_tilde_is_the_home_folder_where_a_shell_has_it_so() {
        for (typed, path) in [
            ("~", "/home/ann"),
            (" ~/in box ", "/home/ann/in box"),
            ("'~/a'", "/home/ann/a"),
            ("~//etc", "/home/ann/etc"),
            ("~bob/a", "~bob/a"),
            ("/a/~/b", "/a/~/b"),
            ("file:///~/a", "/~/a"),
        ] {
            assert_eq!(path_from(typed, || Some("/home/ann".into())), PathBuf::from(path), "{typed}");
        }
        assert_eq!(path_from("~/a", || None), PathBuf::from("~/a"));
    }

    proptest! {
        #[test]
        fn a_url_leads_to_the_path_that_it_was_made_of(names: Vec<Vec<u8>>, prefix in "file:(//(localhost)?)?") {
            let url: String = names.iter().map(|name| format!("/{}", percent::encode(name))).collect();
            let path: Vec<u8> = names.iter().flat_map(|name| [b"/", name.as_slice()].concat()).collect();
            // No name begins a path with two: a host would begin there.
            prop_assume!(path.starts_with(b"/") && !path.starts_with(b"//"));
            let meant = path_in(&format!("{prefix}{url}"));
            prop_assert_eq!(meant.as_os_str().as_bytes(), path.as_slice());
        }

        #[test]
        fn any_other_text_is_taken_as_it_stands(text in "(/|file:|%[0-9a-f]{2}|.){0,8}") {
            let meant = text.trim();
            prop_assume!(!meant.starts_with(['"', '\'']) && !meant.starts_with("file:/"));
            prop_assert_eq!(path_from(&text, || None), PathBuf::from(meant));
        }
    }
}

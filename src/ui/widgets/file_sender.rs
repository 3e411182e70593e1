use std::borrow::Cow;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use egui::{Id, Popup, PopupCloseBehavior, RichText, Ui};

use super::button::{Weight, button};
use super::field::{Field, caption};
use super::icon::{self, Icon};
use crate::codec::percent;
use crate::model::{Role, SendMode, SocketId};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::tabs::Draft;

/// "Send file…", and beside it how it is sent and the ways that need no dialog.
pub fn file_sender(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    role: Role,
    socket: SocketId,
    draft: &mut Draft,
    width: f32,
    blocked: Option<&Cow<'static, str>>,
) {
    let choose = UiCommand::ChooseFiles(role, socket);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        let more_width = cx.tokens.row_height;
        let label = choose.label(cx.language);
        let tooltip = choose.tooltip(cx.language).unwrap_or_default();
        let response = button(ui, cx.tokens, Weight::Plain, &label, width - more_width - 2.0, blocked.cloned())
            .on_hover_text(tooltip);
        if response.clicked() {
            cx.act(choose);
        }
        let more = tr!(cx.language, "file.more");
        let response =
            icon::icon_button(ui, cx.tokens, Icon::ChevronDown, &more, &tr!(cx.language, "file.more.explained"));
        Popup::from_toggle_button_response(&response)
            .frame(egui::Frame::popup(ui.style()).inner_margin(12))
            .id(popup_id(socket))
            .accessible_name(&*more)
            .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
            .show(|ui| {
                ui.set_width(320.0);
                popup(ui, cx, role, socket, draft, blocked);
            });
    });
}

/// The popup beside "Send file…", to open it where no dialog can.
#[must_use]
pub fn popup_id(socket: SocketId) -> Id {
    Id::unique(("file popup", socket.0))
}

fn popup(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    role: Role,
    socket: SocketId,
    draft: &mut Draft,
    blocked: Option<&Cow<'static, str>>,
) {
    let tokens = cx.tokens;
    let muted = |words: Cow<'static, str>| RichText::new(words).font(tokens.small_font()).color(tokens.text_muted);
    caption(ui, tokens, &tr!(cx.language, "file.mode"));
    for (mode, name, explained) in [
        (SendMode::Verified, tr!(cx.language, "file.verified"), tr!(cx.language, "file.verified.explained")),
        (SendMode::Raw, tr!(cx.language, "file.raw"), tr!(cx.language, "file.raw.explained")),
        (SendMode::Tutorial, tr!(cx.language, "file.tutorial"), tr!(cx.language, "file.tutorial.explained")),
    ] {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.radio_value(&mut draft.send_mode, mode, name);
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            ui.add_space(ui.spacing().icon_width + ui.spacing().icon_spacing);
            ui.add(egui::Label::new(muted(explained)).wrap());
        });
    }
    ui.spacing_mut().item_spacing.y = tokens.space;
    ui.separator();
    caption(ui, tokens, &tr!(cx.language, "file.by_path"));
    let mut go = false;
    ui.horizontal(|ui| {
        let label = UiCommand::SendPaths(role, socket, Vec::new()).label(cx.language);
        let field = Field {
            id: Id::unique(("file path", socket.0)),
            label: &tr!(cx.language, "file.path"),
            hint: &tr!(cx.language, "file.path.hint"),
            width: ui.available_width() - 84.0,
            mistaken: false,
        };
        let response = field.show(ui, tokens, &mut draft.path);
        go = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let why = if draft.path.trim().is_empty() { Some(tr!(cx.language, "file.no_path")) } else { blocked.cloned() };
        let blocked = why.is_some();
        go |= button(ui, tokens, Weight::Plain, &label, 76.0, why).clicked();
        go &= !blocked;
    });
    ui.add(egui::Label::new(muted(tr!(cx.language, "file.drop"))).wrap());
    if go {
        let path = path_of(draft.path.trim());
        cx.act(UiCommand::SendPaths(role, socket, vec![path]));
        draft.path.clear();
        ui.close();
    }
}

/// What is meant by what was typed or pasted: file managers copy paths within quotes, or as a URL (RFC 8089), whose
/// escapes are bytes of any kind.
fn path_of(pasted: &str) -> PathBuf {
    let text = unquoted(pasted);
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
            ("/a b.txt", "/a b.txt"),
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
            assert_eq!(path_of(pasted), PathBuf::from(path), "{pasted}");
        }
    }

    proptest! {
        #[test]
        fn a_url_leads_to_the_path_that_it_was_made_of(names: Vec<Vec<u8>>, prefix in "file:(//(localhost)?)?") {
            let url: String = names.iter().map(|name| format!("/{}", percent::encode(name))).collect();
            let path: Vec<u8> = names.iter().flat_map(|name| [b"/", name.as_slice()].concat()).collect();
            // No name begins a path with two: a host would begin there.
            prop_assume!(path.starts_with(b"/") && !path.starts_with(b"//"));
            let meant = path_of(&format!("{prefix}{url}"));
            prop_assert_eq!(meant.as_os_str().as_bytes(), path.as_slice());
        }

        #[test]
        fn any_other_text_is_taken_as_it_stands(text in "(/|file:|%[0-9a-f]{2}|.){0,8}") {
            prop_assume!(!text.starts_with(['"', '\'']) && !text.starts_with("file:/"));
            prop_assert_eq!(path_of(&text), PathBuf::from(text));
        }
    }
}

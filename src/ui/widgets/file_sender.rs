use std::borrow::Cow;

use egui::{Id, Popup, PopupCloseBehavior, RichText, Ui};

use super::button::{Weight, button};
use super::field::caption;
use super::icon::{self, Icon};
use super::typed_path::TypedPath;
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
        ui.spacing_mut().item_spacing.x = cx.tokens.space_tight;
        let more_width = cx.tokens.row_height;
        let label = choose.label(cx.language);
        let tooltip = choose.tooltip(cx.language).unwrap_or_default();
        let response =
            button(ui, cx.tokens, Weight::Plain, &label, width - more_width - cx.tokens.space_tight, blocked.cloned())
                .on_hover_text(tooltip);
        if response.clicked() {
            cx.act(choose);
        }
        let more = tr!(cx.language, "file.more");
        let response =
            icon::icon_button(ui, cx.tokens, Icon::ChevronDown, &more, &tr!(cx.language, "file.more.explained"));
        Popup::from_toggle_button_response(&response)
            .frame(egui::Frame::popup(ui.style()).inner_margin(cx.tokens.window_padding))
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
    let typed = TypedPath {
        id: Id::unique(("file path", socket.0)),
        label: &tr!(cx.language, "file.path"),
        button: &UiCommand::SendPaths(role, socket, Vec::new()).label(cx.language),
        width: ui.available_width(),
        blocked,
    };
    let path = typed.show(ui, cx, &mut draft.path);
    ui.add(egui::Label::new(muted(tr!(cx.language, "file.drop"))).wrap());
    if let Some(path) = path {
        cx.act(UiCommand::SendPaths(role, socket, vec![path]));
        draft.path.clear();
        ui.close();
    }
}

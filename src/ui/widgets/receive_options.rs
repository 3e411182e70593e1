use egui::{Id, Label, RichText, Ui};

use super::button::{Weight, button};
use super::choice::choice;
use super::field::{Field, mistake, row_caption};
use crate::model::{Role, SocketId};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::tabs::{ReceiveForm, ReceiveKind};

/// What happens to a stream's incoming bytes, and the folder for files; true when something else was settled on. A path
/// that is still being typed is not: half of it may be another folder. While sessions are `open` it says that they go on
/// as they began.
pub fn receive_options(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    role: Role,
    socket: SocketId,
    form: &mut ReceiveForm,
    tried: bool,
    open: bool,
) -> bool {
    let language = cx.language;
    let before = form.kind;
    let mut entered = false;
    ui.horizontal(|ui| {
        let label = tr!(language, "receive.label");
        row_caption(ui, cx.tokens, &label);
        choice(ui, "receive", &label, 190.0, &mut form.kind, &ReceiveKind::ALL, |kind| match kind {
            ReceiveKind::Show => tr!(language, "receive.show"),
            ReceiveKind::Verified => tr!(language, "receive.verified"),
            ReceiveKind::Raw => tr!(language, "receive.raw"),
            ReceiveKind::Tutorial => tr!(language, "receive.tutorial"),
            ReceiveKind::Auto => tr!(language, "receive.auto"),
        })
        .on_hover_text(match form.kind {
            ReceiveKind::Show => tr!(language, "receive.show.explained"),
            ReceiveKind::Verified => tr!(language, "receive.verified.explained"),
            ReceiveKind::Raw => tr!(language, "receive.raw.explained"),
            ReceiveKind::Tutorial => tr!(language, "receive.tutorial.explained"),
            ReceiveKind::Auto => tr!(language, "receive.auto.explained"),
        });
        if open {
            let words = match role {
                Role::Server => tr!(language, "receive.from_now.server"),
                Role::Client => tr!(language, "receive.from_now.client"),
            };
            let words = RichText::new(words).font(cx.tokens.small_font()).color(cx.tokens.text_muted);
            ui.add(Label::new(words).wrap());
        }
    });
    if form.kind != ReceiveKind::Show {
        let missing = tried && form.folder.trim().is_empty();
        ui.horizontal(|ui| {
            let label = tr!(language, "receive.folder");
            row_caption(ui, cx.tokens, &label);
            let choose = UiCommand::ChooseFolder(role, socket);
            let words = choose.label(language);
            let field = Field {
                id: Id::unique(("folder", socket.0)),
                label: &label,
                hint: &tr!(language, "receive.folder.hint"),
                width: ui.available_width() - 134.0,
                mistaken: missing,
            };
            let response = field.show(ui, cx.tokens, &mut form.folder);
            form.typing |= response.changed();
            entered = response.lost_focus() && std::mem::take(&mut form.typing);
            if button(ui, cx.tokens, Weight::Plain, &words, 126.0, None).clicked() {
                cx.act(choose);
            }
        });
        if missing {
            mistake(ui, cx.tokens, &tr!(language, "receive.folder.missing"));
        }
        entered |= limits(ui, cx, socket, form);
    }
    form.kind != before || entered
}

/// Which files are taken; true when something else was settled on.
fn limits(ui: &mut Ui, cx: &Cx<'_>, socket: SocketId, form: &mut ReceiveForm) -> bool {
    let language = cx.language;
    let (large, many) = (form.largest().is_none(), form.most().is_none());
    let mut settled = false;
    ui.horizontal(|ui| {
        row_caption(ui, cx.tokens, &tr!(language, "receive.limits"));
        let asks = ui.checkbox(&mut form.ask, tr!(language, "receive.ask"));
        settled |= asks.on_hover_text(tr!(language, "receive.ask.explained")).changed();
        let mut field = |id: &str, label: &str, hint: &str, width: f32, mistaken: bool, text: &mut String| {
            let field = Field { id: Id::unique((id, socket.0)), label, hint, width, mistaken };
            let response = field.show(ui, cx.tokens, text).on_hover_text(label);
            form.typing |= response.changed();
            settled |= response.lost_focus() && std::mem::take(&mut form.typing);
        };
        let (label, hint) = (tr!(language, "receive.largest"), tr!(language, "receive.largest.hint"));
        field("largest file", &label, &hint, 132.0, large, &mut form.largest);
        let (label, hint) = (tr!(language, "receive.most"), tr!(language, "receive.most.hint"));
        field("most files", &label, &hint, 112.0, many, &mut form.most);
    });
    if large {
        mistake(ui, cx.tokens, &tr!(language, "receive.largest.bad"));
    }
    if many {
        mistake(ui, cx.tokens, &tr!(language, "receive.most.bad"));
    }
    settled
}

/// Whether a stream stays open for sending once its peer has finished; for connections opened from now on.
pub fn half_open_option(ui: &mut Ui, cx: &Cx<'_>, stay: &mut bool, locked: bool) {
    ui.add_enabled_ui(!locked, |ui| {
        ui.checkbox(stay, tr!(cx.language, "receive.stay_half_open"))
            .on_hover_text(tr!(cx.language, "receive.stay_half_open.explained"));
    });
}

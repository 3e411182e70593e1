//! A CAN frame in fields, beside its text. The text is what is sent: the fields are read from it and written into it.

use std::borrow::Cow;

use egui::{Id, Ui};

use super::field::{Field, control_caption};
use crate::codec::can::FrameParts;
use crate::model::SocketId;
use crate::tr;
use crate::ui::context::Cx;
use crate::ui::tabs::Draft;

/// Points for eight hex digits.
const ID_WIDTH: f32 = 70.0;
const LENGTH_WIDTH: f32 = 18.0;

/// The fields as they were left, so that nothing that is half written is rewritten.
#[derive(Clone, Debug)]
struct Kept {
    parts: FrameParts,
    /// The text that they stand for.
    text: String,
}

/// Draws the form; what is changed in it is changed in the message.
pub fn frame_form(ui: &mut Ui, cx: &Cx<'_>, socket: SocketId, draft: &mut Draft) {
    let id = Id::unique(("frame", socket.0));
    let kept = ui.data(|data| data.get_temp::<Kept>(id)).filter(|kept| kept.text == draft.text());
    let before = kept.map_or_else(|| FrameParts::read(draft.text()), |kept| kept.parts);
    let mut parts = before.clone();
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = cx.tokens.space_controls;
        head(ui, cx, id, &mut parts);
    });
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = cx.tokens.space_controls;
        ui.add_enabled_ui(!parts.remote, |ui| {
            let label = tr!(cx.language, "frame.data");
            control_caption(ui, cx.tokens.small_font(), cx.tokens.text_muted, &label);
            let width = ui.available_width();
            field(id.with("data"), &label, "DE AD BE EF", width, false)
                .show(ui, cx.tokens, &mut parts.data)
                .on_hover_text(tr!(cx.language, "frame.data.explained"));
        });
    });
    if parts != before {
        parts.follow_id();
        draft.set_text(parts.text());
        // The text has been drawn already.
        ui.ctx().request_repaint();
    }
    let kept = Kept { parts, text: draft.text().to_owned() };
    ui.data_mut(|data| data.insert_temp(id, kept));
}

/// What stands before the data.
fn head(ui: &mut Ui, cx: &Cx<'_>, id: Id, parts: &mut FrameParts) {
    let (tokens, language) = (cx.tokens, cx.language);
    let label = tr!(language, "frame.id");
    control_caption(ui, tokens.small_font(), tokens.text_muted, &label);
    let is_mistaken = !parts.id.is_empty() && !parts.has_id();
    field(id.with("id"), &label, "123", ID_WIDTH, is_mistaken)
        .show(ui, tokens, &mut parts.id)
        .on_hover_text(tr!(language, "frame.id.explained"));
    let tick = |ui: &mut Ui, enabled: bool, on: &mut bool, words: [Cow<'static, str>; 2]| {
        let [label, explained] = words;
        ui.add_enabled_ui(enabled, |ui| ui.checkbox(on, label).on_hover_text(explained).clicked()).inner
    };
    let words = [tr!(language, "frame.extended"), tr!(language, "frame.extended.explained")];
    tick(ui, true, &mut parts.extended, words);
    let words = [tr!(language, "frame.remote"), tr!(language, "frame.remote.explained")];
    if tick(ui, true, &mut parts.remote, words) {
        // CAN FD has none.
        parts.fd = false;
    }
    ui.add_enabled_ui(parts.remote, |ui| {
        let label = tr!(language, "frame.length");
        field(id.with("length"), &label, "0", LENGTH_WIDTH, false)
            .show(ui, tokens, &mut parts.length)
            .on_hover_text(tr!(language, "frame.length.explained"));
    });
    if tick(ui, true, &mut parts.fd, [tr!(language, "frame.fd"), tr!(language, "frame.fd.explained")]) {
        parts.remote = false;
    }
    let (fd, brs, esi) = (parts.fd, &mut parts.bit_rate_switch, &mut parts.error_state);
    tick(ui, fd, brs, [tr!(language, "frame.brs"), tr!(language, "frame.brs.explained")]);
    tick(ui, fd, esi, [tr!(language, "frame.esi"), tr!(language, "frame.esi.explained")]);
}

fn field<'a>(id: Id, label: &'a str, hint: &'a str, width: f32, mistaken: bool) -> Field<'a> {
    Field { id, label, hint, width, mistaken }
}

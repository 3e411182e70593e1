//! What a row's bytes mean, field by field, where that is known.

use egui::{Grid, Label, RichText, ScrollArea, Ui, UiBuilder};

use crate::codec::decode::{Decoded, Decoder};
use crate::codec::visible::visible;
use crate::model::{Direction, PageRow, RowBody};
use crate::tr;
use crate::ui::context::Cx;
use crate::ui::view::Sessions;

/// The share of the height that the fields may take from the bytes.
const SHARE: f32 = 0.5;

/// Draws the fields above the bytes; nothing for bytes that mean nothing to the program.
pub fn decoded(ui: &mut Ui, cx: &Cx<'_>, row: &PageRow, payload: &[u8]) {
    let Some(decoded) = decode(cx.sessions, row, payload) else { return };
    let tokens = cx.tokens;
    let height = ui.available_height() * SHARE;
    let name = tr!(cx.language, "inspector.decoded");
    let group = UiBuilder::new().accessibility_role(egui::accesskit::Role::Group).accessibility_label(&*name);
    ui.scope_builder(group, |ui| {
        ui.spacing_mut().interact_size.y = tokens.text_size;
        ScrollArea::vertical().id_salt("decoded").max_height(height).auto_shrink([false, true]).show(ui, |ui| {
            Grid::new("decoded-grid").num_columns(2).spacing([tokens.space_large, tokens.space_small]).show(ui, |ui| {
                for (name, value) in decoded.fields {
                    ui.label(RichText::new(name).color(tokens.text_muted));
                    let value = RichText::new(visible(&value)).font(tokens.mono_font());
                    ui.add(Label::new(value).wrap().selectable(true));
                    ui.end_row();
                }
            });
        });
    });
    ui.separator();
}

fn decode(sessions: &Sessions, row: &PageRow, payload: &[u8]) -> Option<Decoded> {
    let RowBody::Data { direction, .. } = row.body else { return None };
    let session = sessions.by_id.get(&row.session?)?;
    let is_frames = session.frames_from.is_some_and(|from| {
        let first = if direction == Direction::In { from.received } else { from.sent };
        row.stream_offset >= first
    });
    match session.info.decoder {
        _ if is_frames => Decoder::WebSocket.decode(payload),
        // Whoever speaks HTTP as a client types it.
        Decoder::Text if session.info.protocol.is_stream() => Decoder::Http.decode(payload),
        decoder => decoder.decode(payload),
    }
}

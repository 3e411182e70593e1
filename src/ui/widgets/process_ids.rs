//! Who is at the other end of a socket, in a row with little room.

use egui::Ui;
use egui::text::{LayoutJob, TextFormat};

use crate::ui::theme::Tokens;

/// `line`, which may be empty, with the numbers of a process and its user behind it; `None` if that takes more than `room`
/// points: a part of a number would be another one.
#[must_use]
pub fn with_process_ids(ui: &Ui, tokens: &Tokens, line: &LayoutJob, ids: &str, room: f32) -> Option<LayoutJob> {
    let mut whole = line.clone();
    let gap = if line.is_empty() { 0.0 } else { tokens.space };
    let small =
        TextFormat { valign: egui::Align::Center, ..TextFormat::simple(tokens.small_font(), tokens.text_muted) };
    whole.append(ids, gap, small);
    let width = ui.fonts_mut(|fonts| fonts.layout_job(whole.clone())).size().x;
    (width <= room).then_some(whole)
}

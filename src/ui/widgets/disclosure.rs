use egui::{Rect, Response, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2};

use super::icon::{self, Icon};
use crate::ui::theme::Tokens;

/// A word with a chevron that opens and closes what is below it.
pub fn disclosure(ui: &mut Ui, tokens: &Tokens, words: &str, open: &mut bool) -> Response {
    let galley = ui.painter().layout_no_wrap(words.to_owned(), tokens.small_font(), tokens.text);
    let size = vec2(galley.size().x + 26.0, tokens.row_height);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    if response.clicked() {
        *open = !*open;
    }
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, ui.is_enabled(), words));
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_expanded(*open));
    if ui.is_rect_visible(rect) {
        let active = *open || response.hovered() || response.has_focus();
        let colour = if active { tokens.text } else { tokens.text_muted };
        if response.hovered() {
            ui.painter().rect_filled(rect, tokens.radius - 1, tokens.button_hover);
        }
        if response.has_focus() {
            let outline = Stroke::new(1.0, tokens.accent);
            ui.painter().rect_stroke(rect, tokens.radius - 1, outline, StrokeKind::Inside);
        }
        let picture = if *open { Icon::ChevronDown } else { Icon::ChevronRight };
        let icon_rect = Rect::from_center_size(rect.left_center() + vec2(11.0, 0.0), vec2(14.0, 14.0));
        icon::paint(ui.painter(), icon_rect, picture, colour);
        let at = rect.left_center() + vec2(20.0, -galley.size().y / 2.0);
        ui.painter().galley_with_override_text_color(at, galley, colour);
    }
    response
}

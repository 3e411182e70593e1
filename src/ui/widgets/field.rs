use egui::{Color32, FontId, Id, Response, Sense, Stroke, StrokeKind, TextEdit, TextStyle, Ui, vec2};

use crate::ui::theme::Tokens;

/// A field for one line of text.
#[derive(Debug)]
pub struct Field<'a> {
    pub id: Id,
    /// The accessible name.
    pub label: &'a str,
    /// Shown while it is empty.
    pub hint: &'a str,
    pub width: f32,
    /// Marked as mistaken; the words are for the caller to show.
    pub mistaken: bool,
}

impl Field<'_> {
    pub fn show(self, ui: &mut Ui, tokens: &Tokens, text: &mut String) -> Response {
        let edit = TextEdit::singleline(text)
            .id(self.id)
            .hint_text(self.hint)
            .font(TextStyle::Monospace)
            .align(egui::Align2::LEFT_CENTER)
            .min_size(vec2(0.0, tokens.control_height))
            .desired_width(self.width);
        let response = ui.add(edit);
        if self.mistaken {
            let stroke = Stroke::new(1.5, tokens.error);
            ui.painter().rect_stroke(response.rect, tokens.radius, stroke, StrokeKind::Inside);
        }
        response.accessible_name(self.label)
    }
}

/// A mistake in words, under the field it is about.
pub fn mistake(ui: &mut Ui, tokens: &Tokens, words: &str) {
    let text = egui::RichText::new(words).font(tokens.small_font()).color(tokens.error);
    ui.add(egui::Label::new(text).wrap());
}

/// A calm remark in small type.
pub fn remark(ui: &mut Ui, tokens: &Tokens, words: &str) {
    let text = egui::RichText::new(words).font(tokens.small_font()).color(tokens.warning);
    ui.add(egui::Label::new(text).wrap());
}

/// A line in small type that is read out for itself.
pub fn caption(ui: &mut Ui, tokens: &Tokens, words: &str) {
    ui.label(egui::RichText::new(words).font(tokens.small_font()).color(tokens.text_muted));
}

/// The words before a control that has them as its accessible name. They are painted and no label: two things of one
/// name would be found, and both read out.
pub fn control_caption(ui: &mut Ui, font: FontId, color: Color32, words: &str) {
    let galley = ui.painter().layout_no_wrap(words.to_owned(), font, color);
    let (rect, _) = ui.allocate_exact_size(galley.size(), Sense::hover());
    ui.painter().galley(rect.min, galley, color);
}

/// As [`control_caption`], in a column of captions.
pub fn row_caption(ui: &mut Ui, tokens: &Tokens, words: &str) {
    let size = vec2(CAPTION_WIDTH, tokens.control_height);
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    ui.allocate_ui_with_layout(size, layout, |ui| {
        ui.set_min_size(size);
        control_caption(ui, tokens.small_font(), tokens.text_muted, words);
    });
}

const CAPTION_WIDTH: f32 = 96.0;

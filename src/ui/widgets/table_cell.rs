use egui::text::{LayoutJob, TextWrapping};
use egui::{Color32, FontFamily, FontId, Painter, Rangef, Rect, pos2};

use super::row_table::CELL_PADDING;

/// One cell of one row of a table.
#[derive(Clone, Copy)]
pub(in crate::ui) struct TableCell<'a> {
    pub(in crate::ui) painter: &'a Painter,
    /// Of the row.
    pub(in crate::ui) rect: Rect,
    /// Horizontal extent, without padding.
    pub(in crate::ui) range: Rangef,
}

impl TableCell<'_> {
    /// One line from the cell's left on, cut where the cell ends. Returns where the text ends.
    pub(in crate::ui) fn start(&self, text: &str, font: &FontId, color: Color32) -> f32 {
        let text = self.head(text, font);
        self.place(LayoutJob::simple_singleline(text.to_owned(), font.clone(), color), color)
    }

    /// As much of a text as can show at most, and a little more, so that it is seen to be cut: laying out what can't be
    /// seen is most of what new rows cost a frame.
    pub(in crate::ui) fn head<'a>(&self, text: &'a str, font: &FontId) -> &'a str {
        /// A glyph's width may be rounded to whole pixels.
        const ROUNDED: f32 = 0.9;
        let narrowest = if text.is_ascii() && font.family == FontFamily::Monospace {
            self.painter.fonts_mut(|fonts| fonts.glyph_width(font, '0')) * ROUNDED
        } else {
            font.size * 0.25
        };
        let most = (self.range.span() / narrowest) as usize + 2;
        text.char_indices().nth(most).map_or(text, |(at, _)| &text[..at])
    }

    /// As [`Self::start`], of text in parts; `color` where they have none.
    pub(in crate::ui) fn place(&self, mut job: LayoutJob, color: Color32) -> f32 {
        job.wrap = TextWrapping::truncate_at_width(self.range.span().max(0.0));
        job.break_on_newline = false;
        let galley = self.painter.layout_job(job);
        let y = self.rect.center().y - galley.size().y / 2.0;
        let end = self.range.min + galley.size().x;
        self.painter.galley(pos2(self.range.min, y), galley, color);
        end
    }

    /// Up to the cell's right, whole, or not at all: a number that is cut lies.
    pub(in crate::ui) fn end(&self, text: String, font: &FontId, color: Color32) {
        let mut galley = self.painter.layout_no_wrap(text, font.clone(), color);
        if galley.size().x > self.range.span() + CELL_PADDING {
            galley = self.painter.layout_no_wrap("…".to_owned(), font.clone(), color);
        }
        let at = pos2(self.range.max - galley.size().x, self.rect.center().y - galley.size().y / 2.0);
        self.painter.galley(at, galley, color);
    }
}

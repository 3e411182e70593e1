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
        self.head_of(text, font, |_| None)
    }

    /// The same of a text in which some characters are `written` as so many of ASCII.
    pub(in crate::ui) fn head_of<'a>(
        &self,
        text: &'a str,
        font: &FontId,
        written: impl Fn(char) -> Option<usize>,
    ) -> &'a str {
        /// A glyph's width may be rounded to whole pixels.
        const ROUNDED: f32 = 0.9;
        /// Beyond what fits.
        const MORE: usize = 2;
        let narrow = font.size * 0.25;
        let ascii = if font.family == FontFamily::Monospace {
            self.painter.fonts_mut(|fonts| fonts.glyph_width(font, '0')) * ROUNDED
        } else {
            narrow
        };
        // What is no ASCII may have no width of its own, and stand over the character before it.
        let width = |character: char| match written(character) {
            Some(count) => count as f32 * ascii,
            None if character.is_ascii() => ascii,
            None => 0.0,
        };
        let span = self.range.span();
        let (mut known, mut least) = (0.0, 0.0);
        let fits = |(_, character): &(usize, char)| {
            known += width(*character);
            least += narrow;
            known <= span && least <= span
        };
        text.char_indices().skip_while(fits).nth(MORE).map_or(text, |(at, _)| &text[..at])
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

//! What stands where rows would be while there are none.

use egui::accesskit::Role;
use egui::text::LayoutJob;
use egui::{Align, FontId, Id, Rect, Sense, Ui, WidgetInfo, pos2};

use super::JournalPanel;
use crate::tr;
use crate::ui::context::Cx;

impl JournalPanel {
    pub(super) fn show_empty(&self, ui: &Ui, area: Rect, cx: &Cx<'_>) {
        let (title, advice) = if self.is_searching() {
            (self.searching(cx.language), "".into())
        } else if self.pages.total() == 0 {
            (tr!(cx.language, "journal.empty"), tr!(cx.language, "journal.empty_advice"))
        } else {
            (tr!(cx.language, "journal.no_match"), tr!(cx.language, "journal.no_match_advice"))
        };
        let painter = ui.painter().with_clip_rect(area);
        let center = area.center();
        let tokens = cx.tokens;
        let place = |words: &str, y: f32, font: FontId, color| {
            let mut job = LayoutJob::simple(words.to_owned(), font, color, area.width() * 0.8);
            job.halign = Align::Center;
            let galley = painter.layout_job(job);
            let rect = Rect::from_center_size(pos2(center.x, y + galley.size().y / 2.0), galley.size());
            painter.galley(pos2(center.x, y), galley, color);
            rect
        };
        let title_rect = place(&title, center.y - 4.0, tokens.strong_font(), tokens.text);
        let advice_rect = place(&advice, center.y + title_rect.height(), tokens.font(), tokens.text_muted);
        // A text of its own, where a reader who goes through the window comes upon it.
        let words = if advice.is_empty() { title.into_owned() } else { format!("{title}. {advice}") };
        let label = ui.interact(title_rect.union(advice_rect), Id::unique("journal-empty"), Sense::hover());
        label.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
    }
}

//! What is told of a row when the pointer rests on it.

use super::columns::{self, Column};
use super::{JournalPanel, row_text, rows};
use crate::tr;
use crate::ui::context::Cx;
use crate::ui::widgets::row_table::TableOutput;

impl JournalPanel {
    pub(super) fn show_clocks(&self, output: &TableOutput, cx: &Cx<'_>) {
        let Some((row, _)) = output.hovered.filter(|(_, column)| *column == columns::TIME) else { return };
        let Some(row) = self.pages.row(row) else { return };
        output.response.clone().on_hover_ui_at_pointer(|ui| {
            ui.spacing_mut().interact_size.y = cx.tokens.text_size;
            egui::Grid::new("journal-clocks").num_columns(2).show(ui, |ui| {
                for (name, value) in row_text::clocks(row, cx.language, cx.zone) {
                    ui.label(egui::RichText::new(name).color(cx.tokens.text_muted));
                    ui.label(egui::RichText::new(value).font(cx.tokens.mono_font()));
                    ui.end_row();
                }
            });
        });
    }

    /// The bytes as text, where what they mean stands in its place.
    pub(super) fn show_received(&self, output: &TableOutput, cx: &Cx<'_>) {
        let Some((index, column)) = output.hovered else { return };
        let Some(row) = self.pages.row(index).filter(|_| self.columns.get(column) == Some(&Column::Text)) else {
            return;
        };
        let Some(protocol) = self.texts.made(row.number).and_then(|text| text.decoded) else { return };
        let received = row_text::received(row, cx.language, cx.sessions.encoding_of(row));
        output.response.clone().on_hover_ui_at_pointer(|ui| {
            ui.label(tr!(cx.language, "journal.decoded", protocol = protocol));
            ui.label(rows::verbatim(&received, &cx.tokens.mono_font(), cx.tokens));
        });
    }
}

//! The headings of a table and the borders between its columns.

use egui::accesskit::{Action, HasPopup, Role};
use egui::text::{LayoutJob, TextWrapping};
use egui::{CursorIcon, EventFilter, Id, Key, Modifiers, Rangef, Rect, Response, Sense, Ui, UiBuilder, pos2, vec2};

use super::row_table::{CELL_PADDING, TableColumn, TableInput, bounds};
use crate::ui::theme::Tokens;

/// Width of what the pointer takes hold of, in points.
const GRIP: f32 = 8.0;

/// One press of an arrow key, in points.
const STEP: f32 = 8.0;

/// The line above the rows.
#[derive(Debug)]
pub struct TableHeader<'a> {
    /// Whose header it is.
    pub table: Id,
    pub columns: &'a [TableColumn],
    pub border_help: &'a str,
}

impl TableHeader<'_> {
    /// Draws into `rect`; `ranges` has the extent of each column without its padding. Returns the headings that open a
    /// menu, with their columns.
    pub fn show(
        self,
        ui: &mut Ui,
        tokens: &Tokens,
        rect: Rect,
        ranges: &[Rangef],
        inputs: &mut Vec<TableInput>,
    ) -> Vec<(usize, Response)> {
        let mut menus = Vec::new();
        let id = self.table.with("header");
        let ui = &mut ui.new_child(UiBuilder::new().scope_id(id).max_rect(rect).accessibility_parent(self.table));
        let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
        painter.rect_filled(rect, 0.0, tokens.surface);
        painter.hline(rect.x_range(), rect.bottom() - 0.5, egui::Stroke::new(1.0, tokens.border));
        let font = egui::FontId::proportional(tokens.text_small);
        for (index, (column, range)) in self.columns.iter().zip(ranges).enumerate() {
            if column.title.is_empty() {
                continue;
            }
            let mut job = LayoutJob::simple_singleline(column.title.clone(), font.clone(), tokens.text_muted);
            job.wrap = TextWrapping::truncate_at_width(range.span().max(0.0) + CELL_PADDING);
            let title = painter.layout_job(job);
            let x = if column.align_end { range.max - title.size().x } else { range.min };
            painter.galley(pos2(x, rect.center().y - title.size().y / 2.0), title, tokens.text_muted);
            let cell = Rect::from_x_y_ranges(*range, rect.y_range());
            let heading = describe(ui, id.with(index), cell, index, column);
            if column.has_menu {
                menus.push((index, heading.on_hover_cursor(CursorIcon::PointingHand)));
            }
        }
        // After the headings, which the pointer shall not find first.
        for (index, range) in ranges.iter().enumerate() {
            self.border(ui, tokens, rect, index, *range, inputs);
        }
        menus
    }

    fn border(
        &self,
        ui: &mut Ui,
        tokens: &Tokens,
        header: Rect,
        index: usize,
        range: Rangef,
        inputs: &mut Vec<TableInput>,
    ) {
        let Some(column) = self.columns.get(index) else { return };
        let Some(name) = &column.border else { return };
        let x = range.max + CELL_PADDING;
        let rect = Rect::from_center_size(pos2(x, header.center().y), vec2(GRIP, header.height()));
        let response = ui.interact(rect, self.border_id(index), self.sense(ui, index));
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::labeled(Role::Splitter, true, name);
            info.value = Some(f64::from(column.width));
            info
        });
        let active = response.hovered() || response.dragged() || response.has_focus();
        if active {
            ui.painter().vline(x, header.y_range(), egui::Stroke::new(2.0, tokens.accent));
        }
        let fits = response.double_clicked() || response.has_focus() && self.read_keys(ui, index, inputs);
        if fits {
            inputs.push(TableInput::Resized { column: index, width: None });
        } else if response.dragged()
            && let Some(pointer) = response.interact_pointer_pos()
        {
            let width = (pointer.x - (range.min - CELL_PADDING)).max(1.0).round();
            inputs.push(TableInput::Resized { column: index, width: Some(width) });
        }
        response.on_hover_cursor(CursorIcon::ResizeHorizontal).on_hover_text(self.border_help);
    }

    fn border_id(&self, index: usize) -> Id {
        self.table.with(("border", index))
    }

    /// Tab stops at one of the borders alone, the one that had the keyboard last: the rows are what most are on their
    /// way to.
    fn sense(&self, ui: &Ui, index: usize) -> Sense {
        let first = self.columns.iter().position(|column| column.border.is_some());
        let chosen = ui.data(|data| data.get_temp::<usize>(self.table)).filter(|chosen| *chosen < self.columns.len());
        let sense = Sense::CLICK | Sense::DRAG;
        if chosen.or(first) == Some(index) { sense | Sense::FOCUSABLE } else { sense }
    }

    /// Left and right move the border, up and down go to another; true when Enter asks for the width that fits.
    fn read_keys(&self, ui: &Ui, index: usize, inputs: &mut Vec<TableInput>) -> bool {
        let arrows = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(self.border_id(index), arrows));
        let presses = |key| ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key));
        let by = presses(Key::ArrowRight) as f32 - presses(Key::ArrowLeft) as f32;
        if by != 0.0 {
            let width = (self.columns[index].width + by * STEP).max(1.0);
            inputs.push(TableInput::Resized { column: index, width: Some(width) });
        }
        let has_border = |at: &usize| self.columns[*at].border.is_some();
        let next = match (presses(Key::ArrowUp), presses(Key::ArrowDown)) {
            (0, 0) => None,
            (0, _) => (index + 1..self.columns.len()).find(has_border),
            _ => (0..index).rev().find(has_border),
        };
        if let Some(next) = next {
            ui.data_mut(|data| data.insert_temp(self.table, next));
            ui.memory_mut(|memory| memory.request_focus(self.border_id(next)));
        }
        presses(Key::Enter) > 0
    }
}

/// Makes a heading one for assistive technology, with its help.
fn describe(ui: &Ui, id: Id, cell: Rect, index: usize, column: &TableColumn) -> Response {
    // The keyboard has other ways to such a menu, and is on its way to the rows.
    let response = ui.interact(cell, id, if column.has_menu { Sense::CLICK } else { Sense::hover() });
    ui.ctx().accesskit_node_builder(id, |node| {
        node.set_role(Role::ColumnHeader);
        node.set_bounds(bounds(cell));
        node.set_label(column.title.as_str());
        node.set_column_index(index);
        if column.has_menu {
            node.set_has_popup(HasPopup::Menu);
            node.add_action(Action::Click);
        }
    });
    match &column.help {
        Some(help) => response.on_hover_text(help),
        None => response,
    }
}

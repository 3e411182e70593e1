//! A table of any number of rows that lays out the visible ones alone.

use std::borrow::Cow;
use std::ops::Range;

use egui::accesskit::{Action, Role};
use egui::emath::GuiRounding as _;
use egui::{EventFilter, Id, Key, Modifiers, Painter, Rangef, Rect, Response, Sense, Ui, UiBuilder};

use super::row_scroll::{RowScroll, SCROLL_BAR_WIDTH, ScrollBar};
use super::table_header::TableHeader;
use crate::ui::theme::Tokens;

/// One column as it is drawn now.
#[derive(Clone, Debug, PartialEq)]
pub struct TableColumn {
    pub title: String,
    /// In points, the padding included.
    pub width: f32,
    /// Digits stand below each other when they end together.
    pub align_end: bool,
    /// What the title can't tell, shown when the pointer rests on it.
    pub help: Option<String>,
    /// Its heading opens a menu, which is for whoever shows the table to show.
    pub has_menu: bool,
    /// The accessible name of its right border, where that can be moved.
    pub border: Option<String>,
}

/// One visible row to draw.
#[derive(Debug)]
pub struct RowPlace<'a> {
    /// From 0.
    pub index: u64,
    pub rect: Rect,
    /// Horizontal extent of each column, without its padding.
    pub columns: &'a [Rangef],
    pub hovered: bool,
    /// The table has the keyboard.
    pub focused: bool,
}

/// What a table asks of the rows that it shows.
pub trait TableRows {
    fn paint(&mut self, painter: &Painter, place: &RowPlace<'_>);

    /// The text of a cell, for assistive technology; empty for nothing.
    fn cell_text(&self, row: u64, column: usize) -> Cow<'_, str>;

    /// What assistive technology is told of a cell beside its text.
    fn cell_description(&self, row: u64, column: usize) -> Option<Cow<'_, str>>;

    fn is_selected(&self, row: u64) -> bool;

    /// The row that the keyboard acts on.
    fn cursor(&self) -> Option<u64>;
}

/// What a user did to a table.
#[derive(Clone, Debug, PartialEq)]
pub enum TableInput {
    Clicked {
        row: u64,
        modifiers: Modifiers,
    },
    /// The other mouse button, before its menu opens.
    MenuRequested {
        row: u64,
    },
    /// Double click or Enter.
    Activated,
    /// To this row, counted from the cursor.
    Moved {
        to: u64,
        extend: bool,
    },
    /// Home or End, without Shift.
    WentHome,
    WentToEnd,
    SelectAll,
    Copy,
    /// By wheel or bar.
    Scrolled,
    /// The right border of this column, from 0, was moved: the new width in points, `None` for one that fits.
    Resized {
        column: usize,
        width: Option<f32>,
    },
}

/// A table's response, and what to do about it.
#[derive(Debug)]
pub struct TableOutput {
    pub response: Response,
    pub inputs: Vec<TableInput>,
    /// Rows that were drawn at least in part.
    pub visible: Range<u64>,
    /// Rows that fit, a fraction counts.
    pub fitting: f64,
    /// Row and column under the pointer.
    pub hovered: Option<(u64, usize)>,
    /// Headings that open a menu, with their columns.
    pub menus: Vec<(usize, Response)>,
}

/// Horizontal padding of a cell, in points.
pub const CELL_PADDING: f32 = 6.0;

/// A table to show; `total` rows of the same height.
#[derive(Debug)]
pub struct RowTable<'a> {
    pub id: Id,
    /// The accessible name.
    pub name: &'a str,
    pub scroll_name: &'a str,
    /// How the borders of columns are moved.
    pub border_help: &'a str,
    pub columns: &'a [TableColumn],
    pub total: u64,
    /// Stay at the end, whatever the scroll position was.
    pub follow_end: bool,
}

impl RowTable<'_> {
    /// Fills what room `ui` has.
    pub fn show(self, ui: &mut Ui, tokens: &Tokens, scroll: &mut RowScroll, rows: &mut impl TableRows) -> TableOutput {
        let outer = ui.available_rect_before_wrap();
        ui.advance_cursor_after_rect(outer);
        let (header, body) = outer.split_top_bottom_at_y(outer.top() + tokens.row_height);
        let (body, bar) = body.split_left_right_at_x((body.right() - SCROLL_BAR_WIDTH).max(body.left()));
        // Whole rows only: at the end, the first one shown is not cut.
        let fitting = f64::from((body.height() / tokens.row_height).floor().max(1.0));
        let body = body.with_max_y(body.top() + fitting as f32 * tokens.row_height);
        let bar = bar.with_max_y(body.bottom());

        let response = ui.interact(body, self.id, Sense::click());
        let mut inputs = Vec::new();
        if self.follow_end {
            *scroll = RowScroll::end(self.total, fitting);
        }
        self.read_keys(ui, &response, rows.cursor(), fitting, &mut inputs);
        if Self::read_wheel(ui, body.union(bar), tokens.row_height, scroll) {
            inputs.push(TableInput::Scrolled);
        }
        let scroll_bar =
            ScrollBar { id: self.id.with("bar"), name: self.scroll_name, total: self.total, visible: fitting };
        scroll.clamp(self.total, fitting);
        if scroll_bar.show(ui, bar, scroll, tokens) {
            inputs.push(TableInput::Scrolled);
        }

        let last = scroll.row() + (scroll_end(*scroll, fitting));
        let visible = scroll.row()..last.min(self.total);
        let columns = self.column_ranges(body);
        let hovered = response.hover_pos().and_then(|pos| {
            let row = row_at(*scroll, body, tokens.row_height, pos.y)?;
            let column = columns.iter().position(|column| pos.x <= column.max + CELL_PADDING)?;
            (row < self.total).then_some((row, column))
        });
        Self::read_pointer(ui, &response, hovered, &mut inputs);

        let accessible = self.describe(ui, visible.clone(), rows.cursor());
        let table_header = TableHeader { table: self.id, columns: self.columns, border_help: self.border_help };
        let menus = table_header.show(ui, tokens, header, &columns, &mut inputs);
        let painter = ui.painter().with_clip_rect(body.intersect(ui.clip_rect()));
        for index in visible.clone() {
            let top = body.top() + (scroll.distance(index) * f64::from(tokens.row_height)) as f32;
            let rect = Rect::from_min_size(egui::pos2(body.left(), top), egui::vec2(body.width(), tokens.row_height));
            let place = RowPlace {
                index,
                rect: rect.round_to_pixels(painter.pixels_per_point()),
                columns: &columns,
                hovered: hovered.is_some_and(|(row, _)| row == index),
                focused: response.has_focus(),
            };
            rows.paint(&painter, &place);
            if accessible {
                self.describe_row(ui, &place, &visible, body, rows, &mut inputs);
            }
        }
        TableOutput { response, inputs, visible, fitting, hovered, menus }
    }

    fn column_ranges(&self, body: Rect) -> Vec<Rangef> {
        let mut left = body.left();
        self.columns
            .iter()
            .map(|column| {
                let range = Rangef::new(left + CELL_PADDING, left + column.width - CELL_PADDING);
                left += column.width;
                range
            })
            .collect()
    }

    fn read_keys(&self, ui: &Ui, response: &Response, cursor: Option<u64>, fitting: f64, inputs: &mut Vec<TableInput>) {
        if !response.has_focus() {
            return;
        }
        let filter = EventFilter { vertical_arrows: true, horizontal_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(self.id, filter));
        let page = (fitting.floor() as u64).max(2) - 1;
        let last = self.total.saturating_sub(1);
        // Several presses can come in one frame; each starts where the one before it went.
        let mut at = cursor;
        ui.input(|input| {
            for event in &input.events {
                let egui::Event::Key { key, pressed: true, modifiers, .. } = event else {
                    if matches!(event, egui::Event::Copy) {
                        inputs.push(TableInput::Copy);
                    }
                    continue;
                };
                let extend = modifiers.shift;
                let to = match key {
                    Key::ArrowDown => Some(at.map_or(0, |at| at.saturating_add(1))),
                    Key::ArrowUp => Some(at.map_or(last, |at| at.saturating_sub(1))),
                    Key::PageDown => Some(at.map_or(page, |at| at.saturating_add(page))),
                    Key::PageUp => Some(at.map_or(last, |at| at.saturating_sub(page))),
                    Key::Home if extend => Some(0),
                    Key::End if extend => Some(last),
                    _ => None,
                };
                if let Some(to) = to.map(|to| to.min(last)) {
                    if self.total > 0 {
                        at = Some(to);
                        inputs.push(TableInput::Moved { to, extend });
                    }
                    continue;
                }
                match key {
                    Key::Home => inputs.push(TableInput::WentHome),
                    Key::End => inputs.push(TableInput::WentToEnd),
                    Key::Enter => inputs.push(TableInput::Activated),
                    Key::A if modifiers.command => inputs.push(TableInput::SelectAll),
                    _ => {}
                }
            }
        });
    }

    fn read_wheel(ui: &Ui, area: Rect, row_height: f32, scroll: &mut RowScroll) -> bool {
        if !ui.rect_contains_pointer(area) {
            return false;
        }
        let delta = ui.input_mut(|input| std::mem::take(&mut input.smooth_scroll_delta.y));
        if delta == 0.0 {
            return false;
        }
        scroll.scroll_by(-f64::from(delta / row_height));
        true
    }

    fn read_pointer(ui: &Ui, response: &Response, hovered: Option<(u64, usize)>, inputs: &mut Vec<TableInput>) {
        if response.clicked() || response.secondary_clicked() {
            response.request_focus();
        }
        let Some((row, _)) = hovered else { return };
        if response.clicked() {
            inputs.push(TableInput::Clicked { row, modifiers: ui.input(|input| input.modifiers) });
        }
        if response.secondary_clicked() {
            inputs.push(TableInput::MenuRequested { row });
        }
        if response.double_clicked() {
            inputs.push(TableInput::Activated);
        }
    }

    /// Makes the body a table for assistive technology; false while none listens.
    fn describe(&self, ui: &Ui, visible: Range<u64>, cursor: Option<u64>) -> bool {
        ui.ctx()
            .accesskit_node_builder(self.id, |node| {
                node.set_role(Role::Table);
                node.set_label(self.name);
                node.set_row_count(usize::try_from(self.total).unwrap_or(usize::MAX));
                node.set_column_count(self.columns.len());
                node.set_multiselectable();
                if let Some(cursor) = cursor.filter(|cursor| visible.contains(cursor)) {
                    node.set_active_descendant(self.node_id(cursor, &visible, Some(cursor)).accesskit_id());
                }
            })
            .is_some()
    }

    /// Of a row's place among the visible ones: rows that come in a flood change what stands there, and nothing is removed
    /// and added, which assistive technology would be told of for each cell. The row with the cursor has its own: another
    /// one there is told of, and the same one elsewhere is not.
    fn node_id(&self, row: u64, visible: &Range<u64>, cursor: Option<u64>) -> Id {
        if cursor == Some(row) { self.id.with(("row", row)) } else { self.id.with(("place", row - visible.start)) }
    }

    fn describe_row(
        &self,
        ui: &mut Ui,
        place: &RowPlace<'_>,
        visible: &Range<u64>,
        body: Rect,
        rows: &impl TableRows,
        inputs: &mut Vec<TableInput>,
    ) {
        let id = self.node_id(place.index, visible, rows.cursor());
        let index = usize::try_from(place.index).unwrap_or(usize::MAX);
        let rect = place.rect.intersect(body);
        let builder =
            UiBuilder::new().scope_id(id).max_rect(rect).accessibility_parent(self.id).accessibility_role(Role::Row);
        let mut row_ui = ui.new_child(builder);
        row_ui.expand_to_include_rect(rect);
        row_ui.ctx().accesskit_node_builder(id, |node| {
            node.set_bounds(bounds(rect));
            node.set_row_index(index);
            node.set_selected(rows.is_selected(place.index));
            node.add_action(Action::Click);
        });
        if row_ui.input(|input| input.has_accesskit_action_request(id, Action::Click)) {
            inputs.push(TableInput::Clicked { row: place.index, modifiers: Modifiers::NONE });
        }
        for (column, range) in place.columns.iter().enumerate() {
            let text = rows.cell_text(place.index, column);
            if text.is_empty() {
                continue;
            }
            let cell = Rect::from_x_y_ranges(*range, rect.y_range());
            let cell_id = id.with(column);
            row_ui.interact(cell, cell_id, Sense::hover());
            row_ui.ctx().accesskit_node_builder(cell_id, |node| {
                node.set_role(Role::Cell);
                node.set_bounds(bounds(cell));
                node.set_label(text.as_ref());
                if let Some(description) = rows.cell_description(place.index, column) {
                    node.set_description(description.as_ref());
                }
                node.set_row_index(index);
                node.set_column_index(column);
            });
        }
    }
}

/// What only shows text gets no bounds from egui.
pub(super) fn bounds(rect: Rect) -> egui::accesskit::Rect {
    let [x0, y0, x1, y1] = [rect.left(), rect.top(), rect.right(), rect.bottom()].map(f64::from);
    egui::accesskit::Rect { x0, y0, x1, y1 }
}

/// Rows below the topmost one that show at least in part, itself included.
fn scroll_end(scroll: RowScroll, fitting: f64) -> u64 {
    (fitting - scroll.distance(scroll.row())).ceil().max(0.0) as u64
}

fn row_at(scroll: RowScroll, body: Rect, row_height: f32, y: f32) -> Option<u64> {
    let rows = f64::from((y - body.top()) / row_height) - scroll.distance(scroll.row());
    (rows >= 0.0).then(|| scroll.row() + rows as u64)
}

//! Scrolling counted in rows.

use egui::{Id, Rect, Sense, Ui};

use crate::ui::theme::Tokens;

/// Where a list is scrolled to. Exact at any length, where an offset in `f32` points is off by a whole point after
/// some 800,000 rows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RowScroll {
    /// The topmost row, from 0.
    row: u64,
    /// How much of it is scrolled away, 0 to below 1.
    part: f64,
}

impl RowScroll {
    /// With `row` at the top.
    #[must_use]
    pub fn at(row: u64) -> Self {
        Self { row, part: 0.0 }
    }

    /// As far down as it goes when `visible` rows (a fraction counts) fit.
    #[must_use]
    pub fn end(total: u64, visible: f64) -> Self {
        let whole = visible.max(0.0).floor();
        let rest = visible.max(0.0) - whole;
        let row = total.saturating_sub(whole as u64);
        if rest == 0.0 || row == 0 { Self::at(row) } else { Self { row: row - 1, part: 1.0 - rest } }
    }

    /// The topmost row, from 0.
    #[must_use]
    pub fn row(self) -> u64 {
        self.row
    }

    /// Rows from the top of the view down to the top of `row`; negative above it.
    #[must_use]
    pub fn distance(self, row: u64) -> f64 {
        let rows = if row >= self.row { (row - self.row) as f64 } else { -((self.row - row) as f64) };
        rows - self.part
    }

    /// Moves down by `rows`, up where negative; never above the first row.
    pub fn scroll_by(&mut self, rows: f64) {
        let to = self.part + rows;
        let whole = to.floor();
        let row = if whole < 0.0 { self.row.checked_sub(-whole as u64) } else { Some(self.row + whole as u64) };
        *self = row.map_or_else(Self::default, |row| Self { row, part: to - whole });
    }

    /// So many rows have gone from the beginning of the list: the same one stays at the top, if it is still there.
    pub fn lose_first(&mut self, rows: u64) {
        *self = self.row.checked_sub(rows).map_or_else(Self::default, |row| Self { row, ..*self });
    }

    /// Comes back from beyond the end.
    pub fn clamp(&mut self, total: u64, visible: f64) {
        let end = Self::end(total, visible);
        if self.is_below(end) {
            *self = end;
        }
    }

    /// Scrolls as little as brings `row` wholly into view.
    pub fn reveal(&mut self, row: u64, visible: f64) {
        let distance = self.distance(row);
        if distance < 0.0 {
            *self = Self::at(row);
        } else if distance + 1.0 > visible {
            self.scroll_by(distance + 1.0 - visible);
        }
    }

    #[must_use]
    pub fn is_at_end(self, total: u64, visible: f64) -> bool {
        !Self::end(total, visible).is_below(self)
    }

    fn is_below(self, other: Self) -> bool {
        (self.row, self.part) > (other.row, other.part)
    }

    /// The share of the way to the end, 0 to 1.
    fn progress(self, total: u64, visible: f64) -> f64 {
        let way = total as f64 - visible;
        if way <= 0.0 { 0.0 } else { ((self.row as f64 + self.part) / way).clamp(0.0, 1.0) }
    }

    fn from_progress(progress: f64, total: u64, visible: f64) -> Self {
        let way = (total as f64 - visible).max(0.0) * progress.clamp(0.0, 1.0);
        let mut scroll = Self { row: way.floor() as u64, part: way.fract() };
        scroll.clamp(total, visible);
        scroll
    }
}

/// What a scroll bar belongs to.
#[derive(Clone, Copy, Debug)]
pub struct ScrollBar<'a> {
    pub id: Id,
    /// For assistive technology.
    pub name: &'a str,
    pub total: u64,
    /// Rows that fit, a fraction counts.
    pub visible: f64,
}

/// Width of a scroll bar in points.
pub const SCROLL_BAR_WIDTH: f32 = 12.0;

const HANDLE_MIN: f32 = 28.0;

impl ScrollBar<'_> {
    /// Draws the bar and lets it be dragged; true when that moved `scroll`.
    pub fn show(self, ui: &Ui, rect: Rect, scroll: &mut RowScroll, tokens: &Tokens) -> bool {
        let fits = self.total as f64 <= self.visible;
        if fits {
            return false;
        }
        let handle_height = ((self.visible / self.total as f64) as f32 * rect.height()).max(HANDLE_MIN);
        let way = (rect.height() - handle_height).max(1.0);
        let response = ui.interact(rect, self.id, Sense::drag());
        let grip_id = self.id.with("grip");
        let mut moved = false;
        if let Some(pointer) = response.interact_pointer_pos() {
            let handle_top = rect.top() + way * scroll.progress(self.total, self.visible) as f32;
            if response.drag_started() {
                let inside = (handle_top..=handle_top + handle_height).contains(&pointer.y);
                let grip = if inside { pointer.y - handle_top } else { handle_height / 2.0 };
                ui.data_mut(|data| data.insert_temp(grip_id, grip));
            }
            let grip = ui.data(|data| data.get_temp::<f32>(grip_id)).unwrap_or(handle_height / 2.0);
            if response.dragged() && (response.drag_started() || response.drag_delta().y != 0.0) {
                let progress = f64::from((pointer.y - grip - rect.top()) / way);
                *scroll = RowScroll::from_progress(progress, self.total, self.visible);
                moved = true;
            }
        }
        let progress = scroll.progress(self.total, self.visible);
        let top = rect.top() + way * progress as f32;
        let active = response.hovered() || response.dragged();
        let width = if active { 8.0 } else { 6.0 };
        let handle =
            Rect::from_min_size(egui::pos2(rect.center().x - width / 2.0, top), egui::vec2(width, handle_height));
        let color = tokens.text_muted.gamma_multiply(if response.dragged() {
            0.85
        } else if active {
            0.65
        } else {
            0.4
        });
        ui.painter().rect_filled(handle.shrink2(egui::vec2(0.0, 2.0)), width / 2.0, color);
        ui.ctx().accesskit_node_builder(self.id, |node| {
            node.set_role(egui::accesskit::Role::ScrollBar);
            node.set_label(self.name);
            node.set_numeric_value(progress);
            node.set_min_numeric_value(0.0);
            node.set_max_numeric_value(1.0);
        });
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_million_rows_are_exact() {
        let mut scroll = RowScroll::end(10_000_000, 20.5);
        assert_eq!(scroll, RowScroll { row: 9_999_979, part: 0.5 });
        for _ in 0..64 {
            scroll.scroll_by(-1.0 / 64.0);
        }
        assert_eq!(scroll, RowScroll { row: 9_999_978, part: 0.5 });
        assert_eq!(scroll.distance(9_999_999), 20.5);
    }

    #[test]
    fn does_not_leave_the_list() {
        let mut scroll = RowScroll::at(3);
        scroll.scroll_by(-7.25);
        assert_eq!(scroll, RowScroll::default());
        scroll.scroll_by(1e12);
        scroll.clamp(100, 10.25);
        assert_eq!(scroll, RowScroll { row: 89, part: 0.75 });
        scroll.clamp(5, 10.25);
        assert_eq!(scroll, RowScroll::default());
    }

    #[test]
    fn reveals_with_the_least_movement() {
        let mut scroll = RowScroll::at(10);
        scroll.reveal(15, 10.0);
        assert_eq!(scroll, RowScroll::at(10));
        scroll.reveal(20, 10.5);
        assert_eq!(scroll, RowScroll { row: 10, part: 0.5 });
        scroll.reveal(9, 10.5);
        assert_eq!(scroll, RowScroll::at(9));
    }

    #[test]
    fn knows_its_end() {
        assert!(RowScroll::end(1000, 7.5).is_at_end(1000, 7.5));
        assert!(RowScroll::default().is_at_end(7, 7.5));
        assert!(!RowScroll::at(991).is_at_end(1000, 7.5));
    }

    #[test]
    fn a_dragged_bar_reaches_both_ends() {
        let total = 50_000_000;
        assert_eq!(RowScroll::from_progress(0.0, total, 20.0), RowScroll::default());
        assert_eq!(RowScroll::from_progress(1.0, total, 20.0), RowScroll::end(total, 20.0));
        assert_eq!(RowScroll::end(total, 20.0).progress(total, 20.0), 1.0);
    }
}

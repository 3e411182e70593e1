use egui::{Rect, pos2};

/// Points between what "More" opens and the rows, where each scrolls by itself.
pub const GAP: f32 = 6.0;

/// What the parts of a tab took as last drawn, in points.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heights {
    /// The tab with all of "More" and a few rows below it; 0 while nothing is unfolded.
    pub full: f32,
    /// The tab with all of its rows; 0 while none of them asks for anything.
    pub asking: f32,
    /// What stands above the rows: messages, and what "More" opens.
    pub above: f32,
    /// The rows of clients, peers and files; 0 where there is none.
    pub rows: f32,
}

impl Heights {
    /// Shares `room` between what is unfolded and the rows below it. Where both fit, they scroll as one and no rows' share
    /// is returned; else the rows have half of the room, less where they take less, and more where more is left.
    #[must_use]
    pub fn share(&self, room: Rect) -> (Rect, Option<Rect>) {
        if self.full <= 0.0 || self.rows <= 0.0 || self.above + self.rows <= room.height() {
            return (room, None);
        }
        let least = self.rows.min((room.height() - GAP) / 2.0);
        let border = (room.bottom() - least).min(room.top() + self.above + GAP);
        let rows = Rect::from_min_max(pos2(room.left(), border), room.max);
        (room.with_max_y(border - GAP), Some(rows))
    }

    /// What the tab should have at least: room for what was unfolded, and for what a person is asked.
    #[must_use]
    pub fn wanted(&self) -> f32 {
        self.full.max(self.asking)
    }

    /// Whether what is drawn with these comes out otherwise than with `before`.
    #[must_use]
    pub fn differ(&self, before: &Self) -> bool {
        let parts = [(self.wanted(), before.wanted()), (self.above, before.above), (self.rows, before.rows)];
        parts.into_iter().any(|(now, before)| (now - before).abs() > 0.5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Rect = Rect { min: pos2(10.0, 100.0), max: pos2(210.0, 220.0) };

    fn rows_begin(above: f32, rows: f32) -> Option<f32> {
        assert_eq!(Heights { above, rows, ..Heights::default() }.share(ROOM), (ROOM, None), "nothing is unfolded");
        let (top, below) = Heights { above, rows, full: 400.0, asking: 0.0 }.share(ROOM);
        assert_eq!((top.min, top.max.x), (ROOM.min, ROOM.max.x));
        let Some(below) = below else {
            assert_eq!(top, ROOM);
            return None;
        };
        assert_eq!((below.max, below.top() - top.bottom()), (ROOM.max, GAP));
        Some(below.top())
    }

    #[test]
    fn what_fits_scrolls_as_one() {
        assert_eq!(rows_begin(500.0, 0.0), None, "there are no rows");
        assert_eq!(rows_begin(60.0, 60.0), None);
    }

    #[test]
    fn rows_stay_in_view_below_what_does_not_fit() {
        assert_eq!(rows_begin(200.0, 26.0), Some(194.0), "a row has its own height");
        assert_eq!(rows_begin(200.0, 260.0), Some(163.0), "many have half of the room");
        assert_eq!(rows_begin(20.0, 260.0), Some(126.0), "what is low leaves them the rest");
    }
}

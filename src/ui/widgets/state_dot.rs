use egui::{Color32, Painter, Pos2, Stroke};

use crate::ui::theme::Tokens;

/// The state of a listener or a connection as a dot; words always stand beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DotState {
    /// Nothing is open.
    Idle,
    /// On the way to open.
    Busy,
    Open,
    /// Open in one direction only.
    Half,
}

impl DotState {
    #[must_use]
    pub fn colour(self, tokens: &Tokens) -> Color32 {
        match self {
            Self::Idle => tokens.text_muted,
            Self::Busy => tokens.warning,
            Self::Open | Self::Half => tokens.success,
        }
    }

    /// The shapes differ too: a ring, a dotted centre, a disc, half a disc.
    pub fn paint(self, painter: &Painter, centre: Pos2, tokens: &Tokens) {
        let colour = self.colour(tokens);
        let stroke = Stroke::new(1.25, colour);
        match self {
            Self::Idle => {
                painter.circle_stroke(centre, 3.5, stroke);
            }
            Self::Busy => {
                painter.circle_stroke(centre, 3.5, stroke);
                painter.circle_filled(centre, 1.5, colour);
            }
            Self::Open => {
                painter.circle_filled(centre, 4.0, colour);
            }
            Self::Half => {
                painter.circle_stroke(centre, 3.5, stroke);
                let half = egui::Rect::from_min_max(centre - egui::vec2(4.0, 4.0), centre + egui::vec2(0.0, 4.0));
                painter.with_clip_rect(half.intersect(painter.clip_rect())).circle_filled(centre, 4.0, colour);
            }
        }
    }
}

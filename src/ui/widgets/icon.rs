//! Icons as strokes, so that no font decides how they look.

use egui::{Color32, Painter, Pos2, Rect, Response, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};

use crate::ui::theme::Tokens;

/// A picture of 14 by 14 points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Plus,
    Close,
    ChevronDown,
    ChevronRight,
    /// Incoming bytes.
    ArrowDown,
    /// Outgoing bytes.
    ArrowUp,
    Funnel,
    Sun,
    Moon,
    Warning,
    Info,
    Pause,
    Play,
    Copy,
    Folder,
    /// A border between two parts, to be moved.
    Split,
    /// Columns of a plot.
    Columns,
}

/// Paints an icon in the middle of `rect`.
pub fn paint(painter: &Painter, rect: Rect, icon: Icon, colour: Color32) {
    let centre = rect.center();
    let at = |x: f32, y: f32| pos2(centre.x + x, centre.y + y);
    let stroke = Stroke::new(1.5, colour);
    let line = |points: &[Pos2]| {
        painter.add(Shape::line(points.to_vec(), stroke));
    };
    match icon {
        Icon::Plus => {
            line(&[at(-4.5, 0.0), at(4.5, 0.0)]);
            line(&[at(0.0, -4.5), at(0.0, 4.5)]);
        }
        Icon::Close => {
            line(&[at(-3.5, -3.5), at(3.5, 3.5)]);
            line(&[at(-3.5, 3.5), at(3.5, -3.5)]);
        }
        Icon::ChevronDown => line(&[at(-3.5, -1.75), at(0.0, 1.75), at(3.5, -1.75)]),
        Icon::ChevronRight => line(&[at(-1.75, -3.5), at(1.75, 0.0), at(-1.75, 3.5)]),
        Icon::ArrowDown => {
            line(&[at(0.0, -4.5), at(0.0, 4.0)]);
            line(&[at(-3.0, 1.0), at(0.0, 4.0), at(3.0, 1.0)]);
        }
        Icon::ArrowUp => {
            line(&[at(0.0, 4.5), at(0.0, -4.0)]);
            line(&[at(-3.0, -1.0), at(0.0, -4.0), at(3.0, -1.0)]);
        }
        Icon::Funnel => {
            line(&[at(-5.0, -3.5), at(5.0, -3.5)]);
            line(&[at(-3.0, 0.0), at(3.0, 0.0)]);
            line(&[at(-1.0, 3.5), at(1.0, 3.5)]);
        }
        Icon::Sun => {
            painter.circle_stroke(centre, 2.75, stroke);
            for step in 0..8_u8 {
                let direction = Vec2::angled(f32::from(step) * std::f32::consts::FRAC_PI_4);
                painter.line_segment([centre + direction * 4.75, centre + direction * 6.25], stroke);
            }
        }
        Icon::Moon => moon(painter, centre, stroke),
        Icon::Warning => {
            painter.add(Shape::closed_line(vec![at(0.0, -5.5), at(6.0, 5.0), at(-6.0, 5.0)], stroke));
            line(&[at(0.0, -1.75), at(0.0, 1.5)]);
            painter.circle_filled(at(0.0, 3.25), 0.9, colour);
        }
        Icon::Info => {
            painter.circle_stroke(centre, 5.75, stroke);
            line(&[at(0.0, -0.5), at(0.0, 3.0)]);
            painter.circle_filled(at(0.0, -2.75), 0.9, colour);
        }
        Icon::Pause => {
            line(&[at(-2.25, -4.0), at(-2.25, 4.0)]);
            line(&[at(2.25, -4.0), at(2.25, 4.0)]);
        }
        Icon::Play => {
            painter.add(Shape::closed_line(vec![at(-2.5, -4.25), at(4.0, 0.0), at(-2.5, 4.25)], stroke));
        }
        Icon::Copy => {
            let page = |x: f32, y: f32| Rect::from_center_size(at(x, y), vec2(6.5, 7.5));
            painter.rect_stroke(page(1.5, 1.5), 1.0, stroke, StrokeKind::Middle);
            line(&[at(-4.75, 2.5), at(-4.75, -5.0), at(2.0, -5.0)]);
        }
        Icon::Split => {
            line(&[at(0.0, -5.0), at(0.0, 5.0)]);
            for side in [-1.0, 1.0] {
                line(&[at(side * 3.0, -2.5), at(side * 5.5, 0.0), at(side * 3.0, 2.5)]);
            }
        }
        Icon::Columns => {
            line(&[at(-5.5, 4.5), at(5.5, 4.5)]);
            for (x, top) in [(-3.5, 0.5), (0.0, -4.5), (3.5, -1.5)] {
                line(&[at(x, 4.5), at(x, top)]);
            }
        }
        Icon::Folder => {
            let outline = [at(-5.5, 4.0), at(-5.5, -4.0), at(-1.5, -4.0), at(0.0, -2.25), at(5.5, -2.25), at(5.5, 4.0)];
            painter.add(Shape::closed_line(outline.to_vec(), stroke));
        }
    }
}

/// A crescent: an arc of a circle, and an arc of one that is moved up and to the right.
fn moon(painter: &Painter, centre: Pos2, stroke: Stroke) {
    let arc = |middle: Pos2, radius: f32, from: f32, to: f32| {
        (0..=16_u8).map(move |step| middle + Vec2::angled(from + (to - from) * f32::from(step) / 16.0) * radius)
    };
    let outer = arc(centre, 5.25, -1.9, -5.95);
    let inner_centre = centre + vec2(2.1, -2.4);
    let start = Vec2::angled(-5.95) * 5.25 + centre.to_vec2() - inner_centre.to_vec2();
    let end = Vec2::angled(-1.9) * 5.25 + centre.to_vec2() - inner_centre.to_vec2();
    let from = start.angle();
    let to = end.angle() - if end.angle() > from { 0.0 } else { -std::f32::consts::TAU };
    let inner = arc(inner_centre, (start.length() + end.length()) / 2.0, from, to);
    painter.add(Shape::closed_line(outer.chain(inner).collect(), stroke));
}

/// A small button that shows an icon only; `label` is its accessible name, `tooltip` what hovering explains.
pub fn icon_button(ui: &mut Ui, tokens: &Tokens, icon: Icon, label: &str, tooltip: &str) -> Response {
    let side = tokens.row_height;
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::click());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, ui.is_enabled(), label));
    if ui.is_rect_visible(rect) {
        let active = response.hovered() || response.has_focus();
        if active {
            ui.painter().rect_filled(rect, tokens.radius - 1, tokens.button_hover);
        }
        if response.has_focus() {
            let outline = Stroke::new(1.0, tokens.accent);
            ui.painter().rect_stroke(rect, tokens.radius - 1, outline, StrokeKind::Inside);
        }
        let colour = if active { tokens.text } else { tokens.text_muted };
        let colour = if ui.is_enabled() { colour } else { colour.gamma_multiply(0.4) };
        paint(ui.painter(), rect, icon, colour);
    }
    response.on_hover_text(tooltip)
}

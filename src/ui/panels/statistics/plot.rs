//! How a chart is drawn.

use egui::{Align2, Color32, FontId, Painter, Pos2, Rangef, Response, Sense, Stroke, Ui, Vec2b, vec2};
use egui_plot::{AxisHints, Bar, BarChart, Plot, VLine};

use super::axis;
use super::chart::Chart;
use super::view::View;
use crate::tr;
use crate::ui::context::Cx;

/// Points that "Received" and "Sent" take.
const CAPTIONS: f32 = 64.0;

/// Draws a chart into the room that `ui` has; `name` says what a person sees in it.
pub(super) fn plot(ui: &mut Ui, cx: &Cx<'_>, chart: &Chart, view: View, is_log: bool, name: &str) -> Response {
    let (tokens, language, zone) = (cx.tokens, cx.language, cx.zone);
    let bars = |color: Color32, height: &dyn Fn(&super::chart::Column) -> f64| {
        let bars = chart.columns.iter().map(|column| (column, height(column))).filter(|(_, height)| *height != 0.0);
        let bars = bars.map(|(column, height)| {
            let bar = Bar::new(f64::midpoint(column.from, column.to), height).width(column.to - column.from);
            bar.fill(color).stroke(Stroke::NONE)
        });
        BarChart::new("", bars.collect()).allow_hover(false)
    };
    let received = bars(tokens.incoming, &|column| axis::height(is_log, column.received));
    let sent = bars(tokens.outgoing, &|column| -axis::height(is_log, column.sent));
    let has = |value: fn(&super::chart::Column) -> f64| chart.columns.iter().any(|column| value(column) > 0.0);
    let (has_received, has_sent) = (has(|column| column.received), has(|column| column.sent));
    let small = |hints: AxisHints<'static>| {
        hints
            .tick_label_font(FontId::proportional(tokens.text_small))
            .tick_label_color(tokens.text_muted)
            // Marks are few: each is written out.
            .label_spacing(Rangef::new(4.0, 8.0))
    };
    let begins_ns = chart.begins_ns;
    let is_time = view != View::Sizes;
    let (x_zone, label_zone) = (zone.clone(), zone.clone());
    let x_axis = small(AxisHints::new_x()).formatter(move |mark, _| match begins_ns {
        Some(begins_ns) => axis::time(begins_ns, &label_zone, mark),
        None => view.value(axis::value(mark)),
    });
    let y_axis = small(AxisHints::new_y()).formatter(move |mark, _| view.rate(language, axis::amount(is_log, mark)));
    // Sizes have binary units.
    let base = if view == View::Bytes { 1024.0 } else { 10.0 };
    let mut plot = Plot::new("statistics")
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
        .sense(Sense::hover())
        .show_crosshair(false)
        .show_x(false)
        .show_y(false)
        .label_formatter(|_| None)
        .set_margin_fraction(vec2(0.0, 0.08))
        .auto_bounds(Vec2b::TRUE)
        .include_y(0.0)
        .grid_color(tokens.border)
        .custom_x_axes(vec![x_axis])
        .custom_y_axes(vec![y_axis])
        .x_grid_spacer(move |input| match begins_ns {
            Some(begins_ns) => axis::times(begins_ns, &x_zone, &input),
            None => axis::values(is_time, &input),
        })
        .y_grid_spacer(move |input| axis::amounts(is_log, &input, base));
    if let (Some(first), Some(last)) = (chart.columns.first(), chart.columns.last()) {
        // Room for what stands before the columns, so that it lies over none.
        let room = f64::from(CAPTIONS / (ui.available_width() - CAPTIONS).max(CAPTIONS));
        plot = plot.include_x(first.from - (last.to - first.from) * room);
    }
    if !has_received && !has_sent {
        plot = plot.include_y(1.0);
    }
    let marks: Vec<_> = chart.marks.iter().map(|mark| (mark.at, mark.name)).collect();
    let color = tokens.accent;
    let shown = plot.show(ui, move |plot| {
        plot.bar_chart(received);
        plot.bar_chart(sent);
        for (at, name) in &marks {
            plot.vline(VLine::new(*name, *at).color(color).width(1.0).allow_hover(false));
        }
    });
    let frame = *shown.transform.frame();
    let painter = ui.painter().with_clip_rect(frame);
    // Which is which is said, not left to colours.
    let inside = frame.shrink(4.0);
    if has_received {
        let words = tr!(language, "statistics.received");
        caption(&painter, cx, inside.left_top(), Align2::LEFT_TOP, &words, tokens.incoming);
    }
    if has_sent {
        let words = tr!(language, "statistics.sent");
        caption(&painter, cx, inside.left_bottom(), Align2::LEFT_BOTTOM, &words, tokens.outgoing);
    }
    for (index, mark) in chart.marks.iter().enumerate() {
        let x = shown.transform.position_from_point_x(mark.at) + 3.0;
        // Below each other: they may be close.
        let y = inside.top() + index as f32 * (tokens.text_small + 4.0);
        caption(&painter, cx, egui::pos2(x, y), Align2::LEFT_TOP, mark.name, tokens.accent);
    }
    let response = shown.response;
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, name));
    let pointed = response.hover_pos().map(|at| shown.transform.value_from_position(at).x);
    match pointed.and_then(|x| chart.at(x)) {
        Some(column) => response.on_hover_text_at_pointer(column.words(language, view, zone)),
        None => response,
    }
}

/// Words over columns, which don't shine through.
fn caption(painter: &Painter, cx: &Cx<'_>, at: Pos2, align: Align2, words: &str, color: Color32) {
    let galley = painter.layout_no_wrap(words.to_owned(), cx.tokens.small_font(), color);
    let rect = align.anchor_size(at, galley.size());
    painter.rect_filled(rect.expand2(vec2(3.0, 0.0)), 2.0, cx.tokens.field);
    painter.galley(rect.min, galley, color);
}

//! What the kernel says of a socket now.

use std::borrow::Cow;

use egui::{Align, Label, Layout, RichText, Ui, vec2};

use super::field::caption;
use crate::i18n::{self, Language};
use crate::model::{SocketState, TcpInfo};
use crate::tr;
use crate::ui::context::Cx;
use crate::ui::theme::Tokens;

/// One line: a name, what it is, and the sentence that explains it, where the name doesn't.
type Line = (Cow<'static, str>, String, Option<Cow<'static, str>>);

/// Draws the state, or that it is being asked for.
pub fn live_state(ui: &mut Ui, cx: &Cx<'_>, state: Option<&SocketState>) {
    let Some(state) = state else {
        return caption(ui, cx.tokens, &tr!(cx.language, "live.waits"));
    };
    let mut lines = Vec::new();
    if let Some(tcp) = &state.tcp {
        tcp_lines(cx.language, tcp, state.accept_queue.is_some(), &mut lines);
    }
    queue_lines(cx.language, state, &mut lines);
    let columns = if ui.available_width() >= TWO_COLUMNS { 2 } else { 1 };
    let width = ui.available_width() / columns as f32;
    let spacing = std::mem::replace(&mut ui.spacing_mut().item_spacing, vec2(0.0, 2.0));
    for chunk in lines.chunks(columns) {
        ui.horizontal(|ui| {
            for line in chunk {
                figure(ui, cx.tokens, width, line);
            }
        });
    }
    ui.spacing_mut().item_spacing = spacing;
}

/// A name and what it is, in a place of this width.
fn figure(ui: &mut Ui, tokens: &Tokens, width: f32, (name, value, explained): &Line) {
    let name = RichText::new(&**name).font(tokens.small_font()).color(tokens.text_muted);
    let value = RichText::new(value).font(tokens.mono_font());
    for (words, width) in [(name, NAME_WIDTH), (value, width - NAME_WIDTH)] {
        let size = vec2(width, tokens.row_height);
        ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_size(size);
            let label = ui.add(Label::new(words).truncate());
            if let Some(explained) = explained {
                label.on_hover_text(&**explained);
            }
        });
    }
}

/// From this width on there is room for two.
const TWO_COLUMNS: f32 = 460.0;
const NAME_WIDTH: f32 = 118.0;

fn tcp_lines(language: Language, tcp: &TcpInfo, is_listening: bool, lines: &mut Vec<Line>) {
    let unknown = || tr!(language, "live.unknown").into_owned();
    let size = |bytes: Option<u64>| bytes.map_or_else(unknown, i18n::byte_size);
    lines.push((tr!(language, "live.state"), tcp.state.name().to_owned(), None));
    // A listener's structure has the same fields, which say nothing there.
    if is_listening {
        return;
    }
    let rtt = match (tcp.rtt, tcp.rtt_variance) {
        (Some(rtt), Some(variance)) => {
            let (rtt, variance) = (i18n::short_span(rtt), i18n::short_span(variance));
            tr!(language, "live.rtt.value", rtt = rtt, variance = variance).into_owned()
        }
        (rtt, _) => rtt.map_or_else(unknown, i18n::short_span),
    };
    lines.push((tr!(language, "live.rtt"), rtt, Some(tr!(language, "live.rtt.explained"))));
    lines.push((tr!(language, "live.min_rtt"), tcp.min_rtt.map_or_else(unknown, i18n::short_span), None));
    let retransmits = tcp.retransmits.to_string();
    lines.push((tr!(language, "live.retransmits"), retransmits, Some(tr!(language, "live.retransmits.explained"))));
    let window = tr!(language, "live.window.value", count = tcp.congestion_window).into_owned();
    lines.push((tr!(language, "live.window"), window, Some(tr!(language, "live.window.explained"))));
    lines.push((tr!(language, "live.mss"), i18n::bytes(tcp.send_mss.into()), None));
    lines.push((
        tr!(language, "live.acknowledged"),
        size(tcp.bytes_acknowledged),
        Some(tr!(language, "live.acknowledged.explained")),
    ));
    lines.push((tr!(language, "live.sent"), size(tcp.bytes_sent), None));
    lines.push((tr!(language, "live.received"), size(tcp.bytes_received), None));
    let rate = tcp.delivery_rate.map_or_else(unknown, |rate| i18n::rate(language, rate));
    lines.push((tr!(language, "live.rate"), rate, None));
}

fn queue_lines(language: Language, state: &SocketState, lines: &mut Vec<Line>) {
    let of_max = |now: String, max: String| tr!(language, "live.of_max", now = now, max = max).into_owned();
    if let Some(queue) = state.accept_queue {
        let words = of_max(queue.waiting.to_string(), queue.max.to_string());
        lines.push((tr!(language, "live.accept_queue"), words, None));
    }
    for (name, bytes, explained) in [
        (tr!(language, "live.unread"), state.unread, tr!(language, "live.unread.explained")),
        (tr!(language, "live.unacknowledged"), state.unacknowledged, tr!(language, "live.unacknowledged.explained")),
        (tr!(language, "live.unsent"), state.unsent, tr!(language, "live.unsent.explained")),
    ] {
        if let Some(bytes) = bytes {
            lines.push((name, i18n::byte_size(bytes.into()), Some(explained)));
        }
    }
    if let Some(memory) = state.memory {
        for (name, now, max) in [
            (tr!(language, "live.receive_memory"), memory.receive, memory.receive_max),
            (tr!(language, "live.send_memory"), memory.send, memory.send_max),
        ] {
            let words = of_max(i18n::byte_size(now.into()), i18n::byte_size(max.into()));
            lines.push((name, words, Some(tr!(language, "live.memory.explained"))));
        }
        lines.push((
            tr!(language, "live.dropped"),
            memory.dropped.to_string(),
            Some(tr!(language, "live.dropped.explained")),
        ));
    }
}

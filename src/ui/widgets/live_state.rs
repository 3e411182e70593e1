//! What the kernel says of a socket now.

use std::borrow::Cow;

use egui::{Align, Label, Layout, RichText, Ui, Vec2, vec2};

use super::field::caption;
use crate::i18n::{self, Language};
use crate::model::{SocketState, TcpInfo};
use crate::tr;
use crate::ui::context::Cx;
use crate::ui::theme::Tokens;

/// A name, what it is, and the sentence that explains it, where the name doesn't.
struct Line {
    name: Cow<'static, str>,
    value: String,
    explained: Option<Cow<'static, str>>,
    /// Whether the value can be two figures; said of the kind and not of the value, so that nothing moves as it changes.
    is_long: bool,
}

impl Line {
    fn new(name: Cow<'static, str>, value: String) -> Self {
        Self { name, value, explained: None, is_long: false }
    }

    fn explained(self, words: Cow<'static, str>) -> Self {
        Self { explained: Some(words), ..self }
    }

    fn long(self) -> Self {
        Self { is_long: true, ..self }
    }
}

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
    let whole = ui.available_width();
    let half = if whole >= TWO_COLUMNS { whole / 2.0 } else { whole };
    let fits_half = |line: &Line| half < whole && (!line.is_long || half - NAME_WIDTH >= LONG_VALUE);
    ui.scope(|ui| {
        // Text, not controls: lines stand closer than the rows of a form.
        ui.spacing_mut().interact_size.y = cx.tokens.text_size;
        ui.spacing_mut().item_spacing = Vec2::ZERO;
        let mut lines = lines.iter().peekable();
        while let Some(line) = lines.next() {
            let beside = if fits_half(line) { lines.next_if(|next| fits_half(next)) } else { None };
            ui.horizontal(|ui| {
                figure(ui, cx.tokens, if beside.is_some() { half } else { whole }, line);
                if let Some(beside) = beside {
                    figure(ui, cx.tokens, half, beside);
                }
            });
        }
        ui.add_space(cx.tokens.space_small);
    });
}

/// A name and what it is, in a place of this width.
fn figure(ui: &mut Ui, tokens: &Tokens, width: f32, line: &Line) {
    let name = RichText::new(&*line.name).font(tokens.small_font()).color(tokens.text_muted);
    let value = RichText::new(&line.value).font(tokens.mono_font());
    for (words, width) in [(name, NAME_WIDTH), (value, width - NAME_WIDTH)] {
        let size = vec2(width, tokens.text_size + tokens.space);
        ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_size(size);
            let label = ui.add(Label::new(words).truncate());
            if let Some(explained) = &line.explained {
                label.on_hover_text(&**explained);
            }
        });
    }
}

/// Points from which on there is room for two columns.
const TWO_COLUMNS: f32 = 460.0;
const NAME_WIDTH: f32 = 118.0;
/// What two sizes in bytes take with a word between them.
const LONG_VALUE: f32 = 154.0;

fn tcp_lines(language: Language, tcp: &TcpInfo, is_listening: bool, lines: &mut Vec<Line>) {
    let unknown = || tr!(language, "live.unknown").into_owned();
    let size = |bytes: Option<u64>| bytes.map_or_else(unknown, i18n::byte_size);
    lines.push(Line::new(tr!(language, "live.state"), tcp.state.name().to_owned()));
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
    let window = tr!(language, "live.window.value", count = tcp.congestion_window).into_owned();
    let rate = tcp.delivery_rate.map_or_else(unknown, |rate| i18n::rate(language, rate));
    lines.extend([
        Line::new(tr!(language, "live.retransmits"), i18n::grouped(tcp.retransmits.into()))
            .explained(tr!(language, "live.retransmits.explained")),
        Line::new(tr!(language, "live.rtt"), rtt).explained(tr!(language, "live.rtt.explained")).long(),
        Line::new(tr!(language, "live.min_rtt"), tcp.min_rtt.map_or_else(unknown, i18n::short_span)),
        Line::new(tr!(language, "live.rate"), rate),
        Line::new(tr!(language, "live.window"), window).explained(tr!(language, "live.window.explained")),
        Line::new(tr!(language, "live.mss"), i18n::bytes(tcp.send_mss.into())),
        Line::new(tr!(language, "live.acknowledged"), size(tcp.bytes_acknowledged))
            .explained(tr!(language, "live.acknowledged.explained")),
        Line::new(tr!(language, "live.sent"), size(tcp.bytes_sent)),
        Line::new(tr!(language, "live.received"), size(tcp.bytes_received)),
    ]);
}

fn queue_lines(language: Language, state: &SocketState, lines: &mut Vec<Line>) {
    let of_max = |now: String, max: String| tr!(language, "live.of_max", now = now, max = max).into_owned();
    if let Some(queue) = state.accept_queue {
        let words = of_max(queue.waiting.to_string(), queue.max.to_string());
        lines.push(Line::new(tr!(language, "live.accept_queue"), words));
    }
    for (name, bytes, explained) in [
        (tr!(language, "live.unread"), state.unread, tr!(language, "live.unread.explained")),
        (tr!(language, "live.unacknowledged"), state.unacknowledged, tr!(language, "live.unacknowledged.explained")),
        (tr!(language, "live.unsent"), state.unsent, tr!(language, "live.unsent.explained")),
    ] {
        if let Some(bytes) = bytes {
            lines.push(Line::new(name, i18n::byte_size(bytes.into())).explained(explained));
        }
    }
    if let Some(memory) = state.memory {
        lines.push(
            Line::new(tr!(language, "live.dropped"), i18n::grouped(memory.dropped.into()))
                .explained(tr!(language, "live.dropped.explained")),
        );
        for (name, now, max) in [
            (tr!(language, "live.receive_memory"), memory.receive, memory.receive_max),
            (tr!(language, "live.send_memory"), memory.send, memory.send_max),
        ] {
            let words = of_max(i18n::byte_size(now.into()), i18n::byte_size(max.into()));
            lines.push(Line::new(name, words).explained(tr!(language, "live.memory.explained")).long());
        }
    }
}

use std::borrow::Cow;

use super::{Language, byte_size, bytes, grouped, rate, short_span};
use crate::model::{SocketState, TcpInfo};
use crate::tr;

/// A name, what it is, and the sentence that explains it, where the name doesn't.
#[derive(Debug)]
pub struct Figure {
    pub name: Cow<'static, str>,
    pub value: String,
    pub explained: Option<Cow<'static, str>>,
    /// Whether the value can be two figures; said of the kind and not of the value, so that nothing moves as it changes.
    pub is_long: bool,
}

impl Figure {
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

/// What the kernel says of a socket now, figure by figure; what it doesn't say is left out or called unknown.
#[must_use]
pub fn figures(language: Language, state: &SocketState) -> Vec<Figure> {
    let mut figures = Vec::new();
    if let Some(tcp) = &state.tcp {
        of_tcp(language, tcp, state.accept_queue.is_some(), &mut figures);
    }
    of_queues(language, state, &mut figures);
    figures
}

fn of_tcp(language: Language, tcp: &TcpInfo, is_listening: bool, figures: &mut Vec<Figure>) {
    let unknown = || tr!(language, "live.unknown").into_owned();
    let size = |bytes: Option<u64>| bytes.map_or_else(unknown, byte_size);
    figures.push(Figure::new(tr!(language, "live.state"), tcp.state.name().to_owned()));
    // A listener's structure has the same fields, which say nothing there.
    if is_listening {
        return;
    }
    let rtt = match (tcp.rtt, tcp.rtt_variance) {
        (Some(rtt), Some(variance)) => {
            let (rtt, variance) = (short_span(rtt), short_span(variance));
            tr!(language, "live.rtt.value", rtt = rtt, variance = variance).into_owned()
        }
        (rtt, _) => rtt.map_or_else(unknown, short_span),
    };
    let window = tr!(language, "live.window.value", count = tcp.congestion_window).into_owned();
    let rate = tcp.delivery_rate.map_or_else(unknown, |bytes| rate(language, bytes));
    figures.extend([
        Figure::new(tr!(language, "live.retransmits"), grouped(tcp.retransmits.into()))
            .explained(tr!(language, "live.retransmits.explained")),
        Figure::new(tr!(language, "live.rtt"), rtt).explained(tr!(language, "live.rtt.explained")).long(),
        Figure::new(tr!(language, "live.min_rtt"), tcp.min_rtt.map_or_else(unknown, short_span)),
        Figure::new(tr!(language, "live.rate"), rate),
        Figure::new(tr!(language, "live.window"), window).explained(tr!(language, "live.window.explained")),
        Figure::new(tr!(language, "live.mss"), bytes(tcp.send_mss.into())),
        Figure::new(tr!(language, "live.acknowledged"), size(tcp.bytes_acknowledged))
            .explained(tr!(language, "live.acknowledged.explained")),
        Figure::new(tr!(language, "live.sent"), size(tcp.bytes_sent)),
        Figure::new(tr!(language, "live.received"), size(tcp.bytes_received)),
    ]);
}

fn of_queues(language: Language, state: &SocketState, figures: &mut Vec<Figure>) {
    let of_max = |now: String, max: String| tr!(language, "live.of_max", now = now, max = max).into_owned();
    if let Some(queue) = state.accept_queue {
        let words = of_max(queue.waiting.to_string(), queue.max.to_string());
        figures.push(Figure::new(tr!(language, "live.accept_queue"), words));
    }
    for (name, bytes, explained) in [
        (tr!(language, "live.unread"), state.unread, tr!(language, "live.unread.explained")),
        (tr!(language, "live.unacknowledged"), state.unacknowledged, tr!(language, "live.unacknowledged.explained")),
        (tr!(language, "live.unsent"), state.unsent, tr!(language, "live.unsent.explained")),
    ] {
        if let Some(bytes) = bytes {
            figures.push(Figure::new(name, byte_size(bytes.into())).explained(explained));
        }
    }
    if let Some(memory) = state.memory {
        figures.push(
            Figure::new(tr!(language, "live.dropped"), grouped(memory.dropped.into()))
                .explained(tr!(language, "live.dropped.explained")),
        );
        for (name, now, max) in [
            (tr!(language, "live.receive_memory"), memory.receive, memory.receive_max),
            (tr!(language, "live.send_memory"), memory.send, memory.send_max),
        ] {
            let words = of_max(byte_size(now.into()), byte_size(max.into()));
            figures.push(Figure::new(name, words).explained(tr!(language, "live.memory.explained")).long());
        }
    }
}

//! What a row's bytes mean, field by field, where that is known.

use egui::{Button, Label, RichText, Ui, UiBuilder};

use super::facts::names_and_values;
use crate::codec::decode::recognize::{Evidence, recognize};
use crate::codec::decode::{Decoded, Decoder};
use crate::codec::visible::visible;
use crate::i18n;
use crate::model::{PageRow, RowBody};
use crate::tr;
use crate::ui::action::UiCommand;
use crate::ui::context::Cx;
use crate::ui::view::Sessions;

/// How it is known what bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// Its socket carries nothing else.
    Socket,
    Chosen,
    Evidence(Evidence),
}

/// What one row's bytes mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    decoder: Decoder,
    source: Source,
    /// `None` where they are not what the user has chosen.
    decoded: Option<Decoded>,
    /// Bytes that were left out of it.
    left_out: u64,
}

/// The meaning that was made last: it is drawn in many frames.
#[derive(Debug, Default)]
pub(super) struct Meanings {
    made: Option<(Key, Option<Meaning>)>,
}

/// What a meaning depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    row: u64,
    len: usize,
    chosen: Option<Decoder>,
    of_socket: Decoder,
}

impl Meanings {
    /// `None` for bytes that mean nothing to the program.
    pub(super) fn of(&mut self, sessions: &Sessions, row: &PageRow, payload: &[u8]) -> Option<&Meaning> {
        let (chosen, of_socket) = (sessions.decoded_as(row), sessions.decoder_of(row));
        let key = Key { row: row.number, len: payload.len(), chosen, of_socket };
        if self.made.as_ref().is_none_or(|(made, _)| *made != key) {
            self.made = Some((key, decode(sessions, row, payload)));
        }
        self.made.as_ref().and_then(|(_, meaning)| meaning.as_ref())
    }
}

impl Meaning {
    /// Draws the fields below each other.
    pub(super) fn show(&self, ui: &mut Ui, cx: &Cx<'_>) {
        let tokens = cx.tokens;
        let name = tr!(cx.language, "inspector.decoded");
        let group = UiBuilder::new().accessibility_role(egui::accesskit::Role::Group).accessibility_label(&*name);
        let protocol = self.decoder.name();
        let source = match self.source {
            Source::Socket => None,
            Source::Chosen if self.decoded.is_none() => Some(tr!(cx.language, "inspector.not_so", protocol = protocol)),
            Source::Chosen => Some(tr!(cx.language, "inspector.by_choice", protocol = protocol)),
            Source::Evidence(Evidence::Port(port)) => {
                Some(tr!(cx.language, "inspector.by_port", protocol = protocol, port = port))
            }
            Source::Evidence(Evidence::Content) => Some(tr!(cx.language, "inspector.by_content", protocol = protocol)),
        };
        ui.scope_builder(group, |ui| {
            names_and_values("decoded-grid", tokens).show(ui, |ui| {
                let mut line = |name: &str, value: RichText| {
                    ui.label(RichText::new(name).color(tokens.text_muted));
                    ui.add(Label::new(value).wrap().selectable(true));
                    ui.end_row();
                };
                if let Some(source) = source {
                    line(&tr!(cx.language, "inspector.decoded_as"), RichText::new(source));
                }
                for (name, value) in self.decoded.iter().flat_map(|decoded| &decoded.fields) {
                    line(name, RichText::new(visible(value)).font(tokens.mono_font()));
                }
                if self.left_out > 0 {
                    let read = i18n::bytes(Decoder::HEAD_MAX as u64);
                    let words = tr!(cx.language, "inspector.head_only", read = read, left = i18n::bytes(self.left_out));
                    line(&tr!(cx.language, "inspector.read"), RichText::new(words));
                }
            });
        });
    }
}

/// What the bytes of the row's session, and of those like it, can be read as.
pub(super) fn decode_as_items(ui: &mut Ui, cx: &mut Cx<'_>, row: &PageRow) {
    let chosen = cx.sessions.decoded_as(row);
    let automatic = std::iter::once(None);
    for decoder in automatic.chain(Decoder::CHOICES.map(Some)) {
        let name = match decoder {
            None => tr!(cx.language, "inspector.decode_automatic"),
            Some(Decoder::Text) => tr!(cx.language, "inspector.decode_text"),
            Some(decoder) => decoder.name().into(),
        };
        if ui.add(Button::selectable(chosen == decoder, name)).clicked() {
            cx.act(UiCommand::DecodeAs(row.socket, row.session, decoder));
            ui.close();
        }
    }
}

fn decode(sessions: &Sessions, row: &PageRow, payload: &[u8]) -> Option<Meaning> {
    if !matches!(row.body, RowBody::Data { .. }) {
        return None;
    }
    let len = payload.len() as u64;
    let head = &payload[..payload.len().min(Decoder::HEAD_MAX)];
    let left_out = len - head.len() as u64;
    let meaning =
        |decoder: Decoder, source| Meaning { decoder, source, decoded: decoder.decode_head(head, len), left_out };
    match sessions.decoded_as(row) {
        Some(Decoder::Text) => return None,
        Some(chosen) => {
            let meaning = meaning(chosen, Source::Chosen);
            let left_out = if meaning.decoded.is_some() { left_out } else { 0 };
            return Some(Meaning { left_out, ..meaning });
        }
        None => {}
    }
    let of_socket = sessions.decoder_of(row);
    let known = Some(meaning(of_socket, Source::Socket)).filter(|meaning| meaning.decoded.is_some());
    known.or_else(|| {
        // What a browser's connection carries behind a head may be anything; on a bus or a raw socket is nothing else.
        if !matches!(of_socket, Decoder::Text | Decoder::Http) {
            return None;
        }
        let (decoder, evidence) = recognize(head, len, sessions.circumstances(row))?;
        Some(meaning(decoder, Source::Evidence(evidence)))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{
        Call, Direction, Peer, Protocol, Purpose, Role, RowBody, SessionId, SessionInfo, SocketId, Stamp,
    };
    use crate::ui::view::{FramesFrom, SessionView};

    fn sessions(decoder: Decoder, protocol: Protocol, frames_from: Option<FramesFrom>) -> Sessions {
        let peer = Peer::Ip(([127, 0, 0, 1], 80).into());
        let info = SessionInfo {
            id: SessionId(1),
            socket: SocketId(1),
            role: Role::Client,
            purpose: Purpose::Talk,
            protocol,
            decoder,
            local: peer.clone(),
            peer,
            process: None,
            since_wall_ns: 0,
        };
        let mut sessions = Sessions::default();
        sessions.on_event(&crate::model::Event::Opened { info, traffic: Arc::default() });
        if let Some(view) = sessions.by_id.get_mut(&SessionId(1)) {
            *view = SessionView { frames_from, ..view.clone() };
        }
        sessions
    }

    fn summary(sessions: &Sessions, direction: Direction, stream_offset: u64, payload: &[u8]) -> Option<String> {
        let row = PageRow {
            number: 1,
            stamp: Stamp::default(),
            socket: SocketId(1),
            session: Some(SessionId(1)),
            peer: String::new(),
            body: RowBody::Data { direction, call: Call::Recv, truncated: false },
            stream_offset,
            len: payload.len() as u64,
            preview: Vec::new(),
            context: Vec::new(),
            delta_ns: None,
            note: None,
            color: None,
        };
        decode(sessions, &row, payload).and_then(|meaning| meaning.decoded).map(|decoded| decoded.summary)
    }

    #[test]
    fn frames_are_frames_from_where_they_began() {
        let from = FramesFrom { received: 100, sent: 200 };
        let sessions = sessions(Decoder::Http, Protocol::Tcp, Some(from));
        let frame = b"\x81\x05Hello";
        for (direction, offset, is_frame) in [
            (Direction::In, 100, true),
            (Direction::In, 99, false),
            (Direction::Out, 199, false),
            (Direction::Out, 200, true),
        ] {
            let expected = is_frame.then(|| "text Hello".to_owned());
            assert_eq!(summary(&sessions, direction, offset, frame), expected, "{direction:?} {offset}");
        }
    }

    #[test]
    fn a_raw_socket_takes_messages_and_returns_packets() {
        let sessions = sessions(Decoder::Ipv4 { protocol: 1 }, Protocol::Raw, None);
        let ping = crate::codec::icmp::echo_request(crate::codec::icmp::Version::V4, 7, 1, b"hello");
        let over = |direction| summary(&sessions, direction, 0, &ping);
        assert_eq!(over(Direction::Out).as_deref(), Some("echo request id=7 seq=1, 5 bytes"));
        assert_eq!(over(Direction::In), None);
    }

    #[test]
    fn rows_are_decoded_after_their_session_and_tab_are_gone() {
        let from = FramesFrom { received: 0, sent: 0 };
        let forget: [fn(&mut Sessions); 2] =
            [|sessions| sessions.forget(SessionId(1)), |sessions| sessions.forget_socket(SocketId(1))];
        for forget in forget {
            let mut sessions = sessions(Decoder::Http, Protocol::Tcp, Some(from));
            forget(&mut sessions);
            assert!(sessions.by_id.is_empty());
            assert_eq!(summary(&sessions, Direction::In, 0, b"\x81\x05Hello").as_deref(), Some("text Hello"));
        }
    }

    #[test]
    fn http_by_hand_is_decoded_over_streams() {
        let answer = b"HTTP/1.1 200 OK\r\n\r\n";
        let over = |protocol| summary(&sessions(Decoder::Text, protocol, None), Direction::In, 0, answer);
        assert_eq!(over(Protocol::Tcp).as_deref(), Some("HTTP/1.1 200 OK"));
        assert_eq!(over(Protocol::Udp), None);
    }
}

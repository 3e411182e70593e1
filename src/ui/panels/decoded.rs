//! What a row's bytes mean, field by field, where that is known.

use egui::{Grid, Label, RichText, ScrollArea, Ui, UiBuilder};

use crate::codec::decode::{Decoded, Decoder};
use crate::codec::visible::visible;
use crate::model::PageRow;
use crate::tr;
use crate::ui::context::Cx;
use crate::ui::view::Sessions;

/// The share of the height that the fields may take from the bytes.
const SHARE: f32 = 0.5;

/// Draws the fields above the bytes; nothing for bytes that mean nothing to the program.
pub fn decoded(ui: &mut Ui, cx: &Cx<'_>, row: &PageRow, payload: &[u8]) {
    let Some(decoded) = decode(cx.sessions, row, payload) else { return };
    let tokens = cx.tokens;
    let height = ui.available_height() * SHARE;
    let name = tr!(cx.language, "inspector.decoded");
    let group = UiBuilder::new().accessibility_role(egui::accesskit::Role::Group).accessibility_label(&*name);
    ui.scope_builder(group, |ui| {
        ui.spacing_mut().interact_size.y = tokens.text_size;
        ScrollArea::vertical().id_salt("decoded").max_height(height).auto_shrink([false, true]).show(ui, |ui| {
            Grid::new("decoded-grid").num_columns(2).spacing([tokens.space_large, tokens.space_small]).show(ui, |ui| {
                for (name, value) in decoded.fields {
                    ui.label(RichText::new(name).color(tokens.text_muted));
                    let value = RichText::new(visible(&value)).font(tokens.mono_font());
                    ui.add(Label::new(value).wrap().selectable(true));
                    ui.end_row();
                }
            });
        });
    });
    ui.separator();
}

fn decode(sessions: &Sessions, row: &PageRow, payload: &[u8]) -> Option<Decoded> {
    let session = sessions.by_id.get(&row.session?)?;
    match sessions.decoder_of(row) {
        // Whoever speaks HTTP as a client types it.
        Decoder::Text if session.info.protocol.is_stream() => Decoder::Http.decode(payload),
        decoder => decoder.decode(payload),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Call, Direction, Peer, Protocol, Role, RowBody, SessionId, SessionInfo, SocketId, Stamp};
    use crate::ui::view::{FramesFrom, SessionView};

    fn sessions(decoder: Decoder, protocol: Protocol, frames_from: Option<FramesFrom>) -> Sessions {
        let peer = Peer::Ip(([127, 0, 0, 1], 80).into());
        let info = SessionInfo {
            id: SessionId(1),
            socket: SocketId(1),
            role: Role::Client,
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
        };
        decode(sessions, &row, payload).map(|decoded| decoded.summary)
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
    fn http_by_hand_is_decoded_over_streams() {
        let answer = b"HTTP/1.1 200 OK\r\n\r\n";
        let over = |protocol| summary(&sessions(Decoder::Text, protocol, None), Direction::In, 0, answer);
        assert_eq!(over(Protocol::Tcp).as_deref(), Some("HTTP/1.1 200 OK"));
        assert_eq!(over(Protocol::Udp), None);
    }
}

//! What a row's bytes mean, field by field, where that is known.

use egui::{Label, RichText, ScrollArea, Ui, UiBuilder};

use super::inspector::names_and_values;
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
    let height = ui.available_height() * SHARE;
    ScrollArea::vertical().id_salt("decoded").max_height(height).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().interact_size.y = cx.tokens.text_size;
        grid(ui, cx, decoded);
    });
    ui.separator();
}

/// Draws the fields where something else follows them in the same scrolling column; false where there are none.
pub fn decoded_column(ui: &mut Ui, cx: &Cx<'_>, row: &PageRow, payload: &[u8]) -> bool {
    let decoded = decode(cx.sessions, row, payload);
    let any = decoded.is_some();
    if let Some(decoded) = decoded {
        grid(ui, cx, decoded);
    }
    any
}

fn grid(ui: &mut Ui, cx: &Cx<'_>, decoded: Decoded) {
    let tokens = cx.tokens;
    let name = tr!(cx.language, "inspector.decoded");
    let group = UiBuilder::new().accessibility_role(egui::accesskit::Role::Group).accessibility_label(&*name);
    ui.scope_builder(group, |ui| {
        names_and_values("decoded-grid", tokens).show(ui, |ui| {
            for (name, value) in decoded.fields {
                ui.label(RichText::new(name).color(tokens.text_muted));
                let value = RichText::new(visible(&value)).font(tokens.mono_font());
                ui.add(Label::new(value).wrap().selectable(true));
                ui.end_row();
            }
        });
    });
}

fn decode(sessions: &Sessions, row: &PageRow, payload: &[u8]) -> Option<Decoded> {
    let session = row.session.and_then(|session| sessions.by_id.get(&session));
    match sessions.decoder_of(row) {
        // Whoever speaks HTTP as a client types it.
        Decoder::Text if session.is_some_and(|session| session.info.protocol.is_stream()) => {
            Decoder::Http.decode(payload)
        }
        decoder => decoder.decode(payload),
    }
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

use std::sync::Arc;

use egui::{Context, RawInput, Rect, Shape, UiBuilder, pos2, vec2};
use jiff::tz::TimeZone;

use super::*;
use crate::codec::decode::Decoder;
use crate::i18n::Language;
use crate::model::{CloseReason, Event, Peer, PeerProcess, Protocol, Purpose, Role, SessionInfo, SocketId};
use crate::ui::fonts;
use crate::ui::theme::Tokens;
use crate::ui::view::Sessions;

/// What is written in a row of this width in points, and whether it was cut.
fn written(ctx: &Context, sessions: &Sessions, width: f32) -> Vec<(String, bool)> {
    let (tokens, zone, mut actions) = (Tokens::light(), TimeZone::UTC, Vec::new());
    let mut output = ctx.run_ui(RawInput::default(), |ui| {
        let place = Rect::from_min_size(pos2(0.0, 0.0), vec2(width, 40.0));
        ui.scope_builder(UiBuilder::new().max_rect(place), |ui| {
            let language = Language::English;
            let mut cx = Cx { language, tokens: &tokens, sessions, zone: &zone, actions: &mut actions };
            session_row(ui, &mut cx, SessionId(1));
        });
    });
    // Nobody draws them.
    output.textures_delta.clear();
    let texts = output.shapes.iter().filter_map(|shape| match &shape.shape {
        Shape::Text(text) => Some((text.galley.text().to_owned(), text.galley.elided)),
        _ => None,
    });
    texts.collect()
}

/// One open session.
fn opened(protocol: Protocol, process: Option<PeerProcess>) -> Sessions {
    let peer = Peer::Ip(([127, 0, 0, 1], 9000).into());
    let info = SessionInfo {
        id: SessionId(1),
        socket: SocketId(7),
        role: Role::Client,
        purpose: Purpose::Talk,
        protocol,
        decoder: Decoder::Text,
        local: peer.clone(),
        peer,
        process,
        since_wall_ns: 0,
    };
    let mut sessions = Sessions::default();
    sessions.on_event(&Event::Opened { info, traffic: Arc::default() });
    sessions
}

#[test]
fn a_reset_is_offered_where_there_is_one() {
    let ctx = Context::default();
    ctx.set_fonts(fonts::definitions());
    for protocol in Protocol::ALL {
        let row = written(&ctx, &opened(protocol, None), 600.0);
        let offers = |words: &str| row.iter().any(|(text, _)| text == words);
        assert_eq!(offers("Reset"), protocol == Protocol::Tcp, "{protocol:?}");
        assert_eq!(offers("Finish sending"), protocol.has_connection(), "{protocol:?}");
    }
}

#[test]
fn numbers_of_a_process_are_shown_whole_or_not_at_all() {
    let ctx = Context::default();
    ctx.set_fonts(fonts::definitions());
    let process = PeerProcess { pid: Some(4711), uid: 1000, gid: 1000, name: None };
    let mut sessions = opened(Protocol::UnixStream, Some(process));
    sessions.on_event(&Event::Closed { socket: SocketId(7), session: SessionId(1), reason: CloseReason::Eof });
    let state = state_words(Language::English, &sessions.by_id[&SessionId(1)]);

    let rows: Vec<_> = (100..600).step_by(7).map(|width| written(&ctx, &sessions, width as f32)).collect();
    let whole = |row: &Vec<(String, bool)>, words: &str| row.contains(&(words.to_owned(), false));
    for row in &rows {
        let (ids, none) = (whole(row, "pid 4711, uid 1000"), whole(row, "…"));
        assert!(!row.iter().any(|(text, cut)| text.contains("pid") && *cut), "{row:?}");
        assert!(!(ids && none), "{row:?}");
        // The state comes first.
        assert!(!ids || whole(row, &state), "{row:?}");
    }
    assert!(rows.iter().any(|row| whole(row, "…") && whole(row, &state)));
    assert!(rows.last().is_some_and(|row| whole(row, "pid 4711, uid 1000") && whole(row, &state)));
}

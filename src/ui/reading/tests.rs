use std::sync::Arc;

use egui::{Context, RawInput};
use jiff::tz::TimeZone;

use super::*;
use crate::engine::{Engine, EngineConfig, JournalPlace};
use crate::model::{Call, Cause, Direction, Failure, Operation, PageRow, RowBody, SessionId, SocketId, Stamp};
use crate::ui::theme::Tokens;

struct Window {
    app: App,
    ctx: Context,
}

impl Window {
    fn new() -> Self {
        let config = EngineConfig {
            journal: JournalPlace::Temporary,
            wake: Arc::new(|| {}),
            payload_events: false,
            last_look: false,
            settings: None,
            sent_logs: None,
            past_transfers: None,
        };
        let ctx = Context::default();
        let app = App::new(Engine::start(config).unwrap(), Settings::default(), &[], &ctx);
        Self { app, ctx }
    }

    /// Draws the inspector of what is being recorded; the rows whose bytes it asks for.
    fn inspect(&mut self, row: &PageRow) -> Vec<u64> {
        let (inspector, sessions, tokens) = (&mut self.app.inspector, &self.app.sessions, Tokens::light());
        let mut actions = Vec::new();
        let mut output = self.ctx.run_ui(RawInput::default(), |ui| {
            let language = self.app.language;
            let zone = &TimeZone::UTC;
            inspector.show(ui, &mut Cx { language, tokens: &tokens, sessions, zone, actions: &mut actions }, Some(row));
        });
        // Nobody draws them.
        output.textures_delta.clear();
        let asked = actions.into_iter().filter_map(|action| match action {
            UiCommand::Engine(Command::LoadRow { number }) => Some(number),
            _ => None,
        });
        asked.collect()
    }
}

/// One of which a page holds the beginning only.
fn long_row(number: u64) -> PageRow {
    PageRow {
        number,
        stamp: Stamp::default(),
        socket: SocketId(1),
        session: Some(SessionId(1)),
        peer: String::new(),
        body: RowBody::Data { direction: Direction::In, call: Call::Recv, truncated: false },
        stream_offset: 0,
        len: 4096,
        preview: vec![0; PageRow::PREVIEW_MAX],
        context: Vec::new(),
        delta_ns: None,
        note: None,
        color: None,
    }
}

#[test]
fn bytes_that_nobody_answered_for_are_asked_for_again_when_recording_is_in_view_again() {
    let mut window = Window::new();
    let (base, other) = (long_row(1), long_row(2));
    assert_eq!(window.inspect(&base), [1]);
    assert_eq!(window.inspect(&base), [0; 0], "once");
    window.app.on_event(&Event::JournalClosed);
    assert_eq!(window.inspect(&base), [1]);

    assert!(window.app.inspector.compare_with(&base));
    assert_eq!(window.inspect(&other), [2, 1]);
    assert_eq!(window.inspect(&other), [0; 0]);
    window.app.on_event(&Event::RowLoaded { number: 2, payload: vec![0; 4096].into() });
    window.app.on_event(&Event::JournalClosed);
    assert_eq!(window.inspect(&other), [1], "the other is there");
    window.app.on_event(&Event::RowLoaded { number: 1, payload: vec![0; 4096].into() });
    window.app.on_event(&Event::JournalClosed);
    assert_eq!(window.inspect(&other), [0; 0], "both are");
}

#[test]
fn what_is_on_its_way_can_be_given_up_whatever_else_is_told() {
    let mut window = Window::new();
    let (path, before) = (PathBuf::from("/nowhere/a.pcap"), PathBuf::from("/nowhere/b.pcap"));
    let failure = Failure::new(Operation::SaveSettings, "settings.toml", Cause::PermissionDenied);
    let not_opened = |path: &Path| Event::JournalNotOpened { path: path.to_owned(), failure: failure.clone() };
    let opened = |path: &Path| Event::JournalOpened { path: path.to_owned(), rows: 0, imported: None };
    for (unrelated, end) in [
        (not_opened(&before), not_opened(&path)),
        (opened(&before), opened(&path)),
        (Event::Failed { socket: None, session: None, failure: failure.clone() }, Event::JournalClosed),
    ] {
        window.app.open_journal(path.clone());
        window.app.on_event(&unrelated);
        assert!(window.app.opening.is_some(), "{unrelated:?}");
        window.app.on_event(&end);
        assert!(window.app.opening.is_none(), "{end:?}");
    }
    window.app.on_event(&not_opened(&path));
    assert_eq!(window.app.message, Some(Message::Failed(failure)));
}

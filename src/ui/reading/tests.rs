use std::sync::Arc;

use egui::Context;

use super::*;
use crate::engine::{Engine, EngineConfig, JournalPlace};
use crate::model::{Call, Cause, Direction, Failure, Operation, PageRow, RowBody, SessionId, SocketId, Stamp};

struct Window {
    app: App,
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
        Self { app }
    }
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

//! What there is to do before the window closes.

use egui::{Context, ViewportCommand};

use super::app::App;
use super::widgets::message_line::Message;
use crate::model::Command;

impl App {
    /// Lets a journal that is being saved be done before the window closes; asked a second time, it closes at once.
    /// `saving` is from before the events were taken in, `drained` whether all were.
    pub(super) fn close_after_save(&mut self, ctx: &Context, saving: bool, drained: bool) {
        if !saving && drained && std::mem::take(&mut self.closes_after_save) {
            // Who has no copy now may want another one.
            if !matches!(self.message, Some(Message::Failed(_))) {
                ctx.send_viewport_cmd(ViewportCommand::Close);
            }
        } else if saving && !self.closes_after_save && ctx.input(|input| input.viewport().close_requested()) {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            self.closes_after_save = true;
            self.message = Some(Message::ClosesAfterSave);
        }
    }

    /// Saves what has not been saved; call it when the window closes.
    pub fn closing(&mut self) {
        if let Some(settings) = self.saver.last(self.current_settings()) {
            self.engine.send(Command::SaveSettings(settings));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use crossbeam_channel::{Receiver, bounded};
    use egui::{RawInput, ViewportEvent, ViewportId};

    use super::*;
    use crate::engine::{Engine, EngineConfig, JournalPlace};
    use crate::model::{Row, RowBody, SaveRequest, Settings, SocketId, Stamp};
    use crate::store::journal::JournalWriter;

    struct Window {
        app: App,
        ctx: Context,
        woken: Receiver<()>,
    }

    impl Window {
        /// With a journal that takes some seconds to save as text.
        fn open(folder: &Path) -> Self {
            let journal = folder.join("journal.sqlite");
            let life = crate::model::Life::PeerFinished;
            let row = Row {
                stamp: Stamp::default(),
                socket: SocketId(1),
                session: None,
                peer: String::new(),
                body: RowBody::Life(life),
                stream_offset: 0,
                payload: vec![0; 1 << 16],
            };
            let mut writer = JournalWriter::create(&journal).unwrap();
            for _ in 0..2 {
                writer.append(&vec![row.clone(); 50]).unwrap();
            }
            let (wake, woken) = bounded(1);
            let engine = Engine::start(EngineConfig {
                wake: Arc::new(move || _ = wake.try_send(())),
                ..EngineConfig::new(JournalPlace::File(journal))
            });
            let ctx = Context::default();
            let app = App::new(engine.unwrap(), Settings::default(), &[], &ctx);
            Self { app, ctx, woken }
        }

        fn save(&self, path: PathBuf) {
            self.app.engine.send(Command::SaveJournal(Box::new(SaveRequest::new(path))));
        }

        /// What the window is told in one frame.
        fn frame(&mut self, close: bool) -> Vec<ViewportCommand> {
            let mut input = RawInput::default();
            if close {
                input.viewports.entry(ViewportId::ROOT).or_default().events.push(ViewportEvent::Close);
            }
            self.ctx.begin_pass(input);
            let ctx = self.ctx.clone();
            self.app.logic(&ctx);
            let mut output = self.ctx.end_pass();
            output.textures_delta.clear();
            output.viewport_output.remove(&ViewportId::ROOT).map(|viewport| viewport.commands).unwrap_or_default()
        }

        fn frames_until(&mut self, holds: impl Fn(&Self, &[ViewportCommand]) -> bool) {
            let deadline = Instant::now() + Duration::from_secs(60);
            loop {
                let commands = self.frame(false);
                if holds(self, &commands) {
                    return;
                }
                assert!(Instant::now() < deadline, "waited in vain: {:?}", self.app.message);
                // A wake-up may come before the frame that it is for has begun.
                let _ = self.woken.recv_timeout(Duration::from_millis(100));
            }
        }
    }

    #[test]
    fn a_save_is_done_before_the_window_closes() {
        let folder = tempfile::tempdir().unwrap();
        let mut window = Window::open(folder.path());
        let copy = folder.path().join("copy.txt");
        window.save(copy.clone());
        assert!(window.frame(true).contains(&ViewportCommand::CancelClose));
        assert_eq!(window.app.message, Some(Message::ClosesAfterSave));
        assert!(!copy.exists());
        window.frames_until(|_, commands| commands.contains(&ViewportCommand::Close));
        assert!(copy.exists());
    }

    #[test]
    fn a_second_request_closes_without_the_copy() {
        let folder = tempfile::tempdir().unwrap();
        let mut window = Window::open(folder.path());
        let copies = tempfile::tempdir().unwrap();
        window.save(copies.path().join("copy.txt"));
        assert!(window.frame(true).contains(&ViewportCommand::CancelClose));
        assert!(!window.frame(true).contains(&ViewportCommand::CancelClose));
        drop(window);
        assert_eq!(fs::read_dir(copies.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_save_that_fails_keeps_the_window_open() {
        let folder = tempfile::tempdir().unwrap();
        let mut window = Window::open(folder.path());
        window.app.closes_after_save = true;
        window.save(folder.path().join("missing/copy.txt"));
        window.frames_until(|window, commands| {
            assert!(!commands.contains(&ViewportCommand::Close));
            !window.app.closes_after_save
        });
        assert!(matches!(window.app.message, Some(Message::Failed(_))));
    }

    #[test]
    fn nothing_holds_the_window_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let mut window = Window::open(folder.path());
        assert!(!window.frame(true).contains(&ViewportCommand::CancelClose));
    }
}

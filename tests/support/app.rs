//! The whole window over a real engine and real sockets, without a screen: driven by the names that a person hears.

#![allow(dead_code, reason = "each test crate uses its own part")]

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};
use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, HarnessBuilder};
use sockeye::engine::{Engine, EngineConfig, JournalPlace};
use sockeye::model::{LanguageChoice, ServerTab, Settings, ThemeChoice};
use sockeye::ui::App;

/// Far beyond what anything here takes; reached only by a fault.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Window {
    pub(crate) harness: Harness<'static, Option<App>>,
    woken: Receiver<()>,
}

impl Window {
    pub(crate) fn open(settings: Settings) -> Self {
        Self::build(settings, |builder| builder.with_size(egui::vec2(1100.0, 760.0)))
    }

    pub(crate) fn build(
        settings: Settings,
        change: impl FnOnce(HarnessBuilder<Option<App>>) -> HarnessBuilder<Option<App>>,
    ) -> Self {
        let (wake, woken) = bounded(1);
        let config = EngineConfig {
            journal: JournalPlace::Temporary,
            wake: Arc::new(move || {
                // Full means that a wake-up waits already.
                let _ = wake.try_send(());
            }),
            payload_events: false,
            settings: None,
        };
        let engine = Engine::start(config).expect("an engine");
        let app = Rc::new(RefCell::new(None));
        let place = Rc::clone(&app);
        let mut harness = change(Harness::builder())
            .with_step_dt(1.0 / 60.0)
            .with_context_setup(move |ctx| *place.borrow_mut() = Some(App::new(engine, settings, &[], ctx)))
            .build_ui_state(
                move |ui, state: &mut Option<App>| {
                    let app = match state {
                        Some(app) => app,
                        None => state.insert(app.take().expect("made with the context")),
                    };
                    app.logic(ui.ctx());
                    app.ui(ui);
                },
                None,
            );
        harness.step();
        Self { harness, woken }
    }

    /// A server on any free port and a client, in English.
    pub(crate) fn english() -> Self {
        Self::open(Settings {
            language: LanguageChoice::English,
            theme: ThemeChoice::Light,
            servers: vec![ServerTab { port: "0".to_owned(), ..ServerTab::default() }],
            ..Settings::default()
        })
    }

    pub(crate) fn panel<'a>(&'a self, name: &'a str) -> egui_kittest::Node<'a> {
        self.harness.get_by_role_and_label(Role::Group, name)
    }

    pub(crate) fn click(&mut self, panel: &str, name: &str) {
        self.panel(panel).get_by_label(name).click();
        self.harness.step();
        self.harness.step();
    }

    pub(crate) fn write(&mut self, panel: &str, field: &str, text: &str) {
        self.panel(panel).get_by_label(field).focus();
        self.harness.step();
        self.harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
        self.harness.step();
        self.panel(panel).get_by_label(field).type_text(text);
        self.harness.step();
        self.harness.step();
    }

    pub(crate) fn press(&mut self, key: Key) {
        self.harness.key_press(key);
        self.harness.step();
        self.harness.step();
    }

    pub(crate) fn value(&self, panel: &str, field: &str) -> String {
        self.panel(panel).get_by_label(field).accesskit_node().value().unwrap_or_default()
    }

    /// Whether a text that contains this is shown in the panel.
    pub(crate) fn shows(&self, panel: &str, text: &str) -> bool {
        self.panel(panel)
            .query_all_by_role(Role::Label)
            .any(|label| label.accesskit_node().value().is_some_and(|value| value.contains(text)))
    }

    /// Draws on whenever the engine has something to tell, until the condition holds.
    pub(crate) fn until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.harness.step();
            if holds(self) {
                return;
            }
            assert!(Instant::now() < deadline, "in vain waited for: {what}");
            // The window draws sixty frames a second while something moves; counters change without an event.
            let _ = self.woken.recv_timeout(Duration::from_millis(16));
        }
    }

    /// Starts the server, connects the client to it, and waits until both know.
    pub(crate) fn connect(&mut self) {
        self.click("Server", "Start listening");
        self.until("listening", |window| window.shows("Server", "Listening on 127.0.0.1:"));
        let port = self.listening_port();
        self.write("Client", "Port", &port);
        self.click("Client", "Connect");
        self.until("connected", |window| window.shows("Client", "Connected · ") && window.shows("Server", "1 client"));
    }

    pub(crate) fn listening_port(&self) -> String {
        let words = self
            .panel("Server")
            .query_all_by_role(Role::Label)
            .filter_map(|label| label.accesskit_node().value())
            .find_map(|value| value.strip_prefix("Listening on 127.0.0.1:").map(str::to_owned))
            .expect("the state line");
        words.chars().take_while(char::is_ascii_digit).collect()
    }
}

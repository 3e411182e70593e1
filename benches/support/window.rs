//! The window itself, without a screen: everything that a frame takes but painting it.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockeye::engine::{Engine, EngineConfig, JournalPlace};
use sockeye::model::{ClientTab, LanguageChoice, ServerTab, Settings};
use sockeye::ui::App;

use super::machine::poll;
use super::{Measured, Trouble};

const PATIENCE: Duration = Duration::from_secs(60);

/// The whole window over an engine of its own, in this process.
pub(crate) struct Window {
    pub(crate) harness: Harness<'static, Option<App>>,
}

impl Window {
    /// Opens it in English, with one tab on either side.
    pub(crate) fn open(server: ServerTab, client: ClientTab) -> Measured<Self> {
        Self::open_on(JournalPlace::Temporary, egui::vec2(1600.0, 1000.0), Self::settings(server, client))
    }

    /// In English, with one tab on either side.
    pub(crate) fn settings(server: ServerTab, client: ClientTab) -> Settings {
        Settings {
            servers: vec![server],
            clients: vec![client],
            language: LanguageChoice::English,
            ..Settings::default()
        }
    }

    /// Opens it so large, in points, recording into this journal.
    pub(crate) fn open_on(journal: JournalPlace, size: egui::Vec2, settings: Settings) -> Measured<Self> {
        let engine = Engine::start(EngineConfig::new(journal)).map_err(|failure| Trouble(failure.to_string()))?;
        let place = Rc::new(RefCell::new(None));
        let for_setup = Rc::clone(&place);
        let mut harness = Harness::builder()
            .with_size(size)
            // Bytes that are no text are shown as text, too.
            .allow_missing_glyphs()
            .with_context_setup(move |ctx| *for_setup.borrow_mut() = Some(App::new(engine, settings, &[], ctx)))
            .build_ui_state(
                move |ui, app: &mut Option<App>| {
                    if app.is_none() {
                        *app = place.borrow_mut().take();
                    }
                    if let Some(app) = app {
                        app.logic(ui.ctx());
                        // The harness leaves a margin, which the real window has not.
                        let whole = ui.ctx().content_rect();
                        ui.scope_builder(egui::UiBuilder::new().max_rect(whole), |ui| {
                            ui.set_clip_rect(whole);
                            app.ui(ui, None);
                        });
                    }
                },
                None,
            );
        harness.step();
        Ok(Self { harness })
    }

    /// Presses the one control of this name.
    pub(crate) fn press(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.harness.step();
    }

    /// Presses a control that both panels have.
    pub(crate) fn press_in(&mut self, panel: &str, label: &str) {
        self.harness.get_by_role_and_label(Role::Group, panel).get_by_label(label).click();
        self.harness.step();
        self.harness.step();
    }

    /// Starts listening; returns the port.
    pub(crate) fn listen(&mut self) -> Measured<u16> {
        self.press("Start listening");
        let words = self.step_until("Listening on ")?;
        let port = words.rsplit(':').next().and_then(|port| port.parse().ok());
        port.ok_or_else(|| Trouble(format!("no port in {words:?}")))
    }

    /// Draws until a label says this; returns all that it says.
    pub(crate) fn step_until(&mut self, words: &str) -> Measured<String> {
        poll(words, Duration::from_millis(5), PATIENCE, || {
            self.harness.step();
            self.says(words)
        })
    }

    /// The label that says this, with all that it says.
    pub(crate) fn says(&self, words: &str) -> Option<String> {
        let labels = self.harness.query_all_by_role(Role::Label);
        labels.filter_map(|label| label.accesskit_node().value()).find(|value| value.contains(words))
    }

    /// Draws one frame, laid out and tessellated, and returns how long it took.
    pub(crate) fn frame(&mut self) -> Duration {
        let began = Instant::now();
        self.harness.step();
        let shapes = self.harness.output().shapes.clone();
        self.harness.ctx.tessellate(shapes, self.harness.ctx.pixels_per_point());
        began.elapsed()
    }
}

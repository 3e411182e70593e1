//! Pictures of the window over what an engine would report.

#![allow(dead_code, reason = "each test crate uses its own part")]

use egui_kittest::{SnapshotOptions, SnapshotResults};
use sockeye::engine::Surroundings;
use sockeye::model::{ClientTab, Event, LanguageChoice, ServerTab, Settings, ThemeChoice};

use crate::app::{Window, steady_surroundings};
use crate::raster::Raster;

/// In points, which are pixels here.
pub(crate) const SIZE: (f32, f32) = (1180.0, 780.0);
/// The smallest in which nothing may be cut off.
pub(crate) const SMALL: (f32, f32) = (1024.0, 700.0);
pub(crate) const THEMES: [(&str, ThemeChoice); 2] = [("light", ThemeChoice::Light), ("dark", ThemeChoice::Dark)];

pub(crate) fn open(settings: Settings, size: (f32, f32)) -> Window {
    open_in(steady_surroundings(), settings, size)
}

pub(crate) fn open_in(surroundings: Surroundings, settings: Settings, (width, height): (f32, f32)) -> Window {
    // The harness has a theme of its own, which comes after the one that the window chose at its start.
    let theme = if settings.theme == ThemeChoice::Dark { egui::Theme::Dark } else { egui::Theme::Light };
    Window::build_in(surroundings, settings, |builder| {
        builder.with_theme(theme).with_size(egui::vec2(width, height)).renderer(Raster::default())
    })
}

pub(crate) fn english(server: ServerTab, client: ClientTab) -> Settings {
    Settings {
        theme: ThemeChoice::Light,
        language: LanguageChoice::English,
        servers: vec![server],
        clients: vec![client],
        ..Settings::default()
    }
}

pub(crate) fn themed(settings: &Settings, theme: ThemeChoice) -> Settings {
    Settings { theme, ..settings.clone() }
}

pub(crate) fn chinese(settings: &Settings) -> Settings {
    Settings { language: LanguageChoice::Chinese, ..settings.clone() }
}

/// Has the window take reports in as if an engine had made them.
pub(crate) fn report(window: &mut Window, events: impl IntoIterator<Item = Event>) {
    let events: Vec<_> = events.into_iter().collect();
    if events.iter().any(|event| matches!(event, Event::Page(_))) {
        // A page that the engine was asked for would come in place of the one that is made up.
        let awaits_rows = |window: &Window| window.harness.state().as_ref().expect("the app").awaits_rows();
        window.until("the engine's rows", |window| !awaits_rows(window));
    }
    let app = window.harness.state_mut().as_mut().expect("the app");
    events.iter().for_each(|event| app.on_event(event));
    window.harness.step();
    window.harness.step();
}

pub(crate) fn shoot(window: &mut Window, name: &str, results: &mut SnapshotResults) {
    window.harness.remove_cursor();
    compare(window, name, results);
}

/// Leaves the pointer where it is.
pub(crate) fn compare(window: &mut Window, name: &str, results: &mut SnapshotResults) {
    window.harness.set_render_cursor(false);
    window.harness.step();
    // The rasteriser is the same everywhere; a rounding of the processor's may still change a pixel by a shade.
    let options = SnapshotOptions::new().threshold(1.0).max_failed_pixels(20);
    results.add(window.harness.try_snapshot_options(name, &options));
}

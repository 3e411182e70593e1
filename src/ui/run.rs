//! Opens the window.

use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Instant;

use egui::{Context, ViewportBuilder, ViewportId};
use parking_lot::Mutex;

use super::app::App;
use super::pacing::Pacing;
use crate::engine::{self, Engine, EngineConfig, JournalPlace};
use crate::i18n::{self, Language};
use crate::model::{Settings, WindowPlace};
use crate::tr;

/// The packages that a bare Debian or Ubuntu lacks for a window; they are loaded when it opens, not linked.
const PACKAGES: &str = "libx11-6 libx11-xcb1 libxcursor1 libxi6 libxkbcommon-x11-0 libgl1 libegl1";

const ICON: &[u8] = include_bytes!("../../assets/icon.png");

/// Shows the window until it is closed. Says on standard error why, when it can't open.
#[must_use]
pub fn run() -> ExitCode {
    engine::log_where_asked();
    let path = Engine::settings_path();
    let (settings, damage) = path.as_deref().map_or_else(Default::default, Engine::load_settings);
    let past_path = Engine::past_transfers_path();
    let (past, past_damage) = past_path.as_deref().map_or_else(Default::default, Engine::load_past_transfers);
    let language = Language::from_choice(settings.language);

    // The engine starts before there is a window to wake.
    let window: Arc<OnceLock<Context>> = Arc::default();
    let woken = Arc::clone(&window);
    let pacing = Mutex::new(Pacing::new());
    let config = EngineConfig {
        wake: Arc::new(move || {
            if let Some(ctx) = woken.get() {
                let frames = ctx.cumulative_frame_nr_for(ViewportId::ROOT);
                let delay = pacing.lock().told(Instant::now(), frames, Engine::processor_time());
                ctx.request_repaint_after_for(delay, ViewportId::ROOT);
            }
        }),
        settings: path,
        sent_logs: Engine::sent_logs_path(),
        past_transfers: past_path,
        leftovers: Some(Engine::temporary_folder()),
        ..EngineConfig::new(JournalPlace::Temporary)
    };
    let engine = match Engine::start(config) {
        Ok(engine) => engine,
        Err(failure) => {
            eprintln!("{}", i18n::failure(language, &failure));
            if let Some(hint) = i18n::hint(language, &failure) {
                eprintln!("{hint}");
            }
            return ExitCode::FAILURE;
        }
    };
    let options = eframe::NativeOptions {
        viewport: viewport(&settings),
        renderer: eframe::Renderer::Glow,
        persist_window: false,
        // Of colour gradients, of which there are none: a software renderer takes its time for it, at each pixel.
        dithering: false,
        ..Default::default()
    };
    let created = Arc::clone(&window);
    let creator: eframe::AppCreator<'static> = Box::new(move |creation| {
        // Set once, here: the closure runs once.
        let _ = created.set(creation.egui_ctx.clone());
        #[cfg(unix)]
        super::signals::close_on_signals(&engine, creation.egui_ctx.clone());
        Ok(Box::new(App::new(engine, settings, &damage, &creation.egui_ctx).remembering(past, &past_damage)))
    });
    match open(options, creator, &window) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{}", tr!(language, "window.cannot_open", reason = reason));
            if cfg!(target_os = "linux") {
                eprintln!("{}", tr!(language, "window.packages"));
                eprintln!("    sudo apt-get install {PACKAGES}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Runs the window until it is closed; the error says why it never opened. Some of the libraries that it needs make
/// winit return an error when they are missing, the keyboard's make it panic: until there is a window both mean the
/// same.
fn open(
    options: eframe::NativeOptions,
    creator: eframe::AppCreator<'static>,
    window: &Arc<OnceLock<Context>>,
) -> Result<(), String> {
    let opened = Arc::clone(window);
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let opening = opened.get().is_none() && thread::current().name() == Some("main");
        if !opening {
            hook(info);
        }
    }));
    match panic::catch_unwind(AssertUnwindSafe(|| eframe::run_native("sockeye", options, creator))) {
        Ok(Ok(())) => Ok(()),
        // winit puts places in its source code before the reason.
        Ok(Err(error)) => Err(error.to_string().rsplit(": ").next().unwrap_or_default().to_owned()),
        Err(payload) if window.get().is_some() => panic::resume_unwind(payload),
        Err(payload) => Err(payload
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| payload.downcast_ref::<&str>().map(|reason| (*reason).to_owned()))
            .unwrap_or_default()),
    }
}

/// Width and height in points below which the panels would lie over each other.
const SMALLEST: [f32; 2] = [960.0, 640.0];

fn viewport(settings: &Settings) -> ViewportBuilder {
    let builder = ViewportBuilder::default().with_title("Sockeye").with_app_id("sockeye").with_min_inner_size(SMALLEST);
    let builder = match eframe::icon_data::from_png_bytes(ICON) {
        Ok(icon) => builder.with_icon(icon),
        Err(_) => builder,
    };
    match settings.window {
        None => builder.with_inner_size([1180.0, 780.0]),
        Some(WindowPlace { x, y, width, height, maximized }) => {
            // The zoom is not set yet when the window is made: its points are the system's.
            let builder =
                builder.with_inner_size([width.max(SMALLEST[0]), height.max(SMALLEST[1])]).with_maximized(maximized);
            match x.zip(y) {
                Some((x, y)) => builder.with_position([x, y]),
                None => builder,
            }
        }
    }
}

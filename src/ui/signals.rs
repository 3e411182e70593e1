//! Signals that close the window in order, so that settings are saved and the temporary journal is removed.

use egui::{Context, ViewportCommand, ViewportId};
use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::engine::Engine;

/// SIGINT and SIGTERM close the window from now on; a second one ends the process as if none were caught.
pub(super) fn close_on_signals(engine: &Engine, ctx: Context) {
    // Caught, SIGXFSZ no longer kills: the write that is one too many fails (EFBIG, setrlimit(2)) and is told.
    let mut signals = match Signals::new([SIGINT, SIGTERM, SIGXFSZ]) {
        Ok(signals) => signals,
        Err(error) => return tracing::warn!(%error, "signals end the program at once"),
    };
    engine.run_detached("signals", move || {
        let mut closing = false;
        for signal in signals.forever().filter(|signal| *signal != SIGXFSZ) {
            if closing && let Err(error) = emulate_default_handler(signal) {
                tracing::warn!(%error, signal, "a second signal has no effect");
            }
            closing = true;
            ctx.send_viewport_cmd_to(ViewportId::ROOT, ViewportCommand::Close);
            ctx.request_repaint_of(ViewportId::ROOT);
        }
    });
}

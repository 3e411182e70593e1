//! Pictures of the statistics: over time, answer times and sessions; made up so that nothing in them depends on the machine.
//! `ui_snapshots.rs` says how they are drawn anew.

#[path = "support/app.rs"]
mod app;
#[path = "support/pictures.rs"]
mod pictures;
#[path = "support/raster.rs"]
mod raster;

use std::sync::Arc;

use egui_kittest::SnapshotResults;
use sockeye::model::{
    ClientTab, Direction, Event, Message, ServerTab, SessionId, Settings, Statistics, StatisticsRequest, ThemeChoice,
};

use crate::app::Window;
use crate::pictures::{SIZE, SMALL, chinese, english, open, report, shoot, themed};

/// A minute of two sessions that ask now more, now less often, and are answered now sooner, now later.
fn statistics() -> Statistics {
    let mut statistics = Statistics::new(StatisticsRequest::default());
    let mut state = 7_u64;
    let mut below = |most: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % most
    };
    let mut ns = 0;
    while ns < 60_000_000_000 {
        let is_busy = (ns / 10_000_000_000) % 2 == 0;
        ns += if is_busy { 20_000_000 + below(40_000_000) } else { 400_000_000 + below(900_000_000) };
        let session = 1 + below(2);
        let took = 1_000_000 + below(40) * below(40) * below(40) * 1000;
        for (after, direction, bytes) in [(0, Direction::Out, 12 + below(60)), (took, Direction::In, 40 + below(1400))]
        {
            statistics.add(&Message {
                wall_ns: 1_790_000_000_000_000_000 + (ns + after).cast_signed(),
                mono_ns: ns + after,
                session: Some(SessionId(session)),
                peer: if session == 1 { "192.0.2.7:502" } else { "192.0.2.8:502" },
                direction,
                bytes,
            });
        }
    }
    statistics
}

fn counted(settings: &Settings, size: (f32, f32), nothing: &str) -> Window {
    let settings = Settings { show_statistics: true, ..settings.clone() };
    let mut window = open(settings, size);
    // Once the engine has answered, it is not asked again for what is made up here.
    let panel = if nothing.is_ascii() { "Statistics" } else { "统计" };
    window.until("the engine's answer", |window| window.shows(panel, nothing));
    report(&mut window, [Event::Counted(Arc::new(statistics()))]);
    window
}

#[test]
fn rates_answers_and_sessions() {
    let mut results = SnapshotResults::new();
    let settings = english(ServerTab::default(), ClientTab::default());
    let empty = "Nothing has crossed yet";
    let alone = Settings { show_inspector: false, ..settings.clone() };
    let mut window = counted(&alone, SIZE, empty);
    shoot(&mut window, "statistics-light", &mut results);
    let mut window = counted(&themed(&settings, ThemeChoice::Dark), SIZE, empty);
    window.choose("Statistics", "What is plotted", "Answer times");
    shoot(&mut window, "statistics-dark", &mut results);
    let mut window = counted(&chinese(&alone), SMALL, "尚无传输");
    window.choose("统计", "图表内容", "各会话合计");
    shoot(&mut window, "statistics-chinese", &mut results);
}

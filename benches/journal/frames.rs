//! The window over a long journal that goes on growing: what its frames take while it follows, scrolls and jumps.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Event, Key, Modifiers, MouseWheelUnit, TouchPhase};
use egui_kittest::kittest::Queryable as _;
use sockeye::engine::JournalPlace;
use sockeye::model::{ClientTab, ServerTab};

use super::long::Long;
use super::sender::send;
use super::support::report::{Report, table};
use super::support::window::Window;
use super::support::{Measured, Trouble, median};

const FRAMES: usize = 600;
/// As often as a screen shows one.
const FRAME: Duration = Duration::from_nanos(1_000_000_000 / 60);
const RATE: u64 = 20_000;
const TO_REACH: Duration = Duration::from_millis(8);
/// Frames between two jumps, in which the rows there come.
const AFTER_JUMP: usize = 10;

/// What is done before each frame.
type Doing = fn(&mut Window, usize);

pub(crate) fn measure(long: &Long, report: &mut Report) -> Measured<()> {
    let journal = long.journal()?.to_owned();
    let server = ServerTab { protocol: "udp".to_owned(), port: "0".to_owned(), ..ServerTab::default() };
    let settings = Window::settings(server, ClientTab::default());
    let mut window = Window::open_on(JournalPlace::File(journal), egui::vec2(1600.0, 1000.0), settings)?;
    let port = window.listen()?;
    let doings: [(&str, Doing); 3] = [("following the end", |_, _| ()), ("scrolling", scroll), ("jumping", jump)];
    let stop = AtomicBool::new(false);
    let taken = thread::scope(|scope| {
        let sender = scope.spawn(|| send(port, u64::MAX, Some(RATE), &stop));
        let taken = doings.map(|(what, doing)| (what, frames(&mut window, doing)));
        stop.store(true, Ordering::Relaxed);
        sender.join().map_err(|_| Trouble("the sender panicked".to_owned()))??;
        Measured::Ok(taken)
    })?;
    println!(
        "the window over {}, 1600 × 1000, receiving {RATE} datagrams a second, drawn 60 times a second; a frame is all but \
         painting; {FRAMES} frames each",
        long.name()
    );
    let late = |times: &[Duration]| times[times.len() * 99 / 100];
    let rows = taken.each_ref().map(|(what, times)| {
        let last = times.last().copied().unwrap_or_default();
        [
            (*what).to_owned(),
            format!("{:.2?}", median(times).unwrap_or_default()),
            format!("{:.2?}", late(times)),
            format!("{last:.2?}"),
        ]
    });
    table(["", "median", "99th percentile", "slowest"], &rows);
    for (what, times) in &taken {
        let late = late(times);
        report.verdict(&format!("frames {what} (p99)"), format!("{late:.2?}"), "≤ 8 ms", late <= TO_REACH);
    }
    Ok(())
}

/// Times in order of length.
fn frames(window: &mut Window, doing: Doing) -> Vec<Duration> {
    let mut times: Vec<Duration> = (0..FRAMES)
        .map(|number| {
            let due = Instant::now() + FRAME;
            doing(window, number);
            let took = window.frame();
            thread::sleep(due.saturating_duration_since(Instant::now()));
            took
        })
        .collect();
    times.sort_unstable();
    times
}

/// Upwards, some rows a frame.
fn scroll(window: &mut Window, _: usize) {
    let middle = window.harness.get_by_role_and_label(Role::Table, "Journal").rect().center();
    window.harness.event(Event::PointerMoved(middle));
    window.harness.event(Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: egui::vec2(0.0, 70.0),
        phase: TouchPhase::Move,
        modifiers: Modifiers::NONE,
        source: egui::MouseWheelSource::Wheel,
    });
}

/// To the beginning, the end, and by pages.
fn jump(window: &mut Window, number: usize) {
    if !number.is_multiple_of(AFTER_JUMP) {
        return;
    }
    window.harness.get_by_role_and_label(Role::Table, "Journal").focus();
    let keys = [Key::Home, Key::PageDown, Key::PageDown, Key::End, Key::PageUp, Key::PageUp];
    window.harness.key_press(keys[number / AFTER_JUMP % keys.len()]);
}

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
use super::support::processor::thread_time;
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
        let taken = doings.map(|(what, doing)| frames(&mut window, doing).map(|times| (what, times)));
        stop.store(true, Ordering::Relaxed);
        sender.join().map_err(|_| Trouble("the sender panicked".to_owned()))??;
        taken.into_iter().collect::<Measured<Vec<_>>>()
    })?;
    println!(
        "the window over {}, 1600 × 1000, receiving {RATE} datagrams a second, drawn 60 times a second; a frame is all but \
         painting; {FRAMES} frames each: what its thread computed, and in brackets what passed meanwhile, as sender, listener and \
         recorder have the processors too",
        long.name()
    );
    let late = |times: &[Duration]| times[times.len() * 99 / 100];
    let both = |times: &Times, which: fn(&[Duration]) -> Duration| {
        format!("{:.2?} ({:.2?})", which(&times.computed), which(&times.passed))
    };
    let rows: Vec<[String; 4]> = taken
        .iter()
        .map(|(what, times)| {
            let middle = both(times, |times| median(times).unwrap_or_default());
            let last = both(times, |times| times.last().copied().unwrap_or_default());
            [(*what).to_owned(), middle, both(times, late), last]
        })
        .collect();
    table(["", "median", "99th percentile", "slowest"], &rows);
    for (what, times) in &taken {
        let late = late(&times.computed);
        report.verdict(&format!("frames {what} (p99)"), format!("{late:.2?}"), "≤ 8 ms", late <= TO_REACH);
    }
    Ok(())
}

/// Of frames, each in order of length.
struct Times {
    computed: Vec<Duration>,
    passed: Vec<Duration>,
}

fn frames(window: &mut Window, doing: Doing) -> Measured<Times> {
    let mut times = Times { computed: Vec::new(), passed: Vec::new() };
    for number in 0..FRAMES {
        let due = Instant::now() + FRAME;
        doing(window, number);
        let before = thread_time()?;
        times.passed.push(window.frame());
        times.computed.push(thread_time()?.saturating_sub(before));
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    times.computed.sort_unstable();
    times.passed.sort_unstable();
    Ok(times)
}

/// Upwards, some rows a frame.
fn scroll(window: &mut Window, _: usize) {
    let middle = window.harness.get_by_role_and_label(Role::Table, "Journal").rect().center();
    put(window, Event::PointerMoved(middle));
    put(
        window,
        Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            delta: egui::vec2(0.0, 70.0),
            phase: TouchPhase::Move,
            modifiers: Modifiers::NONE,
            source: egui::MouseWheelSource::Wheel,
        },
    );
}

/// To the beginning, the end, and by pages.
fn jump(window: &mut Window, number: usize) {
    if !number.is_multiple_of(AFTER_JUMP) {
        return;
    }
    if number == 0 {
        // With a frame of its own.
        window.harness.get_by_role_and_label(Role::Table, "Journal").focus();
        window.harness.step();
    }
    let keys = [Key::Home, Key::PageDown, Key::PageDown, Key::End, Key::PageUp, Key::PageUp];
    let key = keys[number / AFTER_JUMP % keys.len()];
    for pressed in [true, false] {
        put(window, Event::Key { key, modifiers: Modifiers::NONE, pressed, repeat: false, physical_key: None });
    }
}

/// Into the next frame, as a system gives a window what came since the last: the harness would draw one for each event.
fn put(window: &mut Window, event: Event) {
    window.harness.input_mut().events.push(event);
}

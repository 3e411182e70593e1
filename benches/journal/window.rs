//! The window that listens while datagrams come: what is lost, what it costs, and how soon it answers a click.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use egui::Rect;
use egui_kittest::kittest::Queryable as _;
use sockeye::engine::JournalPlace;
use sockeye::model::{ClientTab, ServerTab, Settings, WindowPlace};

use super::flood::received_rows;
use super::sender::{send, state_of};
use super::support::child::Running;
use super::support::display::{self, Display};
use super::support::machine::{has, megabytes, memory, poll};
use super::support::pointer::Pointer;
use super::support::processor::{cpu_ticks, tick};
use super::support::report::{Report, table};
use super::support::window::Window;
use super::support::{Measured, Trouble, median};

/// Of the screen, all of which it takes.
const SIZE: egui::Vec2 = egui::vec2(1280.0, 900.0);
const SPAN: Duration = Duration::from_secs(10);
const STEADY: u64 = 20_000;
const CPU_TO_REACH: f64 = 0.5;
const FLOOD: u64 = 100_000;
const CLICKS: usize = 20;
const CLICK_TO_REACH: Duration = Duration::from_millis(100);
/// Between two clicks, in which what the first opened or closed has its final looks.
const SETTLES: Duration = Duration::from_millis(300);
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn measure(report: &mut Report) -> Measured<()> {
    if let Some(program) = display::missing().or_else(|| (!has("xdotool")).then_some("xdotool")) {
        report.missing(program);
        return Ok(());
    }
    let journals = tempfile::Builder::new().prefix("sockeye-bench-").tempdir()?;
    let display = Display::start()?;
    println!("the window under Xvfb, drawn by software, listening on UDP; datagrams of 64 bytes");
    let mut opened = Opened::start(&display, journals.path(), "")?;
    steady(&opened, report)?;
    flood(&mut opened, report)
}

/// A window that listens.
struct Opened<'a> {
    display: &'a Display,
    pointer: Pointer,
    process: Running,
    port: u16,
    journals: &'a Path,
    /// What opens the menu that is clicked.
    menu: Rect,
}

impl<'a> Opened<'a> {
    fn start(display: &'a Display, journals: &'a Path, options: &str) -> Measured<Self> {
        let port = std::net::UdpSocket::bind("127.0.0.1:0")?.local_addr()?.port();
        let server = ServerTab {
            protocol: "udp".to_owned(),
            port: port.to_string(),
            options: options.to_owned(),
            ..ServerTab::default()
        };
        let place = WindowPlace { x: Some(0.0), y: Some(0.0), width: SIZE.x, height: SIZE.y, maximized: false };
        let settings = Settings { window: Some(place), ..Window::settings(server, ClientTab::default()) };
        // The same window without a screen tells where its buttons are.
        let twin = Window::open_on(JournalPlace::Temporary, SIZE, settings.clone())?;
        let [start, menu] = ["Start listening", "View"].map(|name| twin.harness.get_by_label(name).rect());
        drop(twin);
        let process = display.open_window_with(&settings, journals)?;
        let look = || display.shows_a_window().unwrap_or(false).then_some(());
        poll("the first frame", Duration::from_millis(10), PATIENCE, look)?;
        let mut pointer = Pointer::on(display)?;
        pointer.move_to(start)?;
        // Some frames, in which the button hears of the pointer.
        thread::sleep(SETTLES);
        pointer.click()?;
        let opened = Self { display, pointer, process, port, journals, menu };
        poll("it listens", Duration::from_millis(10), PATIENCE, || state_of(port))?;
        Ok(opened)
    }

    /// Datagrams that the system dropped at its socket.
    fn dropped(&self) -> Measured<u64> {
        state_of(self.port).map(|(_, dropped)| dropped).ok_or_else(|| Trouble("the socket is closed".to_owned()))
    }

    fn journal(&self) -> Measured<PathBuf> {
        let folders = fs::read_dir(self.journals)?.flatten();
        let journal = folders.map(|folder| folder.path().join("journal.sqlite")).find(|path| path.is_file());
        journal.ok_or_else(|| Trouble("the window has no journal".to_owned()))
    }
}

fn steady(window: &Opened<'_>, report: &mut Report) -> Measured<()> {
    let count = STEADY * SPAN.as_secs();
    let ticks = cpu_ticks(window.process.id())?;
    let begun = Instant::now();
    let (sent, _) = send(window.port, count, Some(STEADY), &AtomicBool::new(false))?;
    let cpu = tick() * u32::try_from(cpu_ticks(window.process.id())? - ticks)?;
    let took = begun.elapsed();
    let dropped = window.dropped()?;
    let journal = window.journal()?;
    let all = || received_rows(&journal).is_ok_and(|rows| rows + dropped == sent).then_some(());
    let accounted = poll("all rows", Duration::from_millis(100), Duration::from_secs(5), all).is_ok();
    let recorded = received_rows(&journal)?;
    let share = cpu.as_secs_f64() / took.as_secs_f64();
    let resident = memory(window.process.id(), "VmRSS").map_or_else(String::new, megabytes);
    table(
        ["a second", "sent", "recorded", "dropped", "of a core", "resident"],
        &[[
            STEADY.to_string(),
            sent.to_string(),
            recorded.to_string(),
            dropped.to_string(),
            format!("{:.0} %", share * 100.0),
            resident,
        ]],
    );
    report.verdict("window, 20,000/s, dropped", dropped.to_string(), "0", dropped == 0);
    let sum = format!("{recorded} + {dropped} of {sent}");
    report.verdict("window, 20,000/s, recorded + dropped", sum, "= sent", accounted);
    report.verdict("window, 20,000/s, of a core", format!("{:.0} %", share * 100.0), "≤ 50 %", share <= CPU_TO_REACH);
    Ok(())
}

/// Opens and closes a menu while datagrams come.
fn flood(window: &mut Opened<'_>, report: &mut Report) -> Measured<()> {
    let stop = AtomicBool::new(false);
    let before = window.dropped()?;
    window.pointer.move_to(window.menu)?;
    let port = window.port;
    thread::scope(|scope| {
        let sender = scope.spawn(|| send(port, u64::MAX, Some(FLOOD), &stop));
        let clicked = clicks(window);
        stop.store(true, Ordering::Relaxed);
        let (sent, took) = sender.join().map_err(|_| Trouble("the sender panicked".to_owned()))??;
        let mut clicked = clicked?;
        clicked.sort_unstable();
        let (middle, worst) = (median(&clicked).unwrap_or_default(), clicked.last().copied().unwrap_or_default());
        let dropped = window.dropped()? - before;
        table(
            ["a second", "sent", "dropped", "clicks", "median", "latest"],
            &[[
                format!("{:.0}", sent as f64 / took.as_secs_f64()),
                sent.to_string(),
                dropped.to_string(),
                CLICKS.to_string(),
                format!("{middle:.1?}"),
                format!("{worst:.1?}"),
            ]],
        );
        let found = format!("{worst:.1?}");
        report.verdict("window, 100,000/s, the slowest click", found, "≤ 100 ms", worst <= CLICK_TO_REACH);
        Ok(())
    })
}

/// From telling the pointer to click until the menu, or what was behind it, is on the screen.
fn clicks(window: &mut Opened<'_>) -> Measured<Vec<Duration>> {
    let (left, below) = (window.menu.left() as u64, window.menu.bottom() as u64);
    // Where an open menu is.
    let (display, pointer) = (window.display, &mut window.pointer);
    let look = || display.part(left..left + 120, below + 12..below + 90);
    let mut times = Vec::new();
    for _ in 0..CLICKS {
        thread::sleep(SETTLES);
        let before = look()?;
        let clicked = Instant::now();
        pointer.click()?;
        let differs = || {
            let now = look().ok()?;
            let changed = now.chunks_exact(4).zip(before.chunks_exact(4)).filter(|(now, before)| now != before).count();
            (changed > now.len() / 4 / 4).then(|| clicked.elapsed())
        };
        times.push(poll("the menu", Duration::from_millis(1), PATIENCE, differs)?);
    }
    Ok(times)
}

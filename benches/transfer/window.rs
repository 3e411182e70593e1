//! The window while a file crosses that is larger than any memory: its frames, and what it grows by. Both ends are in it,
//! so that it does the work of two.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

use egui::Key;
use egui_kittest::kittest::Queryable as _;
use sockeye::model::{ClientTab, ComposerSettings, SendMode, ServerTab};

use super::one_file::{check, only_file};
use super::support::machine::{megabytes, memory};
use super::support::report::{Report, table};
use super::support::window::Window;
use super::support::{Measured, Trouble, median};
use super::tool::{free_port, text};

const SIZE: u64 = 20 << 30;
/// As often as a screen shows one.
const FRAME: Duration = Duration::from_nanos(1_000_000_000 / 60);
const GROWTH_TO_REACH: u64 = 16_000_000;
const PATIENCE: Duration = Duration::from_secs(900);
/// Frames before anything crosses, after which the window has all that it needs.
const SETTLING: usize = 120;

pub(crate) fn measure(report: &mut Report) -> Measured<()> {
    // Not in memory: what arrives is not sparse.
    let folder = tempfile::Builder::new().prefix("sockeye-bench-").tempdir()?;
    if space(folder.path())? < SIZE + (1 << 30) {
        report.missing("the 20 GiB file, for want of 21 GiB of disk");
        return Ok(());
    }
    let (source, into) = (folder.path().join("sparse.bin"), folder.path().join("into"));
    File::create(&source)?.set_len(SIZE)?;
    fs::create_dir(&into)?;
    let mut window = connected(&into)?;
    for _ in 0..SETTLING {
        window.frame();
    }
    let process = std::process::id();
    // From here on VmHWM is what was resident at most since (proc(5)).
    fs::write("/proc/self/clear_refs", "5")?;
    let before = memory(process, "VmHWM").unwrap_or(0);
    send(&mut window, text(&source)?);
    let begun = Instant::now();
    let mut frames = Vec::new();
    while window.says("verified by both sides").is_none() {
        if begun.elapsed() > PATIENCE {
            return Err(Trouble(format!("20 GiB have not crossed within {PATIENCE:?}")));
        }
        let due = Instant::now() + FRAME;
        frames.push(window.frame());
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    let took = begun.elapsed();
    let growth = memory(process, "VmHWM").unwrap_or(0).saturating_sub(before);
    check(&source, &only_file(&into)?, false)?;
    frames.sort_unstable();
    let (middle, late) = (median(&frames).unwrap_or_default(), frames[frames.len() * 99 / 100]);
    let rate = SIZE as f64 / took.as_secs_f64() / 1e6;
    println!("a sparse file of 20 GiB from the window's client to its server, onto the disk, drawn 60 times a second");
    let row = [
        format!("{:.1} s", took.as_secs_f64()),
        format!("{rate:.0} MB/s"),
        frames.len().to_string(),
        format!("{middle:.2?}"),
        format!("{late:.2?}"),
        megabytes(growth),
    ];
    table(["took", "rate", "frames", "median", "99th percentile", "growth"], &[row]);
    report.verdict("20 GiB in the window, frames (p99)", format!("{late:.2?}"), "< 16.7 ms", late < FRAME);
    report.verdict("20 GiB in the window, growth", megabytes(growth), "≤ 16 MB", growth <= GROWTH_TO_REACH);
    Ok(())
}

/// A window whose server keeps verified files, and whose client is connected to it.
fn connected(into: &Path) -> Measured<Window> {
    let composer = ComposerSettings { send_mode: SendMode::Verified, ..ComposerSettings::default() };
    let folder = text(into)?.to_owned();
    let port = free_port()?.to_string();
    let server = ServerTab { port: port.clone(), receive: "verified".to_owned(), folder, ..ServerTab::default() };
    let mut window = Window::open(server, ClientTab { port, composer, ..ClientTab::default() })?;
    window.listen()?;
    window.press("Connect");
    window.step_until("Connected · ")?;
    Ok(window)
}

fn send(window: &mut Window, path: &str) {
    window.press_in("Client", "How to send files");
    window.harness.get_by_label("Path of a file").focus();
    window.harness.step();
    window.harness.get_by_label("Path of a file").type_text(path);
    window.harness.key_press(Key::Enter);
    window.harness.step();
}

fn space(folder: &Path) -> Measured<u64> {
    let system = nix::sys::statvfs::statvfs(folder)?;
    Ok(system.blocks_available() * system.fragment_size())
}

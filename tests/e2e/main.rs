//! The real program in a real window, used by name, key and mouse. Each test has a display, a window manager, buses,
//! a home and settings of its own; the steps are in `scenarios/`, what they share in `driver/`.

#![cfg(target_os = "linux")]

#[path = "../support/mod.rs"]
mod support;

mod session;

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::Command;

use session::{Portal, require_drag_source, run, run_in_own_network, run_with};

#[test]
fn text_goes_both_ways() {
    run("talk", Portal::Absent, &["xclip"]);
}

#[test]
fn a_file_is_picked_in_the_native_dialog() {
    run("native_dialog", Portal::Present, &[]);
}

#[test]
fn a_file_is_dragged_from_another_program() {
    if require_drag_source() {
        run("drop", Portal::Absent, &[]);
    }
}

#[test]
fn a_typed_path_does_where_no_dialog_can_open() {
    run("without_portal", Portal::Absent, &[]);
}

#[test]
fn the_keyboard_alone_is_enough() {
    run("keyboard", Portal::Absent, &[]);
}

#[test]
fn closing_the_window_ends_everything() {
    run("closing", Portal::Absent, &["wmctrl"]);
}

#[test]
fn settings_survive_a_restart_and_damage() {
    run("restart", Portal::Absent, &["wmctrl"]);
}

#[test]
fn clicks_stop_and_disconnect_take_effect_during_a_flood() {
    run("flood", Portal::Absent, &[]);
}

#[test]
fn the_tutorials_programs_are_the_other_end() {
    run("tutorial", Portal::Absent, &[]);
}

#[test]
fn the_tutorials_programs_are_the_other_end_as_they_stand() {
    run_in_own_network("tutorial_unchanged", Portal::Absent);
}

/// The README's picture can be made again: `screenshot.sh` puts it in its place.
#[test]
fn the_readme_s_picture_can_be_remade() {
    let folder = tempfile::tempdir().expect("a folder");
    let picture = folder.path().join("screenshot.png");
    if !run_with("screenshot", &[picture.as_os_str()], Portal::Absent, &["import"]) {
        return;
    }
    let sizes =
        [picture.as_path(), Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/screenshot.png"))].map(|path| {
            let png = std::fs::read(path).expect("a picture");
            assert!(png.starts_with(b"\x89PNG"), "{}", path.display());
            // Width and height of the first chunk.
            png[16..24].to_vec()
        });
    assert_eq!(sizes[0], sizes[1]);
}

#[test]
fn a_missing_library_is_named() {
    run("missing_library", Portal::Absent, &[]);
}

/// The program as it starts where no window can open: it has journal and engine before it finds that out.
fn without_display(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
    for variable in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
        command.env_remove(variable);
    }
    command.env("SOCKEYE_CONFIG_DIR", home).env("XDG_RUNTIME_DIR", home).env("TMPDIR", home).env("LANG", "C.UTF-8");
    command
}

#[test]
fn a_missing_display_is_named() {
    let home = tempfile::tempdir().expect("a folder");
    let finished = support::Process::start(without_display(home.path())).finish();
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    let advice = finished.stderr.lines().find(|line| line.contains("apt-get install"));
    assert!(advice.is_some_and(|line| line.contains("libx11-6")), "{}", finished.stderr);
    assert!(!finished.stderr.contains("panicked"), "{}", finished.stderr);
    assert!(!finished.stderr.contains("DEBUG"), "{}", finished.stderr);
}

#[test]
fn diagnostics_are_there_for_the_window_too() {
    let home = tempfile::tempdir().expect("a folder");
    let mut command = without_display(home.path());
    command.env("SOCKEYE_LOG", "sockeye=debug");
    let finished = support::Process::start(command).finish();
    assert!(finished.stderr.contains("sockeye::engine: the engine starts"), "{}", finished.stderr);
}

#[test]
fn a_start_sweeps_what_a_killed_process_left() {
    let home = tempfile::tempdir().expect("a folder");
    let left = home.path().join("sockeye-1-0");
    DirBuilder::new().mode(0o700).create(&left).expect("a folder");
    std::fs::write(left.join("journal.sqlite"), "").expect("a file");
    let unreadable = home.path().join("sockeye-1-1");
    DirBuilder::new().mode(0o700).create(&unreadable).expect("a folder");
    std::fs::write(unreadable.join("journal.sqlite"), "rows").expect("a file");
    support::Process::start(without_display(home.path())).finish();
    assert!(!left.exists(), "it has no rows");
    assert!(unreadable.exists(), "it may have some");
}

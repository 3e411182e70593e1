use std::ffi::OsStr;
use std::io::{Read, Seek};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use parking_lot::Mutex;

use crate::support::{require, require_tool};

/// One window at a time: they would take the processor, and each other's time, away.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Seconds until a scenario is ended, whatever it waits for: the longest one measures again on a busy machine.
const AT_MOST: &str = "600";

const TOOLS: [&str; 7] =
    ["Xvfb", "openbox", "xdotool", "xprop", "dbus-run-session", "dbus-update-activation-environment", "timeout"];

/// Interpreters that may have the accessibility bindings: a distribution's packages are for its own.
const PYTHONS: [&str; 2] = ["/usr/bin/python3", "python3"];

/// Whether the session has the desktop portal, which shows the native dialogs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Portal {
    Present,
    Absent,
}

/// Runs `scenarios/NAME.py` in a session of its own, unless a tool is missing, and fails with what it printed.
pub(crate) fn run(name: &str, portal: Portal, tools: &[&str]) {
    run_under(&[], name, &[], portal, tools);
}

/// As [`run`], for a scenario that takes arguments. False if a tool is missing.
pub(crate) fn run_with(name: &str, arguments: &[&OsStr], portal: Portal, tools: &[&str]) -> bool {
    run_under(&[], name, arguments, portal, tools)
}

/// As [`run`], in a network of its own where every port is free and nothing but loopback is there.
pub(crate) fn run_in_own_network(name: &str, portal: Portal) {
    let own = ["unshare", "--user", "--map-root-user", "--net"];
    let allowed = Command::new(own[0]).args(&own[1..]).arg("true").output().is_ok_and(|output| output.status.success());
    if require_tool("unshare") && require_tool("ip") && require(allowed, "the right to make a network namespace") {
        let with_loopback = ["sh", "-c", "ip link set lo up && exec \"$@\"", "sh"];
        run_under(&[&own[..], &with_loopback].concat(), name, &[], portal, &[]);
    }
}

/// Has the session started by the command `under`.
fn run_under(under: &[&str], name: &str, arguments: &[&OsStr], portal: Portal, tools: &[&str]) -> bool {
    let Some(python) = python_with_what_it_takes(portal, tools) else { return false };
    let _alone = ONE_AT_A_TIME.lock();
    let mut command = Command::new("timeout");
    command.args(["--kill-after=10", AT_MOST]).args(under).args([python, "-B"]);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/session.py"));
    if portal == Portal::Absent {
        command.arg("--without-portal");
    }
    let picture = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("e2e-{name}.png"));
    command
        .arg(name)
        .args(arguments)
        .env("SOCKEYE", env!("CARGO_BIN_EXE_sockeye"))
        .env("SOCKEYE_E2E_PICTURE", &picture);
    let (status, said) = finish(command);
    assert!(status.success(), "{name}: {status}; if it could be taken, a picture is at {}\n{said}", picture.display());
    true
}

/// Runs it to its end and then ends what it left behind; returns what it printed.
fn finish(mut command: Command) -> (ExitStatus, String) {
    // A file, not a pipe: what was left behind would hold a pipe open.
    let mut file = tempfile::tempfile().expect("a temporary file");
    let output = || file.try_clone().expect("another handle of it");
    command.stdin(Stdio::null()).stdout(output()).stderr(output());
    let mut child = command.spawn().expect("timeout runs");
    let status = child.wait().expect("it can be waited for");
    // `timeout` leads a process group of its own; that the group has nobody left is the normal case.
    let group = Pid::from_raw(i32::try_from(child.id()).expect("ids are ints"));
    killpg(group, Signal::SIGKILL).ok();
    let mut said = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut said)).expect("the file can be read");
    (status, String::from_utf8_lossy(&said).into_owned())
}

/// An interpreter, if nothing is missing; says what is.
fn python_with_what_it_takes(portal: Portal, tools: &[&str]) -> Option<&'static str> {
    let service = |name: &str| Path::new("/usr/share/dbus-1/services").join(format!("{name}.service")).exists();
    let tools = TOOLS.iter().chain(tools).all(|tool| require_tool(tool));
    let accessibility = require(service("org.a11y.Bus"), "at-spi2-core");
    let dialogs = portal == Portal::Absent
        || require(service("org.freedesktop.portal.Desktop"), "xdg-desktop-portal")
            && require(service("org.freedesktop.impl.portal.desktop.gtk"), "xdg-desktop-portal-gtk");
    let python = interpreter();
    let found = require(python.is_some(), "python3-pyatspi") && tools && accessibility && dialogs;
    python.filter(|_| found)
}

/// Whether there is what a program takes that files are dragged from; says so if not.
pub(crate) fn require_drag_source() -> bool {
    let program = "import gi; gi.require_version('Gtk', '3.0'); from gi.repository import Gtk";
    require(interpreter().is_none_or(|python| can_run(python, program)), "gir1.2-gtk-3.0")
}

/// The interpreter that has the accessibility bindings.
fn interpreter() -> Option<&'static str> {
    PYTHONS.into_iter().find(|python| can_run(python, "import pyatspi"))
}

fn can_run(python: &str, program: &str) -> bool {
    Command::new(python).args(["-c", program]).output().is_ok_and(|output| output.status.success())
}

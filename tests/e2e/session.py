"""Runs one scenario in a session of its own: session.py [--without-portal] SCENARIO [ARGUMENT]...

Nothing of the person's own session is used: home, settings, runtime folder, buses and display are made for this run.
The program under test is the one that SOCKEYE names. Where a scenario fails, a picture of the screen goes to the file
that SOCKEYE_E2E_PICTURE names. The exit code is the scenario's.
"""
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
INSTALLED = Path("/usr/share/dbus-1/services")

PASSED_ON = ["PATH", "SOCKEYE", "SOCKEYE_E2E_PICTURE"]

# What the buses may start. The document portal is left out: it wants FUSE, and nothing here is sandboxed.
ACCESSIBILITY = ["org.a11y.Bus"]
PORTAL = [
    "org.freedesktop.portal.Desktop",
    "org.freedesktop.impl.portal.desktop.gtk",
    "org.freedesktop.impl.portal.PermissionStore",
]

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir={runtime}</listen>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


def prepare(home, services):
    """Makes the folders of a session; returns its bus's configuration and its environment."""
    folders = {name: home / name for name in ("runtime", "services", "config", "settings")}
    for folder in folders.values():
        folder.mkdir(mode=0o700)
    for name in services:
        file = INSTALLED / f"{name}.service"
        assert file.exists(), f"{file} is missing"
        (folders["services"] / file.name).symlink_to(file)
    # Where the desktop is none that a portal knows, this says which one shows the dialogs.
    (folders["config"] / "xdg-desktop-portal").mkdir()
    (folders["config"] / "xdg-desktop-portal" / "portals.conf").write_text("[preferred]\ndefault=gtk\n")
    bus = home / "bus.conf"
    bus.write_text(BUS.format(**folders))
    environment = {
        **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "GSETTINGS_BACKEND": "memory",
        "XDG_RUNTIME_DIR": str(folders["runtime"]),
        "XDG_CONFIG_HOME": str(folders["config"]),
        "SOCKEYE_CONFIG_DIR": str(folders["settings"]),
        "PYTHONPATH": str(HERE),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return bus, environment


def main(arguments):
    # Ended from outside, it still removes what it made.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    services = ACCESSIBILITY + PORTAL
    if arguments[0] == "--without-portal":
        services = ACCESSIBILITY
        arguments = arguments[1:]
    scenario = HERE / "scenarios" / f"{arguments[0]}.py"
    with tempfile.TemporaryDirectory(prefix="sockeye-e2e-") as home:
        bus, environment = prepare(Path(home), services)
        command = ["dbus-run-session", f"--config-file={bus}", "--", sys.executable, str(scenario), *arguments[1:]]
        return subprocess.run(command, cwd=home, env=environment, stdin=subprocess.DEVNULL).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Where one of the window's libraries is missing, the program names the packages instead of panicking."""
import os
import subprocess
from pathlib import Path

from driver.desktop import Desktop
from driver.waiting import until

# What is hidden, by all names that it is looked for, and the package that brings it.
MISSING = [
    (["libX11.so.6", "libX11.so"], "libx11-6"),
    (["libX11-xcb.so.1", "libX11-xcb.so"], "libx11-xcb1"),
    (["libXcursor.so.1", "libXcursor.so"], "libxcursor1"),
    (["libXi.so.6", "libXi.so"], "libxi6"),
    (["libxkbcommon-x11.so.0", "libxkbcommon-x11.so"], "libxkbcommon-x11-0"),
    (["libxkbcommon.so.0", "libxkbcommon.so"], "libxkbcommon-x11-0"),
    # Either of the two would do.
    (["libGL.so.1", "libGL.so", "libEGL.so.1", "libEGL.so"], "libgl1"),
]


def hide(names):
    """A folder to look in first, where the libraries are empty files: they are found there, and can't be loaded."""
    folder = Path.home() / f"without {names[0]}"
    folder.mkdir()
    for name in names:
        (folder / name).touch()
    return folder


def is_open(process):
    search = ["xdotool", "search", "--onlyvisible", "--pid", str(process.pid), "--name", "Sockeye"]
    return subprocess.run(search, capture_output=True).returncode == 0


def start_without(names):
    """Returns the exit code and what the program said; None when it found the libraries elsewhere and opened.

    Where the headers of X11 are installed, the place of its libraries is compiled in.
    """
    environment = {**os.environ, "LD_LIBRARY_PATH": str(hide(names))}
    process = subprocess.Popen(
        [os.environ["SOCKEYE"]], env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        until("it ends or opens", lambda: process.poll() is not None or is_open(process))
    finally:
        opened = process.poll() is None
        process.kill()
        _, said = process.communicate()
    return None if opened else (process.returncode, said)


with Desktop():
    refused = set()
    for names, package in MISSING:
        ended = start_without(names)
        if ended is None:
            continue
        refused.add(package)
        code, said = ended
        assert code == 1, f"without {names[0]}: {code}\n{said}"
        assert "panicked" not in said, said
        advice = next((line for line in said.splitlines() if "apt-get install" in line), "")
        assert package in advice.split(), said
    # Looked for by name alone, whatever is installed.
    assert {"libxkbcommon-x11-0", "libgl1"} <= refused, refused

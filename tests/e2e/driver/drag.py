"""Dragging a file from another program with the pointer."""
import subprocess
import sys
from pathlib import Path

from driver.desktop import xdotool
from driver.waiting import until

PROGRAM = Path(__file__).with_name("drag_source.py")
# More pixels than a press may wander and still be a click.
A_DRAG = 20


class DragSource:
    """The other program, above all windows at the corner of the screen. Use as a context."""

    def __init__(self, file):
        self.command = [sys.executable, str(PROGRAM), str(file)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL)
        try:
            self.id = xdotool("search", "--sync", "--onlyvisible", "--pid", self.process.pid, "--name", "^Drag source")
            xdotool("windowmove", self.id, 0, 0)
            xdotool("windowactivate", "--sync", self.id)
        except BaseException:
            self.process.kill()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def says(self, state):
        until(f"the drag source is {state}", lambda: xdotool("getwindowname", self.id) == f"Drag source, {state}")

    def drop_on(self, x, y):
        """Drags the file to a place on the screen and lets it go there, once what is there says that it takes it."""
        self.says("ready")
        xdotool("mousemove", "--window", self.id, A_DRAG, A_DRAG)
        xdotool("mousedown", 1)
        try:
            xdotool("mousemove", "--window", self.id, 2 * A_DRAG, 2 * A_DRAG)
            self.says("dragged")
            xdotool("mousemove", x, y)
            self.says("accepted")
        finally:
            xdotool("mouseup", 1)
        self.says("ready")

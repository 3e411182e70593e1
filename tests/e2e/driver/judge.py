"""Whether the window does things in time, apart from what the machine and the test itself take."""
import os
import subprocess
import sys
import time
from pathlib import Path

from driver.waiting import until

CLICKS = 8
# Seconds from a click to what it does. The benches measure; this tells frozen from not.
AT_MOST = 1.0
# Something else on the machine may hold one click up. What the window itself is slow at, it is slow at each time.
ATTEMPTS = 3


class Busy:
    """Takes all processors, as a flood does, without a word to the window. Use as a context."""

    def __enter__(self):
        spin = [sys.executable, "-c", "while True: pass"]
        self.processes = [subprocess.Popen(spin, stdin=subprocess.DEVNULL) for _ in range(os.cpu_count() or 1)]

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()


def kept_waiting(window):
    """Seconds that the window's thread was ready and other threads had the processors, see proc(5), schedstat."""
    return int(Path(f"/proc/{window.process.pid}/schedstat").read_text().split()[1]) / 1e9


def clicks(window, follow):
    """The seconds until each of some clicks is answered, without those in which the window's thread got no processor:
    on a machine that does other things they are not the window's. What it computes, and waits for, counts."""
    seconds = []
    for _ in range(CLICKS):
        before = follow.pressed
        begun, waited = time.monotonic(), kept_waiting(window)
        follow.click()
        until("the button changes", lambda: follow.pressed != before)
        seconds.append(time.monotonic() - begun - (kept_waiting(window) - waited))
    return seconds


class Judge:
    """Adds to what is allowed the worst that a click costs on this machine now, while it is as busy with other things:
    that is the test's way to the window."""

    def __init__(self, window):
        self.follow = window.find("Follow", lambda node: node.name == "Follow" and node.role == "toggle button")
        with Busy():
            self.allowed = AT_MOST + max(clicks(window, self.follow))

    def worst_click(self, what, series):
        """Even the worst click of a series is in time; `series` makes one."""
        worst = []
        while not worst or (min(worst) >= self.allowed and len(worst) < ATTEMPTS):
            seconds = series()
            print("clicks", [f"{second:.3f}" for second in seconds], flush=True)
            worst.append(max(seconds))
        self.takes(what, min(worst))

    def takes(self, what, seconds):
        print(f"{what} took {seconds:.3f} s of {self.allowed:.3f}", flush=True)
        assert seconds < self.allowed, f"{what}: {seconds:.3f} s, {self.allowed:.3f} allowed"

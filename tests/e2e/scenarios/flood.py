"""A click is answered while a flood comes in."""
import statistics
import time

from driver.desktop import Desktop
from driver.peers import Flood
from driver.waiting import until
from driver.window import Window

CLICKS = 5
# Seconds from a click to what it shows. The benches measure; this only tells frozen from not.
AT_MOST = 1.0


def answered(button):
    """Presses or releases a button; returns the seconds until it shows that it is."""
    before = button.pressed
    begun = time.monotonic()
    button.click()
    until("the button changes", lambda: button.pressed != before)
    return time.monotonic() - begun


def flooded(protocol):
    with Window() as window:
        port = window.listen(protocol)
        with Flood(protocol.lower(), port):
            window.has_rows(10_000)
            follow = window.find("Follow", lambda node: node.name == "Follow" and node.role == "toggle button")
            seconds = [answered(follow) for _ in range(CLICKS)]
        assert statistics.median(seconds) < AT_MOST, f"{protocol}: {seconds}"
        window.server.click("Stop listening")
        window.server.control("Start listening")


with Desktop():
    flooded("UDP")
    flooded("TCP")

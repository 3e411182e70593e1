"""Clicks are answered, and stop and disconnect take effect, within a second while everything comes in at full speed."""
import socket
import time
from pathlib import Path

from driver.desktop import Desktop
from driver.judge import Judge, clicks, kept_waiting
from driver.peers import Flood, is_free
from driver.waiting import until
from driver.window import Window

home = Path.home()


def responsive(window, flood, judge):
    def series():
        seconds = clicks(window, judge.follow)
        assert flood.goes_on(), "the flood was over too early"
        return seconds

    judge.worst_click("the worst click", series)


def takes_effect(window, button, flood, judge, over):
    """What the button ends is over in time, by the clock of the one that it happens to, without the time in which the
    window's thread got no processor."""
    name = button.name
    assert flood.goes_on(), "the flood was over too early"
    begun, waited = time.monotonic(), kept_waiting(window)
    button.click()
    took = over() - begun
    judge.takes(name, took - (kept_waiting(window) - waited))


def freed(kind, port):
    def over():
        until("the port is free", lambda: is_free(kind, port))
        return time.monotonic()

    return over


def clears(window, clear, length, judge):
    """Clear takes effect while more comes in, and clicks are answered meanwhile, however much there is to remove."""

    def series():
        before = length.rows()
        clear.click()
        until("fewer rows", lambda: 0 < length.rows() < before)
        return clicks(window, judge.follow)

    judge.worst_click("the worst click while it clears", series)


# What is clicked and looked at is found before the flood: searching takes the test time, not the window.


def tcp():
    with Window() as window:
        judge = Judge(window)
        port = window.listen("TCP")
        length, clear, stop = window.journal_length(), window.button("Clear"), window.button("Stop listening")
        with Flood("tcp", port) as flood:
            length.reaches(10_000)
            responsive(window, flood, judge)
            clears(window, clear, length, judge)
            takes_effect(window, stop, flood, judge, flood.ended)
            freed(socket.SOCK_STREAM, port)()
        window.server.control("Start listening")


def udp():
    with Window() as window:
        judge = Judge(window)
        port = window.listen("UDP")
        length, clear, stop = window.journal_length(), window.button("Clear"), window.button("Stop listening")
        with Flood("udp", port) as flood:
            length.reaches(10_000)
            responsive(window, flood, judge)
            clears(window, clear, length, judge)
            takes_effect(window, stop, flood, judge, freed(socket.SOCK_DGRAM, port))
        window.server.control("Start listening")


def client():
    with Flood("server") as flood, Window() as window:
        judge = Judge(window)
        length = window.journal_length()
        window.connect(int(flood.first_line), "TCP")
        length.reaches(10_000)
        responsive(window, flood, judge)
        takes_effect(window, window.client.control("Disconnect"), flood, judge, flood.ended)
        window.client.control("Connect")


def storm():
    with Window() as window:
        judge = Judge(window)
        port = window.listen("TCP")
        length, stop = window.journal_length(), window.button("Stop listening")
        with Flood("storm", port) as flood:
            length.reaches(3_000)
            responsive(window, flood, judge)
            takes_effect(window, stop, flood, judge, freed(socket.SOCK_STREAM, port))
        window.server.control("Start listening")


def a_large_file():
    into = home / "in"
    into.mkdir()
    with Window() as window:
        judge = Judge(window)
        window.server.save_incoming(into)
        port = window.listen("TCP")
        stop = window.button("Stop listening")
        with Flood("tcp", port) as flood:
            until("the file grows", lambda: sum(file.stat().st_size for file in into.iterdir()) > 10_000_000)
            responsive(window, flood, judge)
            takes_effect(window, stop, flood, judge, flood.ended)
        window.server.control("Start listening")
    for file in into.iterdir():
        file.unlink()


with Desktop():
    udp()
    tcp()
    client()
    storm()
    a_large_file()

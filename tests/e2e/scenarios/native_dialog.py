"""Receive into a folder and send a file that were picked in the system's own dialog, and save the journal to a place that was
named in it."""
import os
from pathlib import Path

from driver.desktop import Desktop
from driver.dialog import FileDialog
from driver.waiting import contents, until
from driver.window import Window

CONTENT = os.urandom(300_000)

home = Path.home()
(home / "in").mkdir()
file = home / "picked file 1.bin"
file.write_bytes(CONTENT)

with Desktop(), Window() as window:
    client = window.client
    window.server.save_incoming(home)
    window.server.click("More")
    window.server.click("Choose folder…")
    dialog = FileDialog("Choose folder…")
    dialog.is_above(window)
    dialog.pick(home / "in")
    window.server.shows("Folder", str(home / "in"))
    window.server.click("More")
    window.connect(window.listen())

    client.click("Send file…")
    dialog = FileDialog("Send file…")
    dialog.is_above(window)
    dialog.pick(file)
    window.row("sent", "300,000", rf"{file.name} .*handed to the system.*")
    client.click("Disconnect")
    until("the file is received", lambda: contents(home / "in") == {"received.bin": CONTENT})

    window.click("Save…")
    dialog = FileDialog("Save journal…")
    dialog.is_above(window)
    dialog.name(home / "kept.txt")
    window.find("where it went", lambda node: node.name.endswith(f" rows saved to {home / 'kept.txt'}"))
    assert file.name in (home / "kept.txt").read_text()

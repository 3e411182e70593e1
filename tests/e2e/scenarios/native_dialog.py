"""Send a file that was picked in the system's own dialog."""
import os
from pathlib import Path

from driver.desktop import Desktop, press, type_text, xdotool
from driver.waiting import until
from driver.window import Window

CONTENT = os.urandom(300_000)
NAME = "picked file 1.bin"

home = Path.home()
(home / "in").mkdir()
(home / NAME).write_bytes(CONTENT)

with Desktop(), Window() as window:
    client = window.client
    window.save_incoming(home / "in")
    window.connect(window.listen())

    client.click("Send file…")
    dialog = xdotool("search", "--sync", "--onlyvisible", "--name", "^Send file…$")
    xdotool("windowactivate", "--sync", dialog)
    # The dialog takes a typed slash as the beginning of a path.
    type_text(str(home / NAME))
    press("Return")
    window.row("sent", "300,000", rf"{NAME} .* handed to the system")
    client.click("Disconnect")

    received = until("a file is received", lambda: [file for file in (home / "in").iterdir() if file.is_file()])
    until("all of it is there", lambda: received[0].read_bytes() == CONTENT)

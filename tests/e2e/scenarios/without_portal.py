"""Where no dialog can open, the window says so and takes a typed path. Wants a session without a portal."""
import os
from pathlib import Path

from driver.desktop import Desktop
from driver.waiting import until
from driver.window import Window

CONTENT = os.urandom(100_000)

home = Path.home()
(home / "in").mkdir()
(home / "typed.bin").write_bytes(CONTENT)

# No dialog programs are found either.
with Desktop(), Window(PATH=str(home / "nothing")) as window:
    client = window.client
    window.server.save_incoming(home / "in")
    window.connect(window.listen())

    client.click("Send file…")
    client.says("^No file dialog could open on this system")
    # It opened the place for a path by itself.
    window.set("Path of a file", str(home / "typed.bin"))
    window.click("Send it")
    window.row("sent", "100,000", r"typed\.bin .*handed to the system.*")
    client.click("Disconnect")
    until("the file is received", lambda: [file.read_bytes() for file in (home / "in").iterdir()] == [CONTENT])

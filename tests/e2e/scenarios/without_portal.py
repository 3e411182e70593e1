"""Where no dialog can open, the window says so and takes a typed path. Wants a session without a portal."""
import os
import re
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

    # A journal that nobody can name a place for goes to the home folder, and the window says where that is.
    window.click("Save…")
    saved = window.find("where it went", lambda node: re.match(r"\d+ rows saved to ", node.name))
    window.find("why", lambda node: node.name.startswith("No file dialog could open on this system, so it went to"))
    path = Path(saved.name.split(" saved to ")[1])
    assert path.parent == home and re.fullmatch(r"sockeye-[\d-]+\.txt", path.name), path
    assert "typed.bin" in path.read_text()

    client.click("Disconnect")
    until("the file is received", lambda: [file.read_bytes() for file in (home / "in").iterdir()] == [CONTENT])

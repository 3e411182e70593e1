"""Where no dialog brings a path, the window says what to do and takes a typed one. Wants a session without a portal."""
import os
import re
from pathlib import Path

from driver.desktop import Desktop
from driver.waiting import contents, until
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
    client.says("^No file was chosen")
    client.says("^If you saw no dialog, none could open on this system")
    # It opened the place for a path by itself.
    window.set("Path of a file", str(home / "typed.bin"))
    window.click("Send it")
    window.row("sent", "100,000", r"typed\.bin .*handed to the system.*")

    # The same for the journal's copy; the home folder is the place to begin with.
    window.click("Save…")
    field = window.find("the place", lambda node: node.name == "Path of the copy" and node.role == "entry" and node.text)
    path = Path(field.text)
    assert path.parent == home and re.fullmatch(r"sockeye-[\d-]+\.txt", path.name), path
    window.click("Save it")
    window.find("where it went", lambda node: re.fullmatch(rf"\d+ rows saved to {re.escape(str(path))}", node.name))
    assert "typed.bin" in path.read_text()

    client.click("Disconnect")
    until("the file is received", lambda: contents(home / "in") == {"received.bin": CONTENT})

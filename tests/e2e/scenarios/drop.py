"""Files dragged with the pointer from another program onto a panel go from there to the other side."""
import os
from pathlib import Path

from driver.desktop import Desktop
from driver.drag import DragSource
from driver.waiting import contents, until
from driver.window import Window

home = Path.home()


def drop(window, sender, receiver, ends):
    """Both sides could send: only the place where the file is dropped says which one is meant."""
    content = os.urandom(300_000)
    file = home / f"dropped on {sender.name} 100%.bin"
    file.write_bytes(content)
    folder = home / receiver.name
    folder.mkdir()

    receiver.save_incoming(folder)
    window.connect(window.listen())
    with DragSource(file) as source:
        source.drop_on(*sender.control("Message").middle())
        window.row("sent", "300,000", rf"{file.name} .*handed to the system.*")
    sender.click(ends)
    until("the file is received", lambda: contents(folder) == {"received.bin": content})


with Desktop(), Window() as window:
    server, client = window.server, window.client
    drop(window, client, server, "Disconnect")
    server.click("More")
    server.choose("Incoming data", "Show in the journal")
    server.click("More")
    server.click("Stop listening")
    drop(window, server, client, "Stop listening")

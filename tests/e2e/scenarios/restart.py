"""Settings, tabs and the window's place are there again after a restart; damage costs the damaged values alone."""
import os
from pathlib import Path

from driver.desktop import Desktop, xdotool
from driver.waiting import until
from driver.window import Window

# Another one than a fresh window has.
AT = (83, 61)
SIZE = (1000, 640)
SETTINGS = Path(os.environ["SOCKEYE_CONFIG_DIR"]) / "settings.toml"


def move(window):
    """Moves the window; returns the place that the window manager gave it."""
    xdotool("windowsize", "--sync", window.id, *SIZE)
    xdotool("windowmove", "--sync", window.id, *AT)
    until("the window has its size", lambda: window.place()[2:] == SIZE)
    place = window.place()
    # The frame around it may count or not.
    assert all(0 <= is_at - wanted <= 40 for is_at, wanted in zip(place, AT)), place
    return place


with Desktop():
    with Window() as window:
        server, client = window.server, window.client
        place = move(window)
        server.set("Port", "9101")
        server.click("New server")
        server.choose("Protocol", "UDP")
        server.set("Port", "9102")
        client.set("Address", "localhost")
        client.set("Message", "不好, a draft")
        client.choose("Encoding", "GBK")
        code, _ = window.close()
        assert code == 0, code

    with Window() as window:
        server, client = window.server, window.client
        until(f"the window is at {place} again", lambda: window.place() == place)
        server.shows("Port", "9101")
        server.click("UDP 127.0.0.1:9102")
        server.shows("Port", "9102")
        client.shows("Address", "localhost")
        client.shows("Message", "不好, a draft")
        code, _ = window.close()
        assert code == 0, code

    whole = SETTINGS.read_text()
    damaged = whole.replace('port = "9101"', "port = [9101").replace('address = "localhost"', "address = 7")
    assert damaged.count("port = [9101") == 1 and damaged.count("address = 7") == 1, whole
    SETTINGS.write_text(damaged)

    with Window() as window:
        server, client = window.server, window.client
        window.find("a word about the damage", lambda node: node.name.startswith("These settings could not be read"))
        server.shows("Port", "9000")
        client.shows("Address", "127.0.0.1")
        server.click("UDP 127.0.0.1:9102")
        server.shows("Port", "9102")
        client.shows("Message", "不好, a draft")
        assert SETTINGS.with_name("settings.damaged-1.toml").read_text() == damaged
        code, _ = window.close()
        assert code == 0, code

"""Makes the picture of the README: screenshot.py FILE. The window in the middle of a conversation."""
import os
import socket
import sys
from pathlib import Path

from driver.desktop import Desktop, picture
from driver.peers import Tutorial
from driver.window import Window

WIDTH, HEIGHT = 1440, 900
SETTINGS = f"""
theme = "dark"
language = "english"
split = 0.44

[window]
x = 0.0
y = 0.0
width = {WIDTH}.0
height = {HEIGHT}.0
maximized = false

[[servers]]
port = "9000"

[[servers]]
port = "9001"

[[clients]]
port = "9000"
"""

# Beside the window's own client: from other addresses of this machine, as if from other machines.
PEERS = [("127.0.0.7", "温度 21.5 ℃, 湿度 40 %\r\n"), ("127.0.0.8", "GET /state HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")]

home = Path.home()
(Path(os.environ["SOCKEYE_CONFIG_DIR"]) / "settings.toml").write_text(SETTINGS)
(home / "received").mkdir()
(home / r"D:\python\day28\move_info7").write_bytes("动作,时长\n".encode() * 3000)


def receive_a_file(window):
    server = window.server
    server.click("127.0.0.1:9001")
    server.shows("Port", "9001")
    window.server.save_incoming(home / "received", "Save, name comes first")
    server.click("Start listening")
    server.control("Stop listening")
    with Tutorial("file_client", 9001, home) as client:
        client.printed()
    window.row("received", r"move_info7\.txt .*")
    server.click("127.0.0.1:9000")
    server.shows("Port", "9000")


def talk(window):
    server, client = window.server, window.client
    server.click("Start listening")
    server.control("Stop listening")
    client.click("Connect")
    client.control("Disconnect")
    for sender, text in [(client, "不好"), (server, "你好")]:
        sender.set("Message", text)
        sender.click("Send")
        window.row("received", text)
    peers = []
    for address, text in PEERS:
        peer = socket.socket()
        peer.bind((address, 0))
        peer.connect(("127.0.0.1", 9000))
        peer.sendall(text.encode())
        peers.append(peer)
        window.row("received", str(len(text.encode())))
    return peers


with Desktop(WIDTH + 80, HEIGHT + 80), Window() as window:
    receive_a_file(window)
    peers = talk(window)
    window.client.set("Message", "再见")
    window.server.set("Message", "OK")
    window.row("received", "温度.*").click()
    # The row is chosen once its bytes show.
    window.find("the bytes of the row", lambda node: node.name.startswith("Copy"))
    picture(sys.argv[1], window.id)

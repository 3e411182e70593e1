"""The tutorial's Python programs as the other end of each role, text and files."""
from pathlib import Path

from driver.desktop import Desktop
from driver.peers import Tutorial, within_the_pause
from driver.window import Window

HELLO, NOT_WELL = "你好", "不好"
# The name that the tutorial's client reads from; here the backslashes are part of it.
SOURCE = r"D:\python\day28\move_info7"
CONTENT = bytes(range(256)) * 100

home = Path.home()


def folder(name):
    (home / name).mkdir()
    return home / name


def answer_a_client(program, protocol):
    with Window() as window, Tutorial(program, window.listen(protocol), home) as client:
        window.row("received", NOT_WELL)
        window.server.set("Message", HELLO)
        window.server.click("Send")
        assert client.printed() == HELLO


def talk_to_a_server(program, protocol):
    with Tutorial(program, 0, home) as server, Window() as window:
        window.connect(server.port, protocol)
        window.client.set("Message", NOT_WELL)
        window.client.click("Send")
        window.row("received", HELLO)
        assert server.printed() == NOT_WELL


def receive_a_file():
    theirs, ours = folder("client"), folder("received")
    (theirs / SOURCE).write_bytes(CONTENT)
    with Window() as window:
        # The last window used UDP, which carries no files.
        window.server.choose("Protocol", "TCP")
        window.server.save_incoming(ours, "Save, name comes first")
        with Tutorial("file_client", window.listen(), theirs) as client:
            assert client.printed() == ""
        window.row("received", r"move_info7\.txt .*")
        assert (ours / "move_info7.txt").read_bytes() == CONTENT


def send_a_file():
    (home / "sent.bin").write_bytes(CONTENT)
    within_the_pause(send_a_file_to)


def send_a_file_to(theirs):
    file = home / "sent.bin"
    with Tutorial("file_server", 0, theirs) as server, Window() as window:
        window.connect(server.port, "TCP")
        window.client.click("How to send files")
        window.click("The tutorial's way")
        window.set("Path of a file", str(file))
        window.click("Send it")
        if not server.keeps(theirs / file.name):
            return False
        assert server.printed() == ""
        assert (theirs / file.name).read_bytes() == CONTENT
        window.client.control("Connect")
    return True


with Desktop():
    answer_a_client("text_client", "TCP")
    answer_a_client("udp_client", "UDP")
    talk_to_a_server("text_server", "TCP")
    talk_to_a_server("reuse_server", "TCP")
    talk_to_a_server("udp_server", "UDP")
    receive_a_file()
    send_a_file()

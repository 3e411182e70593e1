"""The tutorial's Python programs exactly as they stand, on port 9000. Wants a network of its own, where that is free."""
from pathlib import Path

from driver.desktop import Desktop
from driver.peers import Unchanged, within_the_pause
from driver.waiting import until
from driver.window import Window

HELLO, NOT_WELL = "你好", "不好"
# The path that the tutorial's client reads from; here the backslashes are part of a name.
SOURCE = r"D:\python\day28\move_info7"
CONTENT = bytes(range(256)) * 100

home = Path.home()
# What has been closed keeps a port for a minute; the programs that don't reuse theirs run one after the other here.
Path("/proc/sys/net/ipv4/tcp_max_tw_buckets").write_text("0")


def folder(name):
    (home / name).mkdir()
    return home / name


def listen(window, protocol):
    window.server.choose("Protocol", protocol)
    window.server.shows("Port", "9000")
    window.server.click("Start listening")
    window.server.says(r"^Listening on .*:9000")


def answer_a_client(program, protocol):
    with Window() as window:
        listen(window, protocol)
        with Unchanged(program, home) as client:
            window.row("received", NOT_WELL)
            window.server.set("Message", HELLO)
            window.server.click("Send")
            assert client.printed() == HELLO
        window.server.click("Stop listening")
        window.server.control("Start listening")


def talk_to_a_server(program, protocol):
    with Unchanged(program, home) as server, Window() as window:
        window.connect(Unchanged.PORT, protocol)
        window.client.set("Message", NOT_WELL)
        window.client.click("Send")
        window.row("received", HELLO)
        assert server.printed() == NOT_WELL


def receive_a_file():
    (folder("client") / SOURCE).write_bytes(CONTENT)
    within_the_pause(receive_a_file_into)


def receive_a_file_into(ours):
    theirs = home / "client"
    with Window() as window:
        window.server.choose("Protocol", "TCP")
        window.server.save_incoming(ours, "Save, name comes first")
        listen(window, "TCP")
        with Unchanged("file_client", theirs) as client:
            assert client.printed() == ""
        kept = until("a whole file", lambda: [file for file in ours.iterdir() if file.suffix != ".incomplete"])
        if kept != [ours / "move_info7.txt"]:
            return False
        window.row("received", r"move_info7\.txt .*")
        assert kept[0].read_bytes() == CONTENT
    return True


def send_a_file():
    (home / "sent.bin").write_bytes(CONTENT)
    within_the_pause(send_a_file_to)


def send_a_file_to(theirs):
    file = home / "sent.bin"
    with Unchanged("file_server", theirs) as server, Window() as window:
        window.connect(Unchanged.PORT, "TCP")
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

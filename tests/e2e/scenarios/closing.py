"""Closing the window ends the process at once, with nothing left bound, also under a flood."""
import contextlib
import socket

from driver.desktop import Desktop
from driver.judge import Judge
from driver.peers import Flood, is_free
from driver.window import Window

KINDS = {"TCP": socket.SOCK_STREAM, "UDP": socket.SOCK_DGRAM}


def close(protocol, flooded):
    with Window() as window, contextlib.ExitStack() as flood:
        judge = Judge(window)
        length = window.journal_length()
        port = window.listen(protocol)
        assert not is_free(KINDS[protocol], port)
        window.connect(port, protocol)
        if flooded:
            flood.enter_context(Flood(protocol.lower(), port))
            length.reaches(1000)
        code, seconds = window.close()
        assert code == 0, code
        judge.takes(f"closing, {protocol}, flooded {flooded},", seconds)
        assert is_free(KINDS[protocol], port)


with Desktop():
    for protocol in KINDS:
        for flooded in (False, True):
            close(protocol, flooded)

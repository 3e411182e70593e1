"""Closing the window ends the process at once, with nothing left bound, also under a flood."""
import contextlib
import socket

from driver.desktop import Desktop
from driver.peers import Flood, is_free
from driver.window import Window

# Seconds from the key that closes the window to the end of the process.
AT_MOST = 2.0

KINDS = {"TCP": socket.SOCK_STREAM, "UDP": socket.SOCK_DGRAM}


def close(protocol, flooded):
    with Window() as window, contextlib.ExitStack() as flood:
        port = window.listen(protocol)
        assert not is_free(KINDS[protocol], port)
        window.connect(port, protocol)
        if flooded:
            flood.enter_context(Flood(protocol.lower(), port))
            window.has_rows(1000)
        code, seconds = window.close()
        assert code == 0, code
        assert seconds < AT_MOST, f"{protocol}, flooded {flooded}: {seconds:.2f} s"
        assert is_free(KINDS[protocol], port)


with Desktop():
    for protocol in KINDS:
        for flooded in (False, True):
            close(protocol, flooded)

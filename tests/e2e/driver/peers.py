"""Other ends for the window that were not written with it: plain Python sockets, and the tutorial's programs."""
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

from driver.waiting import PATIENCE

TUTORIAL = Path(__file__).resolve().parents[2] / "tutorial"


class Flood:
    """Sends as fast as it can, from a process of its own, until the end of the context."""

    PROGRAMS = {
        "tcp": """
import socket, sys
peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
try:
    while True:
        peer.sendall(b"flood " * 10_000)
except OSError:
    pass
""",
        "udp": """
import socket, sys
peer = socket.socket(type=socket.SOCK_DGRAM)
peer.connect(("127.0.0.1", int(sys.argv[1])))
while True:
    try:
        while True:
            peer.send(b"flood")
    except ConnectionRefusedError:
        # Nobody listens any more; the test ends this.
        pass
""",
    }

    def __init__(self, protocol, port):
        self.command = [sys.executable, "-c", self.PROGRAMS[protocol], str(port)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Tutorial:
    """A program of the tutorial, run as it stands on another port than its 9000. Use as a context."""

    def __init__(self, name, port, folder, *replacements):
        """A server takes port 0, and `port` is then the one that it got."""
        program = TUTORIAL / f"{name}.py"
        self.command = [sys.executable, str(TUTORIAL / "on_port.py"), str(port), str(program), *replacements]
        self.folder = folder
        self.port = port

    def __enter__(self):
        environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
        self.process = subprocess.Popen(
            self.command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        if self.port == 0:
            self.port = int(re.fullmatch(r"listening (\d+)\n", self.process.stderr.readline()).group(1))
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def printed(self):
        """Waits for its end, which has to be in order; returns what it printed."""
        output, errors = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, errors
        return output.strip()


def is_free(kind, port):
    """Whether a port can be bound, connections that are still fading aside."""
    with socket.socket(type=kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

"""Other ends for the window that were not written with it: plain Python sockets, and the tutorial's programs."""
import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from driver import tree
from driver.waiting import PATIENCE, until

TUTORIAL = Path(__file__).resolve().parents[2] / "tutorial"


class Flood:
    """Keeps the window busy as fast as it can, from a process of its own, until the end of the context or of its socket.

    When its socket ends it says at which moment: what a test sees itself, it sees late.
    """

    PROGRAMS = {
        # A client that sends without a pause.
        "tcp": """
peer = socket.create_connection(("127.0.0.1", port))
print("goes", flush=True)
try:
    while True:
        peer.sendall(b"flood " * 10_000)
except OSError:
    print(time.monotonic(), flush=True)
""",
        "udp": """
peer = socket.socket(type=socket.SOCK_DGRAM)
peer.connect(("127.0.0.1", port))
print("goes", flush=True)
while True:
    try:
        while True:
            peer.send(b"flood")
    except ConnectionRefusedError:
        # Nobody listens any more; the test ends this.
        pass
""",
        # A server that does the same to whoever connects. Its port is the first line.
        "server": """
listener = socket.create_server(("127.0.0.1", port))
print(listener.getsockname()[1], flush=True)
peer, _ = listener.accept()
try:
    while True:
        peer.sendall(b"flood " * 10_000)
except OSError:
    print(time.monotonic(), flush=True)
""",
        # Connections that say a word and go.
        "storm": """
print("goes", flush=True)
try:
    while True:
        with socket.create_connection(("127.0.0.1", port)) as peer:
            peer.send(b"storm")
except OSError:
    print(time.monotonic(), flush=True)
""",
    }

    def __init__(self, kind, port=0):
        program = "import socket, sys, time\nport = int(sys.argv[1])" + self.PROGRAMS[kind]
        self.command = [sys.executable, "-c", program, str(port)]

    def __enter__(self):
        self.patience = contextlib.ExitStack()
        self.patience.enter_context(tree.patient())
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        self.first_line = self.process.stdout.readline().strip()
        return self

    def __exit__(self, *_):
        self.patience.close()
        self.process.kill()
        self.process.communicate()

    def goes_on(self):
        return self.process.poll() is None

    def ended(self):
        """Waits until its socket has ended; returns when that was, by the monotonic clock."""
        output, _ = self.process.communicate(timeout=PATIENCE)
        return float(output)


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

    def keeps(self, path):
        """Waits for its end; whether it has kept a file there."""
        self.process.wait(timeout=PATIENCE)
        return path.exists()

    def printed(self):
        """Waits for its end, which has to be in order; returns what it printed."""
        output, errors = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, errors
        return output.strip()


class Unchanged:
    """A program of the tutorial as it stands, on its own port 9000. Use as a context, in a network of one's own."""

    PORT = 9000

    def __init__(self, name, folder):
        self.name = name
        self.folder = folder

    def __enter__(self):
        self.process = subprocess.Popen(
            [sys.executable, str(TUTORIAL / f"{self.name}.py")], cwd=self.folder,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        if self.name.endswith("_server"):
            until(f"{self.name} is there", lambda: self.process.poll() is not None or is_bound(self.PORT))
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def keeps(self, path):
        """Waits for its end; whether it has kept a file there."""
        self.process.wait(timeout=PATIENCE)
        return path.exists()

    def printed(self):
        """Waits for its end, which has to be in order; returns what it printed."""
        output, errors = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, errors
        return output.strip()


def within_the_pause(attempt):
    """Does again, a few times, what needs a receiver to read a file's name within the tutorial's pause, which it may miss
    on a busy machine. `attempt` gets a new folder to receive into; whether it was in time is what it returns."""
    folders = (Path(tempfile.mkdtemp()) for _ in range(5))
    assert any(attempt(folder) for folder in folders), "name and content stick together each time"


def is_bound(port):
    """Whether a TCP socket listens on the port or a UDP socket has it."""
    for table, state in (("tcp", "0A"), ("udp", "07")):
        lines = Path(f"/proc/self/net/{table}").read_text().splitlines()[1:]
        if any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == state for line in lines):
            return True
    return False


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
